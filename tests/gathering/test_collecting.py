"""What lines and an exit code of a host come to."""

from pathlib import Path

import pytest

from tests.conftest import Run
from ttinspect.gathering.collecting import Asking, _reply_of, far_command
from ttinspect.model.collecting import Collected

ASKING = Asking(command="ttinspect", timeout_s=30)
SNAPSHOT = b'{"schema":"ttinspect.snapshot.v1","tool":{},"time_ns":1}'


@pytest.mark.parametrize(
    ("out", "err", "code", "state", "last_line"),
    [
        ([SNAPSHOT], [], 0, Collected.COLLECTED, None),
        ([b"*** welcome ***", b"{", SNAPSHOT], [], 0, Collected.COLLECTED, "{"),
        ([SNAPSHOT], [b"chip 3 could not be read"], 5, Collected.COLLECTED, "chip 3 could not be read"),
        ([SNAPSHOT[:-9]], [], 0, Collected.RUBBISH, None),
        ([b"hello"], [], 0, Collected.RUBBISH, "hello"),
        ([], [], 0, Collected.RUBBISH, None),
        ([b'{"schema":"ttinspect.error.v1"}'], [b"no devices"], 3, Collected.FAILED, "no devices"),
        ([], [b"sh: ttinspect: not found", b""], 127, Collected.FAILED, "sh: ttinspect: not found"),
        ([], [b"Permission denied (publickey)."], 255, Collected.FAILED, "Permission denied (publickey)."),
        ([b"partly"], [], None, Collected.TIMED_OUT, "partly"),
        ([], [], 124, Collected.TIMED_OUT, None),
        ([], [], 137, Collected.TIMED_OUT, None),
        ([], [b"\xff\x1b[31m"], 1, Collected.FAILED, "\\xff\x1b[31m"),
    ],
)
def test_what_a_host_sent_is_told_for_what_it_is(
    out: list[bytes], err: list[bytes], code: int | None, state: Collected, last_line: str | None
) -> None:
    reply = _reply_of("glx-01", out, err, code, ASKING)
    assert (reply.state, reply.last_line, reply.exit_code) == (state, last_line, code)
    assert (reply.snapshot is not None) == (state is Collected.COLLECTED)
    assert (reply.why is None) == (state is Collected.COLLECTED and code == 0)


def test_the_command_is_watched_on_the_far_side() -> None:
    asking = Asking(command="docker exec 'my box' ttinspect", timeout_s=1.5)
    assert far_command(asking) == "exec timeout -k 5 1.5 docker exec 'my box' ttinspect snapshot"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--hosts", ""],
        ["--hosts", "a[1"],
        ["--hosts", "@nogroup"],
        ["--hosts", "a", "--command", " "],
        ["--hosts", "a", "--fanout", "0"],
        ["--hosts", "a", "--topology", "nowhere.conf"],
        ["--hosts", "a", "-o", "file"],
    ],
)
def test_what_is_no_host_or_cannot_be_done_is_refused(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    pytest.importorskip("ClusterShell")
    (tmp_path / "file").write_text("x")
    done = run("collect", *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done
