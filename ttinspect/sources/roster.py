"""The chips of a watch: each keeps the number that it had first, and its row when it is gone."""

from collections.abc import Mapping

import msgspec

from ttinspect.model.chip import Chip
from ttinspect.model.system import System, Trouble

GONE = "it is not there any more"
_IDENTITY = ("unique_id", "board_id", "board", "asic_location", "pci_bdf")


class Roster:
    """Every chip that was seen. ``numbered``: a chip on the bus is known by its number, as in a simulator.
    Elsewhere tt_umd and the driver count anew, and a chip is known by its place on the bus, or by its unique
    id, as one that is reached through another always is."""

    def __init__(self, *, numbered: bool) -> None:
        self._numbered = numbered
        self._known: dict[int, Chip] = {}

    def settled(self, system: System) -> System:
        """The System with the numbers that its chips had first, and with those that are gone. A chip that
        does not tell who it is any more is who it was."""
        renumbered = _renumbered(system, self._numbers(system))
        chips = tuple(self._identified(chip) for chip in renumbered.chips)
        self._known |= {chip.id: chip for chip in chips}
        present = {chip.id for chip in chips}
        gone = [_gone(chip, chips) for number, chip in self._known.items() if number not in present]
        # of a device without a row, the driver's number is what is known
        unread = {trouble.chip for trouble in renumbered.troubles if trouble.chip is not None} - present
        number_of = {
            chip.kmd_id: chip.id for chip in gone if chip.kmd_id is not None and chip.kmd_id in unread
        }
        troubles = [_of_numbers(trouble, number_of) for trouble in renumbered.troubles]
        named = {*number_of.values()}
        troubles += [Trouble(chip=chip.id, why=GONE, readable=False) for chip in gone if chip.id not in named]
        everyone = sorted((*chips, *gone), key=lambda chip: chip.id)
        return msgspec.structs.replace(renumbered, chips=tuple(everyone), troubles=tuple(troubles))

    def _numbers(self, system: System) -> dict[int, int]:
        """The number of each chip, by the one that it has now: that of a known one with a name in common, or
        of one in its place of which there is no name; else its own, or the next that is free."""
        numbers: dict[int, int] = {}
        for chip in system.chips:
            names = self._names(chip)
            same = [number for number, known in self._known.items() if names & self._names(known)]
            free = [number for number in same if number not in numbers.values()]
            if free:
                numbers[chip.id] = chip.id if chip.id in free else free[0]
        for chip in system.chips:
            if chip.id not in numbers:
                before = self._known.get(chip.id)
                same_place = before is not None and not (self._names(before) and self._names(chip))
                others = {*self._known} - ({chip.id} if same_place else set())
                taken = others | {*numbers.values()}
                numbers[chip.id] = chip.id if chip.id not in taken else max(taken) + 1
        return numbers

    def _names(self, chip: Chip) -> set[str]:
        if self._numbered and chip.mmio is not False:
            return {f"chip {chip.id}"}
        bdf = None if self._numbered else chip.pci_bdf
        return {name for name in (bdf, chip.unique_id) if name is not None}

    def _identified(self, chip: Chip) -> Chip:
        known = self._known.get(chip.id)
        if known is None:
            return chip
        facts = {name: getattr(known, name) for name in _IDENTITY if getattr(chip, name) is None}
        facts = {name: fact for name, fact in facts.items() if fact is not None}
        unknown = tuple(fact for fact in chip.unknown if fact.path not in facts)
        return msgspec.structs.replace(chip, **facts, unknown=unknown)


def _gone(chip: Chip, present: tuple[Chip, ...]) -> Chip:
    """Without a reading, and without its number of the driver where another one has that now."""
    taken = any(each.kmd_id == chip.kmd_id for each in present)
    return msgspec.structs.replace(chip, telemetry=None, kmd_id=None if taken else chip.kmd_id)


def _of_numbers(trouble: Trouble, numbers: Mapping[int, int]) -> Trouble:
    if trouble.chip is None:
        return trouble
    return msgspec.structs.replace(trouble, chip=numbers.get(trouble.chip, trouble.chip))


def _renumbered(system: System, numbers: Mapping[int, int]) -> System:
    if all(old == new for old, new in numbers.items()):
        return system
    chips = (
        msgspec.structs.replace(
            chip, id=numbers[chip.id], via=None if chip.via is None else numbers.get(chip.via)
        )
        for chip in system.chips
    )
    troubles = (_of_numbers(trouble, numbers) for trouble in system.troubles)
    # which links there are is no part of a reading
    return msgspec.structs.replace(
        system, chips=tuple(chips), troubles=tuple(troubles), links=(), remote_links=()
    )
