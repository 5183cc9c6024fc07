"""What ends the program from outside: SIGINT, SIGTERM and SIGHUP. They are remembered while the command line
is being imported, raised while a command runs, and too late once its exit code is known.

Imports next to nothing: it comes first.
"""

import signal
import sys

TYPE_CHECKING = False  # as type checkers know it; typing takes its time to import
if TYPE_CHECKING:
    from typing import Any

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_arrived: list[int] = []
"""Their numbers, also of those whose exception was lost."""
_lost: list[int] = []
"""The last one, where what it raised was lost in a callback that Python ignores."""
_before: "dict[int, Any]" = {}
"""The handlers from before a command ran; none while none runs."""


class TerminatedError(BaseException):
    """SIGTERM arrived, or the terminal is gone (SIGHUP)."""


def remember() -> None:
    """Keep signals that arrive until they can be raised; the second one of the same number ends the process
    at once. A signal that is ignored (nohup) stays ignored."""
    for number in _ending():
        signal.signal(number, _remember)
    sys.unraisablehook = _unraisable


def raise_from_now_on() -> None:
    """Raise what arrives, and what was remembered, until ``stop_raising``.

    Raises:
        KeyboardInterrupt: for SIGINT.
        TerminatedError: for the others.
    """
    _before.update({number: signal.getsignal(number) for number in _ending()})
    for number in _before:
        signal.signal(number, _raise)
    _raise_first()


def stop_raising() -> None:
    """Called when the exit code is known: signals that arrive afterwards change nothing. A signal that
    arrived before and was not raised yet is raised as by ``raise_from_now_on``."""
    _restore()
    _raise_first()


def forget() -> None:
    """Forget the signals that were reported, so that a further command line in this process starts afresh."""
    _restore()
    _arrived.clear()
    _lost.clear()


def ignore() -> None:
    """Ignore signals from here on: the process ends, and could report them no more."""
    for number in _ending():
        signal.signal(number, signal.SIG_IGN)


def _ending() -> list[int]:
    takes = (signal.SIG_DFL, signal.default_int_handler, _remember)
    return [number for number in _ENDING if signal.getsignal(number) in takes]


def _restore() -> None:
    handlers = dict(_before)
    _before.clear()
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _raise_first() -> None:
    if _arrived:
        raise KeyboardInterrupt if _arrived[0] == signal.SIGINT else TerminatedError


def _remember(number: int, _frame: object) -> None:
    _arrived.append(number)
    signal.signal(number, signal.SIG_DFL)


def _raise(number: int, _frame: object) -> None:
    """Where another one came before, what it raised is on its way, and all is being put in order."""
    again = bool(_arrived) and not _lost
    if _before:
        _arrived.append(number)
        _lost.clear()
        if not again:
            _raise_first()


def _unraisable(failure: "sys.UnraisableHookArgs") -> None:
    """For ``sys.unraisablehook``: what a signal raised in a callback that Python ignores is remembered, and
    nothing is to be said of it."""
    if isinstance(failure.exc_value, KeyboardInterrupt | TerminatedError):
        _lost.extend(_arrived[-1:])
    else:
        sys.__unraisablehook__(failure)
