"""The answer of ``collect``: which hosts were asked, and what became of them."""

from collections.abc import Sequence

import msgspec

from ttinspect.errors import ExitCode
from ttinspect.model.collecting import Collected, CollectedHost
from ttinspect.model.tool import TOOL, Tool

GOOD = (Collected.COLLECTED, Collected.THERE)


class CollectCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many hosts came to what."""

    collected: int
    there: int
    failed: int
    timed_out: int
    rubbish: int


class CollectAnswer(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.collect.v1"
):
    """What ``collect`` says. It reads no source; ``directory`` is where the snapshots are, a file a host."""

    tool: Tool = TOOL
    source: None = None
    directory: str
    counts: CollectCounts
    hosts: tuple[CollectedHost, ...]


def build_collect(directory: str, hosts: Sequence[CollectedHost]) -> CollectAnswer:
    """The answer, hosts in the order in which they were named."""
    states = [host.state for host in hosts]
    return CollectAnswer(
        directory=directory,
        counts=CollectCounts(**{state.value: states.count(state) for state in Collected}),
        hosts=tuple(hosts),
    )


def collect_exit_code(answer: CollectAnswer) -> ExitCode:
    """0 when every host's snapshot is there, else 11; 5 when chips of one could not be read."""
    if any(host.state not in GOOD for host in answer.hosts):
        return ExitCode.INCONCLUSIVE
    unread = any(host.exit_code for host in answer.hosts)
    return ExitCode.UMD_FAILED if unread else ExitCode.DONE
