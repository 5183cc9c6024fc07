"""What ``snapshot --remember`` keeps of this boot: who the chips are, for commands that open no device.

Only the identity is kept (masks, ids, boards, remote chips), and it counts only while the boot id, the serial
and the bus address of a chip agree: a card that was moved or exchanged, and every reboot, makes it unknown.
"""

import os
from pathlib import Path

import msgspec

from ttinspect.errors import InspectError
from ttinspect.host.attributes import read_file, read_text
from ttinspect.host.driver import HOST
from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.checking import checked

_BOOT_ID = Path("proc/sys/kernel/random/boot_id")
_OF_ROOT = Path("var/lib/ttinspect")
_NAME = "remembered.json"
_MOST_BYTES = 64 << 20
_OF_SYSFS = ("telemetry", "firmware", "links", "pci_bdf")
"""What is asked of sysfs each time, or not known from it: its reasons stand, not the remembered ones."""


class Remembered(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.remembered.v1"
):
    """The chips of one boot as they were inspected. ``time_ns`` is realtime."""

    boot_id: str
    time_ns: int
    chips: tuple[Chip, ...]


def boot_id(root: Path = HOST) -> str | None:
    """The id of the running boot; None where procfs does not tell."""
    return read_text(root / _BOOT_ID)


def state_folder(root: Path = HOST) -> Path | None:
    """Where this user's commands keep state: /var/lib/ttinspect as root, else in the XDG state directory.
    None for a user who has neither that nor a home directory."""
    if os.geteuid() == 0 or root != HOST:
        return root / _OF_ROOT
    home = os.environ.get("XDG_STATE_HOME")
    if home and os.path.isabs(home):  # noqa: PTH117 - the specification: relative ones count as unset
        return Path(home) / "ttinspect"
    try:
        return Path.home() / ".local" / "state" / "ttinspect"
    except RuntimeError:  # no HOME, and no user of this number
        return None


def file_of(folder: Path) -> Path:
    """The file in a state folder that holds what is remembered."""
    return folder / _NAME


def to_remember(system: System, time_ns: int) -> Remembered:
    """What is to be kept of a System.

    Raises:
        InspectError: 2 when nobody inspected the devices of this host for it (what sysfs shows needs not be
            remembered, and would be kept as if it were all that there is), or there is nothing to remember.
    """
    running = boot_id()
    chips = tuple(
        msgspec.structs.replace(chip, telemetry=None, live_cores=None)
        for chip in system.chips
        if system.unread(chip.id) is None
    )
    if system.source.kind is not SourceKind.UMD:
        raise InspectError(
            "snapshot --remember",
            "it keeps what tt_umd tells of the devices of this host, and the source is another",
            "leave --from out, or name umd",
        )
    if running is None or not any(chip.pci_bdf and chip.board_id for chip in chips):
        missing = "no device tells its bus address and serial" if running else "the kernel tells no boot id"
        raise InspectError(
            "snapshot --remember",
            f"what is kept counts for one boot, bus address and serial, and {missing}",
            "look at ttinspect list --json",
        )
    return Remembered(boot_id=running, time_ns=time_ns, chips=chips)


def recall(root: Path = HOST) -> Remembered | None:
    """What is remembered of the running boot; None where nothing is, or it cannot be read. A user reads what
    root remembered too, unless there is something of his own that is newer."""
    running = boot_id(root)
    if running is None:
        return None
    folders = dict.fromkeys(folder for folder in (state_folder(root), root / _OF_ROOT) if folder is not None)
    states = (_read(file_of(folder), trusted=root != HOST) for folder in folders)
    of_this_boot = [state for state in states if state is not None and state.boot_id == running]
    return max(of_this_boot, key=lambda state: state.time_ns, default=None)


def _read(path: Path, *, trusted: bool) -> Remembered | None:
    """One that belongs neither to root nor to this user could say anything: it counts as none, unless it is
    ``trusted``, as in a copied tree. So does a file of another version, or of chips that cannot be."""
    try:
        if not trusted and path.stat().st_uid not in (0, os.geteuid()):
            return None
        remembered = msgspec.json.decode(read_file(path, _MOST_BYTES), type=Remembered)
        as_inspected = Source(kind=SourceKind.UMD, detail="", live=True, example=False)
        system = checked(System(source=as_inspected, chips=remembered.chips), str(path))
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError, InspectError):
        return None
    return msgspec.structs.replace(remembered, chips=system.chips)


def with_identity(system: System, remembered: Remembered) -> System:
    """The devices that sysfs shows as what they were when they were inspected. Ids are the remembered ones
    where all devices are remembered, with the chips behind them; else those of sysfs."""
    known: dict[tuple[str | None, str | None], Chip] = {
        (chip.pci_bdf, chip.board_id): chip
        for chip in remembered.chips
        if chip.mmio and chip.pci_bdf is not None and chip.board_id is not None
    }
    was = {chip.id: _same(chip, known.get((chip.pci_bdf, chip.board_id))) for chip in system.chips}
    whole = all(chip is not None for chip in was.values())
    chips = [_as(chip, was[chip.id], whole) for chip in system.chips]
    gateways = {chip.id for chip in was.values() if chip is not None}
    if whole:
        chips += [
            _not_asked(chip) for chip in remembered.chips if chip.mmio is False and chip.via in gateways
        ]
    if not gateways:
        return system
    ids = {number: old.id for number, old in was.items() if old is not None} if whole else {}
    return msgspec.structs.replace(
        system,
        source=msgspec.structs.replace(system.source, remembered_time_ns=remembered.time_ns),
        chips=tuple(sorted(chips, key=lambda chip: chip.id)),
        troubles=tuple(
            trouble
            if trouble.chip is None
            else msgspec.structs.replace(trouble, chip=ids.get(trouble.chip, trouble.chip))
            for trouble in system.troubles
        ),
        notes=() if whole else system.notes,
    )


def _same(chip: Chip, was: Chip | None) -> Chip | None:
    """The remembered chip, unless sysfs shows that it is another: chips of a Galaxy share their serial."""
    if was is None or was.arch is not chip.arch:
        return None
    return was if None in (chip.unique_id, was.unique_id) or chip.unique_id == was.unique_id else None


def _as(chip: Chip, was: Chip | None, whole: bool) -> Chip:
    if was is None:
        return chip
    return msgspec.structs.replace(
        chip,
        id=was.id if whole else chip.id,
        soc=was.soc,
        board=was.board,
        board_name=was.board_name,
        unique_id=was.unique_id,
        asic_location=was.asic_location,
        noc_translation=was.noc_translation,
        masks=was.masks,
        assumed=was.assumed,
        tray=was.tray,
        unknown=(
            *(fact for fact in was.unknown if fact.path.partition(".")[0] not in _OF_SYSFS),
            *(fact for fact in chip.unknown if fact.path.partition(".")[0] in _OF_SYSFS),
        ),
    )


def _not_asked(chip: Chip) -> Chip:
    """A remote chip: who it is is remembered, how it is is not to be seen."""
    unknown = (fact for fact in chip.unknown if fact.path.partition(".")[0] not in _OF_SYSFS)
    whys = (Unknown(path=path, why=_REMOTE) for path in _OF_SYSFS if path != "pci_bdf")
    return msgspec.structs.replace(chip, firmware=None, unknown=(*unknown, *whys))


_REMOTE = "it is reached through another chip, which nobody opens here"
