"""Standard output and standard error: all of it or an error that says so; nothing about standard input."""

import contextlib
import io
import os
import select
import sys

from ttinspect.errors import ExitCode, InspectError

CLOSED = "/dev/full"
"""Stands for a stream that the caller closed: nothing can be written to either."""


_begun: set[str] = set()
"""Holds "stdout" once something was written there: an answer is there, or a part of one."""


def answer_begun() -> bool:
    """Whether anything of an answer may be on standard output."""
    return bool(_begun)


def reopen_closed() -> None:
    """Put a stream that refuses to be written to in the place of each standard stream that the caller has
    closed. Called before anything is written."""
    _begun.clear()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(CLOSED, "w"))  # noqa: PTH123, SIM115


def write_out(text: str, *, machine: bool) -> None:
    """Write to standard output until everything is out, however little it takes at a time.

    What ``machine`` reads is UTF-8 whatever the locale is; a table is in the encoding of the terminal, with
    escapes for what that does not have.

    Raises:
        BrokenPipeError: the reader has gone.
        InspectError: 2, the system does not take it.
    """
    try:
        sys.stdout.flush()
        descriptor = sys.stdout.fileno()
    except (AttributeError, ValueError):  # a stand-in without a file behind it
        sys.stdout.write(text)
        return
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refused(error) from None
    encoding = "utf-8" if machine else sys.stdout.encoding or "utf-8"
    left = memoryview(text.encode(encoding, "backslashreplace"))
    _begun.add("stdout")  # before it is: a signal can come in between
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:  # the caller made it so; whoever reads will make room
            select.select([], [descriptor], [])
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _refused(error) from None


def tell(text: str) -> None:
    """Write to standard error. If that fails, nobody can be told, and the answer goes on."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _leave("stderr")


def leave_stdout() -> None:
    """Keep the interpreter from complaining about standard output at its end."""
    _leave("stdout")


def settle(code: int) -> int:
    """The exit code, once nothing is left that the interpreter would write at its end: where it could not, it
    would end with a code of its own."""
    for name in ("stderr", "stdout"):
        try:
            getattr(sys, name).flush()
        except (OSError, ValueError) as error:
            _leave(name)
            if name == "stdout" and code == ExitCode.DONE and not isinstance(error, BrokenPipeError):
                code = ExitCode.USAGE
    return code


class _Nowhere(io.TextIOBase):
    """Takes everything and keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)


def _leave(name: str) -> None:
    """Write nothing to a stream any more, what it still holds neither; nor do the children."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), getattr(sys, name).fileno())
    for kept in (name, f"__{name}__"):  # the interpreter flushes both
        setattr(sys, kept, _Nowhere())


def _refused(error: OSError) -> InspectError:
    why = "it is closed" if sys.stdout.name == CLOSED else (error.strerror or str(error)).lower()
    return InspectError("cannot write to standard output", why, "write to a file with --output")
