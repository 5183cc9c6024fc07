"""Every command while the machine around it fails: an answer or two lines, and never a traceback or half a file."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.commands import ANSWERED, CHECKED, EVERY, prepare
from tests.conftest import without_the_rights_of_root
from tests.sources import fake_sysfs

pytestmark = pytest.mark.system

Done = subprocess.CompletedProcess[bytes]
SAID = CHECKED | {2, 3, 4, 5, 6}
"""Exit codes of what was answered or refused."""
WITH_JSON = tuple(command for command in ANSWERED if command not in {"metrics", "report", "completion"})


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A working folder with everything that the lines name."""
    prepare(tmp_path)
    return tmp_path


@pytest.fixture
def start(console_script: str, made: Path) -> Callable[..., Done]:
    """Run a line in a shell, behind what the shell does first, in an environment of nothing but this."""

    def call(line: str, first: str = "", preexec: Callable[[], None] | None = None, **env: str) -> Done:
        return subprocess.run(
            ["bash", "-c", f"{first}\nexec {console_script} {line}"],
            cwd=made, capture_output=True, timeout=120, check=False, preexec_fn=preexec,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **env},
        )  # fmt: skip

    return call


def _assert_explained(done: Done) -> None:
    assert b"Traceback" not in done.stderr, done.stderr
    assert b"internal error" not in done.stderr, done.stderr
    assert done.returncode in SAID, (done.returncode, done.stderr)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, nearly full."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can mount a file system of 64 KiB")
    try:
        (folder / "filling").write_bytes(b"x" * 61_000)
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("command", ANSWERED)
def test_a_file_system_that_is_full_gets_all_of_an_answer_or_nothing(
    start: Callable[..., Done], small: Path, command: str
) -> None:
    suffix = {"metrics": "prom", "report": "html", "completion": "bash"}.get(command, "json")
    target = small / f"answer.{suffix}"
    option = "--json" if suffix == "json" and command != "record" else ""
    done = start(f"{EVERY[command]} {option} -o {target}")
    _assert_explained(done)
    if done.returncode == 2:
        assert b"no space left" in done.stderr or command == "completion", done.stderr
        assert command == "record" or {path.name for path in small.iterdir()} == {"filling"}
    elif suffix == "json":
        for line in target.read_text().splitlines() if command == "record" else [target.read_text()]:
            json.loads(line)


@pytest.mark.parametrize("limit", ["-n 16", "-f 0", "-v 300000", "-s 512", "-l 0", "-c 0"])
@pytest.mark.parametrize("command", ["list", "memory", "verify-shm", "harvest", "fleet", "programs"])
def test_limits_of_the_shell_are_met_or_told(start: Callable[..., Done], command: str, limit: str) -> None:
    _assert_explained(start(f"{EVERY[command]} --json", f"ulimit {limit}"))


@pytest.mark.parametrize("command", ANSWERED)
def test_nobody_needs_a_home(start: Callable[..., Done], command: str) -> None:
    done = start(EVERY[command])
    _assert_explained(done)
    assert done.returncode in CHECKED


@pytest.mark.parametrize("command", [command for command in ANSWERED if command != "completion"])
def test_nothing_needs_a_folder_that_can_be_written(
    start: Callable[..., Done], made: Path, command: str
) -> None:
    for folder in (made, *(path for path in made.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    try:
        done = start(EVERY[command], preexec=without_the_rights_of_root, HOME=str(made))
        _assert_explained(done)
        assert done.returncode in CHECKED
        refused = start(f"{EVERY[command]} -o answer", preexec=without_the_rights_of_root, HOME=str(made))
        assert refused.returncode == 6, refused.stderr
        lines = [line for line in refused.stderr.splitlines() if b"is written as" not in line]
        assert len(lines) == 2, refused.stderr
    finally:
        made.chmod(0o755)


@pytest.mark.parametrize("locale", ["C", "none_NONE"])
@pytest.mark.parametrize("command", WITH_JSON)
def test_json_is_the_same_in_every_locale(start: Callable[..., Done], command: str, locale: str) -> None:
    env = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = start(f"{EVERY[command]} --json", **env)
    _assert_explained(done)
    for line in done.stdout.decode().splitlines() if command == "record" else [done.stdout.decode()]:
        json.loads(line)
    _assert_explained(start(EVERY[command], **env))


@pytest.mark.parametrize(
    ("command", "formats"),
    [("harvest", "yaml csv svg markdown"), ("topology", "yaml csv svg dot mermaid"), ("list", "yaml csv"),
     ("capacity", "csv markdown"), ("check", "csv junit markdown"), ("report", "html")],
)  # fmt: skip
def test_what_machines_read_is_utf_8_in_an_ascii_locale(
    console_script: str, made: Path, command: str, formats: str
) -> None:
    """The name of the source has a letter past Latin-1 in it, and a line separator; such are escaped."""
    name = "\u0142\u2028.yaml"
    (made / "c.yaml").rename(made / name)
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for form in formats.split():
        done = subprocess.run(
            [console_script, command, "--from", name, "--format", form],
            cwd=made, capture_output=True, check=False, env={"PATH": os.environ["PATH"], **locale},
        )  # fmt: skip
        assert done.returncode in CHECKED, done.stderr
        assert "\u2028" not in done.stdout.decode()


_MARKED = """
import sys
from ttinspect.cli import signals, start
signals.remember()
sys.stderr.write("ours")
sys.stderr.flush()
sys.exit(start.main())
"""


def test_a_signal_at_any_instant_ends_it_in_order(made: Path) -> None:
    random = Random(22)
    words = [sys.executable, "-c", _MARKED, *EVERY["memory"].split(), "--json"]
    began = time.monotonic()
    subprocess.run(words, cwd=made, capture_output=True, check=True)
    whole = time.monotonic() - began
    codes = set()
    for _ in range(200):
        number = random.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        with subprocess.Popen(words, cwd=made, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(random.random() * whole * 1.1)
            process.send_signal(number)
            output, errors = process.communicate(timeout=60)
        codes.add(process.returncode)
        if not errors.startswith(b"ours"):
            continue  # Python itself was starting: nothing of ours has run
        assert errors == b"ours"
        assert process.returncode in {0, 130 if number == signal.SIGINT else 143}
        assert json.loads(output)
    assert {130, 143} <= codes


def test_two_at_once_leave_one_whole_answer(console_script: str, made: Path) -> None:
    words = [console_script, *EVERY["snapshot"].split(), "--quiet", "-o", "same.json"]
    for _ in range(5):
        both = [subprocess.Popen(words, cwd=made, stderr=subprocess.PIPE) for _ in range(2)]
        assert [(process.communicate(timeout=60)[1], process.returncode) for process in both] == [
            (b"", 0)
        ] * 2
        assert json.loads((made / "same.json").read_text())["schema"] == "ttinspect.snapshot.v1"
    assert [path.name for path in made.glob("*same*")] == ["same.json"]


_JUMPING = """
import sys, time
real, count = time.time_ns, 0
def jumping():
    global count
    count += 1
    return real() + (0, -3600, 86400 * 400, -86400 * 400)[count % 4] * 10**9
time.time_ns = jumping
time.time = lambda: jumping() / 1e9
from ttinspect.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "line",
    [
        "record --from c.yaml --shm-dir shm --procfs proc --count 5 --interval 0.02",
        "memory --from c.yaml --shm-dir shm --procfs proc --watch 0.02 --count 5 --json",
        "verify-shm --from c.yaml --shm-dir shm --procfs proc --samples 4 --window 0.05 --json",
        "snapshot --from c.yaml --shm-dir shm --procfs proc",
    ],
)
def test_a_clock_that_jumps_stops_nothing(made: Path, line: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _JUMPING, *line.split()],
        cwd=made,
        capture_output=True,
        timeout=60,
        check=False,
    )
    _assert_explained(done)
    assert done.returncode in CHECKED
    assert [json.loads(line) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def _meanwhile(do: Callable[[int], None]) -> Iterator[None]:
    """Something again and again, with its number, until the block ends."""
    over = threading.Event()

    def work() -> None:
        number = 0
        while not over.is_set():
            do(number)
            number += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("command", ["memory --raw", "verify-shm --samples 8 --window 0.1"])
def test_a_region_may_change_its_version_while_it_is_read(
    start: Callable[..., Done], made: Path, command: str
) -> None:
    region = next((made / "shm").iterdir())
    whole = region.read_bytes()

    def change(number: int) -> None:
        version = (3, 4, 1, 99, 0)[number % 5]
        data = version.to_bytes(4, "little") + whole[4:]
        with region.open("r+b") as file:
            file.write(data)
            file.truncate((len(data), 9280, 0)[number % 3])

    with _meanwhile(change):
        for _ in range(8):
            done = start(f"{command} --from c.yaml --shm-dir shm --procfs proc --json")
            _assert_explained(done)
            document: dict[str, Any] = json.loads(done.stdout)
            assert document["schema"] == f"ttinspect.{command.split(maxsplit=1)[0]}.v1"


@pytest.mark.parametrize(
    "command",
    [
        "record --count 30 --interval 0.02",
        "telemetry --watch 0.02 --count 30 --json",
        "memory --watch 0.02 --count 30",
    ],
)
def test_a_driver_may_be_unloaded_while_it_is_read(
    start: Callable[..., Done], made: Path, command: str
) -> None:
    root, away = made / "host", made / "away"
    fake_sysfs.kernel_driver(root)
    for number in range(2):
        fake_sysfs.device(root, number)

    def change(number: int) -> None:
        time.sleep(0.03)
        with contextlib.suppress(OSError):
            (root / "sys").rename(away) if number % 2 == 0 else away.rename(root / "sys")

    shm = "" if command.startswith("telemetry") else "--shm-dir shm --procfs proc"
    with _meanwhile(change):
        _assert_explained(start(f"{command} --from sysfs:{root} {shm}"))


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("error", ["EIO", "EACCES"])
@pytest.mark.parametrize("call", ["openat", "read", "fstat,newfstatat"])
@pytest.mark.parametrize(
    ("command", "path"),
    [("harvest", "c.yaml"), ("diff", "d.yaml"), ("check", "site.yaml"), ("programs", "report.json"),
     ("fleet", "hosts/qb-01.yaml"), ("memory", "shm/{region}"), ("verify-shm", "shm/{region}")],
)  # fmt: skip
def test_a_call_that_fails_on_a_file_is_told(
    console_script: str, made: Path, command: str, path: str, call: str, error: str
) -> None:
    path = path.replace("{region}", next((made / "shm").iterdir()).name)
    traced = ["strace", "-f", "-o", "trace", "-P", path, "-P", str(made / path)]
    injected = [word for name in call.split(",") for word in ("-e", f"inject={name}:error={error}")]
    done = subprocess.run(
        [*traced, *injected, console_script, *EVERY[command].split(), "--json"],
        cwd=made, capture_output=True, timeout=120, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(made), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    if b"PTRACE" in done.stderr or b"Operation not permitted" in done.stderr:
        pytest.skip("this host does not allow tracing")
    _assert_explained(done)
    json.loads(done.stdout)
