"""The units in docs/examples/systemd are what systemd reads, and start what this program takes."""

import os
import re
import shlex
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.man_pages import FOLDER as MAN_PAGES
from tests.sources import fake_sysfs
from ttinspect.cli.parsers import parser_of

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples" / "systemd"
SERVICES = sorted(EXAMPLES.glob("*.service"))
INSTALLED = "/usr/local/bin/ttinspect"
MOST_EXPOSED = "35"
"""In tenths, of 100: what systemd-analyze security calls OK reaches to 50."""


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_a_service_starts_a_command_that_there_is(service: Path) -> None:
    (line,) = [text for text in service.read_text().splitlines() if text.startswith("ExecStart=")]
    program, command, *arguments = shlex.split(line.removeprefix("ExecStart="))
    assert program == INSTALLED
    parser_of(command).make_context(command, arguments).close()


@pytest.fixture
def units(tmp_path: Path) -> list[str]:
    """Copies that start a program which is there."""
    for unit in EXAMPLES.iterdir():
        text = unit.read_text().replace(INSTALLED, shutil.which("true") or "/bin/true")
        (tmp_path / unit.name).write_text(text)
    return sorted(map(str, tmp_path.glob("ttinspect-*")))


def _analyze(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run(
        [analyze, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **env},
    )


@pytest.mark.system
def test_systemd_has_nothing_to_say_about_them_and_finds_their_man_pages(
    units: list[str], tmp_path: Path
) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "man1").symlink_to(MAN_PAGES)
    done = _analyze("verify", *units, MANPATH=str(tmp_path / "share"))
    assert [line for line in done.stderr.splitlines() if "ttinspect" in line] == []


@pytest.mark.system
@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_a_service_has_few_rights(units: list[str], service: Path) -> None:
    (unit,) = [path for path in units if path.endswith(service.name)]
    done = _analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit)
    assert done.returncode == 0, done.stdout


def _line(service: str, replaced: dict[str, str]) -> list[str]:
    """The ExecStart of a service, with other words for some."""
    text = (EXAMPLES / service).read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    words = shlex.split(line.removeprefix("ExecStart="))
    assert replaced.keys() <= {*words}
    return [replaced.get(word, word) for word in words]


@pytest.fixture
def host(tmp_path: Path) -> str:
    """A host with two chips, as sysfs shows it."""
    root = tmp_path / "host"
    fake_sysfs.kernel_driver(root)
    for number in range(2):
        fake_sysfs.device(root, number)
    return f"host:{root}"


@pytest.mark.system
def test_what_the_timer_starts_writes_metrics(console_script: str, host: str, tmp_path: Path) -> None:
    output = tmp_path / "ttinspect.prom"
    collected = "/var/lib/prometheus/node-exporter/ttinspect.prom"
    line = _line(
        "ttinspect-metrics.service", {INSTALLED: console_script, "host": host, collected: str(output)}
    )
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert output.read_text().count("ttinspect_chip_up{") == 2


@pytest.mark.system
def test_what_the_service_starts_answers_until_it_is_ended(console_script: str, host: str) -> None:
    line = _line(
        "ttinspect-serve.service", {INSTALLED: console_script, "host": host, "127.0.0.1:9836": "127.0.0.1:0"}
    )
    serving = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    try:
        assert serving.stderr is not None
        address = re.search(r"http://[\d.]+:\d+", serving.stderr.readline())
        assert address is not None
        with urllib.request.urlopen(f"{address[0]}/metrics", timeout=20) as answer:
            assert answer.read().count(b"ttinspect_chip_up{") == 2
    finally:
        serving.terminate()
        serving.communicate(timeout=30)
    unit = (EXAMPLES / "ttinspect-serve.service").read_text()
    assert f"\nSuccessExitStatus={serving.returncode}\n" in unit  # stopped, and not failed
