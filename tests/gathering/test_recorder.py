"""Recordings: what is played back is what was seen, and a cut end costs one line at most."""

import errno
import fcntl
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shm.captures import captures
from tests.sources import fake_sysfs
from ttinspect.answers.telemetry import build_telemetry
from ttinspect.errors import InspectError
from ttinspect.gathering.recorder import Recorder, RecordingFile
from ttinspect.gathering.regions import ONE_LOOK, Places, read_published
from ttinspect.model.system import System
from ttinspect.sources.board import read_board
from ttinspect.sources.recording import Beginning, Moment, last_moment, recorded_source, replay
from ttinspect.sources.snapshot import Host, Versions
from ttinspect.sources.sysfs_watching import SysfsWatcher

HOST, VERSIONS = Host(name="h"), Versions(tt_umd=None, driver="2.8.0")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return fake_sysfs.host(tmp_path / "host", 2)


def _heat(tree: Path, device: int, celsius: int) -> None:
    hwmon = tree / f"sys/class/tenstorrent/tenstorrent!{device}/device/hwmon/hwmon{device + 3}"
    (hwmon / "temp1_input").write_text(f"{celsius}000\n")


def _without_source(system: System) -> bytes:
    """The answer of telemetry but for its source and what was made up for the recording: host and time."""
    answer = msgspec.json.decode(msgspec.json.encode(build_telemetry(system)))
    for name in ("source", "host", "time_ns"):
        answer.pop(name, None)
    return msgspec.json.encode(answer)


def _record(path: Path, tree: Path, changes: list[Callable[[], object]]) -> list[System]:
    """Record one reading after each change; the Systems that were seen."""
    watcher, recorder, systems = SysfsWatcher(str(tree)), Recorder(HOST, VERSIONS), []
    with RecordingFile(str(path), None) as file:
        for at, change in enumerate(changes):
            change()
            systems.append(watcher.read())
            for line in recorder.lines(systems[-1], None, (), 1_000 + at):
                file.append(line)
    return systems


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst"])
def test_what_is_played_back_is_what_was_seen(tree: Path, tmp_path: Path, suffix: str) -> None:
    """Readings that change, a device that vanishes, and comes back."""
    device, away = tree / "sys/class/tenstorrent/tenstorrent!1", tmp_path / "away"
    path = tmp_path / f"r.{suffix}"
    changes: list[Callable[[], object]] = [
        lambda: None,
        lambda: _heat(tree, 0, 70),
        lambda: _heat(tree, 1, 80),
        lambda: device.rename(away),
        lambda: away.rename(device),
    ]
    recorded = _record(path, tree, changes)
    played = [recorded_source(moment, "r") for moment in replay(str(path))]
    assert [_without_source(system) for system in played] == [_without_source(system) for system in recorded]
    celsius = [system.chips[0].telemetry.asic_celsius for system in played if system.chips[0].telemetry]
    assert celsius == [54.321, 70, 70, 70, 70]


def test_reasons_and_chips_stand_once(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    _record(path, tree, [lambda: None] * 5)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["schema"] for line in lines] == ["ttinspect.recording.v1"] + ["ttinspect.moment.v1"] * 5
    assert lines[0]["system"]["chips"][0]["unknown"]
    assert not any(line["unknown"] for line in lines[1:])


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_cut_costs_the_last_line_and_recording_goes_on_behind_it(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    tree = folder / "host"
    fake_sysfs.kernel_driver(tree)
    fake_sysfs.device(tree, 0)
    path = folder / f"r.{suffix}"
    sizes = []
    watcher, recorder = SysfsWatcher(str(tree)), Recorder(HOST, VERSIONS)
    with RecordingFile(str(path), None) as file:
        for at in range(4):
            for line in recorder.lines(watcher.read(), None, (), at):
                file.append(line)
            sizes.append(path.stat().st_size)
    part = data.draw(st.floats(0, 1))
    cut = sizes[0] + round(part * (sizes[-1] - sizes[0]))
    path.write_bytes(path.read_bytes()[:cut])
    whole = sum(size <= cut for size in sizes)
    assert len(list(replay(str(path)))) == whole
    _record(path, tree, [lambda: None])
    assert [moment.time_ns for moment in replay(str(path))] == [*range(whole), 1_000]


def test_regions_that_did_not_change_are_not_written_again(tree: Path, tmp_path: Path) -> None:
    shm = tmp_path / "shm"
    shm.mkdir()
    for name in ("real-mockN150-l1", "v3-two"):
        capture = captures()[name]
        (shm / capture.file_name).write_bytes(capture.data)
    places = Places(directory=shm, directory_named=True)
    watcher, recorder = SysfsWatcher(str(tree)), Recorder(HOST, VERSIONS)
    path, wanted = tmp_path / "r.jsonl", []
    with RecordingFile(str(path), None) as file:
        for at in range(3):
            if at == 2:
                next(iter(shm.iterdir())).unlink()
            published = read_published(places, ONE_LOOK, keep_bytes=True)
            wanted.append([region.looks.file for region in published.regions])
            for line in recorder.lines(watcher.read(), published, (), at):
                file.append(line)
    moments = [msgspec.json.decode(line, type=Beginning | Moment) for line in path.read_bytes().splitlines()]
    counts = [len(m.published.regions) for m in moments if isinstance(m, Moment) and m.published]
    assert counts == [2, 0, 0]
    played = [[region.looks.file for region in moment.published.regions] for moment in replay(str(path))]
    assert played == wanted


def test_a_full_file_becomes_the_one_before(tree: Path, tmp_path: Path) -> None:
    path, recorder, watcher = tmp_path / "r.jsonl", Recorder(HOST, VERSIONS), SysfsWatcher(str(tree))
    with RecordingFile(str(path), 20_000) as file:
        for at in range(30):
            if file.rotate_if_full():
                recorder.begin_again()
            for line in recorder.lines(watcher.read(), None, (), at):
                file.append(line)
    times = [[m.time_ns for m in replay(str(file))] for file in (tmp_path / "r.jsonl.1", path)]
    assert times[0][-1] + 1 == times[1][0]
    assert times[1][-1] == 29
    assert all(file.stat().st_size < 30_000 for file in tmp_path.glob("r.jsonl*"))


def test_a_file_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text("mine\n")
    with pytest.raises(InspectError, match="it holds something else"), RecordingFile(str(path), None):
        pass
    assert path.read_text() == "mine\n"


def test_two_recorders_do_not_share_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "r.jsonl")
    with (
        RecordingFile(path, None),
        pytest.raises(InspectError, match="another recorder has it open"),
        RecordingFile(path, None),
    ):
        pass


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst"])
def test_nor_at_the_instant_at_which_a_full_file_is_begun_anew(
    tmp_path: Path, suffix: str, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another recorder comes before and after every step of it, and is refused: it would write into FILE.1, or
    take the name. On a file system without links there is an instant at which the name is free."""
    path, refusals = tmp_path / f"r.{suffix}", []

    def another() -> None:
        with pytest.raises(InspectError) as refused, RecordingFile(str(path), None):
            pass
        refusals.append(refused.value.why)

    def refuse(*_: object) -> None:
        raise PermissionError

    rename = Path.replace

    def renaming(self: Path, target: object) -> Path:
        another()
        done = rename(self, str(target))
        if links:
            another()
        return done

    watcher, recorder = _Told(), Recorder(HOST, VERSIONS)
    with RecordingFile(str(path), 10) as file:
        for line in recorder.lines(watcher.system, None, (), 1):
            file.append(line)
        monkeypatch.setattr(Path, "replace", renaming)
        if not links:
            monkeypatch.setattr(os, "link", refuse)
        assert file.rotate_if_full()
        monkeypatch.undo()
        another()
        recorder.begin_again()
        for line in recorder.lines(watcher.system, None, (), 2):
            file.append(line)
    assert {*refusals} == {"another recorder has it open"}
    assert [last_moment(name).time_ns for name in (f"{path}.1", str(path))] == [1, 2]
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"r.{suffix}", f"r.{suffix}.1"]


def test_a_file_that_was_full_when_another_opened_it_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock = tmp_path / "r.jsonl", fcntl.flock
    path.touch()

    def late(descriptor: int, operation: int) -> None:
        path.rename(tmp_path / "r.jsonl.1")
        path.touch()
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(InspectError, match="another recorder"), RecordingFile(str(path), None):
        pass


@pytest.mark.parametrize(("number", "code"), [(errno.EACCES, 6), (errno.EROFS, 2)])
def test_a_file_that_may_not_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InspectError) as refused, RecordingFile(str(tmp_path / "r.jsonl"), None):
        pass
    assert (refused.value.exit_code, refused.value.why) == (code, os.strerror(number).lower())


class _Told:
    """A System that no device is needed for."""

    system = read_board("n150")


_APPENDS = """
import sys
from tests.gathering.test_recorder import HOST, VERSIONS, Recorder, RecordingFile, _Told
recorder, at = Recorder(HOST, VERSIONS), 0
with RecordingFile(sys.argv[1], int(sys.argv[2]) or None) as file:
    while True:
        if file.rotate_if_full():
            recorder.begin_again()
        for line in recorder.lines(_Told.system, None, (), at):
            file.append(line)
        print(at, flush=True)
        at += 1
"""


@pytest.mark.system
@pytest.mark.parametrize("full_bytes", [0, 50_000], ids=["one file", "rotating"])
@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst"])
@pytest.mark.parametrize("moments", [1, 2, 70, 333])
def test_sigkill_loses_no_moment_that_was_written(
    tmp_path: Path, suffix: str, full_bytes: int, moments: int
) -> None:
    """The recorder says when it has written each moment: those are all there, and at most one more."""
    path = tmp_path / f"r.{suffix}"
    command = [sys.executable, "-c", _APPENDS, str(path), str(full_bytes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(moments):
            process.stdout.readline()
        process.kill()
        written = moments + len(process.stdout.readlines())
    before = path.with_name(f"{path.name}.1")
    times = [moment.time_ns for file in (before, path) if file.exists() for moment in replay(str(file))]
    assert times == [*range(times[0], times[-1] + 1)]
    assert written - 1 <= times[-1] <= written
    assert full_bytes or times[0] == 0
    _record(path, _tree(tmp_path), [lambda: None])  # and it goes on behind what is whole
    assert last_moment(str(path)).time_ns == 1_000


def _tree(folder: Path) -> Path:
    fake_sysfs.kernel_driver(folder / "host")
    fake_sysfs.device(folder / "host", 0)
    return folder / "host"


def test_a_recording_is_its_owners_alone(tmp_path: Path) -> None:
    with RecordingFile(str(tmp_path / "r.jsonl"), None):
        pass
    assert (tmp_path / "r.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"schema":"ttinspect.moment.v1","time_ns":1}', "before the recording begins"),
        (b'{"schema":"ttinspect.moment.v1"', "no line of a recording"),
        (b"\xff", "no line of a recording"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, line: bytes, why: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(line + b"\n")
    with pytest.raises(InspectError, match=why) as refused:
        list(replay(str(path)))
    assert "line 1" in str(refused.value)


def test_a_recording_without_a_moment_is_no_source(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    _record(path, tree, [lambda: None])
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(InspectError, match="no moment yet"):
        last_moment(str(path))


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst"])
def test_a_full_disk_costs_the_moments_for_which_there_is_no_room(
    tree: Path, tmp_path: Path, suffix: str
) -> None:
    """The limit on the size of files stands for the disk: what is beyond it is written in part, then refused."""
    path, watcher, recorder = tmp_path / f"r.{suffix}", SysfsWatcher(str(tree)), Recorder(HOST, VERSIONS)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    recorded: dict[int, System] = {}
    try:
        with RecordingFile(str(path), None) as file:
            for at in range(40):
                if at in (10, 25):
                    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 8, before[1]))
                if at in (20, 30):
                    resource.setrlimit(resource.RLIMIT_FSIZE, before)
                _heat(tree, 0, 30 + at)
                system = watcher.read()
                if all(file.append(line) for line in recorder.lines(system, None, (), at)):
                    recorded[at] = system
                else:
                    recorder.begin_again()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [*recorded] == [*range(10), *range(20, 25), *range(30, 40)]
    played = [*replay(str(path))]
    assert [moment.time_ns for moment in played] == [*recorded]
    for moment, system in zip(played, recorded.values(), strict=True):
        assert _without_source(recorded_source(moment, "r")) == _without_source(system)


@pytest.mark.parametrize("path", ["/dev/full", "/dev/null", "fifo", "link", "folder"])
@pytest.mark.parametrize("suffix", ["", ".zst"])
def test_what_is_no_file_is_refused_as_what_it_is(tmp_path: Path, path: str, suffix: str) -> None:
    name = path if path.startswith("/dev") else f"{tmp_path}/{path}{suffix}"
    if path == "fifo":
        os.mkfifo(name)
    elif path == "link":
        Path(name).symlink_to(tmp_path / "other")
    elif path == "folder":
        Path(name).mkdir()
    with pytest.raises(InspectError) as refused, RecordingFile(name, None):
        pass
    why = {"link": "it is a symbolic link", "folder": "is a directory"}.get(path, "it is no regular file")
    assert refused.value.why == why
    assert not (tmp_path / "other").exists()


def test_a_full_file_is_begun_anew_by_the_next_run_too(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    _record(path, tree, [lambda: None])
    with RecordingFile(str(path), 10) as file:
        assert file.rotate_if_full()
        assert not file.rotate_if_full()
    assert last_moment(f"{path}.1").time_ns == 1_000
