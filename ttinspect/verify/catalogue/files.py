"""Texts of the findings about a file and its header."""

from ttinspect.model.finding import Explanation

FILES = (
    Explanation(
        id="TTS001",
        name="unreadable",
        title="A region could not be read, or vanished while it was looked at.",
        meaning=(
            "The directory listed this file, but reading it failed. Nothing is known about what it says, so "
            "it is neither good nor bad."
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
    ),
    Explanation(
        id="TTS002",
        name="not a regular file or a link",
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
    ),
    Explanation(
        id="TTS003",
        name="wrong size",
        title="The file does not have the size of its layout.",
        meaning=(
            "Regions of v2, v3 and v4 have exactly 8576 bytes, those of v1 9280. Figures of a file with "
            "another size cannot be trusted, and are not shown. A v1 region of 8576 bytes is a warning: its "
            "first 59 slots are still there and are judged."
        ),
        cause=(
            "A v1 region shrinks to 8576 bytes when a runtime of v3 or v4 attaches to it while its v1 "
            "process is alive. Any other size was written by something else than tt-metal, or was cut by a "
            "copy."
        ),
        remedy=(
            "Stop the workloads that use two different runtimes on this chip, remove the file, and start "
            "again with one runtime. A copied region must be copied in one piece (cp, not a partial read)."
        ),
    ),
    Explanation(
        id="TTS004",
        name="unknown version",
        title="The region has a layout that this ttinspect does not know.",
        meaning=(
            "The header names a version above 4. Where the fields lie in such a file is unknown, so nothing "
            "in it was decoded. This is not a fault of the region."
        ),
        cause=(
            "A tt-metal newer than this ttinspect wrote it. If that cannot be, the file was written by "
            "something else."
        ),
        remedy=(
            "Update ttinspect. Until then this chip's memory is not checked, and scripts get exit code 11."
        ),
    ),
    Explanation(
        id="TTS005",
        name="not initialised",
        title="The region was created, but its writer did not finish initialising it.",
        meaning=(
            "No bytes, or version 0: there is nothing to judge yet. A timestamp of 0 (v1 to v3), or an "
            "init_state that is not READY (v4), means that a header was begun and not completed; of a v4 "
            "region in that state nothing else is judged."
        ),
        cause=(
            "For a few microseconds every new region looks like this. If it stays, the writer was killed "
            "between shm_open and the end of its initialisation. A v3 writer that comes later does not "
            "repair the chip entries that were left half made; a v4 writer does."
        ),
        remedy=(
            "Look again in a second. If it stays and no process has the device open, remove the file: the "
            "next workload makes a new one."
        ),
    ),
    Explanation(
        id="TTS006",
        name="unsafe mode or owner",
        title="Others can change or read this region, or it belongs to a stranger.",
        meaning=(
            "A region that its group or everyone can write can be changed by any of them, so its figures "
            "prove nothing. Readable by others tells them names and pids of workloads; that is only noted. "
            "An owner who runs none of the processes in the region is noted as a warning."
        ),
        cause=(
            "v1 and v2 create the file with 0666 and the umask, v3 and v4 with 0600; a later writer keeps "
            "the mode that it finds, so an old file keeps its old mode. Another owner appears when users "
            "share a chip, or when a file was prepared by somebody else."
        ),
        remedy=(
            "When no workload runs on the chip, remove the file as its owner; the next workload creates it "
            "with its own mode. Never chmod a region while it is in use by several users: the others lose "
            "their accounting."
        ),
    ),
    Explanation(
        id="TTS011",
        name="not decidable now",
        title="A check could not be decided: not a pass, and not a fault.",
        meaning=(
            "Something looked wrong, but it cannot be told apart from a writer that was caught in the middle "
            "of an update; or what the check needs was not there. The message names the rule. Scripts get "
            "exit code 11."
        ),
        cause=(
            "Writers update total, chip, timestamp and slot one after the other without a lock, and can be "
            "preempted in between. A process that is stopped (SIGSTOP, a debugger) keeps such a difference "
            "for as long as it is stopped. With --samples 1 no difference can be decided, and without chips "
            "in the source nothing can be matched."
        ),
        remedy=(
            "Run again, with more looks or a longer window (--samples 64 --window 3). Continue a stopped "
            "process (kill -CONT PID) first. If it keeps coming back while nothing runs, treat it as the "
            "rule that the message names."
        ),
    ),
)
