"""In the child: bare discovery, and what it says of the host and its links."""

import os
from typing import Any

from ttinspect.sources.umd.calling import Facts, first_line
from ttinspect.sources.umd.numbering import UNTRAINED, WITHOUT_REMOTE

IGNORED_FAILURES = (
    "cmfw_mismatch_action",
    "cmfw_unsupported_action",
    "eth_fw_mismatch_action",
    "unexpected_routing_firmware_config",
    "eth_fw_heartbeat_failure",
    "device_init_failure_action",
)


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
    if UNTRAINED in rest:
        options.wait_on_ethernet_link_training = False
    if WITHOUT_REMOTE in rest:
        options.discover_remote_devices = False
    if kind == "sim":
        simulation = tt_umd.SimulationDiscoveryOptions()
        simulation.simulator_path = rest[0]
        options.simulation = simulation
        return tt_umd.TopologyDiscovery.discover(options, tt_umd.IODeviceType.PCIe, rest[1])
    return tt_umd.TopologyDiscovery.discover(options)


def link_facts(descriptor: Any, text: str, number: Any) -> Facts:
    """Eth links as each chip reports its own end; ``number`` gives a chip's own number."""
    ends = []
    for chip, channels in descriptor.get_ethernet_connections().items():
        ends += [[number(chip), channel, number(other), far] for channel, (other, far) in channels.items()]
    return {"ends": sorted(ends), "remote": [[number(chip), *rest] for chip, *rest in remote_links(text)]}


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


def health(descriptor: Any) -> dict[int, str]:
    """What is wrong with each unhealthy chip; empty where tt_umd does not say."""
    errors = descriptor.get_health_errors()
    return {
        chip: "; ".join(first_line(error.message()).rstrip(".") for error in errors.get(chip, ()))
        for chip in {*descriptor.get_unhealthy_devices(), *(chip for chip, found in errors.items() if found)}
    }
