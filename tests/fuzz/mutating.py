"""Inputs from inputs. Most changes are gentle: they exchange a number, a word or a line for another, so that
many inputs are still accepted and reach what comes behind the reader. The rest break the document.
"""

import copy
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import yaml

_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 7, 255, 256, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), 10**40,
    0.0, -0.5, 1e308, "", " ", "0", "-1", "0x41", "0x" + "f" * 40, "1e999", "nan", "\x1b[31m", "\u202e", "\ud7ff",
    "=1+1", "a" * 5000, "\u0661", "../../etc/passwd", "${HOME}", [], {}, [[]], [None], {"": None}, {"a": {"b": []}},
)  # fmt: skip
_BYTES = (
    b"\0", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\x1b[31m", b"\r\n", b"\t", b"- ", b": ", b"{", b"}", b"[", b"]", b'"',
    b"'", b",", b"=", b"..", b"0x", b"-", b"9" * 30, b"1e999", b"NaN", b"&a", b"*a", b"!!python/name:os.system ",
    b"<<: ", b"#", b"\n", b"\xe2\x80\xae", b"%s", b"null", b"\x85", b"\xe2\x80\xa8",
)  # fmt: skip
_NUMBERS = (
    b"0", b"1", b"2", b"3", b"4", b"7", b"8", b"10", b"16", b"31", b"63", b"64", b"120", b"140", b"255", b"256", b"4095",
    b"1572864", b"4294967295", b"4294967296", b"9223372036854775807", b"0x41", b"0x3fff", b"0.5", b"-1",
)  # fmt: skip
_WORDS = (
    b"true", b"false", b"null", b"wormhole_b0", b"blackhole", b"quasar", b"n150", b"n300", b"p100", b"p150", b"p300",
    b"galaxy", b"ubb", b"unknown", b"N/A", b"l1", b"dram", b"tile", b"row_major", b"on", b"off", b"x", b"=1+1",
    b"\xce\xbc", b"\xe2\x80\xae",
)  # fmt: skip
_U64 = (0, 1, 2, 5, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
_IN_LIST = re.compile(rb"[\[,][0-9]+[\],]")
_TOKEN = re.compile(rb"0x[0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?|[A-Za-z_]+")
_LONGEST_WORD = 40
_BIGGEST_TREE = 20_000
_MAGIC_SQLITE = b"SQLite format 3\0"
_MAGIC_ZSTD = b"\x28\xb5\x2f\xfd"


def mutate(data: bytes, random: Random, most: int = 1 << 20) -> bytes:
    """Another input of this one; the same for the same random."""
    kind = random.random()
    if kind < 0.1:
        for _ in range(random.choice((1, 1, 2, 3, 8))):
            data = _bytes_changed(data, random)
        return data[:most]
    inside = _INSIDE.get(data[:4]) if len(data) > 4 else None
    if inside is not None:
        data = inside(data, random)
    elif b"\0" in data[:64]:
        data = _words_changed(data, random)
    elif kind < 0.15 and len(data) <= _BIGGEST_TREE:
        data = _tree_changed(data, random)
    else:
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            data = _tokens_changed(data, random)
    return data[:most]


def _tokens_changed(data: bytes, random: Random) -> bytes:
    """A number or word for another one; now and then lines doubled, dropped or exchanged."""
    kind = random.randrange(24)
    if kind == 0 and b"\n" in data[:-1]:
        return _lines_changed(data, random)
    token = _token(data, random)
    if token is None:
        return _bytes_changed(data, random)
    start, end = token.span()
    if end - start > _LONGEST_WORD:  # base64: one letter for another
        place = random.randrange(start, end)
        return data[:place] + random.choice((b"A", b"B", b"a", b"8", b"/")) + data[place + 1 :]
    if kind == 1:  # exchanged for another token of the input
        other = _token(data, random)
        new = other[0][:_LONGEST_WORD] if other is not None else b"0"
    elif token[0][:1].isdigit():
        new = _number(token[0], random)
    elif kind < 16:
        new = random.choice(_WORDS)
    else:  # a name or word that is cut, longer, or one letter off
        at = random.randrange(end - start)
        new = token[0][:at] + random.choice((b"", b"a", b"Z", b"_", b"1", token[0])) + token[0][at + 1 :]
    return data[:start] + new + data[end:]


def _token(data: bytes, random: Random) -> re.Match[bytes] | None:
    """A token behind a random place; rarely a key, whose name decides whether anything is read at all, or a number
    in a list of JSON: the cores of a chip are thousands of them, and each has to fit the others."""
    token = None
    for _ in range(6):
        token = _TOKEN.search(data, random.randrange(len(data) or 1))
        if token is None:
            continue
        start, end = token.span()
        behind = data[end : end + 2]
        is_key = behind[:1] in (b":", b"=") or behind == b'":'
        is_listed = _IN_LIST.fullmatch(data, max(start - 1, 0), end + 1)
        if not (is_key or is_listed) or random.random() < 0.05:
            return token
    return token or _TOKEN.search(data)


def _number(old: bytes, random: Random) -> bytes:
    kind = random.randrange(6)
    if kind == 0 or not old.isdigit() or len(old) > 25:
        return random.choice(_NUMBERS)
    value = int(old)
    if kind < 3:
        return b"%d" % (value + 1 if random.random() < 0.6 else max(value - 1, 0))
    if kind == 3:
        return b"%d" % random.randrange(2 * value + 2)
    if kind == 4:
        return b"%d" % (value ^ (1 << random.randrange(20)))
    return b"%d" % random.randrange(16)


def _lines_changed(data: bytes, random: Random) -> bytes:
    lines = data.split(b"\n")
    line, other = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randrange(3)
    if kind == 0:
        lines[line], lines[other] = lines[other], lines[line]
    elif kind == 1:
        lines.insert(other, lines[line])
    else:
        del lines[line]
    return b"\n".join(lines)


def _words_changed(data: bytes, random: Random) -> bytes:
    """Numbers of 8 or 4 bytes in a binary file changed, those that are not zero three times in four."""
    made = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4))):
        size = random.choice((8, 8, 8, 4))
        place = random.randrange(max(len(made) // size, 1)) * size
        if random.random() < 0.75:
            nearest = re.compile(rb"[^\0]").search(made, place)
            place = nearest.start() // size * size if nearest else place
        old = int.from_bytes(made[place : place + size], "little")
        kind = random.randrange(4)
        new = (
            random.choice(_U64)
            if kind == 0
            else old + random.choice((-1, 1, 4096))
            if kind == 1
            else old ^ (1 << random.randrange(size * 8))
            if kind == 2
            else random.randrange(2 * old + 2)
        )
        made[place : place + size] = (new % (1 << size * 8)).to_bytes(size, "little")
    return bytes(made)


def _zstd_changed(data: bytes, random: Random) -> bytes:
    import zstandard

    try:
        plain = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except zstandard.ZstdError:
        return _bytes_changed(data, random)
    return zstandard.ZstdCompressor().compress(_tokens_changed(plain[:1_000_000], random))


def _database_changed(data: bytes, random: Random) -> bytes:
    """One cell of a database changed."""
    if not data.startswith(_MAGIC_SQLITE) or not hasattr(sqlite3.Connection, "deserialize"):  # 3.10
        return _bytes_changed(data, random)
    connection: Any = sqlite3.connect(":memory:")
    try:
        connection.deserialize(data)
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        table = random.choice(tables)
        columns = [row[1] for row in connection.execute("SELECT * FROM pragma_table_info(?)", (table,))]
        column = random.choice(columns)
        cells = connection.execute(f'SELECT rowid, "{column}" FROM "{table}"').fetchall()
        row, old = random.choice(cells)
        new: Any = random.choice((*_ODD[:2], 0, 1, 5, -1, 2**40, 0.5, "x", b"\xff"))
        if isinstance(old, int) and random.random() < 0.7:
            new = int(_number(b"%d" % abs(old), random).split(b".")[0], 0) % (1 << 62)
        elif isinstance(old, str) and random.random() < 0.7:
            new = _tokens_changed(old.encode(), random).decode("utf-8", "replace")
        connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (new, row))
        connection.commit()
        return bytes(connection.serialize())
    except (sqlite3.Error, IndexError, UnicodeError, OverflowError):
        return _bytes_changed(data, random)
    finally:
        connection.close()


_INSIDE: dict[bytes, Callable[[bytes, Random], bytes]] = {
    _MAGIC_ZSTD: _zstd_changed,
    _MAGIC_SQLITE[:4]: _database_changed,
}


def _tree_changed(data: bytes, random: Random) -> bytes:
    """Values of a document changed for values that are odd."""
    tree = _tree(data)
    if tree is None:
        return _bytes_changed(data, random)
    document, dump = tree
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        document = _changed(document, random)
    return dump(document)


def _tree(data: bytes) -> tuple[Any, Callable[[Any], bytes]] | None:
    try:
        return json.loads(data), lambda document: json.dumps(document, default=str).encode(
            "utf-8", "surrogatepass"
        )
    except (ValueError, RecursionError):
        pass
    try:
        document = yaml.load(data, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError):
        return None
    if not isinstance(document, dict | list):
        return None
    return document, lambda document: yaml.dump(
        document, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False
    ).encode("utf-8", "surrogatepass")


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    stack = [document]
    while stack:
        at = stack.pop()
        keys = list(at) if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
        for key in keys:
            yield at, key
            stack.append(at[key])


def _changed(document: Any, random: Random) -> Any:
    places = list(_places(document))
    if not places:
        return random.choice(_ODD)
    at, key = random.choice(places)
    value = at[key]
    kind = random.randrange(6)
    if kind == 0:
        at[key] = copy.deepcopy(random.choice(_ODD))
    elif kind == 1:
        del at[key]
    elif kind == 2:
        other, elsewhere = random.choice(places)
        with_it = other[elsewhere] if elsewhere in other or isinstance(other, list) else None
        at[key] = copy.deepcopy(with_it)
    elif kind == 3 and isinstance(at, dict):
        at[random.choice(("", "0", "-1", f"{key}x", "device", "chips", "\x1b"))] = at.pop(key)
    elif isinstance(value, int) and not isinstance(value, bool):
        at[key] = random.choice(
            (value + 1, value - 1, -value, value << 32, value ^ (1 << random.randrange(70)))
        )
    elif isinstance(at, list) and kind == 4:
        at.extend(copy.deepcopy(value) for _ in range(random.choice((1, 2, 40))))
    else:
        at[key] = copy.deepcopy(random.choice(_ODD))
    return document


def _bytes_changed(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data) + 1)
    end = min(len(data), start + random.choice((0, 1, 1, 2, 4, 16, 200)))
    kind = random.randrange(5)
    if kind == 0:
        return data[:start] + random.choice(_BYTES) + data[end:]
    if kind == 1:
        return data[:start] + data[end:]
    if kind == 2:
        return data[:start] + random.randbytes(end - start or 1) + data[end:]
    if kind == 3:
        return data[:end] + data[start:end] * random.choice((1, 2, 50)) + data[end:]
    return data[:start] if random.random() < 0.3 else data[:start] + data[start : start + 1] + data[start:]
