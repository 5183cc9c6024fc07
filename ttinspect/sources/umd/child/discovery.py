"""In the child: calls into tt_umd, bare discovery, and what it says of the host and its links."""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ttinspect.sources.umd.request import Request

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
    return (
        RuntimeError,
        ValueError,
        TypeError,
        LookupError,
        OSError,
        sys.modules["tt_umd"].error.UmdBaseException,
    )


IGNORED_FAILURES = (
    "cmfw_mismatch_action",
    "cmfw_unsupported_action",
    "eth_fw_mismatch_action",
    "unexpected_routing_firmware_config",
    "eth_fw_heartbeat_failure",
    "device_init_failure_action",
)


def host_facts(tt_umd: Any) -> Facts:
    """What the kernel driver shows."""
    version, devices = str(tt_umd.PCIDevice.read_kmd_version()), tt_umd.PCIDevice.enumerate_devices_info()
    return {
        "kmd_version": None if version == "0.0.0" else version,
        "kmd_devices": {number: info.pci_bdf for number, info in devices.items()},
        "kmd_archs": {number: info.get_arch().name.lower() for number, info in devices.items()},
    }


def discover(tt_umd: Any, request: "Request") -> Any:
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


def link_facts(descriptor: Any, text: str) -> Facts:
    """Eth links as each chip reports its own end, and those that leave the host: of these the binding has no
    getter; the YAML lists chip, chan, remote_chip_id and chan in this order, one number a line."""
    ends = [
        [chip, channel, other, far]
        for chip, channels in descriptor.get_ethernet_connections().items()
        for channel, (other, far) in channels.items()
    ]
    values = [value for _, value in section(text, "ethernet_connections_to_remote_devices")]
    numbers = [int(value) for value in values if value.isdigit()]
    return {"ends": sorted(ends), "remote": [numbers[at : at + 4] for at in range(0, len(numbers), 4)]}


def serialized(descriptor: Any) -> str:
    """The descriptor as YAML, through memory: it writes to a path only."""
    memory = os.memfd_create("cluster")
    try:
        descriptor.serialize_to_file(f"/proc/self/fd/{memory}")
        with open(f"/proc/self/fd/{memory}") as file:  # noqa: PTH123 - pathlib is not worth its import
            return file.read()
    finally:
        os.close(memory)


def section(text: str, name: str) -> Iterator[tuple[str, str]]:
    """Key and value of every line of a section of the serialized descriptor."""
    for line in text.partition(f"\n{name}:\n")[2].splitlines():
        if not line.startswith(" "):
            return
        yield line.partition(":")[0].strip(), line.rpartition(":")[2].strip()


def health(descriptor: Any) -> dict[int, str]:
    """What is wrong with each unhealthy chip; empty where tt_umd does not say."""
    errors = descriptor.get_health_errors()
    return {
        chip: "; ".join(first_line(error.message()).rstrip(".") for error in errors.get(chip, ()))
        for chip in {*descriptor.get_unhealthy_devices(), *(chip for chip, what in errors.items() if what)}
    }


def harvesting(text: str) -> dict[int, Facts]:
    """Masks and noc_translation by chip, as discovery read them. TTDevice.get_chip_info would ask the
    firmware once more: on Wormhole that is an ARC message, a write."""
    masks: dict[int, Facts] = {}
    chip: Facts = {}
    for key, value in section(text, "harvesting"):
        if key.isdigit():
            chip = masks[int(key)] = {}
        else:
            chip[key] = value
    return masks
