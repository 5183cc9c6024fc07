"""TTS001 to TTS006: the file, before anything in it is believed."""

import errno
from collections.abc import Iterator

from ttinspect.facts.wording import plural
from ttinspect.model.region import FileType, RegionFile, RegionState
from ttinspect.shm.layout import LAYOUTS, sizes
from ttinspect.verify.case import Case
from ttinspect.verify.rule import E, Hit, I, Q, RegionRule, W
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import numbers

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


UNREADABLE = RegionRule(
    id="TTS001",
    name="unreadable",
    severities={"vanished": I, "unreadable": Q},
    of_file=unreadable,
    title="A region could not be read, or vanished while it was looked at.",
    meaning=(
        "The directory listed this file, but reading it failed. Nothing is known about what it says, so it "
        "is neither good nor bad."
    ),
    cause=(
        "Regions of v3 and v4 are created with mode 0600: only the user who ran the first workload, and "
        "root, can read them. A file that vanished between the listing and the read was removed by "
        "somebody, and is only mentioned."
    ),
    remedy=(
        "Run ttinspect as the owner of the workload or as root. Inside a container, mount the host's "
        "/dev/shm and point --shm-dir at it."
    ),
)


def not_regular(file: RegionFile) -> Iterator[Hit]:
    """tt-metal makes regular files only."""
    if file.file_type not in (None, FileType.REGULAR):
        kind = FileType.UNKNOWN if file.file_type is None else file.file_type
        yield Hit("not regular", f"It is a {kind.value}, and was not opened.", {"file_type": kind.value})


NOT_A_REGULAR_FILE_OR_A_LINK = RegionRule(
    id="TTS002",
    name="not a regular file or a link",
    severities={"not regular": W},
    of_file=not_regular,
    title="Something that is not a regular file has the name of a region.",
    meaning=(
        "A symbolic link, directory, FIFO, socket or device node carries a region's name. It was not "
        "opened, because a reader that follows it can hang or be led to another file."
    ),
    cause=(
        "tt-metal creates regular files only, through shm_open. A link is somebody's convenience or "
        "somebody's attack: /dev/shm is writable by everyone."
    ),
    remedy=(
        "See who owns it (ls -l) and remove it. If it is a link made on purpose, point --shm-dir at the "
        "folder that it leads to."
    ),
)


def wrong_size(file: RegionFile) -> Iterator[Hit]:
    """The layout of its version fixes a region's size."""
    if not file.size or file.state is RegionState.UNREADABLE:
        return
    version = file.version
    evidence = {"size": file.size, "version": version}
    if version in LAYOUTS:
        layout = LAYOUTS[version]
        if file.size == layout.cut_size and file.region is not None:
            yield Hit(
                "shrunk",
                f"The v{version} region was cut to {file.size:,} bytes by a newer runtime: its first "
                f"{file.region.slot_count} slots remain.",
                {**evidence, "slots": file.region.slot_count},
            )
        elif file.size != layout.size:
            yield Hit(
                "wrong",
                f"A v{version} region has {layout.size:,} bytes, this file has {file.size:,}.",
                {**evidence, "expected_size": layout.size},
            )
    elif not version and file.size not in sizes():
        yield Hit("wrong", f"No region has {plural(file.size, 'byte')}.", {**evidence})


WRONG_SIZE = RegionRule(
    id="TTS003",
    name="wrong size",
    severities={"shrunk": (W, None, None, None), "wrong": E},
    of_file=wrong_size,
    title="The file does not have the size of its layout.",
    meaning=(
        "Regions of v2, v3 and v4 have exactly 8576 bytes, those of v1 9280. Figures of a file with another "
        "size cannot be trusted, and are not shown. A v1 region of 8576 bytes is a warning: its first 59 "
        "slots are still there and are judged."
    ),
    cause=(
        "A v1 region shrinks to 8576 bytes when a runtime of v3 or v4 attaches to it while its v1 process "
        "is alive. Any other size was written by something else than tt-metal, or was cut by a copy."
    ),
    remedy=(
        "Stop the workloads that use two different runtimes on this chip, remove the file, and start again "
        "with one runtime. A copied region must be copied in one piece (cp, not a partial read)."
    ),
)


def unknown_version(file: RegionFile) -> Iterator[Hit]:
    """A layout from after this program."""
    if file.version and file.version not in LAYOUTS:
        yield Hit(
            "unknown",
            f"The region has version {file.version}; versions 1 to {max(LAYOUTS)} are known.",
            {"version": file.version},
        )


UNKNOWN_VERSION = RegionRule(
    id="TTS004",
    name="unknown version",
    severities={"unknown": Q},
    of_file=unknown_version,
    title="The region has a layout that this ttinspect does not know.",
    meaning=(
        "The header names a version above 4. Where the fields lie in such a file is unknown, so nothing in "
        "it was decoded. This is not a fault of the region."
    ),
    cause=(
        "A tt-metal newer than this ttinspect wrote it. If that cannot be, the file was written by "
        "something else."
    ),
    remedy=("Update ttinspect. Until then this chip's memory is not checked, and scripts get exit code 11."),
)


def not_initialised(file: RegionFile) -> Iterator[Hit]:
    """Created, and not finished."""
    if file.state is RegionState.EMPTY:
        yield Hit("nothing yet", "The file has no bytes: its writer did not get to size it.", {"size": 0})
    elif file.state is RegionState.UNINITIALIZED and file.region is None and file.size in sizes():
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


NOT_INITIALISED = RegionRule(
    id="TTS005",
    name="not initialised",
    severities={"nothing yet": Q, "unfinished": W},
    of_file=not_initialised,
    title="The region was created, but its writer did not finish initialising it.",
    meaning=(
        "No bytes, or version 0: there is nothing to judge yet. A timestamp of 0 (v1 to v3), or an "
        "init_state that is not READY (v4), means that a header was begun and not completed; of a v4 region "
        "in that state nothing else is judged."
    ),
    cause=(
        "For a few microseconds every new region looks like this. If it stays, the writer was killed "
        "between shm_open and the end of its initialisation. A v3 writer that comes later does not repair "
        "the chip entries that were left half made; a v4 writer does."
    ),
    remedy=(
        "Look again in a second. If it stays and no process has the device open, remove the file: the next "
        "workload makes a new one."
    ),
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
    live = [writer.process for writer in subject.confirmed if writer.alive and writer.process is not None]
    owners = {process.uid for process in live if process.uid is not None}
    uid = subject.file.uid
    if uid is not None and owners and uid not in owners:
        yield Hit(
            "stranger",
            f"The file belongs to uid {uid}, the {plural(len(live), 'live process', 'live processes')} in it "
            f"to uid {numbers(sorted(owners))}.",
            {"uid": uid, "process_uids": sorted(owners)},
        )


UNSAFE_MODE_OR_OWNER = RegionRule(
    id="TTS006",
    name="unsafe mode or owner",
    severities={"writable": W, "readable": (None, None, I, I), "stranger": W},
    of_file=unsafe_mode,
    of_region=stranger,
    title="Others can change or read this region, or it belongs to a stranger.",
    meaning=(
        "A region that its group or everyone can write can be changed by any of them, so its figures prove "
        "nothing. Readable by others tells them names and pids of workloads; that is only noted. An owner "
        "who runs none of the processes in the region is noted as a warning."
    ),
    cause=(
        "v1 and v2 create the file with 0666 and the umask, v3 and v4 with 0600; a later writer keeps the "
        "mode that it finds, so an old file keeps its old mode. Another owner appears when users share a "
        "chip, or when a file was prepared by somebody else."
    ),
    remedy=(
        "When no workload runs on the chip, remove the file as its owner; the next workload creates it with "
        "its own mode. Never chmod a region while it is in use by several users: the others lose their "
        "accounting."
    ),
)


def is_judgable(file: RegionFile) -> bool:
    """Whether what is in the file can be judged: it has a region's size, and v4 does not say otherwise."""
    region = file.region
    if region is None or any(hit.row == "wrong" for hit in wrong_size(file)):
        return False
    return region.init_state is None or region.state is RegionState.READY


RULES = (
    UNREADABLE,
    NOT_A_REGULAR_FILE_OR_A_LINK,
    WRONG_SIZE,
    UNKNOWN_VERSION,
    NOT_INITIALISED,
    UNSAFE_MODE_OR_OWNER,
)
