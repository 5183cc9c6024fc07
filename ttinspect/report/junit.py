"""JUnit XML: suites of test cases, as CI systems read it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from xml.sax.saxutils import escape, quoteattr

from ttinspect.report.screen import harmless

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_COUNTED = ("tests", "failures", "errors", "skipped")


class Result(Enum):
    """What a test case came to; an error is a test that could not be decided."""

    PASSED = "passed"
    FAILURE = "failures"
    ERROR = "errors"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class TestCase:
    """One test case: ``message`` in one line, ``text`` at length."""

    name: str
    result: Result
    message: str = ""
    text: str = ""


def junit(name: str, suites: Iterable[tuple[str, Sequence[TestCase]]]) -> str:
    """A document of suites, each with the name of what it is about."""
    totals, lines = Counter[str](), []
    for about, cases in suites:
        counts = _counts(cases)
        totals.update(counts)
        lines.append(f"  <testsuite name={_quoted(about)} {_attributes(counts)}>")
        lines += [f"    {_case(about, case)}" for case in cases]
        lines.append("  </testsuite>")
    head = f"<testsuites name={_quoted(name)} {_attributes(totals)}>"
    return "\n".join([_DECLARATION, head, *lines, "</testsuites>"]) + "\n"


def _counts(cases: Sequence[TestCase]) -> Counter[str]:
    counts = Counter(case.result.value for case in cases)
    counts["tests"] = len(cases)
    return counts


def _attributes(counts: Counter[str]) -> str:
    return " ".join(f'{name}="{counts[name]}"' for name in _COUNTED)


def _quoted(text: str) -> str:
    return quoteattr(harmless(text))


def _case(about: str, case: TestCase) -> str:
    head = f"<testcase classname={_quoted(about)} name={_quoted(case.name)}"
    body = _body(case)
    return f"{head}>{body}</testcase>" if body else f"{head}/>"


def _body(case: TestCase) -> str:
    text = escape("\n".join(map(harmless, case.text.split("\n"))))
    if case.result is Result.SKIPPED:
        return f"<skipped message={_quoted(case.message)}/>"
    if case.result is Result.PASSED:
        return f"<system-out>{text}</system-out>" if text else ""
    tag = "failure" if case.result is Result.FAILURE else "error"
    return f"<{tag} message={_quoted(case.message)}>{text}</{tag}>"
