"""A check file of a fleet: hosts, groups of them, firmware, age."""

import json
import shutil
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.fleet import plans
from tests.fleet.judging import ids_of
from ttinspect.errors import InspectError
from ttinspect.sources.fleet_check import node_names

NodeSet = pytest.importorskip("ClusterShell.NodeSet")
PLAN = plans.cards()


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """Four hosts as cluster descriptors."""
    plans.write(tmp_path / "hosts", plans.documents(PLAN))
    return tmp_path / "hosts"


@pytest.fixture
def snapshots(run: Run, hosts: Path, tmp_path: Path) -> Path:
    """The same as snapshots of now, with a firmware."""
    folder = tmp_path / "snapshots"
    folder.mkdir()
    for file in hosts.glob("*.yaml"):
        document = json.loads(run("snapshot", "--from", str(file), "--shm-dir", str(folder)).stdout)
        document["host"]["name"] = file.stem
        document["time_ns"] = time.time_ns()
        for chip in document["system"]["chips"]:
            chip["firmware"] = [19, 5, 0]
        (folder / f"{file.stem}.json").write_text(json.dumps(document))
    return folder


def _changed(folder: Path, host: str, **changes: Any) -> None:
    file = folder / f"{host}.json"
    document = json.loads(file.read_text())
    for chip in document["system"]["chips"]:
        chip["firmware"] = changes.get("firmware", chip["firmware"])
    document["time_ns"] = changes.get("time_ns", document["time_ns"])
    file.write_text(json.dumps(document))


def _check(run: Run, folder: Path, text: str) -> tuple[int, dict[str, Any]]:
    (folder.parent / "site.yaml").write_text(text)
    done = run("fleet", str(folder), "--check", str(folder.parent / "site.yaml"), "--json")
    answer: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, answer


def _outcomes(answer: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (expectation["host"], expectation["fact"]): expectation["outcome"]
        for expectation in answer["expectations"]
    }


def test_what_holds_for_every_host_stands_at_the_top(run: Run, hosts: Path) -> None:
    code, answer = _check(run, hosts, "chips: 4\neach: {board: p150, cores: 120}\n")
    assert (code, answer["verdict"]) == (0, "pass")
    assert len(answer["expectations"]) == 4 * 3


def test_a_group_of_hosts_is_named_as_clustershell_does(run: Run, hosts: Path) -> None:
    text = 'groups:\n  - hosts: "qb-[01-02]"\n    chips: 4\n  - hosts: qb-03\n    chips: 5\n'
    code, answer = _check(run, hosts, text)
    assert code == 10
    assert _outcomes(answer) == {
        ("qb-01", "chips"): "pass",
        ("qb-02", "chips"): "pass",
        ("qb-03", "chips"): "fail",
    }
    (finding,) = [expectation["finding"] for expectation in answer["expectations"] if expectation["finding"]]
    assert (finding["id"], finding["severity"]) == ("TTC010", "error")
    assert "line 5" in finding["message"]


def test_a_host_that_is_expected_and_not_there_is_missing_once(run: Run, hosts: Path, tmp_path: Path) -> None:
    (hosts / "qb-03.yaml").unlink()
    (tmp_path / "c.textproto").write_text(plans.fsd(PLAN))
    (tmp_path / "site.yaml").write_text('hosts: "qb-[01-04]"\n')
    options = ["--check", str(tmp_path / "site.yaml"), "--json"]
    answer = json.loads(run("fleet", str(hosts), *options).stdout)
    assert _outcomes(answer)["qb-03", "host"] == "fail"
    assert [
        expectation["finding"]["id"] for expectation in answer["expectations"] if expectation["finding"]
    ] == ["TTF010"]
    answer = json.loads(run("fleet", str(hosts), "--cabling", str(tmp_path / "c.textproto"), *options).stdout)
    assert ids_of(answer) == [("TTF010", "error")]
    assert not any(expectation["finding"] for expectation in answer["expectations"])


def test_other_firmware_is_a_warning_and_where_it_must_be_equal_an_error(run: Run, snapshots: Path) -> None:
    _changed(snapshots, "qb-02", firmware=[19, 4, 2])
    done = run("fleet", str(snapshots), "--json")
    assert (done.returncode, ids_of(json.loads(done.stdout))) == (0, [("TTF008", "warning")])
    code, answer = _check(run, snapshots, "firmware: equal\n")
    assert (code, ids_of(answer)) == (10, [("TTF008", "error")])
    assert answer["findings"][0]["message"] == "p150: 19.4.2 on qb-02; 19.5.0 on 3 hosts"
    assert _outcomes(answer)["qb-02", "firmware"] == "fail"


def test_a_firmware_that_nobody_tells_is_no_pass(run: Run, hosts: Path) -> None:
    code, answer = _check(run, hosts, "firmware: equal\n")
    assert (code, {*_outcomes(answer).values()}) == (11, {"unknown"})


def test_a_snapshot_older_than_the_others_or_than_allowed_is_told(run: Run, snapshots: Path) -> None:
    _changed(snapshots, "qb-04", time_ns=time.time_ns() - 3 * 86400 * 10**9)
    done = run("fleet", str(snapshots), "--json")
    assert (done.returncode, ids_of(json.loads(done.stdout))) == (0, [("TTF009", "warning")])
    code, answer = _check(run, snapshots, "max_age: 24h\n")
    assert (code, ids_of(answer)) == (10, [("TTF009", "error")])
    assert _outcomes(answer)["qb-04", "age_s"] == "fail"


def test_junit_has_a_case_per_host_and_expectation(run: Run, hosts: Path, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text('hosts: "qb-[01-04]"\nchips: 4\neach: {cores: 130}\n')
    done = run("fleet", str(hosts), "--check", str(tmp_path / "site.yaml"), "--format", "junit")
    suites = {suite.get("name"): suite for suite in ET.fromstring(done.stdout)}
    for name in PLAN.hosts:
        assert [case.get("name") for case in suites[name]] == ["TTC010 chips", "TTC015 cores", "TTF010 host"]
        assert suites[name].get("failures") == "1"


@pytest.mark.parametrize(
    "text",
    ["", "hosts: []\n", "hosts: 'qb-[1'\n", "firmware: same\n", "max_age: soon\n", "groups: []\n",
     "groups: [{chips: 4}]\n", "groups: [{hosts: qb-01}]\n", "chips: {}\n", "regions: dirty\n", "corse: 4\n"],
)  # fmt: skip
def test_a_check_file_that_is_wrong_is_refused(run: Run, hosts: Path, text: str) -> None:
    (hosts.parent / "site.yaml").write_text(text)
    done = run("fleet", str(hosts), "--check", str(hosts.parent / "site.yaml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ttinspect: ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a[0-999999999]", "names more than 100,000 hosts"),
        ("a[0-99999999999999999999999]", "names"),
        ("a[1-1000]b[1-1000]", "names more than 100,000 hosts"),
        ("q[q[q[01-02]", "names no hosts"),
    ],
)
def test_a_set_of_hosts_that_nobody_has_is_refused_before_it_is_made(text: str, why: str) -> None:
    with pytest.raises(InspectError) as caught:
        node_names(text, "hosts")
    assert why in caught.value.why


@pytest.fixture
def shipped_groups(tmp_path: Path) -> Iterator[Path]:
    """The example of groups that comes with ClusterShell, as its own configuration and beside it as YAML."""
    shipped = next(
        folder
        for folder in (Path(sys.prefix) / "etc" / "clustershell", Path("/etc/clustershell"))
        if (folder / "groups.conf").is_file()
    )
    (tmp_path / "groups.d").mkdir()
    shutil.copy(shipped / "groups.conf", tmp_path)
    shutil.copy(shipped / "groups.d" / "local.cfg", tmp_path / "groups.d")
    shutil.copy(shipped / "groups.d" / "cluster.yaml.example", tmp_path / "groups.d" / "cluster.yaml")
    NodeSet.set_std_group_resolver_config(str(tmp_path / "groups.conf"))
    yield tmp_path
    NodeSet.set_std_group_resolver(None)


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("@all", "example[4-6,32-159]"),
        ("@*", "example[4-6,32-159]"),
        ("@adm,@io", "example[0,4-6]"),
        ("@compute!@gpu", "example[32-155]"),
        ("@all&@gpu", "example[156-159]"),
        ("@local:oss", "example[4-5]"),
        ("@racks:rack1", "example[0,2]"),
        ("@roles:compute!@racks:rack4", "example[32-155]"),
    ],
)
def test_groups_of_clustershell_name_hosts(shipped_groups: Path, text: str, hosts: str) -> None:
    assert node_names(text, "--hosts") == node_names(hosts, "--hosts")


@pytest.mark.parametrize(
    ("text", "groups", "why"),
    [
        ("@nowhere:x", None, "cannot be looked up: nowhere"),
        ("@all", "[Main]\ndefault: none\n", "cannot be looked up: Default group source not found"),
        ("@all", "[Main\n", "cannot be looked up: File contains no section headers"),
        ("@nobody", None, "names no host"),
    ],
)
def test_a_group_that_cannot_be_looked_up_is_said_to_be_one(
    shipped_groups: Path, text: str, groups: str | None, why: str
) -> None:
    if groups is not None:
        (shipped_groups / "groups.conf").write_text(groups)
        NodeSet.set_std_group_resolver_config(str(shipped_groups / "groups.conf"))
    with pytest.raises(InspectError) as refused:
        node_names(text, "--hosts")
    assert why in refused.value.why
