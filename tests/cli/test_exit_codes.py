"""The exit codes and streams that scripts rely on, through the console script itself."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Run, without_the_rights_of_root
from tests.shm.captures import captures
from tests.sources.clusters import MODERN_P150, n300, to_yaml
from ttinspect.errors import missing_extra

NO_DEVICES = not Path("/dev/tenstorrent").exists()


@pytest.fixture
def run(cold_run: Run) -> Run:
    """The script itself."""
    return cold_run


def test_0_when_done(run: Run) -> None:
    done = run("harvest", "--from", "board:n300")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("2 of 2 chips are what an n300 should be")


def test_0_with_a_warning_for_unknown_masks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(to_yaml(n300(harvesting=None)))
    for command in ("harvest", "capacity"):
        done = run(command, "--from", "c.yaml")
        assert done.returncode == 0
        assert "unknown" in done.stdout
        assert "TTH004" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["harvest", "--nonsense"],
        ["harvest", "surplus"],
        ["harvest", "--from"],
        ["harvest", "--coords", "sideways"],
        ["harvest", "--from", "board:p999"],
        ["harvest", "--from", "masks:wormhole_b0,tensix=0x400"],
        ["harvest", "--from", "/nowhere/file.yaml"],
        ["harvest", "--from", "."],
        ["harvest", "--from", ""],
        ["diff", "", "board:n300"],
        ["harvest", "--from", "umd:0"],
        ["telemetry", "--from", "umd:0", "--watch"],
        ["verify-shm", "--from", "umd:0"],
        ["harvest", "--from", "board:n300", "--device", "9"],
        ["harvest", "--from", "board:n300", "--core", "99-99"],
        ["harvest", "--from", "board:n300", "--core", "sideways:1-1"],
        ["harvest", "--from", "board:n300", "--core", "1"],
        ["harvest", "--from", "board:n300", "--format", "junit"],
        ["capacity", "--from", "board:n300", "--runtime", "none"],
        ["capacity", "--from", "board:n300", "--l1-small", "1"],
        ["capacity", "--from", "board:n300", "--l1-small", "many"],
        ["explain", "TTX999"],
        ["schema", "nothing"],
        ["soc", "--arch", "blackhole", "--file", "x"],
        ["soc", "--file", "/nowhere"],
        ["harvest", "--from", "board:n300", "-o", "/nowhere/out.txt"],
    ],
    ids=" ".join,
)
def test_2_for_what_a_user_got_wrong_in_two_lines(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("ttinspect: ")
    assert lines[1].startswith("  Next: ")


@pytest.mark.skipif(not NO_DEVICES, reason="this host has Tenstorrent devices")
def test_list_without_devices_is_3_whatever_is_published(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tt_device_7_memory").write_bytes(b"")
    assert run("list", "--shm-dir", ".").returncode == run().returncode == 3
    assert run("verify-shm", "--shm-dir", ".").returncode == 11


def test_a_host_without_devices_is_named_by_its_root_and_its_regions_are_shown(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "root/dev/shm").mkdir(parents=True)
    (tmp_path / "root/dev/shm/tt_device_7_memory").write_bytes(captures()["v3-idle"].data)
    for source, line in (
        ("host:root", "host under root (sysfs, regions; "),
        ("sysfs:root", "sysfs under root (live)"),
    ):
        done = run("memory", "--from", source)
        assert done.returncode == 0
        first, blank, region, *_ = done.stdout.splitlines()
        assert first.startswith(f"Source: {line}")
        assert (blank, region) == ("", " tt_device_7_memory")
        assert json.loads(run("memory", "--from", source, "--json").stdout)["source"]["detail"] == "root"
        asked_for = run("memory", "--from", source, "--device", "3")
        assert asked_for.returncode == 3
        assert "no Tenstorrent devices found" in asked_for.stderr


@pytest.mark.skipif(not NO_DEVICES, reason="this host has Tenstorrent devices")
def test_3_without_devices(run: Run) -> None:
    done = run("harvest")
    assert done.returncode == 3
    assert "no Tenstorrent devices" in done.stderr
    assert "board:n300" in done.stderr


@pytest.mark.parametrize(
    ("prefix", "installs"),
    [
        ("/home/me/.local/share/uv/tools/ttinspect", "uv tool install 'ttinspect[all]'"),
        ("/home/me/.local/share/pipx/venvs/ttinspect", "pipx install --force 'ttinspect[all]'"),
        ("/home/me/venvs/ttinspect", "pip install 'ttinspect[serve]'"),
        ("/usr", "pip install 'ttinspect[serve]'"),
    ],
)
def test_what_to_install_is_told_in_the_words_of_the_installer(
    monkeypatch: pytest.MonkeyPatch, prefix: str, installs: str
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    assert missing_extra("metrics", "prometheus_client", "serve").next_step == installs


def test_6_for_a_file_that_may_not_be_read(console_script: str, tmp_path: Path) -> None:
    secret = tmp_path / "c.yaml"
    secret.write_text(MODERN_P150)
    secret.chmod(0)
    done = subprocess.run(
        [console_script, "harvest", "--from", str(secret)],
        capture_output=True, text=True, check=False, timeout=60, preexec_fn=without_the_rights_of_root,
    )  # fmt: skip
    assert done.returncode == 6
    assert "permission denied" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["harvest", "--from", "masks:grayskull"],
        ["soc", "--arch", "grayskull"],
    ],
)
def test_7_for_an_unsupported_architecture(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 7
    assert "wormhole_b0, blackhole, quasar" in done.stderr


def test_7_for_an_unsupported_architecture_in_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(to_yaml(n300(arch={0: "wormhole", 1: "grayskull"})))
    assert run("harvest", "--from", "c.yaml").returncode == 7


def test_0_for_a_closed_pipe(console_script: str) -> None:
    command = f"{console_script} harvest --from board:galaxy-wh --cores --format csv; echo code $? >&2"
    with subprocess.Popen(
        ["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdout is not None
        assert shell.stderr is not None
        shell.stdout.readline()
        shell.stdout.close()
        assert shell.stderr.read() == "code 0\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_when_interrupted_and_terminated(
    console_script: str, number: signal.Signals, code: int
) -> None:
    with subprocess.Popen(
        [console_script, "harvest", "--from", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        _wait_until_it_reads(process.pid)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == code
    assert (stdout, stderr) == ("", "")


def _wait_until_it_reads(pid: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if "read" in Path(f"/proc/{pid}/wchan").read_text() or _blocked_reading(pid):
            return
        time.sleep(0.02)
    pytest.fail("the command never waited for standard input")


def _blocked_reading(pid: int) -> bool:
    fields = Path(f"/proc/{pid}/syscall").read_text().split()
    return fields[:2] == ["0", "0x0"]


def test_json_is_one_document_on_failure_too(run: Run) -> None:
    for arguments in (
        ["harvest", "--from", "board:p999", "--json"],
        ["harvest", "--from", "board:p999", "-j"],
        ["harvest", "--from", "board:p999", "--format", "json"],
        ["harvest", "--from", "board:p999", "--format=json"],
        ["harvest", "--nonsense", "-j"],
        ["nonsense", "--json"],
        ["harvest", "--from", "board:p999", "-o", "out.json"],
        ["harvest", "--from", "board:n300", "-o", "/nowhere/out.json"],
        ["harvest", "--from", "board:n300", "--json", "--format", "csv"],
    ):
        done = run(*arguments)
        document = json.loads(done.stdout)
        assert document["schema"] == "ttinspect.error.v1"
        assert document["error"]["exit_code"] == done.returncode == 2
        assert set(document["error"]) == {"what", "why", "next_step", "exit_code"}
        assert len(done.stderr.splitlines()) == 2


def test_a_bug_of_ours_is_1_and_told_as_one(console_script: str) -> None:
    code = (
        "import sys, ttinspect.cli.main as m\n"
        "def broken(*_): raise RuntimeError('boom')\n"
        "m._invoke = broken\n"
        "sys.exit(m.main(['harvest', '--json']))"
    )
    python = str(Path(console_script).with_name("python"))
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["exit_code"] == 1
    assert "boom" in done.stderr
    assert "Traceback" not in done.stderr
