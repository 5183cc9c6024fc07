"""A simulated device for tests: what its telemetry says, as the script that device.c reads.

Addresses and tags are those that tt-umd 0.9.14 reads in its bring-up.
"""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_SOURCE = Path(__file__).with_name("device.c")
_TABLE, _VALUES, _QUEUES, _RING = 0x2000, 0x3000, 0x4000, 0x5000
_CSM_POINTER = 0x10000000
_BH_ETH_X = (1, 16, 2, 15, 3, 14, 4, 13, 5, 12, 6, 11, 7, 10)
_WH_ETH = [(x, y) for y in (0, 6) for x in (9, 1, 8, 2, 7, 3, 6, 4)]

BOARD_ID_HIGH, BOARD_ID_LOW, VCORE, TDP, TDC = 1, 2, 6, 7, 8
ASIC_TEMPERATURE, BOARD_TEMPERATURE, AICLK, AXICLK, ARCCLK = 11, 13, 14, 15, 16
ETH_LIVE, DDR_STATUS, DDR_SPEED, ETH_FW, FIRMWARE = 21, 22, 23, 24, 28
FAN, HEARTBEAT, TENSIX_COL, ENABLED_ETH, GDDR, L2CPU, PCIE_USAGE = 31, 32, 34, 35, 36, 37, 38
ASIC_LOCATION, ASIC_ID_HIGH, ASIC_ID_LOW = 52, 61, 62

BLACKHOLE_TAGS = {
    BOARD_ID_HIGH: 0x401, BOARD_ID_LOW: 0x12345678, VCORE: 800, TDP: 60, TDC: 70,
    ASIC_TEMPERATURE: 0x23_8000, BOARD_TEMPERATURE: 0x28_0000, AICLK: 1350, AXICLK: 960, ARCCLK: 800,
    ETH_LIVE: 0x0F, DDR_STATUS: 0x5555, DDR_SPEED: 16000, ETH_FW: 0x10800, FIRMWARE: 0x13060000,
    FAN: 35, HEARTBEAT: 5, TENSIX_COL: 0x3F3F, ENABLED_ETH: 0x3EDF, GDDR: 0xFF, L2CPU: 0xF, PCIE_USAGE: 0x1,
    ASIC_LOCATION: 0, ASIC_ID_HIGH: 1, ASIC_ID_LOW: 0xC75A23C4,
}  # fmt: skip
WORMHOLE_TAGS = {
    BOARD_ID_HIGH: 0x1000180, BOARD_ID_LOW: 0x12345678, VCORE: 750, TDP: 50, TDC: 66,
    ASIC_TEMPERATURE: 0x23_8000, BOARD_TEMPERATURE: 0x28_0000, AICLK: 1000, AXICLK: 900, ARCCLK: 540,
    FIRMWARE: 0x12080200, HEARTBEAT: 5,
}  # fmt: skip


def compiler() -> str | None:
    """The system's C compiler."""
    return shutil.which("cc") or shutil.which("gcc")


def build(folder: Path) -> Path:
    """Compile the device into a folder."""
    library = folder / "libttsim.so"
    cc = compiler()
    assert cc is not None
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(
        [cc, *flags, "-o", str(library), str(_SOURCE)], check=True, capture_output=True, timeout=60
    )
    return library


@dataclass
class Chip:
    """One chip: telemetry tags (None takes one away), and its state."""

    tags: dict[int, int | None] = field(default_factory=dict)
    harvested_rows: int = 0
    """Wormhole: answer of ARC message 0x57, in physical order."""
    noc_translation: bool = True
    off_bus: bool = False
    hung: bool = False
    """ARC never says that it booted."""
    beating: bool = False
    """The heartbeat grows with every read."""


@dataclass
class Device:
    """A simulated host."""

    arch: str
    chips: list[Chip]
    crash: tuple[str, int] | None = None
    shout: bool = False
    write_log: Path | None = None

    def script(self) -> str:
        """What device.c reads."""
        lines = [f"arch {self.arch}", f"chips {len(self.chips)}"]
        if self.write_log:
            lines.append(f"log {self.write_log}")
        if self.shout:
            lines.append("shout")
        for index, chip in enumerate(self.chips):
            lines += self._blackhole(index, chip) if self.arch == "blackhole" else self._wormhole(index, chip)
            if chip.off_bus:
                lines.append(f"off {index}")
        if self.crash:
            lines.append(f"crash {self.crash[0]} {self.crash[1]}")
        return "\n".join(lines) + "\n"

    def write(self, path: Path) -> dict[str, str]:
        """Write the script; the environment that makes the device read it."""
        path.write_text(self.script())
        return {"TTDEVICE_SCRIPT": str(path)}

    @staticmethod
    def _table(index: int, x: int, y: int, csm: int, tags: dict[int, int | None], beating: bool) -> list[str]:
        present = {tag: value for tag, value in tags.items() if value is not None}
        lines = [
            f"mem {index} {x} {y} {csm + _TABLE:x} 1",
            f"mem {index} {x} {y} {csm + _TABLE + 4:x} {len(present):x}",
        ]
        for at, (tag, value) in enumerate(present.items()):
            lines.append(f"mem {index} {x} {y} {csm + _TABLE + 8 + 4 * at:x} {tag | at << 16:x}")
            lines.append(f"mem {index} {x} {y} {csm + _VALUES + 4 * at:x} {value:x}")
            if tag == HEARTBEAT and beating:
                lines.append(f"count {index} {x} {y} {csm + _VALUES + 4 * at:x}")
        return lines

    def _blackhole(self, index: int, chip: Chip) -> list[str]:
        apb, csm = 0x80000000, 0x10000000
        tags: dict[int, int | None] = {
            **BLACKHOLE_TAGS, BOARD_ID_LOW: 0x12345678 + index, ASIC_ID_LOW: 0xC75A23C4 + index, **chip.tags
        }  # fmt: skip
        words = {
            apb + 0x30408: 0 if chip.hung else 5,
            apb + 0x30434: _CSM_POINTER + _TABLE,
            apb + 0x30430: _CSM_POINTER + _VALUES,
            apb + 0x3042C: _CSM_POINTER + _QUEUES,
            csm + _QUEUES: _CSM_POINTER + _RING,
            csm + _QUEUES + 4: 8 | 4 << 8,
        }
        lines = [f"mem {index} 8 0 {address:x} {value:x}" for address, value in words.items()]
        lines += self._table(index, 8, 0, csm, tags, chip.beating)
        lines.append(f"bar {index} {0x1FD04100:x} {int(chip.noc_translation) << 14:x}")
        for x, y in [*((x, 1) for x in _BH_ETH_X), *((20 + channel, 25) for channel in range(14))]:
            lines.append(f"mem {index} {x} {y} 7CC04 2")
        return lines

    def _wormhole(self, index: int, chip: Chip) -> list[str]:
        apb, csm = 0x880000000, 0x810000000
        tags: dict[int, int | None] = {**WORMHOLE_TAGS, BOARD_ID_LOW: 0x12345678 + index, **chip.tags}
        words = {
            apb + 0x30060: 0 if chip.hung else 0xC0DE0001,
            apb + 0x301D0: _CSM_POINTER + _TABLE,
            apb + 0x301D4: _CSM_POINTER + _VALUES,
            csm + 0xC4: tags.get(FIRMWARE) or 0,
            apb + 0x50100: int(chip.noc_translation) << 14,
        }
        lines = [f"mem {index} 0 10 {address:x} {value:x}" for address, value in words.items()]
        lines += self._table(index, 0, 10, csm, tags, chip.beating)
        lines.append(f"harvest {index} {chip.harvested_rows:x}")
        translated = [(x, y) for x in range(18, 26) for y in (16, 17)]
        for x, y in [*_WH_ETH, *translated]:
            lines.append(f"mem {index} {x} {y} 1104 3")
            lines.append(f"mem {index} {x} {y} FFB121B0 800")
        return lines


def blackhole(*chips: Chip, **more: object) -> Device:
    """A Blackhole host; one unremarkable chip when none is given."""
    return Device("blackhole", list(chips) or [Chip()], **more)  # type: ignore[arg-type]


def wormhole(*chips: Chip, **more: object) -> Device:
    """A Wormhole host; one unremarkable chip when none is given."""
    return Device("wormhole", list(chips) or [Chip()], **more)  # type: ignore[arg-type]
