"""Sizes as people write them: "64K", "1.5 MiB", "65536"."""

import re

from ttinspect.errors import InspectError

_UNITS = {"": 1, "B": 1, "K": 2**10, "KIB": 2**10, "M": 2**20, "MIB": 2**20, "G": 2**30, "GIB": 2**30}
_DECIMAL = ("KB", "MB", "GB")
_SIZE = r"(\d{1,20})(?:\.(\d{1,12}))?\s*([A-Za-z]*)"
_MOST = 2**63 - 1


def parse_size(text: str, what: str = "a size") -> int:
    """Bytes of a size: a number, with K, M, G (1024) or KiB, MiB, GiB. ``what`` is what an error calls it.

    Raises:
        InspectError: 2 for anything else, a negative size, KB and the like (1000 or 1024?), and what is no
            whole number of bytes.
    """
    match = re.fullmatch(_SIZE, text.strip(), re.ASCII)
    if match is None:
        if text.strip().startswith("-"):
            raise _refused(what, text, "a size cannot be negative")
        raise _refused(what, text, "it is no size")
    whole, fraction, unit = match[1], match[2] or "", match[3].upper()
    if unit in _DECIMAL:
        raise _refused(what, text, f"{match[3]} is 1000 to some and 1024 to others")
    if unit not in _UNITS:
        raise _refused(what, text, f"{match[3]!r} is no unit of bytes")
    scale: int = 10 ** len(fraction)
    size, rest = divmod(int(whole + fraction) * _UNITS[unit], scale)
    if rest:
        raise _refused(what, text, "it is no whole number of bytes")
    if size > _MOST:
        raise _refused(what, text, "it is larger than any memory")
    return size


def _refused(what: str, text: str, why: str) -> InspectError:
    return InspectError(
        f"{what} {text}", why, "give bytes, or a number with K, M or G (1024) or KiB, MiB, GiB: 65536 or 64K"
    )
