"""TTS008 to TTS010 and TTS054: regions against the chips of the source, and against who has them open."""

from collections.abc import Iterator, Sequence

from ttinspect.model.chip import Chip
from ttinspect.verify.case import Case
from ttinspect.verify.matching import (
    Basis,
    has_identity,
    is_test_leftover,
    match_region,
    names_chips,
    namesakes,
)
from ttinspect.verify.rules.rule import Hit
from ttinspect.verify.subject import Subject, device_of, openers_of
from ttinspect.verify.words import numbers, plural


def no_such_chip(case: Case, subject: Subject) -> Iterator[Hit]:
    """A region whose chip the source does not have. Of a source without chips nothing is said here."""
    if subject.match.chip is not None or not case.system.chips or subject.unfinished:
        return
    header = subject.header
    what = f"board_id {header.board_serial}, location" if subject.version == 1 else "asic_id"
    message = f"The source has no chip of this region ({what} {header.asic_id})."
    evidence = {"file_id": subject.file.file_id, "asic_id": header.asic_id, "device_id": header.device_id}
    several = namesakes(case.system.chips, header)
    if several:
        yield Hit(
            "ambiguous",
            f"Chips {numbers(several)} of the source have the id of this region ({what} {header.asic_id}): "
            f"which of them it is is not known, and it was held against no capacity.",
            {**evidence, "chips": several},
        )
    elif is_test_leftover(subject.file_id):
        yield Hit("test", f"{message} tt-metal's own tests leave such ids behind.", {**evidence})
    elif not names_chips(case.system.chips, subject.version):
        yield Hit(
            "without ids",
            f"{message} It has no ids either: only device_id {header.device_id} could be looked for.",
            {**evidence},
        )
    else:
        yield Hit("unknown chip", message, {**evidence})


def two_files(case: Case, subject: Subject) -> Iterator[Hit]:
    """Several regions of one chip; said at each but the first."""
    if subject.twin is not None:
        yield Hit(
            "without ids" if subject.match.basis is Basis.DEVICE_ID else "two files",
            f"Chip {subject.match.chip} has another region too: {subject.twin}.",
            {"chip": subject.match.chip, "other": subject.twin},
        )


def chip_without_region(case: Case, subjects: Sequence[Subject]) -> Iterator[Hit]:
    """Chips that no file belongs to. Where there is no file at all, that is one sentence."""
    if not case.regions:
        yield from _nothing_published(case)
        return
    claimed = {subject.match.chip for subject in subjects} | _claimed_by_name(case)
    bare = [chip for chip in case.shown if chip.id not in claimed]
    in_use = [chip for chip in bare if openers_of(case, chip.id)]
    for chip in in_use:
        pids = openers_of(case, chip.id) or ()
        yield Hit(
            "in use" if _recognisable(chip) else "without ids",
            f"Chip {chip.id} has no region, and {plural(len(pids), 'process has', 'processes have')} it open "
            f"(pid {numbers(pids)}): what is used of it is unknown.",
            {"chips": [chip.id], "pids": list(pids)},
        )
    idle = [chip.id for chip in bare if chip not in in_use]
    if idle:
        known = all(openers_of(case, chip_id) is not None for chip_id in idle)
        who = "nobody has it open" if known else "whether somebody has it open is not known"
        yield Hit(
            "idle",
            f"Nothing is published for chip {numbers(idle)}, and {who}.",
            {"chips": idle},
        )


def open_without_slot(case: Case, subjects: Sequence[Subject]) -> Iterator[Hit]:
    """Processes that the driver lists for a chip and its regions do not. Only of chips with a device of
    their own: who opens a gateway need not use the chips behind it."""
    own = {chip.id for chip in case.shown if chip.kmd_id is not None}
    for chip_id in sorted(
        own & {subject.match.chip for subject in subjects if subject.match.chip is not None}
    ):
        regions = [subject for subject in subjects if subject.match.chip == chip_id]
        if any(subject.second_region is None for subject in regions):
            continue
        slots = {
            slot.pid
            for subject in regions
            for region in (subject.region, subject.second_region)
            if region is not None
            for slot in region.occupied
        }
        missing = sorted(set(openers_of(case, chip_id) or ()) - slots)
        if missing:
            device = device_of(case.system.chips, chip_id)
            who = plural(len(missing), "process", "processes")
            yield Hit(
                "open",
                f"/dev/tenstorrent/{device} (chip {chip_id}) is open in {who} "
                f"without a slot (pid {numbers(missing)}): what is held there is in no slot.",
                {"chip": chip_id, "pids": missing},
                version=max(subject.version for subject in regions),
            )


def nothing_to_match(case: Case, subjects: Sequence[Subject]) -> Iterator[Hit]:
    """A source without chips: nothing can be held against any capacity."""
    if case.regions and not case.system.chips:
        yield Hit(
            "no chips",
            "The source has no chips: the regions were judged by themselves, and held against no chip and no "
            "capacity (TTS008 to TTS010, TTS040 to TTS045).",
            {"rules": ["TTS008", "TTS009", "TTS010", "TTS040", "TTS041", "TTS042", "TTS043", "TTS045"]},
        )


def _nothing_published(case: Case) -> Iterator[Hit]:
    asked = None if case.chosen is None else {device_of(case.system.chips, chip.id) for chip in case.shown}
    anything = asked is None or None in asked  # a chip whose device is unknown may be any of them
    openers = [one for one in case.openers or () if anything or (asked and one.device in asked)]
    pids = sorted({pid for one in openers for pid in one.pids or ()})
    if not pids and (case.openers is None or any(one.pids is None for one in openers)):
        yield Hit(
            "not knowable",
            "Nothing is published, and whether a process has a device open cannot be known from this procfs.",
            {"chips": [chip.id for chip in case.shown]},
        )
        return
    if pids:
        devices = [one.device for one in openers if one.pids]
        yield Hit(
            "nothing, in use",
            f"Nothing is published, but /dev/tenstorrent/{numbers(devices)} is open (pid {numbers(pids)}): "
            f"what is used is unknown.",
            {"pids": pids, "devices": devices},
        )
    else:
        yield Hit(
            "idle",
            "Nothing is published, and nobody has a device open.",
            {"chips": [chip.id for chip in case.shown]},
        )


def _claimed_by_name(case: Case) -> set[int | None]:
    """Chips whose file is there, though it could not be read or decoded."""
    return {
        match_region(case.system.chips, int(looked.looks.file.file_id), None).chip
        for looked in case.regions
        if looked.looks.file.file_id is not None
    }


def _recognisable(chip: Chip) -> bool:
    return has_identity(chip, 2) or has_identity(chip, 1)
