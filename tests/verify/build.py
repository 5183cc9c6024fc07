"""Regions made of bytes, by the offsets of the published layouts: what the tests of the rules start from."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

READY = 0x52454459
EMPTY_CHIP = 0xFFFFFFFF
UNIQUE_ID = 4476187513037
BOARD_ID = 4402341478400
LOCATION = 1
NOW = 1_795_360_671_500_000_000
"""Realtime of the tests, in the year of the captures."""
MONOTONIC_NOW = 1_519_100_000_000
MIB = 1 << 20


@dataclass(kw_only=True)
class Bytes:
    """Published bytes per buffer type."""

    dram: int = 0
    l1: int = 0
    l1_small: int = 0
    trace: int = 0
    cb: int = 0
    kernel: int = 0

    def pack(self, version: int) -> bytes:
        figures = [self.dram, self.l1, self.l1_small, self.trace, self.cb]
        return struct.pack("<6Q", *figures, self.kernel) if version == 1 else struct.pack("<5Q", *figures)

    def plus(self, other: "Bytes") -> "Bytes":
        return Bytes(**{name: value + getattr(other, name) for name, value in vars(self).items()})


@dataclass(kw_only=True)
class SlotSpec:
    pid: int
    held: Bytes = field(default_factory=Bytes)
    name: bytes = b"python3"
    updated: int | None = None
    index: int | None = None


@dataclass(kw_only=True)
class ChipSpec:
    chip_id: int
    held: Bytes = field(default_factory=Bytes)
    is_remote: int = 0


@dataclass(kw_only=True)
class RegionSpec:
    """A region that is consistent unless a test says otherwise: None is what a healthy writer would write."""

    version: int
    slots: Sequence[SlotSpec] = ()
    totals: Bytes | None = None
    chips: Sequence[ChipSpec] | None = None
    num_active: int | None = None
    reference_count: int | None = None
    updated: int | None = None
    asic_id: int | None = None
    board_serial: int | None = None
    device_id: int = 0
    init_state: int = READY

    def sum_of_slots(self) -> Bytes:
        total = Bytes()
        for slot in self.slots:
            total = total.plus(slot.held)
        return total

    def encode(self) -> bytes:
        """The whole file."""
        v1 = self.version == 1
        content = bytearray(9280 if v1 else 8576)
        occupied = sum(slot.pid != 0 for slot in self.slots)
        clock = MONOTONIC_NOW if self.version < 3 else NOW
        updated = clock - 1_000_000_000 if self.updated is None else self.updated
        struct.pack_into(
            "<IIQI4xQQI",
            content,
            0,
            self.version,
            occupied if self.num_active is None else self.num_active,
            updated,
            occupied if self.reference_count is None else self.reference_count,
            (BOARD_ID if v1 else 0) if self.board_serial is None else self.board_serial,
            (LOCATION if v1 else UNIQUE_ID) if self.asic_id is None else self.asic_id,
            self.device_id,
        )
        totals = self.sum_of_slots() if self.totals is None else self.totals
        content[48 : 48 + (48 if v1 else 40)] = totals.pack(self.version)
        self._chips(content, totals)
        self._slots(content, updated)
        if self.version == 4:
            struct.pack_into("<I", content, 8536, self.init_state)
        return bytes(content)

    def _chips(self, content: bytearray, totals: Bytes) -> None:
        start, stride, figures = (96, 56, 48) if self.version == 1 else (88, 48, 40)
        chips = [ChipSpec(chip_id=self.device_id, held=totals)] if self.chips is None else self.chips
        for index in range(16):
            at = start + index * stride
            if index < len(chips):
                struct.pack_into("<II", content, at, chips[index].chip_id, chips[index].is_remote)
                content[at + 8 : at + 8 + figures] = chips[index].held.pack(self.version)
            elif self.version >= 3:
                struct.pack_into("<I", content, at, EMPTY_CHIP)

    def _slots(self, content: bytearray, updated: int) -> None:
        start, stride, figures = (992, 128, 48) if self.version == 1 else (856, 120, 40)
        for number, slot in enumerate(self.slots):
            at = start + (number if slot.index is None else slot.index) * stride
            struct.pack_into("<i", content, at, slot.pid)
            content[at + 8 : at + 8 + figures] = slot.held.pack(self.version)
            struct.pack_into(
                "<Q", content, at + 8 + figures, updated if slot.updated is None else slot.updated
            )
            content[at + 16 + figures : at + 16 + figures + len(slot.name)] = slot.name
