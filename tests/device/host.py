"""A host for tests: the search of a host, on the real tt_umd, over children that open the test device.

tt-umd 0.9.14 ignores TT_VISIBLE_DEVICES for simulators, so the device itself answers that it is not there.
"""

from pathlib import Path

import pytest

from tests.device.simulated import Device
from ttinspect.facts.files import data_directory
from ttinspect.facts.socs import builtin_soc
from ttinspect.model.arch import Arch
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.lateness import WaitFor
from ttinspect.sources.umd.request import simulator_request
from ttinspect.sources.umd.search import Host
from ttinspect.sources.umd.target import Target


class Hardware(Host):
    """The devices of a host that is simulated: device N is the N-th that the kernel driver has."""

    def __init__(self, device: Device) -> None:
        first, step = device.spread or (0, 1)
        count = sum(not chip.remote for chip in device.chips)
        self._bdfs = {number: f"0000:00:{first + step * number:02x}.0" for number in range(count)}
        self._arch = "blackhole" if device.arch == "blackhole" else "wormhole_b0"

    def facts(self, session: wire.Session) -> wire.HostFacts:
        """What a kernel driver would show."""
        archs = dict.fromkeys(self._bdfs, self._arch)
        return wire.HostFacts(kmd_version="2.8.0", kmd_devices=self._bdfs, kmd_archs=archs)

    def named(self, session: wire.Session) -> int | None:
        """tt_umd counts the devices that it sees."""
        wait = session.wait
        if wait is None or wait.kind is not WaitFor.FIRMWARE or wait.device is None:
            return None
        visible = session.request.visible
        seen = [number for number, bdf in self._bdfs.items() if visible is None or bdf in visible]
        return seen[wait.device]


def target_of(library: Path, device: Device, task: str = "chips") -> Target:
    """Where the search is pointed."""
    arch = Arch.BLACKHOLE if device.arch == "blackhole" else Arch.WORMHOLE_B0
    return Target(
        request=simulator_request(task, str(library), str(data_directory())),
        source=Source(kind=SourceKind.UMD, detail="", live=True, example=False),
        socs={arch: builtin_soc(arch)},
        host=Hardware(device),
    )


def read_host(
    library: Path, device: Device, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *,
    task: str = "chips", timeout_seconds: float = 20.0, visible: str = "",
) -> System:  # fmt: skip
    """What the source umd makes of such a host."""
    for name, script in device.write(tmp_path / "script").items():
        monkeypatch.setenv(name, script)
    monkeypatch.setenv("TT_VISIBLE_DEVICES", visible)
    target = target_of(library, device, task)
    return target.system(target.ask(LiveOptions(timeout_seconds=timeout_seconds)))
