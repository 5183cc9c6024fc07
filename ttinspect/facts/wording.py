"""Counts in sentences."""


def plural(count: int, singular: str, plural_form: str | None = None) -> str:
    """ "1 slot", "2 slots", "2 processes", "1,000 chips"."""
    return f"{count:,} {singular if count == 1 else plural_form or singular + 's'}"


def verb(count: int, singular: str, plural_form: str) -> str:
    """The form of a verb that goes with a count: "is" or "are"."""
    return singular if count == 1 else plural_form
