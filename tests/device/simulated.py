"""A simulated device for tests: what its telemetry says, as the script that device.c reads.

Addresses and tags are those that tt-umd 0.9.14 reads in its bring-up.
"""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import yaml

_SOURCE = Path(__file__).with_name("device.c")
_TABLE, _VALUES, _QUEUES, _RING = 0x2000, 0x3000, 0x4000, 0x5000
_CSM_POINTER = 0x10000000
_BH_ETH_X = (1, 16, 2, 15, 3, 14, 4, 13, 5, 12, 6, 11, 7, 10)
_UBB = 0x35
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
    FIRMWARE: 0x12080200, HEARTBEAT: 5, ASIC_LOCATION: 0,
}  # fmt: skip

_SPANS = {VCORE: 50, TDP: 40, TDC: 30, ASIC_TEMPERATURE: 0xA_0000, BOARD_TEMPERATURE: 0x4_0000, AICLK: 200}
"""How much more than the tags say a chip that varies may tell."""


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


def as_tt_metal_has_it(path: Path) -> str:
    """A SoC descriptor as functional simulators come with: without what tt-metal does not need."""
    document = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    for key in ("l2cpu", "security", "noc0_x_to_noc1_x", "noc0_y_to_noc1_y"):
        document.pop(key, None)
    views = [{"channel": 0, "eth_endpoint": [0, 0], "worker_endpoint": [1, 1], "address_offset": 0}]
    more = {"harvested_workers": [], "dram_views": views, "dram_view_size": 1 << 30,
            "features": {"noc": {"translation_id_enabled": True}}}  # fmt: skip
    return str(yaml.safe_dump(document | more))


@dataclass
class Chip:
    """One chip: telemetry tags (None takes one away), and its state."""

    tags: dict[int, int | None] = field(default_factory=dict)
    harvested_rows: int = 0
    """Wormhole: answer of ARC message 0x57, in physical order."""
    noc_translation: bool = True
    off_bus: bool = False
    off_after: int = 0
    """Off the bus from this access on, counted over the whole device; 0 is never."""
    remote: bool = False
    """Wormhole: no PCI endpoint, reached over the eth links of the chips before it. Such chips come last."""
    hung: bool = False
    """ARC never says that it booted."""
    beating: bool = False
    """The heartbeat grows with every read."""
    varying: bool = False
    """Clock, power, current, voltage and temperatures are others with every read."""
    access_us: int = 0
    """How long each access takes."""


End = tuple[int, int]
"""A chip and its eth channel, numbered as tt-umd numbers the ends of links: live channels only."""


@dataclass
class Device:
    """A simulated host. ``links`` join two of its chips; ``outside`` are links to a chip of another host,
    which is known by its board id (Blackhole) or unique id (Wormhole), and its channel."""

    arch: str
    chips: list[Chip]
    links: list[tuple[End, End]] = field(default_factory=list)
    outside: list[tuple[End, tuple[int, int]]] = field(default_factory=list)
    crash: tuple[str, int] | tuple[str, int, int] | None = None
    """How, at which access, and to which chip, if that matters."""
    shout: bool = False
    beside: str | None = None
    """A file that it wants beside the library."""
    fork: bool = False
    leave: bool = False
    spread: tuple[int, int] | None = None
    """PCI device numbers of the chips: the first, and the step to the next."""
    write_log: Path | None = None
    words: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    """Words that are other than they should be: chip, x, y, address, word."""

    def script(self) -> str:
        """What device.c reads."""
        endpoints = sum(not chip.remote for chip in self.chips)
        lines = [f"arch {self.arch}", f"chips {endpoints}"]
        if self.write_log:
            lines.append(f"log {self.write_log}")
        if self.beside:
            lines.append(f"beside {self.beside}")
        if self.spread:
            lines.append(f"spread {self.spread[0]} {self.spread[1]}")
        lines += [name for name in ("shout", "fork", "leave") if getattr(self, name)]
        for index, chip in enumerate(self.chips):
            if self.arch != "quasar":
                lines += (self._blackhole if self.arch == "blackhole" else self._wormhole)(index, chip)
            if chip.off_bus or chip.off_after:
                lines.append(f"off {index} {chip.off_after or 1}")
            if chip.access_us:
                lines.append(f"slow {index} {chip.access_us}")
            if chip.remote:
                lines.append(f"remote {index} {index} 0")
        for a, b in self.links:
            lines += [*self._linked(a, b), *self._linked(b, a)]
        for end, (far, channel) in self.outside:
            lines += self._leaving(end, far, channel)
        lines += [f"mem {chip} {x} {y} {at:x} {word:x}" for chip, x, y, at, word in self.words]
        if self.crash:
            lines.append(f"crash {' '.join(map(str, self.crash))}")
        return "\n".join(lines) + "\n"

    def write(self, path: Path) -> dict[str, str]:
        """Write the script; the environment that makes the device read it."""
        path.write_text(self.script())
        return {"TTDEVICE_SCRIPT": str(path)}

    def _linked(self, end: End, other: End) -> list[str]:
        if self.arch == "blackhole":
            live = [channel for channel in range(14) if self._tag(other[0], ENABLED_ETH) >> channel & 1]
            place = self._tag(other[0], ASIC_LOCATION)
            far = self._board_id(other[0]), self._asic_id(other[0])
            return self._blackhole_link(end, far, place, live[other[1]])
        return self._wormhole_link(end, self.unique_id(other[0]), other)

    def _leaving(self, end: End, far: int, channel: int) -> list[str]:
        if self.arch == "blackhole":
            return self._blackhole_link(end, (far, 0), 0, channel)
        return self._wormhole_link(end, far, (len(self.chips), channel))

    def _tag(self, chip: int, tag: int) -> int:
        value = self._tags(chip).get(tag)
        return 0 if value is None else value

    def _board_id(self, chip: int) -> int:
        return self._tag(chip, BOARD_ID_HIGH) << 32 | self._tag(chip, BOARD_ID_LOW)

    def _asic_id(self, chip: int) -> int:
        return self._tag(chip, ASIC_ID_HIGH) << 32 | self._tag(chip, ASIC_ID_LOW)

    def unique_id(self, chip: int) -> int:
        """What the eth cores of a linked chip call it."""
        board = self._board_id(chip)
        if self.arch == "blackhole":
            return board << 5 | self._tag(chip, ASIC_LOCATION)
        return (chip + 1) << 32 | (board >> 4 & 0xF0000000) | (board & 0x0FFFFFFF)

    def _blackhole_link(self, end: End, far: tuple[int, int], place: int, channel: int) -> list[str]:
        chip, own = end
        own_board, asic = self._board_id(chip), self._asic_id(chip)
        board, far_asic = far
        words = {
            0x7CC04: 1,
            0x7CFC0: self._tag(chip, ASIC_LOCATION) << 8, 0x7CFC4: own_board >> 32, 0x7CFC8: own_board & 0xFFFFFFFF,
            0x7CFE0: place << 8 | channel << 16 | channel << 24,
            0x7CFE4: board >> 32, 0x7CFE8: board & 0xFFFFFFFF,
            0x7CFD4: asic >> 32, 0x7CFD8: asic & 0xFFFFFFFF,
            0x7CFF4: far_asic >> 32, 0x7CFF8: far_asic & 0xFFFFFFFF,
        }  # fmt: skip
        return [f"mem {chip} {20 + own} 25 {address:x} {word:x}" for address, word in words.items()]

    def _wormhole_link(self, end: End, far: int, other: End) -> list[str]:
        chip, own = end
        x, y = _WH_ETH[own]
        far_x, far_y = _WH_ETH[other[1]]
        own_id = self.unique_id(chip)
        galaxy = self._board_id(chip) >> 36 & 0xFFFFF == _UBB
        words = {
            0x1104: 1, 0x104C: int(galaxy), 0xFFB121B0: 0, 0x1C: 0xABCD0000, 0x1108: chip << 16,
            0x1124: other[0] << 16 | far_x << 4 | far_y << 10, 0x1FF0: other[1],
            0x1FC0: own_id & 0xFFFFFFFF, 0x1FC4: own_id >> 32, 0x1FE0: far & 0xFFFFFFFF, 0x1FE4: far >> 32,
        }  # fmt: skip
        tile = f"{chip} {18 + (x - 2 if x > 5 else x - 1)} {16 + (y == 6)}"
        return [*(f"mem {tile} {address:x} {word:x}" for address, word in words.items()), f"count {tile} 1c"]

    def _tags(self, index: int) -> dict[int, int | None]:
        if self.arch == "blackhole":
            own = {BOARD_ID_LOW: 0x12345678 + index, ASIC_ID_LOW: 0xC75A23C4 + index}
            return {**BLACKHOLE_TAGS, **own, **self.chips[index].tags}
        return {**WORMHOLE_TAGS, BOARD_ID_LOW: 0x12345678 + index, **self.chips[index].tags}

    @staticmethod
    def _table(index: int, x: int, y: int, csm: int, tags: dict[int, int | None], chip: Chip) -> list[str]:
        present = {tag: value for tag, value in tags.items() if value is not None}
        lines = [
            f"mem {index} {x} {y} {csm + _TABLE:x} 1",
            f"mem {index} {x} {y} {csm + _TABLE + 4:x} {len(present):x}",
        ]
        for at, (tag, value) in enumerate(present.items()):
            lines.append(f"mem {index} {x} {y} {csm + _TABLE + 8 + 4 * at:x} {tag | at << 16:x}")
            lines.append(f"mem {index} {x} {y} {csm + _VALUES + 4 * at:x} {value:x}")
            if tag == HEARTBEAT and chip.beating:
                lines.append(f"count {index} {x} {y} {csm + _VALUES + 4 * at:x}")
            if tag in _SPANS and chip.varying:
                lines.append(f"vary {index} {x} {y} {csm + _VALUES + 4 * at:x} {_SPANS[tag]:x}")
        return lines

    def _blackhole(self, index: int, chip: Chip) -> list[str]:
        apb, csm = 0x80000000, 0x10000000
        tags = self._tags(index)
        words = {
            apb + 0x30408: 0 if chip.hung else 5,
            apb + 0x30434: _CSM_POINTER + _TABLE,
            apb + 0x30430: _CSM_POINTER + _VALUES,
            apb + 0x3042C: _CSM_POINTER + _QUEUES,
            csm + _QUEUES: _CSM_POINTER + _RING,
            csm + _QUEUES + 4: 8 | 4 << 8,
        }
        lines = [f"mem {index} 8 0 {address:x} {value:x}" for address, value in words.items()]
        lines += self._table(index, 8, 0, csm, tags, chip)
        lines.append(f"bar {index} {0x1FD04100:x} {int(chip.noc_translation) << 14:x}")
        for x, y in [*((x, 1) for x in _BH_ETH_X), *((20 + channel, 25) for channel in range(14))]:
            lines.append(f"mem {index} {x} {y} 7CC04 2")
            lines.append(f"mem {index} {x} {y} 7CFBC {BLACKHOLE_TAGS[ETH_FW]:x}")
        return lines

    def _wormhole(self, index: int, chip: Chip) -> list[str]:
        apb, csm = 0x880000000, 0x810000000
        tags = self._tags(index)
        words = {
            apb + 0x30060: 0 if chip.hung else 0xC0DE0001,
            apb + 0x301D0: _CSM_POINTER + _TABLE,
            apb + 0x301D4: _CSM_POINTER + _VALUES,
            csm + 0xC4: tags.get(FIRMWARE) or 0,
            apb + 0x50100: int(chip.noc_translation) << 14,
        }
        lines = [f"mem {index} 0 10 {address:x} {value:x}" for address, value in words.items()]
        lines += self._table(index, 0, 10, csm, tags, chip)
        lines.append(f"harvest {index} {chip.harvested_rows:x}")
        translated = [(x, y) for x in range(18, 26) for y in (16, 17)]
        for x, y in [*_WH_ETH, *translated]:
            lines.append(f"mem {index} {x} {y} 1104 3")
            lines.append(f"mem {index} {x} {y} FFB121B0 800")
            lines.append(f"mem {index} {x} {y} 210 6F000")
        return lines


def blackhole(*chips: Chip, **more: object) -> Device:
    """A Blackhole host; one unremarkable chip when none is given."""
    return Device("blackhole", list(chips) or [Chip()], **more)  # type: ignore[arg-type]


def wormhole(*chips: Chip, **more: object) -> Device:
    """A Wormhole host; one unremarkable chip when none is given."""
    return Device("wormhole", list(chips) or [Chip()], **more)  # type: ignore[arg-type]
