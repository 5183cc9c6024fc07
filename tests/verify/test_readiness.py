"""Whether a host is ready: what sysfs and procfs show of it, as findings, and as expectations of check."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.grids import expected_of
from tests.sources.fake_sysfs import N150_BOARD_ID, UBB_BLACKHOLE_BOARD_ID, device, kernel_driver, write
from ttinspect.facts.boards import product_of
from ttinspect.model.arch import Board
from ttinspect.model.finding import Severity
from ttinspect.model.system import System
from ttinspect.sources.opening import open_source
from ttinspect.verify.findings.readiness import readiness_findings

SPEEDS = {1: "2.5 GT/s PCIe", 3: "8.0 GT/s PCIe", 4: "16.0 GT/s PCIe", 5: "32.0 GT/s PCIe"}
WORMHOLE: dict[str, Any] = {"pci_id": 0x401E, "board_id": N150_BOARD_ID, "card": "n150"}
GALAXY: dict[str, Any] = {"board_id": UBB_BLACKHOLE_BOARD_ID, "card": "galaxy-blackhole"}
Link = tuple[int, int]
"""Lanes and generation."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    kernel_driver(folder)
    return folder


def card(root: Path, now: Link, offered: Link, slot: Link | None = None, **of_device: Any) -> System:
    """A host with one card in a slot; without of_device a P150."""
    folder = device(root, 0, **of_device)
    for end, (lanes, generation) in (("current", now), ("max", offered)):
        write(folder / f"device/{end}_link_width", str(lanes))
        write(folder / f"device/{end}_link_speed", SPEEDS[generation])
    port = (folder / "device").resolve().parent
    for name in ("max_link_width", "max_link_speed"):
        (port / name).unlink()
    if slot is not None:
        write(port / "max_link_width", str(slot[0]))
        write(port / "max_link_speed", SPEEDS[slot[1]])
    return open_source(f"sysfs:{root}")


def of_link(system: System) -> list[tuple[str, str]]:
    findings = readiness_findings(system).get(0, [])
    return [(finding.severity.value, finding.message) for finding in findings if finding.id == "TTP006"]


@pytest.mark.parametrize(("board", "generation"), [("n150", 4), ("n300", 4), ("p100", 5), ("p150", 5)])
def test_the_boards_have_the_links_of_their_data_sheets(board: str, generation: int) -> None:
    product = product_of(Board(board))
    assert product is not None
    assert (product.pcie_lanes, product.pcie_generation) == (16, generation)


@pytest.mark.parametrize("board", ["p300", "ubb", "ubb_blackhole"])
def test_a_board_without_a_data_sheet_is_measured_by_what_its_chips_offer(board: str) -> None:
    product = product_of(Board(board))
    assert product is not None
    assert (product.pcie_lanes, product.pcie_generation) == (None, None)


@pytest.mark.parametrize(
    ("now", "offered", "slot", "messages"),
    [
        ((16, 5), (16, 5), (16, 5), []),
        ((16, 5), (16, 5), None, []),
        ((8, 5), (16, 5), (8, 5), ["the PCIe link runs at x8 of x16: the slot has x8"]),
        ((16, 4), (16, 5), (16, 4), ["the PCIe link runs at gen4 of gen5: the slot has gen4"]),
        ((8, 4), (16, 5), (16, 5), [
            "the PCIe link runs at x8 of x16 and gen4 of gen5: slot and card could have more"]),
        ((8, 5), (16, 5), None, [
            "the PCIe link runs at x8 of x16: the slot, or what is between it and the card"]),
        ((8, 5), (8, 5), (16, 5), ["a p150 could have more, but the card itself offers x8 of x16 to its slot"]),
        ((4, 5), (8, 5), (4, 5), [
            "the PCIe link runs at x4 of x8: the slot has x4",
            "a p150 could have more, but the card itself offers x8 of x16 to its slot"]),
    ],
)  # fmt: skip
def test_a_narrow_slot_is_told_from_a_card_that_limits_itself(
    root: Path, now: Link, offered: Link, slot: Link | None, messages: list[str]
) -> None:
    system = card(root, now, offered, slot)
    assert of_link(system) == [("warning", message) for message in messages]
    (row,) = [expectation for expectation in expected_of(system) if expectation.fact == "PCIe"]
    assert (row.expected, row.found) == ("x16 gen5", f"x{now[0]} gen{now[1]}")
    assert row.outcome.value == ("fail" if messages else "pass")


def test_the_link_of_a_galaxy_is_what_its_chips_offer(root: Path) -> None:
    system = card(root, (8, 4), (8, 4), (16, 5), **GALAXY)
    assert of_link(system) == []
    (row,) = [expectation for expectation in expected_of(system) if expectation.fact == "PCIe"]
    assert (row.expected, row.found, row.outcome.value) == ("x8 gen4", "x8 gen4", "pass")


@pytest.mark.parametrize(
    ("bundle", "now", "severity"),
    [
        ("19.8.0.0", (16, 1), "info"),
        ("19.9.0.0", (16, 1), "info"),
        ("19.7.0.0", (16, 1), "warning"),
        ("80.18.0.0", (16, 1), "warning"),
        ("19.8.0.0", (8, 1), "warning"),
        ("19.8.0.0", (16, 3), "warning"),
    ],
)
def test_a_wormhole_that_saves_power_is_no_fault(root: Path, bundle: str, now: Link, severity: str) -> None:
    card(root, now, (16, 4), **WORMHOLE)
    write(root / "sys/class/tenstorrent/tenstorrent!0/tt_fw_bundle_ver", bundle)
    assert [severity_found for severity_found, _ in of_link(open_source(f"sysfs:{root}"))] == [severity]


def test_a_blackhole_at_generation_1_is_a_warning(root: Path) -> None:
    assert [severity for severity, _ in of_link(card(root, (16, 1), (16, 5)))] == ["warning"]


@pytest.mark.parametrize(
    ("kind", "pages", "is_needed"),
    [(None, 0, True), (None, 1, False), ("identity", 0, True), ("DMA", 0, False), ("DMA-FQ", 0, False)],
)
def test_a_device_needs_a_hugepage_where_no_iommu_translates(
    root: Path, kind: str | None, pages: int, is_needed: bool
) -> None:
    folder = device(root, 0)
    if kind is not None:
        write(folder / "device/iommu_group/type", kind)
    write(root / "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", str(pages))
    findings = readiness_findings(open_source(f"sysfs:{root}")).get(None, [])
    assert [(finding.id, finding.severity) for finding in findings] == (
        [("TTP003", Severity.ERROR)] if is_needed else []
    )


def test_a_driver_that_does_not_tell_its_version_is_inconclusive(root: Path) -> None:
    device(root, 0)
    (root / "sys/module/tenstorrent/version").unlink()
    findings = readiness_findings(open_source(f"sysfs:{root}"))[None]
    assert [(finding.id, finding.severity) for finding in findings] == [("TTP001", Severity.INCONCLUSIVE)]


READY = {
    "driver": ("2.8.0", "2.8.0", "2.9.0"),
    "iommu": ("passthrough", "passthrough", "on"),
    "hugepages_1g": ("4", "4", "5"),
    "pcie_lanes": ("8", "8", "16"),
    "pcie_generation": ("4", "4", "5"),
    "numa_node": ("1", "1", "0"),
    "motherboard": ("Acme X1 rev 2", "Acme X1 rev 2", "Acme X2"),
    "kernel": ("6.8.0-60-generic", "6.8.0-60-generic", "5.15.0-1"),
}
"""A key of a check file: what is found, what passes, what fails."""


@pytest.mark.parametrize("key", READY)
def test_readiness_is_an_expectation_of_a_check_file(run: Run, root: Path, key: str) -> None:
    folder = device(root, 0)
    write(folder / "device/iommu_group/type", "identity")
    write(folder / "device/numa_node", "1")
    write(root / "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "4")
    write(root / "sys/class/dmi/id/board_vendor", "Acme")
    write(root / "sys/class/dmi/id/board_name", "X1 rev 2")
    write(root / "proc/sys/kernel/osrelease", "6.8.0-60-generic")
    shown, right, wrong = READY[key]
    for more, code in ((("--expect", f"{key}={right}"), 0), ((str(_file(root, key, wrong)),), 10)):
        done = run("check", "--from", f"sysfs:{root}", "--json", *more)
        (row,) = json.loads(done.stdout)["expectations"]
        assert (str(row["found"]), done.returncode) == (shown, code), done.stdout
    table = run("check", "--from", f"sysfs:{root}", *more).stdout
    assert "see below" not in table or shown not in table.split("\n\n")[1]


def _file(root: Path, key: str, expected: str) -> Path:
    path = root / "site.yaml"
    path.write_text(f"each:\n  {key}: {expected}\n")
    return path


def test_a_range_of_drivers_is_by_version_and_not_by_text(run: Run, root: Path) -> None:
    device(root, 0)
    kernel_driver(root, "2.10.0")
    codes = [
        run("check", "--from", f"sysfs:{root}", "--expect", f"driver={wanted}").returncode
        for wanted in ("2.9.0..", "..2.9.0", "2.10.0..2.11.0")
    ]
    assert codes == [0, 10, 0]


def test_a_chip_behind_another_has_the_host_facts_of_that_one(run: Run, tmp_path: Path) -> None:
    snapshot = json.loads(run("snapshot", "--from", "board:n300").stdout)
    near = snapshot["system"]["chips"][0]
    near |= {"kmd_id": 0, "pcie": {"lanes": 16, "generation": 4}}
    snapshot["system"]["readiness"] = {
        "devices": [{"device": 0, "numa_node": 1, "accessible": True, "iommu": "on"}]
    }
    path = tmp_path / "s.json"
    path.write_text(json.dumps(snapshot))
    wanted = ("numa_node=1", "iommu=on", "node_access=rw", "pcie_lanes=16", "pcie_generation=4")
    more = [word for pair in wanted for word in ("--expect", pair)]
    done = run("check", "--from", str(path), "--json", *more)
    assert done.returncode == 0, done.stdout


def test_check_begins_with_what_is_known_of_the_host(run: Run, root: Path) -> None:
    for number in range(3):
        folder = device(root, number)
        write(folder / "device/numa_node", str(number // 2))
        if number < 2:
            write(folder / "device/iommu_group/type", "identity")
    write(root / "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "4")
    write(root / "sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1")
    write(root / "proc/sys/kernel/osrelease", "6.8.0-60-generic")
    source = f"sysfs:{root}"
    table = run("check", "--from", source, COLUMNS="200").stdout.splitlines()
    assert table[1] == (
        "Host:   driver 2.8.0, kernel 6.8.0-60-generic, IOMMU passthrough (devices 0, 1), off (device 2), "
        "4 hugepages of 1 GiB (1 free), NUMA node 0 (devices 0, 1), 1 (device 2)"
    )
    document = json.loads(run("check", "--from", source, "--json").stdout)
    assert (document["kmd_version"], document["readiness"]["kernel"]) == ("2.8.0", "6.8.0-60-generic")
    assert document["readiness"]["motherboard"] is None


def test_nothing_is_said_of_the_host_of_a_source_that_is_none(run: Run) -> None:
    done = run("check", "--from", "board:n300")
    assert "Host:" not in done.stdout
    document = json.loads(run("check", "--from", "board:n300", "--json").stdout)
    assert (document["kmd_version"], document["readiness"]) == (None, None)
