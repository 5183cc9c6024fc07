"""TTS020 to TTS028 and TTS046: sums and counters that writers change one after the other, without a lock."""

from collections.abc import Callable, Iterator

from ttinspect.model.finding import EvidenceValue
from ttinspect.model.region import RELEASING_PID, Figures, Region
from ttinspect.shm.differences import UNDERFLOW_FROM, Quantity
from ttinspect.shm.layout import SLOT_COUNT
from ttinspect.shm.looks import Judged, Outcome
from ttinspect.verify.case import Case
from ttinspect.verify.rules.rule import Hit
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import LABELS, exact, numbers, plural
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
        return "cb" if subject == "cb" else "rest"
    return "any"


def processes_against_totals(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS020."""
    for hit, quantity in _hits(subject, "TTS020", _say_processes):
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


def chips_against_totals(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS021."""
    yield from (hit for hit, _ in _hits(subject, "TTS021", _say_chips))


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


def num_active(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS023."""
    yield from (hit for hit, _ in _hits(subject, "TTS023", _say_count))


def reference_count(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS024."""
    yield from (hit for hit, _ in _hits(subject, "TTS024", _say_count))


def stuck_release(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS025. A pid below -1 is stored at once and by nobody: that is no update in progress."""
    yield from (hit for hit, _ in _hits(subject, "TTS025", _say_stuck))
    for slot in subject.occupied:
        if slot.pid < RELEASING_PID:
            message = f"Slot {slot.index} has pid {slot.pid}, which is no process and no release."
            yield Hit("impossible", message, {"slot": slot.index, "pid": slot.pid})


def pid_twice(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS026."""
    yield from (hit for hit, _ in _hits(subject, "TTS026", _say_twice))


def bytes_in_free_slot(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS027."""
    yield from (hit for hit, _ in _hits(subject, "TTS027", _say_free))


def double_chip(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS028."""
    yield from (hit for hit, _ in _hits(subject, "TTS028", _say_chip))


def process_over_total(case: Case, subject: Subject) -> Iterator[Hit]:
    """TTS046."""
    yield from (hit for hit, _ in _hits(subject, "TTS046", _say_over))


def _hits(subject: Subject, rule: str, say: Say) -> Iterator[tuple[Hit, Quantity]]:
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
    held, total = sorted(_counters(subject, above.subject)), _counter(subject.totals, above.subject)
    return sum(held[:-1]) <= total


def _everybody_has_a_slot(subject: Subject) -> bool:
    if not subject.openers or any(one.writer is not Writer.ALIVE for one in subject.writers):
        return False
    return {slot.pid for slot in subject.occupied} >= set(subject.openers)


def _being_released(region: Region, buffer_type: str) -> int:
    held = (getattr(slot.figures, buffer_type) for slot in region.occupied if slot.pid == RELEASING_PID)
    return sum(one for one in held if one < UNDERFLOW_FROM)


def _slots_cut_off(region: Region) -> int:
    """Slots that a newer runtime cut off a v1 file: whoever is in them is counted and cannot be seen."""
    return SLOT_COUNT - region.slot_count


def _counter(figures: Figures, buffer_type: str) -> int:
    counter: int = getattr(figures, buffer_type)
    return counter


def _counters(subject: Subject, buffer_type: str) -> list[int]:
    return [_counter(slot.figures, buffer_type) for slot in subject.occupied]


def _against(subject: Subject, quantity: Quantity, difference: int, who: str) -> str:
    total: int = getattr(subject.totals, quantity.subject)
    label, off = LABELS[quantity.subject], exact(abs(difference))
    return f"{who} {off} of {label} {'above' if difference > 0 else 'below'} the total of {exact(total)}."


def _say_processes(
    subject: Subject, quantity: Quantity, difference: int
) -> tuple[str, dict[str, EvidenceValue]]:
    held = sum(_counters(subject, quantity.subject))
    total = getattr(subject.totals, quantity.subject)
    who = f"The {plural(len(subject.occupied), 'slot')} together are"
    if len(subject.occupied) == 1:
        who = "The only slot is"
    elif not subject.occupied:
        who = "No slot is taken, which is"
    evidence = {"buffer_type": quantity.subject, "slots_bytes": held, "total_bytes": total}
    return _against(subject, quantity, difference, who), {**evidence}


def _say_chips(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    total = getattr(subject.totals, quantity.subject)
    message = _against(subject, quantity, difference, "The chip entries together are")
    return message, {"buffer_type": quantity.subject, "total_bytes": total}


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
    return f"pid {pid} occupies slots {numbers(slots)}.", {"pid": pid, "slots": slots}


def _say_free(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    index = int(quantity.subject.removeprefix("slot "))
    return f"Slot {index} is free and holds {exact(difference)}.", {"slot": index}


def _say_chip(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    chip_id = int(quantity.subject.removeprefix("chip "))
    entries = [entry.index for entry in subject.region.chips if entry.chip_id == chip_id]
    message = f"chip_id {chip_id} stands in {len(entries)} chip entries: {numbers(entries)}."
    return message, {"chip_id": chip_id, "entries": entries}


def _say_over(subject: Subject, quantity: Quantity, difference: int) -> tuple[str, dict[str, EvidenceValue]]:
    name = quantity.subject
    slot = max(subject.occupied, key=lambda one: getattr(one.figures, name))
    held, total = getattr(slot.figures, name), getattr(subject.totals, name)
    message = (
        f"pid {slot.pid} ({slot.name or 'no name'}) alone is {exact(difference)} of {LABELS[name]} above the "
        f"total of {exact(total)}."
    )
    return message, {"buffer_type": name, "pid": slot.pid, "slot_bytes": held, "total_bytes": total}
