"""TTS020, 021, 022, 046: sums of counters that writers change one after the other, without a lock."""

from collections.abc import Callable, Iterator

from ttinspect.facts.wording import plural
from ttinspect.model.finding import EvidenceValue
from ttinspect.model.region import RELEASING_PID, Region
from ttinspect.shm.differences import Quantity
from ttinspect.shm.layout import Layout, layout_of
from ttinspect.shm.looks import Judged, Outcome
from ttinspect.shm.usage import UNDERFLOW_FROM, counter
from ttinspect.verify.case import Case
from ttinspect.verify.rule import E, Hit, I, RegionRule, W
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import exact
from ttinspect.verify.writers import Writer

Say = Callable[[Subject, Quantity, int], tuple[str, dict[str, EvidenceValue]]]
"""A sentence about one difference, and its values."""


def row_of(region: Region, quantity: Quantity, difference: int) -> str:
    """The row of severities that a difference falls into; "explained" is legal everywhere."""
    rule, subject = quantity
    if rule == "TTS020" and difference > 0 and difference <= _being_released(region, subject):
        # A writer that died while it released a slot may have subtracted from the total already.
        return "explained"
    if rule in ("TTS023", "TTS024") and 0 < difference <= _slots_cut_off(region):
        return "explained"
    if rule in ("TTS020", "TTS021", "TTS024"):
        return "above" if difference > 0 else "below"
    if rule == "TTS028":
        return "chip 0" if subject == "chip 0" else "other chip"
    if rule == "TTS046":
        of_programs = (each.name for each in layout_of(region.version).usage if each.of_programs)
        return "cb" if subject in of_programs else "rest"
    return "any"


def processes_against_totals(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS020."""
    for hit, quantity in hits_of(subject, "TTS020", _say_processes):
        if hit.row == "above" and _one_process_is_it(subject, quantity):
            continue
        if hit.row == "below" and _everybody_has_a_slot(subject):
            everybody = (
                f"{hit.message} Every process that has the device open has a live slot, so that nobody is "
                f"left whose bytes these could be."
            )
            yield Hit("below, nobody left", everybody, hit.evidence, hit.undecided)
        else:
            yield hit


PROCESSES_AGAINST_TOTALS = RegionRule(
    id="TTS020",
    name="processes against totals",
    severities={"above": E, "below": (I, W, W, W), "below, nobody left": (I, W, W, E)},
    of_region=processes_against_totals,
    accounting=True,
    title="The processes' figures and the region's total disagree.",
    meaning=(
        "Slots above the total is a fault in every version: a process cannot hold what the chip does not "
        "count. Slots below the total means that somebody's bytes are in the total without a slot. The "
        "difference was there in all looks, so it is not an update in progress. cb is compared in v4 only."
    ),
    cause=(
        "Above: a lost update, or a slot that was not cleared. Below: a process with tracking disabled, a "
        "65th process, a writer killed between total and slot, or in v4 a slot whose release got stuck. In "
        "v4 it is an error if every process that has the device open has a live slot."
    ),
    remedy=(
        "See which processes have the device open, and which of them have a slot (TTS054). End or restart "
        "the workload; when nothing runs, remove the file. If it comes back, report it with ttinspect "
        "memory --raw."
    ),
)


def chips_against_totals(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS021."""
    yield from (hit for hit, _ in hits_of(subject, "TTS021", _say_chips))


CHIPS_AGAINST_TOTALS = RegionRule(
    id="TTS021",
    name="chips against totals",
    severities={"below": (I, I, E, E), "above": I},
    of_region=chips_against_totals,
    accounting=True,
    title="The chip entries and the region's total disagree.",
    meaning=(
        "Every allocation is counted in a chip entry and in the total. Chips below the total with an entry "
        "free is a fault in v3 and v4. Chips above the total is legal and only mentioned. cb is left out: an "
        "entry keeps what was stored last, which can be less than the total of a healthy region."
    ),
    cause=(
        "Releasing a slot never subtracts from the chip entries, so after a process that did not free they "
        "stay too high until nobody is attached. In v1 and v2, registering another chip can take over chip "
        "0's entry, whose bytes are then in no entry."
    ),
    remedy=(
        "Use the totals, not the chip entries, as figures of usage. For the error: restart the workload on "
        "that chip, remove the file when nothing runs, and report it if it comes back."
    ),
)


def underflow(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS022: no update in progress shows a counter below zero, so one look is enough."""
    for quantity, difference in subject.differences.items():
        if quantity.rule == "TTS022":
            yield Hit(
                "any",
                f"{quantity.subject} was decremented below zero: it reads {difference + (1 << 64)} "
                f"({difference:,}).",
                {"counter": quantity.subject, "value": str(difference + (1 << 64))},
            )


UNDERFLOW = RegionRule(
    id="TTS022",
    name="underflow",
    severities={"any": (W, W, W, E)},
    of_region=underflow,
    accounting=True,
    title="A counter was decremented below zero.",
    meaning=(
        "A counter of 2^63 or more is a negative number read as an unsigned one. The figure is meaningless, "
        "and is left out of all other checks."
    ),
    cause=(
        "Writers before v4 can subtract the same bytes twice when two processes free at the same moment. v4 "
        "stops at zero, so there it is a fault of the writer, or the field was overwritten."
    ),
    remedy=(
        "Remove the file when nothing uses the chip; it begins at zero again. In v4, report it with "
        "ttinspect memory --raw."
    ),
)


def process_over_total(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS046."""
    yield from (hit for hit, _ in hits_of(subject, "TTS046", _say_over))


PROCESS_OVER_TOTAL = RegionRule(
    id="TTS046",
    name="process over total",
    severities={"cb": (I, I, I, E), "rest": E},
    of_region=process_over_total,
    accounting=True,
    title="One process alone publishes more than the region's total.",
    meaning=(
        "The total counts all processes, so none of them can be above it. For cb before v4 this is only "
        "mentioned, because there the total is whatever the last writer said."
    ),
    cause=(
        "The total lost an update or was reset while the process was attached, or the slot was not cleared "
        "when it changed hands. For cb before v4: another process closed, and set the total to 0."
    ),
    remedy=(
        "Restart the workload on this chip, and remove the file when nothing runs. If it comes back, report "
        "it with ttinspect memory --raw."
    ),
)


def hits_of(subject: Subject, rule: str, say: Say) -> Iterator[tuple[Hit, Quantity]]:
    """What the looks came to about each quantity of a rule, in the words of ``say``."""
    for quantity, at_first in subject.differences.items():
        if quantity.rule != rule:
            continue
        judged = subject.judged.get(quantity)
        if judged is not None and judged.outcome is Outcome.LEGAL:
            continue
        # What the sampler was not asked about (info) is said of the first look.
        difference = at_first if judged is None or judged.resting else judged.difference
        message, evidence = say(subject, quantity, difference)
        if judged is not None and judged.looks > 1 and not judged.resting:
            message = f"{message[:-1]} (median of {judged.looks} looks, {judged.legal} of them in step)."
        row = row_of(subject.region, quantity, difference)
        if row != "explained":
            looked = {**evidence, "difference": difference, "looks": subject.looks}
            yield Hit(row, message, looked, _why_undecided(judged)), quantity


def _why_undecided(judged: Judged | None) -> str | None:
    if judged is None or judged.looks == 1:
        return "there was one look only"
    if judged.outcome is Outcome.UNDECIDED:
        return f"the region is in motion, and {judged.legal} of {judged.looks} looks were in step"
    return None


def _one_process_is_it(subject: Subject, above: Quantity) -> bool:
    """In a resting region one cause is one finding: a single process above the total is TTS046."""
    judged = subject.judged.get(Quantity("TTS046", above.subject))
    if judged is None or not judged.resting:
        return False
    held, total = sorted(_counters(subject, above.subject)), counter(subject.totals, above.subject)
    return sum(held[:-1]) <= total


def _everybody_has_a_slot(subject: Subject) -> bool:
    by = subject.held_by
    if not by.holders or by.outside or by.orphans or not by.all_known:
        return False
    if any(writer.writer is not Writer.ALIVE for writer in subject.writers):
        return False
    return {slot.pid for slot in subject.occupied} >= {holder.holder.slot_pid for holder in by.holders}


def _being_released(region: Region, buffer_type: str) -> int:
    held = (counter(slot.figures, buffer_type) for slot in region.occupied if slot.pid == RELEASING_PID)
    return sum(held_bytes for held_bytes in held if held_bytes < UNDERFLOW_FROM)


def _slots_cut_off(region: Region) -> int:
    """Slots that a newer runtime cut off a v1 file: whoever is in them is counted and cannot be seen."""
    return layout_of(region.version).slots.count - region.slot_count


def _label(layout: Layout, name: str) -> str:
    return next(each.label for each in layout.counters if each.name == name)


def _counters(subject: Subject, buffer_type: str) -> list[int]:
    return [counter(slot.figures, buffer_type) for slot in subject.occupied]


def _against(subject: Subject, quantity: Quantity, difference: int, who: str) -> str:
    total = counter(subject.totals, quantity.subject)
    label, off = _label(subject.layout, quantity.subject), exact(abs(difference))
    return f"{who} {off} of {label} {'above' if difference > 0 else 'below'} the total of {exact(total)}."


def _say_processes(
    subject: Subject, quantity: Quantity, difference: int
) -> tuple[str, dict[str, EvidenceValue]]:
    held = sum(_counters(subject, quantity.subject))
    total = counter(subject.totals, quantity.subject)
    who = f"The {plural(len(subject.occupied), 'slot')} together are"
    if len(subject.occupied) == 1:
        who = "The only slot is"
    elif not subject.occupied:
        who = "No slot is taken, which is"
    message = _against(subject, quantity, difference, who)
    return message, {"buffer_type": quantity.subject, "slots_bytes": held, "total_bytes": total}


def _say_chips(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    total = counter(subject.totals, quantity.subject)
    message = _against(subject, quantity, difference, "The chip entries together are")
    return message, {"buffer_type": quantity.subject, "total_bytes": total}


def _say_over(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    name = quantity.subject
    slot = max(subject.occupied, key=lambda candidate: counter(candidate.figures, name))
    held, total = counter(slot.figures, name), counter(subject.totals, name)
    label = _label(subject.layout, name)
    message = (
        f"pid {slot.pid} ({slot.name or 'no name'}) alone is {exact(difference)} of {label} above the total "
        f"of {exact(total)}."
    )
    return message, {"buffer_type": name, "pid": slot.pid, "slot_bytes": held, "total_bytes": total}


RULES = (
    PROCESSES_AGAINST_TOTALS,
    CHIPS_AGAINST_TOTALS,
    UNDERFLOW,
    PROCESS_OVER_TOTAL,
)
