"""Which allocator statistics belong to which region."""

from collections.abc import Sequence

import msgspec

from ttinspect.model.allocator import AllocatorStatistics
from ttinspect.model.region import Slot
from ttinspect.shm.layout import NamedBy
from ttinspect.verify.limits import with_allocator
from ttinspect.verify.subject import Subject


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """The subjects with their statistics, and a sentence for each of the statistics that fits nowhere."""

    subjects: tuple[Subject, ...]
    unpaired: tuple[str, ...]


def pair_statistics(subjects: Sequence[Subject], statistics: Sequence[AllocatorStatistics]) -> Paired:
    """Give every region the statistics of its device.

    A device is known by the id that the runtime gives it, which is what the header carries. A pid narrows it
    to that process's slot; without one, only a region with exactly one slot can be compared. A process
    without a slot that has reserved nothing has nothing to compare.
    """
    given: dict[int, list[tuple[AllocatorStatistics, Slot | None]]] = {}
    unpaired = []
    for one in statistics:
        fitting = _fitting(subjects, one)
        if not fitting:
            unpaired.append(f"no region belongs to the allocator statistics{_of(one)}")
        elif _is_missed(one, [subjects[at] for at in fitting]):
            unpaired.append(f"pid {one.pid} has no slot, although its allocator has reserved memory")
        for at in fitting:
            slots = [slot for slot in subjects[at].occupied if one.pid in (None, slot.pid)]
            if one.pid is None and len(slots) > 1:
                unpaired.append(
                    f"the allocator statistics{_of(one)} name no pid, and {subjects[at].file.path} has "
                    f"{len(slots)} slots"
                )
                slots = []
            given.setdefault(at, []).extend([(one, slot) for slot in slots] or [(one, None)])
    return Paired(
        subjects=tuple(
            _with_statistics(subject, tuple(given.get(at, ()))) for at, subject in enumerate(subjects)
        ),
        unpaired=tuple(unpaired),
    )


def _with_statistics(
    subject: Subject, statistics: tuple[tuple[AllocatorStatistics, Slot | None], ...]
) -> Subject:
    """What the allocator says of its own banks is preferred to what was computed."""
    if not statistics:
        return subject
    limits = with_allocator(subject.limits, (one for one, _ in statistics))
    return msgspec.structs.replace(subject, statistics=statistics, limits=limits)


def _is_missed(one: AllocatorStatistics, subjects: Sequence[Subject]) -> bool:
    """Whether a process that has reserved memory has no slot that it could be compared with."""
    if one.pid is None or any(slot.pid == one.pid for subject in subjects for slot in subject.occupied):
        return False
    view = one.memory_view
    banks = (view.dram, view.l1, view.l1_small, view.trace)
    return any(each is not None and each.reserved_bytes for each in banks)


def _fitting(subjects: Sequence[Subject], one: AllocatorStatistics) -> list[int]:
    every = range(len(subjects))
    holding = [at for at in every if any(slot.pid == one.pid for slot in subjects[at].occupied)]
    if one.devices is None:
        used = [at for at in every if subjects[at].occupied]
        return holding if one.pid is not None else used if len(used) == 1 else []
    named = [at for at in every if not _ids(subjects[at]).isdisjoint(one.devices)]
    # Containers may give one device id to several chips: then only a slot can tell which is meant.
    return named if len(named) <= len(one.devices) else [at for at in named if at in holding]


def _ids(subject: Subject) -> set[str]:
    ids = {str(subject.header.device_id)} | (
        {subject.header.asic_id} if subject.layout.named_by is NamedBy.UNIQUE_ID else set()
    )
    return ids if subject.file.file_id is None else {*ids, subject.file.file_id}


def _of(one: AllocatorStatistics) -> str:
    device = "" if one.devices is None else f" of device {', '.join(one.devices)}"
    return device if one.pid is None else f"{device} of pid {one.pid}"
