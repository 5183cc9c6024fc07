"""Numbers and names inside the sentences of findings."""

from collections.abc import Iterable, Sequence

from ttinspect.facts.wording import plural
from ttinspect.model.region import Figures
from ttinspect.shm.layout import Layout
from ttinspect.shm.usage import counter

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def size(count: int) -> str:
    """A size for a sentence: exact bytes below 1 KiB, else with one decimal. The evidence has the bytes."""
    if abs(count) < 1024:
        return plural(count, "byte")
    exponent = min((abs(count).bit_length() - 1) // 10, len(UNITS) - 1)
    return f"{count / (1 << 10 * exponent):.1f} {UNITS[exponent]}"


def exact(count: int) -> str:
    """A size to the byte, where a difference of a few bytes is what matters."""
    return plural(count, "byte")


def holdings(layout: Layout, figures: Figures) -> str:
    """What a slot holds, buffer types with nothing in them left out: "1.0 GiB of DRAM and 8.0 KiB of L1"."""
    held = ((each.label, counter(figures, each.name)) for each in layout.usage)
    parts = [f"{size(count)} of {label}" for label, count in held if count]
    return listed(parts) if parts else "nothing"


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def numbers(values: Iterable[int]) -> str:
    """Numbers, listed."""
    return listed([str(value) for value in values])


def which(noun: str, values: Sequence[int]) -> str:
    """ "chip 3", "chips 0 and 2"."""
    return f"{noun if len(values) == 1 else noun + 's'} {numbers(values)}"
