"""The reports of ``explain``."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from ttinspect.answers.explain import ExplainAnswer
from ttinspect.report.screen import columns, row


def explain_table(answer: ExplainAnswer) -> list[RenderableType]:
    """One finding at length, or the list of all."""
    if len(answer.findings) == 1:
        text = answer.findings[0]
        parts: list[RenderableType] = [Text(f"{text.id} {text.name}: {text.title}")]
        for heading, body in (("Meaning", text.meaning), ("Cause", text.cause), ("Next", text.remedy)):
            parts += [Text(""), Text(heading, style="bold"), Padding(Text(body), (0, 0, 0, 2))]
        return parts
    table = columns("id", "name", "~")
    for text in answer.findings:
        row(table, text.id, text.name, text.title)
    return [table]


def explain_csv(answer: ExplainAnswer) -> tuple[tuple[str, ...], Iterable[tuple[object, ...]]]:
    """A row per finding."""
    header = ("id", "name", "title", "meaning", "cause", "remedy")
    return header, ((t.id, t.name, t.title, t.meaning, t.cause, t.remedy) for t in answer.findings)
