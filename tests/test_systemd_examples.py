"""The units in docs/examples/systemd are what systemd reads, and start what this program takes."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.man_pages import FOLDER as MAN_PAGES
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
