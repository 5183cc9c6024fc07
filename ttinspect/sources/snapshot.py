"""Snapshots: everything about a host in one JSON document, and reading one."""

import functools
import re

import msgspec

from ttinspect import __version__
from ttinspect.errors import InspectError
from ttinspect.facts.socs import builtin_soc, uncorrected_soc
from ttinspect.model.chip import Chip
from ttinspect.model.region import RegionFile
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, System
from ttinspect.model.tool import TOOL, Tool
from ttinspect.shm.decode import decoded_again
from ttinspect.shm.published import LookedAt, Published
from ttinspect.shm.reader import file_id_of
from ttinspect.sources.checking import checked
from ttinspect.sources.jsontext import decode_json


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """Where a snapshot was taken; None is unknown, or removed. ``motherboard`` is the DMI board_name: its
    slots are the trays of cards."""

    name: str | None
    motherboard: str | None = None


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """Of what was at work: tt_umd and the kernel driver (tt-kmd); None is not there, or unknown."""

    ttinspect: str = __version__
    tt_umd: str | None
    driver: str | None


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.snapshot.v1"):
    """Everything about a host at one time. ``time_ns`` is realtime. The regions in ``published`` are there
    decoded and as raw bytes (base64); ``redacted``: names and serials were replaced."""

    tool: Tool = TOOL
    source: Source
    time_ns: int
    host: Host
    versions: Versions
    redacted: bool = False
    system: System
    published: Published

    def replayed(self, name: str) -> System:
        """The System as a source of its own: recorded, not live, with what it was recorded of."""
        source = self.system.source.replayed(name, self.host.name, self.time_ns)
        return msgspec.structs.replace(self.system, source=source)


_LONGEST_SCHEMA = 60
_OURS = re.compile(r"(ttinspect\.[a-z-]+)\.v([0-9]{1,9})")


def refuse_schema(schema: str, name: str) -> None:
    """Say why a JSON document with this schema is no source.

    Raises:
        InspectError: 2, always.
    """
    schema = schema if len(schema) <= _LONGEST_SCHEMA else f"{schema[:_LONGEST_SCHEMA]}..."
    known = {str(kind.__struct_config__.tag) for kind in (Snapshot, System)}
    match = _OURS.fullmatch(schema)
    if match is not None and f"{match[1]}.v1" in known and int(match[2]) > 1:
        raise InspectError(
            name,
            f"it is a {schema} document, of a newer ttinspect; this one reads {match[1]}.v1",
            "update ttinspect, or take the snapshot with this version",
        )
    if schema.startswith("ttinspect."):
        why = f"it is a {schema} document, not a source"
    else:
        why = f"its schema {schema!r} is not one of ttinspect's"
    raise InspectError(name, why, f"a source in JSON is {' or '.join(sorted(known))}")


def read_snapshot(content: bytes, name: str) -> Snapshot:
    """A snapshot document. Fields of newer versions are ignored; the regions' raw bytes are decoded anew.

    Raises:
        InspectError: 2 for JSON that is no snapshot; the message names the key path.
    """
    snapshot = decode_json(content, Snapshot, name)
    return msgspec.structs.replace(snapshot, published=_decoded_anew(snapshot.published))


def _decoded_anew(published: Published) -> Published:
    return msgspec.structs.replace(published, regions=tuple(decoded(region) for region in published.regions))


class _BriefChip(Chip, frozen=True, kw_only=True):
    """A chip whose design is not decoded yet: chips share a few of them."""

    soc: msgspec.Raw  # type: ignore[assignment]


class _BriefSystem(System, frozen=True, kw_only=True, tag_field="schema", tag=System.__struct_config__.tag):
    chips: tuple[_BriefChip, ...]


class _Regions(msgspec.Struct, frozen=True):
    """Whether there are any is known without decoding one."""

    regions: tuple[msgspec.Raw, ...]


class _Brief(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=Snapshot.__struct_config__.tag
):
    source: Source
    time_ns: int
    host: Host
    versions: Versions
    system: _BriefSystem
    published: msgspec.Raw


class BriefSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What a fleet needs of a snapshot; ``published`` only where it holds regions."""

    system: System
    time_ns: int
    host: Host
    versions: Versions
    published: Published | None


_BRIEF = msgspec.json.Decoder(_Brief)
_REGIONS = msgspec.json.Decoder(_Regions)
_PUBLISHED = msgspec.json.Decoder(Published)


@functools.lru_cache(maxsize=64)
def _design(content: bytes) -> Soc:
    """Chips of thousands of hosts share a few designs: each is decoded once, and a built-in one is that
    itself, so that comparing it takes no time."""
    soc = msgspec.json.decode(content, type=Soc)
    return next((known for known in (builtin_soc(soc.arch), uncorrected_soc(soc.arch)) if known == soc), soc)


def read_brief(content: bytes, name: str, *, published: bool = False) -> BriefSnapshot | None:
    """The chips, links and telemetry of a snapshot, in a quarter of the time that all of it takes; None for
    any other document. ``published``: also that there were no regions, and who was asked.

    Raises:
        InspectError: 2 for a snapshot that is not as it should be, with the key path.
    """
    try:
        brief = _BRIEF.decode(content)
        chips = tuple(_whole(chip) for chip in brief.system.chips)
        regions = _published(brief.published, always=published)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        if b'"ttinspect.snapshot.v' not in content[:256]:
            return None
        snapshot = read_snapshot(content, name)  # says what is wrong, and where
        return BriefSnapshot(
            system=checked(snapshot.replayed(name), name),
            time_ns=snapshot.time_ns,
            host=snapshot.host,
            versions=snapshot.versions,
            published=snapshot.published if published or snapshot.published.regions else None,
        )
    fields = {field: getattr(brief.system, field) for field in System.__struct_fields__}
    source = brief.system.source.replayed(name, brief.host.name, brief.time_ns)
    system = System(**{**fields, "chips": chips, "source": source})
    return BriefSnapshot(
        system=checked(system, name),
        time_ns=brief.time_ns,
        host=brief.host,
        versions=brief.versions,
        published=regions,
    )


def _published(content: msgspec.Raw, *, always: bool) -> Published | None:
    """What a host published, if anything; ``always``: also that it was nothing, and who was asked."""
    if not always and not _REGIONS.decode(content).regions:
        return None
    return _decoded_anew(_PUBLISHED.decode(content))


def _whole(chip: _BriefChip) -> Chip:
    fields = {field: getattr(chip, field) for field in Chip.__struct_fields__}
    return Chip(**{**fields, "soc": _design(bytes(chip.soc))})


def decoded(region: LookedAt) -> LookedAt:
    """Name and bytes are the truth: what was made of them stands beside them for people."""
    first, second = region.looks.file, region.second
    file = _read_again(first)
    if second is not None:
        second = file if second == first else _read_again(second)
    return LookedAt(looks=msgspec.structs.replace(region.looks, file=file), second=second)


def _read_again(file: RegionFile) -> RegionFile:
    return decoded_again(msgspec.structs.replace(file, file_id=file_id_of(file.name)))
