"""Texts of the findings about sums, counters and tables."""

from ttinspect.model.finding import Explanation

ACCOUNTING = (
    Explanation(
        id="TTS020",
        name="processes against totals",
        title="The processes' figures and the region's total disagree.",
        meaning=(
            "Slots above the total is a fault in every version: a process cannot hold what the chip does not "
            "count. Slots below the total means that somebody's bytes are in the total without a slot. The "
            "difference was there in all looks, so it is not an update in progress. cb is compared in v4 "
            "only."
        ),
        cause=(
            "Above: a lost update, or a slot that was not cleared. Below: a process with tracking disabled, "
            "a 65th process, a writer killed between total and slot, or in v4 a slot whose release got "
            "stuck. In v4 it is an error if every process that has the device open has a live slot."
        ),
        remedy=(
            "See which processes have the device open, and which of them have a slot (TTS054). End or "
            "restart the workload; when nothing runs, remove the file. If it comes back, report it with "
            "ttinspect memory --raw."
        ),
    ),
    Explanation(
        id="TTS021",
        name="chips against totals",
        title="The chip entries and the region's total disagree.",
        meaning=(
            "Every allocation is counted in a chip entry and in the total. Chips below the total with an "
            "entry free is a fault in v3 and v4. Chips above the total is legal and only mentioned. cb is "
            "left out before v4."
        ),
        cause=(
            "Releasing a slot never subtracts from the chip entries, so after a process that did not free "
            "they stay too high until nobody is attached. In v1 and v2, registering another chip can take "
            "over chip 0's entry, whose bytes are then in no entry."
        ),
        remedy=(
            "Use the totals, not the chip entries, as figures of usage. For the error: restart the workload "
            "on that chip, remove the file when nothing runs, and report it if it comes back."
        ),
    ),
    Explanation(
        id="TTS022",
        name="underflow",
        title="A counter was decremented below zero.",
        meaning=(
            "A counter of 2^63 or more is a negative number read as an unsigned one. The figure is "
            "meaningless, and is left out of all other checks."
        ),
        cause=(
            "Writers before v4 can subtract the same bytes twice when two processes free at the same "
            "moment. v4 stops at zero, so there it is a fault of the writer, or the field was overwritten."
        ),
        remedy=(
            "Remove the file when nothing uses the chip; it begins at zero again. In v4, report it with "
            "ttinspect memory --raw."
        ),
    ),
    Explanation(
        id="TTS023",
        name="num_active",
        title="num_active_processes is not the number of occupied slots.",
        meaning=(
            "The header counts the occupied slots, those being released included. The two differ, and did "
            "so in all looks."
        ),
        cause=(
            "A writer was killed between claiming a slot and counting it, two writers raced, or another tool "
            "cleared slots that it believed dead: the known C++ monitor does that to the slots of "
            "containers."
        ),
        remedy=(
            "Find out whether a monitoring tool writes to these regions, and stop it. Restart the workload, "
            "and remove the file when nothing runs."
        ),
    ),
    Explanation(
        id="TTS024",
        name="reference_count",
        title="reference_count does not fit the occupied slots.",
        meaning=(
            "In v4 the count equals the occupied slots. Before v4 it also counts processes without a slot, "
            "so more is normal and only mentioned, and fewer is a fault."
        ),
        cause=(
            "Before v4 the count leaks when a process is killed, and a process has no slot before its first "
            "allocation. A count below the slots means that a detach was counted twice, or that the header "
            "was overwritten."
        ),
        remedy=(
            "Above, before v4: nothing. Otherwise restart the workload on this chip, and remove the file "
            "when nothing runs."
        ),
    ),
    Explanation(
        id="TTS025",
        name="stuck release",
        title="A slot is being released and never gets finished.",
        meaning=(
            "The slot's pid is -1, which v4 writes for the moment in which it frees a slot. It was there in "
            "all looks: the process that was freeing it is gone or stopped. Its bytes stay in the totals."
        ),
        cause=(
            "In v4 the owner was killed in the middle of its detach; nothing repairs that slot. Versions "
            "before v4 never write -1, so there it is a fault."
        ),
        remedy=(
            "Remove the file when nothing uses the chip. Until then subtract what the slot shows from the "
            "totals in your head."
        ),
    ),
    Explanation(
        id="TTS026",
        name="pid twice",
        title="Two slots name the same process.",
        meaning=(
            "A process has one slot. Here one pid occupies several, so which of its figures is right is "
            "unknown."
        ),
        cause=(
            "Two threads of a process claimed a slot at once, or two containers with pid namespaces of "
            "their own publish into one shared /dev/shm and happen to have the same pid."
        ),
        remedy=(
            "With containers: give each its own /dev/shm, or share the host's pid namespace. Otherwise "
            "restart the process, and report it if it comes back."
        ),
    ),
    Explanation(
        id="TTS027",
        name="bytes in a free slot",
        title="A slot without a process holds bytes.",
        meaning=(
            "A freed slot keeps at most its name and timestamp; its counters are zero in every version. "
            "Bytes in it belong to nobody, and the next process that gets the slot inherits them."
        ),
        cause=(
            "A process published after its slot was taken away: a monitor that clears slots whose pid it "
            "cannot see does that to live containers."
        ),
        remedy=(
            "Stop tools that write to these regions. Restart the workload, and remove the file when nothing "
            "runs."
        ),
    ),
    Explanation(
        id="TTS028",
        name="phantom or double chip",
        title="A chip has several entries in the chip table.",
        meaning=(
            "Each chip has one entry. Several entries with chip_id 0 in v3 are a warning, because they are a "
            "known leftover; any other chip that appears twice is a fault."
        ),
        cause=(
            "A v3 writer that is killed in its initialisation leaves sixteen entries with chip_id 0, and "
            "later v3 writers do not repair them. While they stay, no other chip can be entered. v4 repairs "
            "them when it takes the region over."
        ),
        remedy=(
            "Remove the file when nothing uses the chip. Until then use the totals and the processes, not "
            "the chip entries."
        ),
    ),
    Explanation(
        id="TTS029",
        name="clock",
        title="A timestamp lies in the future.",
        meaning=(
            "The region says that it was updated more than five seconds after now. v3 and v4 write realtime; "
            "v1 and v2 write a monotonic clock, or realtime after a circular-buffer update, and are only "
            "named if neither fits."
        ),
        cause=(
            "The host's clock was set back, the region was copied from another host, or it is a v1 or v2 "
            "region from before a reboot. The field may also have been overwritten."
        ),
        remedy=(
            "Check the clock (timedatectl). A copied region is judged against the clock of this host: what "
            "is said about reused pids cannot be trusted then."
        ),
    ),
    Explanation(
        id="TTS030",
        name="process table full",
        title="All process slots are taken.",
        meaning=(
            "A further process finds no slot. Before v4 its bytes are in the totals without a slot; in v4 "
            "they are counted nowhere, and this finding is the only sign of it."
        ),
        cause=(
            "The table has 64 slots (59 in a v1 region that was shrunk). More often than 64 live processes "
            "it is slots of dead ones that were never freed."
        ),
        remedy=(
            "See which of them are dead (TTS050, TTS051). When nothing uses the chip, remove the file. "
            "Treat the totals of a full v4 region as a lower bound."
        ),
    ),
    Explanation(
        id="TTS031",
        name="chip table full",
        title="All entries of the chip table are taken.",
        meaning=(
            "Sixteen chips are entered. A further chip gets no entry, and its bytes are in the totals only, "
            "so chips and totals are no longer compared."
        ),
        cause=(
            "Processes opened more than 16 chips through this device, as on large meshes behind one gateway."
        ),
        remedy=(
            "Nothing is lost in the totals. For figures per chip use one region per chip, as runtimes from "
            "0.81 on write."
        ),
    ),
    Explanation(
        id="TTS046",
        name="process over total",
        title="One process alone publishes more than the region's total.",
        meaning=(
            "The total counts all processes, so none of them can be above it. For cb before v4 this is only "
            "mentioned, because there the total is whatever the last writer said."
        ),
        cause=(
            "The total lost an update or was reset while the process was attached, or the slot was not "
            "cleared when it changed hands. For cb before v4: another process closed, and set the total "
            "to 0."
        ),
        remedy=(
            "Restart the workload on this chip, and remove the file when nothing runs. If it comes back, "
            "report it with ttinspect memory --raw."
        ),
    ),
)
