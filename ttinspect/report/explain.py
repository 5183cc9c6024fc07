"""The reports of ``explain``."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from ttinspect.answers.explain import ExplainAnswer
from ttinspect.report.markdown import escape
from ttinspect.report.screen import columns, row

_MARKDOWN_HEAD = """\
# Findings

Everything that `ttinspect` can find, by id: TTC capacity and check, TTH harvest, TTS shared memory, TTT
topology and telemetry. Written by `ttinspect explain --format markdown`.
"""


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


def explain_markdown(answer: ExplainAnswer) -> str:
    """All of the findings as one document, each under a heading of its own."""
    parts = [] if len(answer.findings) == 1 else [_MARKDOWN_HEAD]
    for text in answer.findings:
        parts.append(f"## {text.id} {escape(text.name)}\n\n{escape(text.title)}\n")
        for heading, body in (("Meaning", text.meaning), ("Cause", text.cause), ("Next", text.remedy)):
            parts.append(f"**{heading}.** {escape(body)}\n")
    return "\n".join(parts)


def explain_csv(answer: ExplainAnswer) -> tuple[tuple[str, ...], Iterable[tuple[object, ...]]]:
    """A row per finding."""
    header = ("id", "name", "title", "meaning", "cause", "remedy")
    return header, ((t.id, t.name, t.title, t.meaning, t.cause, t.remedy) for t in answer.findings)
