#!/usr/bin/env bash
# Package:  Textual 8.2.8 (PyPI)
# Guess:    a str in a cell of a DataTable is shown as it is: the table holds data, and markup is for rich.text.Text.
# Behaves:  a str is read as markup. A process that ps calls [kworker] is an empty cell, "vllm [main]" loses its second
#           half, and what is in a group of hosts depends on its first letter: n[01-02] stays, a[b-c] does not. The
#           value that get_cell gives back is whole, so that only the screen shows it.
# Matters:  names of processes and hosts go missing from a monitor without an error; Text(name) shows them.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
python3 -m venv "$d/v"; "$d/v/bin/pip" -q --disable-pip-version-check install textual==8.2.8
"$d/v/bin/python" - <<'P'
import asyncio

from rich.text import Text
from textual.app import App
from textual.widgets import DataTable

NAMES = ["[kworker]", "vllm [main]", "n[01-02]", "a[b-c]"]


class Shown(App):
    def compose(self):
        yield DataTable(show_header=False)

    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_column("process", width=20)
        for name in NAMES:
            table.add_row(name)
        table.add_row(Text(NAMES[0]))


async def main():
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        table = app.query_one(DataTable)
        lines = ["".join(segment.text for segment in table.render_line(y)).strip() for y in range(len(NAMES) + 1)]
        kept = [table.get_cell_at((row, 0)) for row in range(len(NAMES))]
    print(lines, kept)
    assert lines == ["", "vllm", "n[01-02]", "a", "[kworker]"], lines
    assert kept == NAMES


asyncio.run(main())
P
# Seen: ['', 'vllm', 'n[01-02]', 'a', '[kworker]'] ['[kworker]', 'vllm [main]', 'n[01-02]', 'a[b-c]']
