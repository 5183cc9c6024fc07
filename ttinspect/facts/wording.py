"""Counts in sentences."""


def plural(count: int, one: str, many: str | None = None) -> str:
    """ "1 slot", "2 slots", "2 processes", "1,000 chips"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def verb(count: int, one: str, many: str) -> str:
    """The form of a verb that goes with a count: "is" or "are"."""
    return one if count == 1 else many
