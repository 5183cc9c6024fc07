"""The documents in docs/ say what is so, and the script in them works."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.fleet import plans
from tests.graphs import write_report
from tests.shm.captures import captures
from tests.sources.clusters import MODERN_P150
from ttinspect.cli.commands import COMMANDS
from ttinspect.model.check_file import ChipWants
from ttinspect.sources.check_file import read_check_file

DOCS = Path(__file__).resolve().parent.parent / "docs"
DUMP = Path(__file__).resolve().parent / "data" / "dumps" / "n150-detailed_memory_usage.csv"
SCRIPT = DOCS / "bring-up.sh"
SURPRISES = DOCS.parent / "findings"
BringUp = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_findings_are_those_that_explain_tells(run: Run) -> None:
    assert (DOCS / "findings.md").read_text() == run("explain", "--format", "markdown").stdout


def test_the_guide_holds_the_script_as_it_is() -> None:
    assert f"```bash\n{SCRIPT.read_text()}```" in (DOCS / "bring-up.md").read_text()


def _expectations_of_a_chip() -> dict[str, str]:
    """The examples in the guide of what can be expected of a chip, by key."""
    _, _, rest = (DOCS / "bring-up.md").read_text().partition("### What can be expected of a chip\n")
    rows = rest.partition("\nA number is exact")[0].splitlines()
    examples = [line.split("`")[1] for line in rows if line.startswith("| `")]
    return {example.partition(":")[0]: example for example in examples}


def test_the_guide_has_an_example_of_everything_that_can_be_expected_of_a_chip(run: Run) -> None:
    examples = _expectations_of_a_chip()
    assert tuple(examples) == ChipWants.__struct_fields__
    help_text = " ".join(run("check", "--help").stdout.split())
    offered = help_text.partition("--expect holds for every chip: ")[2].partition("; or for the host")[0]
    assert [word.partition("=")[0] for word in offered.split(", ")] == list(examples)


@pytest.mark.parametrize("key", ChipWants.__struct_fields__)
def test_an_example_of_what_can_be_expected_is_read_and_says_so_of_that_key_alone(key: str) -> None:
    wanted = read_check_file(f"each: {{{_expectations_of_a_chip()[key]}}}".encode(), "site.yaml").file.each
    assert wanted is not None
    assert [name for name in ChipWants.__struct_fields__ if getattr(wanted, name) is not None] == [key]


@pytest.mark.parametrize(
    ("document", "blocks"),
    [
        ("docs/bring-up.md", 2),
        ("docs/memory.md", 7),
        ("docs/programs.md", 3),
        ("README.md", 2),
        ("docs/commands.md", 13),
    ],
)
def test_what_a_document_shows_is_what_the_command_prints(
    run: Run, tmp_path: Path, document: str, blocks: int
) -> None:
    shutil.copy(DUMP, tmp_path / "detailed_memory_usage.csv")
    text = (DOCS.parent / document).read_text()
    shown = [block.split("\n```")[0] for block in text.split("```\n$ ttinspect ")[1:]]
    assert len(shown) == blocks
    for name in ("normal", "dry"):
        shutil.move(write_report(tmp_path, f"n150-{name}"), tmp_path / f"{name}.json")
    plans.write(tmp_path / "hosts", plans.documents(plans.cards(2)))
    for folder in ("shm", "proc"):
        (tmp_path / folder).mkdir()
    region = captures()["v3-single"]
    (tmp_path / "shm" / region.file_name).write_bytes(region.data)
    (tmp_path / "shm" / region.file_name).chmod(0o600)
    for block in shown:
        command, _, output = block.partition("\n")
        words = shlex.split(command)
        places = ["--shm-dir", str(tmp_path)] if words[0] in ("check", "list") else []
        assert run(*words, *places).stdout.rstrip("\n") == output


def test_every_command_has_a_guide_with_an_example_its_exit_codes_and_traps() -> None:
    sections = (DOCS / "commands.md").read_text().split("\n### `")[1:]
    guides = dict(section.split("`\n", 1) for section in sections)
    assert guides.keys() == COMMANDS.keys()
    for name, guide in guides.items():
        assert re.search(rf"```\n(\$ )?ttinspect {name}", guide) or name in ("top", "collect"), name
        assert "**Exit code**: " in guide, name
        assert "**Traps**: " in guide, name


def test_every_surprise_is_listed_and_tells_what_was_guessed_and_what_was_seen() -> None:
    scripts = sorted(path.name for path in SURPRISES.glob("*.sh"))
    assert (
        re.findall(r"^\| \[.*\]\((.*)\) \|", (SURPRISES / "README.md").read_text(), re.MULTILINE) == scripts
    )
    for name in scripts:
        text = (SURPRISES / name).read_text()
        assert re.search(
            r"^# Packages?: .*\n# Guess: [^~]*\n# Behaves: [^~]*\n# Matters: ", text, re.MULTILINE
        ), name
        assert "set -euo pipefail\nd=$(mktemp -d)" in text and "\n# Seen: " in text, name
        assert "import ttinspect" not in text, name


def test_the_script_is_clean() -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    subprocess.run([shellcheck, str(SCRIPT)], check=True, timeout=60)


@pytest.fixture
def bring_up(console_script: str, tmp_path: Path) -> BringUp:
    """Run the script with the installed ttinspect, in an empty folder."""

    def call(options: str, *args: str) -> "subprocess.CompletedProcess[str]":
        path = f"{Path(console_script).parent}:{os.environ['PATH']}"
        return subprocess.run(
            [str(SCRIPT), *args], capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path,
            env={"PATH": path, "HOME": str(tmp_path), "BRING_UP_DIR": "kept", "TTINSPECT_ARGS": options},
        )  # fmt: skip

    return call


@pytest.fixture
def recorded(tmp_path: Path, run: Run) -> str:
    """Options for a recorded P150 that publishes nothing, with site.yaml as it should be."""
    (tmp_path / "c.yaml").write_text(MODERN_P150)
    (tmp_path / "shm").mkdir()
    (tmp_path / "proc" / "driver" / "tenstorrent" / "0").mkdir(parents=True)
    (tmp_path / "proc" / "driver" / "tenstorrent" / "0" / "pids").write_text("")
    (tmp_path / "proc" / "1").mkdir()
    (tmp_path / "proc" / "self").symlink_to("1")
    options = "--from c.yaml --shm-dir shm --procfs proc"
    assert run("check", "--init", "-o", "site.yaml", *options.split()).returncode == 0
    assert "regions: clean\n" in (tmp_path / "site.yaml").read_text()
    return options


def test_a_good_machine_is_fit_and_everything_is_kept(
    bring_up: BringUp, recorded: str, tmp_path: Path
) -> None:
    done = bring_up(recorded, "site.yaml")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "bring-up: FIT")
    assert (tmp_path / "kept" / "check.xml").read_text().startswith("<?xml")
    again = bring_up(recorded, "site.yaml")
    assert again.returncode == 0
    assert "SAME  1 chip" in again.stdout


def test_a_wrong_site_file_is_told_once(bring_up: BringUp, recorded: str, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("each: {corse: 3}\n")
    done = bring_up(recorded, "site.yaml")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        2,
        "bring-up: NOT CHECKED: the site file is wrong",
    )
    assert done.stderr.count("did you mean cores?") == 1


def test_the_wrong_board_is_not_fit(bring_up: BringUp, recorded: str, tmp_path: Path) -> None:
    assert bring_up(recorded, "site.yaml").returncode == 0
    other = MODERN_P150.replace("p150", "p100").replace("harvest_mask: 0x60", "harvest_mask: 0x61")
    (tmp_path / "c.yaml").write_text(other)
    done = bring_up(recorded, "site.yaml")
    assert done.returncode == 1
    assert "TTC013" in done.stdout
    assert "bring-up: it is not what it was at the last bring-up" in done.stdout
    assert done.stdout.splitlines()[-1] == "bring-up: NOT FIT"


def test_a_ghost_is_not_fit(bring_up: BringUp, recorded: str, tmp_path: Path) -> None:
    capture = captures()["v3-ghost"]
    (tmp_path / "shm" / capture.file_name).write_bytes(capture.data)
    (tmp_path / "shm" / capture.file_name).chmod(0o600)
    done = bring_up(recorded, "site.yaml")
    assert done.returncode == 1
    assert "TTS050" in done.stdout


def test_no_device_is_not_fit(bring_up: BringUp, tmp_path: Path) -> None:
    (tmp_path / "root" / "sys").mkdir(parents=True)
    (tmp_path / "root" / "dev" / "shm").mkdir(parents=True)
    done = bring_up("--from sysfs:root")
    assert (done.returncode, done.stdout) == (1, "bring-up: NOT FIT: no devices\n")


def test_regions_without_a_device_are_not_fit(bring_up: BringUp, tmp_path: Path) -> None:
    (tmp_path / "root" / "sys").mkdir(parents=True)
    (tmp_path / "root" / "dev" / "shm").mkdir(parents=True)
    (tmp_path / "shm").mkdir()
    capture = captures()["v3-ghost"]
    (tmp_path / "shm" / capture.file_name).write_bytes(capture.data)
    done = bring_up("--from sysfs:root --shm-dir shm")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "bring-up: NOT FIT: no devices")


def test_what_a_recording_cannot_tell_is_not_checked(bring_up: BringUp, recorded: str) -> None:
    done = bring_up(recorded)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        2,
        "bring-up: NOT CHECKED: some facts are unknown",
    )


@pytest.mark.parametrize("wrong", ["--from nowhere.yaml", "--from sim:broken.so", "--from sysfs:root"])
def test_nothing_of_an_earlier_run_is_taken_for_this_one(
    bring_up: BringUp, recorded: str, tmp_path: Path, wrong: str
) -> None:
    assert bring_up(recorded, "site.yaml").returncode == 0
    kept = tmp_path / "kept"
    before = (kept / "snapshot.json").read_bytes()
    (tmp_path / "root" / "sys").mkdir(parents=True)
    (tmp_path / "root" / "dev" / "shm").mkdir(parents=True)
    (tmp_path / "broken.so").write_text("x")
    for _ in range(2):
        done = bring_up(wrong, "site.yaml")
        assert "NOT" in done.stdout.splitlines()[-1]
        assert done.returncode == (1 if "sysfs" in wrong else 2)
        assert sorted(path.name for path in kept.iterdir()) == ["snapshot.last.json"]
        assert (kept / "snapshot.last.json").read_bytes() == before
    assert "SAME  1 chip" in bring_up(recorded, "site.yaml").stdout


@pytest.mark.parametrize("argument", ["-h", "--help", "--expect=chips=1", "-V", "", "nowhere.yaml"])
def test_an_argument_that_is_no_site_file_is_not_checked(
    bring_up: BringUp, recorded: str, argument: str
) -> None:
    done = bring_up(recorded, argument)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        2,
        "bring-up: NOT CHECKED: the site file is wrong",
    )


@pytest.mark.parametrize("arguments", [("site.yaml", "--product"), ("site.yaml", "site.yaml"), ("-",)])
def test_more_than_a_site_file_is_not_checked(
    bring_up: BringUp, recorded: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert bring_up(recorded, "site.yaml").returncode == 0
    assert (tmp_path / "kept" / "check.xml").exists()
    done = bring_up(recorded, *arguments)
    assert (done.returncode, done.stdout) == (
        2,
        "bring-up: NOT CHECKED: give it one site file, or none\n",
    )
    assert not (tmp_path / "kept" / "check.xml").exists()


def test_a_broken_baseline_is_no_difference(bring_up: BringUp, recorded: str, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "snapshot.json").write_text("{")
    done = bring_up(recorded, "site.yaml")
    assert "bring-up: it could not be compared with the last bring-up" in done.stdout
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "bring-up: FIT")
