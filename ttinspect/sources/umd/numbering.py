"""Chips of a simulator by number, when tt_umd is not to see some of them."""

from collections.abc import Collection, Iterable

MOST_CHIPS = 32
"""How many PCI devices tt-umd 0.9.14 asks a simulator for."""

WITHOUT_REMOTE = "without-remote"
"""The child's argument: no discovery over eth."""

SINGLY = "remote-singly"
"""And that it opens the remote chips itself, one by one."""

_HIDDEN = "hidden="


def hidden_argument(chips: Iterable[int]) -> str:
    """The child's argument that hides these chips."""
    return _HIDDEN + ",".join(map(str, sorted(chips)))


def hidden_chips(arguments: Iterable[str]) -> frozenset[int]:
    """The chips that the child's arguments hide."""
    lists = [argument.removeprefix(_HIDDEN) for argument in arguments if argument.startswith(_HIDDEN)]
    return frozenset(int(chip) for chips in lists for chip in chips.split(","))


def number_of(chip: int, hidden: Collection[int]) -> int:
    """A chip's number when none is hidden: tt_umd numbers those that it sees from 0 on, endpoints first."""
    for lost in sorted(hidden):
        chip += lost <= chip
    return chip
