"""The examples of collecting without ClusterShell do what they say, as far as one machine can tell."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.fleet import plans

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples" / "fleet"
SCRIPTS = sorted(EXAMPLES.glob("*.sh"))
PLAN = plans.cards()


def _stand_in(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def cluster(tmp_path: Path, console_script: str) -> dict[str, str]:
    """An environment in which srun, mpirun and pdsh run their command once per host, one after the other."""
    plans.write(tmp_path / "hosts", plans.documents(PLAN))
    (tmp_path / "bin").mkdir()
    (tmp_path / "shm").mkdir()
    _stand_in(
        tmp_path / "bin",
        "ttinspect",
        f'[ "$1" = snapshot ] || exec {console_script} "$@"\n'
        f'exec {console_script} "$@" --from {tmp_path}/hosts/$HOST.yaml --shm-dir {tmp_path}/shm',
    )
    every = 'for HOST in qb-01 qb-02 qb-03 qb-04; do export HOST; "$@"; done'
    skip = 'while [ "$1" != sh ]; do shift; done\n'
    for name in ("srun", "mpirun"):
        _stand_in(tmp_path / "bin", name, skip + every)
    _stand_in(tmp_path / "bin", "pdsh", 'while [ $# != 1 ]; do shift; done\nset -- sh -c "$1"\n' + every)
    _stand_in(tmp_path / "bin", "hostname", 'echo "$HOST"')
    _stand_in(tmp_path / "bin", "scontrol", f'echo "$@" >> {tmp_path}/scontrol')
    return {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "TTINSPECT_FOLDER": str(tmp_path),
    }


def _run(script: str, *args: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(EXAMPLES / script), *args], capture_output=True, text=True, timeout=60, check=False, env=env
    )


@pytest.mark.parametrize(
    ("script", "args"),
    [("slurm-collect.sh", ()), ("mpi-collect.sh", ("hostfile",)), ("pdsh-collect.sh", ("qb-[01-04]",))],
)
def test_a_script_makes_one_answer_of_all_hosts(
    cluster: dict[str, str], script: str, args: tuple[str, ...]
) -> None:
    done = _run(script, *args, "--json", env=cluster)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["verdict"], answer["totals"]["hosts"]) == (0, "pass", 4), done


@pytest.mark.parametrize(("cores", "drained"), [(120, False), (130, True)])
def test_a_node_that_is_not_as_it_should_be_is_drained_with_the_reason(
    cluster: dict[str, str], tmp_path: Path, cores: int, drained: bool
) -> None:
    (tmp_path / "site.yaml").write_text(f"each: {{cores: {cores}}}\n")
    env = cluster | {
        "TTINSPECT_SITE": str(tmp_path / "site.yaml"),
        "TTINSPECT_FROM": str(tmp_path / "hosts" / "qb-01.yaml"),
        "SLURMD_NODENAME": "qb-01",
    }
    assert _run("slurm-health-check.sh", env=env).returncode == 0
    log = tmp_path / "scontrol"
    assert log.exists() == drained
    if drained:
        assert log.read_text() == (
            "update NodeName=qb-01 State=DRAIN Reason=ttinspect: FAIL  0 as expected, 4 failed, 0 unknown  (exit 10)\n"
        )


def test_a_node_that_cannot_be_checked_is_not_drained(cluster: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("each: {firmware: 19.5.0}\n")
    env = cluster | {
        "TTINSPECT_SITE": str(tmp_path / "site.yaml"),
        "TTINSPECT_FROM": str(tmp_path / "hosts" / "qb-01.yaml"),
    }
    assert _run("slurm-health-check.sh", env=env).returncode == 0
    assert not (tmp_path / "scontrol").exists()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_clean(script: Path) -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    subprocess.run([shellcheck, str(script)], check=True, timeout=60)


def test_the_play_uses_no_module_on_the_hosts() -> None:
    (play,) = yaml.safe_load((EXAMPLES / "collect.yml").read_text())
    assert play["gather_facts"] is False
    for task in play["tasks"]:
        assert "ansible.builtin.raw" in task or task["delegate_to"] == "localhost"


def test_the_daemonset_refers_to_what_it_has() -> None:
    document = yaml.safe_load((EXAMPLES / "daemonset.yaml").read_text())
    assert (document["apiVersion"], document["kind"]) == ("apps/v1", "DaemonSet")
    template = document["spec"]["template"]
    assert template["metadata"]["labels"] == document["spec"]["selector"]["matchLabels"]
    volumes = {volume["name"] for volume in template["spec"]["volumes"]}
    (container,) = template["spec"]["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert "ttinspect snapshot --from sysfs" in container["args"][0]


def test_the_timer_and_its_service_are_what_systemd_reads(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    for name in ("ttinspect-snapshot.service", "ttinspect-snapshot.timer"):
        text = (EXAMPLES / name).read_text()
        (tmp_path / name).write_text(
            text.replace("/usr/local/bin/ttinspect", shutil.which("true") or "/bin/true")
        )
    done = subprocess.run(
        [analyze, "verify", *(str(file) for file in sorted(tmp_path.glob("ttinspect-*")))],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "ttinspect" in line]
    assert ours == []
