"""docs/man says what the commands declare, and is well-formed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.man_pages import FOLDER, pages
from ttinspect import __version__
from ttinspect.cli.commands import COMMANDS
from ttinspect.cli.parsers import parser_of
from ttinspect.errors import EXIT_CODE_MEANINGS

FILES = sorted(FOLDER.glob("*.1"))


def test_the_pages_are_current() -> None:
    assert {path.name: path.read_text() for path in FILES} == pages(), "make man writes them anew"


def test_every_command_has_a_page_with_its_options() -> None:
    for command in COMMANDS:
        page = (FOLDER / f"ttinspect-{command}.1").read_text().replace("\\-", "-")
        assert f"ttinspect {__version__}" in page.splitlines()[0]
        named = set(re.findall(r"\\fB(--?[\w-]+)\\fR", page))
        declared = {
            name
            for option in parser_of(command).params
            if option.param_type_name == "option"
            for name in (*option.opts, *option.secondary_opts)
        }
        assert named == declared | {"--help", "-h"}, command


def test_the_readme_gives_exit_codes_their_meaning() -> None:
    table = dict(
        re.findall(r"^\| (\d+) \| (.*) \|$", (FOLDER.parents[1] / "README.md").read_text(), re.MULTILINE)
    )
    meanings = {str(int(code)): text for code, text in EXIT_CODE_MEANINGS.items() if code < 100}
    assert {code: text.replace("`", "") for code, text in table.items()} == meanings


@pytest.mark.system
def test_mandoc_has_nothing_to_say_but_that_pages_have_no_date() -> None:
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(
        [mandoc, "-T", "lint", "-W", "warning", *map(str, FILES)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []


@pytest.mark.system
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_man_shows_a_page_without_warning_and_unchanged(path: Path) -> None:
    man = shutil.which("man")
    if man is None:
        pytest.skip("man is not installed")
    done = subprocess.run(
        [man, "--warnings", "--local-file", str(path)],
        capture_output=True, text=True, timeout=60, check=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "MAN_KEEP_FORMATTING": ""},
    )  # fmt: skip
    assert done.stderr == ""
    assert "SYNOPSIS" in done.stdout
    if path.stem == "ttinspect-harvest":
        assert "       ttinspect harvest --from board:galaxy-wh --json | jq .common_grid\n" in done.stdout
