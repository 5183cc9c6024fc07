"""``diff`` of two fleets: which hosts are not as they were, and what about them."""

import io
import pickle
import zlib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ttinspect.answers.diff import DiffAnswer, HostDiff, build_diff
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, SourceKind
from ttinspect.sources.fleet import Reading
from ttinspect.verify.compare.changes import is_unchanged


class OldFleet:
    """The hosts of the older fleet, each packed to a few KiB, so that ten thousand of them fit: a name, the
    ids of its chips, and all of its System. SoC descriptors, which all chips share, are kept once."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._socs: list[Soc] = []
        self._soc_numbers: dict[int, int] = {}
        self._packed: dict[int, bytes] = {}
        self._by_name: dict[str, int] = {}
        self._by_chip: dict[int, int] = {}
        for number, reading in enumerate(readings):
            self._packed[number] = self._pack(reading)
            self._by_name[_name(reading)] = number
            for chip in reading.system.chips:
                if chip.unique_id is not None:
                    self._by_chip[int(chip.unique_id)] = number

    def take(self, after: Reading) -> Reading | None:
        """The host of this fleet that a host of the newer one is: by name, then by a chip that both have.
        Each is given once."""
        number = self._by_name.get(_name(after))
        if number is None:
            ids = (int(chip.unique_id) for chip in after.system.chips if chip.unique_id is not None)
            number = next((self._by_chip[chip_id] for chip_id in ids if chip_id in self._by_chip), None)
        packed = None if number is None else self._packed.pop(number, None)
        return None if packed is None else self._unpack(packed)

    def left(self) -> Iterator[Reading]:
        """The hosts that no host of the newer fleet is."""
        yield from map(self._unpack, self._packed.values())

    def _pack(self, reading: Reading) -> bytes:
        fleet = self

        class Pickler(pickle.Pickler):
            def persistent_id(self, value: object) -> int | None:
                return fleet._number(value) if isinstance(value, Soc) else None

        stream = io.BytesIO()
        Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(msgspec.structs.replace(reading, published=None))
        return zlib.compress(stream.getvalue(), 1)

    def _number(self, soc: Soc) -> int:
        """The place of a SoC descriptor among those kept, which outlive their ids."""
        number = self._soc_numbers.get(id(soc))
        if number is None:
            number = self._soc_numbers[id(soc)] = len(self._socs)
            self._socs.append(soc)
        return number

    def _unpack(self, packed: bytes) -> Reading:
        socs = self._socs

        class Unpickler(pickle.Unpickler):
            def persistent_load(self, pid: int) -> Soc:
                return socs[pid]

        reading: Reading = Unpickler(io.BytesIO(zlib.decompress(packed))).load()
        return reading


def build_fleet_diff(
    old: OldFleet, new: Iterable[Reading], names: tuple[str, str], *, telemetry: bool = False
) -> DiffAnswer:
    """Hosts are matched by name, then by a chip that both have; ``names`` are what the two fleets are
    called."""
    compared = chips = 0
    appeared: list[HostDiff] = []
    changed: list[HostDiff] = []
    for after in new:
        chips += len(after.system.chips)
        before = old.take(after)
        if before is None:
            appeared.append(_whole(after, "appeared"))
            continue
        compared += 1
        facts = _facts(before), _facts(after)
        if facts[0] == facts[1] and is_unchanged(before.system, after.system, telemetry=telemetry):
            continue
        answer = build_diff(before.system, after.system, hosts=facts, telemetry=telemetry)
        if not answer.same:
            changed.append(
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
    hosts = [*(_whole(reading, "vanished") for reading in old.left()), *appeared, *changed]
    sources = [Source(kind=SourceKind.FLEET, detail=name, live=False, example=False) for name in names]
    return DiffAnswer(
        source=sources[1],
        old=sources[0],
        new=sources[1],
        same=not hosts,
        chips=chips,
        unreadable=(),
        appeared=(),
        vanished=(),
        moved=(),
        changed=(),
        consequences=(),
        compared_hosts=compared,
        hosts=tuple(hosts),
    )


def _name(reading: Reading) -> str:
    return reading.host or reading.stem


def _facts(reading: Reading) -> Mapping[str, str | None]:
    facts = {"versions.driver": reading.driver, "host.motherboard": reading.motherboard}
    return {path: value for path, value in facts.items() if value is not None}


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
