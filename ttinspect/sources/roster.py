"""The chips of a watch: each keeps the number that it had first, and its row when it is gone."""

from collections.abc import Mapping

import msgspec

from ttinspect.model.chip import Chip
from ttinspect.model.system import System, Trouble

GONE = "it is not there any more"


class Roster:
    """Every chip that was seen. ``numbered``: a number is a chip of its own, as in a simulator; elsewhere
    tt_umd and the driver count anew, and a chip is known by its place on the bus, or by its unique id."""

    def __init__(self, *, numbered: bool) -> None:
        self._numbered = numbered
        self._known: dict[int, Chip] = {}

    def settled(self, system: System) -> System:
        """The System with the numbers that its chips had first, and with those that are gone."""
        numbers = {chip.id: chip.id for chip in system.chips} if self._numbered else self._numbers(system)
        there = _renumbered(system, numbers)
        self._known |= {chip.id: chip for chip in there.chips}
        present = {chip.id for chip in there.chips}
        gone = [chip for number, chip in self._known.items() if number not in present]
        return msgspec.structs.replace(
            there,
            chips=tuple(
                sorted(
                    (*there.chips, *(msgspec.structs.replace(chip, telemetry=None) for chip in gone)),
                    key=lambda chip: chip.id,
                )
            ),
            troubles=(
                *there.troubles,
                *(Trouble(chip=chip.id, why=GONE, readable=False) for chip in gone),
            ),
        )

    def _numbers(self, system: System) -> dict[int, int]:
        """The number of each chip, by the one that it has now: that of a known one with the same name, or
        without a name; else its own, or the next that is free."""
        found: dict[int, int] = {}
        for chip in system.chips:
            name, used = _name(chip), {*found.values()}
            same = [number for number, one in self._known.items() if name and _name(one) == name]
            free = [number for number in same if number not in used]
            if free:
                found[chip.id] = chip.id if chip.id in free else free[0]
        for chip in system.chips:
            if chip.id not in found:
                others = {
                    number for number, one in self._known.items() if number != chip.id or _differ(one, chip)
                }
                taken = others | {*found.values()}
                found[chip.id] = chip.id if chip.id not in taken else max(taken) + 1
        return found


def _name(chip: Chip) -> str | None:
    return chip.pci_bdf or chip.unique_id


def _differ(known: Chip, chip: Chip) -> bool:
    return None not in (_name(known), _name(chip)) and _name(known) != _name(chip)


def _renumbered(system: System, numbers: Mapping[int, int]) -> System:
    if all(old == new for old, new in numbers.items()):
        return system
    chips = (
        msgspec.structs.replace(
            chip, id=numbers[chip.id], via=None if chip.via is None else numbers.get(chip.via)
        )
        for chip in system.chips
    )
    troubles = (
        msgspec.structs.replace(trouble, chip=numbers.get(trouble.chip, trouble.chip))
        if trouble.chip is not None
        else trouble
        for trouble in system.troubles
    )
    # which links there are is no part of a reading
    return msgspec.structs.replace(
        system, chips=tuple(chips), troubles=tuple(troubles), links=(), remote_links=()
    )
