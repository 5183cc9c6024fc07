"""``collect`` for people: hosts that did not send a snapshot, with their last line, and the counts."""

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.collect import GOOD, CollectAnswer
from ttinspect.model.collecting import Collected, CollectedHost
from ttinspect.report.common import names_of_hosts
from ttinspect.report.screen import add_row, columns, harmless

_STATES = {
    Collected.FAILED: "failed",
    Collected.TIMED_OUT: "timed out",
    Collected.RUBBISH: "rubbish",
    Collected.COLLECTED: "collected",
    Collected.THERE: "there",
}
_WORST_FIRST = tuple(_STATES)


def collect_table(answer: CollectAnswer, exit_code: int) -> list[RenderableType]:
    """A row per host with something to say, equal ones together; then how many came to what."""
    table = columns("", "~host", ">exit", "~", header=False)
    groups: dict[tuple[Collected, int | None, str | None, str | None], list[str]] = {}
    for host in answer.hosts:
        if host.why is not None:
            groups.setdefault((host.state, host.exit_code, host.why, host.said), []).append(host.host)
    for (state, code, why, last_line), hosts in sorted(groups.items(), key=lambda group: _order(group[0][0])):
        text = why if last_line is None else f"{why}\n{last_line}"
        style = "yellow" if state in GOOD else "bold red"
        cells = [Text(harmless(line)) for line in (text or "").split("\n")]
        add_row(
            table,
            Text(f" {_STATES[state]}", style=style),
            names_of_hosts(hosts),
            "-" if code is None else code,
            Text("\n").join(cells),
        )
    parts: list[RenderableType] = [table, Text("")] if table.row_count else []
    return [*parts, _verdict(answer, exit_code)]


def _order(state: Collected) -> int:
    return _WORST_FIRST.index(state)


def _verdict(answer: CollectAnswer, exit_code: int) -> Text:
    counts = answer.counts
    whole = all(host.state in GOOD for host in answer.hosts)
    outcomes = [f"{counts.collected} collected"]
    outcomes += [f"{counts.there} there already"] if counts.there else []
    outcomes += [f"{counts.failed} failed"] if counts.failed else []
    outcomes += [f"{counts.timed_out} timed out"] if counts.timed_out else []
    outcomes += [f"{counts.rubbish} sent rubbish"] if counts.rubbish else []
    verdict = Text("DONE" if whole else "INCOMPLETE", style="bold green" if whole else "bold red")
    text = f"  {', '.join(outcomes)}; snapshots in {answer.directory}  (exit {exit_code})"
    return verdict.append(harmless(text), "not bold default")


def collect_csv(answer: CollectAnswer) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """A row per host."""
    rows: list[tuple[object, ...]] = [_cells(host) for host in answer.hosts]
    return ("host", "state", "file", "exit_code", "why", "said"), rows


def _cells(host: CollectedHost) -> tuple[object, ...]:
    return host.host, host.state.value, host.file, host.exit_code, host.why, host.said
