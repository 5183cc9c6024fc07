"""The answer of ``explain``: what findings mean."""

import msgspec

from ttinspect.errors import InspectError
from ttinspect.fleet.rules import RULES as FLEET_RULES
from ttinspect.model.finding import Explanation
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.findings.rules import RULES

EXPLANATIONS: tuple[Explanation, ...] = tuple(
    rule.explanation for rule in sorted((*RULES, *FLEET_RULES), key=lambda rule: rule.id)
)
"""Every finding that ttinspect gives, by id."""


class ExplainAnswer(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.explain.v1"
):
    """What ``explain`` says: one finding, or all of them. It reads no source."""

    tool: Tool = TOOL
    source: None = None
    findings: tuple[Explanation, ...]


def build_explain(finding_id: str | None) -> ExplainAnswer:
    """The explanation of one finding, any case; of all without an id.

    Raises:
        InspectError: 2 for an unknown id.
    """
    if finding_id is None:
        return ExplainAnswer(findings=EXPLANATIONS)
    found = tuple(text for text in EXPLANATIONS if text.id == finding_id.upper())
    if not found:
        raise InspectError(
            f"unknown finding {finding_id!r}", "no finding has this id", "ttinspect explain lists all of them"
        )
    return ExplainAnswer(findings=found)
