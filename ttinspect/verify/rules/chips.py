"""TTS008 to TTS010: regions against the chips of the source."""

from collections.abc import Iterator, Sequence

from ttinspect.verify.case import Case
from ttinspect.verify.matching import is_test_leftover, names_chips
from ttinspect.verify.rules.rule import Hit
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import listed, numbers


def no_such_chip(case: Case, subject: Subject) -> Iterator[Hit]:
    """A region whose chip the source does not have. Without any chip in the source nothing is said here."""
    if subject.match.chip is not None or not case.system.chips or subject.unfinished:
        return
    what = f"board {subject.header.board_serial}, location" if subject.version == 1 else "asic_id"
    message = f"No chip of the source is that of this region ({what} {subject.header.asic_id})."
    evidence = {"file_id": None if subject.file_id is None else str(subject.file_id)}
    if is_test_leftover(subject.file_id):
        yield Hit("test", f"{message} Such ids are left behind by tt-metal's own tests.", {**evidence})
    elif not names_chips(case.system.chips, subject.version):
        yield Hit(
            "without ids",
            f"{message} The source has no ids: only device_id {subject.header.device_id} could be looked for.",
            {**evidence, "device_id": subject.header.device_id},
        )
    else:
        yield Hit("unknown chip", message, {**evidence})


def two_files(case: Case, subject: Subject, others: Sequence[Subject]) -> Iterator[Hit]:
    """Several decoded regions of one chip: said at each but the first."""
