"""Markdown tables."""

from collections.abc import Iterable, Sequence

from ttinspect.report.common import Subjects, subject
from ttinspect.report.screen import harmless


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; text from outside cannot break out of its cell."""
    lines = [_line(header), _line(["---"] * len(header)), *(_line(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(escape(str(cell)) for cell in cells) + " |"


def escape(text: str) -> str:
    """Text that Markdown shows as it is."""
    shown = harmless(text)
    for sign in ("\\", "|", "`", "*", "_", "<", "["):
        shown = shown.replace(sign, "\\" + sign)
    return shown


def findings_markdown(findings: list[Subjects]) -> list[str]:
    """Findings as one list, nothing where there are none."""
    lines = []
    for chips, finding in findings:
        sentence = escape(subject(chips) + finding.message)
        lines.append(f"- **{finding.severity.value}** {finding.id} {finding.name}: {sentence}")
    return ["\n".join(lines)] if lines else []
