"""Which chip of one System is which of another."""

from collections.abc import Callable, Hashable, Sequence

import msgspec

from ttinspect.model.chip import Chip


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """Chips that are the same one, in the order of the new ids; those that are gone, and those that came."""

    pairs: tuple[tuple[Chip, Chip], ...]
    vanished: tuple[Chip, ...]
    appeared: tuple[Chip, ...]


def pair_chips(old: Sequence[Chip], new: Sequence[Chip]) -> Paired:
    """By unique id, then by board id and location; a chip whose ids tell nothing by its bus address, then by
    its chip id. Ids that were made up are none."""
    pairs: list[tuple[Chip, Chip]] = []
    left, right = list(old), list(new)
    for key in (_unique_id, _board_and_location, _bus_address, _chip_id):
        left, right = _pair_by(key, left, right, pairs)
    return Paired(
        pairs=tuple(sorted(pairs, key=lambda pair: pair[1].id)), vanished=tuple(left), appeared=tuple(right)
    )


Key = Callable[[Chip], Hashable]
"""What a chip is known by; None where it is not known by that."""


def _pair_by(
    key: Key, old: list[Chip], new: list[Chip], pairs: list[tuple[Chip, Chip]]
) -> tuple[list[Chip], list[Chip]]:
    """Chips that share a key, which they should not or of which the source does not tell more, stay what they
    were: first those at the same bus address, then those of the same chip id, then the rest."""
    for place in (_bus_address, _chip_id, _anywhere):
        old, new = _pair_at(key, place, old, new, pairs)
    return old, new


def _pair_at(
    key: Key, place: Key, old: list[Chip], new: list[Chip], pairs: list[tuple[Chip, Chip]]
) -> tuple[list[Chip], list[Chip]]:
    candidates: dict[Hashable, list[Chip]] = {}
    for chip in new:
        if key(chip) is not None and place(chip) is not None:
            candidates.setdefault((key(chip), place(chip)), []).append(chip)
    taken: set[int] = set()
    left = []
    for chip in old:
        fitting = (
            other
            for other in candidates.get((key(chip), place(chip)), ())
            if other.id not in taken and not (key in _NAMELESS and _are_strangers(chip, other))
        )
        partner = next(fitting, None)
        if partner is None:
            left.append(chip)
        else:
            taken.add(partner.id)
            pairs.append((chip, partner))
    return left, [chip for chip in new if chip.id not in taken]


def _unique_id(chip: Chip) -> Hashable:
    return None if "unique_id" in chip.assumed else chip.unique_id


def _board_and_location(chip: Chip) -> Hashable:
    if chip.board_id is None or "board_id" in chip.assumed:
        return None
    return chip.board_id, chip.asic_location


def _bus_address(chip: Chip) -> Hashable:
    return chip.pci_bdf


def _chip_id(chip: Chip) -> Hashable:
    return chip.id


def _anywhere(_: Chip) -> Hashable:
    return True


_NAMELESS = (_bus_address, _chip_id)


def _are_strangers(first: Chip, other: Chip) -> bool:
    """Whether they cannot be the same chip: another design, or both have ids that differ."""
    return first.arch is not other.arch or any(
        key(first) is not None and key(other) is not None and key(first) != key(other)
        for key in (_unique_id, _board_and_location)
    )
