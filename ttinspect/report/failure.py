"""How a failure is told: two lines for people, one document for scripts."""

import json

from ttinspect.errors import InspectError


def failure_text(error: InspectError) -> str:
    """What went wrong and why; what to do next."""
    return f"ttinspect: {_line(error.what)}: {_line(error.why)}\n  Next: {_line(error.next_step)}\n"


def failure_json(error: InspectError) -> str:
    """The document ttinspect.error.v1 (schema: answers.failure.FailureAnswer)."""
    document = {
        "schema": "ttinspect.error.v1",
        "error": {
            "what": error.what,
            "why": error.why,
            "next_step": error.next_step,
            "exit_code": int(error.exit_code),
        },
    }
    return json.dumps(document) + "\n"


def _line(text: str) -> str:
    """One line that cannot move the cursor."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "replace").decode("ascii") for c in text
    )
