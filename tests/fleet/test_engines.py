"""The examples of collecting without ClusterShell under the real engines, several hosts on one machine: Slurm
with its daemons, MPI, pdsh, Ansible. What a host sends is as long as the snapshot of a Galaxy, which none of
them brings back whole on its standard output."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet import simulated
from tests.processes import wait_until
from tests.test_fleet_examples import EXAMPLES

pytestmark = pytest.mark.system
HOSTS = tuple(f"glx-{number:05}" for number in range(4))
_SECONDS = 60


def _needed(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def _script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def hosts(tmp_path: Path, console_script: str) -> dict[str, str]:
    """An environment in which ttinspect snapshot gives the snapshot of the host that $HOST or Slurm names."""
    kept = simulated.write(tmp_path, len(HOSTS), telemetry=True)
    assert (kept / f"{HOSTS[0]}.json").stat().st_size > 128 * 1024
    (tmp_path / "bin").mkdir()
    host = "HOST=${HOST:-${SLURMD_NODENAME:-glx-0000$OMPI_COMM_WORLD_RANK}}\n"
    snapshot = (
        f'[ "$1" = snapshot ] || exec {console_script} "$@"\n{host}'
        f'[ "$3" = -o ] && exec cp {kept}/$HOST.json "$4"\ncat {kept}/$HOST.json && echo'
    )
    _script(tmp_path / "bin" / "ttinspect", snapshot)
    _script(tmp_path / "bin" / "hostname", f'{host}echo "$HOST"')
    return {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "TTINSPECT_FOLDER": str(tmp_path),
    }


def _answer(env: dict[str, str], *command: str) -> None:
    done = subprocess.run(
        [*command, "--json"], capture_output=True, text=True, timeout=_SECONDS, check=False, env=env
    )
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    assert sorted(host["name"] for host in answer.get("hosts", [])) == [*HOSTS], (
        done.stdout[:300],
        done.stderr,
    )
    assert answer["totals"]["links_one_sided"] == 0


def _ssh(folder: Path) -> None:
    """A stand-in that runs the command here: ssh [OPTIONS] HOST COMMAND."""
    words = "for word; do case $word in glx-*) HOST=$word;; esac; last=$word; done"
    _script(folder / "bin" / "ssh", f'{words}\nexport HOST\nexec sh -c "$last"')


def test_pdsh_brings_back_long_snapshots(hosts: dict[str, str], tmp_path: Path) -> None:
    _needed("pdsh")
    _ssh(tmp_path)
    _answer(hosts, str(EXAMPLES / "pdsh-collect.sh"), "glx-[00000-00003]")


def test_mpi_brings_back_long_snapshots(hosts: dict[str, str], tmp_path: Path) -> None:
    """One process a host is four on this one."""
    _needed("mpirun")
    (tmp_path / "hostfile").write_text("localhost slots=4\n")
    real = shutil.which("mpirun")
    _script(
        tmp_path / "bin" / "mpirun",
        f'shift 4\nexec {real} --noprefix --allow-run-as-root --oversubscribe -np 4 "$@"',
    )
    _answer(hosts, str(EXAMPLES / "mpi-collect.sh"), str(tmp_path / "hostfile"))


def test_ansible_brings_back_long_snapshots(hosts: dict[str, str], tmp_path: Path) -> None:
    """The play as it stands, through its own connection by ssh."""
    _needed("ansible-playbook")
    shutil.copy(EXAMPLES / "collect.yml", tmp_path)
    _ssh(tmp_path)
    (tmp_path / "inventory").write_text("\n".join(HOSTS) + "\n")
    played = subprocess.run(
        ["ansible-playbook", "-i", "inventory", "collect.yml"],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=hosts,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout
    for name in HOSTS:
        kept = (tmp_path / "snapshots" / f"{name}.json").read_text()
        assert json.loads(kept) == json.loads((tmp_path / "fleet4-told" / f"{name}.json").read_text())
    _answer(hosts, "ttinspect", "fleet", str(tmp_path / "snapshots"))


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """slurmd makes sockets below its folder, whose paths may have 107 characters."""
    with tempfile.TemporaryDirectory(prefix="slurm") as folder:
        yield Path(folder)


@pytest.fixture
def slurm(hosts: dict[str, str], tmp_path: Path, short_folder: Path) -> Iterator[dict[str, str]]:
    """slurmctld and four slurmd of this machine, with munge."""
    _needed("slurmctld", "slurmd", "srun", "salloc", "munged")
    if os.geteuid() != 0:
        pytest.skip("slurmd starts jobs as root alone")
    folder = short_folder
    (folder / "state").mkdir()
    folder.chmod(0o755)  # munge refuses less
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o600)
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")  # none is used; the default wants a bus
    _script(
        folder / "health",
        f"export PATH={hosts['PATH']} SLURM_CONF={folder}/slurm.conf TTINSPECT_SITE={folder}/site.yaml\n"
        f"export TTINSPECT_FROM={tmp_path}/fleet4-told/$SLURMD_NODENAME.json\n"
        f"exec {EXAMPLES}/slurm-health-check.sh",
    )
    own = socket.gethostname().partition(".")[0]
    ports = iter(_free_ports(5))
    nodes = "\n".join(
        f"NodeName={name} NodeHostname={own} NodeAddr=127.0.0.1 Port={next(ports)} CPUs=1" for name in HOSTS
    )
    (folder / "slurm.conf").write_text(f"""
ClusterName=test
SlurmctldHost={own}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
SlurmctldPort={next(ports)}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/linear
ReturnToService=2
HealthCheckProgram={folder}/health
HealthCheckInterval=2
HealthCheckNodeState=ANY
{nodes}
PartitionName=all Nodes=ALL Default=YES State=UP
""")
    environment = hosts | {"SLURM_CONF": str(folder / "slurm.conf")}
    munge = [
        f"--{what}={folder}/munge.{what.partition('-')[0]}"
        for what in ("key-file", "socket", "pid-file", "log-file", "seed-file")
    ]
    daemons = [
        ["munged", "--force", "--foreground", *munge],
        ["slurmctld", "-D"],
        *(["slurmd", "-D", "-N", name] for name in HOSTS),
    ]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for command in daemons:
            running.append(
                subprocess.Popen(
                    command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
            if command[0] == "munged":
                wait_until((folder / "munge.socket").exists, _SECONDS)
        wait_until(lambda: _states(environment) == dict.fromkeys(HOSTS, "idle"), _SECONDS)
        yield environment
    finally:
        for process in reversed(running):
            process.kill()
        for process in running:
            process.wait(20)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _sinfo(environment: dict[str, str], columns: str) -> dict[str, str]:
    done = subprocess.run(
        ["sinfo", "-N", "-h", "-o", f"%N|{columns}"],
        capture_output=True, text=True, timeout=_SECONDS, check=False, env=environment,
    )  # fmt: skip
    lines = (line.partition("|") for line in done.stdout.splitlines())
    return {name: value for name, _, value in lines}


def _states(environment: dict[str, str]) -> dict[str, str]:
    return _sinfo(environment, "%t")


def test_slurm_brings_back_long_snapshots_and_drains_a_node_that_fails(
    slurm: dict[str, str], tmp_path: Path, short_folder: Path
) -> None:
    """One set of daemons for both, as starting them takes longest."""
    _answer(slurm, "salloc", "-Q", "-N", "4", str(EXAMPLES / "slurm-collect.sh"))
    other = tmp_path / "fleet4-told" / f"{HOSTS[2]}.json"
    other.write_text(other.read_text().replace('"firmware_bundle":"19.6.0"', '"firmware_bundle":"19.4.0"'))
    (short_folder / "site.yaml").write_text("each: {firmware: 19.6.0}\n")
    wait_until(lambda: _states(slurm)[HOSTS[2]] == "drain", _SECONDS)
    assert _sinfo(slurm, "%E")[HOSTS[2]].startswith("ttinspect: FAIL  ")
    assert {_states(slurm)[name] for name in HOSTS if name != HOSTS[2]} == {"idle"}
