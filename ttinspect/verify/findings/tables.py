"""TTS023 to TTS031: the counts of the header, the slots, the chip entries, the timestamps."""

from collections.abc import Iterator

from ttinspect.facts.wording import plural
from ttinspect.model.finding import EvidenceValue
from ttinspect.model.region import EMPTY_CHIP_ID, RELEASING_PID
from ttinspect.shm.clocks import FUTURE_NS, ahead_ns
from ttinspect.shm.differences import Quantity
from ttinspect.verify.case import Case
from ttinspect.verify.findings.accounting import hits_of
from ttinspect.verify.rule import E, Hit, I, RegionRule, W
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import exact, numbers, which


def num_active(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS023."""
    yield from (hit for hit, _ in hits_of(subject, "TTS023", _say_count))


NUM_ACTIVE = RegionRule(
    id="TTS023",
    name="num_active",
    severities={"any": E},
    of_region=num_active,
    accounting=True,
    title="num_active_processes is not the number of occupied slots.",
    meaning=(
        "The header counts the occupied slots, those being released included. The two differ, and did so in "
        "all looks."
    ),
    cause=(
        "A monitor cleared slots whose pids it could not see, as the known C++ monitor does to containers: "
        "it leaves num_active and reference_count as they are, and they differ from then on for ever. Or a "
        "writer was killed between claiming a slot and counting it, or two writers raced."
    ),
    remedy=(
        "Find out whether a monitoring tool writes to these regions, and stop it. No restart repairs the "
        "count: remove the file when nothing uses the chip."
    ),
)


def reference_count(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS024."""
    yield from (hit for hit, _ in hits_of(subject, "TTS024", _say_count))


REFERENCE_COUNT = RegionRule(
    id="TTS024",
    name="reference_count",
    severities={"below": (E, E, W, E), "above": (I, I, I, E)},
    of_region=reference_count,
    accounting=True,
    title="reference_count does not fit the occupied slots.",
    meaning=(
        "In v4 the count equals the occupied slots. Before v4 it also counts processes without a slot, so "
        "more is normal and only mentioned. Fewer is a fault in v1 and v2, and a warning in v3."
    ),
    cause=(
        "Before v4 the count leaks when a process is killed, and a process has no slot before its first "
        "allocation. Below, in v3: a process forked, and its child allocated too. It shares the attachment "
        "of its parent, which is counted once, and has a slot of its own. Otherwise a detach was counted "
        "twice, or the header was overwritten."
    ),
    remedy=(
        "Above, before v4: nothing; nor below in v3, if the processes in the slots are parent and child (ps "
        "-o pid,ppid). Otherwise restart the workload on this chip, and remove the file when "
        "nothing runs."
    ),
)


def stuck_release(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS025. A pid below -1 is stored at once and by nobody: that is no update in progress."""
    yield from (hit for hit, _ in hits_of(subject, "TTS025", _say_stuck))
    for slot in subject.occupied:
        if slot.pid < RELEASING_PID:
            message = f"Slot {slot.index} has pid {slot.pid}, which is no process and no release."
            yield Hit("impossible", message, {"slot": slot.index, "pid": slot.pid})


STUCK_RELEASE = RegionRule(
    id="TTS025",
    name="stuck release",
    severities={"any": (E, E, E, W), "impossible": E},
    of_region=stuck_release,
    accounting=True,
    title="A slot is being released and never gets finished.",
    meaning=(
        "The slot's pid is -1, which v4 writes for the moment in which it frees a slot. It was there in all "
        "looks: the process that was freeing it is gone or stopped. Its bytes stay in the totals."
    ),
    cause=(
        "In v4 the owner was killed in the middle of its detach; nothing repairs that slot. Versions before "
        "v4 never write -1, so there it is a fault."
    ),
    remedy=(
        "Remove the file when nothing uses the chip. Until then subtract what the slot shows from the "
        "totals in your head."
    ),
)


def pid_twice(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS026."""
    yield from (hit for hit, _ in hits_of(subject, "TTS026", _say_twice))


PID_TWICE = RegionRule(
    id="TTS026",
    name="pid twice",
    severities={"any": E},
    of_region=pid_twice,
    accounting=True,
    title="Two slots name the same process.",
    meaning=(
        "A process has one slot. Here one pid occupies several, so which of its figures is right is unknown."
    ),
    cause=(
        "Two threads of a process claimed a slot at once, or two containers with pid namespaces of their "
        "own publish into one shared /dev/shm and happen to have the same pid."
    ),
    remedy=(
        "With containers: give each its own /dev/shm, or share the host's pid namespace. Otherwise restart "
        "the process, and report it if it comes back."
    ),
)


def bytes_in_free_slot(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS027."""
    yield from (hit for hit, _ in hits_of(subject, "TTS027", _say_free))


BYTES_IN_A_FREE_SLOT = RegionRule(
    id="TTS027",
    name="bytes in a free slot",
    severities={"any": E},
    of_region=bytes_in_free_slot,
    accounting=True,
    title="A slot without a process holds bytes.",
    meaning=(
        "A freed slot keeps at most its name and timestamp; its counters are zero in every version. Bytes "
        "in it belong to nobody, and the next process that gets the slot inherits them."
    ),
    cause=(
        "A process published after its slot was taken away: a monitor that clears slots whose pid it cannot "
        "see does that to live containers."
    ),
    remedy=(
        "Stop tools that write to these regions. Restart the workload, and remove the file when nothing runs."
    ),
)


def double_chip(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS028."""
    yield from (hit for hit, _ in hits_of(subject, "TTS028", _say_chip))


PHANTOM_OR_DOUBLE_CHIP = RegionRule(
    id="TTS028",
    name="phantom or double chip",
    severities={"chip 0": (None, None, W, W), "other chip": E},
    of_region=double_chip,
    accounting=True,
    title="A chip has several entries in the chip table.",
    meaning=(
        "Each chip has one entry. Several entries with chip_id 0 in v3 are a warning, because they are a "
        "known leftover; any other chip that appears twice is a fault."
    ),
    cause=(
        "A v3 writer that is killed in its initialisation leaves sixteen entries with chip_id 0, and later "
        "v3 writers do not repair them. While they stay, no other chip can be entered. v4 repairs them when "
        "it takes the region over."
    ),
    remedy=(
        "Remove the file when nothing uses the chip. Until then use the totals and the processes, not the "
        "chip entries."
    ),
)


def clock(case: Case, subject: Subject) -> Iterator[Hit]:
    """The header's timestamp and those of the occupied slots against now."""
    stamps = [("the header", subject.header.last_update)]
    stamps += [(f"slot {slot.index} (pid {slot.pid})", slot.last_update) for slot in subject.occupied]
    for where, stamp in stamps:
        ahead = ahead_ns(stamp, subject.layout, case.now_realtime_ns, case.now_monotonic_ns)
        if ahead > FUTURE_NS:
            yield Hit(
                "future",
                f"The timestamp of {where} is {ahead / 1e9:,.1f} s in the future.",
                {"where": where, "timestamp": str(stamp), "ahead_ns": str(ahead)},
            )
            return


CLOCK = RegionRule(
    id="TTS029",
    name="clock",
    severities={"future": W},
    of_region=clock,
    title="A timestamp lies in the future.",
    meaning=(
        "The region says that it was updated more than five seconds after now. v3 and v4 write realtime; v1 "
        "and v2 write a monotonic clock, or realtime after a circular-buffer update, and are only named if "
        "neither fits."
    ),
    cause=(
        "The host's clock was set back, the region was copied from another host, or it is a v1 or v2 region "
        "from before a reboot. The field may also have been overwritten."
    ),
    remedy=(
        "Check the clock (timedatectl). A copied region is judged against the clock of this host: what is "
        "said about reused pids cannot be trusted then."
    ),
)


def process_table_full(case: Case, subject: Subject) -> Iterator[Hit]:
    """No slot is free."""
    slots = subject.region.slot_count
    if len(subject.occupied) >= slots:
        lost = "in the totals only" if subject.layout.counts_everybody else "counted nowhere"
        yield Hit(
            "full",
            f"All {slots} slots are taken: what a further process allocates is {lost}.",
            {"slots": slots},
        )


PROCESS_TABLE_FULL = RegionRule(
    id="TTS030",
    name="process table full",
    severities={"full": W},
    of_region=process_table_full,
    title="All process slots are taken.",
    meaning=(
        "A further process finds no slot. Before v4 its bytes are in the totals without a slot; in v4 they "
        "are counted nowhere, and this finding is the only sign of it."
    ),
    cause=(
        "The table has 64 slots (59 in a v1 region that was shrunk). More often than 64 live processes it "
        "is slots of dead ones that were never freed."
    ),
    remedy=(
        "See which of them are dead (TTS050, TTS051). When nothing uses the chip, remove the file. Treat "
        "the totals of a full v4 region as a lower bound."
    ),
)


def chip_table_full(case: Case, subject: Subject) -> Iterator[Hit]:
    """Every entry has a chip of its own. Sixteen phantoms of chip 0 are TTS028."""
    entries = subject.region.chip_count
    ids = {entry.chip_id for entry in subject.region.chips if entry.chip_id != EMPTY_CHIP_ID}
    if len(ids) >= entries:
        yield Hit(
            "full",
            f"All {entries} chip entries are taken: what is allocated on a further chip is in the totals "
            f"only.",
            {"entries": entries},
        )


CHIP_TABLE_FULL = RegionRule(
    id="TTS031",
    name="chip table full",
    severities={"full": W},
    of_region=chip_table_full,
    title="All entries of the chip table are taken.",
    meaning=(
        "Sixteen chips are entered. A further chip gets no entry, and its bytes are in the totals only, so "
        "chips and totals are no longer compared."
    ),
    cause=("Processes opened more than 16 chips through this device, as on large meshes behind one gateway."),
    remedy=(
        "Nothing is lost in the totals. For figures per chip use one region per chip, as runtimes from 0.81 "
        "on write."
    ),
)


def _say_count(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    occupied = len(subject.occupied)
    message = f"{quantity.subject} is {occupied + difference}, occupied are {plural(occupied, 'slot')}."
    return message, {quantity.subject: occupied + difference, "occupied_slots": occupied}


def _say_stuck(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    index = int(quantity.subject.removeprefix("slot "))
    message = f"Slot {index} has pid -1: its release was begun and not finished."
    return message, {"slot": index, "pid": RELEASING_PID}


def _say_twice(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    pid = int(quantity.subject.removeprefix("pid "))
    slots = [slot.index for slot in subject.occupied if slot.pid == pid]
    return f"pid {pid} occupies {which('slot', slots)}.", {"pid": pid, "slots": slots}


def _say_free(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    index = int(quantity.subject.removeprefix("slot "))
    return f"Slot {index} is free and holds {exact(difference)}.", {"slot": index}


def _say_chip(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    chip_id = int(quantity.subject.removeprefix("chip "))
    entries = [entry.index for entry in subject.region.chips if entry.chip_id == chip_id]
    message = f"chip_id {chip_id} stands in {len(entries)} chip entries: {numbers(entries)}."
    return message, {"chip_id": chip_id, "entries": entries}


RULES = (
    NUM_ACTIVE,
    REFERENCE_COUNT,
    STUCK_RELEASE,
    PID_TWICE,
    BYTES_IN_A_FREE_SLOT,
    PHANTOM_OR_DOUBLE_CHIP,
    CLOCK,
    PROCESS_TABLE_FULL,
    CHIP_TABLE_FULL,
)
