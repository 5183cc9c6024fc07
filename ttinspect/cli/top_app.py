"""The screen of ``top``: a Textual application over the readings of a follower."""

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, Static

from ttinspect.answers.top import (
    History,
    Quantity,
    Term,
    TopChip,
    TopView,
    arranged,
    parse_filter,
)
from ttinspect.cli.following import Follower, Moment
from ttinspect.errors import ExitCode, InspectError
from ttinspect.report.top import (
    HELP,
    chip_cells,
    chip_page,
    columns_at,
    dram_page,
    findings_page,
    links_page,
    processes_page,
    status_line,
    summary_line,
)

FASTEST_SECONDS, SLOWEST_SECONDS = 0.1, 60.0
_CLOCK_SECONDS = 0.5
_HANG_UP_SECONDS = 5.0
_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_SORTED = (
    Quantity.ID, Quantity.BOARD, Quantity.CLOCK, Quantity.POWER, Quantity.TEMPERATURE, Quantity.L1,
    Quantity.DRAM, Quantity.LINKS, Quantity.HOLDER, Quantity.STATE,
)  # fmt: skip


class Page(ModalScreen[None]):
    """A page over the screen; Esc goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,h,question_mark", "dismiss", "back"),
    ]

    def __init__(self, content: Callable[[], object]) -> None:
        super().__init__()
        self._content = content

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(id="page", markup=False)

    def on_mount(self) -> None:
        self.show()
        self.set_interval(_CLOCK_SECONDS, self.show)

    def show(self) -> None:
        """Draw it again, with what is known now."""
        self.query_one("#page", Static).update(self._content())  # type: ignore[arg-type]

    async def action_dismiss(self, result: None = None) -> None:
        self.dismiss(result)


class TopApp(App[int]):
    """Chips as they are now; a reading that does not come is waited for, and how old the last one is stands
    in the first line."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #status, #summary { height: 1; }
    #chips { height: 1fr; }
    #other { height: 1fr; display: none; }
    #filter { height: 1; border: none; display: none; }
    Page { background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("h,question_mark", "help", "help"),
        *(Binding(str(number), f"view({number})", show=False) for number in range(1, 6)),
        Binding("slash", "filter", "filter"),
        Binding("s", "sort(1)", "sort"),
        Binding("S", "sort(-1)", show=False),
        Binding("r", "reverse", show=False),
        Binding("p,space", "pause", "pause"),
        Binding("plus,equals_sign", "pace(1)", show=False),
        Binding("minus", "pace(-1)", show=False),
        Binding("z", "reset", show=False),
        Binding("exclamation_mark", "view(5)", "findings"),
        Binding("w", "save", show=False),
        Binding("escape", "clear", show=False),
    ]

    def __init__(
        self,
        follower: Follower,
        *,
        save: Callable[[], str] | None = None,
        now_ns: Callable[[], int] = time.time_ns,
        recorded: bool = False,
    ) -> None:
        super().__init__()
        self._follower, self._save, self._now_ns = follower, save, now_ns
        self._recorded = recorded
        self._status, self._summary = Static(id="status", markup=False), Static(id="summary", markup=False)
        self._table: DataTable[Text] = DataTable(id="chips", cursor_type="row")
        self._other, self._text = VerticalScroll(id="other"), Static(id="text", markup=False)
        self._box = Input(id="filter", placeholder="temp>80 board=n300 python3", compact=True)
        self._history = History()
        self.view: TopView | None = None
        self._refusal: str | None = None
        self._why: str | None = None
        self.refused: Exception | None = None
        """Why nothing could be read from the beginning, or a fault of ours."""
        self._is_left = False
        self._page = 1
        self._terms: tuple[Term, ...] = ()
        self._by, self._backwards = Quantity.ID, False
        self._cells: dict[int, tuple[Text, ...]] = {}
        self._widths: tuple[int, ...] = ()
        self._order: tuple[int, ...] = ()
        self._width = 0

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._table
        with self._other:
            yield self._text
        yield self._summary
        yield self._box
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self._status.update("reading ...")
        self.set_interval(_CLOCK_SECONDS, self._tick)
        loop, code = asyncio.get_running_loop(), int(ExitCode.TERMINATED)
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(signal.SIGTERM, self.exit, code)
            loop.add_signal_handler(signal.SIGHUP, self._hang_up, code)
        self._follower.deliver_to(self._receive)

    def on_unmount(self) -> None:
        self._follower.end()

    def _hang_up(self, code: int) -> None:
        """The terminal is gone: what Textual still restores there goes nowhere, and all else is cleaned up as
        at any other end. Should a thread of Textual's wait for the terminal nevertheless, nobody waits for
        it for long."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(nowhere, descriptor)
        os.close(nowhere)
        last_resort = threading.Timer(_HANG_UP_SECONDS, os._exit, (code,))
        last_resort.daemon = True
        last_resort.start()
        self.exit(code)

    def exit(self, *args: Any, **kwargs: Any) -> None:
        """Leave, without waiting for a reading that is under way."""
        self._is_left = True
        self._follower.end()
        super().exit(*args, **kwargs)

    def _receive(self, moment: Moment) -> None:
        """Take a reading that the follower's thread has made."""
        if not self._is_left:
            with contextlib.suppress(RuntimeError):  # the screen was closed meanwhile
                self.call_from_thread(self._show, moment)

    def _show(self, moment: Moment) -> None:
        if isinstance(moment, TopView):
            self.view, self._why = moment, None
            self._history.add(moment)
            self._draw()
        elif moment is None:
            self._why = "the recording ends here"
            self._tick()
        elif self.view is None or not isinstance(moment, InspectError):
            self.refused = moment
            self.exit()
        else:
            self._why = f"{moment.what}: {moment.why}"
            self._tick()

    def _tick(self) -> None:
        if self.view is None:
            self._status.update(self._why or "reading ...", layout=False)
            return
        now = self.view.time_ns if self._recorded else self._now_ns()
        self._status.update(
            status_line(
                self.view, now, paused=self._follower.paused.is_set(), why=self._why, shown=len(self._shown())
            ),
            layout=False,
        )

    def _shown(self) -> tuple[TopChip, ...]:
        if self.view is None:
            return ()
        return arranged(self.view, self._terms, self._by, backwards=self._backwards)

    def _draw(self) -> None:
        self._tick()
        if self.view is None:
            return
        self._summary.update(self._refusal or summary_line(self.view), layout=False)
        shown = self._shown()
        if self._page == 1:
            self._draw_chips(shown)
            return
        pages: dict[int, Callable[[], object]] = {
            2: lambda: links_page(shown),
            3: lambda: dram_page(shown),
            4: lambda: processes_page(shown),
            5: lambda: findings_page(self.view, self._history.events) if self.view else "",
        }
        self._text.update(pages[self._page]())  # type: ignore[arg-type]

    def _draw_chips(self, shown: tuple[TopChip, ...]) -> None:
        """Redraw the cells that changed: most are as they were."""
        table = self._table
        width, order = self.size.width, tuple(chip.id for chip in shown)
        rows = {chip.id: chip_cells(chip, self._history, width) for chip in shown}
        needed = tuple(
            max([len(column.heading), *(cells[at].cell_len for cells in rows.values())])
            for at, column in enumerate(columns_at(width))
        )
        fits = width == self._width and all(a >= b for a, b in zip(self._widths, needed, strict=True))
        if fits and order == self._order:
            for chip_id, cells in rows.items():
                for at, (new, old) in enumerate(zip(cells, self._cells[chip_id], strict=True)):
                    if new != old:
                        table.update_cell(str(chip_id), str(at), new)
        else:
            chosen = self._chosen()
            table.clear(columns=not fits)
            if not fits:
                self._width, self._widths = width, needed
                for at, column in enumerate(columns_at(width)):
                    table.add_column(column.heading, key=str(at), width=needed[at])
            self._order = order
            for chip_id, cells in rows.items():
                table.add_row(*cells, key=str(chip_id))
            if chosen in order:
                table.move_cursor(row=order.index(chosen))
        self._cells = rows

    def _chosen(self) -> int:
        row = self._table.cursor_row
        return self._order[row] if 0 <= row < len(self._order) else -1

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter, or a click: all about one chip."""
        chip_id = int(event.row_key.value or 0)

        def content() -> object:
            view = self.view
            chip = None if view is None else next((each for each in view.chips if each.id == chip_id), None)
            return "" if view is None or chip is None else chip_page(chip, view, self._history)

        self.push_screen(Page(content))

    def action_view(self, number: int) -> None:
        """Another view."""
        self._page = number
        self._table.display = number == 1
        self._other.display = number != 1
        if number == 1:
            self._table.focus()
        else:
            self._other.focus()
        self._draw()

    def action_help(self) -> None:
        """The keys."""
        self.push_screen(Page(lambda: HELP))

    def action_filter(self) -> None:
        """Ask for conditions."""
        box = self._box
        box.display = True
        box.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the conditions, or say what is wrong with them."""
        try:
            self._terms = parse_filter(event.value)
        except InspectError as error:
            self._refusal = f"{error.why}; {error.next_step}"
            self._draw()
            return
        self._leave_filter()

    def _leave_filter(self) -> None:
        self._refusal = None
        self._box.display = False
        self._table.focus()
        self._draw()

    def action_clear(self) -> None:
        """Esc: out of the filter, or without one."""
        box = self._box
        if not box.display:
            self._terms = ()
            box.value = ""
        self._leave_filter()

    def action_sort(self, step: int) -> None:
        """By the next column."""
        at = (_SORTED.index(self._by) + step) % len(_SORTED)
        self._by = _SORTED[at]
        self.notify(f"sorted by {self._by.value}", timeout=1.5)
        self._draw()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """A click on a heading sorts by it; another one turns it round."""
        quantity = columns_at(self._width)[event.column_index].quantity
        self._backwards = not self._backwards if quantity is self._by else False
        self._by = quantity
        self._draw()

    def action_reverse(self) -> None:
        """The other way round."""
        self._backwards = not self._backwards
        self._draw()

    def action_pause(self) -> None:
        """Stop reading, or go on."""
        paused = self._follower.paused
        if paused.is_set():
            paused.clear()
        else:
            paused.set()
        self._tick()

    def action_pace(self, step: int) -> None:
        """Slower, or faster."""
        now = self._follower.interval_seconds
        near = min(range(len(_STEPS)), key=lambda at: abs(_STEPS[at] - now))
        seconds = _STEPS[min(max(near + step, 0), len(_STEPS) - 1)]
        self._follower.interval_seconds = seconds
        self.notify(f"every {seconds:g} s", timeout=1.5)

    def action_reset(self) -> None:
        """Least and most begin anew."""
        self._history.reset()
        self._draw()

    def action_save(self) -> None:
        """A snapshot of what is there now."""
        if self._save is None:
            self.notify("there is nothing to save of this source", severity="warning")
            return
        try:
            self.notify(f"saved {self._save()}", markup=False)
        except InspectError as error:
            self.notify(f"{error.what}: {error.why}", severity="error", markup=False)
