"""Numbers for people: the only place that divides."""

import datetime
import math
from collections.abc import Sequence

from ttinspect.model.arch import Coord

UNKNOWN = "unknown"
_KIB = 1024
_MIB = 1024**2
_GIB = 1024**3


def size(count_bytes: int | None) -> str:
    """Bytes as KiB, MiB or GiB: "91.5 MiB", "11.99 GiB", "0"; below 1 KiB as bytes."""
    if count_bytes is None:
        return UNKNOWN
    if count_bytes == 0:
        return "0"
    if count_bytes < _KIB:
        return f"{count_bytes} B"
    if count_bytes < _MIB:
        return f"{count_bytes / _KIB:.1f} KiB"
    if count_bytes < _GIB:
        return f"{count_bytes / _MIB:.1f} MiB"
    return f"{count_bytes / _GIB:.2f} GiB"


def used_of(used: int | None, whole: int | None) -> str:
    """Bytes used of a whole, in the unit of the whole: "1.3/91.5 MiB", "-/91.5 MiB", "-"."""
    if whole is None:
        return "-" if used is None else size(used)
    digits, unit, name = (2, _GIB, "GiB") if whole >= _GIB else (1, _MIB, "MiB")
    part = "-" if used is None else f"{used / unit:.{digits}f}"
    return f"{part}/{whole / unit:.{digits}f} {name}"


def share_of(used: int | None, whole: int | None) -> str:
    """Bytes used of a whole, and the percentage, aligned: "0.9/ 95.7 MiB   0.9 %", "?/ 95.7 MiB", "?"."""
    if whole is None:
        return "?" if used is None else size(used)
    digits, unit, name = (2, _GIB, "GiB") if whole >= _GIB else (1, _MIB, "MiB")
    part = "?" if used is None else f"{used / unit:.{digits}f}"
    share = "" if used is None else percent(used, whole)
    return f"{part}/{whole / unit:5.{digits}f} {name} {share:>7}"


def count(number: int | None) -> str:
    """A number with thousands separators."""
    return UNKNOWN if number is None else f"{number:,}"


def grid(coord: Coord | None) -> str:
    """A grid as "8x8"."""
    return UNKNOWN if coord is None else f"{coord[0]}x{coord[1]}"


def of(part: int | None, whole: int) -> str:
    """A count of live units: "64/80"."""
    return UNKNOWN if part is None else f"{part}/{whole}"


def shares(sizes: Sequence[int], width: int) -> list[int]:
    """Columns for sizes side by side, to scale: ``width`` in all, but none that has something without a
    column."""
    whole = sum(sizes)
    ends, at = [0], 0
    for part in sizes:
        at += part
        ends.append(round(at * width / whole) if whole else 0)
    return [
        max(end - begin, 1 if part else 0) for begin, end, part in zip(ends, ends[1:], sizes, strict=False)
    ]


def percent(part: int, whole: int) -> str:
    """A share, never rounded up to 100."""
    if whole <= 0:
        return UNKNOWN
    tenths = part * 1000 // whole if part >= 0 else 0
    return f"{tenths // 10}.{tenths % 10} %"


def utc(time_ns: int) -> str:
    """A realtime instant to the minute: "2026-11-23 15:40 UTC"; "at an unknown time" beyond the calendar."""
    try:
        instant = datetime.datetime.fromtimestamp(time_ns // 10**9, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return "at an unknown time"
    return instant.strftime("%Y-%m-%d %H:%M UTC")


def moment(time_ns: int, now_ns: int | None) -> str:
    """An instant of the same day as "08:12 UTC", any other as utc writes it."""
    text = utc(time_ns)
    same = now_ns is not None and utc(now_ns)[:10] == text[:10]
    return text[11:] if same else text


def clock_time(time_ns: int) -> str:
    """A realtime instant as the clock of this place shows it: "15:40:07"."""
    try:
        return datetime.datetime.fromtimestamp(time_ns // 10**9).astimezone().strftime("%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "--:--:--"


def instants(times_ns: Sequence[int]) -> list[datetime.datetime]:
    """Realtime instants for an axis of time, in UTC."""
    return [datetime.datetime.fromtimestamp(time_ns / 10**9, datetime.timezone.utc) for time_ns in times_ns]


def age(elapsed_ns: int) -> str:
    """How long something was ago: "0.3 s", "12 s", "5 min", "3 h", "2 d"."""
    seconds = max(0, elapsed_ns) / 10**9
    for limit, part, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds:.1f} s" if seconds < 10 else f"{seconds // part:.0f} {name}"
    return f"{seconds // 86_400:.0f} d"


def id_ranges(ids: tuple[int, ...] | list[int]) -> str:
    """Chip ids with runs shortened: "0-7, 12"."""
    runs: list[list[int]] = []
    for number in sorted(ids):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" if b > a + 1 else f"{a}, {b}" for a, b in runs)


def chips_named(ids: tuple[int, ...] | list[int]) -> str:
    """One chip or several, by id: "chip 3", "chips 0-7, 12"."""
    return f"chip {ids[0]}" if len(ids) == 1 else f"chips {id_ranges(ids)}"


def reach(mmio: bool | None, via: int | None) -> str:
    """How a chip is reached: mmio, "via 0", or "-" where the source does not say."""
    if mmio is None:
        return "-"
    if mmio:
        return "mmio"
    return "remote" if via is None else f"via {via}"


def growth(old: object, new: object) -> str:
    """By how much a count differs: "+4,096"; nothing for what is no count."""
    return f"{new - old:+,}" if isinstance(old, int) and isinstance(new, int) else ""


def steps(part: int, whole: int, most: int) -> int:
    """A part of a whole in steps of a picture, at most ``most``: rounded up, so that whatever is there is
    seen."""
    return 0 if part <= 0 or whole <= 0 else min(most, -(-part * most // whole))


def progress_bar(done: int, whole: int, width: int = 30) -> str:
    """How far something is: "[######      ] 1,200 of 10,000"."""
    filled = width * done // whole if whole else 0
    return f"[{'#' * filled}{' ' * (width - filled)}] {done:,} of {whole:,}"


def circle(number: int, box: tuple[int, int]) -> tuple[list[tuple[int, int]], int]:
    """Centres of so many boxes on a circle on which they do not touch, and the side of the square around
    them, in pixels."""
    around = number * (box[0] + 12)
    radius = max(box[0], round(around / (2 * math.pi)) + box[0] // 2)
    middle = radius + box[0] // 2 + 12
    angles = [2 * math.pi * index / number - math.pi / 2 for index in range(number)]
    return [
        (round(middle + radius * math.cos(angle)), round(middle + radius * math.sin(angle)))
        for angle in angles
    ], 2 * middle
