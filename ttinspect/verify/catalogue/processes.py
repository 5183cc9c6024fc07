"""Texts of the findings about processes."""

from ttinspect.model.finding import Explanation

PROCESSES = (
    Explanation(
        id="TTS050",
        name="ghost",
        title="A process is gone, but its slot still holds memory.",
        meaning=(
            "The slot names a pid that procfs does not have, and still publishes bytes for it. The totals "
            "are too high by that much. The chip's memory itself is free: it went with the process."
        ),
        cause=(
            "SIGKILL (also from the OOM killer), SIGTERM, an abort or os._exit ends a process without its "
            "detach. v1 to v3 never free such a slot; v4 does at the next attach or detach. If the workload "
            "runs in a container and procfs is the host's, its pids mean nothing here."
        ),
        remedy=(
            "v4: start or end any workload on the chip. v1 to v3: when nothing uses the chip, remove the "
            "file. For containers pass their --procfs. Do not clear slots with other tools: they wipe live "
            "ones."
        ),
    ),
    Explanation(
        id="TTS051",
        name="dead and empty",
        title="A process is gone and left an empty slot.",
        meaning=(
            "The slot names a pid that procfs does not have, and holds no bytes. No figure is wrong; one of "
            "the 64 slots is lost."
        ),
        cause=(
            "The process freed its buffers and was then ended without its detach (SIGKILL, SIGTERM, abort), "
            "or it was killed before it allocated anything."
        ),
        remedy=(
            "Nothing urgent. v4 frees it by itself; before v4 remove the file when nothing uses the chip, "
            "before the table is full (TTS030)."
        ),
    ),
    Explanation(
        id="TTS052",
        name="pid reused",
        title="The slot's pid now belongs to a younger process.",
        meaning=(
            "A process with this pid exists, but it started at least two seconds after the slot was last "
            "updated: it cannot be the one that wrote it. The slot is a ghost behind another process's pid."
        ),
        cause=(
            "The writer was killed, and the kernel gave its pid to somebody else. A v4 writer that looks "
            "for dead slots is fooled by it as well, and keeps the slot."
        ),
        remedy=(
            "Do not kill the process with that pid because of this slot. Remove the file when nothing uses "
            "the chip."
        ),
    ),
    Explanation(
        id="TTS053",
        name="other pid namespace",
        title="The slot's pid probably belongs to another pid namespace.",
        meaning=(
            "A process with this pid existed before the slot was written, but has another name: it is "
            "probably not the writer. Whether the writer is alive cannot be told from this procfs."
        ),
        cause=(
            "The workload runs in a container and writes the pid that it sees there. A process that renamed "
            "itself after it attached looks the same."
        ),
        remedy=(
            "Run ttinspect where the workload runs, or pass the container's procfs: "
            "--procfs /proc/PID/root/proc, with the container's first process as PID."
        ),
    ),
    Explanation(
        id="TTS054",
        name="device open but no slot",
        title="A process has the device open without a slot in its region.",
        meaning=(
            "The driver lists this pid for the device, and the region has no slot for it. What that process "
            "holds is not in the slots."
        ),
        cause=(
            "Before v4 a slot is claimed with the first allocation, so a fresh process has none; tools such "
            "as tt-smi never have one. In v4 a process attaches at once, so either tracking is disabled, "
            "the table is full, or the writer is in a container and wrote a pid of its own namespace."
        ),
        remedy=(
            "See what it is (ps -p PID). For a v4 workload, unset TT_METAL_SHM_TRACKING_DISABLED. For "
            "containers pass their procfs."
        ),
    ),
)
