"""``ttinspect verify-shm`` and ``memory`` as a user meets them."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import Run
from tests.verify.build import MIB, UNIQUE_ID, Bytes, RegionSpec, SlotSpec
from tests.verify.host import Host, p150_host
from tests.verify.seeds import HELD, healthy
from ttinspect.verify.findings.rules import REGION_RULES


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return p150_host(tmp_path)


def _arguments(host: Host, *more: str) -> list[str]:
    return ["--from", "board:p150", "--shm-dir", str(host.shm), "--procfs", str(host.proc), *more]


def _past(host: Host, *, dead: bool = False, num_active: int | None = None) -> None:
    """A region from before now: the clock of a command line is the host's."""
    long_ago = 10**18  # September 2001
    if not dead:
        host.run(101)
    (host.proc / "stat").unlink()  # without start times
    slots = [SlotSpec(pid=101, held=HELD, name=b"\x1b[31mred<b>")]
    host.publish(RegionSpec(version=3, slots=slots, updated=long_ago, num_active=num_active))
    if not dead:
        (host.proc / "101" / "comm").write_bytes(b"\x1b[31mred<b>\n")


def test_a_healthy_host_passes(host: Host, run: Run) -> None:
    _past(host)
    done = run("verify-shm", *_arguments(host))
    assert (done.returncode, done.stderr) == (0, "")
    last = done.stdout.splitlines()[-1]
    assert last == "PASS  0 warnings, 0 errors, 0 inconclusive  (exit 0)"
    assert "\x1b" not in done.stdout
    assert "\\x1b[31mred<b>" in done.stdout


def test_used_of_total_as_an_operator_reads_it(host: Host, run: Run) -> None:
    _past(host)
    lines = run("memory", *_arguments(host)).stdout.splitlines()
    assert lines[1] == "Allocatable: ttnn-0.81.1, tensix dispatch, L1_SMALL and trace included"
    assert lines[3].split() == ["id", "L1", "used/allocatable", "DRAM", "used/allocatable", "held", "by"]
    assert lines[4].split()[:6] == ["0", "2.0/153.3", "MiB", "1.3", "%", "0.06/31.87"]
    assert lines[-1] == " circular buffers are not added (chip 0): their counter is no sum before v4"


def test_a_warning_is_exit_0_and_with_strict_10_and_the_verdict_stays(host: Host, run: Run) -> None:
    _past(host, dead=True)
    for more, code in (((), 0), (("--strict",), 10), (("--strict", "--ignore", "tts050"), 0)):
        done = run("verify-shm", *_arguments(host, "--json", *more))
        assert done.returncode == code
        assert json.loads(done.stdout)["verdict"] == ("pass" if "--ignore" in more else "warn")


def test_a_fault_is_exit_10_and_one_look_is_11(host: Host, run: Run) -> None:
    _past(host, num_active=5)
    done = run("verify-shm", *_arguments(host, "--samples", "2", "--window", "0"))
    assert done.returncode == 10
    assert "TTS023" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("FAIL")
    assert run("verify-shm", *_arguments(host, "--samples", "1")).returncode == 11


def test_json_has_the_documented_keys(host: Host, run: Run) -> None:
    _past(host)
    document = json.loads(run("verify-shm", *_arguments(host, "--json")).stdout)
    assert document["schema"] == "ttinspect.verify-shm.v1"
    assert {"tool", "source", "verdict", "findings", "regions"} <= document.keys()
    (region,) = document["regions"]
    assert region.keys() >= {
        "path", "file_id", "version", "size", "mode", "state", "stable", "asic_id", "device_id", "device",
        "totals", "processes", "chips", "capacity", "findings",
    }  # fmt: skip
    assert (region["file_id"], region["asic_id"]) == (str(UNIQUE_ID), str(UNIQUE_ID))
    assert (region["mode"], region["state"], region["stable"]) == ("0600", "ready", None)
    assert region["totals"] == {"dram": 64 * MIB, "l1": 2 * MIB, "l1_small": 32768, "trace": MIB, "cb": 65536, "kernel": None}  # fmt: skip
    assert region["processes"][0].keys() == {
        "slot", "pid", "name", "alive", "dram", "l1", "l1_small", "trace", "cb", "kernel", "last_update",
        "host_pid",
    }  # fmt: skip
    assert region["processes"][0]["alive"] is True
    assert region["processes"][0]["name"] == "\\x1b[31mred<b>"
    assert region["chips"][0]["chip_id"] == 0
    assert region["capacity"]["l1_physical"] == 188_743_680


def test_csv_has_a_row_per_finding(host: Host, run: Run) -> None:
    _past(host, dead=True)
    rows = list(csv.DictReader(io.StringIO(run("verify-shm", *_arguments(host, "--format", "csv")).stdout)))
    assert [(row["id"], row["severity"], row["device"]) for row in rows] == [("TTS050", "warning", "0")]
    assert json.loads(rows[0]["evidence"])["pid"] == 101


def test_junit_has_a_case_per_region_and_rule(host: Host, run: Run) -> None:
    _past(host, num_active=5)
    host.put(b"", file_id=77)
    text = run("verify-shm", *_arguments(host, "--format", "junit", "--window", "0", "--samples", "2")).stdout
    root = ElementTree.fromstring(text)
    suites = {suite.get("name", "").rpartition("/")[2]: suite for suite in root}
    region, empty = suites[f"tt_device_{UNIQUE_ID}_memory"], suites["tt_device_77_memory"]
    about_regions = {rule.id for rule in REGION_RULES} - {"TTS009", "TTS054"}
    for suite in (region, empty):
        assert {case.get("name", "").split()[0] for case in suite} == about_regions
    failed = [case.get("name") for case in region if case.find("failure") is not None]
    assert failed == ["TTS023 num_active"]
    undecided = [case.get("name") for case in empty if case.find("error") is not None]
    assert undecided == ["TTS005 not initialised"]
    # What was not judged is no pass.
    assert empty.get("skipped") == str(len(about_regions) - 6)
    assert (root.get("failures"), root.get("errors")) == ("1", "1")


def test_the_allocator_is_read_from_a_file(host: Host, run: Run, tmp_path: Path) -> None:
    _past(host)
    view = {"L1": {"num_banks": 1, "total_bytes_per_bank": 5, "total_bytes_allocated_per_bank": 5}}
    (tmp_path / "allocator.json").write_text(json.dumps({"pid": 101, "memory_view": view}))
    done = run("verify-shm", *_arguments(host, "--allocator", str(tmp_path / "allocator.json")))
    assert done.returncode == 10
    assert "TTS060" in done.stdout
    for bad in ("{}", "nonsense"):
        (tmp_path / "allocator.json").write_text(bad)
        done = run("verify-shm", *_arguments(host, "--allocator", str(tmp_path / "allocator.json"), "--json"))
        assert done.returncode == 2
        assert json.loads(done.stdout)["error"]["exit_code"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ("--samples", "0"),
        ("--samples", "many"),
        ("--window", "-1"),
        ("--window", "nan"),
        ("--ignore", "TTS999"),
        ("--allocator", "missing.json"),
        ("--shm-dir", "missing"),
        ("--procfs", "missing"),
    ],
)
def test_wrong_usage_is_exit_2(host: Host, run: Run, wrong: tuple[str, str]) -> None:
    done = run("verify-shm", *_arguments(host, *wrong))
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("source", ["board:p150", "masks:wormhole_b0"])
def test_no_green_light_from_a_forgotten_variable(host: Host, run: Run, source: str) -> None:
    done = run("verify-shm", "--shm-dir", str(host.shm), TTINSPECT_FROM=source)
    assert done.returncode == 2
    assert "TTINSPECT_FROM" in done.stderr


def test_regions_of_a_host_without_visible_devices_are_judged_without_chips(host: Host, run: Run) -> None:
    if Path("/dev/tenstorrent").exists():
        pytest.skip("this host has devices")
    _past(host, num_active=5)
    places = ("--shm-dir", str(host.shm), "--procfs", str(host.proc), "--samples", "2", "--window", "0")
    done = run("verify-shm", *places, "--json")
    assert done.returncode == 10
    assert [finding["id"] for finding in json.loads(done.stdout)["findings"]] == ["TTS011"]
    assert run("verify-shm", *places, "--ignore", "TTS023").returncode == 11


def test_only_the_chosen_chips_are_shown(host: Host, run: Run) -> None:
    _past(host)
    place = ["--from", "board:p300", "--shm-dir", str(host.shm), "--procfs", str(host.proc), "--json"]
    everything = json.loads(run("verify-shm", *place).stdout)
    assert [region["device"] for region in everything["regions"]] == [0]
    second = json.loads(run("verify-shm", *place, "-d", "1").stdout)
    assert second["regions"] == []
    assert [finding["evidence"]["chips"] for finding in second["findings"]] == [[1]]
    memory = json.loads(run("memory", *place, "-d", "1").stdout)
    assert [(device["id"], device["regions"]) for device in memory["devices"]] == [(1, [])]


def test_memory_raw_is_the_decoded_region(host: Host, run: Run) -> None:
    host.publish(healthy(host, 4, reference_count=9))
    (raw,) = json.loads(run("memory", *_arguments(host, "--raw", "--json")).stdout)["raw"]
    assert raw["region"]["header"]["reference_count"] == 9
    assert [slot["pid"] for slot in raw["region"]["slots"]] == [101, 102]
    assert "raw" not in json.loads(run("memory", *_arguments(host, "--json")).stdout)
    assert "reference_count" in run("memory", *_arguments(host, "--raw")).stdout


def test_what_is_not_published_is_unknown_and_not_zero(host: Host, run: Run) -> None:
    host.put(b"")
    document = json.loads(run("memory", *_arguments(host, "--json")).stdout)
    (region,) = document["unmatched"]
    assert (region["state"], region["totals"], region["used"]) == ("empty", None, None)
    rows = list(csv.DictReader(io.StringIO(run("memory", *_arguments(host, "--format", "csv")).stdout)))
    assert [(row["device"], row["l1_used"], row["l1_physical"]) for row in rows] == [
        ("0", "", "188743680"),
        ("", "", ""),
    ]
    assert "unknown" in run("memory", *_arguments(host)).stdout


def test_v4_counts_cb_as_l1(host: Host, run: Run) -> None:
    host.run(101)
    host.publish(RegionSpec(version=4, slots=[SlotSpec(pid=101, held=Bytes(l1=MIB, cb=MIB))]))
    (device,) = json.loads(run("memory", *_arguments(host, "--json")).stdout)["devices"]
    assert device["regions"][0]["used"] == {"l1": 2 * MIB, "dram": 0, "cb_is_counted": True}


def test_memory_watches_in_json_lines(host: Host, run: Run) -> None:
    done = run("memory", *_arguments(host, "--json", "--watch", "0.05", "--count", "3"))
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [document["schema"] for document in documents] == ["ttinspect.memory.v1"] * 3
    times = [document["time_ns"] for document in documents]
    assert times == sorted(set(times))
    assert done.returncode == 0


@pytest.mark.parametrize("watch", [("--watch", "-n", "1"), ("-n", "1", "-w"), ("-w", "2", "-n", "1")])
def test_the_interval_of_watch_may_be_left_out(host: Host, run: Run, watch: tuple[str, ...]) -> None:
    done = run("memory", *_arguments(host, *watch))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("watch", [("-w", "0"), ("-w", "nan"), ("-n", "0"), ("-w", "-o", "x.json")])
def test_a_watch_that_makes_no_sense_is_exit_2(host: Host, run: Run, watch: tuple[str, ...]) -> None:
    assert run("memory", *_arguments(host, *watch)).returncode == 2


def test_explain_tells_about_every_finding_of_verify_shm(run: Run) -> None:
    document = json.loads(run("explain", "--json").stdout)
    assert {rule.id for rule in REGION_RULES} <= {text["id"] for text in document["findings"]}
    assert "ghost" in run("explain", "tts050").stdout


@pytest.mark.parametrize("command", ["verify-shm", "memory"])
def test_answers_fit_their_schema(host: Host, run: Run, command: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    _past(host, dead=True)
    schema = json.loads(run("schema", command).stdout)
    jsonschema.validate(json.loads(run(command, *_arguments(host, "--json")).stdout), schema)
