"""TTS007 to TTS011 and TTS054: regions against the chips of the source, and against who has them open."""

from collections.abc import Iterator, Sequence

from ttinspect.facts.wording import plural, verb
from ttinspect.model.chip import Chip
from ttinspect.shm.layout import NamedBy
from ttinspect.shm.reader import is_test_leftover
from ttinspect.verify.case import Case
from ttinspect.verify.findings.capacity import capacity_unknown
from ttinspect.verify.holding import ChipHolders, chip_holders, region_match
from ttinspect.verify.matching import (
    Basis,
    has_identity,
    name_agrees,
    names_chips,
    namesakes,
)
from ttinspect.verify.rule import E, Hit, I, Q, RegionRule, W
from ttinspect.verify.subject import Subject
from ttinspect.verify.words import numbers, which


def name_against_header(case: Case, subject: Subject) -> Iterator[Hit]:
    """The id in the file's name and the ids in the header. An unfinished header has no ids yet."""
    header, file_id = subject.header, subject.file_id
    if subject.unfinished or name_agrees(file_id, header):
        return
    name = "carries no id" if file_id is None else f"is named after {file_id}"
    says = f"asic_id {header.asic_id}"
    if subject.layout.named_by is NamedBy.BOARD_AND_LOCATION:
        says = f"board {header.board_serial}, location {header.asic_id}"
    yield Hit(
        "disagree",
        f"The file {name}, its header says {says}.",
        {"file_id": subject.file.file_id, "asic_id": header.asic_id, "board_serial": header.board_serial},
    )


NAME_AND_ASIC_ID_DISAGREE = RegionRule(
    id="TTS007",
    name="name and asic_id disagree",
    severities={"disagree": E},
    of_region=name_against_header,
    title="The file's name and its header name different chips.",
    meaning=(
        "The number in tt_device_NUMBER_memory and the ids in the header must name the same chip, and here "
        "they do not. One of the two is wrong, so these figures may be another chip's."
    ),
    cause=(
        "v2 and later write UMD's unique id into both; v1 writes (board_id << 8) | asic_location into the "
        "name and the two parts into the header. The usual cause is a region that was copied or renamed, or "
        "a header that was overwritten."
    ),
    remedy=(
        "If it is a copy, give it back its name. In /dev/shm, stop the workloads of that chip, remove the "
        "file and start again."
    ),
)


def no_such_chip(case: Case, subject: Subject) -> Iterator[Hit]:
    """A region whose chip the source does not have. A source without chips has no such region."""
    if subject.match.chip is not None or not case.system.chips or subject.unfinished:
        return
    header = subject.header
    named_by = subject.layout.named_by
    by_board = named_by is NamedBy.BOARD_AND_LOCATION
    what = f"board_id {header.board_serial}, location" if by_board else "asic_id"
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
    elif not names_chips(case.system.chips, named_by):
        yield Hit(
            "without ids",
            f"{message} It has no ids either: only device_id {header.device_id} could be looked for.",
            {**evidence},
        )
    else:
        yield Hit("unknown chip", message, {**evidence})


NO_SUCH_CHIP = RegionRule(
    id="TTS008",
    name="no such chip",
    severities={"unknown chip": W, "test": I, "without ids": I, "ambiguous": Q},
    of_region=no_such_chip,
    title="The region belongs to a chip that the source does not have.",
    meaning=(
        "No chip of the source has this region's id. Its own sums were judged, its figures were not held "
        "against any capacity."
    ),
    cause=(
        "The board was taken out or replaced while the file stayed (it lives until reboot), or the source "
        "describes another host. Ids 0x7700000000000000 + pid are left behind by tt-metal's own tests, and "
        "are only mentioned."
    ),
    remedy=(
        "Check that --from describes this host (ttinspect list). A leftover without live processes can be "
        "removed."
    ),
)


def two_files(case: Case, subject: Subject) -> Iterator[Hit]:
    """Several regions of one chip: a hit for each but the first."""
    if subject.twin is not None:
        yield Hit(
            "without ids" if subject.match.basis is Basis.DEVICE_ID else "two files",
            f"Chip {subject.match.chip} has another region too: {subject.twin}.",
            {"chip": subject.match.chip, "other": subject.twin},
        )


TWO_FILES_FOR_ONE_CHIP = RegionRule(
    id="TTS010",
    name="two files for one chip",
    severities={"two files": W, "without ids": I},
    of_region=two_files,
    title="Several regions claim the same chip.",
    meaning=(
        "Each of these files publishes figures for one and the same chip, so neither shows everything that "
        "is allocated on it. What is used of the chip is not the figure of any one of them."
    ),
    cause=(
        "Runtimes of different versions name the file differently: v1 by board id and location, v2 and "
        "later by the unique id, and by the device id where there is no unique id. After an update the old "
        "file stays until reboot."
    ),
    remedy=(
        "Remove the file whose processes are all gone. If both have live processes, two different runtimes "
        "use the chip at the same time: bring them to one version."
    ),
)


def chip_without_region(case: Case, subjects: Sequence[Subject]) -> Iterator[Hit]:
    """Chips that no file belongs to. Where there is no file at all, that is one sentence."""
    if not case.regions:
        yield from _nothing_published(case)
        return
    claimed = {subject.match.chip for subject in subjects}
    bare = [chip for chip in case.shown if chip.id not in claimed]
    if bare:
        named = _claimed_by_name(case)
        bare = [chip for chip in bare if chip.id not in named]
    holding = {chip.id: chip_holders(case, chip.id) for chip in bare}
    in_use = [chip for chip in bare if holding[chip.id].held]
    for chip in in_use:
        by = holding[chip.id]
        yield Hit(
            "in use" if _recognisable(chip) else "without ids",
            f"Chip {chip.id} has no region, and {by.in_words} {'has' if _is_one(by) else 'have'} it open: "
            f"what is used of it is unknown.",
            {"chips": [chip.id], "pids": [holder.holder.pid for holder in by.holders]},
        )
    idle = [chip.id for chip in bare if chip not in in_use]
    if idle:
        known = all(holding[chip_id].held is not None for chip_id in idle)
        who = "nobody has it open" if known else "whether somebody has it open is not known"
        yield Hit(
            "idle",
            f"Nothing is published for {which('chip', idle)}, and {who}.",
            {"chips": idle},
        )


CHIP_WITHOUT_REGION = RegionRule(
    id="TTS009",
    name="chip without region",
    severities={"in use": Q, "idle": I, "without ids": I, "nothing, in use": Q, "not knowable": Q},
    of_host=chip_without_region,
    title="A chip has no published region.",
    meaning=(
        "Nothing is published for this chip. If nobody uses it, that is as it should be. If a process has "
        "the device open, its memory use is unknown: unknown is not zero, so the check is inconclusive."
    ),
    cause=(
        "Deployments often set TT_METAL_SHM_TRACKING_DISABLED=1; then the released runtimes create no file. "
        "A workload in a container publishes into the container's own /dev/shm. tt-smi and similar tools "
        "open the device without publishing."
    ),
    remedy=(
        "Unset TT_METAL_SHM_TRACKING_DISABLED for the workload, or point --shm-dir at the container's "
        "/dev/shm (/proc/PID/root/dev/shm). To see who has the device open: cat "
        "/proc/driver/tenstorrent/N/pids."
    ),
)


def _is_one(by: ChipHolders) -> bool:
    return len(by.holders) + bool(by.outside) < 2


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
        paths = [subject.file.path for subject in regions]
        by = chip_holders(case, chip_id, paths)
        without = {
            holder.holder.pid
            for holder in by.holders
            if holder.opened
            and not (holder.holder.slot_pid in slots and (holder.publishes or not holder.holder.maps_read))
        }
        missing = sorted(without or {*by.orphans} - slots)
        if missing:
            device = case.system.device_of(chip_id)
            who = plural(len(missing), "process", "processes")
            yield Hit(
                "open",
                f"/dev/tenstorrent/{device} (chip {chip_id}) is open in {who} "
                f"without a slot ({which('pid', missing)}): what is held there is in no slot.",
                {"chip": chip_id, "pids": missing},
                version=max(subject.version for subject in regions),
            )


DEVICE_OPEN_BUT_NO_SLOT = RegionRule(
    id="TTS054",
    name="device open but no slot",
    severities={"open": (I, I, I, W)},
    of_host=open_without_slot,
    title="A process has the device open without a slot in its region.",
    meaning=(
        "The driver lists this pid for the device, and the region has no slot for it. What that process "
        "holds is not in the slots."
    ),
    cause=(
        "Before v4 a slot is claimed with the first allocation, so a fresh process has none; tools such as "
        "tt-smi never have one. In v4 a process attaches at once, so either tracking is disabled or the "
        "table is full."
    ),
    remedy=("See what it is (ps -p PID). For a v4 workload, unset TT_METAL_SHM_TRACKING_DISABLED."),
)


def nothing_to_match(case: Case, subjects: Sequence[Subject]) -> Iterator[Hit]:
    """A source without chips: nothing can be held against any capacity. Files that were too many."""
    if case.left_out:
        yield Hit(
            "too many files",
            f"{plural(len(case.regions), 'file')} {verb(len(case.regions), 'was', 'were')} read, and "
            f"{case.left_out:,} more {verb(case.left_out, 'was', 'were')} left out: nothing is "
            "known of these.",
            {"read": len(case.regions), "left_out": case.left_out},
        )
    if case.regions and not case.system.chips:
        yield Hit(
            "no chips",
            "The source has no chips: the regions were judged by themselves, and held against no chip and no "
            "capacity (TTS008 to TTS010, TTS040 to TTS045).",
            {"rules": ["TTS008", "TTS009", "TTS010", "TTS040", "TTS041", "TTS042", "TTS043", "TTS045"]},
        )


NOT_DECIDABLE_NOW = RegionRule(
    id="TTS011",
    name="not decidable now",
    severities={"undecided": Q, "no chips": Q, "capacity unknown": Q, "too many files": Q},
    of_region=capacity_unknown,
    of_host=nothing_to_match,
    title="A check could not be decided: not a pass, and not a fault.",
    meaning=(
        "Something looked wrong, but it cannot be told apart from a writer that was caught in the middle of "
        "an update; or what the check needs was not there. The message names the rule. Scripts get exit "
        "code 11."
    ),
    cause=(
        "Writers update total, chip, timestamp and slot one after the other without a lock, and can be "
        "preempted in between. A process that is stopped (SIGSTOP, a debugger) keeps such a difference for "
        "as long as it is stopped. With --samples 1 no difference can be decided, and without chips in the "
        "source nothing can be matched."
    ),
    remedy=(
        "Run again, with more looks or a longer window (--samples 64 --window 3). Continue a stopped "
        "process (kill -CONT PID) first. If it keeps coming back while nothing runs, treat it as the rule "
        "that the message names."
    ),
)


def _nothing_published(case: Case) -> Iterator[Hit]:
    asked = None if case.chosen is None else {case.system.device_of(chip.id) for chip in case.shown}
    anything = asked is None or None in asked  # a chip whose device is unknown may be any of them
    openers = [opener for opener in case.openers or () if anything or (asked and opener.device in asked)]
    holders = (
        []
        if case.holders is None
        else [
            holder
            for holder in case.holders.holders
            if anything or not (asked or set()).isdisjoint(holder.devices)
        ]
    )
    holders = [holder for holder in holders if holder.devices]
    pids = sorted(
        {pid for opener in openers for pid in opener.pids or ()} | {holder.pid for holder in holders}
    )
    outside = sum(opener.outside for opener in openers)
    openers_known = case.openers is not None and all(opener.pids is not None for opener in openers)
    descriptors_known = case.holders is not None and case.holders.descriptors_known
    if not (pids or outside or openers_known or descriptors_known):
        yield Hit(
            "not knowable",
            "Nothing is published, and whether a process has a device open cannot be known from this procfs.",
            {"chips": [chip.id for chip in case.shown]},
        )
        return
    if pids or outside:
        devices = sorted(
            {opener.device for opener in openers if opener.pids or opener.outside}
            | {device for holder in holders for device in holder.devices}
        )
        who = which("pid", pids) if pids else "a process outside this pid namespace"
        yield Hit(
            "nothing, in use",
            f"Nothing is published, but /dev/tenstorrent/{numbers(devices)} is open ({who}): "
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
        region_match(case, looked.looks.file, by_name=True).chip
        for looked in case.regions
        if looked.looks.file.file_id is not None
    }


def _recognisable(chip: Chip) -> bool:
    return any(has_identity(chip, named_by) for named_by in NamedBy)


RULES = (
    NAME_AND_ASIC_ID_DISAGREE,
    NO_SUCH_CHIP,
    CHIP_WITHOUT_REGION,
    TWO_FILES_FOR_ONE_CHIP,
    NOT_DECIDABLE_NOW,
    DEVICE_OPEN_BUT_NO_SLOT,
)
