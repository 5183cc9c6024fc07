"""A snapshot answers what its source answered, and tells nothing more when it is redacted."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import Run, without_the_rights_of_root
from tests.shm.captures import Capture, captures
from tests.snapshots import COMMANDS, asked, timeless
from tests.sources import clusters, fake_sysfs
from ttinspect.shm.layout import LAYOUTS

SOURCES = (
    "board:n300",
    "board:p150",
    "board:galaxy-wh",
    "board:galaxy-bh",
    "masks:wormhole_b0,tensix=0x41",
    "masks:blackhole,board=p100",
    "masks:quasar,tensix=0x2",
)


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Exit code and JSON of a command, on a host that publishes nothing."""
    empty = tmp_path / "empty"
    (empty / "proc").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TTINSPECT_FROM", raising=False)

    def call(source: str, *command: str) -> tuple[int, Any]:
        places: tuple[str, ...] = ("--shm-dir", str(empty), "--procfs", str(empty / "proc"))
        if command[0] not in ("list", "memory", "verify-shm", "check", "snapshot") or source.endswith(
            "snapshot.json"
        ):
            places = ()
        return asked(*command, "--from", source, *places)

    return call


def _publish(capture: Capture, tmp_path: Path) -> tuple[str, ...]:
    """Options that find this one region, and no process."""
    folder, procfs = tmp_path / "shm", tmp_path / "proc"
    folder.mkdir()
    procfs.mkdir()
    (folder / capture.file_name).write_bytes(capture.data)
    return ("--shm-dir", str(folder), "--procfs", str(procfs))


@pytest.mark.parametrize("source", SOURCES)
def test_every_command_answers_the_same_from_a_snapshot(ask: Any, tmp_path: Path, source: str) -> None:
    _, taken = ask(source, "snapshot")
    (tmp_path / "snapshot.json").write_text(json.dumps(taken))
    for command in COMMANDS:
        of_source, of_snapshot = ask(source, *command), ask("snapshot.json", *command)
        assert of_snapshot[0] == of_source[0], command
        assert timeless(of_snapshot[1]) == timeless(of_source[1]), command
    recorded = ask("snapshot.json", "harvest")[1]["source"]
    assert (recorded["kind"], recorded["live"]) == ("snapshot", False)
    assert recorded["recorded"]["kind"] == source.partition(":")[0]


def test_every_recorded_file_answers_the_same_from_a_snapshot(ask: Any, shared: Path, tmp_path: Path) -> None:
    for path in [*(shared / "umd" / "clusters").iterdir(), *(shared / "tt-smi").glob("snapshot?.json")]:
        (tmp_path / "snapshot.json").write_text(json.dumps(ask(str(path), "snapshot")[1]))
        for command in COMMANDS:
            of_source, of_snapshot = ask(str(path), *command), ask("snapshot.json", *command)
            assert (of_snapshot[0], timeless(of_snapshot[1])) == (of_source[0], timeless(of_source[1])), (
                path,
                command,
            )


def test_a_tree_of_sysfs_answers_the_same_from_a_snapshot(ask: Any, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "dev/shm").mkdir(parents=True)  # not those of this machine
    (root / "proc").mkdir()
    fake_sysfs.kernel_driver(root)
    fake_sysfs.device(root, 0)
    fake_sysfs.device(root, 1, pci_id=0x401E, board_id=fake_sysfs.N300_BOARD_ID, card="n300", node=False)
    (tmp_path / "snapshot.json").write_text(json.dumps(ask(f"sysfs:{root}", "snapshot")[1]))
    for command in COMMANDS:
        of_source, of_snapshot = ask(f"sysfs:{root}", *command), ask("snapshot.json", *command)
        assert (of_snapshot[0], timeless(of_snapshot[1])) == (of_source[0], timeless(of_source[1])), command


@pytest.mark.parametrize("name", sorted(captures()))
def test_a_capture_of_regions_is_judged_the_same_from_a_snapshot(tmp_path: Path, name: str) -> None:
    capture = captures()[name]
    arguments = ("--from", "board:n300", *_publish(capture, tmp_path))
    _, taken = asked("snapshot", *arguments)
    path = tmp_path / "s.json"
    path.write_text(json.dumps(taken))
    for command in (("verify-shm", "--strict"), ("memory", "--raw")):
        of_regions, of_snapshot = asked(*command, *arguments), asked(*command, "--from", str(path))
        assert (of_snapshot[0], timeless(of_snapshot[1])) == (of_regions[0], timeless(of_regions[1])), command
    (file,) = [region["looks"]["file"] for region in taken["published"]["regions"]]
    assert base64.b64decode(file["data"]) == capture.data


@pytest.mark.parametrize("name", ["v1-two", "v3-ghost", "v4-names", "real-fastN300-l1-14251245764"])
def test_a_redacted_snapshot_is_judged_the_same_and_names_nobody(run: Run, tmp_path: Path, name: str) -> None:
    capture = captures()[name]
    places = _publish(capture, tmp_path)
    chip = clusters.MODERN_P150.replace("4476187513099", capture.file_id)
    if name.startswith("v1"):  # named by its board and its place on it
        chip = clusters.MODERN_P150.replace("asic_locations:\n  0: 0", "asic_locations:\n  0: 1")
    (tmp_path / "c.yaml").write_text(chip)
    run("snapshot", "--from", "c.yaml", "-o", "s.json", *places)
    run("snapshot", "--from", "s.json", "--redact", "-o", "r.json")
    plain, redacted = (
        json.loads(run("verify-shm", "--from", path, "--json").stdout) for path in ("s.json", "r.json")
    )
    severities = [[[f["id"], f["severity"]] for f in region["findings"]] for region in plain["regions"]]
    assert [
        [[f["id"], f["severity"]] for f in region["findings"]] for region in redacted["regions"]
    ] == severities
    text = (tmp_path / "r.json").read_text()
    names = {process["name"] for region in plain["regions"] for process in region["processes"]} - {""}
    assert names
    decoded = base64.b64decode(json.loads(text)["published"]["regions"][0]["looks"]["file"]["data"])
    for secret in (capture.file_id, os.uname().nodename, *names):
        assert secret not in text
        assert secret.encode() not in decoded
    assert json.loads(text)["redacted"] is True


@pytest.mark.parametrize("name", ["v1-two", "v2-ghost", "v3-ghost", "v4-names"])
def test_what_is_between_the_fields_of_a_region_is_not_kept(run: Run, tmp_path: Path, name: str) -> None:
    capture = captures()[name]
    known = bytearray(len(capture.data))
    for at, size in LAYOUTS[capture.data[0]].extents():
        known[at : at + size] = b"1" * size
    noisy = bytes(byte if field else ord("A") for byte, field in zip(capture.data, known, strict=True))
    assert b"AAAA" in noisy
    places = _publish(capture, tmp_path)
    (tmp_path / places[places.index("--shm-dir") + 1] / capture.file_name).write_bytes(noisy)
    taken = json.loads(run("snapshot", "--from", "board:n300", "--redact", *places).stdout)
    (file,) = [region["looks"]["file"] for region in taken["published"]["regions"]]
    assert b"A" * 4 not in base64.b64decode(file["data"])
    assert len(base64.b64decode(file["data"])) == len(capture.data)


def test_whose_host_it_is(run: Run, tmp_path: Path) -> None:
    """Regions that were carried here do not make this host the one that they are of."""
    (capture, *_) = captures().values()
    taken = json.loads(run("snapshot", "--from", "board:p150", *_publish(capture, tmp_path)).stdout)
    assert (len(taken["published"]["regions"]), taken["host"]["name"]) == (1, None)


def test_a_system_of_a_newer_version_is_refused(run: Run, tmp_path: Path) -> None:
    taken = json.loads(run("snapshot", "--from", "board:p150", "--shm-dir", str(tmp_path)).stdout)
    taken["system"]["schema"] = "ttinspect.system.v2"
    (tmp_path / "s.json").write_text(json.dumps(taken))
    done = run("harvest", "--from", "s.json")
    assert done.returncode == 2
    assert "found 'ttinspect.system.v2', which this version does not know" in done.stderr


def test_a_redacted_snapshot_still_answers_to_the_ids_that_it_hides(run: Run, tmp_path: Path) -> None:
    """A pseudonym is a hash of the id: who knows the id can ask for it."""
    (tmp_path / "c.yaml").write_text(clusters.MODERN_P150)
    (tmp_path / "site.yaml").write_text(
        "boards:\n  4402341478400: {chips: 1}\nby_chip:\n  4476187513099: {cores: 120}\n"
    )
    run("snapshot", "--from", "c.yaml", "--redact", "-o", "r.json", "--shm-dir", str(tmp_path))
    assert "4476187513099" not in (tmp_path / "r.json").read_text()
    for source in ("c.yaml", "r.json"):
        assert run("check", "site.yaml", "--from", source).returncode == 0, source
        for name in ("4476187513099", "0x4123191110b", "4402341478400"):
            answer = json.loads(run("harvest", "--from", source, "-d", str(int(name, 0)), "--json").stdout)
            assert [chip["id"] for chip in answer["devices"]] == [0]
        assert run("harvest", "--from", source, "-d", "4476187513098").returncode == 2


def test_a_redacted_snapshot_is_not_joined_with_regions_of_real_ids(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(clusters.MODERN_P150)
    places = _publish(captures()["v3-ghost"], tmp_path)
    run("snapshot", "--from", "c.yaml", "--redact", "-o", "r.json", *places)
    done = run("snapshot", "--from", "r.json", *places)
    assert done.returncode == 2
    assert "r.json is redacted" in done.stderr


def test_a_snapshot_of_a_snapshot_is_still_of_the_first_source(ask: Any, run: Run, tmp_path: Path) -> None:
    """What a source cannot know, no copy of it knows."""
    (tmp_path / "c.yaml").write_text(clusters.MODERN_P150)
    (tmp_path / "none").mkdir()
    before = ask("c.yaml", "check")
    assert before[0] == 11
    name = "c.yaml"
    for copy in ("a.json", "b.json", "c.json"):
        done = run("snapshot", "--from", name, "-o", copy, "--shm-dir", "none")
        assert done.returncode == 0, done.stderr
        taken = json.loads((tmp_path / copy).read_text())
        taken["host"]["name"] = taken["host"]["name"] or "bench-7"
        (tmp_path / copy).write_text(json.dumps(taken))
        name = copy
        code, answer = ask(copy, "check")
        assert (code, answer["expectations"]) == (before[0], before[1]["expectations"]), copy
        recorded = answer["source"]["recorded"]
        assert (recorded["kind"], recorded["detail"]) == ("cluster_descriptor", "c.yaml")
        assert recorded["host"] == "bench-7"


def test_the_system_alone_is_still_of_its_source(ask: Any, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(clusters.MODERN_P150)
    (tmp_path / "s.json").write_text(json.dumps(ask("c.yaml", "snapshot")[1]["system"]))
    code, answer = ask("s.json", "check")
    assert (code, answer["expectations"]) == (11, ask("c.yaml", "check")[1]["expectations"])
    recorded = answer["source"]["recorded"]
    assert recorded == {"kind": "cluster_descriptor", "detail": "c.yaml", "host": None, "time_ns": None}


def test_an_example_is_no_machine_however_often_it_is_copied(ask: Any, run: Run, tmp_path: Path) -> None:
    """A forgotten variable gives no green light."""
    name = "board:n300"
    (tmp_path / "none").mkdir()
    for copy in ("a.json", "b.json"):
        run("snapshot", "--from", name, "-o", copy, "--shm-dir", "none")
        name = copy
        for command in ("check", "verify-shm"):
            done = run(command, "--shm-dir", "none", TTINSPECT_FROM=copy)
            assert done.returncode == 2, copy
            assert "forgotten variable" in done.stderr


def test_a_recorded_source_is_not_of_this_host(ask: Any) -> None:
    _, taken = ask("board:n300", "snapshot")
    assert (taken["host"]["name"], taken["versions"]["tt_umd"], taken["versions"]["driver"]) == (None,) * 3


def test_a_snapshot_validates_against_its_schema(run: Run, ask: Any) -> None:
    schema = json.loads(run("schema", "snapshot").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(ask("board:n300", "snapshot")[1], schema)


def test_fields_of_a_newer_version_are_ignored_and_a_newer_schema_is_refused(
    ask: Any, run: Run, tmp_path: Path
) -> None:
    _, taken = ask("board:n300", "snapshot")
    taken["mood"] = taken["system"]["chips"][0]["mood"] = "good"
    (tmp_path / "s.json").write_text(json.dumps(taken))
    assert run("harvest", "--from", "s.json").returncode == 0
    (tmp_path / "s.json").write_text(json.dumps({**taken, "schema": "ttinspect.snapshot.v2"}))
    done = run("harvest", "--from", "s.json")
    assert done.returncode == 2
    assert "newer ttinspect; this one reads ttinspect.snapshot.v1" in done.stderr


def test_an_architecture_of_a_newer_version_is_7(ask: Any, run: Run, tmp_path: Path) -> None:
    _, taken = ask("board:n300", "snapshot")
    taken["system"]["chips"][1]["arch"] = "grendel"
    (tmp_path / "s.json").write_text(json.dumps(taken))
    done = run("harvest", "--from", "s.json")
    assert done.returncode == 7
    assert "s.json: $.system.chips[1].arch: unsupported architecture 'grendel'" in done.stderr
    taken["system"]["chips"][1].update(arch="wormhole_b0", board="p900")
    (tmp_path / "s.json").write_text(json.dumps(taken))
    done = run("harvest", "--from", "s.json")
    assert done.returncode == 2
    assert "'p900', which this version does not know" in done.stderr
    assert "update ttinspect" in done.stderr


def test_a_failed_write_leaves_the_old_file(run: Run, tmp_path: Path, console_script: str) -> None:
    import subprocess

    folder = tmp_path / "sealed"
    folder.mkdir()
    (folder / "s.json").write_text("old")
    folder.chmod(0o500)
    done = subprocess.run(
        [console_script, "snapshot", "--from", "board:n300", "-o", str(folder / "s.json")],
        capture_output=True, text=True, timeout=60, check=False, preexec_fn=without_the_rights_of_root,
    )  # fmt: skip
    folder.chmod(0o700)
    assert done.returncode == 6
    assert (folder / "s.json").read_text() == "old"
    assert run("snapshot", "--from", "nowhere.yaml", "-o", "sealed/s.json").returncode == 2
    assert (folder / "s.json").read_text() == "old"


def test_links_that_lead_in_a_circle_cannot_be_written_to(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("b.json")
    (tmp_path / "b.json").symlink_to("a.json")
    done = run("snapshot", "--from", "board:n150", "-o", "a.json")
    assert done.returncode == 2
    assert "cannot write a.json" in done.stderr


def test_a_snapshot_is_json_whatever_is_asked(run: Run) -> None:
    assert json.loads(run("snapshot", "--from", "board:n150").stdout)["schema"] == "ttinspect.snapshot.v1"
    done = run("snapshot", "--from", "board:n150", "-o", "s.yaml")
    assert done.returncode == 2
    assert "--output s.yaml would be yaml" in done.stderr
    assert "this command writes json" in done.stderr
    assert run("snapshot", "--from", "board:n150", "-o", "s.txt").returncode == 0
    assert run("harvest", "--from", "s.txt").returncode == 0


def test_a_procfs_for_recorded_processes_is_refused(run: Run) -> None:
    run("snapshot", "--from", "board:n150", "-o", "s.json")
    done = run("verify-shm", "--from", "s.json", "--procfs", "/proc")
    assert done.returncode == 2
    assert "recorded together" in done.stderr
