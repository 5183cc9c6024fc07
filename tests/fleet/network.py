"""Hosts of the tests' own: network namespaces joined by a bridge, with a real sshd in each that runs."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def unusable() -> str | None:
    """Why there can be no such network here; None where there can."""
    if SSHD is None or shutil.which("ssh") is None or shutil.which("ip") is None:
        return "it needs sshd, ssh and ip (Debian: openssh-server, openssh-client, iproute2)"
    probe = subprocess.run(["ip", "netns", "add", "ttinspect-probe"], capture_output=True, check=False)
    if probe.returncode:
        return "network namespaces cannot be made here: it needs root"
    subprocess.run(["ip", "netns", "del", "ttinspect-probe"], check=False)
    return None


class Network:
    """A bridge and a namespace per host; taken away by ``close``, whatever happened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tag = f"tt{os.getpid() % 10000}"
        self.subnet = f"10.213.{os.getpid() % 250}"  # tests run side by side
        self._namespaces: list[str] = []
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._ip("link", "add", self._bridge, "type", "bridge")
        self._ip("addr", "add", f"{self.subnet}.254/24", "dev", self._bridge)
        self._ip("link", "set", self._bridge, "up")
        for name in ("user", "host"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
            )
        self._config: list[str] = []

    @property
    def _bridge(self) -> str:
        return f"{self.tag}br"

    @property
    def ssh_options(self) -> str:
        """What ssh needs to know these hosts."""
        return f"-F {self.folder / 'ssh_config'}"

    def add(self, name: str, script: str | None, *, runs: bool = True) -> None:
        """A host: ``script`` is its ttinspect, None: it has none; ``runs``: its sshd does."""
        number = len(self._namespaces) + 1
        space, outside = f"{self.tag}-{name}", f"{self.tag}v{number}"
        self._namespaces.append(space)
        self._ip("netns", "add", space)
        self._ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space)
        self._ip("link", "set", outside, "master", self._bridge, "up")
        self._ip("-n", space, "addr", "add", f"{self.subnet}.{number}/24", "dev", "eth0")
        self._ip("-n", space, "link", "set", "eth0", "up")
        self._ip("-n", space, "link", "set", "lo", "up")
        home = self.folder / name
        (home / "bin").mkdir(parents=True)
        if script is not None:
            (home / "bin" / "ttinspect").write_text(f"#!/bin/sh\n{script}\n")
            (home / "bin" / "ttinspect").chmod(0o755)
        shell = home / "shell"
        path = f"{home / 'bin'}:{Path(sys.executable).parent}-none:/usr/bin:/bin"
        shell.write_text(f'#!/bin/sh\nexport PATH={path} HOME={home}\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n')
        shell.chmod(0o755)
        self._config.append(
            f"Host {name}\n  HostName {self.subnet}.{number}\n  User root\n  IdentityFile {self.folder / 'user'}\n"
            "  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n  ConnectTimeout 5\n"
            "  BatchMode yes\n  IdentitiesOnly yes\n"
        )
        (self.folder / "ssh_config").write_text("".join(self._config))
        if runs:
            self._start(space, home, shell, f"{self.subnet}.{number}")

    def _start(self, space: str, home: Path, shell: Path, address: str) -> None:
        assert SSHD is not None
        Path("/run/sshd").mkdir(exist_ok=True)
        keys = home / "authorized_keys"
        shutil.copy(self.folder / "user.pub", keys)
        config = home / "sshd_config"
        config.write_text(
            f"ListenAddress {address}\nHostKey {self.folder / 'host'}\nAuthorizedKeysFile {keys}\n"
            f"PermitRootLogin yes\nStrictModes no\nUsePAM no\nPidFile none\nForceCommand {shell}\n"
            "PasswordAuthentication no\nMaxStartups 100\n"
        )
        with (home / "log").open("wb") as log:
            daemon = subprocess.Popen(
                ["ip", "netns", "exec", space, SSHD, "-D", "-e", "-f", str(config)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self._daemons.append(daemon)
        deadline = time.monotonic() + 10
        while b"listening" not in (home / "log").read_bytes():
            assert daemon.poll() is None and time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.05)

    def close(self) -> None:
        """End the daemons, take namespaces and bridge away."""
        for daemon in self._daemons:
            daemon.terminate()
        for daemon in self._daemons:
            daemon.wait(10)
        for space in self._namespaces:
            subprocess.run(["ip", "netns", "del", space], check=False)
        subprocess.run(["ip", "link", "del", self._bridge], check=False)

    def _ip(self, *words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)
