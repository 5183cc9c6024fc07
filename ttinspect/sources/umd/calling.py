"""In the child: calls into tt_umd, and what they raise."""

import sys
from typing import Any

Facts = dict[str, Any]
"""What becomes one JSON line; wire.py holds its type."""


def first_line(error: BaseException | str) -> str:
    """tt_umd's messages are followed by a C++ backtrace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def attempt(question: Any, *arguments: Any) -> Any:
    """An answer of tt_umd, None where it has none."""
    try:
        return question(*arguments)
    except umd_errors():
        return None


def umd_errors() -> tuple[type[Exception], ...]:
    """What calls into tt_umd raise: its own errors, and the standard ones of its bindings."""
    return (RuntimeError, ValueError, LookupError, OSError, sys.modules["tt_umd"].error.UmdBaseException)
