"""A failure as text: two lines for people, one document for scripts."""

import json

from ttinspect.errors import InspectError

_LONGEST = 1_000
"""Characters of each part: a name may have megabytes, a message must be read."""


def failure_text(error: InspectError) -> str:
    """What went wrong and why; what to do next."""
    return f"ttinspect: {_line(error.what)}: {_line(error.why)}\n  Next: {_line(error.next_step)}\n"


_LONGEST_ONELINE = 80
_CUT = "..."


def failure_oneline(error: InspectError) -> str:
    """The same in one line of at most 80 characters, where a verdict would stand: "ERROR no Tenstorrent
    devices found: ..."."""
    text = _line(f"ERROR {error.what}: {error.why}")
    return (text if len(text) <= _LONGEST_ONELINE else text[: _LONGEST_ONELINE - len(_CUT)] + _CUT) + "\n"


def failure_json(error: InspectError) -> str:
    """The document ttinspect.error.v1 (schema: answers.failure.FailureAnswer)."""
    document = {
        "schema": "ttinspect.error.v1",
        "error": {
            "what": _bounded(error.what),
            "why": _bounded(error.why),
            "next_step": _bounded(error.next_step),
            "exit_code": int(error.exit_code),
        },
    }
    return json.dumps(document) + "\n"


def _bounded(text: str) -> str:
    """Text without its middle where it is too long."""
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]} ... ({len(text) - _LONGEST} characters) ... {text[-half:]}"


def _line(text: str) -> str:
    """One line that cannot move the cursor."""
    text = _bounded(text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "replace").decode("ascii") for c in text
    )
