"""What does not add up in a region: pure sums, the same for the rules and for the sampler.

``differences(region)`` answers ``{Quantity(rule, subject): difference}``. A quantity that is not in the
answer is 0, and 0 is legal everywhere; whether another value is legal depends on the version and on more than
the region, and is decided in verify/ by a predicate that the sampler is given.

| rule | subject | difference |
|---|---|---|
| TTS020 | buffer type | sum of the occupied slots (pid -1 included) - total |
| TTS021 | buffer type | sum of the chip entries - total; nothing where it is below 0 and no entry is free |
| TTS022 | ``totals dram``, ``slot 3 l1``, ``chip entry 0 cb`` | a counter below 0, as a signed number |
| TTS023 | ``num_active_processes`` | header - occupied slots |
| TTS024 | ``reference_count`` | header - occupied slots |
| TTS025 | ``slot 3`` | 1: its pid is -1 |
| TTS026 | ``pid 4711`` | how many slots too many have it |
| TTS027 | ``slot 3`` | bytes left in it, kernel included, although it is free |
| TTS028 | ``chip 0`` | how many entries too many have it |
| TTS046 | buffer type | largest occupied slot - total, if above 0 |

What programs hold (cb) is left out of 020 where its total is the last writer's (before v4), and out of 021
always: the chip entry's cb is what was stored last, and can rest below the total of a healthy v4 region. It
stays in 046, where the rules grade it. What is no usage (kernel) is left out of everything but 022 and 027.
Where a counter that belongs to a sum has underflowed, the sum says nothing and is left out; 022 tells.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ttinspect.model.region import EMPTY_CHIP_ID, RELEASING_PID, Figures, Region, Slot
from ttinspect.shm.layout import layout_of
from ttinspect.shm.usage import UNDERFLOW_FROM, counter


class Quantity(NamedTuple):
    """Something that is judged on its own: a rule's id and what in the region it is about."""

    rule: str
    subject: str


def differences(region: Region) -> dict[Quantity, int]:
    """All differences of a region that are not 0; see the module."""
    occupied = region.occupied
    by_quantity = {}
    for rule, subject, difference in (
        *_against_totals(region, occupied),
        *_underflows(region),
        ("TTS023", "num_active_processes", region.header.num_active_processes - len(occupied)),
        ("TTS024", "reference_count", region.header.reference_count - len(occupied)),
        *_slots(region),
        *_chips(region),
    ):
        if difference:
            by_quantity[Quantity(rule, subject)] = difference
    return by_quantity


def free_chip_entries(region: Region) -> int:
    """How many entries of chip_stats are left for a further chip."""
    return region.chip_count - sum(entry.chip_id != EMPTY_CHIP_ID for entry in region.chips)


def _against_totals(region: Region, occupied: tuple[Slot, ...]) -> Iterator[tuple[str, str, int]]:
    chips = [entry.figures for entry in region.chips if entry.chip_id != EMPTY_CHIP_ID]
    slots = [slot.figures for slot in occupied]
    entry_free = free_chip_entries(region) > 0
    layout = layout_of(region.version)
    for buffer_type in layout.usage:
        name, total = buffer_type.name, counter(region.totals, buffer_type.name)
        if total >= UNDERFLOW_FROM:
            continue
        of_slots, of_chips = _counters(slots, name), _counters(chips, name)
        if buffer_type in layout.sums and of_slots is not None:
            yield "TTS020", name, sum(of_slots) - total
        if buffer_type in layout.buffers and of_chips is not None and (entry_free or sum(of_chips) > total):
            yield "TTS021", name, sum(of_chips) - total
        if of_slots:
            yield "TTS046", name, max(max(of_slots) - total, 0)


def _counters(figures: Iterable[Figures], name: str) -> list[int] | None:
    counters = [counter(figure, name) for figure in figures]
    return None if any(each >= UNDERFLOW_FROM for each in counters) else counters


def _underflows(region: Region) -> Iterator[tuple[str, str, int]]:
    for where, figures in (
        ("totals", region.totals),
        *((f"slot {slot.index}", slot.figures) for slot in region.slots),
        *((f"chip entry {entry.index}", entry.figures) for entry in region.chips),
    ):
        for name, held in figures.items():
            if held is not None and held >= UNDERFLOW_FROM:
                yield "TTS022", f"{where} {name}", held - (1 << 64)


def _slots(region: Region) -> Iterator[tuple[str, str, int]]:
    owners: Counter[int] = Counter()
    for slot in region.slots:
        if slot.pid == RELEASING_PID:
            yield "TTS025", f"slot {slot.index}", 1
        elif slot.pid:
            owners[slot.pid] += 1
        else:
            yield "TTS027", f"slot {slot.index}", sum(held or 0 for held in slot.figures.values())
    for pid, count in owners.items():
        yield "TTS026", f"pid {pid}", count - 1


def _chips(region: Region) -> Iterator[tuple[str, str, int]]:
    entries = Counter(entry.chip_id for entry in region.chips if entry.chip_id != EMPTY_CHIP_ID)
    for chip_id, count in entries.items():
        yield "TTS028", f"chip {chip_id}", count - 1
