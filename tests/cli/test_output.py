"""What is printed where, in which format, through the console script."""

import csv
import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml

from tests.conftest import Run
from tests.sources.clusters import n300, to_yaml
from ttinspect.cli.commands import COMMANDS
from ttinspect.cli.output import write

EXAMPLES = {
    "harvest": ["harvest", "--from", "board:n300"],
    "harvest of unknowns": ["harvest", "--from", "unknown.yaml", "--cores"],
    "harvest with cores": ["harvest", "--from", "masks:blackhole,tensix=0x60,dram=1", "--cores"],
    "harvest of quasar": ["harvest", "--from", "masks:quasar,tensix=1", "--cores"],
    "harvest of a core": ["harvest", "--from", "board:p150", "--core", "translated:1-2"],
    "capacity": ["capacity", "--from", "board:p100", "--sources"],
    "capacity of unknowns": ["capacity", "--from", "unknown.yaml"],
    "capacity that does not open": ["capacity", "--from", "board:p150", "--dispatch", "eth"],
    "topology": ["topology", "--from", "board:p300"],
    "topology as a tree": ["topology", "--from", "board:n300", "--tree"],
    "soc": ["soc", "--arch", "quasar"],
    "check": ["check", "--from", "board:n300"],
    "check of expectations": [
        "check",
        "--from",
        "board:p300",
        "--expect",
        "cores=1",
        "--expect",
        "power_w=3",
    ],
    "diff": ["diff", "board:n300", "board:n150"],
    "diff of the same": ["diff", "board:n300", "board:n300"],
    "explain": ["explain"],
}


@pytest.fixture(autouse=True)
def _unknown_masks(tmp_path: Path) -> None:
    (tmp_path / "unknown.yaml").write_text(to_yaml(n300(harvesting=None)))


@pytest.mark.parametrize("arguments", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_json_is_one_document_that_validates_against_its_schema(
    cold_run: Run, run: Run, arguments: list[str]
) -> None:
    document = json.loads(cold_run(*arguments, "--json").stdout)
    schema = json.loads(run("schema", arguments[0]).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["schema"] == f"ttinspect.{arguments[0]}.v1" == schema["title"]
    assert document["tool"]["name"] == "ttinspect"


def test_a_failure_validates_against_its_schema(run: Run) -> None:
    schema = json.loads(run("schema", "error").stdout)
    jsonschema.validate(json.loads(run("harvest", "--from", "x", "--json").stdout), schema)


@pytest.mark.parametrize("arguments", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_yaml_says_what_json_says(run: Run, arguments: list[str]) -> None:
    assert yaml.safe_load(run(*arguments, "--format", "yaml").stdout) == json.loads(
        run(*arguments, "-j").stdout
    )


@pytest.mark.parametrize("arguments", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_csv_has_as_many_cells_in_every_row(run: Run, arguments: list[str]) -> None:
    rows = list(csv.reader(io.StringIO(run(*arguments, "--format", "csv").stdout)))
    assert len(rows) > 1 or arguments[0] == "diff"
    assert {len(row) for row in rows} == {len(rows[0])}
    facts = [at for at, name in enumerate(rows[0]) if name != "outcome"]
    assert "unknown" not in {row[at] for row in rows[1:] for at in facts}


@pytest.mark.parametrize("columns", ["80", "200"])
@pytest.mark.parametrize("arguments", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_tables_fit_the_terminal_and_are_plain_text_when_piped(
    run: Run, arguments: list[str], columns: str
) -> None:
    done = run(*arguments, COLUMNS=columns)
    assert done.returncode in ((0, 10, 11) if arguments[0] in ("check", "diff") else (0,))
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= int(columns)
    assert not any(line != line.rstrip() for line in done.stdout.splitlines())


def _in_a_terminal(command: str, **env: str) -> str:
    settings = " ".join(f"{key}={value}" for key, value in env.items())
    done = subprocess.run(
        ["script", "-qec", f"env {settings} {command}", "/dev/null"],
        capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.stdout


def test_colour_is_for_terminals_only_and_no_color_is_honoured(console_script: str) -> None:
    command = f"{console_script} harvest --from board:n300"
    assert "\x1b[" in _in_a_terminal(command, TERM="xterm", COLUMNS="80")
    assert "\x1b[" not in _in_a_terminal(command, TERM="xterm", COLUMNS="80", NO_COLOR="1")


def test_two_wormhole_chips_stand_side_by_side_at_80_columns(run: Run) -> None:
    out = run("harvest", "--from", "board:n300").stdout
    assert re.search(r"chip 0   NOC0 x +chip 1   NOC0 x", out)


def test_pictures_of_many_chips_are_drawn_on_demand_and_equal_ones_once(run: Run) -> None:
    assert "NOC0 x" not in run("harvest", "--from", "board:galaxy-wh").stdout
    assert run("harvest", "--from", "board:galaxy-wh", "--picture").stdout.count("chips 0-31   NOC0 x") == 1


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("h.json", "{"),
        ("h.yaml", "schema:"),
        ("h.csv", "id,arch"),
        ("h.svg", "<svg"),
        ("h.md", "Source"),
        ("h.txt", "Source"),
    ],
)
def test_the_suffix_of_the_output_file_chooses_the_format(
    run: Run, tmp_path: Path, name: str, starts: str
) -> None:
    done = run("harvest", "--from", "board:n300", "-o", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / name).read_text().startswith(starts)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("json", "json"), ("md", "markdown"), ("MD", "markdown"), ("svg", "svg"), ("dot", "dot"), ("junit", "junit"),
     ("xml", "junit"), ("html", "html"), ("htm", "html"), ("csv", "csv"), ("yaml", "yaml"), ("yml", "yaml"),
     ("prom", "prometheus"), ("prometheus", "prometheus"), ("openmetrics", "openmetrics"), ("mermaid", "mermaid"),
     ("mmd", "mermaid"), ("table", "table"), ("txt", "table"), ("text", "table"), ("markdown", "markdown")],
)  # fmt: skip
def test_the_bare_name_of_a_format_is_no_file(run: Run, tmp_path: Path, name: str, meant: str) -> None:
    for command in (["harvest", "--from", "board:p100"], ["schema", "harvest"], ["diff", "a", "b"]):
        done = run(*command, "-o", name)
        assert done.returncode == 2, command
        assert f"--format {meant}; or --output ./{name}" in done.stderr, command
    assert not (tmp_path / name).exists()


def test_a_failed_write_leaves_the_old_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text("old")
    assert run("harvest", "--from", "nothing.yaml", "-o", "out.json").returncode == 2
    assert (tmp_path / "out.json").read_text() == "old"
    assert run("harvest", "--from", "board:n150", "-o", "out.json").returncode == 0
    assert json.loads((tmp_path / "out.json").read_text())["devices"][0]["board"] == "n150"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]


def test_what_is_not_whole_yet_has_no_name_that_a_textfile_collector_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """node_exporter 1.5.0 reads every NAME.prom, those that begin with a dot too."""
    renamed: list[str] = []

    def rename(half: Path, target: Path) -> Path:
        renamed.append(half.name)
        half.rename(target)
        return target

    monkeypatch.setattr(Path, "replace", rename)
    write("ttinspect_chips 1\n", str(tmp_path / "ttinspect.prom"))
    assert (tmp_path / "ttinspect.prom").read_text() == "ttinspect_chips 1\n"
    assert len(renamed) == 1 and not renamed[0].endswith(".prom")


def test_the_picture_as_svg_is_well_formed_and_shows_every_core(run: Run) -> None:
    root = ElementTree.fromstring(run("harvest", "--from", "board:p150", "--format", "svg").stdout)
    cells = [element for element in root.iter() if element.tag.endswith("rect")]
    kinds = 8 + 3  # in the legend: what is there, and tensix, eth and pcie that are harvested
    assert len(cells) == 17 * 12 + kinds


def test_markdown_cannot_be_broken_by_a_file_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a|b`c<i>.yaml").write_text(to_yaml(n300()))
    out = run("harvest", "--from", "a|b`c<i>.yaml", "--format", "markdown").stdout
    assert "a\\|b\\`c\\<i>.yaml" in out


def test_control_characters_of_a_file_name_are_shown_as_escapes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m\n.yaml").write_text(to_yaml(n300()))
    assert "a\\x1b[31m\\n.yaml" in run("harvest", "--from", "a\x1b[31m\n.yaml").stdout.replace("\n", "")
    failed = run("harvest", "--from", "b\x1b[31m\n.yaml").stderr
    assert "\x1b" not in failed
    assert len(failed.splitlines()) == 2


def test_standard_input_is_a_source(run: Run) -> None:
    done = run("harvest", "--from", "-", "--json", stdin=to_yaml(n300()))
    assert json.loads(done.stdout)["source"]["detail"] == "standard input"


def test_the_source_may_come_from_the_environment_and_stand_before_the_command(run: Run) -> None:
    wanted = json.loads(run("harvest", "--from", "board:p100", "-j").stdout)
    assert json.loads(run("harvest", "-j", TTINSPECT_FROM="board:p100").stdout) == wanted
    assert json.loads(run("--from", "board:p100", "harvest", "-j").stdout) == wanted
    assert (
        json.loads(run("harvest", "-j", "--from", "board:p100", TTINSPECT_FROM="board:n150").stdout) == wanted
    )


def test_a_source_that_is_given_empty_is_refused_and_an_empty_variable_is_none(run: Run) -> None:
    assert "the source is empty" in run("harvest", "--from", "", TTINSPECT_FROM="board:p100").stderr
    assert "the source is empty" not in run("harvest", TTINSPECT_FROM="").stderr


def _devices(run: Run, *choice: str) -> list[int]:
    return [d["id"] for d in json.loads(run("harvest", "--from", "c.yaml", "-j", *choice).stdout)["devices"]]


def test_devices_are_chosen_by_any_of_their_names(run: Run, tmp_path: Path) -> None:
    document = n300(
        chip_unique_ids={0: 10**15, 1: 10**15 + 1},
        chip_pci_bdfs={0: "0000:41:00.0"},
        chips_with_mmio=[{0: 3}],
    )
    (tmp_path / "c.yaml").write_text(to_yaml(document))
    assert _devices(run) == [0, 1]
    assert _devices(run, "--device", "1") == _devices(run, "-d", "1") == _devices(run, "-i", "1") == [1]
    assert _devices(run, "--device", "0,1") == _devices(run, "-d", "0", "-d", "1") == [0, 1]
    assert _devices(run, "-d", "0000:41:00.0") == [0]
    assert _devices(run, "-d", "1000000000000001") == _devices(run, "-d", hex(10**15 + 1)) == [1]
    assert _devices(run, "-d", "72058994491072600") == [0, 1]
    missed = run("harvest", "--from", "c.yaml", "-d", "7")
    assert "there are 0 0000:41:00.0 unique id 1000000000000000, 1" in missed.stderr


def test_mesh_facts_are_about_the_chosen_devices(run: Run) -> None:
    alone = json.loads(run("harvest", "--from", "board:n300", "-d", "0", "-j").stdout)
    both = json.loads(run("harvest", "--from", "board:n300", "-j").stdout)
    assert (alone["common_grid"], both["common_grid"]) == (None, [8, 8])


def test_ids_of_64_bits_are_strings_and_unknown_is_null(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(to_yaml(n300(chip_unique_ids={0: 2**64 - 1, 1: 5}, harvesting=None)))
    device: dict[str, Any] = json.loads(run("harvest", "--from", "c.yaml", "-j").stdout)["devices"][0]
    assert device["unique_id"] == "18446744073709551615"
    assert device["board_id"] == "72058994491072600"
    assert device["masks"] == dict.fromkeys(("tensix", "dram", "eth", "pcie", "l2cpu"))
    assert device["tensix"]["active"] is None
    assert device["tensix"]["full_grid"] == [8, 10]
    assert "tensix.active" in [unknown["path"] for unknown in device["unknown"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"ttinspect {command}" in done.stdout.partition("Examples:")[2]


def test_the_help_lists_every_command_and_the_version_is_one_line(run: Run) -> None:
    text = run("--help").stdout
    assert all(re.search(rf"^  {command} ", text, re.M) for command in COMMANDS)
    assert re.fullmatch(r"ttinspect \d+\.\d+\.\d+\n", run("--version").stdout)


def test_python_m_is_the_same_program(console_script: str) -> None:
    python = str(Path(console_script).with_name("python"))
    arguments = ["harvest", "--from", "board:n150", "-j"]
    done = subprocess.run(
        [python, "-m", "ttinspect", *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    again = subprocess.run(
        [console_script, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == again.stdout


def test_standard_input_cannot_be_watched(run: Run) -> None:
    done = run("telemetry", "--watch", "--from", "-", stdin="")
    assert done.returncode == 2
    assert "standard input holds one document" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        "harvest --from board:n150", "harvest --from board:n150 --json", "snapshot --from board:n150",
        "schema harvest", "completion bash", "report --from board:n150", "check --from board:n150 --init",
    ],
)  # fmt: skip
def test_a_dash_as_the_file_is_standard_output(run: Run, tmp_path: Path, words: str) -> None:
    plain, dashed = (run(*words.split(), *more) for more in ((), ("-o", "-")))
    assert dashed.stdout
    assert (len(dashed.stdout), dashed.stdout[:60]) == (len(plain.stdout), plain.stdout[:60])
    assert (dashed.returncode, dashed.stderr) == (plain.returncode, plain.stderr)
    assert not (tmp_path / "-").exists()
