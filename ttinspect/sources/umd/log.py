"""What the log of a child tells: what it waited for, and its last words."""

import re

FIRMWARE = "ARC firmware"
"""What tt_umd says that it waits for when a chip hangs."""
_WAITING = re.compile(r"[Ww]aiting (?:for|on) (.*?)(?: \(\d+ ms elapsed.*)?(?: \([\w.]+:\d+\))?$")
_CHATTER = re.compile(r"\| *(?:trace|debug|info)\b *\|")
_MOST_CHARACTERS = 200


def waited_for(log: str) -> str:
    """What tt_umd says that it was waiting for: a lock, with the process that holds it, or the firmware of
    a hung device, for which it waits 300 s (tt-umd 0.9.14)."""
    for line in reversed(log.splitlines()):
        found = _WAITING.search(line)
        if found:
            return f"; it was waiting for {found[1]}"
    return ""


def last_words(log: str) -> str:
    """What was printed last: a functional simulator says there what it does not model, then ends the
    process."""
    for line in reversed(log.splitlines()):
        if line.strip() and not _CHATTER.search(line):
            return f'; last it said "{line.strip()[:_MOST_CHARACTERS]}"'
    return ""
