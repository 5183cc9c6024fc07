"""tt-umd's own SocDescriptor, mask by mask: grids, counts and every coordinate of every core."""

from typing import Any

import msgspec
import pytest

from tests.golden.reading import golden
from tests.golden.rebuild import rebuilt_soc
from ttinspect.facts.socs import builtin_soc
from ttinspect.harvesting.coordinates import ChipCoordinates
from ttinspect.harvesting.grids import chip_grid
from ttinspect.harvesting.refusal import refusal
from ttinspect.model.arch import Arch, Board, CoreType
from ttinspect.model.chip import Masks

RECORDS: list[dict[str, Any]] = [record for record in golden()["records"] if "arch" in record]
OUT_OF_RANGE = {
    "bh_eth_out_of_range", "bh_tensix_bit14", "bh_tensix_15bits", "bh_pcie_bit2", "bh_l2cpu_bit4",
    "wh_bit10", "wh_11bits", "wh_bit10_and_0", "qs_bit4", "qs_5bits", "no_eth_but_mask",
}  # fmt: skip
"""Records that tt-umd accepts and answers wrongly: bits past the axis."""


def _name(record: dict[str, Any]) -> str:
    return str(record["id"]).rsplit("-noc", 1)[0]


ACCEPTED = [record for record in RECORDS if record["ok"] and _name(record) not in OUT_OF_RANGE]
REFUSED = [record for record in RECORDS if not record["ok"]]
WRONGLY_ACCEPTED = [record for record in RECORDS if record["ok"] and _name(record) in OUT_OF_RANGE]


def _board(record: dict[str, Any]) -> Board | None:
    return None if record["board"] == "unknown" else Board(record["board"])


def _soc(record: dict[str, Any]) -> Any:
    return rebuilt_soc(record) if "soc" in record and record["ok"] else builtin_soc(Arch(record["arch"]))


def _ids(records: list[dict[str, Any]]) -> list[str]:
    return [f"{record['file']}:{record['id']}" for record in records]


def test_the_golden_data_is_all_there() -> None:
    # 35 + 40 + 45 + 20 records of masks, 81 edge cases of which 2 have no arch, 48 of other descriptors
    assert len(RECORDS) == 269 - 2
    assert len(WRONGLY_ACCEPTED) == 2 * (len(OUT_OF_RANGE) - 1) + 1
    assert len(ACCEPTED) + len(REFUSED) + len(WRONGLY_ACCEPTED) == len(RECORDS)


@pytest.mark.parametrize("record", ACCEPTED, ids=_ids(ACCEPTED))
def test_every_core_is_where_tt_umd_puts_it(record: dict[str, Any]) -> None:
    soc, masks = _soc(record), Masks(**record["masks"])
    assert refusal(soc, masks, _board(record), record["asic_location"]) is None
    coordinates = ChipCoordinates(soc, masks, record["noc_translation"])
    for core_type in CoreType:
        if core_type.value not in record:
            continue
        expected = record[core_type.value]
        computed = msgspec.json.decode(msgspec.json.encode(coordinates.type_cores(core_type)))
        lost = computed.pop("harvested")
        assert computed == {key: expected["cores"].get(key, []) for key in computed}, core_type
        assert lost == {key: expected.get("harvested", {}).get(key, []) for key in lost}, core_type
        assert len(computed["noc0"]) == expected["count"], core_type
        assert len(lost["noc0"]) == expected["harvested_count"], core_type


@pytest.mark.parametrize("record", ACCEPTED, ids=_ids(ACCEPTED))
def test_every_grid_and_count_is_tt_umds(record: dict[str, Any]) -> None:
    soc, masks = _soc(record), Masks(**record["masks"])
    chip = chip_grid(soc, masks)
    tensix = record["tensix"]
    assert (chip.tensix.grid, chip.tensix.harvested_grid) == (
        tuple(tensix["grid"]),
        tuple(tensix["harvested_grid"]),
    )
    for units, kind in ((chip.dram, "dram"), (chip.eth, "eth"), (chip.pcie, "pcie")):
        if kind in record:
            lost = record[kind]["harvested_count"]
            ports = len(soc.dram[0]) if kind == "dram" and soc.dram else 1
            assert units.harvested is not None
            assert (units.total * ports, len(units.harvested) * ports) == (record[kind]["count"] + lost, lost)
    assert chip.tensix.full_grid == tuple(record["worker_grid"])
    assert chip.dram.active == record["num_dram_channels"]
    assert chip.eth.active == record["num_eth_channels"]
    assert chip.eth.harvested is not None
    assert len(chip.eth.harvested) == record["num_harvested_eth_channels"]


@pytest.mark.parametrize("record", REFUSED, ids=_ids(REFUSED))
def test_what_tt_umd_refuses_is_refused_in_its_words(record: dict[str, Any]) -> None:
    masks = Masks(**record["masks"])
    assert refusal(_soc(record), masks, _board(record), record["asic_location"]) == record["error"]


@pytest.mark.parametrize("record", WRONGLY_ACCEPTED, ids=_ids(WRONGLY_ACCEPTED))
def test_bits_past_the_axis_are_refused_although_tt_umd_answers(record: dict[str, Any]) -> None:
    why = refusal(_soc(record), Masks(**record["masks"]), _board(record), record["asic_location"])
    assert why is not None
    assert "bit" in why
