"""``check`` as scripts and people use it: one passing, one failing, one unknown case of each expectation."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.shm.captures import captures
from tests.snapshots import timeless
from tests.sources.clusters import MODERN_P150

P150 = "masks:blackhole,board=p150"
BARE = "masks:blackhole"
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(run: Run, tmp_path: Path) -> Ask:
    """Exit code and JSON of a check, on a host that publishes nothing."""
    (tmp_path / "nothing" / "proc").mkdir(parents=True)
    nowhere = ("--shm-dir", str(tmp_path / "nothing"), "--procfs", str(tmp_path / "nothing" / "proc"))

    def call(source: str, *args: str, **env: str) -> tuple[int, Any]:
        done = run("check", "--from", source, *args, "--json", *nowhere, **env)
        return done.returncode, json.loads(done.stdout)

    return call


def _outcomes(document: Any) -> dict[tuple[str, str], str]:
    return {
        (expectation["subject"], expectation["fact"]): expectation["outcome"]
        for expectation in document["expectations"]
    }


BOARDS = ["n150", "n300", "p100", "p150", "p300", "galaxy-wh", "galaxy-bh"]


@pytest.mark.parametrize("board", BOARDS)
def test_a_built_in_board_is_its_product_as_far_as_an_example_can_tell(ask: Ask, board: str) -> None:
    code, document = ask(f"board:{board}")
    outcomes = _outcomes(document)
    assert (code, document["verdict"]) == (11, "inconclusive")
    assert "fail" not in outcomes.values()
    unknown = {fact for (_, fact), outcome in outcomes.items() if outcome == "unknown"}
    assert {"DRAM trained", "firmware"} <= unknown <= {
        "DRAM trained", "firmware", "eth links", "unique ids", "board ids",
    }  # fmt: skip
    passed = {fact for (_, fact), outcome in outcomes.items() if outcome == "pass"}
    assert {"harvested DRAM banks", "harvested eth channels"} <= passed


FAILING_CLUSTERS = {"blackhole_8xP150.yaml": {("TTH001", "harvested tensix columns", 2, 1)}}


def test_every_cluster_descriptor_is_its_product_but_one(ask: Ask, shared: Path) -> None:
    for path in (shared / "umd" / "clusters").iterdir():
        code, document = ask(str(path))
        failed = {
            (expectation["id"], expectation["fact"], expectation["expected"], expectation["found"])
            for expectation in document["expectations"]
            if expectation["outcome"] == "fail"
        }
        assert failed == FAILING_CLUSTERS.get(path.name, set()), path
        assert code == (10 if failed else 11), path
        if failed:
            assert sum(expectation["outcome"] == "fail" for expectation in document["expectations"]) == len(
                document["devices"]
            )


SITES = {
    "arch": ("blackhole", "wormhole_b0"),
    "board": ("p150", "n300"),
    "grid": ("12x10", "8x8"),
    "cores": ("120", "64"),
    "l1_bytes": ("188743680", "188743679"),
    "dram_bytes": ("34359738368", "1"),
}


@pytest.mark.parametrize("fact", SITES)
def test_a_fact_of_the_masks(ask: Ask, fact: str) -> None:
    right, wrong = SITES[fact]
    passing, document = ask(P150, "--expect", f"{fact}={right}")
    assert (passing, document["verdict"], _outcomes(document)) == (0, "pass", {("chip 0", fact): "pass"})
    failing, document = ask(P150, "--expect", f"{fact}={wrong}")
    assert (failing, document["verdict"], _outcomes(document)) == (10, "fail", {("chip 0", fact): "fail"})
    (finding,) = document["devices"][0]["findings"]
    assert (finding["id"][:3], finding["severity"], finding["evidence"]["fact"]) == ("TTC", "error", fact)


@pytest.mark.parametrize("fact", ["grid", "cores", "l1_bytes", "dram_bytes"])
def test_a_fact_of_masks_that_are_unknown(ask: Ask, tmp_path: Path, fact: str) -> None:
    old = MODERN_P150[: MODERN_P150.index("harvesting:")] + MODERN_P150[MODERN_P150.index("chip_to_bus_id") :]
    (tmp_path / "c.yaml").write_text(old)
    code, document = ask("c.yaml", "--expect", f"{fact}={SITES[fact][0]}")
    assert (code, document["verdict"]) == (11, "inconclusive")
    assert document["expectations"][0]["found"] is None
    assert document["devices"][0]["findings"][0]["severity"] == "inconclusive"


@pytest.mark.parametrize(
    "pair",
    ["board=p150", "firmware=19.0.0", "asic_celsius=..75", "board_celsius=..75", "gddr_celsius=..80",
     "aiclk_mhz=..1350", "power_w=..300", "eth_links=4"],
)  # fmt: skip
def test_what_masks_cannot_tell_is_unknown(ask: Ask, pair: str) -> None:
    code, document = ask(BARE, "--expect", pair)
    assert (code, document["expectations"][0]["outcome"]) == (11, "unknown")


@pytest.mark.parametrize(
    ("pair", "code"),
    [
        ("cores=120..", 0),
        ("cores=121..", 10),
        ("cores=..120", 0),
        ("cores=1..2", 10),
        ("chips=1", 0),
        ("chips=2..", 10),
    ],
)
def test_numbers_can_be_ranges(ask: Ask, pair: str, code: int) -> None:
    assert ask(P150, "--expect", pair)[0] == code


def test_readings_of_a_tt_smi_document(ask: Ask, shared: Path) -> None:
    source = str(shared / "tt-smi" / "snapshot0.json")
    _, document = ask(source, "--init")
    firmware = document["each"]["firmware"]["min"]
    assert ask(source, "--expect", f"firmware={firmware}..")[0] == 0
    assert ask(source, "--expect", f"firmware={firmware}..", "--expect", "firmware=1.0.0")[0] == 2
    assert ask(source, "--expect", "firmware=..1.0.0")[0] == 10
    assert ask(source, "--expect", "asic_celsius=..200")[0] == 0
    assert ask(source, "--expect", "asic_celsius=..1")[0] == 10


def test_links_by_number_and_by_their_ends(ask: Ask, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    for links, code in (
        ("[0, 8, 1, 0]", 0), ("[1, 0, 0, 8]", 0), ("[0, 7, 1, 0]", 10), ("[0, 8, 5, 0]", 10),
    ):  # fmt: skip
        site.write_text(f"links:\n  - {links}\n")
        assert ask("board:n300", "site.yaml")[0] == code, links
    site.write_text("links: [[0, 8, 0, 9]]\n")
    assert ask(P150, "site.yaml")[0] == 11
    assert ask("board:n300", "--expect", "eth_links=2")[0] == 0
    assert ask("board:n300", "--expect", "eth_links=3")[0] == 10


SITE = """\
chips: 1
each:
  board: p150
boards:
  p150: {chips: 1, cores: {min: 120}}
by_chip:
  0000:41:00.0:
    grid: 12x10
  "4476187513099":
    l1_bytes: 188743680
"""


def test_a_file_for_all_chips_per_board_and_per_chip(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(MODERN_P150)
    (tmp_path / "site.yaml").write_text(SITE)
    code, document = ask("c.yaml", "site.yaml")
    assert (code, document["counts"]["pass"], document["files"]) == (0, 6, ["site.yaml"])
    (tmp_path / "site.yaml").write_text(SITE.replace("0000:41:00.0", "0000:42:00.0").replace("12x10", "9x9"))
    code, document = ask("c.yaml", "site.yaml")
    (failed,) = [expectation for expectation in document["expectations"] if expectation["outcome"] == "fail"]
    assert (code, failed["id"], failed["where"]) == (10, "TTC011", "site.yaml, line 7")


def test_a_file_for_a_board_that_is_not_there_does_not_pass(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("boards:\n  n300: {cores: 64}\n")
    assert ask(P150, "site.yaml")[0] == 10
    assert ask(BARE, "site.yaml")[0] == 11


def test_only_what_is_said_is_checked_unless_the_product_is_asked_for(ask: Ask) -> None:
    source = "masks:blackhole,board=p150,tensix=1"
    assert ask(source, "--expect", "cores=130")[0] == 0
    code, document = ask(source, "--expect", "cores=130", "--product")
    assert (code, document["files"]) == (10, ["--expect", "product"])


@pytest.mark.parametrize("variable", ["board:n300", "masks:blackhole"])
def test_a_forgotten_variable_gives_no_green_light(run: Run, variable: str) -> None:
    done = run("check", "--expect", "chips=2", TTINSPECT_FROM=variable)
    assert done.returncode == 2
    assert "TTINSPECT_FROM" in done.stderr


def test_a_snapshot_of_an_example_gives_none_either(run: Run) -> None:
    run("snapshot", "--from", "board:n300", "-o", "s.json")
    assert run("check", "--expect", "chips=2", TTINSPECT_FROM="s.json").returncode == 2
    assert run("check", "--expect", "chips=2", "--from", "s.json").returncode == 0


def test_no_devices_is_3(run: Run) -> None:
    assert run("check", "--shm-dir", ".", "--procfs", ".").returncode == 3


def _publish(tmp_path: Path, name: str) -> tuple[str, ...]:
    capture = captures()[name]
    folder = tmp_path / "shm"
    folder.mkdir()
    (tmp_path / "proc" / "1").mkdir(parents=True)
    (tmp_path / "proc" / "self").symlink_to("1")
    (folder / capture.file_name).write_bytes(capture.data)
    (folder / capture.file_name).chmod(0o600)
    (tmp_path / "c.yaml").write_text(MODERN_P150.replace("4476187513099", capture.file_id))
    return ("--from", "c.yaml", "--shm-dir", str(folder), "--procfs", str(tmp_path / "proc"), "--json")


@pytest.mark.parametrize(
    ("capture", "expected", "code"),
    [
        ("v3-clean-exit", "clean", 0),
        ("v3-ghost", "clean", 10),
        ("v3-ghost", "pass", 0),
        ("v4-inprogress-zero", "clean", 11),
    ],
)
def test_regions(run: Run, tmp_path: Path, capture: str, expected: str, code: int) -> None:
    done = run("check", "--expect", f"regions={expected}", *_publish(tmp_path, capture))
    document = json.loads(done.stdout)
    assert done.returncode == code, document["expectations"]
    if capture == "v3-ghost":
        assert "TTS050" in {finding["id"] for region in document["regions"] for finding in region["findings"]}


def test_strict_does_not_pass_warnings(run: Run, tmp_path: Path) -> None:
    options = _publish(tmp_path, "v3-ghost")
    assert run("check", "--expect", "regions=pass", "--strict", *options).returncode == 10


@pytest.mark.parametrize("source", ["board:n300", "board:galaxy-bh", P150, "masks:quasar,tensix=1", "c.yaml"])
def test_what_init_writes_passes(ask: Ask, run: Run, tmp_path: Path, source: str) -> None:
    (tmp_path / "c.yaml").write_text(MODERN_P150)
    assert run("check", "--from", source, "--init", "-o", "site.yaml", "--shm-dir", ".").returncode == 0
    code, document = ask(source, "site.yaml")
    assert (code, document["verdict"]) == (0, "pass")
    assert ask(source, "--init")[1]["chips"] == len(document["devices"])


def test_init_checks_nothing(run: Run) -> None:
    for other in ("site.yaml", "--strict", "--product", "--expect=cores=1"):
        assert run("check", "--init", "--from", "board:n300", other).returncode == 2


def test_table_markdown_csv_and_junit(run: Run, tmp_path: Path) -> None:
    command = (
        "check",
        "--from",
        P150,
        "--expect",
        "cores=64",
        "--expect",
        "board=p150",
        "--expect",
        "eth_links=1",
    )
    table = run(*command)
    assert table.stdout.splitlines()[-1] == "FAIL  1 as expected, 1 failed, 1 unknown  (exit 10)"
    assert table.stdout.index("fail") < table.stdout.index("unknown") < table.stdout.index(" pass")
    assert max(map(len, table.stdout.splitlines())) <= 80
    assert "| fail | TTC015 | chip 0 | cores | 64 | 120 |" in run(*command, "--format", "markdown").stdout
    assert "TTC015,chip 0,0,cores,64,120,fail" in run(*command, "--format", "csv").stdout
    suites = ET.fromstring(run(*command, "--format", "junit").stdout.encode())
    counts = {key: suites.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "3", "failures": "1", "errors": "1", "skipped": "0"}


def test_a_snapshot_is_checked_like_its_source(run: Run, tmp_path: Path) -> None:
    options = _publish(tmp_path, "v3-ghost")
    live = run("check", *options)
    run("snapshot", *options, "-o", "s.json")
    saved = run("check", "--from", "s.json", "--json")
    assert saved.returncode == live.returncode
    of_source, of_snapshot = json.loads(live.stdout), json.loads(saved.stdout)
    assert timeless(of_snapshot) == timeless(of_source)


def test_links_that_only_a_descriptor_lists_are_not_passed(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(MODERN_P150)
    _, document = ask("c.yaml")
    (links,) = [expectation for expectation in document["expectations"] if expectation["fact"] == "eth links"]
    assert links["outcome"] == "unknown"
    assert "one that is down is not in it" in links["why"]


def test_a_check_of_nothing_does_not_pass(ask: Ask, run: Run, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("by_chip:\n  1: {cores: 999}\n")
    code, document = ask("board:p300", "site.yaml", "-d", "0")
    assert (code, document["error"]["what"]) == (2, "nothing to check")
    assert ask("board:p300", "site.yaml", "-d", "1")[0] == 10


@pytest.mark.parametrize(
    ("name", "source", "outcome"),
    [
        ("5", "board:p150", "fail"),
        ('"0000:01:00.0"', "board:p150", "unknown"),
        ('"17716556166399396846"', "board:p150", "unknown"),
        ("/dev/tenstorrent/0", "board:p150", "unknown"),
        ('"0000:02:00.0"', "c.yaml", "fail"),
        ('"17716556166399396846"', "c.yaml", "fail"),
    ],
)
def test_a_chip_by_a_name_that_the_source_does_not_tell_is_unknown(
    ask: Ask, tmp_path: Path, name: str, source: str, outcome: str
) -> None:
    (tmp_path / "c.yaml").write_text(MODERN_P150)
    (tmp_path / "site.yaml").write_text(f"by_chip:\n  {name}: {{cores: 120}}\n")
    _, document = ask(source, "site.yaml")
    assert [expectation["outcome"] for expectation in document["expectations"]] == [outcome]
    (tmp_path / "site.yaml").write_text(f"links: [[{name}, 1, 0, 2]]\n")
    _, document = ask(source, "site.yaml")
    assert [expectation["outcome"] for expectation in document["expectations"]] == [outcome]


def test_one_chip_by_two_names_is_shown_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(MODERN_P150)
    unique_id = MODERN_P150.partition("chip_unique_ids:\n  0: ")[2].partition("\n")[0]
    (tmp_path / "site.yaml").write_text(f"by_chip:\n  0: {{cores: 9}}\n  {unique_id}: {{cores: 9}}\n")
    done = run("check", "site.yaml", "--from", "c.yaml", "--shm-dir", str(tmp_path), COLUMNS="200")
    assert "chips 0, 0" not in done.stdout
    assert done.stdout.count(" fail ") == 1


def test_what_a_file_is_called_reaches_no_terminal_raw(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31mb.yaml").write_text("each: {cores: 1}\n")
    done = run("check", "a\x1b[31mb.yaml", "--from", "board:p150", "--shm-dir", str(tmp_path))
    assert done.returncode == 10
    assert "\x1b" not in done.stdout
