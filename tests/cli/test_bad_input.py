"""Whatever is handed in: one or two lines, the right code, no traceback, little memory.

The limit of 2 seconds that the program is built for is measured by make bench; here a generous
timeout only keeps a hang from passing.
"""

import os
import resource
import subprocess
from pathlib import Path

import pytest

from tests.sources.clusters import MODERN_P150, galaxy, n300, to_yaml
from tests.sources.test_tt_smi import TELEMETRY, tt_smi

_MEMORY_BYTES = 500 * 1024 * 1024
_BOMB = "a: &a [x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(9)
)

CONTENTS: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 2),
    "blank": (b" \n\n", 2),
    "binary": (bytes(range(256)) * 8, 2),
    "elf": (b"\x7fELF\x02\x01\x01" + bytes(4000), 2),
    "utf-16": (MODERN_P150.encode("utf-16"), 0),
    "truncated yaml": (MODERN_P150.encode()[:-200], 2),
    "truncated json": (tt_smi(TELEMETRY).encode()[:-20], 2),
    "deep yaml": (b"[" * 200_000, 2),
    "deep block yaml": (b"".join(b" " * i + b"a:\n" for i in range(3000)), 2),
    "deep json": (b'{"a":' * 200_000, 2),
    "deep json in a known key": (b'{"device_info":' + b"[" * 200_000 + b"]" * 200_000 + b"}", 2),
    "alias bomb": (_BOMB.encode(), 2),
    "repeated yaml key": (MODERN_P150.encode() + b"chips: {}\n", 2),
    "repeated json key": (b'{"device_info": [], "device_info": []}', 2),
    "wrong type": (to_yaml(n300(arch=5)).encode(), 2),
    "two archs": (to_yaml(n300(arch={0: "wormhole", 1: "blackhole"})).encode(), 2),
    "unknown arch": (to_yaml(n300(arch={0: "grayskull", 1: "grayskull"})).encode(), 7),
    "unknown board": (
        to_yaml(n300(boards=[[{"board_id": 5}, {"board_type": "x"}, {"chips": [0, 1]}]])).encode(),
        0,
    ),
    "chip missing in a table": (
        to_yaml(n300(harvesting={0: {"noc_translation": True, "harvest_mask": 0}})).encode(),
        2,
    ),
    "huge number": (MODERN_P150.replace("0x60", "9" * 100_000).encode(), 2),
    "huge json number": (
        tt_smi({**TELEMETRY, "TDP": 1}).replace('"TDP": 1', '"TDP": ' + "9" * 100_000).encode(),
        2,
    ),
    "long line": (b"arch: " + b"x" * 5_000_000, 2),
    "many keys": (b"arch:\n" + b"".join(b" %d: blackhole\n" % i for i in range(100_000)), 2),
    "a python tag": (b"arch: !!python/object/apply:os.system ['true']\n", 2),
    "control characters": (b"arch: \x07\n", 2),
    "html": (b"<html><body>404</body></html>", 2),
    "csv": (b"a,b\n1,2\n", 2),
}


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def _harvest(script: str, source: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [script, "harvest", "--from", source, "--no-picture"],
        capture_output=True, text=True, timeout=60, check=False, cwd=cwd, preexec_fn=_limited,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def _assert_told(done: "subprocess.CompletedProcess[str]", code: int) -> None:
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert done.returncode == code, done.stderr
    if code:
        assert done.stdout == ""
        assert 1 <= len(done.stderr.splitlines()) <= 2
        assert max(map(len, done.stderr.splitlines())) < 1000


@pytest.mark.parametrize("name", CONTENTS)
def test_any_content_is_answered_in_two_lines_and_500_mb(
    console_script: str, tmp_path: Path, name: str
) -> None:
    content, code = CONTENTS[name]
    (tmp_path / "input").write_bytes(content)
    _assert_told(_harvest(console_script, "input", tmp_path), code)


@pytest.mark.parametrize("name", ["binary", "deep yaml", "truncated json", "empty"])
def test_standard_input_is_answered_alike(console_script: str, tmp_path: Path, name: str) -> None:
    content, code = CONTENTS[name]
    done = subprocess.run(
        [console_script, "harvest", "--from", "-"], input=content, capture_output=True, timeout=60, check=False,
        preexec_fn=_limited, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == code
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("head", "size", "limit"),
    [(b"arch:\n", 16 * 2**20 + 1, "16 MiB"), (b'{"device_info": [', 64 * 2**20 + 1, "64 MiB")],
    ids=["yaml", "json"],
)
def test_files_over_the_limit_are_refused_by_size(
    console_script: str, tmp_path: Path, head: bytes, size: int, limit: str
) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.write(head)
        file.truncate(size)
    done = _harvest(console_script, "big", tmp_path)
    _assert_told(done, 2)
    assert limit in done.stderr


def test_standard_input_over_the_limit_is_refused(console_script: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [console_script, "harvest", "--from", "-"], input=b"arch:\n" + b"#\n" * (9 * 2**20),
        capture_output=True, timeout=60, check=False, preexec_fn=_limited, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert b"16 MiB" in done.stderr


def test_what_is_no_regular_file_is_refused_at_once(console_script: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for source, words in (
        ("fifo", "not a regular file"),
        (".", "directory"),
        ("/dev/zero", "not a regular file"),
    ):
        done = _harvest(console_script, source, tmp_path)
        _assert_told(done, 2)
        assert words in done.stderr


def test_a_missing_file_is_told(console_script: str, tmp_path: Path) -> None:
    done = _harvest(console_script, "missing.yaml", tmp_path)
    _assert_told(done, 2)
    assert "missing.yaml" in done.stderr


def test_3000_chips_fit(console_script: str, tmp_path: Path) -> None:
    (tmp_path / "input").write_text(galaxy(3000))
    done = _harvest(console_script, "input", tmp_path)
    _assert_told(done, 0)
    assert "3000 of 3000 chips" in done.stdout
