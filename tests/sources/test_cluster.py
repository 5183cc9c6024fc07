"""Cluster descriptors of any age, read strictly."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sources.clusters import MODERN_P150, n300, to_yaml
from ttinspect.errors import ExitCode, InspectError
from ttinspect.harvesting.grids import chip_grid
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import UNKNOWN_MASKS, Chip, Masks
from ttinspect.model.system import Link, LinkEnd, System
from ttinspect.sources.opening import open_source, read_content


def read(document: dict[str, Any] | str) -> System:
    text = document if isinstance(document, str) else to_yaml(document)
    return read_content(text.encode(), "f.yaml")


def test_a_modern_file() -> None:
    chip = read(MODERN_P150).chips[0]
    assert chip.arch is Arch.BLACKHOLE
    assert chip.board is Board("p150")
    assert chip.masks == Masks(tensix=0x60, dram=0, eth=288, pcie=2, l2cpu=0)
    assert (chip.unique_id, chip.board_id) == ("4476187513099", "4402341478400")
    assert chip.pci_bdf == "0000:41:00.0"
    assert chip.assumed == ()


def test_an_old_file_says_what_was_assumed() -> None:
    system = read(n300())
    assert [chip.masks.tensix for chip in system.chips] == [0x44, 0x21]
    assert system.chips[0].assumed == ("dram", "eth", "pcie", "l2cpu", "unique_id", "asic_location")
    assert [chip.unique_id for chip in system.chips] == ["0", str(1 << 32)]
    assert [(chip.mmio, chip.via) for chip in system.chips] == [(True, None), (False, 0)]
    assert system.links[0] == Link(a=LinkEnd(chip=0, channel=8), b=LinkEnd(chip=1, channel=0))


def test_without_a_harvesting_table_the_masks_are_unknown() -> None:
    chip = read(n300(harvesting=None)).chips[0]
    assert chip.masks == UNKNOWN_MASKS
    assert chip.noc_translation is None
    assert [unknown.path for unknown in chip.unknown] == ["masks", "noc_translation"]


def test_boards_of_files_before_2026_03() -> None:
    per_chip = read(n300(boards=None, chip_to_boardtype={0: "n300", 1: "n300"}))
    for_all = read(n300(boards=None, boardtype="n300"))
    assert [chip.board for chip in (*per_chip.chips, *for_all.chips)] == [Board("n300")] * 4


def test_a_file_without_boards_leaves_them_unknown_with_a_warning() -> None:
    system = read(n300(boards=None))
    assert [chip.board for chip in system.chips] == [None, None]
    assert "boards" in system.warnings[0]
    assert system.evidence[system.warnings[0]] == {"missing": "boards"}


def test_a_board_that_umd_does_not_know_is_unknown_and_named() -> None:
    boards = [[{"board_id": 1234}, {"board_type": "p999"}, {"chips": [0, 1]}]]
    system = read(n300(boards=boards))
    assert [chip.board_name for chip in system.chips] == ["p999", "p999"]
    assert "0x4d2" in system.warnings[0]
    assert system.evidence[system.warnings[0]] == {"board_id": "1234"}


@pytest.mark.parametrize("mmio", [[{0: 0}], [0], [{0: 0}, {1: 5}]])
def test_mmio_capable_chips_in_both_spellings(mmio: list[Any]) -> None:
    system = read(n300(chips_with_mmio=mmio))
    assert [chip.mmio for chip in system.chips] == [True, len(mmio) == 2]


def test_links_are_told_once_and_third_elements_are_ignored() -> None:
    links = [
        [{"chip": 0, "chan": 8}, {"chip": 1, "chan": 0}, {"routing_enabled": True}],
        [{"chip": 1, "chan": 0}, {"chip": 0, "chan": 8}],
    ]
    assert len(read(n300(ethernet_connections=links)).links) == 1


def test_links_that_leave_the_host() -> None:
    remote = [[{"chip": 1, "chan": 7}, {"remote_chip_id": 14251335820, "chan": 6}]]
    link = read(n300(ethernet_connections_to_remote_devices=remote)).remote_links[0]
    assert (link.a, link.remote_unique_id, link.remote_channel) == (
        LinkEnd(chip=1, channel=7),
        "14251335820",
        6,
    )


_H = {"noc_translation": True, "harvest_mask": 1}


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"arch": None}, "arch", "expected a mapping of chip ids"),
        ({"arch": {}}, "arch", "at least one chip"),
        ({"arch": [1]}, "arch", "found a list of 1, expected a mapping"),
        ({"arch": {0: "wormhole", 1: "blackhole"}}, "arch", "differing architectures"),
        ({"arch": {0: "wormhole", "x": "wormhole"}}, "arch", "the key 'x'"),
        ({"arch": {0: "wormhole", 1: 7}}, "arch.1", "found 7"),
        ({"harvesting": {0: _H}}, "harvesting", "chip 1 of the arch table is missing"),
        ({"harvesting": {0: _H, 1: _H, 9: _H}}, "harvesting", "names chip 9"),
        ({"harvesting": {0: _H, 1: {"harvest_mask": 1}}}, "harvesting.1.noc_translation", "true or false"),
        ({"harvesting": {0: _H, 1: {"noc_translation": 1, "harvest_mask": 1}}}, "harvesting.1.noc_translation", "found 1"),
        ({"harvesting": {0: _H, 1: {**_H, "harvest_mask": -1}}}, "harvesting.1.harvest_mask", "found -1"),
        ({"harvesting": {0: _H, 1: {**_H, "harvest_mask": 2**32}}}, "harvesting.1.harvest_mask", "32-bit mask"),
        ({"harvesting": {0: _H, 1: {**_H, "harvest_mask": "two"}}}, "harvesting.1.harvest_mask", "found 'two'"),
        ({"harvesting": {0: _H, 1: {**_H, "harvest_mask": 1.5}}}, "harvesting.1.harvest_mask", "found 1.5"),
        ({"harvesting": {0: _H, 1: {**_H, "eth_harvesting_mask": None}}}, "harvesting.1.eth_harvesting_mask", "nothing"),
        ({"boards": [[{"board_id": 1}, {"board_type": "n300"}, {"chips": [0]}]]}, "boards", "chip 1"),
        ({"boards": [[{"board_id": 1}, {"chips": [0, 1]}]]}, "boards[0]", "no board_type"),
        ({"chip_unique_ids": {0: 5}}, "chip_unique_ids", "chip 1 of the arch table is missing"),
        ({"chip_unique_ids": {0: 5, 1: 2**64}}, "chip_unique_ids.1", "found 18446744073709551616"),
        ({"chips": {0: [0, 0, 0, 0]}}, "chips", "chip 1 of the arch table is missing"),
        ({"chips_with_mmio": None}, "chips_with_mmio", "a list of chips"),
        ({"chips_with_mmio": [{9: 0}]}, "chips_with_mmio[0]", "names chip 9"),
        ({"ethernet_connections": None}, "ethernet_connections", "may be empty"),
        ({"ethernet_connections": [[{"chip": 0, "chan": 1}]]}, "ethernet_connections[0]", "two ends"),
        ({"ethernet_connections": [[{"chip": 0, "chan": 1}, {"chip": 9, "chan": 1}]]}, "ethernet_connections[0][1].chip", "names chip 9"),
        ({"ethernet_connections": [[{"chip": 0, "chan": 99}, {"chip": 1, "chan": 1}]]}, "ethernet_connections[0][0].chan", "0 to 15"),
    ],
)  # fmt: skip
def test_an_error_names_file_path_what_was_found_and_what_was_expected(
    changes: dict[str, Any], path: str, words: str
) -> None:
    document = {**n300(), **changes}
    with pytest.raises(InspectError) as caught:
        read({key: value for key, value in document.items() if value is not None})
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.what == f"f.yaml: {path}"
    assert words in caught.value.why


def test_an_unknown_architecture_is_7_and_names_the_chip() -> None:
    with pytest.raises(InspectError) as caught:
        read(n300(arch={0: "wormhole", 1: "grayskull"}))
    assert caught.value.exit_code is ExitCode.UNSUPPORTED_ARCH
    assert "arch.1" in caught.value.what


def test_one_refused_chip_refuses_the_file() -> None:
    harvesting = {0: _H, 1: {**_H, "dram_harvesting_mask": 1}}
    with pytest.raises(InspectError) as caught:
        read(n300(harvesting=harvesting))
    assert "chip 1" in caught.value.what
    assert caught.value.why == "DRAM harvesting is supported only for Blackhole."


def test_a_blackhole_file_without_an_eth_mask_is_refused_as_tt_umd_does() -> None:
    text = MODERN_P150.replace("    eth_harvesting_mask: 288\n", "")
    with pytest.raises(InspectError, match="harvesting masks are refused") as caught:
        read(text)
    assert caught.value.why == "Exactly 2 or 14 ETH cores should be harvested on full Blackhole."


_ASK_UMD = """
import json, sys, tt_umd
tt_umd.logging.set_level(tt_umd.logging.Level.Off)
c = tt_umd.ClusterDescriptor.create_from_yaml_content(open(sys.argv[1]).read())
chips = sorted(c.get_all_chips())
print(json.dumps({
    "arch": {i: c.get_arch(i).name.lower() for i in chips},
    "board": {i: c.get_board_type(i).name.lower() for i in chips},
    "unique_id": {i: str(u) for i, u in c.get_chip_unique_ids().items()},
    "mmio": sorted(c.get_chips_with_mmio()),
    "via": {i: c.get_closest_mmio_capable_chip(i) for i in chips},
    "tray": {i: c.get_tray_id(i) if c.get_bus_id(i) else None for i in chips},
    "links": sorted([i, a, j, b] for i, ends in c.get_ethernet_connections().items()
                    for a, (j, b) in ends.items()),
}))
"""


def _facts(system: System) -> dict[str, Any]:
    ends = [(link.a, link.b) for link in system.links] + [(link.b, link.a) for link in system.links]
    return {
        "arch": {str(c.id): c.arch.value for c in system.chips},
        "board": {str(c.id): c.board.value if c.board else "unknown" for c in system.chips},
        "unique_id": {str(c.id): c.unique_id for c in system.chips},
        "mmio": [c.id for c in system.chips if c.mmio],
        "via": {str(c.id): c.id if c.via is None else c.via for c in system.chips},
        "tray": {str(c.id): c.tray for c in system.chips},
        "links": sorted([a.chip, a.channel, b.chip, b.channel] for a, b in ends),
    }


def _tt_umd_facts(path: Path) -> Any:
    """What tt_umd reads, from a process of its own: it can crash."""
    pytest.importorskip("tt_umd", reason="tt_umd has no wheel for this Python or platform")
    done = subprocess.run(
        [sys.executable, "-c", _ASK_UMD, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("text", [MODERN_P150, to_yaml(n300())], ids=["p150", "n300"])
def test_tt_umd_reads_the_same_from_the_same_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    assert _facts(open_source(str(path))) == _tt_umd_facts(path)


def test_tt_umd_reads_the_same_from_its_own_test_files(shared: Path) -> None:
    paths = sorted((shared / "umd" / "clusters").glob("*.yaml"))
    assert len(paths) == 10
    for path in paths:
        assert _facts(open_source(str(path))) == _tt_umd_facts(path), path.name


def _location(chip: Chip, location: int) -> int:
    """tt-umd says 0 where a file does not tell; the place in a tray and in a tunnel is known all the same."""
    if chip.board is Board("ubb"):
        assert chip.pcie is not None
        assert chip.pcie.bus_id is not None
        return chip.pcie.bus_id & 0xF
    return int(chip.mmio is False) if chip.arch is Arch.WORMHOLE_B0 else location


def test_every_chip_of_tt_umds_test_files_has_the_golden_grid(shared: Path) -> None:
    records = json.loads((shared / "golden" / "clusters.json").read_text())
    systems = {
        name: open_source(str(shared / "umd" / "clusters" / name)) for name in {r["file"] for r in records}
    }
    for record in records:
        chip = next(c for c in systems[record["file"]].chips if c.id == record["chip"])
        grid = chip_grid(chip.soc, chip.masks)
        assert chip.masks == Masks(**record["masks"])
        assert chip.noc_translation == record["noc_translation"]
        assert (chip.board.value if chip.board else "unknown") == record["board"]
        assert chip.asic_location == _location(chip, record["asic_location"])
        assert chip.mmio is not record["remote"]
        assert grid.tensix.grid == tuple(record["tensix"]["grid"])
        assert grid.tensix.harvested_grid == tuple(record["tensix"]["harvested_grid"])
        assert grid.tensix.active == record["tensix"]["count"]
        assert grid.dram.active == record["num_dram_channels"]
        assert grid.eth.active == record["num_eth_channels"]


def test_the_number_of_the_device_node_is_that_of_the_file() -> None:
    assert read(MODERN_P150.replace("  - 0: 0\n", "  - 0: 3\n")).chips[0].kmd_id == 3
    assert read(MODERN_P150.replace("  - 0: 0\n", "  - 0\n")).chips[0].kmd_id is None


@pytest.mark.parametrize("bdf", ["foo", '""', "0000:ff:ff.9"])
def test_a_bus_address_that_is_none_is_refused(bdf: str) -> None:
    with pytest.raises(InspectError, match="bus address"):
        read(MODERN_P150.replace("0000:41:00.0", bdf))
