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
ELF, ELF_HEADER_BYTES = b"\x7fELF", 64
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


class NoSimulatorError(Exception):
    """What should be one cannot be used: a kind of wire.Failure, and why."""


def main(argv: list[str]) -> None:
    """Read everything and say it; the exit code is 0 whenever the last line was sent."""
    wire = Wire(int(argv[1]))
    die_with_parent(int(argv[2]))
    package = os.path.dirname(os.path.abspath(__file__)).rpartition("/sources/")[0]  # noqa: PTH100, PTH120
    sys.path[0] = os.path.dirname(package)  # noqa: PTH120 - not our own folder
    sys.path += [folder for folder in argv[3].split(os.pathsep) if folder not in sys.path]
    from ttinspect.sources.umd.request import decoded

    request = decoded(argv[4])
    wire.at("loading tt_umd")
    try:
        import tt_umd
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        wire.say("failure", why=str(error), kind="no umd" if missing else "raised")
        return
    from ttinspect.sources.umd.child.discovery import first_line, umd_errors

    try:
        arch = None
        if request.library is not None:
            wire.at("opening the simulator")
            request, arch = prepared(tt_umd, request, request.library)
        if arch == "quasar":
            open_quasar(tt_umd, request, wire)
        else:
            ask(tt_umd, request, wire)
    except NoSimulatorError as error:
        wire.say("failure", kind=error.args[0], why=error.args[1])
    except umd_errors() as error:
        wire.say("failure", why=first_line(error))


def ask(tt_umd: Any, request: "Request", wire: Wire) -> None:
    """Discover, and say what is found."""
    from ttinspect.sources.umd.child import chips, discovery

    wire.at("looking for devices")
    if request.library is None:
        wire.say("host", **discovery.host_facts(tt_umd))
    wire.at("discovering chips")
    descriptor, devices = discovery.discover(tt_umd, request)
    wire.at("reading the cluster descriptor")
    text = discovery.serialized(descriptor)
    numbers = sorted(set(descriptor.get_all_chips()) | set(devices))
    wire.say("links", chips=len(numbers), **discovery.link_facts(descriptor, text))
    masks, unhealthy = discovery.harvesting(text), discovery.health(descriptor)
    for chip in numbers:
        if chip not in request.skipped:
            wire.at("reading chip", chip)
            known = (masks.get(chip), unhealthy.get(chip))
            wire.say("chip", **chips.chip_facts(tt_umd, descriptor, chip, devices.get(chip), *known))
    devices = {chip: devices[chip] for chip in sorted(devices) if chip not in request.skipped}
    if request.remote_firmware_seconds is not None:
        from ttinspect.sources.umd.child import remotes

        remotes.open_singly(tt_umd, dict(descriptor.get_chip_unique_ids()), devices, request, wire)
    if request.task != "chips":
        read_telemetry(tt_umd, devices, wire)
    if request.task == "telemetry":
        time.sleep(chips.heartbeat_seconds(devices.values()))
        read_telemetry(tt_umd, devices, wire)
    end(tt_umd, devices, request, wire)


def end(tt_umd: Any, devices: dict[int, Any], request: "Request", wire: Wire) -> None:
    """Everything was said; a watch goes on with a reading for every line on standard input."""
    wire.say("done")
    while request.task == "watch" and sys.stdin.readline():
        read_telemetry(tt_umd, devices, wire)
        wire.say("done")


def open_quasar(tt_umd: Any, request: "Request", wire: Wire) -> None:
    """A Quasar, which tt-umd 0.9.14 opens in a simulator and does not discover: what its SoC descriptor says.
    It has no telemetry, and there is nothing that it could be asked."""
    from ttinspect.sources.umd.child import chips

    device = tt_umd.create_simulation_tt_device(request.library)
    wire.at("reading chip", 0)
    wire.say("chip", **chips.quasar_facts(tt_umd, device))
    end(tt_umd, {}, request, wire)


def read_telemetry(tt_umd: Any, devices: dict[int, Any], wire: Wire) -> None:
    """One reading of every chip, a line each; one that does not answer does not stop the others."""
    from ttinspect.sources.umd.child import chips, discovery

    for chip, device in devices.items():
        wire.at("reading telemetry of chip", chip)
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


def prepared(tt_umd: Any, request: "Request", path: str) -> tuple["Request", str | None]:
    """The request as tt_umd wants it, and the architecture of the simulator, None where it is not known.
    tt_umd has to be told, and with the SoC descriptor of another one it would wait for the firmware.

    Raises:
        NoSimulatorError: it is none, has no device, or is of an architecture of which there is no descriptor.
    """
    pci_id = first_pci_id(path)
    if pci_id == NO_DEVICE:
        raise NoSimulatorError("no device", f"no PCI device of {path} answers")
    arch = PCI_IDS.get(pci_id)
    if request.soc_file is None:
        if arch is None:
            raise NoSimulatorError("unknown arch", "the PCI id of its device is not one that ttinspect knows")
        return linked(request, path, arch), arch
    described = tt_umd.SocArchDescriptor.get_arch_from_path(request.soc_file).name.lower()
    if arch not in (None, described):
        why = f"it describes a {described}, but the simulator beside it is a {arch}"
        raise NoSimulatorError("other arch", why)
    return request, arch


def first_pci_id(path: str) -> int:
    """The PCI device id of a simulator's first device, NO_DEVICE where it has none. The library is unloaded
    again: tt_umd opens it anew."""
    import _ctypes
    import ctypes

    from ttinspect.sources.umd.request import CHIPS_PER_PROCESS

    refuse_unusable(path)
    try:
        library = ctypes.CDLL(path)
        library.libttsim_init()
        read = library.libttsim_pci_config_rd32
    except (OSError, AttributeError) as error:
        raise NoSimulatorError("no library", str(error)) from None
    read.restype = ctypes.c_uint32
    ids = (
        read(ctypes.c_uint32(number << 3), ctypes.c_uint32(0)) >> 16 for number in range(CHIPS_PER_PROCESS)
    )
    pci_id = next((pci_id for pci_id in ids if pci_id != NO_DEVICE), NO_DEVICE)
    _ctypes.dlclose(library._handle)
    return int(pci_id)


def refuse_unusable(path: str) -> None:
    """What the loader does not tell of a library, or dies of: that it is for another machine, or cut (elf.h:
    the section headers of a 64-bit file come last)."""
    with open(path, "rb") as file, open("/proc/self/exe", "rb") as own:  # noqa: PTH123
        header, ours = file.read(ELF_HEADER_BYTES), own.read(ELF_HEADER_BYTES)
        size = os.fstat(file.fileno()).st_size
    if not header.startswith(ELF):
        raise NoSimulatorError("no library", "it is not a shared library")
    if (header[4:6], header[18:20]) != (ours[4:6], ours[18:20]):
        machine = os.uname().machine
        raise NoSimulatorError("no library", f"it is built for another machine than this, which is {machine}")
    start, each, count = (int.from_bytes(header[a:b], "little") for a, b in ((40, 48), (58, 60), (60, 62)))
    if size < start + each * count:
        why = f"the file is cut: it has {size:,} of {start + each * count:,} bytes"
        raise NoSimulatorError("cut", why)


def linked(request: "Request", library: str, arch: str) -> "Request":
    """A folder as tt_umd wants it: the library, the SoC descriptor of its architecture, and what else lies
    beside the library, which may look for its files there. Our parent removes it."""
    from ttinspect.sources.umd.request import FOLDER_PREFIX, SOC_FILE, scratch_folder

    folder = f"{scratch_folder()}/{FOLDER_PREFIX}{os.getpid()}-{time.time_ns():x}"
    os.mkdir(folder, 0o700)  # noqa: PTH102
    home, name = os.path.split(library)
    try:
        beside = os.listdir(home)[:MOST_BESIDE]  # noqa: PTH208
    except OSError:  # a folder that can be entered, and not be listed
        beside = []
    for other in {*beside, name}:
        os.symlink(f"{home}/{other}", f"{folder}/{other}")  # noqa: PTH211
    os.symlink(f"{request.soc_folder}/{arch}.yaml", f"{folder}/{SOC_FILE}")  # noqa: PTH211
    return request._replace(library=f"{folder}/{name}", soc_file=f"{folder}/{SOC_FILE}")


if __name__ == "__main__":
    main(sys.argv)
