"""The reports of ``diff``."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from ttinspect.answers.diff import DiffAnswer, DiffChip, HostDiff
from ttinspect.facts.wording import plural
from ttinspect.report.common import CsvRows, markdown_table, markdown_text, names_of_hosts, source_line
from ttinspect.report.screen import add_row, columns, harmless
from ttinspect.report.units import UNKNOWN, count, growth, id_ranges, size
from ttinspect.verify.compare.changes import Change, Value

Row = tuple[str, str, str, str, str]
"""What happened, to which chips, to which fact, what it was, what it is."""

_STYLES = {"vanished": "bold red", "appeared": "bold yellow", "moved": "yellow", "changed": "yellow"}
_LONGEST_VALUE = 200


def diff_table(answer: DiffAnswer, exit_code: int) -> list[RenderableType]:
    """The answer for a terminal. ``exit_code`` is what the command will exit with."""
    old, new = source_line(answer.old), source_line(answer.new)
    parts: list[RenderableType] = [_headed("Old", old), _headed("New", new), Text("")]
    parts += _l1_table(answer) if answer.l1 else _tables(answer)
    for (what, _, _), (hosts, answer_of_hosts) in _groups_of_hosts(answer).items():
        parts.append(_styled(what).append(harmless(f"  {names_of_hosts(hosts)}"), "not bold default"))
        parts += _tables(answer_of_hosts) or [Text("")]
    return [*parts, _verdict(answer, exit_code)]


def _l1_table(answer: DiffAnswer) -> list[RenderableType]:
    """What grew in L1, to the byte; what only one side has comes last."""
    table = columns(">change", "~fact", ">old", ">new")
    for change in answer.changed:
        add_row(table, growth(change.old, change.new), change.path, _exact(change.old), _exact(change.new))
    return [table, Text("")] if answer.changed else []


def _exact(value: Value) -> str:
    if value is None:
        return UNKNOWN
    return count(value) if isinstance(value, int) else str(value)


def _tables(answer: DiffAnswer | HostDiff) -> list[RenderableType]:
    """What came and went, and what differs; nothing where nothing does."""
    gone = columns("", "", "~", header=False)
    for what, who, names in _came_and_went(answer):
        add_row(gone, _styled(what), who, names)
    table = columns("", "", "fact", "~old", "~new")
    for what, chips, fact, before, after in _differences(answer):
        add_row(table, _styled(what), chips, fact, before, after)
    parts: list[RenderableType] = [each for each in (gone, table) if each.row_count]
    return [*parts, Text("")] if parts else []


_Key = tuple[str, tuple[tuple[str, ...], ...], tuple[Row, ...]]


def _groups_of_hosts(answer: DiffAnswer) -> dict[_Key, tuple[list[str], HostDiff]]:
    """Hosts with equal differences together: an update of three hundred hosts is one difference."""
    groups: dict[_Key, tuple[list[str], HostDiff]] = {}
    for host in answer.hosts:
        key = (host.state, tuple(_came_and_went(host)), tuple(_differences(host)))
        groups.setdefault(key, ([], host))[0].append(host.host)
    return groups


def _styled(what: str) -> Text:
    return Text(f" {what}", style=_STYLES.get(what, ""))


def _headed(name: str, line: Text) -> Text:
    return Text(f"{name}: {line.plain.partition(': ')[2]}")


def _came_and_went(answer: DiffAnswer | HostDiff) -> Iterator[tuple[str, str, str]]:
    for what, chips in (("vanished", answer.vanished), ("appeared", answer.appeared)):
        for chip in chips:
            yield what, f"chip {chip.chip}", _known_by(chip)


def _differences(answer: DiffAnswer | HostDiff) -> Iterator[Row]:
    yield from _grouped("moved", answer.moved)
    yield from _grouped("changed", answer.changed)
    yield from _grouped("  means", answer.consequences)


def _known_by(chip: DiffChip) -> str:
    parts = [chip.board.value if chip.board else chip.arch.value]
    if chip.unique_id is not None:
        parts.append(f"unique id {chip.unique_id}")
    if chip.board_id is not None:
        parts.append(f"board {chip.board_id}")
    if chip.pci_bdf is not None:
        parts.append(chip.pci_bdf)
    return ", ".join(parts)


def _grouped(what: str, changes: Iterable[Change]) -> Iterator[Row]:
    """Equal changes of several chips are one row."""
    groups: dict[tuple[str, Value, Value], list[int | None]] = {}
    for change in changes:
        groups.setdefault((change.path, change.old, change.new), []).append(change.chip)
    for (path, old, new), chips in groups.items():
        known = [chip for chip in chips if chip is not None]
        who = "host" if not known else f"chip{'' if len(known) == 1 else 's'} {id_ranges(known)}"
        yield (what, who, path, _shown(path, old), _shown(path, new))


def _shown(path: str, value: Value) -> str:
    if value is None:
        return "none" if path.startswith(("links.", "trouble", "warning", "versions.")) else UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and path.startswith("masks."):
        return f"0x{value:03x}"
    if isinstance(value, int) and path.endswith((".physical", ".allocatable", "_bytes")):
        return size(value)
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _verdict(answer: DiffAnswer, exit_code: int) -> Text:
    if answer.compared_hosts is not None:
        return _verdict_of_fleets(answer, answer.compared_hosts, exit_code)
    if answer.l1:
        grew = sum(1 for change in answer.changed if growth(change.old, change.new).startswith("+"))
        text = "" if answer.same else f"{grew} grew, {len(answer.changed) - grew} others differ"
        name, style = ("SAME", "bold green") if answer.same else ("DIFFERENT", "bold red")
        return Text(name, style=style).append(
            f"  {text or 'L1 of both'}  (exit {exit_code})", "not bold default"
        )
    if answer.same:
        chips = plural(answer.chips, "chip")
        if answer.unreadable:
            chips += f", unreadable then and now: {id_ranges(answer.unreadable)}"
        return Text("SAME", style="bold green").append(f"  {chips}  (exit {exit_code})", "not bold default")
    return Text("DIFFERENT", style="bold red").append(
        f"  {len(answer.vanished)} vanished, {len(answer.appeared)} appeared, {len(answer.moved)} moved, "
        f"{len(answer.changed)} changed  (exit {exit_code})",
        "not bold default",
    )


def _verdict_of_fleets(answer: DiffAnswer, compared: int, exit_code: int) -> Text:
    if answer.same:
        text = f"  {plural(compared, 'host')}, {plural(answer.chips, 'chip')}  (exit {exit_code})"
        return Text("SAME", style="bold green").append(text, "not bold default")
    states = [host.state for host in answer.hosts]
    counted = ", ".join(f"{states.count(state)} {state}" for state in ("vanished", "appeared", "changed"))
    text = f"  hosts: {counted}, {compared - states.count('changed')} the same  (exit {exit_code})"
    return Text("DIFFERENT", style="bold red").append(text, "not bold default")


def diff_markdown(answer: DiffAnswer, exit_code: int) -> str:
    """The same as a Markdown document."""
    parts = [
        f"- old: {markdown_text(source_line(answer.old).plain)}\n"
        f"- new: {markdown_text(source_line(answer.new).plain)}\n",
    ]
    if not answer.same:
        rows: list[Sequence[str]] = [(*cells, "", "") for cells in _came_and_went(answer)]
        rows += [[cell.strip() for cell in cells] for cells in _differences(answer)]
        if rows:
            parts.append(markdown_table(("what", "chip", "fact", "old", "new"), rows))
    for (what, _, _), (hosts, answer_of_hosts) in _groups_of_hosts(answer).items():
        parts.append(f"## {what}: {markdown_text(names_of_hosts(hosts))}\n")
        rows = [(*cells, "", "") for cells in _came_and_went(answer_of_hosts)]
        rows += [[cell.strip() for cell in cells] for cells in _differences(answer_of_hosts)]
        if rows:
            parts.append(markdown_table(("what", "chip", "fact", "old", "new"), rows))
    parts.append(f"**{markdown_text(_verdict(answer, exit_code).plain)}**\n")
    return "\n".join(parts)


def diff_csv(answer: DiffAnswer) -> CsvRows:
    """A row per chip that came or went, and per fact that is different."""
    header = (
        "what", "chip", "path", "old", "new", "unique_id", "board_id", "asic_location", "arch", "board",
        "kmd_id", "pci_bdf",
    )  # fmt: skip
    if answer.compared_hosts is None:
        return header, _csv_rows(answer)
    return ("host", *header), _csv_of_hosts(answer)


def _csv_of_hosts(answer: DiffAnswer) -> Iterator[tuple[object, ...]]:
    for host in answer.hosts:
        rows = list(_csv_rows(host)) or [(host.state, *(None,) * 11)]
        for cells in rows:
            yield (host.host, *cells)


def _csv_rows(answer: DiffAnswer | HostDiff) -> Iterator[tuple[object, ...]]:
    for what, chips in (("vanished", answer.vanished), ("appeared", answer.appeared)):
        for chip in chips:
            board = None if chip.board is None else chip.board.value
            yield (
                what, chip.chip, None, None, None, chip.unique_id, chip.board_id, chip.asic_location,
                chip.arch.value, board, chip.kmd_id, chip.pci_bdf,
            )  # fmt: skip
    for what, changes in (("moved", answer.moved), ("changed", answer.changed)):
        for change in changes:
            yield (what, change.chip, change.path, change.old, change.new, *(None,) * 7)
