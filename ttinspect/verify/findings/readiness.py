"""Findings about the host: what stops tt-metal from opening a device, and what slows it."""

from collections import Counter
from collections.abc import Iterator

from ttinspect.model.chip import Chip
from ttinspect.model.finding import Finding
from ttinspect.model.readiness import Iommu, Readiness
from ttinspect.model.system import System
from ttinspect.verify.rule import ChipRule, E, Hit, Q, Rule, SystemRule, W, judge_chip, judge_system
from ttinspect.verify.words import numbers, plural


def readiness_findings(system: System) -> dict[int | None, list[Finding]]:
    """Findings by chip id; None holds those about the host."""
    found = judge_system(SYSTEM_RULES, system)
    for chip in system.chips:
        found.setdefault(chip.id, []).extend(judge_chip(CHIP_RULES, chip))
    return found


def _no_driver(system: System) -> Iterator[Hit]:
    if system.readiness is not None and system.kmd_version is None and system.readiness.devices:
        yield Hit("unknown", "the kernel driver does not tell its version (sys/module/tenstorrent/version)")


NO_DRIVER_VERSION = SystemRule(
    id="TTP001",
    name="driver version",
    severities={"unknown": Q},
    of_system=_no_driver,
    title="The version of the kernel driver is not known.",
    meaning="Whether the driver is new enough for the software cannot be told.",
    cause="A container without /sys/module, a driver built into the kernel, or one that is not loaded.",
    remedy="Look at modinfo tenstorrent on the host itself.",
)


def _hugepages(system: System) -> Iterator[Hit]:
    ready = system.readiness
    if ready is None or ready.hugepages_1g is None:
        return
    needing = [one.device for one in ready.devices if one.iommu in (Iommu.OFF, Iommu.PASSTHROUGH)]
    if ready.hugepages_1g < len(needing):
        yield Hit(
            "too few",
            f"{plural(len(needing), 'device needs', 'devices need')} a hugepage of 1 GiB each, because no "
            f"IOMMU translates for them, and the kernel has {ready.hugepages_1g}",
            {"devices": needing, "hugepages_1g": ready.hugepages_1g},
        )


HUGEPAGES = SystemRule(
    id="TTP003",
    name="hugepages",
    severities={"too few": E},
    of_system=_hugepages,
    title="There are fewer hugepages of 1 GiB than devices that need one.",
    meaning="tt-metal cannot open the devices that find none: it needs memory of the host in one piece.",
    cause="tenstorrent-hugepages was not installed or not started, or something else took the pages.",
    remedy=(
        "Install and start it (systemctl start tenstorrent-hugepages), or let the IOMMU translate "
        "(intel_iommu=on or amd_iommu=on, without iommu=pt)."
    ),
)


def _not_accessible(system: System) -> Iterator[Hit]:
    ready = system.readiness
    refused = [] if ready is None else [one for one in ready.devices if one.accessible is False]
    if refused:
        modes = ", ".join(sorted({one.node_mode for one in refused if one.node_mode is not None}))
        which = numbers(one.device for one in refused)
        yield Hit(
            "refused",
            f"this user may not read and write /dev/tenstorrent/{which}"
            + (f" (mode {modes})" if modes else ""),
            {"devices": [one.device for one in refused]},
        )


NODE_PERMISSIONS = SystemRule(
    id="TTP004",
    name="node permissions",
    severities={"refused": E},
    of_system=_not_accessible,
    title="The device nodes may not be opened by this user.",
    meaning="tt-metal and tt-smi fail for this user; who else may open them is another matter.",
    cause="udev rules that are missing, or a user who is not in the group of the nodes.",
    remedy="Install the driver's udev rules, or put the user into the group of /dev/tenstorrent/N.",
)


def _narrow(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    link = chip.pcie
    if link is None:
        return
    lanes = link.lanes is not None and link.max_lanes is not None and link.lanes < link.max_lanes
    slow = (
        link.generation is not None
        and link.max_generation is not None
        and link.generation < link.max_generation
    )
    parts = [f"x{link.lanes} of x{link.max_lanes}"] if lanes else []
    parts += [f"generation {link.generation} of {link.max_generation}"] if slow else []
    if parts:
        yield Hit(
            "narrow",
            f"the PCIe link runs at {' and '.join(parts)}",
            {
                "lanes": link.lanes, "max_lanes": link.max_lanes,
                "generation": link.generation, "max_generation": link.max_generation,
            },
        )  # fmt: skip


NARROW_PCIE = ChipRule(
    id="TTP006",
    name="PCIe link",
    severities={"narrow": W},
    of_chip=_narrow,
    title="The PCIe link is narrower or slower than the card can have it.",
    meaning="Traffic between host and card is slower; what runs on the card alone is not.",
    cause="A slot with fewer lanes, a riser, a card that is not seated well, or a limit in the BIOS.",
    remedy="Use a slot of full width, reseat the card, and look at the PCIe settings of the BIOS.",
)


def _firmware_differs(system: System) -> Iterator[Hit]:
    known = [(chip.arch, chip.firmware, chip.id) for chip in system.chips if chip.firmware is not None]
    for arch in dict.fromkeys(arch for arch, _, _ in known):
        counts = Counter(firmware for one, firmware, _ in known if one is arch)
        if len(counts) < 2:
            continue
        by = {
            ".".join(map(str, firmware)): [
                chip for one, other, chip in known if one is arch and other == firmware
            ]
            for firmware in sorted(counts)
        }
        told = "; ".join(f"{firmware}: chip {numbers(chips)}" for firmware, chips in by.items())
        yield Hit("differs", f"the firmware of the {arch.value} chips of this host differs ({told})", by)


FIRMWARE_DIFFERS = SystemRule(
    id="TTT036",
    name="firmware differs",
    severities={"differs": W},
    of_system=_firmware_differs,
    title="Chips of one host run different firmware.",
    meaning="They can behave and perform differently, and a mesh of them is not tested together by anybody.",
    cause="A card that was added or exchanged, or an update that failed for some.",
    remedy="Bring all of them to one bundle (tt-flash).",
)


def _of_check_file(number: int, name: str, title: str, meaning: str, cause: str) -> Rule:
    """A fact of the host that only a check file expects something of."""
    return Rule(
        id=f"TTP{number:03}",
        name=name,
        severities={},
        title=title,
        meaning=meaning,
        cause=cause,
        remedy="Set the host up as the others are, or change the check file.",
    )


IOMMU = _of_check_file(
    2,
    "IOMMU",
    "The IOMMU does not do what the check file expects.",
    "Off and passthrough need hugepages of 1 GiB; translating (on) does not, and isolates devices.",
    "Settings of the BIOS or of the kernel's command line (intel_iommu, amd_iommu, iommu=pt).",
)
NUMA_NODE = _of_check_file(
    5,
    "NUMA node",
    "A card is at another NUMA node than the check file expects.",
    "Processes that run on the other node reach the card over a longer way.",
    "Another slot, or BIOS settings that divide the machine in another way.",
)
MOTHERBOARD = _of_check_file(
    7,
    "motherboard",
    "The motherboard is another than the check file expects.",
    "Slots, lanes and firmware of another board may be different.",
    "A host of another kind, or a board that was exchanged.",
)
KERNEL = _of_check_file(
    8,
    "kernel",
    "The kernel is another than the check file expects.",
    "What was tested with one kernel need not hold with another.",
    "An update, or a host that was not rebooted after one.",
)


CHIP_RULES = (NARROW_PCIE,)
SYSTEM_RULES = (NO_DRIVER_VERSION, HUGEPAGES, NODE_PERMISSIONS, FIRMWARE_DIFFERS)
RULES = (*SYSTEM_RULES, *CHIP_RULES, IOMMU, NUMA_NODE, MOTHERBOARD, KERNEL)


def said_of_iommu(ready: Readiness) -> str | None:
    """What the IOMMU does with the devices of a host, each way once; None where it is not known of one."""
    ways = {one.iommu for one in ready.devices}
    known = sorted(way.value for way in ways if way is not None)
    return ", ".join(known) if known and None not in ways else None
