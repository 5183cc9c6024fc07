#!/usr/bin/env bash
# Package:  zstandard 0.25.0 (PyPI)
# Guess:    the ways to read a file are one reader in several dresses: they read all frames of it, as `zstd -d` does, and
#           a frame that was cut off (its writer was killed, its disk was full) raises.
# Behaves:  of a file of two frames decompress(), read_to_iter() and decompressobj() give the first alone, stream_reader(),
#           copy_stream() and open() both. Of a frame that was cut in the middle only decompress() says so: all that
#           read streams end quietly with what there is, as at the end of a whole file.
# Matters:  a recording that was appended to loses its second half with one reader, and one whose recorder was killed
#           looks whole with the others: whether it ended must be written into it.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install zstandard==0.25.0
"$d/v/bin/python" - <<'P'
import io, random

import zstandard

random.seed(0)
WHOLE = random.randbytes(300_000)
pack, reader = zstandard.ZstdCompressor().compress, zstandard.ZstdDecompressor()


def copied(data):
    into = io.BytesIO()
    reader.copy_stream(io.BytesIO(data), into)
    return into.getvalue()


READERS = {
    "decompress": reader.decompress,
    "read_to_iter": lambda data: b"".join(reader.read_to_iter(io.BytesIO(data))),
    "decompressobj": lambda data: reader.decompressobj().decompress(data),
    "stream_reader": lambda data: reader.stream_reader(io.BytesIO(data)).read(),
    "copy_stream": copied,
    "open": lambda data: zstandard.open(io.BytesIO(data), "rb").read(),
}
two, cut = pack(b"one,") + pack(b"two"), pack(WHOLE)[:150_000]
seen = {}
for name, read in READERS.items():
    try:
        part = read(cut)
        assert WHOLE.startswith(part)
        end = f"{len(part)} bytes"
    except zstandard.ZstdError as error:
        end = str(error)
    seen[name] = (read(two), end.startswith("1"))
    print(f"{name}: {read(two).decode()!r}, cut: {end}")
first, both = b"one,", b"one,two"
assert seen == {"decompress": (first, False), "read_to_iter": (first, True), "decompressobj": (first, True),
                "stream_reader": (both, True), "copy_stream": (both, True), "open": (both, True)}, seen
P
# Seen: decompress: 'one,', cut: decompression error: did not decompress full frame
#       read_to_iter: 'one,', cut: 149985 bytes
#       decompressobj: 'one,', cut: 149985 bytes
#       stream_reader: 'one,two', cut: 149985 bytes
#       copy_stream: 'one,two', cut: 149985 bytes
#       open: 'one,two', cut: 149985 bytes
