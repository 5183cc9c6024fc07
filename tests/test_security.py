"""What docs/security.md promises, each claim by the console script itself."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.commands import ANSWERED, CHECKED, EVERY, PLANTED, prepare
from tests.conftest import Run
from tests.shm.captures import captures
from ttinspect.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The working folder of ``run`` with everything that the lines name."""
    prepare(tmp_path)
    return tmp_path


def test_there_is_a_line_for_every_command() -> None:
    assert EVERY.keys() == COMMANDS.keys()


def test_every_claim_names_its_tests_and_they_are_there() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) > 15
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(), (file, test)


@pytest.mark.system
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("command", ANSWERED)
def test_a_command_that_is_asked_for_no_file_writes_none_and_talks_to_nobody(
    console_script: str, made: Path, command: str
) -> None:
    trace = made / "trace"
    calls = "open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,truncate,mkdir,mkdirat,socket,connect,bind"
    done = subprocess.run(
        ["strace", "-f", "-e", f"trace={calls}", "-o", str(trace), console_script, *EVERY[command].split()],
        capture_output=True, text=True, timeout=120, check=False, cwd=made,
        env={"PATH": os.environ["PATH"], "HOME": str(made), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    if "PTRACE" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("this host does not allow tracing")
    assert done.returncode in CHECKED, done.stderr
    lines = trace.read_text(errors="replace").splitlines()
    assert len(lines) > 100
    changing = [
        line for line in lines if re.search(r"O_WRONLY|O_RDWR|O_CREAT|\b(unlink|rename|trunc|mkdir)", line)
    ]
    allowed = ['"/dev/null"', '"/dev/tty"']
    if command == "report":  # what matplotlib keeps of fonts, in the folders of the user
        allowed += ["/.config", "/.cache", "/matplotlib"]
    assert [line for line in changing if not any(path in line for path in allowed)] == []
    assert [
        line for line in lines if re.search(r"\b(socket|connect|bind)\(", line) and "AF_UNIX" not in line
    ] == []


_ONLY_WHAT_WAS_NAMED = """
import json, os, sys
import yaml
from tests.fuzz.feeding import feeder
from tests.fuzz.targets import TARGETS

canary = sys.argv[1]
opened = []
sys.addaudithook(lambda event, given: opened.append(os.fsdecode(given[0]))
                 if event in ("open", "os.listdir", "os.scandir") and isinstance(given[0], (str, bytes)) else None)

def named(found):
    if isinstance(found, dict):
        return {key: named(value) for key, value in found.items()}
    if isinstance(found, list):
        return [named(value) for value in found]
    return canary if isinstance(found, str) else found

def variants(seed):
    yield seed
    try:
        found = json.loads(seed)
    except ValueError:
        try:
            found = yaml.safe_load(seed)
        except (yaml.YAMLError, ValueError):
            return
    if isinstance(found, dict | list):
        yield json.dumps(named(found)).encode()
        for key in found if isinstance(found, dict) else ():
            yield json.dumps({**found, key: named(found[key])}).encode()
            yield json.dumps({**found, key: canary}).encode()
        yield f"a: !include {canary}\\n".encode() + seed
        yield f"a: !!python/object/apply:open [{canary}]\\n".encode() + seed

count = 0
with feeder() as one:
    for target, wanted in TARGETS.items():
        for seed in wanted.seeds():
            for data in variants(seed):
                one.answer(target, data)
                count += 1
assert any(path.endswith("input/input") for path in opened), opened[:20]
print(count, json.dumps([path for path in opened if "canary" in path]))
"""


@pytest.mark.system
def test_no_input_opens_another_file(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("secret")
    done = subprocess.run(
        [sys.executable, "-c", _ONLY_WHAT_WAS_NAMED, str(canary)],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    count, opened = done.stdout.split(" ", 1)
    assert int(count) > 100
    assert json.loads(opened) == []


def test_nothing_is_loaded_from_the_working_directory(console_script: str, made: Path) -> None:
    for name in PLANTED:
        (made / f"{name}.py").write_text(f"open({str(made / 'LOADED')!r}, 'a').write({name!r})\n")
    (made / "x.so").write_bytes(Path(sys.executable).resolve().read_bytes()[:4096])
    environment = {"PATH": os.environ["PATH"], "HOME": str(made)}
    for line in (EVERY["harvest"], EVERY["memory"], EVERY["fleet"], "harvest --from sim:./x.so"):
        done = subprocess.run(
            [console_script, *line.split()],
            cwd=made, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode in CHECKED | {2, 5}, done.stderr
    assert not (made / "LOADED").exists(), (made / "LOADED").read_text()


def _named(folder: Path, name: bytes) -> None:
    """A region whose writer is called so: a captured one with the name of its process changed."""
    data = captures()["v3-single"].data
    assert data.count(b"python3\0") == 1
    changed = data.replace(b"python3".ljust(16, b"\0"), name[:15].ljust(16, b"\0"))
    assert changed != data
    (folder / captures()["v3-single"].file_name).write_bytes(changed)


@pytest.mark.parametrize("output_format", ["table", "json", "yaml", "csv"])
@pytest.mark.parametrize("command", ["memory --raw", "list", "verify-shm --samples 1", "metrics"])
def test_what_a_process_calls_itself_moves_no_cursor(
    run: Run, made: Path, command: str, output_format: str
) -> None:
    if command == "metrics":
        output_format = "prometheus"
    _named(made / "shm", b"\x1b]0;x\x07\x9b\r\x7f\xe2\x80\xae")
    done = run(
        *command.split(),
        *["--from", "c.yaml", "--shm-dir", "shm", "--procfs", "proc", "--format"],
        output_format,
    )
    assert done.returncode in CHECKED
    text = (done.stdout + done.stderr).replace("\n", "")
    assert [char for char in text if char < " " or "\x7f" <= char <= "\x9f" or char == "\u202e"] == []


def test_what_an_operation_is_called_is_no_formula(run: Run, made: Path) -> None:
    report = made / "report.json"
    report.write_text(report.read_text().replace("ttnn.untilize", "=cmd|'/c x'!A1"))
    done = run("programs", "report.json", "--format", "csv")
    cells = [cell for row in csv.reader(io.StringIO(done.stdout)) for cell in row]
    assert "'=cmd|'/c x'!A1" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "@"))] == []


def test_a_region_that_is_a_link_is_not_followed(run: Run, made: Path) -> None:
    secret = made / "secret"
    secret.write_bytes(next(iter(captures().values())).data)
    (made / "shm" / "tt_device_77_memory").symlink_to(secret)
    done = run(
        *[
            "verify-shm",
            "--from",
            "c.yaml",
            "--shm-dir",
            "shm",
            "--procfs",
            "proc",
            "--samples",
            "1",
            "--json",
        ]
    )
    regions = [region for region in json.loads(done.stdout)["regions"] if region["file_id"] == "77"]
    assert [(region["state"], region["processes"], region["totals"]) for region in regions] == [
        ("unreadable", [], None)
    ]


@pytest.mark.system
def test_serve_listens_to_this_host_alone_by_default(console_script: str, made: Path) -> None:
    process = subprocess.Popen(
        [console_script, *["serve", "--from", "c.yaml", "--shm-dir", "shm", "--procfs", "proc"]],
        cwd=made,
        stderr=subprocess.PIPE,
    )
    try:
        heard: list[str] = []
        end = time.monotonic() + 30
        while not heard and process.poll() is None and time.monotonic() < end:
            heard = [
                connection.laddr.ip
                for connection in psutil.Process(process.pid).net_connections()
                if connection.status == "LISTEN"
            ]
            time.sleep(0.05)
        assert heard == ["127.0.0.1"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def test_a_redacted_snapshot_names_no_process_and_no_serial(run: Run, made: Path) -> None:
    _named(made / "shm", b"hiddenname")
    line = ["snapshot", "--from", "c.yaml", "--shm-dir", "shm", "--procfs", "proc"]
    plain, hidden = run(*line).stdout, run(*line, "--redact").stdout
    ids = {
        str(chip[key]) for chip in json.loads(plain)["system"]["chips"] for key in ("unique_id", "board_id")
    }
    secrets = {"hiddenname", *(secret for secret in ids if len(secret) > 6)}
    assert len(secrets) > 2
    assert {secret for secret in secrets if f'"{secret}"' in plain} == secrets
    assert {secret for secret in secrets if f'"{secret}"' in hidden} == set()
