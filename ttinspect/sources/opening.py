"""From what a user names as a source to a System: the one way in."""

import io
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from ttinspect.errors import InspectError
from ttinspect.facts.files import (
    PACKED,
    RECORDING,
    YAML_LIMIT_BYTES,
    ZSTD,
    document_name,
    looks_like_json,
    open_regular,
    read_document,
    readable,
)
from ttinspect.facts.node import kind_of_value, show
from ttinspect.facts.socs import arch_named, is_soc_document
from ttinspect.facts.yamltree import parse_yaml
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.graphs.kinds import HEAD_BYTES, is_capture, is_database, is_report
from ttinspect.sources.live import LiveOptions, read_here

if TYPE_CHECKING:
    from ttinspect.sources.snapshot import Snapshot

KINDS = ("umd", "sim", "sysfs", "host", "board", "masks")
"""What may stand before the first colon of a SOURCE; everything else is a path."""

_WHAT_IS_READ = (
    "name a UMD cluster descriptor (YAML), a tt-smi -s document (JSON), a ttinspect snapshot or a ttnn report"
)


_ELF = b"\x7fELF"
"""What shared libraries begin with."""

_ABSENT = msgspec.Raw(b"")


class _Head(msgspec.Struct):
    """Enough of a JSON document to tell what it is."""

    schema: msgspec.Raw = _ABSENT
    device_info: msgspec.Raw = _ABSENT
    arch: msgspec.Raw = _ABSENT


def kind_of(source: str) -> str:
    """umd, sim, sysfs, host, board or masks; "path" for everything else."""
    head = source.partition(":")[0]
    return head if head in KINDS and (":" in source or head in ("umd", "sysfs", "host")) else "path"


def source_meant(word: str) -> str | None:
    """The SOURCE that somebody meant by a word: the word itself where it is one, ``board:p150`` for
    ``bord:p150``, ``sim:FILE`` for a library; None where nothing is close."""
    import difflib
    from pathlib import Path

    if kind_of(word) != "path":
        return word
    head, colon, rest = word.partition(":")
    close = difflib.get_close_matches(head.lower(), KINDS, n=1) if colon else []
    if close:
        return f"{close[0]}:{rest}"
    try:
        if not Path(word).is_file():
            return None
        with Path(word).open("rb") as file:
            return f"sim:{word}" if file.read(len(_ELF)) == _ELF else word
    except (OSError, ValueError):
        return None


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What a SOURCE says. ``snapshot`` is there when it is one; ``system`` is that of it, as recorded."""

    system: System
    snapshot: "Snapshot | None" = None


def open_source(source: str, options: LiveOptions | None = None) -> System:
    """The System that a SOURCE describes.

    Raises:
        InspectError: with the exit code of what went wrong; see the README's table.
    """
    return open_all(source, options).system


def open_all(source: str, options: LiveOptions | None = None) -> Opened:
    """Everything that a SOURCE says.

    Raises:
        InspectError: as open_source.
    """
    if not source:
        raise InspectError(
            "the source is empty", "that is no file, and no device", "name a source, or leave it out"
        )
    if kind_of(source) == "path":
        opened = _recorded(source)
    else:
        opened = Opened(system=read_here(_described(source, options or LiveOptions())))
    system, shown = opened.system, readable(opened.system.source.detail)
    if shown == system.source.detail:
        return opened
    named = msgspec.structs.replace(system, source=msgspec.structs.replace(system.source, detail=shown))
    return msgspec.structs.replace(opened, system=named)


def _recorded(source: str) -> Opened:
    """What a file says, or the folder that ttnn wrote a report into."""
    head = _head_of_file(source)
    if head is None or is_report(head):
        return Opened(system=_read_report(source))
    if _is_recording(source, head):
        return _read_recording(source)
    if is_database(head):
        why = "a database of ttnn has no cluster descriptor"
        raise InspectError(source, why, f"name the report it was made of, or ttinspect programs {source}")
    return _read_content(_read_file(source), document_name(source))


def _head_of_file(source: str) -> bytes | None:
    """The first bytes of a file; None for a folder, none where something is wrong with it."""
    import os

    if os.path.isdir(source):  # noqa: PTH112 - bytes that are no UTF-8
        return None
    try:
        if source == "-":
            return b""
        with open_regular(source) as file:
            return file.read(HEAD_BYTES)
    except (InspectError, OSError):
        return b""


def _read_report(source: str, stream: BinaryIO | None = None) -> System:
    """The System of the cluster descriptor in a report of ttnn."""
    from ttinspect.sources.graphs.opening import read_descriptor

    text, path = read_descriptor(source, stream)
    name = document_name(path)
    system = _read_yaml(text.encode(), f"{name}, cluster_descriptor")
    named = Source(kind=SourceKind.REPORT, detail=name, live=False, example=False)
    return msgspec.structs.replace(system, source=named)


def _read_recording(source: str) -> Opened:
    """The last moment of a recording."""
    from ttinspect.sources.recording import last_moment, recorded_source

    snapshot = last_moment(source)
    return Opened(system=recorded_source(snapshot, document_name(source)), snapshot=snapshot)


def begins_as_recording(source: str) -> bool:
    """Whether a source is a recording, by its first bytes; a file that cannot be read is none."""
    head = _head_of_file(source) if kind_of(source) == "path" else None
    return head is not None and _is_recording(source, head)


def _is_recording(source: str, head: bytes) -> bool:
    """Any document may be packed with zstd."""
    if not head.startswith(ZSTD):
        return head.startswith(RECORDING)
    from ttinspect.sources.recording import first_bytes

    return first_bytes(source).startswith(RECORDING)


def _read_file(source: str) -> bytes:
    """What is in a file, with a hint where no file was meant."""
    try:
        content = read_document(source)
    except InspectError as error:
        meant = source_meant(source)
        if meant in (None, source):
            raise
        raise InspectError(error.what, error.why, f"did you mean --from {meant}?", error.exit_code) from None
    if content.startswith(_ELF):
        raise InspectError(
            document_name(source),
            "it is a library and no document",
            f"a functional simulator is --from sim:{source}",
        )
    return content


def _described(source: str, options: LiveOptions) -> System:
    kind = kind_of(source)
    rest = source.partition(":")[2]
    if kind == "board":
        from ttinspect.sources.board import read_board

        return read_board(rest)
    if kind == "masks":
        from ttinspect.sources.masks import read_masks

        return read_masks(rest)
    if kind in ("umd", "sim"):
        from ttinspect.sources.umd.target import read_live

        live = read_live(kind, rest, options)
        return _with_readiness(live, "") if kind == "umd" else live
    if kind == "host":
        from ttinspect.sources.host import read_host

        return _with_readiness(read_host(rest, options), rest)
    from ttinspect.sources.sysfs import read_sysfs

    return _with_readiness(read_sysfs(rest, options), rest)


def _with_readiness(system: System, root: str) -> System:
    """With what the host below the root is ready for; rights only of a live one, not of a copied tree."""
    from pathlib import Path

    from ttinspect.host.readiness import read_readiness

    try:
        ready = read_readiness(Path(root or "/"), live=system.source.live)
    except InspectError:  # the source has told why devices cannot be listed
        return system
    return msgspec.structs.replace(system, readiness=ready)


def read_content(content: bytes, name: str) -> System:
    """The System of a document; its content decides what it is.

    Raises:
        InspectError: 2 for a document that is none of those that ttinspect reads.
    """
    return _read_content(content, name).system


def _read_content(content: bytes, name: str) -> Opened:
    if content.startswith(PACKED):
        from ttinspect.sources.documents import unpacked_document

        content = unpacked_document(content, name)
    if not content.strip():
        raise InspectError(name, "it is empty", _WHAT_IS_READ)
    if is_report(content[:HEAD_BYTES]):
        return Opened(system=_read_report("-", io.BytesIO(content)))
    if is_capture(content[:HEAD_BYTES]):
        why = "a bare capture of ttnn does not say what it was run on"
        raise InspectError(name, why, f"name a report, or ttinspect programs {name}")
    if looks_like_json(content[:65536]):
        opened = _read_json(content, name)
        if opened is not None:
            return opened
    return Opened(system=_read_yaml(content, name))


def _read_json(content: bytes, name: str) -> Opened | None:
    """A JSON document; None when it should be tried as YAML."""
    stripped = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    head = _head_of(stripped)
    if head is None and b"\n{" in stripped:
        # tt-smi's own lines before the document, when its output was redirected
        later = stripped[stripped.index(b"\n{") + 1 :]
        later_head = _head_of(later)
        if later_head is not None and bytes(later_head.device_info):
            head, stripped = later_head, later
    if head is None:
        # YAML in flow style starts with a brace too, and has unquoted keys; for JSON that is broken
        # the typed reader says where.
        if stripped[:1] in (b"{", b"[") and stripped[1:].lstrip()[:1] in (b'"', b"{", b"[", b"}", b"]"):
            from ttinspect.sources.jsontext import decode_json

            decode_json(stripped, _Head if stripped[:1] == b"{" else list[msgspec.Raw], name)
            raise _none_of_ours(name)
        return None
    if bytes(head.device_info):
        from ttinspect.sources.tt_smi import read_tt_smi

        return Opened(system=read_tt_smi(stripped, name))
    if bytes(head.schema):
        return _read_ours(stripped, _schema_name(head.schema, name), name)
    if bytes(head.arch) and len(content) <= YAML_LIMIT_BYTES:
        return None
    raise _none_of_ours(name)


def _none_of_ours(name: str) -> InspectError:
    return InspectError(name, "this JSON is none of the documents that ttinspect reads", _WHAT_IS_READ)


def _head_of(content: bytes) -> _Head | None:
    """What a JSON document is; None for anything else."""
    try:
        return msgspec.json.decode(content, type=_Head)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def _schema_name(raw: msgspec.Raw, name: str) -> str:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):  # which of both: it depends on the release of msgspec
        raise InspectError(name, "it is not UTF-8 text", _WHAT_IS_READ) from None
    return value if isinstance(value, str) and len(value) <= 60 else show(value)


def _read_ours(content: bytes, schema: str, name: str) -> Opened:
    from ttinspect.sources.checking import checked
    from ttinspect.sources.snapshot import Snapshot, read_snapshot, refuse_schema

    if schema == Snapshot.__struct_config__.tag:
        snapshot = read_snapshot(content, name)
        return Opened(system=checked(snapshot.replayed(name), name), snapshot=snapshot)
    if schema != System.__struct_config__.tag:
        refuse_schema(schema, name)
    from ttinspect.sources.jsontext import decode_json

    system = decode_json(content, System, name)
    source = system.source.replayed(name, None, None)
    return Opened(system=checked(msgspec.structs.replace(system, source=source), name))


def _read_yaml(content: bytes, name: str) -> System:
    return system_of_yaml(parse_yaml(content, name), name)


def system_of_yaml(document: Any, name: str) -> System:
    """The System of a parsed YAML document.

    Raises:
        InspectError: 2 for one that is no cluster descriptor.
    """
    if is_soc_document(document):
        arch = document.get("arch_name")
        if isinstance(arch, str):
            arch_named(arch)  # an unsupported name is what is wrong first
        raise InspectError(
            name,
            "it is a SoC descriptor, which describes a design and not a chip",
            f"use --from masks:{arch or 'ARCH'},soc={name}, or ttinspect soc --file {name}",
        )
    if isinstance(document, dict) and "compute_node_specs" in document:
        raise InspectError(
            name, "it is a global system descriptor, of several hosts", f"ttinspect fleet {name}"
        )
    if (
        not isinstance(document, dict)
        or not {"arch", "ethernet_connections", "chips_with_mmio", "harvesting"} & document.keys()
    ):
        raise InspectError(
            name, f"found {kind_of_value(document)}, expected a UMD cluster descriptor", _WHAT_IS_READ
        )
    from ttinspect.sources.cluster import read_cluster

    return read_cluster(document, name)
