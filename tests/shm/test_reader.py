"""The reader: whatever stands in the directory is looked at once, and nothing is touched."""

import errno
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shm.captures import captures
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.region import FileType, RegionFile, RegionState
from ttinspect.shm.reader import file_id_of, list_candidates, look_at, read_regions

NAME = b"tt_device_4476187513037_memory"
REGION = captures()["v4-two"].data


def _put(directory: Path, content: bytes = REGION, name: bytes = NAME) -> Path:
    path = directory / os.fsdecode(name)
    path.write_bytes(content)
    return path


def _only(directory: Path) -> RegionFile:
    (file,) = read_regions(directory, named=True)
    return file


def test_a_region_is_read_and_described(tmp_path: Path) -> None:
    path = _put(tmp_path)
    path.chmod(0o640)
    os.utime(path, ns=(1, 1_795_360_671_500_000_001))
    file = _only(tmp_path)
    assert file.name == NAME
    assert file.path == str(path)
    assert file.file_id == "4476187513037"
    assert (file.file_type, file.size, file.mode, file.uid) == (FileType.REGULAR, 8576, 0o640, os.getuid())
    assert file.mtime_ns == 1_795_360_671_500_000_001
    assert (file.errno, file.data, file.version, file.state) == (None, REGION, 4, RegionState.READY)
    assert file.region is not None
    assert [slot.pid for slot in file.region.occupied] == captures()["v4-two"].truth["live_pids"]


@pytest.mark.parametrize(
    ("name", "file_id"),
    [
        (b"tt_device_0_memory", "0"),
        (b"tt_device_17716556166399396846_memory", "17716556166399396846"),
        (b"tt_device_18446744073709551616_memory", None),
        (b"tt_device_007_memory", "7"),
        (b"tt_device__memory", None),
        (b"tt_device_-1_memory", None),
        (b"tt_device_0x1_memory", None),
        (b"tt_device_1\n_memory", None),
        ("tt_device_\N{SUPERSCRIPT TWO}_memory".encode(), None),
        (b"tt_device_" + b"9" * 238 + b"_memory", None),
    ],
)
def test_the_id_in_a_name(name: bytes, file_id: str | None) -> None:
    assert file_id_of(name) == file_id


def test_candidates_are_the_names_of_the_pattern_in_the_order_of_their_ids(tmp_path: Path) -> None:
    candidates = [b"tt_device_2_memory", b"tt_device_10_memory", b"tt_device__memory", b"tt_device_x_memory"]
    for name in [b"tt_device_memory", b"tt_device_3", b"3_memory", b"xtt_device_3_memory", *candidates]:
        _put(tmp_path, b"", name)
    assert list_candidates(tmp_path, named=True) == tuple(candidates)


def test_a_name_with_a_newline_or_bytes_that_are_no_text_is_read_and_shown_harmless(tmp_path: Path) -> None:
    _put(tmp_path, REGION, b"tt_device_\n\xff\x1b[31m_memory")
    file = _only(tmp_path)
    assert file.path == rf"{tmp_path}/tt_device_\x0a\xff\x1b[31m_memory"
    assert file.data == REGION


def _link(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")


def _good_link(path: Path) -> None:
    _put(path.parent, REGION, b"elsewhere")
    path.symlink_to(path.parent / "elsewhere")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as endpoint:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            # A socket's address is short: it is bound by way of the directory's descriptor.
            endpoint.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)


@pytest.mark.parametrize(
    ("make", "file_type"),
    [
        (_link, FileType.LINK),
        (_good_link, FileType.LINK),
        (Path.mkdir, FileType.DIRECTORY),
        (os.mkfifo, FileType.FIFO),
        (_socket, FileType.SOCKET),
    ],
)
def test_what_is_no_regular_file_is_named_and_not_opened(
    tmp_path: Path,
    make: Callable[[Path], None],
    file_type: FileType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make(tmp_path / os.fsdecode(NAME))
    monkeypatch.setattr(os, "open", _never)
    file = _only(tmp_path)
    assert (file.file_type, file.state) == (file_type, RegionState.UNREADABLE)
    assert (file.data, file.region, file.errno) == (None, None, None)


def _never(*args: object) -> int:
    raise AssertionError(f"opened: {args}")


def test_a_device_node_is_named_and_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "open", _never)
    assert look_at(Path("/dev"), b"null").file_type is FileType.CHARACTER_DEVICE


@pytest.fixture
def becomes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Path], None]], None]:
    """A file in whose place something else is made between lstat and open."""

    def call(make: Callable[[Path], None]) -> None:
        path, lstat = _put(tmp_path), os.lstat

        def replaced(raw: bytes) -> os.stat_result:
            status = lstat(raw)
            path.unlink()
            make(path)
            return status

        monkeypatch.setattr(os, "lstat", replaced)

    return call


def test_a_file_that_became_a_link_between_lstat_and_open_is_not_followed(
    tmp_path: Path, becomes: Callable[[Callable[[Path], None]], None]
) -> None:
    becomes(_good_link)
    file = look_at(tmp_path, NAME)
    assert (file.errno, file.data, file.state) == (errno.ELOOP, None, RegionState.UNREADABLE)


def test_a_file_that_became_a_fifo_between_lstat_and_open_does_not_block(
    tmp_path: Path, becomes: Callable[[Callable[[Path], None]], None]
) -> None:
    becomes(os.mkfifo)
    file = look_at(tmp_path, NAME)
    assert (file.file_type, file.data) == (FileType.FIFO, None)


@pytest.mark.parametrize("size", [0, 1, 8575, 8576, 8577, 9280, 9281])
def test_sizes(tmp_path: Path, size: int) -> None:
    _put(tmp_path, REGION[:size].ljust(size, b"\0"))
    file = _only(tmp_path)
    assert file.size == size
    assert file.data is not None
    assert len(file.data) == size
    assert (file.state is RegionState.EMPTY) == (size == 0)
    assert (file.region is not None) == (size >= 8576)


def test_a_sparse_terabyte_costs_no_more_than_a_region(tmp_path: Path) -> None:
    path = _put(tmp_path)
    os.truncate(path, 1 << 40)
    file = _only(tmp_path)
    assert file.size == 1 << 40
    assert file.data is not None
    assert len(file.data) <= 9280 + 1


def test_a_file_that_shrinks_while_it_is_read_has_the_size_that_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _put(tmp_path)
    read = os.read

    def shrunk(descriptor: int, length: int) -> bytes:
        os.truncate(path, 100)
        return read(descriptor, length)

    monkeypatch.setattr(os, "read", shrunk)
    file = look_at(tmp_path, NAME)
    assert (file.size, file.data, file.region) == (100, REGION[:100], None)


def test_a_file_that_grows_while_it_is_read_has_the_size_that_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _put(tmp_path, b"")
    read = os.read

    def grown(descriptor: int, length: int) -> bytes:
        path.write_bytes(REGION)
        return read(descriptor, length)

    monkeypatch.setattr(os, "read", grown)
    file = look_at(tmp_path, NAME)
    assert (file.size, file.state) == (8576, RegionState.READY)


def test_a_file_that_vanished_since_the_listing(tmp_path: Path) -> None:
    file = look_at(tmp_path, NAME)
    assert (file.errno, file.state) == (errno.ENOENT, RegionState.UNREADABLE)
    assert (file.file_type, file.size, file.mode, file.uid, file.mtime_ns) == (None, None, None, None, None)


@pytest.mark.parametrize("failing", ["open", "read"])
def test_a_file_that_cannot_be_read_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    _put(tmp_path, REGION, b"tt_device_1_memory")
    _put(tmp_path, REGION, b"tt_device_2_memory")
    real = getattr(os, failing)
    calls = []

    def fails_once(*args: object) -> object:
        calls.append(args)
        if len(calls) == 1:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(*args)

    monkeypatch.setattr(os, failing, fails_once)
    first, second = read_regions(tmp_path, named=True)
    assert (first.errno, first.state, first.size) == (errno.EACCES, RegionState.UNREADABLE, 8576)
    assert (second.errno, second.state) == (None, RegionState.READY)


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    _put(tmp_path)
    before = set(Path("/proc/self/fd").iterdir())
    read_regions(tmp_path, named=True)
    assert set(Path("/proc/self/fd").iterdir()) <= before


def test_a_default_directory_that_does_not_exist_holds_no_regions(tmp_path: Path) -> None:
    assert read_regions(tmp_path / "shm", named=False) == ()


@pytest.mark.parametrize("named", [True, False])
def test_a_directory_that_is_none_is_refused(tmp_path: Path, named: bool) -> None:
    path = _put(tmp_path)
    with pytest.raises(InspectError) as refused:
        read_regions(path, named=named)
    assert refused.value.exit_code is ExitCode.USAGE
    assert str(path) in refused.value.what


def test_a_named_directory_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InspectError) as refused:
        read_regions(tmp_path / "shm", named=True)
    assert refused.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("named", [True, False])
def test_a_directory_that_may_not_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    def denied(path: bytes) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(InspectError) as refused:
        read_regions(tmp_path, named=named)
    assert refused.value.exit_code is ExitCode.PERMISSION


def test_ten_thousand_files_are_one_look_each(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"tt_device_{number}_memory").touch()
    files = read_regions(tmp_path, named=True)
    assert [file.file_id for file in files] == [str(number) for number in range(10_000)]
    assert {file.state for file in files} == {RegionState.EMPTY}


def test_the_mode_is_permission_bits_only(tmp_path: Path) -> None:
    _put(tmp_path).chmod(stat.S_ISUID | 0o600)
    assert _only(tmp_path).mode == 0o4600
