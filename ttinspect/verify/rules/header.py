"""TTS007, 029, 030, 031: what the header and the tables say about themselves."""

from collections.abc import Iterator

from ttinspect.model.region import EMPTY_CHIP_ID
from ttinspect.verify.case import Case
from ttinspect.verify.clocks import FUTURE_NS, ahead_ns
from ttinspect.verify.matching import name_agrees
from ttinspect.verify.rules.rule import Hit
from ttinspect.verify.subject import Subject


def name_against_header(case: Case, subject: Subject) -> Iterator[Hit]:
    """The id in the file's name and the ids in the header. An unfinished header has no ids yet."""
    header, file_id = subject.header, subject.file_id
    if subject.unfinished or name_agrees(file_id, header):
        return
    name = "carries no id" if file_id is None else f"is named after {file_id}"
    says = f"asic_id {header.asic_id}"
    if subject.version == 1:
        says = f"board {header.board_serial}, location {header.asic_id}"
    yield Hit(
        "disagree",
        f"The file {name}, its header says {says}.",
        {"file_id": subject.file.file_id, "asic_id": header.asic_id, "board_serial": header.board_serial},
    )


def clock(case: Case, subject: Subject) -> Iterator[Hit]:
    """The header's timestamp and those of the occupied slots against now."""
    stamps = [("the header", subject.header.last_update)]
    stamps += [(f"slot {slot.index} (pid {slot.pid})", slot.last_update) for slot in subject.occupied]
    for where, stamp in stamps:
        ahead = ahead_ns(stamp, subject.version, case.now_realtime_ns, case.now_monotonic_ns)
        if ahead > FUTURE_NS:
            yield Hit(
                "future",
                f"The timestamp of {where} is {ahead / 1e9:,.1f} s in the future.",
                {"where": where, "timestamp": str(stamp), "ahead_ns": str(ahead)},
            )
            return


def process_table_full(case: Case, subject: Subject) -> Iterator[Hit]:
    """No slot is free."""
    slots = subject.region.slot_count
    if len(subject.occupied) >= slots:
        lost = "counted nowhere" if subject.version >= 4 else "in the totals only"
        yield Hit(
            "full",
            f"All {slots} slots are taken: what a further process allocates is {lost}.",
            {"slots": slots},
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
