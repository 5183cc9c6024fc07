"""TTS001 to TTS006: the file, before anything in it is believed."""

import errno
from collections.abc import Iterator

from ttinspect.model.region import FileType, RegionFile, RegionState
from ttinspect.shm.layout import LAYOUTS, SHRUNK_V1_SIZE
from ttinspect.verify.case import Case
from ttinspect.verify.rules.rule import Hit
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import numbers, plural

NEWEST_VERSION = max(LAYOUTS)
SIZES = frozenset(layout.size for layout in LAYOUTS.values())
WRITABLE_BY_OTHERS, READABLE_BY_OTHERS = 0o022, 0o044

FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
"""This user may not read the file; another one may."""

REASONS = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EIO: "input/output error",
    errno.EMFILE: "too many open files",
}


def reason(number: int) -> str:
    """Why the kernel refused, in words."""
    return REASONS.get(number) or errno.errorcode.get(number, f"errno {number}")


def unreadable(file: RegionFile) -> Iterator[Hit]:
    """Listed, and then gone or refused."""
    if file.errno is None:
        return
    evidence = {"errno": file.errno}
    if file.errno == errno.ENOENT:
        yield Hit("vanished", "The file vanished between the listing and the read.", {**evidence})
    elif file.errno == errno.ELOOP and file.file_type is not FileType.LINK:
        yield Hit("unreadable", "The file was replaced by a symbolic link while it was read.", {**evidence})
    elif file.errno != errno.ELOOP:
        yield Hit("unreadable", f"The file cannot be read: {reason(file.errno)}.", {**evidence})


def not_regular(file: RegionFile) -> Iterator[Hit]:
    """tt-metal makes regular files only."""
    if file.file_type not in (None, FileType.REGULAR):
        kind = FileType.UNKNOWN if file.file_type is None else file.file_type
        yield Hit("not regular", f"It is a {kind.value}, and was not opened.", {"file_type": kind.value})


def wrong_size(file: RegionFile) -> Iterator[Hit]:
    """The layout of its version fixes a region's size."""
    if not file.size or file.data is None:
        return
    version = file.version
    evidence = {"size": file.size, "version": version}
    if version in LAYOUTS:
        layout = LAYOUTS[version]
        if version == 1 and file.size == SHRUNK_V1_SIZE and file.region is not None:
            yield Hit(
                "shrunk",
                f"The v1 region was cut to {file.size:,} bytes by a newer runtime: its first "
                f"{file.region.slot_count} slots remain.",
                {**evidence, "slots": file.region.slot_count},
            )
        elif file.size != layout.size:
            yield Hit(
                "wrong",
                f"A v{version} region has {layout.size:,} bytes, this file has {file.size:,}.",
                {**evidence, "expected_size": layout.size},
            )
    elif not version and file.size not in SIZES:
        yield Hit("wrong", f"No region has {file.size:,} bytes.", {**evidence})


def unknown_version(file: RegionFile) -> Iterator[Hit]:
    """A layout from after this program."""
    if file.version is not None and file.version > NEWEST_VERSION:
        yield Hit(
            "unknown",
            f"The region has version {file.version}; versions 1 to {NEWEST_VERSION} are known.",
            {"version": file.version},
        )


def not_initialised(file: RegionFile) -> Iterator[Hit]:
    """Created, and not finished."""
    if file.state is RegionState.EMPTY:
        yield Hit("nothing yet", "The file has no bytes: its writer did not get to size it.", {"size": 0})
    elif file.version == 0 and file.size in SIZES:
        yield Hit(
            "nothing yet", "The region has version 0: its writer did not get to fill it.", {"version": 0}
        )
    elif file.region is not None and file.region.init_state is not None:
        if file.state is not RegionState.READY:
            yield Hit(
                "unfinished",
                f"init_state is {file.region.init_state:#x}, not READY: its writer did not finish. Nothing "
                f"else in the region is judged.",
                {"init_state": file.region.init_state},
            )
    elif file.region is not None and file.state is not RegionState.READY:
        yield Hit(
            "unfinished",
            "The timestamp is 0: a writer did not finish initialising the region, and none has updated it.",
            {"timestamp": 0},
        )


def unsafe_mode(file: RegionFile) -> Iterator[Hit]:
    """Who else can change or read the region."""
    if file.mode is None or file.file_type is not FileType.REGULAR or not _is_tt_metal_s(file):
        return
    mode = f"{file.mode:04o}"
    if file.mode & WRITABLE_BY_OTHERS:
        yield Hit("writable", f"Mode {mode}: others than the owner can change the figures.", {"mode": mode})
    elif file.mode & READABLE_BY_OTHERS:
        yield Hit("readable", f"Mode {mode}: others than the owner can read the figures.", {"mode": mode})


def _is_tt_metal_s(file: RegionFile) -> bool:
    """Whether the file is a region as far as its size and version tell; of any other there is more to say
    than its mode."""
    if file.region is None:
        return file.state in (RegionState.EMPTY, RegionState.UNINITIALIZED) and not any(wrong_size(file))
    return is_judgable(file)


def stranger(case: Case, subject: Subject) -> Iterator[Hit]:
    """The owner of the file runs none of the live processes in it."""
    live = [one.process for one in subject.confirmed if one.alive and one.process is not None]
    owners = {process.uid for process in live if process.uid is not None}
    uid = subject.file.uid
    if uid is not None and owners and uid not in owners:
        yield Hit(
            "stranger",
            f"The file belongs to uid {uid}, the {plural(len(live), 'live process', 'live processes')} in it "
            f"to uid {numbers(sorted(owners))}.",
            {"uid": uid, "process_uids": sorted(owners)},
        )


def is_judgable(file: RegionFile) -> bool:
    """Whether what is in the file can be judged: it has a region's size, and v4 does not say otherwise."""
    region = file.region
    if region is None or any(hit.row == "wrong" for hit in wrong_size(file)):
        return False
    return region.init_state is None or region.state is RegionState.READY
