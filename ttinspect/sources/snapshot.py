"""Snapshots: everything about a host in one JSON document, and reading one."""

import re

import msgspec

from ttinspect import __version__
from ttinspect.errors import InspectError
from ttinspect.model.region import RegionFile
from ttinspect.model.system import Source, System
from ttinspect.model.tool import TOOL, Tool
from ttinspect.shm.decode import decoded_again
from ttinspect.shm.published import LookedAt, Published
from ttinspect.shm.reader import file_id_of
from ttinspect.sources.jsontext import decode_json


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """Where a snapshot was taken; None is unknown, or removed."""

    name: str | None


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
    published = snapshot.published
    regions = tuple(_decoded(region) for region in published.regions)
    return msgspec.structs.replace(snapshot, published=msgspec.structs.replace(published, regions=regions))


def _decoded(region: LookedAt) -> LookedAt:
    """Name and bytes are the truth: what was made of them stands beside them for people."""
    second = None if region.second is None else _read_again(region.second)
    file = _read_again(region.looks.file)
    return LookedAt(looks=msgspec.structs.replace(region.looks, file=file), second=second)


def _read_again(file: RegionFile) -> RegionFile:
    return decoded_again(msgspec.structs.replace(file, file_id=file_id_of(file.name)))
