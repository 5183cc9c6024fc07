"""Counts and lists in sentences."""

from collections.abc import Sequence


def plural(count: int, singular: str, plural_form: str | None = None) -> str:
    """ "1 slot", "2 slots", "2 processes", "1,000 chips"."""
    return f"{count:,} {singular if count == 1 else plural_form or singular + 's'}"


def first_of(parts: Sequence[object], most: int, separator: str = ", ") -> str:
    """The first few of many: "a, b and 12 more"."""
    left = len(parts) - most
    return separator.join(map(str, parts[:most])) + (f" and {left} more" if left > 0 else "")


def verb(count: int, singular: str, plural_form: str) -> str:
    """The form of a verb that goes with a count: "is" or "are"."""
    return singular if count == 1 else plural_form
