"""The one error type of ttinspect, and the exit codes of its command line."""

import sys
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes; those below 10 mean the same as in Tenstorrent's own ``tt``."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    NO_DEVICES = 3
    NO_UMD = 4
    UMD_FAILED = 5
    PERMISSION = 6
    UNSUPPORTED_ARCH = 7
    CHECK_FAILED = 10
    INCONCLUSIVE = 11
    INTERRUPTED = 130
    TERMINATED = 143


EXIT_CODE_MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: "done; every check passed (warnings allowed, unless --strict); also a closed pipe",
    ExitCode.INTERNAL: "internal error",
    ExitCode.USAGE: "usage, a refused mask, an input file that is wrong",
    ExitCode.NO_DEVICES: "no devices",
    ExitCode.NO_UMD: "something that the command needs is not installed: tt_umd, or an extra (the command "
    "that installs it is told)",
    ExitCode.UMD_FAILED: "tt_umd failed, crashed or timed out, there are devices but no kernel driver, or a "
    "chip could not be read (the others are printed)",
    ExitCode.PERMISSION: "permission denied",
    ExitCode.UNSUPPORTED_ARCH: "unsupported architecture",
    ExitCode.CHECK_FAILED: "a check ran and failed",
    ExitCode.INCONCLUSIVE: "inconclusive: it could not be checked",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}
"""As README and the man page say them."""

_BY_PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.INTERNAL,
    ExitCode.USAGE,
    ExitCode.CHECK_FAILED,
    ExitCode.UMD_FAILED,
    ExitCode.PERMISSION,
    ExitCode.INCONCLUSIVE,
    ExitCode.DONE,
)


def most_important(*codes: ExitCode) -> ExitCode:
    """Of the exit codes that apply at once, the one to exit with."""
    return min(codes, key=_BY_PRECEDENCE.index)


class InspectError(Exception):
    """Something that a user can cause or meet, said in their words.

    Raised where it is known what went wrong; ``cli.main`` alone turns it into text or JSON.

    Attributes:
        what: what did not work, one line.
        why: the cause, one line.
        next_step: what the user can do about it, one line.
        exit_code: the process exit code.
    """

    def __init__(self, what: str, why: str, next_step: str, exit_code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why
        self.next_step = next_step
        self.exit_code = exit_code


def missing_extra(who: str, library: str, extra: str) -> InspectError:
    """The error of a command whose optional libraries are not installed."""
    return InspectError(
        f"{who} needs {library}, which is not installed",
        f"it belongs to the extra {extra!r} of ttinspect",
        _installs(extra),
        ExitCode.NO_UMD,
    )


def _installs(extra: str) -> str:
    """The command that adds an extra to the environment that runs. One that belongs to pipx or uv is out of
    pip's reach, and is made anew with the extras that are named: with all, so that none is lost."""
    home = sys.prefix.split("/")[-3:-1]
    if home == ["pipx", "venvs"]:
        return "pipx install --force 'ttinspect[all]'"
    if home == ["uv", "tools"]:
        return "uv tool install 'ttinspect[all]'"
    return f"pip install 'ttinspect[{extra}]'"
