"""The only importer of tt_umd, run as a file by launch.py:
``child.py WIRE_FD LIFELINE_FD SEARCH_PATH TASK KIND [LIBRARY SOC_FILE] [without-remote]``.

TASK is arch (of a simulator), chips, reading (chips and one reading of their telemetry), telemetry (the
same, and the heartbeats again after half a second), or watch (chips, then a reading for every line on
standard input, until it ends). SEARCH_PATH is the parent's: tt_umd may be where only it looks.

Nothing that happens in here can kill the tool, hang it, or soil its output: tt_umd aborts, its
simulators call _Exit, and both print on fd 1. What was learned goes out as JSON lines on an inherited
descriptor, a line per stage and per finished chip, so that a death keeps what was read.

Imports nothing of ttinspect and nothing heavy besides tt_umd. It only reads: no retrain, reset or
power option is ever set.
"""

import fcntl
import json
import os
import sys
import time
from typing import Any

Facts = dict[str, Any]
"""What becomes one JSON line; wire.py holds its type."""

CORE_TYPES = ("TENSIX", "DRAM", "ETH", "PCIE", "L2CPU", "ARC", "ROUTER_ONLY", "SECURITY", "DISPATCH")
NEVER_LOGICAL = ("ROUTER_ONLY", "SECURITY")
OTHER_SYSTEMS = ("NOC1", "TRANSLATED", "LOGICAL")
MASK_TAGS = {"tensix": 34, "eth": 35, "dram": 36, "l2cpu": 37, "pcie": 38}
FIRMWARE_BUNDLE_TAG = 28
LAST_TAG = 69
HEARTBEAT_SECONDS = 0.5
IGNORED_FAILURES = (
    "cmfw_mismatch_action",
    "cmfw_unsupported_action",
    "eth_fw_mismatch_action",
    "unexpected_routing_firmware_config",
    "eth_fw_heartbeat_failure",
    "device_init_failure_action",
)
PCI_IDS = {0x401E: "wormhole_b0", 0xB140: "blackhole"}
MASK_KEYS = {
    "tensix": "harvest_mask",
    "dram": "dram_harvesting_mask",
    "eth": "eth_harvesting_mask",
    "pcie": "pcie_harvesting_mask",
    "l2cpu": "l2cpu_harvesting_mask",
}
"""Masks by their key in a serialized cluster descriptor."""


def main(argv: list[str]) -> None:
    """Read everything and say it; the exit code is 0 whenever the last line was sent."""
    wire = os.fdopen(int(argv[1]), "w", buffering=1)

    def say(kind: str, **fields: Any) -> None:
        wire.write(json.dumps({"type": kind, **fields}, separators=(",", ":")) + "\n")

    die_with_parent(int(argv[2]))
    sys.path += [folder for folder in argv[3].split(os.pathsep) if folder not in sys.path]
    task, kind, rest = argv[4], argv[5], argv[6:]
    if task == "arch":
        say("stage", name="opening the simulator")
        say("arch", arch=arch_of_library(rest[0]))
        return
    say("stage", name="loading tt_umd")
    try:
        import tt_umd
    except ImportError as error:
        say(
            "failure",
            stage="loading tt_umd",
            why=first_line(error),
            missing=isinstance(error, ModuleNotFoundError),
        )
        return
    stage = "looking for devices"
    try:
        say("stage", name=stage)
        say("host", **host_facts(tt_umd, kind))
        stage = "discovering chips"
        say("stage", name=stage)
        descriptor, devices = discover(tt_umd, kind, rest)
        stage = "reading the cluster descriptor"
        say("stage", name=stage)
        text = serialized(descriptor)
        say("links", **link_facts(descriptor, text))
        masks = harvesting(text)
        unhealthy = health(descriptor)
        for chip in sorted(set(descriptor.get_all_chips()) | set(devices)):
            stage = f"reading chip {chip}"
            say("stage", name=stage)
            known = (masks.get(chip), unhealthy.get(chip))
            say("chip", **chip_facts(tt_umd, descriptor, chip, devices.get(chip), *known))
        if task in ("reading", "telemetry"):
            stage = "reading telemetry"
            read_telemetry(tt_umd, devices, say)
        if task == "telemetry":
            time.sleep(HEARTBEAT_SECONDS)
            stage = "reading the heartbeats again"
            for chip, device in sorted(devices.items()):
                say("heartbeat", chip=chip, value=attempt(heartbeat, device))
        say("done")
        while task == "watch" and sys.stdin.readline():
            stage = "reading telemetry"
            read_telemetry(tt_umd, devices, say)
            say("tick")
    except (
        RuntimeError,
        ValueError,
        LookupError,
        OSError,
        TypeError,
        tt_umd.error.UmdBaseException,
    ) as error:
        say("failure", stage=stage, why=first_line(error), missing=False)


def die_with_parent(lifeline: int) -> None:
    """A parent that is killed cannot end us, but its end of this pipe is closed then: that sends SIGIO,
    which ends us even while tt_umd hangs."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC)


def first_line(error: BaseException | str) -> str:
    """tt_umd's messages are followed by a C++ backtrace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def arch_of_library(path: str) -> str | None:
    """The architecture of a functional simulator, by the PCI id of its first device."""
    import ctypes

    library = ctypes.CDLL(path)
    library.libttsim_init()
    library.libttsim_pci_config_rd32.restype = ctypes.c_uint32
    identity = library.libttsim_pci_config_rd32(ctypes.c_uint32(0), ctypes.c_uint32(0))
    return PCI_IDS.get(identity >> 16)


def host_facts(tt_umd: Any, kind: str) -> Facts:
    """What the kernel driver shows; nothing of it for a simulator."""
    facts: Facts = {"kmd_version": None, "kmd_devices": {}, "kmd_archs": {}}
    if kind == "sim":
        return facts
    version = tt_umd.PCIDevice.read_kmd_version()
    facts["kmd_version"] = None if str(version) == "0.0.0" else str(version)
    for number, info in tt_umd.PCIDevice.enumerate_devices_info().items():
        facts["kmd_devices"][number] = info.pci_bdf
        facts["kmd_archs"][number] = info.get_arch().name.lower()
    return facts


def discover(tt_umd: Any, kind: str, rest: list[str]) -> Any:
    """Bare discovery; one bad chip must not hide the others."""
    options = tt_umd.TopologyDiscoveryOptions()
    for name in IGNORED_FAILURES:
        setattr(options, name, tt_umd.TopologyDiscoveryOptions.Action.IGNORE)
    options.perform_6u_eth_retrain = False
    if "without-remote" in rest:
        options.discover_remote_devices = False
    if kind == "sim":
        simulation = tt_umd.SimulationDiscoveryOptions()
        simulation.simulator_path = rest[0]
        options.simulation = simulation
        return tt_umd.TopologyDiscovery.discover(options, tt_umd.IODeviceType.PCIe, rest[1])
    return tt_umd.TopologyDiscovery.discover(options)


def link_facts(descriptor: Any, text: str) -> Facts:
    """Eth links as each chip reports its own end."""
    ends = []
    for chip, channels in descriptor.get_ethernet_connections().items():
        ends += [[chip, channel, other, far] for channel, (other, far) in channels.items()]
    return {"ends": sorted(ends), "remote": remote_links(text)}


def serialized(descriptor: Any) -> str:
    """The descriptor as YAML, through memory: it writes to a path only."""
    memory = os.memfd_create("cluster")
    try:
        descriptor.serialize_to_file(f"/proc/self/fd/{memory}")
        with open(f"/proc/self/fd/{memory}") as file:  # noqa: PTH123 - pathlib is not worth its import
            return file.read()
    finally:
        os.close(memory)


def remote_links(text: str) -> list[list[int]]:
    """Links that leave the host. The binding has no getter; the YAML lists chip, chan, remote_chip_id
    and chan in this order, one number a line."""
    numbers = []
    for line in text.partition("ethernet_connections_to_remote_devices:\n")[2].splitlines():
        if not line.startswith(" "):
            break
        value = line.rpartition(":")[2].strip()
        if value.isdigit():
            numbers.append(int(value))
    return [numbers[at : at + 4] for at in range(0, len(numbers), 4)]


def harvesting(text: str) -> dict[int, Facts]:
    """Masks and noc_translation by chip, as discovery read them. TTDevice.get_chip_info would ask the
    firmware once more: on Wormhole that is an ARC message, a write."""
    found: dict[int, Facts] = {}
    chip: Facts = {}
    for line in text.partition("\nharvesting:\n")[2].splitlines():
        if not line.startswith(" "):
            break
        key, _, value = line.strip().partition(":")
        if key.isdigit():
            chip = found[int(key)] = {}
        else:
            chip[key] = value.strip()
    return found


def health(descriptor: Any) -> dict[int, str]:
    """What is wrong with each unhealthy chip; empty where tt_umd does not say."""
    errors = descriptor.get_health_errors()
    return {
        chip: "; ".join(first_line(error.message()) for error in errors.get(chip, ()))
        for chip in {*descriptor.get_unhealthy_devices(), *(chip for chip, found in errors.items() if found)}
    }


def attempt(question: Any, *arguments: Any) -> Any:
    """An answer of tt_umd, None where it has none."""
    try:
        return question(*arguments)
    except umd_errors():
        return None


def umd_errors() -> tuple[type[Exception], ...]:
    """What calls into tt_umd raise: its own errors, and the standard ones of its bindings."""
    return (RuntimeError, ValueError, LookupError, OSError, sys.modules["tt_umd"].error.UmdBaseException)


def chip_facts(
    tt_umd: Any, descriptor: Any, chip: int, device: Any, masks: Facts | None, unhealthy: str | None
) -> Facts:
    """Everything about one chip; ``error`` says why it could not be read."""
    mmio = attempt(descriptor.is_chip_mmio_capable, chip)
    closest = None if mmio else attempt(descriptor.get_closest_mmio_capable_chip, chip)
    board = attempt(descriptor.get_board_type, chip)
    placed = board is not None  # a chip that failed to start has no board, and a made-up unique id
    arch = attempt(descriptor.get_arch, chip) or (device and attempt(device.get_arch))
    facts: Facts = {
        "id": chip,
        "arch": arch.name.lower() if arch else None,
        "board": None if board is None else board.name.lower(),
        "board_id": attempt(descriptor.get_board_id_for_chip, chip),
        "unique_id": descriptor.get_chip_unique_ids().get(chip) if placed else None,
        "asic_location": attempt(descriptor.get_asic_location, chip),
        "mmio": mmio if placed else None,
        "via": closest,
        "pci_bdf": descriptor.get_chip_pci_bdfs().get(chip),
        "bus_id": descriptor.get_chip_to_bus_id().get(chip),
        "pcie_lanes": descriptor.get_chip_pcie_lane_counts().get(chip),
        "kmd_id": descriptor.get_chips_with_mmio().get(chip),
        "error": unhealthy or None,
        "masks": None,
        "noc_translation": None,
        "tags": {},
        "firmware": None,
        "cores": None,
    }
    if device is None:
        facts["error"] = unhealthy or "tt_umd found it, but opened no device for it"
        return facts
    try:
        read_device(device, facts, masks)
        if placed:  # otherwise its SoC descriptor was never told of the masks
            facts["cores"] = live_cores(tt_umd, device.get_soc_descriptor())
    except umd_errors() as error:
        facts["error"] = facts["error"] or first_line(error)
    if facts["error"] is None and unhealthy is not None:
        facts["error"] = ""  # the reason is in the log only
    return facts


def read_device(device: Any, facts: Facts, masks: Facts | None) -> None:
    """Masks, the telemetry tags behind them, and firmware of an opened device."""
    reader = device.get_firmware_telemetry_reader()
    tags = {**MASK_TAGS, "firmware": FIRMWARE_BUNDLE_TAG}
    for name, tag in tags.items() if facts["arch"] == "blackhole" else [("firmware", FIRMWARE_BUNDLE_TAG)]:
        available = reader is not None and reader.is_entry_available(tag)
        facts["tags"][name] = reader.read_entry(tag) if available else None
    if masks is not None:
        facts["masks"] = {name: int(masks[key], 0) for name, key in MASK_KEYS.items()}
        facts["noc_translation"] = masks["noc_translation"] == "true"
    elif facts["arch"] == "blackhole":  # an unhealthy chip is not in the descriptor; this only reads
        info = device.get_chip_info()
        facts["masks"] = {
            name: getattr(info.harvesting_masks, name + "_harvesting_mask") for name in MASK_KEYS
        }
        facts["noc_translation"] = info.noc_translation_enabled
    version = device.get_firmware_info_provider().get_firmware_version()
    facts["firmware"] = [version.major, version.minor, version.patch]


def live_cores(tt_umd: Any, soc: Any) -> Facts:
    """What the live SoC descriptor answers for every core, by type and coordinate system."""
    found: Facts = {}
    noc0 = tt_umd.CoordSystem.NOC0
    systems = [(name.lower(), getattr(tt_umd.CoordSystem, name)) for name in OTHER_SYSTEMS]
    for name in CORE_TYPES:
        core_type = getattr(tt_umd.CoreType, name, None)
        if core_type is None:
            continue
        live = attempt(soc.get_cores, core_type, noc0) or []
        lost = attempt(soc.get_harvested_cores, core_type, noc0) or []
        harvested: Facts = {"noc0": [[core.x, core.y] for core in lost]}
        cores: Facts = {"noc0": [[core.x, core.y] for core in live], "harvested": harvested}
        for system_name, system in systems:
            silent = name in NEVER_LOGICAL and system_name == "logical"  # it would raise for each of them
            cores[system_name] = (
                [None] * len(live) if silent else translated(soc.get_cores, soc, live, system)
            )
            if system_name != "logical":
                harvested[system_name] = translated(soc.get_harvested_cores, soc, lost, system)
        found[name.lower()] = cores
    return found


def translated(get: Any, soc: Any, cores: list[Any], system: Any) -> list[Any]:
    """Cores of one type in another system, all at once; one by one where tt_umd has none for some."""
    if not cores:
        return []
    found = attempt(get, cores[0].core_type, system)
    if found is not None and len(found) == len(cores):
        return [answer_of(core, answer) for core, answer in zip(cores, found, strict=True)]
    return [answer_of(core, attempt(soc.translate_coord_to, core, system)) for core in cores]


def answer_of(core: Any, answer: Any) -> Any:
    """[x, y], the type and place of the core that answers instead, or None."""
    if answer is None:
        return None
    if answer.core_type != core.core_type:
        return {"type": answer.core_type.name, "xy": [answer.x, answer.y]}
    return [answer.x, answer.y]


def heartbeat(device: Any) -> int | None:
    """The firmware's heartbeat."""
    return device.get_firmware_info_provider().get_heartbeat()  # type: ignore[no-any-return]


def read_telemetry(tt_umd: Any, devices: Any, say: Any) -> None:
    """One reading of every chip, a line each; one that does not answer does not stop the others."""
    for chip, device in sorted(devices.items()):
        try:
            say("telemetry", chip=chip, time_ns=time.time_ns(), **telemetry_facts(tt_umd, device), error=None)
        except umd_errors() as error:
            nothing: Facts = {
                "tags": {},
                "getters": {},
                "firmware": {},
                "training": None,
                "gddr": {},
                "eth": None,
            }
            say("telemetry", chip=chip, time_ns=time.time_ns(), **nothing, error=first_line(error))


GETTERS = (
    "aiclk", "axiclk", "arcclk", "vcore", "tdp", "tdc", "board_temperature", "max_clock_freq", "heartbeat",
    "tdp_limit", "board_power_limit", "thm_limit_throttle", "thm_limit_shutdown", "therm_trip_count",
    "dram_speed", "current_max_dram_temperature",
)  # fmt: skip


def telemetry_facts(tt_umd: Any, device: Any) -> Facts:
    """Raw telemetry words by tag (none of a legacy table, whose tags mean something else), and what
    tt_umd's own getters make of them."""
    reader = device.get_firmware_telemetry_reader()
    provider = device.get_firmware_info_provider()
    tags = {}
    if type(reader).__name__ != "SmBusArcTelemetryReader":
        tags = {tag: reader.read_entry(tag) for tag in range(1, LAST_TAG) if reader.is_entry_available(tag)}
    arch = device.get_arch()
    firmware = {
        "bundle": str(provider.get_firmware_version()),
        "minimum": str(tt_umd.get_minimum_compatible_firmware_version(arch)),
        "latest": str(tt_umd.get_latest_supported_firmware_version(arch)),
        "eth": text_of(attempt(provider.get_eth_fw_version)),
    }
    training = attempt(provider.get_dram_training_status, DRAM_CHANNELS.get(arch.name, 0))
    links = attempt(provider.get_eth_link_status_per_core)
    return {
        "tags": tags,
        "getters": {name: attempt(getattr(provider, "get_" + name)) for name in GETTERS},
        "firmware": firmware,
        "training": None if training is None else [status.name for status in training],
        "gddr": gddr_facts(tt_umd, provider),
        "eth": None if links is None else [[core.x, core.y, up] for core, up in links],
    }


DRAM_CHANNELS = {"WORMHOLE_B0": 6, "BLACKHOLE": 8}


def text_of(value: Any) -> str | None:
    """A version as text."""
    return None if value is None else str(value)


def gddr_facts(tt_umd: Any, provider: Any) -> Facts:
    """Temperatures and error counters by GDDR module."""
    found: Facts = {}
    for channel, module in enumerate(tt_umd.GddrModule):
        state = attempt(provider.get_dram_telemetry, module)
        if state is not None:
            found[str(channel)] = [
                state.dram_temperature_top,
                state.dram_temperature_bottom,
                state.corr_edc_rd_errors,
                state.corr_edc_wr_errors,
                state.uncorr_edc_rd_error,
                state.uncorr_edc_wr_error,
            ]
    return found


if __name__ == "__main__":
    main(sys.argv)
