"""What holds of the English of every message: counts agree with their nouns and verbs, and nothing is a range
of one."""

import re

_COUNT = r"(?<![\w.,:/#=-])"
_WRONG = (
    re.compile(_COUNT + r"1 (?:more |other |live |eth |DRAM |tensix |harvested )?(?!(?:is|was|has|bytes?'s)\b)[a-z]+[^s\W]s\b"),
    re.compile(_COUNT + r"1 (?:eth |DRAM |chip )?[a-z]+ (?:are|were|have)\b"),
    re.compile(_COUNT + r"(?:[02-9]|[1-9][0-9]+) (?:chip|channel|core|bank|link|slot|host|row|column|process|device|region|file)\b(?!-| entr)"),
    re.compile(r"(?<![\w.:x-])([0-9]+)-\1(?![\w.:-])"),
    re.compile(r"\b(?:chips|channels|slots|pids|cores|banks|rows|columns|links) [0-9]+(?![\w,-]| and| to| with|\.[0-9])"),
)  # fmt: skip


def wrong_counts(message: str) -> list[str]:
    """Where a message says "1 chips", "2 chip", "channels 3-3" or "slots 4"."""
    return [match[0] for pattern in _WRONG for match in pattern.finditer(message)]


def assert_counts_agree(message: str) -> None:
    """Nothing of that is in a message."""
    assert wrong_counts(message) == [], message
