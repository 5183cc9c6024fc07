"""Reading many hosts: each document as a Reading, or why it is none."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ttinspect.errors import InspectError
from ttinspect.facts.files import looks_like_json
from ttinspect.facts.yamltree import parse_yaml
from ttinspect.model.fleet import PassedOver, Unreadable
from ttinspect.model.system import System
from ttinspect.shm.published import Published
from ttinspect.sources.cabling import is_fsd_text, is_gsd_text
from ttinspect.sources.documents import Document, Progress, documents


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One document of a fleet as it was read: a host, or one host of a description of several.

    ``host`` is the name that the document gives itself, None where it has none. ``file`` names the document
    for people, ``stem`` is what stands for the host's name then. ``motherboard`` is the DMI board_name.
    ``published`` is there for a snapshot that holds regions, or of which it was asked for.
    """

    system: System
    file: str
    stem: str
    host: str | None = None
    time_ns: int | None = None
    motherboard: str | None = None
    driver: str | None = None
    published: Published | None = None


Entry = Reading | Unreadable | PassedOver


def read_fleet(
    paths: Sequence[str], progress: Progress | None = None, *, published: bool = False
) -> Iterator[Entry]:
    """Every host of what the user named, in the order of names within a folder. ``published``: also of a
    snapshot without regions what was asked for them.

    Raises:
        InspectError: 2 or 6 for a path that is not there or may not be read, 2 for an archive beyond the
            bounds, 4 for a zstd file without zstandard.
    """
    for document in documents(paths, progress):
        yield from entries(document, published=published)


def entries(document: Document, *, published: bool = False) -> Iterator[Entry]:
    """The hosts of one document."""
    try:
        if document.why is not None:
            yield Unreadable(file=document.file, stem=document.stem, place=document.file, why=document.why)
        elif is_gsd_text(document.content) and document.beside:
            yield PassedOver(
                file=document.file,
                why="a global system descriptor beside hosts; --cabling holds them against it",
            )
        elif is_gsd_text(document.content):
            yield from _gsd(document)
        elif is_fsd_text(document.content):
            raise InspectError(
                document.file, "it is a factory system descriptor: what should be there", "--cabling FILE"
            )
        elif looks_like_json(document.content[:65536]):
            yield _json(document, published)
        else:
            yield _yaml(document)
    except InspectError as error:
        yield Unreadable(file=document.file, stem=document.stem, place=error.what, why=error.why)


def _json(document: Document, published: bool) -> Reading:
    from ttinspect.sources.opening import read_content
    from ttinspect.sources.snapshot import read_brief

    brief = read_brief(document.content, document.file, published=published)
    if brief is not None:
        return Reading(
            system=brief.system,
            file=document.file,
            stem=document.stem,
            host=brief.host.name,
            time_ns=brief.time_ns,
            motherboard=brief.host.motherboard,
            driver=brief.versions.driver,
            published=brief.published,
        )
    system = read_content(document.content, document.file)
    of_host = system.of_host
    return Reading(
        system=system,
        file=document.file,
        stem=document.stem,
        host=None if of_host.host is msgspec.UNSET else of_host.host.name,
        time_ns=None if of_host.time_ns is msgspec.UNSET else of_host.time_ns,
        driver=system.kmd_version,
    )


def _yaml(document: Document) -> Reading:
    from ttinspect.sources.opening import system_of_yaml

    parsed: Any = parse_yaml(document.content, document.file)
    system = system_of_yaml(parsed, document.file)
    cluster_id = parsed.get("cluster_id") if isinstance(parsed, dict) else None
    return Reading(
        system=system,
        file=document.file,
        stem=document.stem,
        host=str(cluster_id) if isinstance(cluster_id, str | int) and str(cluster_id) else None,
    )


def _gsd(document: Document) -> Iterator[Reading]:
    from ttinspect.sources.cabling import read_gsd
    from ttinspect.sources.gsd import systems_of_gsd

    cabling = read_gsd(parse_yaml(document.content, document.file), document.file)
    for host, system in zip(cabling.hosts, systems_of_gsd(cabling), strict=True):
        yield Reading(
            system=system,
            file=document.file,
            stem=host.name,
            host=host.name,
            motherboard=host.motherboard,
        )
