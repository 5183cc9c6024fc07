"""collect against real sshd: eight hosts in network namespaces, and through one of them as a gateway."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.fleet import network, plans

pytest.importorskip("ClusterShell")
pytestmark = pytest.mark.system

PLAN = plans.cards(8)
HOSTS = "qb-[01-08]"
GOOD = ("qb-01", "qb-02", "qb-03", "qb-07", "qb-08")
"""04 is slow, 05 is down, 06 has no ttinspect; 03 prints a banner, 07 sends only after a second."""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[network.Network]:
    """The eight of them."""
    why = network.unusable()
    if why is not None:
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("network")
    plans.write(folder / "chips", plans.documents(PLAN))
    (folder / "shm").mkdir()
    net = network.Network(folder)
    try:
        for name in PLAN.hosts:
            ours = Path(sys.executable).with_name("ttinspect")
            source = folder / "chips" / f"{name}.yaml"
            script = f'exec {ours} "$@" --from {source} --shm-dir {folder / "shm"}'
            before = {
                "qb-03": "echo '*** Welcome to qb-03 { do not reboot } ***'\n",
                "qb-04": "sleep 613\n",
                "qb-07": "sleep 1\n",
            }.get(name, "")
            net.add(name, None if name == "qb-06" else before + script, runs=name != "qb-05")
        yield net
    finally:
        net.close()


def _collect(run: Run, hosts: network.Network, *more: str) -> tuple[int, dict[str, Any]]:
    options = ["--ssh-options", hosts.ssh_options, "--timeout", "6", "-o", "kept", "--json"]
    done = run("collect", "--hosts", HOSTS, *options, *more)
    answer: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, answer


def test_what_came_is_written_and_what_did_not_is_told(
    run: Run, hosts: network.Network, tmp_path: Path
) -> None:
    code, answer = _collect(run, hosts)
    states = {host["host"]: host["state"] for host in answer["hosts"]}
    assert states == {
        **dict.fromkeys(GOOD, "collected"),
        "qb-04": "timed_out",
        "qb-05": "failed",
        "qb-06": "failed",
    }
    assert code == 11
    assert sorted(file.name for file in (tmp_path / "kept").iterdir()) == [f"{name}.json" for name in GOOD]
    outcomes = {host["host"]: host for host in answer["hosts"]}
    assert (outcomes["qb-05"]["exit_code"], outcomes["qb-06"]["exit_code"]) == (255, 127)
    assert "qb-05" in outcomes["qb-05"]["said"] or hosts.subnet in outcomes["qb-05"]["said"]
    assert "not found" in outcomes["qb-06"]["said"] or "No such file" in outcomes["qb-06"]["said"]
    assert outcomes["qb-03"]["said"] == "*** Welcome to qb-03 { do not reboot } ***"
    for name in GOOD:
        snapshot = json.loads((tmp_path / "kept" / f"{name}.json").read_text())
        assert snapshot["schema"] == "ttinspect.snapshot.v1"
        assert len(snapshot["system"]["chips"]) == 4
    # a second run asks only the hosts whose file is missing
    code, answer = _collect(run, hosts)
    assert code == 11
    assert {host["host"]: host["state"] for host in answer["hosts"]} == {
        **dict.fromkeys(GOOD, "there"),
        "qb-04": "timed_out",
        "qb-05": "failed",
        "qb-06": "failed",
    }
    fleet = json.loads(run("fleet", "kept", "--json").stdout)
    assert fleet["totals"]["hosts"] == len(GOOD)


def test_nothing_of_a_slow_host_lives_on(run: Run, hosts: network.Network) -> None:
    _collect(run, hosts)
    seen = subprocess.run(["pgrep", "-af", "sleep 613"], capture_output=True, text=True, check=False).stdout
    assert "sleep 613" not in seen


def test_the_table_ends_with_how_many_came(run: Run, hosts: network.Network) -> None:
    done = run(
        "collect",
        "--hosts",
        "qb-[01,05-06]",
        "--ssh-options",
        hosts.ssh_options,
        "--timeout",
        "6",
        "-o",
        "few",
    )
    assert done.returncode == 11
    assert done.stdout.splitlines()[-1] == "INCOMPLETE  1 collected, 2 failed; snapshots in few  (exit 11)"


def test_hosts_behind_a_gateway_are_reached_through_it(
    run: Run, hosts: network.Network, tmp_path: Path
) -> None:
    """The gateway is qb-01: it has ClusterShell and the configuration of ssh."""
    root = socket.gethostname().partition(".")[0]
    (tmp_path / "topology.conf").write_text(f"[routes]\n{root}: qb-01\nqb-01: qb-[02-08]\n")
    done = run(
        "collect", "--hosts", "qb-[02-03,07-08]", "--ssh-options", hosts.ssh_options, "--timeout", "20",
        "--topology", str(tmp_path / "topology.conf"), "-o", "far", "--json",
        CLUSTERSHELL_GW_PYTHON_EXECUTABLE=sys.executable,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["counts"]["collected"]) == (0, 4), done
    log = (hosts.folder / "qb-01" / "log").read_text()
    assert log.count("Accepted publickey") >= 1
    # the others were asked by the gateway, not from here
    for name in ("qb-02", "qb-08"):
        assert f"from {hosts.subnet}.1 " in (hosts.folder / name / "log").read_text()
