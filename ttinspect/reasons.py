"""Why an allocation failed, for Python: ``ttinspect.why(exception)``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ttinspect.answers.memory_faults import ExplainedError

_WIDTH = 100


class Why:
    """The memory errors in an exception, explained. As text it is what ``ttinspect explain`` prints.

    Attributes:
        errors: one for each memory error, in order; empty where the exception holds none.
    """

    def __init__(self, text: str) -> None:
        from ttinspect.answers.explain import build_explained_errors
        from ttinspect.capacity.error_text import find_errors

        self._answer = build_explained_errors(find_errors(text))
        self.errors: tuple[ExplainedError, ...] = self._answer.errors

    def __bool__(self) -> bool:
        return bool(self.errors)

    def __str__(self) -> str:
        from ttinspect.report.explain import explain_table
        from ttinspect.report.screen import Screen, render

        return render(explain_table(self._answer), Screen(width=_WIDTH, color=False)).rstrip("\n")


def why(exception: BaseException | str) -> Why:
    """What the memory errors in an exception of tt-metal mean, and what would help::

        try:
            y = ttnn.matmul(a, b, memory_config=ttnn.L1_MEMORY_CONFIG)
        except RuntimeError as error:
            print(ttinspect.why(error))
            raise

    Args:
        exception: what was raised, those that it came from included; or its text.
    """
    if isinstance(exception, str):
        return Why(exception)
    texts = dict.fromkeys(str(exception_of_chain) for exception_of_chain in _chain(exception))
    return Why("\n".join(texts))


def _chain(exception: BaseException) -> Iterator[BaseException]:
    causes: list[BaseException] = []
    cause: BaseException | None = exception
    while cause is not None and all(cause is not earlier for earlier in causes):
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return iter(causes)
