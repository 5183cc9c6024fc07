"""Signals before the command line is there, and after it is done."""

import json
import signal
import subprocess
import sys

import pytest

_SIGNALLED = """
import os, signal, sys
from ttinspect.cli import start

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "ttinspect.cli.main":
            for number in {numbers}:
                os.kill(os.getpid(), number)

sys.meta_path.insert(0, Finder())
sys.argv = ["ttinspect", "explain", *{words}]
{before}
sys.exit(start.main())
"""


def _run(*numbers: int, words: tuple[str, ...] = (), before: str = "") -> "subprocess.CompletedProcess[str]":
    program = _SIGNALLED.format(numbers=numbers, words=words, before=before)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_what_comes_while_it_is_imported_ends_it_with_its_code_and_one_document(
    number: int, code: int
) -> None:
    done = _run(int(number), words=("--json",))
    assert (done.returncode, done.stderr) == (code, "")
    assert json.loads(done.stdout)["error"]["exit_code"] == code


def test_ctrl_c_while_it_is_imported_says_nothing_to_a_human() -> None:
    done = _run(int(signal.SIGINT))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_second_ctrl_c_while_it_is_imported_ends_it_at_once() -> None:
    assert _run(int(signal.SIGINT), int(signal.SIGINT)).returncode == -signal.SIGINT


def test_what_ignores_ctrl_c_goes_on_doing_so() -> None:
    done = _run(int(signal.SIGINT), before="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    assert (done.returncode, done.stderr) == (0, "")
    assert "TTH001" in done.stdout


_CALLED = """
import os, signal, sys
from ttinspect.cli import main, start

class Lost:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

def run(line):
{body}

main._run = run
sys.exit(start.main())
"""


def _calling(*body: str) -> "subprocess.CompletedProcess[str]":
    program = _CALLED.format(body="\n".join(f"    {line}" for line in body))
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )


def test_a_second_signal_does_not_stop_what_the_first_one_lets_be_put_in_order() -> None:
    done = _calling(
        "try: os.kill(os.getpid(), signal.SIGTERM)",
        "finally: os.kill(os.getpid(), signal.SIGHUP); print('in order')",
    )
    assert (done.returncode, done.stdout, done.stderr) == (143, "in order\n", "")


def test_what_a_signal_raised_where_python_ignores_it_is_not_lost() -> None:
    done = _calling("lost = Lost()", "del lost", "print('went on')", "return 0")
    assert (done.returncode, done.stdout, done.stderr) == (143, "went on\n", "")


def test_a_signal_after_the_exit_code_is_known_changes_nothing() -> None:
    done = _calling("sys.kept = Lost()", "return 10")  # it goes when Python itself ends
    assert (done.returncode, done.stderr) == (10, "")
