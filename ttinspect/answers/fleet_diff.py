"""``diff`` of two fleets: which hosts are not as they were, and what about them."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from ttinspect.answers.diff import DiffAnswer, HostDiff, build_diff
from ttinspect.model.chip import Chip
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.fleet import Reading
from ttinspect.verify.compare.changes import compared_of

_ENCODER = msgspec.msgpack.Encoder()


class _NumberedChip(Chip, frozen=True, kw_only=True):
    """A chip that names its SoC descriptor by its number among those of the fleet."""

    soc: int  # type: ignore[assignment]


class _NumberedSystem(
    System, frozen=True, kw_only=True, tag_field="schema", tag=System.__struct_config__.tag
):
    chips: tuple[_NumberedChip, ...]


_DECODER = msgspec.msgpack.Decoder(tuple[_NumberedSystem, dict[str, Any]])


class _Kept(msgspec.Struct, frozen=True):
    """A host of the older fleet: all of it packed to a few KiB, and a digest of what is compared."""

    packed: bytes
    digest: bytes


class OldFleet:
    """The hosts of the older fleet, each packed, so that ten thousand of them fit: a name, the ids of its
    chips, and all of its System. SoC descriptors, which all chips share, are kept once. A host is unpacked
    only where a digest says that it is not as it was. ``telemetry`` is whether readings are compared."""

    def __init__(self, readings: Iterable[Reading], *, telemetry: bool = False) -> None:
        self._telemetry = telemetry
        self._socs: list[Soc] = []
        self._soc_numbers: dict[int, int] = {}
        self._kept: dict[int, _Kept] = {}
        self._by_name: dict[str, int] = {}
        self._by_chip: dict[int, int] = {}
        for number, reading in enumerate(readings):
            self._kept[number] = self._keep(reading)
            self._by_name[_name(reading)] = number
            for chip in reading.system.chips:
                if chip.unique_id is not None:
                    self._by_chip[int(chip.unique_id)] = number

    def take(self, after: Reading) -> Reading | None:
        """The host of this fleet that a host of the newer one is: by name, then by a chip that both have; the
        newer one itself where nothing differs that is compared. Each is given once."""
        number = self._by_name.get(_name(after))
        if number is None:
            ids = (int(chip.unique_id) for chip in after.system.chips if chip.unique_id is not None)
            number = next((self._by_chip[chip_id] for chip_id in ids if chip_id in self._by_chip), None)
        kept = None if number is None else self._kept.pop(number, None)
        if kept is None:
            return None
        return after if kept.digest == self._digest(after) else self._unpack(kept.packed)

    def left(self) -> Iterator[Reading]:
        """The hosts that no host of the newer fleet is."""
        for kept in self._kept.values():
            yield self._unpack(kept.packed)

    def _keep(self, reading: Reading) -> _Kept:
        fields = {name: getattr(reading.system, name) for name in System.__struct_fields__}
        fields["schema"] = System.__struct_config__.tag
        fields["chips"] = [
            msgspec.structs.replace(chip, soc=self._number(chip.soc)) for chip in reading.system.chips
        ]
        rest = msgspec.structs.replace(reading, system=None, published=None)
        content = _ENCODER.encode((fields, {name: getattr(rest, name) for name in Reading.__struct_fields__}))
        return _Kept(zlib.compress(content, 1), self._digest(reading))

    def _digest(self, reading: Reading) -> bytes:
        socs = [self._number(chip.soc) for chip in reading.system.chips]
        compared = (*compared_of(reading.system, telemetry=self._telemetry), socs, _facts(reading))
        return hashlib.blake2b(_ENCODER.encode(compared), digest_size=16).digest()

    def _number(self, soc: Soc) -> int:
        """The place of a SoC descriptor among those kept, which outlive their ids."""
        number = self._soc_numbers.get(id(soc))
        if number is None:
            number = self._soc_numbers[id(soc)] = len(self._socs)
            self._socs.append(soc)
        return number

    def _unpack(self, packed: bytes) -> Reading:
        numbered, rest = _DECODER.decode(zlib.decompress(packed))
        chips = [
            Chip(
                **{name: getattr(chip, name) for name in Chip.__struct_fields__}
                | {"soc": self._socs[chip.soc]}
            )
            for chip in numbered.chips
        ]
        fields = {name: getattr(numbered, name) for name in System.__struct_fields__}
        return Reading(**{**rest, "system": System(**{**fields, "chips": tuple(chips)})})


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
        if before is after:
            continue
        facts = _facts(before), _facts(after)
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
