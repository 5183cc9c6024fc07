"""The answer of a command that failed: ttinspect.error.v1."""

import msgspec


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What did not work, why, what to do, and the exit code of the process."""

    what: str
    why: str
    next_step: str
    exit_code: int


class FailureAnswer(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.error.v1"):
    """What any command says in JSON when it fails."""

    error: Failure
