"""What a host should be ready for, whatever site it is at."""

from collections.abc import Iterator

from ttinspect.model.chip import Chip
from ttinspect.model.readiness import Iommu
from ttinspect.model.system import System
from ttinspect.verify.check.expectation import Expectation, judged, messages_of, of_host, outcome_of
from ttinspect.verify.findings.readiness import readiness_findings
from ttinspect.verify.words import numbers


def readiness_expectations(system: System, shown: list[Chip]) -> Iterator[Expectation]:
    """Of what is known; what a source does not tell of a host is not expected of it."""
    found = readiness_findings(system)
    of_system = {
        one.id: [two for two in found.get(None, ()) if two.id == one.id] for one in found.get(None, ())
    }
    ready = system.readiness
    if ready is not None:
        needing = [one.device for one in ready.devices if one.iommu in (Iommu.OFF, Iommu.PASSTHROUGH)]
        if ready.hugepages_1g is not None and needing:
            mine = of_system.get("TTP003", [])
            expected = f"at least {len(needing)}"
            yield of_host(
                "TTP003",
                "hugepages of 1 GiB",
                expected,
                ready.hugepages_1g,
                outcome_of(mine),
                messages_of(mine),
            )
        nodes = [one for one in ready.devices if one.accessible is not None]
        if nodes:
            mine = of_system.get("TTP004", [])
            able = [one.device for one in nodes if one.accessible]
            told = f"{numbers(able)} of {numbers(one.device for one in nodes)}" if able else "none"
            yield of_host(
                "TTP004", "nodes", "read and write", "read and write" if not mine else told,
                outcome_of(mine), messages_of(mine),
            )  # fmt: skip
    if sum(chip.firmware is not None for chip in shown) > 1:
        mine = of_system.get("TTT036", [])
        bundles = sorted({".".join(map(str, chip.firmware)) for chip in shown if chip.firmware is not None})
        yield of_host(
            "TTT036",
            "firmware bundles",
            "one for all",
            ", ".join(bundles),
            outcome_of(mine),
            messages_of(mine),
        )
    for chip in shown:
        link = chip.pcie
        if link is None or None in (link.lanes, link.max_lanes, link.generation, link.max_generation):
            continue
        mine = [one for one in found.get(chip.id, ()) if one.id == "TTP006"]
        expected = f"x{link.max_lanes}, generation {link.max_generation}"
        yield judged(chip, "TTP006", "PCIe", expected, mine, f"x{link.lanes}, generation {link.generation}")
