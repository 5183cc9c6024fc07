"""In the child: what a simulator is, bare discovery, and what tt_umd says of the host and of all chips."""

import os
import sys
import time
from typing import Any

from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.umd.request import CHIPS_PER_PROCESS, FOLDER_PREFIX, SOC_FILE, Request, scratch_folder

PCI_IDS = {0x401E: "wormhole_b0", 0xB140: "blackhole", 0xFEED: "quasar"}
"""The PCI device id of each architecture that can be simulated."""
NO_DEVICE = 0xFFFF
MOST_BESIDE = 16384
ELF, ELF_HEADER_BYTES = b"\x7fELF", 64

IGNORED_FAILURES = (
    "cmfw_mismatch_action",
    "cmfw_unsupported_action",
    "eth_fw_mismatch_action",
    "unexpected_routing_firmware_config",
    "eth_fw_heartbeat_failure",
    "device_init_failure_action",
)

Facts = dict[str, Any]
"""What becomes one JSON line; wire.py holds its type."""


def first_line(error: BaseException | str) -> str:
    """tt_umd's messages are followed by a C++ backtrace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def attempt(question: Any, *arguments: Any) -> Any:
    """An answer of tt_umd, None where it has none."""
    try:
        return question(*arguments)
    except umd_errors():
        return None


def umd_errors() -> tuple[type[Exception], ...]:
    """What calls into tt_umd raise: its own errors, and the standard ones of its bindings."""
    of_tt_umd = sys.modules["tt_umd"].error.UmdBaseException
    return RuntimeError, ValueError, TypeError, LookupError, OSError, of_tt_umd


def prepared(tt_umd: Any, request: Request, path: str) -> tuple[Request, str | None]:
    """The request as tt_umd wants it, and the architecture of the simulator, None where it is not known.
    tt_umd has to be told, and with the SoC descriptor of another one it would wait for the firmware.

    Raises:
        InspectError: 2 for what is no simulator, or of another architecture than the SoC descriptor beside
            it, 3 without a device, 7 for an architecture of which there is no descriptor.
    """
    pci_id = first_pci_id(path)
    arch = PCI_IDS.get(pci_id)
    if request.soc_file is not None:
        described = tt_umd.SocArchDescriptor.get_arch_from_path(request.soc_file).name.lower()
        if arch in (None, described):
            return request, arch
        why = f"it describes a {described}, but the simulator beside it is a {arch}"
        raise InspectError(request.soc_file, why, "put the descriptor of its architecture there, or none")
    if arch is None:
        why = f"the PCI id of its device, {pci_id:#06x}, is not one that ttinspect knows"
        next_step = "put its soc_descriptor.yaml beside it"
        raise InspectError(f"{path}: unsupported architecture", why, next_step, ExitCode.UNSUPPORTED_ARCH)
    # tt_umd wants the descriptor beside the library, which may want its own files there; our parent sweeps
    folder = f"{scratch_folder()}/{FOLDER_PREFIX}{os.getpid()}-{time.time_ns():x}"
    os.mkdir(folder, 0o700)  # noqa: PTH102
    home, name = os.path.split(path)
    try:
        beside = os.listdir(home)[:MOST_BESIDE]  # noqa: PTH208
    except OSError:  # a folder that can be entered, and not be listed
        beside = []
    for other in {*beside, name}:
        os.symlink(f"{home}/{other}", f"{folder}/{other}")  # noqa: PTH211
    os.symlink(f"{request.soc_folder}/{arch}.yaml", f"{folder}/{SOC_FILE}")  # noqa: PTH211
    return request._replace(library=f"{folder}/{name}", soc_file=f"{folder}/{SOC_FILE}"), arch


def first_pci_id(path: str) -> int:
    """The PCI device id of a simulator's first device. The library is unloaded again: tt_umd opens it anew.

    Raises:
        InspectError: 2 for what is no simulator, 3 for one without a device.
    """
    import _ctypes
    import ctypes

    why = why_unusable(path)
    try:
        if why is None:
            library = ctypes.CDLL(path)
            library.libttsim_init()
            read = library.libttsim_pci_config_rd32
    except (OSError, AttributeError) as error:
        why = str(error)
    if why is not None:
        raise InspectError(f"cannot open the simulator {path!r}", why, "name a whole one as sim:PATH.so")
    ids = [
        read(ctypes.c_uint32(n << 3), ctypes.c_uint32(0)) >> 16 & NO_DEVICE for n in range(CHIPS_PER_PROCESS)
    ]
    _ctypes.dlclose(library._handle)
    devices = [pci_id for pci_id in ids if pci_id != NO_DEVICE]
    if not devices:
        why, next_step = f"no PCI device of {path} answers", "check how the simulator is configured"
        raise InspectError("no Tenstorrent devices found", why, next_step, ExitCode.NO_DEVICES)
    return int(devices[0])


def why_unusable(path: str) -> str | None:
    """What the loader does not tell of a library, or dies of: that it is for another machine, or cut (elf.h:
    the section headers of a 64-bit file come last)."""
    with open(path, "rb") as file, open("/proc/self/exe", "rb") as python:  # noqa: PTH123
        header, ours = file.read(ELF_HEADER_BYTES), python.read(ELF_HEADER_BYTES)
        size = os.fstat(file.fileno()).st_size
    if not header.startswith(ELF):
        return "it is not a shared library"
    if (header[4:6], header[18:20]) != (ours[4:6], ours[18:20]):
        return f"it is built for another machine than this, which is {os.uname().machine}"
    start, each, count = (int.from_bytes(header[a:b], "little") for a, b in ((40, 48), (58, 60), (60, 62)))
    whole_bytes = start + each * count
    return None if size >= whole_bytes else f"the file is cut: it has {size:,} of {whole_bytes:,} bytes"


def host_facts(tt_umd: Any) -> Facts:
    """What the kernel driver shows."""
    version, devices = str(tt_umd.PCIDevice.read_kmd_version()), tt_umd.PCIDevice.enumerate_devices_info()
    return {
        "kmd_version": None if version == "0.0.0" else version,
        "kmd_devices": {number: info.pci_bdf for number, info in devices.items()},
        "kmd_archs": {number: info.get_arch().name.lower() for number, info in devices.items()},
    }


def discover(tt_umd: Any, request: Request) -> Any:
    """Bare discovery; one bad chip must not hide the others."""
    options = tt_umd.TopologyDiscoveryOptions()
    for name in IGNORED_FAILURES:
        setattr(options, name, tt_umd.TopologyDiscoveryOptions.Action.IGNORE)
    options.perform_6u_eth_retrain = False
    options.wait_on_ethernet_link_training = request.wait_for_training
    options.discover_remote_devices = request.over_eth
    if request.library is not None:
        simulation = tt_umd.SimulationDiscoveryOptions()
        simulation.simulator_path = request.library
        options.simulation = simulation
        return tt_umd.TopologyDiscovery.discover(options, tt_umd.IODeviceType.PCIe, request.soc_file)
    return tt_umd.TopologyDiscovery.discover(options)


def serialized(descriptor: Any) -> str:
    """The cluster descriptor as YAML, through memory: it writes to a path only. Empty where no chip of it
    started. It has the masks that discovery read: TTDevice.get_chip_info would ask the firmware once more,
    on Wormhole with an ARC message, a write."""
    if not descriptor.get_all_chips():
        return ""
    memory = os.memfd_create("cluster")
    try:
        descriptor.serialize_to_file(f"/proc/self/fd/{memory}")
        with open(f"/proc/self/fd/{memory}") as file:  # noqa: PTH123 - pathlib is not worth its import
            return file.read()
    finally:
        os.close(memory)


def health(descriptor: Any) -> dict[int, str]:
    """What is wrong with each unhealthy chip; empty where tt_umd does not say."""
    errors = descriptor.get_health_errors()
    return {
        chip: "; ".join(first_line(error.message()).rstrip(".") for error in errors.get(chip, ()))
        for chip in {
            *descriptor.get_unhealthy_devices(),
            *(chip for chip, listed in errors.items() if listed),
        }
    }
