"""The log of a child is bounded, however much it prints."""

import os
import subprocess
import sys

from ttinspect.sources.umd.childlog import ChildLog

MANY = 40_000
LINE = "line %07d of a library that prints very much, and nobody asked it to"


def _kept_bytes(log: ChildLog) -> int:
    return os.fstat(log.file.fileno()).st_blocks * 512


def test_a_short_log_is_kept_whole() -> None:
    log = ChildLog()
    subprocess.run([sys.executable, "-c", "print('a\\xff')"], stdout=log.file, check=True)
    assert log.text() == "a\xff\n"
    assert log.tail(3) == "\xff\n"
    log.close()


def test_a_log_is_plain_text() -> None:
    log = ChildLog()
    log.file.write(b"\x1b[90m12:00\x1b[0m | info | \x1b[1;35mUMD\x1b[m a [0m b\n")
    log.file.flush()
    assert log.text() == log.tail(1000) == "12:00 | info | UMD a [0m b\n"
    log.close()


def test_of_a_long_log_start_and_end_are_kept() -> None:
    log = ChildLog()
    program = f"for n in range({MANY}): print('{LINE}' % n)"
    for _ in range(20):
        subprocess.run([sys.executable, "-c", program], stdout=log.file, check=True)
        log.trim()
    assert log.size() > 50_000_000
    assert _kept_bytes(log) < 4_000_000
    text = log.text()
    assert len(text) < 4_000_000
    assert text.startswith(f"{LINE % 0}\n{LINE % 1}\n")
    assert text.endswith(f"{LINE % (MANY - 2)}\n{LINE % (MANY - 1)}\n")
    gap = int(text.partition("\n[")[2].partition(" bytes left out]\n")[0])
    assert len(text) - len(f"\n[{gap} bytes left out]\n") + gap == log.size()
    assert log.tail(20) == f"{LINE % (MANY - 1)}\n"[-20:]
    log.close()
