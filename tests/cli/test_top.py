"""The screen of top, headless: what stands on it, and what each key does."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from tests.conftest import Run
from tests.shm.captures import captures
from tests.sources import fake_sysfs
from ttinspect.answers.top import TopView, build_top
from ttinspect.cli.following import Follower
from ttinspect.cli.top_app import TopApp
from ttinspect.errors import InspectError
from ttinspect.gathering.regions import ONE_LOOK, Host, Places, gather_published, read_published
from ttinspect.sources.board import read_board
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.recording import recorded_source, replay
from ttinspect.sources.sysfs import read_sysfs
from ttinspect.sources.sysfs_watching import SysfsWatcher

DATA = Path(__file__).resolve().parents[1] / "data" / "top"
NOON_NS = 1_796_040_000_000_000_000
"""An instant, so that screens are the same at every time; the clock stands at UTC."""


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterable[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def _host(tmp_path: Path, devices: int) -> Callable[[], TopView]:
    """Devices that grow hotter, and the region of a process that was killed."""
    root, shm, procfs = (tmp_path / name for name in ("host", "shm", "proc"))
    fake_sysfs.kernel_driver(root)
    for number in range(devices):
        folder = fake_sysfs.device(root, number)
        (folder / f"device/hwmon/hwmon{number + 3}/temp1_input").write_text(f"{50 + number}000\n")
    for folder in (shm, procfs / str(os.getpid())):
        folder.mkdir(parents=True)
    (procfs / "self").symlink_to(str(os.getpid()))

    def read() -> TopView:
        system = read_sysfs(str(root), LiveOptions(ask=Ask.READING))
        source = msgspec.structs.replace(system.source, detail="host", live=True)
        published = read_published(
            Places(directory=shm, directory_named=True, procfs=procfs, procfs_named=True), ONE_LOOK
        )
        case = gather_published(
            Host(system=msgspec.structs.replace(system, source=source), chosen=None), published
        )
        return msgspec.structs.replace(build_top(case), time_ns=NOON_NS)

    return read


def _example(board: str, capture: str, tmp_path: Path) -> Callable[[], TopView]:
    shm = tmp_path / "shm"
    shm.mkdir()
    published = captures()[capture]
    (shm / published.file_name).write_bytes(published.data)
    places = Places(directory=shm, directory_named=True, procfs=tmp_path, procfs_named=False)

    def read() -> TopView:
        case = gather_published(Host(system=read_board(board), chosen=None), read_published(places, ONE_LOOK))
        return msgspec.structs.replace(build_top(case), time_ns=NOON_NS)

    return read


def _screen(
    read: Callable[[], TopView | None],
    size: tuple[int, int],
    *keys: str,
    then: "Callable[[Pilot[int]], Awaitable[None]] | None" = None,
    interval: float = 60.0,
) -> list[str]:
    """What stands on a screen of this size after the first reading and these keys."""

    async def drive() -> list[str]:
        app = TopApp(
            Follower(read, interval), now_ns=lambda: NOON_NS + 300_000_000, save=lambda: "saved.json"
        )
        async with app.run_test(size=size) as pilot:
            for _ in range(200):
                await pilot.pause(0.02)
                if app.view is not None:
                    break
            await pilot.pause()
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.05)
            if then is not None:
                await then(pilot)
            await pilot.pause()
            return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]

    return asyncio.run(drive())


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=str)
@pytest.mark.parametrize("devices", [1, 8, 32])
def test_the_chips_on_screens_of_every_size(tmp_path: Path, devices: int, size: tuple[int, int]) -> None:
    """Looked at, and kept."""
    shown = _screen(_host(tmp_path, devices), size)
    golden = DATA / f"{devices}-chips-{size[0]}x{size[1]}.txt"
    if os.environ.get("KEEP_SCREENS"):
        golden.write_text("\n".join(shown) + "\n")
    assert shown == golden.read_text().splitlines()


def _ids(screen: list[str]) -> list[int]:
    return [int(line.split()[0]) for line in screen if line[:4].strip().isdigit()]


def test_chips_are_sorted_by_any_column_and_back(tmp_path: Path) -> None:
    read = _host(tmp_path, 4)
    assert _ids(_screen(read, (80, 24))) == [0, 1, 2, 3]
    by_temperature = ("s", "s", "s", "s")
    assert _ids(_screen(read, (80, 24), *by_temperature, "r")) == [3, 2, 1, 0]


def test_a_filter_leaves_what_passes(tmp_path: Path) -> None:
    shown = _screen(_host(tmp_path, 8), (80, 24), "slash", *"temp>55", "enter")
    assert _ids(shown) == [6, 7]
    assert "2 of 8 chips" in shown[0]


def test_a_filter_that_is_none_says_so(tmp_path: Path) -> None:
    shown = "\n".join(_screen(_host(tmp_path, 2), (80, 24), "slash", *"heat>5", "enter"))
    assert "unknown field 'heat'" in shown


def test_enter_shows_all_about_a_chip_and_escape_goes_back(tmp_path: Path) -> None:
    read = _example("n300", "real-fastN300-l1-9956278468", tmp_path)
    page = "\n".join(_screen(read, (120, 50), "down", "enter"))
    assert "chip 1" in page
    assert " 1   D  -  -  -  -  D  -  -  -  -" in page  # its harvested rows
    assert _ids(_screen(read, (120, 50), "enter", "escape")) == [0, 1]


@pytest.mark.parametrize(
    ("key", "words"),
    [("2", "leads to"), ("3", "uncorrected"), ("4", "nobody is known"), ("5", "TTH004"), ("h", "play")],
)
def test_each_view_has_a_key(tmp_path: Path, key: str, words: str) -> None:
    read = _host(tmp_path, 2)
    assert words in "\n".join(_screen(read, (120, 40), key))


def test_what_came_and_went_is_told(tmp_path: Path) -> None:
    read, hot = _host(tmp_path, 1), tmp_path / "host/sys/class/tenstorrent/tenstorrent!0/device/hwmon/hwmon3"

    async def heat(pilot: "Pilot[int]") -> None:
        await pilot.pause(0.3)
        (hot / "temp1_input").write_text("95000\n")
        for _ in range(100):
            await pilot.pause(0.05)
            app = pilot.app
            if isinstance(app, TopApp) and app.view and app.view.chips[0].telemetry.asic_celsius == 95:
                break
        await pilot.press("exclamation_mark")
        await pilot.pause(0.2)

    shown = "\n".join(_screen(read, (120, 40), then=heat, interval=0.1))
    assert "came" in shown
    assert "TTT014" in shown


def test_a_reading_that_fails_leaves_the_last_one_and_says_so(tmp_path: Path) -> None:
    read, count = _host(tmp_path, 2), 0

    def failing() -> TopView:
        nonlocal count
        count += 1
        if count > 1:
            raise InspectError("cannot read sysfs", "it is gone", "wait")
        return read()

    async def wait(pilot: "Pilot[int]") -> None:
        await pilot.pause(0.5)

    shown = _screen(failing, (80, 24), then=wait, interval=0.1)
    assert "it is gone" in shown[0]
    assert _ids(shown) == [0, 1]


def test_a_reading_that_hangs_stops_no_key(tmp_path: Path) -> None:
    read, count = _host(tmp_path, 2), 0

    def hanging() -> TopView:
        nonlocal count
        count += 1
        if count > 1:
            time.sleep(3)
        return read()

    async def wait(pilot: "Pilot[int]") -> None:
        await pilot.pause(0.3)
        await pilot.press("h")
        await pilot.pause(0.1)

    assert "Enter" in "\n".join(_screen(hanging, (80, 24), then=wait, interval=0.1))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("error", [InspectError("cannot read it", "it is gone", "wait"), ZeroDivisionError()])
def test_a_first_reading_that_fails_ends_it(error: Exception, late: bool) -> None:
    """What went wrong is for the command to tell, as everywhere; a fault of ours is not kept either."""

    def failing() -> TopView:
        if late:
            time.sleep(0.3)
        raise error

    app = TopApp(Follower(failing, 60.0))
    app.run(headless=True, size=(80, 24))
    assert app.refused is error


def test_a_fault_of_ours_does_not_leave_the_screen_as_it_was(tmp_path: Path) -> None:
    views = iter([_host(tmp_path, 1)()])
    app = TopApp(Follower(lambda: next(views), 0.05))  # StopIteration is no end of a recording
    app.run(headless=True, size=(80, 24))
    assert isinstance(app.refused, StopIteration)


def test_a_device_that_is_gone_for_a_while_keeps_its_row(tmp_path: Path) -> None:
    root, away, states = tmp_path / "host", tmp_path / "away", []
    fake_sysfs.kernel_driver(root)
    for number in range(2):
        fake_sysfs.device(root, number)
    device, watcher = root / "sys/class/tenstorrent/tenstorrent!1", SysfsWatcher(str(root))
    places = Places(directory=tmp_path, directory_named=True, procfs=tmp_path, procfs_named=False)

    def read() -> TopView:
        case = gather_published(Host(system=watcher.read(), chosen=None), read_published(places, ONE_LOOK))
        return build_top(case)

    async def unplug(pilot: "Pilot[int]") -> None:
        for source, target in ((device, away), (away, device)):
            source.rename(target)
            before = pilot.app.view if isinstance(pilot.app, TopApp) else None
            for _ in range(100):
                await pilot.pause(0.02)
                app = pilot.app
                assert isinstance(app, TopApp)
                if (
                    app.view is not before
                    and app.view
                    and (app.view.chips[1].unread is None) is device.exists()
                ):
                    break
            lines = [strip.text for strip in pilot.app.screen._compositor.render_strips()]
            states.append(next(line.split() for line in lines if line.strip().startswith("1 ")))

    _screen(read, (80, 24), then=unplug, interval=0.05)
    assert [("lost" in row, "1350" in row) for row in states] == [(True, False), (False, True)]


def test_a_recording_shows_the_screen_that_was_seen_live(tmp_path: Path, run: Run) -> None:
    live = _screen(_host(tmp_path, 3), (120, 30))
    path = str(tmp_path / "r.jsonl")
    source = ("--from", f"sysfs:{tmp_path / 'host'}", "--shm-dir", str(tmp_path / "shm"))
    procfs = ("--procfs", str(tmp_path / "proc"))
    assert run("record", *source, *procfs, "--count", "1", "-o", path).returncode == 0
    (moment,) = replay(path)
    host = Host(system=recorded_source(moment, path), chosen=None)
    played = _screen(lambda: build_top(gather_published(host, moment.published)), (120, 30))
    assert played[1:] == live[1:]  # above stand source and time


def test_the_end_of_a_recording_is_told(tmp_path: Path) -> None:
    views = iter([_host(tmp_path, 1)()])

    async def wait(pilot: "Pilot[int]") -> None:
        await pilot.pause(0.4)

    shown = _screen(lambda: next(views, None), (80, 24), then=wait, interval=0.1)
    assert "the recording ends here" in shown[0]


def test_a_pause_is_told(tmp_path: Path) -> None:
    assert "PAUSED" in _screen(_host(tmp_path, 1), (80, 24), "p")[0]


def test_a_screen_that_grows_shows_more_columns(tmp_path: Path) -> None:
    async def grow(pilot: "Pilot[int]") -> None:
        await pilot.resize_terminal(200, 50)
        await pilot.pause(0.3)

    shown = _screen(_host(tmp_path, 2), (80, 24), then=grow)
    assert "heat" in shown[1]


@pytest.mark.parametrize("args", [("--from", "host"), ("--from", "board:n300")])
def test_without_a_terminal_it_says_so_in_two_lines(cold_run: Run, args: tuple[str, ...]) -> None:
    done = cold_run("top", *args)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.system
def test_it_is_there_in_a_real_terminal_and_ends_with_q(console_script: str, tmp_path: Path) -> None:
    """tmux is a terminal with a screen that can be read."""
    tmux, socket = shutil.which("tmux") or "tmux", f"ttinspect-{os.getpid()}"

    def call(*args: str) -> str:
        return subprocess.run(
            [tmux, "-L", socket, *args], capture_output=True, text=True, check=True, cwd=tmp_path
        ).stdout

    root = tmp_path / "host"
    fake_sysfs.kernel_driver(root)
    fake_sysfs.device(root, 0)
    call(
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-x",
        "100",
        "-y",
        "30",
        f"{console_script} top --from sysfs:{root}; sleep 60",
    )
    try:
        screen = _until(lambda: call("capture-pane", "-p"), "p150")
        assert "1350" in screen
        call("send-keys", "h")
        assert "Enter" in _until(lambda: call("capture-pane", "-p"), "Enter")
        call("send-keys", "Escape")
        time.sleep(0.5)
        call("send-keys", "q")
        gone = _until(lambda: call("display-message", "-p", "#{alternate_on}"), "0")
        assert gone.strip() == "0"
    finally:
        call("kill-server")


@pytest.mark.system
def test_it_ends_with_its_terminal(console_script: str, tmp_path: Path) -> None:
    """Whoever closes the window leaves no process behind that asks a terminal which is gone."""
    tmux, socket = shutil.which("tmux") or "tmux", f"ttinspect-end-{os.getpid()}"
    root = tmp_path / "host"
    fake_sysfs.kernel_driver(root)
    fake_sysfs.device(root, 0)
    command = f"echo $$ > {tmp_path}/pid; exec {console_script} top --from sysfs:{root}"
    start = [tmux, "-L", socket, "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", command]
    subprocess.run(start, check=True, cwd=tmp_path)

    def shown() -> str:
        read = [tmux, "-L", socket, "capture-pane", "-p"]
        return subprocess.run(read, capture_output=True, text=True, check=False).stdout

    try:
        assert "p150" in _until(shown, "p150")
    finally:
        subprocess.run([tmux, "-L", socket, "kill-server"], check=True)
    process = Path("/proc") / (tmp_path / "pid").read_text().strip()
    until = time.monotonic() + 15
    while time.monotonic() < until and process.exists():
        time.sleep(0.1)
    assert not process.exists()


def _until(read: Callable[[], str], words: str) -> str:
    until, text = time.monotonic() + 30, ""
    while time.monotonic() < until and words not in text:
        time.sleep(0.2)
        text = read()
    return text


@pytest.mark.parametrize("key", ["4", "enter"])
def test_what_a_process_is_called_is_no_markup(tmp_path: Path, key: str) -> None:
    read = _example("n150", "v3-single", tmp_path)
    (region,) = (tmp_path / "shm").iterdir()
    named = region.read_bytes().replace(b"python3".ljust(16, b"\0"), b"[kw] [/x]".ljust(16, b"\0"))
    region.write_bytes(named)
    assert "[kw] [/x]" in "\n".join(_screen(read, (120, 60), key))
