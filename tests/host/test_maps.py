"""Which files a process maps: what the kernel answers, and what the text of PROC/PID/maps says."""

import errno
import fcntl
import mmap
import os
import signal
from pathlib import Path

import pytest

from ttinspect.host.maps import MapsReader, SharedFile

MAPS = b"/proc/self/maps"


def mapped(path: Path, *, shared: bool = True) -> mmap.mmap:
    path.write_bytes(b"x" * 4096)
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 0, flags=mmap.MAP_SHARED if shared else mmap.MAP_PRIVATE)


def named(files: list[SharedFile], name: str) -> list[SharedFile]:
    return [file for file in files if name.encode() in file.name]


@pytest.mark.parametrize("asks", [True, False])
def test_a_file_that_is_shared_is_found_by_file_system_inode_and_name(tmp_path: Path, asks: bool) -> None:
    path = tmp_path / "tt_device_7_memory"
    with mapped(path), mapped(tmp_path / "private", shared=False):
        files = MapsReader(asks=asks).shared_files(MAPS)
        (file,) = named(files, "tt_device_7")
        status = path.stat()
        assert file.name == os.fsencode(path)
        assert file.inode == status.st_ino
        assert named(files, "private") == []
        path.unlink()
        (file,) = named(MapsReader(asks=asks).shared_files(MAPS), "tt_device_7")
        assert file.name.endswith(b"tt_device_7_memory (deleted)")


def test_both_ways_tell_the_same_of_a_process(tmp_path: Path) -> None:
    with (
        mapped(tmp_path / "tt_device_1_memory"),
        mapped(tmp_path / "b"),
        mapped(tmp_path / "c", shared=False),
    ):
        child = os.fork()
        if child == 0:  # pragma: no cover
            signal.pause()
            os._exit(0)
        try:
            path = f"/proc/{child}/maps".encode()
            asked = MapsReader(asks=True).shared_files(path)
            assert asked == MapsReader(asks=False).shared_files(path)
            assert len(asked) >= 2
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


@pytest.mark.parametrize("refusal", [errno.ENOTTY, errno.EINVAL, errno.ENAMETOOLONG])
def test_where_the_kernel_cannot_be_asked_the_text_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    asked = []

    def refused(*_: object) -> None:
        asked.append(1)
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(fcntl, "ioctl", refused)
    with mapped(tmp_path / "tt_device_7_memory"):
        reader = MapsReader(asks=True)
        assert [len(named(reader.shared_files(MAPS), "tt_device_7")) for _ in range(2)] == [1, 1]
    assert len(asked) == (2 if refusal == errno.ENAMETOOLONG else 1)


def test_a_thread_of_the_kernel_and_a_process_that_is_gone_map_nothing() -> None:
    if Path("/proc/2/comm").exists() and Path("/proc/2/comm").read_text() == "kthreadd\n":
        assert MapsReader(asks=True).shared_files(b"/proc/2/maps") == []
    with pytest.raises(FileNotFoundError):
        MapsReader(asks=True).shared_files(b"/proc/4194303/maps")


def test_a_copied_tree_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "maps"
    path.write_bytes(
        b"7f00-7f01 rw-s 00000000 00:1a 42                 /dev/shm/tt_device_7_memory\n"
        b"7f01-7f02 rw-p 00000000 00:1a 43                 /dev/shm/tt_device_8_memory\n"
        b"7f02-7f03 rw-s 00000000 00:05 9 /dev/tenstorrent/3\n\xff\xfe garbage\n"
    )
    assert MapsReader(asks=False).shared_files(os.fsencode(path)) == [
        SharedFile(0, 0x1A, 42, b"/dev/shm/tt_device_7_memory"),
        SharedFile(0, 5, 9, b"/dev/tenstorrent/3"),
    ]
