"""Ctrl-C before the command line is there."""

import signal
import subprocess
import sys

_INTERRUPTED = """
import os, signal, sys
from ttinspect.cli import start

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "ttinspect.cli.main":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
sys.argv = ["ttinspect", "explain"]
{before}
sys.exit(start.main())
"""


def _run(before: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _INTERRUPTED.format(before=before)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_ctrl_c_while_it_is_imported_says_nothing() -> None:
    done = _run()
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_what_ignores_ctrl_c_goes_on_doing_so() -> None:
    done = _run("signal.signal(signal.SIGINT, signal.SIG_IGN)")
    assert (done.returncode, done.stderr) == (0, "")
    assert "TTH001" in done.stdout
