"""What a cabling should be: factory system descriptor, global system descriptor, cutsheet.

Read by their content: a textproto is read by protobuf's own text format, with the schema of tt-metal's
factory_system_descriptor.proto built here. Fields that are 0 are left out there.
"""

import csv
import io
from typing import Any

from ttinspect.errors import InspectError, missing_extra
from ttinspect.facts.node import U32_MAX, U64_MAX, Node
from ttinspect.facts.yamltree import parse_yaml
from ttinspect.model.fleet import CabledEnd, CabledHost, CabledPort, Cabling

FSD, GSD, CUTSHEET = "factory system descriptor", "global system descriptor", "cutsheet"
_HINT = "name a factory system descriptor (textproto), a global system descriptor (YAML) or a cutsheet (CSV)"
_UINT32, _STRING, _MESSAGE = 13, 9, 11
_SCHEMA: dict[str, list[tuple[str, int, str | None, bool]]] = {
    "Host": [
        ("hostname", _STRING, None, False),
        ("hall", _STRING, None, False),
        ("aisle", _STRING, None, False),
        ("rack", _UINT32, None, False),
        ("shelf_u", _UINT32, None, False),
        ("motherboard", _STRING, None, False),
        ("group_name", _STRING, None, False),
    ],
    "BoardLocationType": [
        ("host_id", _UINT32, None, False),
        ("tray_id", _UINT32, None, False),
        ("board_type", _STRING, None, False),
    ],
    "BoardTypes": [("board_locations", _MESSAGE, "BoardLocationType", True)],
    "EndPoint": [
        ("host_id", _UINT32, None, False),
        ("tray_id", _UINT32, None, False),
        ("asic_location", _UINT32, None, False),
        ("chan_id", _UINT32, None, False),
    ],
    "Connection": [
        ("endpoint_a", _MESSAGE, "EndPoint", False),
        ("endpoint_b", _MESSAGE, "EndPoint", False),
    ],
    "EthConnections": [("connection", _MESSAGE, "Connection", True)],
    "FactorySystemDescriptor": [
        ("hosts", _MESSAGE, "Host", True),
        ("board_types", _MESSAGE, "BoardTypes", False),
        ("eth_connections", _MESSAGE, "EthConnections", False),
    ],
}
"""Messages of the schema: fields in the order of their numbers, from 1 on; the last is whether it repeats."""


def read_cabling(content: bytes, name: str) -> Cabling:
    """A cabling, whichever of the three kinds it is.

    Raises:
        InspectError: 2 for anything else, 4 when protobuf is not installed.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InspectError(name, "it is not UTF-8 text", _HINT) from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.split(",")[0].strip().strip('"').lower() == "hostname":
        return _cutsheet(text, name)
    if is_gsd_text(content):
        return read_gsd(parse_yaml(content, name), name)
    if first.lstrip().startswith(("hosts", "board_types", "eth_connections", "#")):
        return _fsd(text, name)
    raise InspectError(name, "it is no cabling that ttinspect reads", _HINT)


def is_gsd_text(content: bytes) -> bool:
    """Whether a document is a global system descriptor, before it is parsed."""
    return content.startswith(b"compute_node_specs:") or b"\ncompute_node_specs:" in content


def is_fsd_text(content: bytes) -> bool:
    """Whether a document is a factory system descriptor, before it is parsed."""
    return content.lstrip().startswith((b"hosts {", b"hosts{", b"board_types {", b"eth_connections {"))


def _message_class() -> Any:
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ModuleNotFoundError:
        raise missing_extra("a factory system descriptor", "protobuf", "fleet") from None
    file = descriptor_pb2.FileDescriptorProto(name="ttinspect_fsd.proto", package="fsd", syntax="proto3")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for number, (field, kind, of, repeated) in enumerate(fields, 1):
            added = message.field.add(name=field, number=number, type=kind, label=3 if repeated else 1)
            if of is not None:
                added.type_name = f".fsd.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("fsd.FactorySystemDescriptor"))


def _fsd(text: str, name: str) -> Cabling:
    kind = _message_class()
    from google.protobuf import text_format

    try:
        document = text_format.Parse(text, kind())
    except text_format.ParseError as error:
        raise InspectError(name, " ".join(str(error).split()), "correct the file") from None
    boards: dict[int, dict[int, str]] = {}
    for board in document.board_types.board_locations:
        boards.setdefault(board.host_id, {})[board.tray_id] = board.board_type
    hosts = tuple(
        CabledHost(
            name=host.hostname,
            hall=host.hall,
            aisle=host.aisle,
            rack=host.rack or None,
            shelf_u=host.shelf_u or None,
            motherboard=host.motherboard or None,
            boards=boards.get(index, {}),
        )
        for index, host in enumerate(document.hosts)
    )
    links: dict[tuple[CabledEnd, CabledEnd], None] = {}
    for connection in document.eth_connections.connection:
        ends = []
        for end in (connection.endpoint_a, connection.endpoint_b):
            if end.host_id >= len(hosts):
                raise InspectError(
                    name, f"a connection names host {end.host_id}, of {len(hosts)}", "correct it"
                )
            ends.append((end.host_id, end.tray_id, end.asic_location, end.chan_id))
        links[min(ends), max(ends)] = None
    return _checked(Cabling(file=name, kind=FSD, hosts=hosts, links=tuple(links)))


def _checked(cabling: Cabling) -> Cabling:
    if not cabling.hosts:
        raise InspectError(cabling.file, "it names no host", _HINT)
    names = [host.name for host in cabling.hosts]
    twice = (
        next((name for name in names if names.count(name) > 1), None) if len({*names}) < len(names) else None
    )
    if twice is not None:
        raise InspectError(cabling.file, f"it names the host {twice!r} twice", "correct the file")
    return cabling


def read_gsd(document: Any, name: str) -> Cabling:
    """The cabling that a global system descriptor says.

    Raises:
        InspectError: 2 for a document that is none.
    """
    root = Node(document, name)
    hosts = []
    for host, node in root.require("compute_node_specs", "the hosts").entries():
        boards: dict[int, str] = {}
        ids: dict[tuple[int, int], int] = {}
        motherboard = node.child("motherboard")
        for board in node.child("asic_info").sequence("a list of boards"):
            tray = board.child("tray_id").unsigned() if board.child("tray_id") else 0
            boards[tray] = board.require("board_type", "a board type").text()
            for asic in board.child("asics").sequence("a list of ASICs"):
                place = asic.child("asic_location")
                ids[tray, place.unsigned() if place else 0] = asic.require("asic_id", "a unique id").unsigned(
                    U64_MAX
                )
        hosts.append(
            CabledHost(
                name=str(host),
                motherboard=motherboard.text() if motherboard else None,
                boards=boards,
                asic_ids=ids,
            )
        )
    index = {host.name: number for number, host in enumerate(hosts)}
    links: dict[tuple[CabledEnd, CabledEnd], None] = {}
    for key in ("local_eth_connections", "global_eth_connections"):
        node = root.child(key)
        for pair in node.sequence("a list of connections") if node else ():
            ends = [_gsd_end(end, index) for end in pair.sequence("two ends")]
            if len(ends) != 2:
                pair.fail("two ends")
            links[min(ends), max(ends)] = None
    return _checked(Cabling(file=name, kind=GSD, hosts=tuple(hosts), links=tuple(links)))


def _gsd_end(node: Node, index: dict[str, int]) -> CabledEnd:
    host = node.require("host_name", "a host name")
    if str(host.value) not in index:
        host.fail("a host of compute_node_specs")
    numbers = [
        part.unsigned() if (part := node.child(key)) else 0 for key in ("tray_id", "asic_location", "chan_id")
    ]
    return index[str(host.value)], numbers[0], numbers[1], numbers[2]


_COLUMNS = ("hostname", "hall", "aisle", "rack", "shelf u", "tray", "port")


def _cutsheet(text: str, name: str) -> Cabling:
    """A cable a row: the same header names stand twice, for its two ends."""
    lines = csv.reader(io.StringIO(text, newline=None))  # some spreadsheets end lines with CR alone
    try:
        rows = list(lines)
    except csv.Error as error:
        raise InspectError(f"{name}, line {lines.line_num}", f"it is no CSV: {error}", _HINT) from None
    header = [cell.strip().lower() for cell in rows[0]]
    columns: list[dict[str, int]] = [{}, {}]
    for number, cell in enumerate(header):
        columns[0 if cell not in columns[0] else 1].setdefault(cell, number)
    for side in columns:
        missing = [cell for cell in _COLUMNS if cell not in side and cell in ("hostname", "tray", "port")]
        if missing:
            raise InspectError(f"{name}, line 1", f"there are no two columns {missing[0]!r}", _HINT)
    hosts: dict[str, CabledHost] = {}
    cables: dict[tuple[CabledPort, CabledPort], None] = {}
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        ends = [_cutsheet_end(row, side, hosts, f"{name}, line {line}") for side in columns]
        cables[min(ends), max(ends)] = None
    return _checked(Cabling(file=name, kind=CUTSHEET, hosts=tuple(hosts.values()), cables=tuple(cables)))


def _cutsheet_end(
    row: list[str], side: dict[str, int], hosts: dict[str, CabledHost], where: str
) -> CabledPort:
    def cell(column: str) -> str:
        number = side.get(column)
        return row[number].strip() if number is not None and number < len(row) else ""

    name, tray, port = cell("hostname"), _number(cell("tray")), cell("port")
    if not name or tray is None or not port:
        raise InspectError(where, "an end needs Hostname, Tray (a number) and Port", "correct the cutsheet")
    hosts.setdefault(
        name,
        CabledHost(
            name=name,
            hall=cell("hall"),
            aisle=cell("aisle"),
            rack=_number(cell("rack")),
            shelf_u=_number(cell("shelf u")),
        ),
    )
    return list(hosts).index(name), tray, port


def _number(text: str) -> int | None:
    """A number, also with letters before it: "U08", "T3"."""
    digits = text.lstrip("".join(sorted({*text} - {*"0123456789"})))
    return int(digits) if digits.isdecimal() and int(digits) <= U32_MAX else None


def fsd_text(cabling: Cabling) -> str:
    """A cabling with links as a factory system descriptor.

    Raises:
        InspectError: 4 when protobuf is not installed.
    """
    kind = _message_class()
    from google.protobuf import text_format

    document = kind()
    for index, host in enumerate(cabling.hosts):
        document.hosts.add(
            hostname=host.name,
            hall=host.hall,
            aisle=host.aisle,
            rack=host.rack or 0,
            shelf_u=host.shelf_u or 0,
            motherboard=host.motherboard or "",
        )
        for tray, board in sorted(host.boards.items()):
            document.board_types.board_locations.add(host_id=index, tray_id=tray, board_type=board)
    for pair in cabling.links:
        connection = document.eth_connections.connection.add()
        for target, end in zip((connection.endpoint_a, connection.endpoint_b), pair, strict=True):
            target.host_id, target.tray_id, target.asic_location, target.chan_id = end
    return str(text_format.MessageToString(document))
