"""What is known of a command line before it is parsed."""

import itertools
import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.sources.clusters import MODERN_P150
from ttinspect.cli.commands import COMMANDS
from ttinspect.cli.parsers import parser_of
from ttinspect.cli.scanner import scan


@pytest.mark.parametrize(
    ("line", "command", "source"),
    [
        ("", None, None),
        ("harvest --from board:n300", "harvest", "board:n300"),
        ("--from board:p150 --shm-dir /tmp harvest", "harvest", "board:p150"),
        ("--from board:p150 --shm-dir /tmp", None, "board:p150"),
        ("--samples 3 --window 1 verify-shm", "verify-shm", None),
        ("-jd 0 harvest", "harvest", None),
        ("-d0 harvest", "harvest", None),
        ("-w telemetry", "telemetry", None),
        ("-w 2 telemetry", "telemetry", None),
        ("--from=sim:a.so capacity", "capacity", "sim:a.so"),
        ("-o --from harvest", "harvest", None),
        ("--from - harvest", "harvest", "-"),
        ("harvest -- --from board:n300", "harvest", None),
    ],
)
def test_the_command_and_the_source_are_found_behind_options_with_values(
    line: str, command: str | None, source: str | None
) -> None:
    scanned = scan(line.split())
    assert (scanned.command, scanned.source) == (command, source)


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("telemetry --watch", "--watch 1"),
        ("telemetry --watch --json", "--watch 1 --json"),
        ("telemetry --watch 0.5 --json", "--watch 0.5 --json"),
        ("telemetry -jw", "-jw 1"),
        ("telemetry -w2 -j", "-w2 -j"),
        ("telemetry --watch=2", "--watch=2"),
        ("harvest -o --watch", "-o --watch"),
    ],
)
def test_a_watch_interval_that_is_left_out_is_a_second(line: str, arguments: str) -> None:
    assert scan(line.split()).arguments == arguments.split()


@pytest.mark.parametrize(
    ("line", "json_wanted"),
    [
        ("harvest -j", True), ("harvest -qj", True), ("harvest --json", True), ("harvest --format json", True),
        ("harvest --format=json", True), ("harvest -o x.json", True), ("harvest -ox.JSON", True), ("snapshot", True),
        ("schema harvest", False), ("harvest --format csv -o x.json", False), ("harvest -d j", False),
        ("harvest -dj", False), ("harvest -ojournal", False), ("harvest --from -j", False), ("harvest -- -j", False),
        ("harvest --format csv --format json", True), ("nonsense -j", True),
    ],
)  # fmt: skip
def test_json_is_wanted_where_the_parser_will_say_so(line: str, json_wanted: bool) -> None:
    assert scan(line.split()).wants_json is json_wanted


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("", None), ("list", "reading"), ("harvest", "chips"), ("harvest --help", None), ("telemetry", "telemetry"),
        ("telemetry -n 2", "watch"), ("telemetry -jw", "watch"), ("soc", None), ("harvest -o -h", "chips"),
    ],
)  # fmt: skip
def test_the_task_is_what_the_command_asks_of_devices(line: str, task: str | None) -> None:
    assert scan(line.split()).task == task


REPEATED = [
    "harvest --from board:p150 --from board:n300",
    "harvest --from board:p150 --from=board:p150",
    "harvest --from board:p150 --format csv --format json",
    "harvest --from board:p150 -o a.json --output b.json",
    "harvest --from board:p150 --picture --no-picture",
    "harvest --from board:p150 --timeout 1 --timeout 2",
    "capacity --from board:p150 --l1-small 0 --l1-small 64",
    "capacity --from board:p150 -qq",
    "check --from board:p150 --strict --strict",
    "verify-shm --from board:p150 --samples 1 --samples=2",
    "soc --arch blackhole --arch quasar",
    "--from board:p150 list --from board:n150",
]


@pytest.mark.parametrize("line", REPEATED)
def test_an_option_that_is_not_repeatable_is_refused_the_second_time(
    cold_run: Run, tmp_path: Path, line: str
) -> None:
    done = cold_run(*line.split())
    assert done.returncode == 2
    assert "is given twice" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_so_is_every_other_option_in_each_of_its_spellings(command: str) -> None:
    for option in parser_of(command).params:
        if option.param_type_name != "option" or option.multiple or "--help" in option.opts:
            continue
        value = [] if option.is_flag else ["1"]
        for first, second in itertools.product([*option.opts, *option.secondary_opts], repeat=2):
            line = [command, first, *value, second, *value]
            assert scan(line).repeated() is not None, line
            if value and second.startswith("--"):
                assert scan([command, first, *value, f"{second}=1"]).repeated() is not None, line


def test_repeatable_options_are_taken_together(run: Run) -> None:
    line = "harvest --from board:n300 -d 0 --device 1 -i 0 --json"
    assert [chip["id"] for chip in json.loads(run(*line.split()).stdout)["devices"]] == [0, 1]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("board:p150", "ttinspect list --from board:p150"),
        ("bord:p150", "ttinspect list --from board:p150"),
        ("harvest board:p150", "ttinspect harvest --from board:p150"),
        ("harvest c.yaml", "ttinspect harvest --from c.yaml"),
        ("harvest --from bord:p150", "did you mean --from board:p150?"),
        ("harvest --from mask:blackhole,tensix=0", "did you mean --from masks:blackhole,tensix=0?"),
        ("harvest --from libttsim.so", "--from sim:libttsim.so"),
        ("harvest libttsim.so", "--from sim:libttsim.so"),
        ("libttsim.so", "--from sim:libttsim.so"),
        ("harvest nothing-of-the-kind", "see ttinspect harvest --help"),
        ("harves", "see ttinspect --help"),
    ],
)
def test_a_source_in_the_wrong_place_gets_the_command_line_that_was_meant(
    run: Run, tmp_path: Path, line: str, hint: str
) -> None:
    (tmp_path / "c.yaml").write_text(MODERN_P150)
    shutil.copy("/bin/true", tmp_path / "libttsim.so")
    done = run(*line.split())
    assert done.returncode == 2
    assert hint in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["json", "yaml", "csv", "table", "svg"])
@pytest.mark.parametrize("command", ["harvest --from board:p150", "schema harvest"])
def test_a_format_is_no_file_name(run: Run, tmp_path: Path, name: str, command: str) -> None:
    done = run(*command.split(), "-o", name)
    assert done.returncode == 2
    assert f"--format {name}" in done.stderr
    assert not (tmp_path / name).exists()
    assert run(*command.split(), "-o", f"./{name}").returncode == 0
    assert (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("name", "noted"), [("out", True), ("out.jsn", True), ("out.txt", False), ("o.JSON", False)]
)
def test_a_suffix_that_is_not_known_is_said_to_be_none(
    run: Run, tmp_path: Path, name: str, noted: bool
) -> None:
    done = run("harvest", "--from", "board:p150", "-o", name)
    assert done.returncode == 0
    assert ("is written as table" in done.stderr) is noted
    text = (tmp_path / name).read_text()
    assert text.startswith("{" if name == "o.JSON" else "Source: ")
    assert run("harvest", "--from", "board:p150", "-qo", name).stderr == ""
