"""Run as a file by process.py: ``main.py WIRE_FD LIFELINE_FD SEARCH_PATH REQUEST``.

Calls into tt_umd belong in a process of their own: it aborts, its simulators call _Exit, and both print on
fd 1. What is learned goes out as JSON lines on an inherited descriptor, one for each stage and each finished
chip, so that a death keeps what was read. SEARCH_PATH is the parent's: tt_umd may be where only it looks.

It only reads: no option that retrains links, resets or changes power is ever set.
"""

import fcntl
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ttinspect.sources.umd.request import Request

PCI_IDS = {0x401E: "wormhole_b0", 0xB140: "blackhole", 0xFEED: "quasar"}
"""The PCI device id of each architecture that can be simulated."""
NO_DEVICE = 0xFFFF
DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG (linux/prctl.h)."""
MOST_BESIDE = 16384


class Wire:
    """Where answers go. ``at`` says what is done next."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "w", buffering=1)

    def say(self, line: str, /, **fields: Any) -> None:
        """One line of this type; wire.py holds the types."""
        self._file.write(json.dumps({"type": line, **fields}, separators=(",", ":")) + "\n")

    def at(self, stage: str, chip: int | None = None, via: int | None = None) -> None:
        """A stage begins."""
        self.say("stage", kind=stage, chip=chip, via=via)


def main(argv: list[str]) -> None:
    """Read everything and say it; the exit code is 0 whenever the last line was sent."""
    wire = Wire(int(argv[1]))
    die_with_parent(int(argv[2]))
    package = os.path.dirname(os.path.abspath(__file__)).rpartition("/sources/")[0]  # noqa: PTH100, PTH120
    sys.path[0] = os.path.dirname(package)  # noqa: PTH120 - not our own folder
    sys.path += [folder for folder in argv[3].split(os.pathsep) if folder not in sys.path]
    from ttinspect.sources.umd.request import decoded

    request = decoded(argv[4])
    pci_id = None if request.library is None else PciId(request.library)
    wire.at("loading")
    try:
        import tt_umd
    except ImportError as error:
        wire.say("failure", why=str(error), missing=isinstance(error, ModuleNotFoundError))
        return
    from ttinspect.sources.umd.child.discovery import first_line, umd_errors

    arch = None
    if pci_id is not None:
        wire.at("opening")
        identity = pci_id.answer()
        arch = None if identity is None else PCI_IDS.get(identity)
        wire.say("arch", pci_id=identity, arch=arch)
        if identity is None or (arch is None and request.soc_file is None):
            wire.say("done")
            return
    try:
        if pci_id is not None and request.soc_file is None:
            request = linked(request, str(arch))
        if arch == "quasar":
            open_quasar(tt_umd, request, wire)
        else:
            ask(tt_umd, request, wire)
    except umd_errors() as error:
        wire.say("failure", why=first_line(error))


def ask(tt_umd: Any, request: "Request", wire: Wire) -> None:
    """Discover, and say what is found."""
    from ttinspect.sources.umd.child import chips, discovery

    wire.at("looking")
    wire.say("host", **discovery.host_facts(tt_umd, request))
    wire.at("discovering")
    descriptor, devices = discovery.discover(tt_umd, request)
    wire.at("descriptor")
    text = discovery.serialized(descriptor)
    numbers = sorted(set(descriptor.get_all_chips()) | set(devices))
    wire.say("links", chips=len(numbers), **discovery.link_facts(descriptor, text))
    masks, unhealthy = discovery.harvesting(text), discovery.health(descriptor)
    for chip in numbers:
        if chip not in request.skipped:
            wire.at("chip", chip)
            known = (masks.get(chip), unhealthy.get(chip))
            wire.say("chip", **chips.chip_facts(tt_umd, descriptor, chip, devices.get(chip), *known))
    devices = {chip: devices[chip] for chip in sorted(devices) if chip not in request.skipped}
    if request.remote_firmware_seconds is not None:
        from ttinspect.sources.umd.child import remotes

        remotes.open_singly(tt_umd, dict(descriptor.get_chip_unique_ids()), devices, request, wire)
    if request.task in ("reading", "telemetry"):
        read_telemetry(tt_umd, devices, wire)
    if request.task == "telemetry":
        time.sleep(chips.heartbeat_seconds(devices.values()))
        wire.at("heartbeats")
        for chip, device in devices.items():
            wire.say("heartbeat", chip=chip, value=discovery.attempt(chips.heartbeat, device))
    wire.say("done")
    while request.task == "watch" and sys.stdin.readline():
        read_telemetry(tt_umd, devices, wire)
        wire.say("tick")


def open_quasar(tt_umd: Any, request: "Request", wire: Wire) -> None:
    """A Quasar, which tt-umd 0.9.14 opens in a simulator and does not discover: what its SoC descriptor says.
    It has no telemetry, and there is nothing that it could be asked."""
    from ttinspect.sources.umd.child import chips

    device = tt_umd.create_simulation_tt_device(request.library)
    wire.at("chip", 0)
    wire.say("chip", **chips.quasar_facts(tt_umd, device))
    wire.say("done")
    while request.task == "watch" and sys.stdin.readline():
        wire.say("tick")


def read_telemetry(tt_umd: Any, devices: dict[int, Any], wire: Wire) -> None:
    """One reading of every chip, a line each; one that does not answer does not stop the others."""
    from ttinspect.sources.umd.child import chips, discovery

    for chip, device in devices.items():
        wire.at("telemetry", chip)
        try:
            facts = chips.telemetry_facts(tt_umd, device)
        except discovery.umd_errors() as error:
            facts = {"error": discovery.first_line(error)}
        wire.say("telemetry", chip=chip, time_ns=time.time_ns(), **facts)


def die_with_parent(lifeline: int) -> None:
    """A parent that is killed cannot end us, but its end of this pipe is closed then: that sends SIGIO to our
    group, which ends us and whatever we started even while tt_umd hangs."""
    leads = os.getpgrp() == os.getpid()
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid() if leads else os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC)


class PciId:
    """Asks a simulator, in a process of its own while we import tt_umd, what its first device is: tt_umd
    wants to be told the architecture, and one process can open one simulator once."""

    def __init__(self, library: str) -> None:
        self._read_end, write_end = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.write(write_end, b"%d" % _first_pci_id(library))
            os._exit(0)
        os.close(write_end)

    def answer(self) -> int | None:
        """The PCI device id; None where no device answers. Where the process died we die as it did, and where
        it hangs we hang."""
        _, status = os.waitpid(self._pid, 0)
        if os.WIFSIGNALED(status):
            os.kill(os.getpid(), os.WTERMSIG(status))
        if status:
            os._exit(os.waitstatus_to_exitcode(status))
        answer = int(os.read(self._read_end, 32))
        return None if answer == NO_DEVICE else answer


def _first_pci_id(path: str) -> int:
    import ctypes

    from ttinspect.sources.umd.request import CHIPS_PER_PROCESS

    # a simulator may leave our group, so that nobody else would end it with us
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, 9)
    library = ctypes.CDLL(path)
    library.libttsim_init()
    library.libttsim_pci_config_rd32.restype = ctypes.c_uint32
    for number in range(CHIPS_PER_PROCESS):
        word = library.libttsim_pci_config_rd32(ctypes.c_uint32(number << 3), ctypes.c_uint32(0))
        if word >> 16 != NO_DEVICE:
            return int(word >> 16)
    return NO_DEVICE


def linked(request: "Request", arch: str) -> "Request":
    """A folder as tt_umd wants it: the library, the SoC descriptor of its architecture, and what else lies
    beside the library, which may look for its files there. Our parent removes it."""
    from ttinspect.sources.umd.request import FOLDER_PREFIX, SOC_FILE

    library, folder = (
        str(request.library),
        f"{request.scratch}/{FOLDER_PREFIX}{os.getpid()}-{time.time_ns():x}",
    )
    os.mkdir(folder, 0o700)  # noqa: PTH102
    home, name = os.path.split(library)
    targets = {name: library, SOC_FILE: f"{request.soc_folder}/{arch}.yaml"}
    try:
        beside = os.listdir(home)[:MOST_BESIDE]  # noqa: PTH208
    except OSError:  # a folder that can be entered, and not be listed
        beside = []
    for link, target in ({other: f"{home}/{other}" for other in beside} | targets).items():
        os.symlink(target, f"{folder}/{link}")  # noqa: PTH211
    return request._replace(library=f"{folder}/{name}", soc_file=f"{folder}/{SOC_FILE}")


if __name__ == "__main__":
    main(sys.argv)
