"""``diff`` of two fleets: which hosts are not as they were, and what about them."""

from collections.abc import Mapping, Sequence

from ttinspect.answers.diff import DiffAnswer, HostDiff, build_diff
from ttinspect.model.system import Source, SourceKind
from ttinspect.sources.fleet import Reading


def build_fleet_diff(
    old: Sequence[Reading], new: Sequence[Reading], names: tuple[str, str], *, telemetry: bool = False
) -> DiffAnswer:
    """Hosts are matched by name, then by a chip that both have; ``names`` are what the two fleets are
    called."""
    pairs, vanished, appeared = _paired(old, new)
    hosts = [_whole(chip, "vanished") for chip in vanished] + [_whole(chip, "appeared") for chip in appeared]
    for before, after in pairs:
        answer = build_diff(
            before.system, after.system, hosts=(_facts(before), _facts(after)), telemetry=telemetry
        )
        if not answer.same:
            hosts.append(
                HostDiff(
                    host=_name(after),
                    state="changed",
                    chips=answer.chips,
                    appeared=answer.appeared,
                    vanished=answer.vanished,
                    moved=answer.moved,
                    changed=answer.changed,
                    consequences=answer.consequences,
                )
            )
    sources = [Source(kind=SourceKind.FLEET, detail=name, live=False, example=False) for name in names]
    return DiffAnswer(
        source=sources[1],
        old=sources[0],
        new=sources[1],
        same=not hosts,
        chips=sum(len(reading.system.chips) for reading in new),
        unreadable=(),
        appeared=(),
        vanished=(),
        moved=(),
        changed=(),
        consequences=(),
        compared_hosts=len(pairs),
        hosts=tuple(hosts),
    )


def _name(reading: Reading) -> str:
    return reading.host or reading.stem


def _facts(reading: Reading) -> Mapping[str, str | None]:
    told = {"versions.driver": reading.driver, "host.motherboard": reading.motherboard}
    return {path: value for path, value in told.items() if value is not None}


def _whole(reading: Reading, state: str) -> HostDiff:
    return HostDiff(
        host=_name(reading),
        state=state,
        chips=len(reading.system.chips),
        appeared=(),
        vanished=(),
        moved=(),
        changed=(),
        consequences=(),
    )


def _paired(
    old: Sequence[Reading], new: Sequence[Reading]
) -> tuple[list[tuple[Reading, Reading]], list[Reading], list[Reading]]:
    by_name = {_name(reading): reading for reading in old}
    by_chip = {
        chip.unique_id: reading
        for reading in old
        for chip in reading.system.chips
        if chip.unique_id is not None
    }
    pairs: list[tuple[Reading, Reading]] = []
    taken: set[int] = set()
    appeared = []
    for after in new:
        before = by_name.get(_name(after))
        if before is None:
            ids = (chip.unique_id for chip in after.system.chips)
            before = next((by_chip[chip_id] for chip_id in ids if chip_id in by_chip), None)
        if before is None or id(before) in taken:
            appeared.append(after)
            continue
        taken.add(id(before))
        pairs.append((before, after))
    return pairs, [reading for reading in old if id(reading) not in taken], appeared
