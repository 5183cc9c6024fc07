"""Texts of the findings about capacity and about the allocator."""

from ttinspect.model.finding import Explanation

CAPACITY = (
    Explanation(
        id="TTS040",
        name="L1 over physical",
        title="More L1 is published than the chip has.",
        meaning=(
            "l1 + l1_small of the totals is larger than live Tensix cores times the L1 of a core. That much "
            "cannot exist, so the total is wrong, whatever the processes hold."
        ),
        cause=(
            "Before v4: ghosts of killed processes that were never subtracted, or buffers counted more than "
            "once. Several processes on one chip each have an allocator of their own and can reach more "
            "together than there is. If the source's harvesting mask is not this chip's, the limit is wrong."
        ),
        remedy=(
            "See which processes hold it (ttinspect memory) and whether ghosts are among them (TTS050). When "
            "nothing runs, remove the file to begin at zero. Check the mask with ttinspect harvest."
        ),
    ),
    Explanation(
        id="TTS041",
        name="DRAM over physical",
        title="More DRAM is published than the chip has.",
        meaning=(
            "dram + trace of the totals is larger than the live DRAM banks times the size of a bank. The "
            "total is wrong by at least the difference."
        ),
        cause=(
            "The same as for L1: ghosts, double counting before v4, several processes that each believe "
            "that they have the whole chip, or a source that describes another chip."
        ),
        remedy=(
            "See which processes hold it (ttinspect memory), end what should not be there, and remove the "
            "file when nothing runs. Check the banks with ttinspect harvest."
        ),
    ),
    Explanation(
        id="TTS042",
        name="over allocatable",
        title="More is published than tt-metal's allocator can hand out.",
        meaning=(
            "The total fits the silicon, but it is more than the allocator of the assumed runtime and "
            "dispatch mode can give: some cores dispatch, and the bottom of every bank is reserved."
        ),
        cause=(
            "Either the figure is too high (ghosts, several processes with an allocator each), or the "
            "workload runs with another runtime version or dispatch mode than ttinspect assumes, in which "
            "case more is allocatable."
        ),
        remedy=(
            "Compare with ttinspect capacity --dispatch slow and the --runtime that the workload uses. If "
            "the total is over that as well, look for ghosts (TTS050)."
        ),
    ),
    Explanation(
        id="TTS043",
        name="CB over capacity",
        title="Circular buffers alone are published as larger than L1.",
        meaning=(
            "The cb total is larger than all L1 of the chip. In v4 that is a fault, because cb is resident "
            "at dispatch and summed over processes. Before v4 it is only mentioned: there cb is not a sum."
        ),
        cause=(
            "Before v4, circular buffers of every cached program were counted, and the total shows whoever "
            "wrote last. In v4 a double registration or an overwritten field does it."
        ),
        remedy=(
            "Before v4: do not use cb as a figure of usage. In v4: note runtime version and workload, and "
            "report it to tt-metal with the output of ttinspect memory --raw."
        ),
    ),
    Explanation(
        id="TTS044",
        name="kernel counter",
        title="The region carries v1's kernel counter, which is not usage.",
        meaning=(
            "v1 publishes bytes of kernels, and that figure grows for ever. It is shown with --raw and never "
            "added to anything."
        ),
        cause=(
            "Kernels live in the fixed KERNEL_CONFIG area, not in allocated L1, and cached programs never "
            "report that they were released. v2 dropped the counter."
        ),
        remedy="Nothing to do. Ignore the figure, or move to a runtime that publishes v3 or later.",
    ),
    Explanation(
        id="TTS045",
        name="L1 and CB together",
        title="L1 buffers and circular buffers together are more than L1.",
        meaning=(
            "l1 + l1_small fits, and cb fits, but both live in the same Tensix L1 and together they are more "
            "than the chip has. In v4 that is a fault; before v4 cb is not a sum, so it is only mentioned."
        ),
        cause=(
            "In v4, one of the counters is too high: a ghost, a double registration, or several processes "
            "that each believe that L1 is theirs. Before v4 the cb of cached programs is the usual reason."
        ),
        remedy=(
            "See who holds what with ttinspect memory. In v4, end the ghosts' owners or attach a new "
            "process, which frees dead slots, and look again."
        ),
    ),
    Explanation(
        id="TTS060",
        name="published over reserved",
        title="A process publishes more than its own allocator has reserved.",
        meaning=(
            "Published sizes are the logical sizes of buffers, and the allocator reserves at least as much. "
            "A slot that is larger than what its process reserved is wrong."
        ),
        cause=(
            "A buffer was counted twice or never subtracted, or the statistics in --allocator FILE are of "
            "another device, process or moment. Statistics that are older than the slot are not judged but "
            "called inconclusive."
        ),
        remedy=(
            "Take the statistics again, in the process itself, while it allocates nothing "
            "(ttinspect.ttnn_stats.dump), and repeat. If it stays, report it with both files."
        ),
    ),
    Explanation(
        id="TTS061",
        name="allocator capacity differs",
        title="The allocator's capacity is not what ttinspect computes.",
        meaning=(
            "Banks times bytes per bank of the allocator (L1 with L1_SMALL, DRAM with TRACE) is not the "
            "allocatable capacity of this chip in any dispatch mode of the assumed runtime."
        ),
        cause=(
            "Another tt-metal version with other reserved bases, a custom l1 or trace layout, a mask in the "
            "source that is not this chip's, or statistics of another chip."
        ),
        remedy=(
            "Name the workload's runtime with --runtime where it is offered, check the chip with "
            "ttinspect harvest, and make sure that the statistics belong to this device."
        ),
    ),
)
