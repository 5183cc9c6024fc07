"""Findings about the host: what stops tt-metal from opening a device, and what slows it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ttinspect.facts.boards import product_of, with_article
from ttinspect.facts.firmware import dotted, is_before
from ttinspect.facts.wording import plural
from ttinspect.model.arch import Arch
from ttinspect.model.chip import Chip, PcieLink
from ttinspect.model.finding import Finding
from ttinspect.model.readiness import Iommu
from ttinspect.model.system import System
from ttinspect.verify.rule import ChipRule, E, Hit, I, Q, Rule, SystemRule, W, judge_chip, judge_system
from ttinspect.verify.words import listed, numbers, which


def readiness_findings(system: System) -> dict[int | None, list[Finding]]:
    """Findings by chip id; None holds those about the host."""
    findings = judge_system(SYSTEM_RULES, system)
    for chip in system.chips:
        findings.setdefault(chip.id, []).extend(judge_chip(CHIP_RULES, chip))
    return findings


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
    needing = [device.device for device in ready.devices if device.iommu in (Iommu.OFF, Iommu.PASSTHROUGH)]
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
    refused = [] if ready is None else [device for device in ready.devices if device.accessible is False]
    if refused:
        modes = ", ".join(sorted({device.node_mode for device in refused if device.node_mode is not None}))
        which = numbers(device.device for device in refused)
        yield Hit(
            "refused",
            f"this user may not read and write /dev/tenstorrent/{which}"
            + (f" (mode {modes})" if modes else ""),
            {"devices": [device.device for device in refused]},
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


_SLEEPS_SINCE = {Arch.WORMHOLE_B0: (19, 8, 0)}
"""The firmware bundle from which on a link may go to generation 1 while nobody works (release notes of
tt-system-firmware 19.8: "PCIe switch to Gen1" among the idle power saving features of Wormhole)."""
_ASLEEP = 1


def _may_sleep(chip: Chip) -> bool:
    """Whether the speed of its link may be that of a chip which saves power."""
    since = _SLEEPS_SINCE.get(chip.arch)
    return since is not None and (chip.firmware is None or not is_before(chip.firmware, since))


class PcieMeasure(NamedTuple):
    """One measure of a PCIe link, lanes or generation: how it is written, what the link has, what the chip
    offers, what the board should have, what the port above offers. None is unknown."""

    written: str
    now: int | None
    offered: int | None
    board: int | None
    slot: int | None

    @property
    def most(self) -> int | None:
        """What the link could have, by the chip itself and its board."""
        known = [value for value in (self.offered, self.board) if value is not None]
        return min(known, default=None)

    def in_words(self, value: int | None) -> str:
        """ "x8", "gen4"."""
        return self.written.format("?" if value is None else value)


def pcie_measures(chip: Chip) -> tuple[PcieMeasure, PcieMeasure]:
    """Lanes and generation of the link of a chip."""
    link, product = chip.pcie or PcieLink(), product_of(chip.board)
    lanes, generation = (None, None) if product is None else (product.pcie_lanes, product.pcie_generation)
    return (
        PcieMeasure("x{}", link.lanes, link.max_lanes, lanes, link.slot_lanes),
        PcieMeasure("gen{}", link.generation, link.max_generation, generation, link.slot_generation),
    )


def _narrow(chip: Chip, _unread: str | None) -> Iterator[Hit]:
    lanes, generation = measures = pcie_measures(chip)
    below = [
        measure
        for measure in measures
        if measure.now is not None and measure.most is not None and measure.now < measure.most
    ]
    evidence = {
        f"{kind}{name}": getattr(measure, field)
        for name, measure in (("lanes", lanes), ("generation", generation))
        for kind, field in (("", "now"), ("max_", "offered"), ("board_", "board"), ("slot_", "slot"))
    }
    if below == [generation] and generation.now == _ASLEEP and _may_sleep(chip):
        since = dotted(_SLEEPS_SINCE[chip.arch])
        yield Hit(
            "asleep",
            f"the PCIe link runs at gen1 of gen{generation.most}, which firmware from {since} on does while "
            "nobody works: look again under load",
            evidence,
        )
    elif below:
        parts = listed(
            [f"{measure.in_words(measure.now)} of {measure.in_words(measure.most)}" for measure in below]
        )
        yield Hit("narrow", f"the PCIe link runs at {parts}: {_at_fault(below)}", evidence)
    short = [
        measure
        for measure in measures
        if measure.offered is not None and measure.offered < (measure.board or 0)
    ]
    if short and chip.board is not None:
        offers = listed(
            [f"{measure.in_words(measure.offered)} of {measure.in_words(measure.board)}" for measure in short]
        )
        yield Hit(
            "limited",
            f"{with_article(chip.board)} could have more, but the card itself offers {offers} to its slot",
            evidence,
        )


def _at_fault(below: Sequence[PcieMeasure]) -> str:
    """Where the link loses what it lacks."""
    slots = [
        measure.in_words(measure.slot)
        for measure in below
        if measure.slot is not None and measure.slot < (measure.most or 0)
    ]
    if slots:
        return f"the slot has {listed(slots)}"
    if all(measure.slot is not None for measure in below):
        return "slot and card could have more"
    return "the slot, or what is between it and the card"


NARROW_PCIE = ChipRule(
    id="TTP006",
    name="PCIe link",
    severities={"narrow": W, "limited": W, "asleep": I},
    of_chip=_narrow,
    title="The PCIe link is narrower or slower than the card can have it.",
    meaning=(
        "Traffic between host and card is slower; what runs on the card alone is not. Measured by what the "
        "card offers, and by what its kind of board has (soc_descriptors/boards.yaml). Generation 1 alone is "
        "for information on a Wormhole with firmware from 19.8.0 on, which saves power in that way."
    ),
    cause=(
        "A slot with fewer lanes or an older generation (the message says so where the port above the card "
        "tells); a riser, a card that is not seated well, or a limit in the BIOS where slot and card could "
        "have more; the card's own settings or a defect where the card itself offers less than its kind."
    ),
    remedy="Use a slot of full width, reseat the card, and look at the PCIe settings of the BIOS.",
)


def _firmware_differs(system: System) -> Iterator[Hit]:
    known = [(chip.arch, chip.firmware, chip.id) for chip in system.chips if chip.firmware is not None]
    for arch in dict.fromkeys(arch for arch, _, _ in known):
        counts = Counter(firmware for chip_arch, firmware, _ in known if chip_arch is arch)
        if len(counts) < 2:
            continue
        by = {
            dotted(firmware): [chip for first, other, chip in known if first is arch and other == firmware]
            for firmware in sorted(counts)
        }
        text = "; ".join(f"{firmware}: {which('chip', chips)}" for firmware, chips in by.items())
        yield Hit("differs", f"the firmware of the {arch.value} chips of this host differs ({text})", by)


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
