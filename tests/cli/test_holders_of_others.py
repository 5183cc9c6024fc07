"""Who holds a chip that belongs to somebody else: real containers of runc, and two real users."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_live_writers import publish
from tests.holding import needs_root, nodes_alone, sees_the_machine
from tests.sources.fake_sysfs import host, write

pytestmark = [pytest.mark.system, needs_root]
CONTAINER = "5f3a9c0b1d2e" + "4d" * 26
HOLD = """
import mmap, os, sys, time
node = os.open(sys.argv[1], os.O_RDWR)
with open(sys.argv[2], "r+b") as file:
    held = mmap.mmap(file.fileno(), 0)
ready = open(sys.argv[3], "w")
if len(sys.argv) > 4:
    os.setgid(int(sys.argv[4]))
    os.setuid(int(sys.argv[4]))
ready.write(str(os.getpid()))
ready.close()
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    with nodes_alone():
        yield


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may look into; those of pytest are its own user's alone."""
    folder = Path(tempfile.mkdtemp(prefix="ttinspect-others-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def root(place: Path) -> Path:
    """A host with two P150 that everybody may use; its regions are in ROOT/dev/shm."""
    folder = host(place / "root", 2)
    for number in range(2):
        (folder / f"dev/tenstorrent/{number}").chmod(0o666)
    (folder / "dev/shm").mkdir(parents=True)
    publish(folder / "dev/shm", mode=0o666)
    return folder


def _words(root: Path, number: int, ready: Path) -> list[str]:
    (region,) = (root / "dev/shm").iterdir()
    ready.write_text("")
    ready.chmod(0o666)
    return [sys.executable, "-c", HOLD, str(root / f"dev/tenstorrent/{number}"), str(region), str(ready)]


def _wait(ready: Path, process: "subprocess.Popen[str]") -> int:
    end = time.monotonic() + 20
    while not ready.read_text():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.02)
    return int(ready.read_text())


def _held(root: Path, *before: str) -> tuple[dict[int, Any], str]:
    script = str(Path(sys.executable).with_name("ttinspect"))
    done = subprocess.run(
        [*before, script, "list", "--from", f"host:{root}", "--procfs", "/proc", "--json"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    devices = json.loads(done.stdout)["devices"]
    whys = [
        unknown["why"]
        for device in devices
        for unknown in device["unknown"]
        if unknown["path"] == "held_by.held"
    ]
    return {device["id"]: device["held_by"] for device in devices}, " ".join(whys)


@contextmanager
def container(place: Path, groups: str, words: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """A process in a container of runc, as Docker and containerd start them: its own namespaces, uid 1234,
    and control groups of this path."""
    runc = shutil.which("runc")
    if runc is None:
        pytest.skip("runc is not installed (apt install runc)")
    bundle, state, name = place / "bundle", str(place / "runc"), f"ttinspect-{os.getpid()}"
    (bundle / "rootfs").mkdir(parents=True)
    subprocess.run([runc, "spec", "--bundle", str(bundle)], check=True)
    config = json.loads((bundle / "config.json").read_text())
    config["process"] |= {"terminal": False, "args": [*words, "1234"], "cwd": "/"}
    for rights in config["process"]["capabilities"].values():
        rights += ["CAP_SETUID", "CAP_SETGID"]
    config["root"] = {"path": "rootfs", "readonly": False}
    config["linux"]["cgroupsPath"] = groups
    shared = [
        folder for folder in ("usr", "bin", "lib", "lib64", "tmp", "root") if Path("/", folder).exists()
    ]
    for folder in (name for name in shared if Path("/", name).is_symlink()):
        (bundle / "rootfs" / folder).symlink_to(Path("/", folder).readlink())
    folders = {f"/{folder}" for folder in shared if not Path("/", folder).is_symlink()}
    folders |= {sys.prefix, sys.base_prefix, str(place)}
    config["mounts"] = [{"destination": "/proc", "type": "proc", "source": "proc"}] + [
        {"destination": folder, "type": "bind", "source": folder, "options": ["rbind", "rw"]}
        for folder in sorted(folders)
    ]
    (bundle / "config.json").write_text(json.dumps(config))
    command = [runc, "--root", state]
    process = subprocess.Popen(
        [*command, "run", "--bundle", str(bundle), name], stderr=subprocess.PIPE, text=True
    )
    try:
        time.sleep(0.3)
        if process.poll() is not None:
            reason = process.communicate()[1]
            assert "runc run failed" in reason, reason
            pytest.skip(f"runc may not make containers here: {reason}")
        yield process
    finally:
        subprocess.run([*command, "kill", name, "KILL"], capture_output=True, check=False)
        process.communicate(timeout=20)
        subprocess.run([*command, "delete", "--force", name], capture_output=True, check=False)


@sees_the_machine
@pytest.mark.parametrize(
    "groups",
    [
        f"/docker/{CONTAINER}",
        f"/kubepods/besteffort/pod9b0f6f2e-6c1f-4b8e-a7de-1d2c3b4a5f60/{CONTAINER}",
        f"/machine.slice/libpod-{CONTAINER}.scope/container",
        f"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{CONTAINER}",
    ],
    ids=["docker", "kubernetes", "podman", "containerd"],
)
def test_a_holder_in_a_container_is_named_with_it(root: Path, place: Path, groups: str) -> None:
    ready = place / "ready"
    with container(place, groups, _words(root, 1, ready)) as runtime:
        own = _wait(ready, runtime)
        publish(root / "dev/shm", (own, b"vllm"), mode=0o666)
        by, _ = _held(root)
        (holder,) = by[1]["processes"]
        assert (own, holder["own_pid"]) == (1, 1)
        assert holder["pid"] != 1
        assert holder["known_by"] == ["descriptor", "region", "slot"]
        assert (holder["container"], holder["uid"], holder["user"]) == (CONTAINER[:12], 1234, None)
        script = str(Path(sys.executable).with_name("ttinspect"))
        table = subprocess.run(
            [script, "list", "--from", f"host:{root}"], env={**os.environ, "COLUMNS": "200"},
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip
        assert f"{holder['pid']} " in table
        assert f"(uid 1234, in {CONTAINER[:12]})" in table


@pytest.fixture
def users() -> Iterator[tuple[str, str]]:
    """Two users of this system, made for the test."""
    names = tuple(f"tti{os.getpid()}{letter}" for letter in "ab")
    if shutil.which("useradd") is None or shutil.which("setpriv") is None:
        pytest.skip("useradd and setpriv are not installed (apt install passwd util-linux)")
    for name in names:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name], check=True
        )
    try:
        yield names[0], names[1]
    finally:
        for name in names:
            subprocess.run(["userdel", name], check=False, capture_output=True)


def _as(user: str) -> tuple[str, ...]:
    account = pwd.getpwnam(user)
    ids = ("--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups")
    return ("setpriv", *ids, "--inh-caps=-all")


def test_of_another_user_only_what_the_driver_lists_is_known(
    root: Path, place: Path, users: tuple[str, str]
) -> None:
    owner, other = users
    if subprocess.run([*_as(other), sys.executable, "-c", ""], check=False).returncode:
        pytest.skip("another user may not run this Python")
    ready = place / "ready"
    process = subprocess.Popen([*_as(owner), *_words(root, 0, ready)], stderr=subprocess.PIPE, text=True)
    try:
        pid = _wait(ready, process)
        publish(root / "dev/shm", (pid, b"python3"), mode=0o666)
        os.chown(next((root / "dev/shm").iterdir()), pwd.getpwnam(owner).pw_uid, -1)
        by_root, _ = _held(root)
        (holder,) = by_root[0]["processes"]
        assert (holder["pid"], holder["user"]) == (pid, owner)
        assert holder["known_by"] == ["descriptor", "region", "slot"]
        (own,) = _held(root, *_as(owner))[0][0]["processes"]
        assert (own["pid"], own["known_by"]) == (pid, ["descriptor", "region", "slot"])

        stranger, why = _held(root, *_as(other))
        assert (stranger[0]["held"], stranger[0]["processes"]) == (None, [])
        assert "some processes may not be looked into" in why
        script = str(Path(sys.executable).with_name("ttinspect"))
        free = [*_as(other), script, "list", "--from", f"host:{root}", "--procfs", "/proc", "--free"]
        done = subprocess.run(free, capture_output=True, text=True, check=False, timeout=60)
        assert (done.stdout, done.returncode) == ("", 11)

        listed = place / "proc"
        listed.mkdir()
        for entry in Path("/proc").iterdir():
            (listed / entry.name).symlink_to(entry)
        (listed / "driver").unlink(missing_ok=True)
        write(listed / "driver/tenstorrent/0/pids", str(pid))
        write(listed / "driver/tenstorrent/1/pids", "")
        command = [*_as(other), script, "list", "--from", f"host:{root}", "--procfs", str(listed)]
        done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True, timeout=60)
        first, second = (device["held_by"] for device in json.loads(done.stdout)["devices"])
        (known,) = first["processes"]
        uid = pwd.getpwnam(owner).pw_uid
        assert (known["pid"], known["known_by"], known["uid"]) == (pid, ["driver"], uid)
        assert second["held"] is False
        done = subprocess.run([*command, "--free"], capture_output=True, text=True, check=False, timeout=60)
        assert (done.stdout, done.returncode) == ("1\n", 0)
    finally:
        process.kill()
        process.communicate(timeout=20)
