"""Chips of a simulator by number, when tt_umd is not to see some of them."""

from collections.abc import Collection, Iterable

MOST_CHIPS = 32
"""How many PCI devices tt-umd 0.9.14 asks a simulator for."""

_LOCKS = ("ARC_MSG_{}_PCIe", "REMOTE_ARC_MSG_{}_Undefined", "NON_MMIO_{}_Undefined")


def first_number(pid: int) -> int:
    """How tt-umd 0.9.14 numbers the first chip of a simulator in the process with this id."""
    return MOST_CHIPS * pid


def lock_files(pid: int) -> list[str]:
    """Under which names tt-umd 0.9.14 may have made locks for the chips of a simulator in this process. It
    leaves them there, and nobody else can want them."""
    first = first_number(pid)
    return [
        f"/dev/shm/TT_UMD_LOCK.{name.format(number)}"
        for number in range(first, first + MOST_CHIPS)
        for name in _LOCKS
    ]


PCI_IDS = {0x401E: "wormhole_b0", 0xB140: "blackhole"}
"""The PCI device id of each architecture that can be simulated."""

REMOTE_ARCH = "wormhole_b0"
"""Of which chips can be behind others; every Blackhole is on the bus."""

WITHOUT_REMOTE = "without-remote"
"""The child's argument: no discovery over eth."""

UNTRAINED = "without-training"
"""That tt_umd does not wait until every eth link has trained."""

_HIDDEN, _SKIPPED, _NUMBERS, _SINGLY, _ARCH = "hidden=", "skip=", "numbers=", "remote-singly=", "arch="


def hidden_argument(chips: Iterable[int]) -> str:
    """The child's argument that hides these chips."""
    return _HIDDEN + ",".join(map(str, sorted(chips)))


def hidden_chips(arguments: Iterable[str]) -> frozenset[int]:
    """The chips that the child's arguments hide."""
    return _listed(_HIDDEN, arguments)


def singly_argument(seconds: float) -> str:
    """The child's argument that makes it open the remote chips itself, one by one, and wait so long for the
    firmware of each."""
    return f"{_SINGLY}{seconds:.1f}"


def singly_seconds(arguments: Iterable[str]) -> float | None:
    """How long the child is to wait for the firmware of each remote chip; None where it opens none itself."""
    found = [argument.removeprefix(_SINGLY) for argument in arguments if argument.startswith(_SINGLY)]
    return float(found[0]) if found else None


def arch_argument(arch: str) -> str:
    """The child's argument that tells it the architecture of a simulator."""
    return _ARCH + arch


def known_arch(arguments: Iterable[str]) -> str | None:
    """The architecture that the child's arguments tell, if they do."""
    return next((argument.removeprefix(_ARCH) for argument in arguments if argument.startswith(_ARCH)), None)


def numbers_argument(numbers: Iterable[int]) -> str:
    """The child's argument that tells it the PCI device numbers of a simulator's chips."""
    return _NUMBERS + ",".join(map(str, numbers))


def known_numbers(arguments: Iterable[str]) -> list[int] | None:
    """The PCI device numbers that the child's arguments tell; None where they tell none."""
    return sorted(_listed(_NUMBERS, arguments)) or None


def without_reading(arguments: Iterable[str], chips: Iterable[int]) -> tuple[str, ...]:
    """The child's arguments with which it discovers these chips, and then leaves them alone."""
    others = tuple(argument for argument in arguments if not argument.startswith(_SKIPPED))
    skipped = ",".join(map(str, sorted(chips)))
    return (*others, _SKIPPED + skipped) if skipped else others


def skipped_chips(arguments: Iterable[str]) -> frozenset[int]:
    """The chips that the child is to leave alone."""
    return _listed(_SKIPPED, arguments)


def _listed(prefix: str, arguments: Iterable[str]) -> frozenset[int]:
    lists = [argument.removeprefix(prefix) for argument in arguments if argument.startswith(prefix)]
    return frozenset(int(chip) for chips in lists for chip in chips.split(","))


def number_of(chip: int, hidden: Collection[int]) -> int:
    """A chip's number when none is hidden: tt_umd numbers those that it sees from 0 on, endpoints first."""
    for lost in sorted(hidden):
        chip += lost <= chip
    return chip
