"""Harvesting of devices that the real tt_umd brings up."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Run
from tests.device.conftest import Answer
from tests.device.host import read_host
from tests.device.simulated import (
    BOARD_ID_HIGH,
    ENABLED_ETH,
    GDDR,
    L2CPU,
    PCIE_USAGE,
    TENSIX_COL,
    Chip,
    blackhole,
    wormhole,
)


def _described(run: Run, masks: str) -> Any:
    return json.loads(run("harvest", "--from", f"masks:{masks}", "--cores", "--json").stdout)["devices"][0]


_SAME = ("arch", "masks", "noc_translation", "tensix", "dram", "eth", "pcie", "l2cpu", "cores")


@pytest.mark.parametrize(
    ("tags", "translation"),
    [
        ({TENSIX_COL: 0x3FFF, ENABLED_ETH: 0x3EDF, PCIE_USAGE: 1}, True),
        ({TENSIX_COL: 0x3EFF, ENABLED_ETH: 0x3FDB, GDDR: 0xFF, L2CPU: 0x7, PCIE_USAGE: 4}, True),
        ({TENSIX_COL: 0x1FFE, ENABLED_ETH: 0x1FFE, GDDR: 0xFE, L2CPU: 0x0, PCIE_USAGE: 1}, True),
        ({TENSIX_COL: 0x2BAD, ENABLED_ETH: 0, GDDR: 0xDF, L2CPU: 0xA, PCIE_USAGE: 5}, True),
        ({TENSIX_COL: 0x3F3F, ENABLED_ETH: 0x3EDF, GDDR: 0x7F, L2CPU: 0xF, PCIE_USAGE: 0}, False),
    ],
)
def test_a_harvested_blackhole_is_what_its_telemetry_describes(
    run: Run, answer: Answer, tags: dict[int, int], translation: bool
) -> None:
    words = {
        TENSIX_COL: "ENABLED_TENSIX_COL", ENABLED_ETH: "ENABLED_ETH", GDDR: "ENABLED_GDDR",
        L2CPU: "ENABLED_L2CPU", PCIE_USAGE: "PCIE_USAGE",
    }  # fmt: skip
    chip_tags = {GDDR: 0xFF, L2CPU: 0xF, **tags}
    spelled = ",".join(f"{words[tag]}={value:#x}" for tag, value in chip_tags.items())
    described = _described(run, f"blackhole,{spelled},noc_translation={'on' if translation else 'off'}")
    # a Galaxy board: the board rules of tt-umd ask nothing of its PCIe cores
    chip = Chip(tags={**chip_tags, BOARD_ID_HIGH: 0x470}, noc_translation=translation)
    device = answer(blackhole(chip), "harvest", "--cores")["devices"][0]
    assert {key: device[key] for key in _SAME} == {key: described[key] for key in _SAME}
    assert device["checked"]
    assert [f["id"] for f in device["findings"] if f["id"] == "TTH008"] == []


@pytest.mark.parametrize("translation", [True, False])
@pytest.mark.parametrize(
    ("physical", "descriptor"), [(0x000, 0x000), (0x010, 0x080), (0x201, 0x210), (0x0AA, 0x00F)]
)
def test_a_harvested_wormhole_is_shuffled_to_descriptor_order(
    run: Run, answer: Answer, physical: int, descriptor: int, translation: bool
) -> None:
    described = _described(
        run, f"wormhole_b0,tensix={descriptor:#x},noc_translation={'on' if translation else 'off'}"
    )
    chip = Chip(harvested_rows=physical, noc_translation=translation)
    device = answer(wormhole(chip), "harvest", "--cores")["devices"][0]
    assert {key: device[key] for key in _SAME} == {key: described[key] for key in _SAME}
    assert [f["id"] for f in device["findings"] if f["id"] == "TTH008"] == []


def test_identity_is_tt_umds(answer: Answer) -> None:
    document = answer(blackhole(Chip(), Chip()), "harvest")
    assert document["source"] == {
        "kind": "sim",
        "detail": document["source"]["detail"],
        "live": True,
        "example": False,
    }
    assert [device["id"] for device in document["devices"]] == [0, 1]
    first = document["devices"][0]
    assert (first["board"], first["board_id"], first["mmio"]) == ("p150", str(0x401_12345678), True)
    assert first["unique_id"] == str(0x1_C75A23C4)


@pytest.mark.parametrize(
    ("tag", "mask"), [(TENSIX_COL, "tensix"), (GDDR, "dram"), (PCIE_USAGE, "pcie"), (L2CPU, "l2cpu")]
)
def test_missing_telemetry_of_hardware_is_unknown_and_not_unharvested(
    library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tag: int, mask: str
) -> None:
    device = blackhole(Chip(tags={tag: None, **({BOARD_ID_HIGH: 0x470} if tag == PCIE_USAGE else {})}))
    (chip,) = read_host(library, device, monkeypatch, tmp_path).chips
    assert getattr(chip.masks, mask) is None
    assert (chip.assumed, chip.simulated) == ((), False)
    assert [unknown.path for unknown in chip.unknown] == [f"masks.{mask}"]


@pytest.mark.parametrize(("tag", "mask"), [(TENSIX_COL, "tensix"), (GDDR, "dram"), (L2CPU, "l2cpu")])
def test_missing_telemetry_of_a_simulator_is_assumed_to_be_unharvested(
    answer: Answer, tag: int, mask: str
) -> None:
    (device,) = answer(blackhole(Chip(tags={tag: None})), "harvest", "--cores")["devices"]
    assert (device["masks"][mask], device["assumed"], device["checked"]) == (0, [mask], True)
    assert device[mask]["harvested"] in (0, [])


def test_a_word_of_all_ones_is_unknown_in_a_simulator_too(answer: Answer) -> None:
    (device,) = answer(blackhole(Chip(tags={GDDR: 0xFFFFFFFF})), "harvest")["devices"]
    assert (device["masks"]["dram"], device["assumed"]) == (None, [])


def test_capacity_of_a_live_chip(answer: Answer) -> None:
    device = answer(wormhole(Chip(harvested_rows=1)), "capacity")["devices"][0]
    assert (device["board"], device["l1"]["cores"], device["l1"]["banks"]) == ("n150", 72, 64)


def test_the_soc_descriptor_beside_the_library_is_used(run: Run, library: Path, tmp_path: Path) -> None:
    import json

    from ttinspect.facts.files import data_directory

    beside = tmp_path / "libttsim.so"
    beside.symlink_to(library)
    text = (
        (data_directory() / "blackhole.yaml")
        .read_text()
        .replace("worker_l1_size: 1572864", "worker_l1_size: 1048576")
    )
    (tmp_path / "soc_descriptor.yaml").write_text(text)
    env = blackhole().write(tmp_path / "script")
    done = run("capacity", "--from", f"sim:{beside}", "--json", **env)
    assert json.loads(done.stdout)["devices"][0]["l1"]["per_core"] == 1048576


def test_a_live_chip_that_says_otherwise_than_we_compute_is_a_finding() -> None:
    import msgspec

    from ttinspect.harvesting.coordinates import ChipCoordinates
    from ttinspect.model.arch import CoreType
    from ttinspect.sources.opening import open_source
    from ttinspect.verify.findings.live import live_findings

    chip = open_source("board:p150").chips[0]
    coordinates = ChipCoordinates(chip.soc, chip.masks, chip.noc_translation)
    live = {t.value: cores for t in CoreType if (cores := coordinates.type_cores(t)) is not None}
    assert live_findings(msgspec.structs.replace(chip, live_cores=live)) == ()
    wrong = msgspec.structs.replace(live["eth"], translated=tuple(reversed(live["eth"].translated or ())))
    (finding,) = live_findings(msgspec.structs.replace(chip, live_cores={**live, "eth": wrong}))
    assert finding.id == "TTH008"
    assert "eth translated" in finding.message


@pytest.mark.parametrize("pcie", [["11-0"], ["2-0"]])
def test_a_descriptor_that_lists_fewer_units_than_the_chip_has_leaves_the_mask_unknown(
    run: Run, library: Path, tmp_path: Path, pcie: list[str]
) -> None:
    """As tt-metal's descriptor of a Blackhole once did: one PCIe core."""
    folder = tmp_path / "simulator"
    folder.mkdir()
    shutil.copy(library, folder / "libttsim.so")
    descriptors = Path(__file__).resolve().parents[2] / "soc_descriptors"
    document = yaml.load((descriptors / "blackhole.yaml").read_text(), Loader=yaml.BaseLoader)
    document["pcie"] = pcie
    (folder / "soc_descriptor.yaml").write_text(yaml.safe_dump(document))
    done = run(
        "harvest", "--from", f"sim:{folder}/libttsim.so", "--json", **blackhole().write(tmp_path / "script")
    )
    (device,) = json.loads(done.stdout)["devices"]
    assert done.returncode == 0
    assert device["pcie"] == {"cores": 1, "active": None, "harvested": None}
    assert "TTH008" not in [finding["id"] for finding in device["findings"]]
    assert [unknown["path"] for unknown in device["unknown"]] == [
        "masks.pcie",
        "pcie.active",
        "pcie.harvested",
    ]
    assert "0x2 has bits past the 1" in device["unknown"][0]["why"]


@pytest.mark.parametrize(
    ("tag", "mask", "word"), [(PCIE_USAGE, "pcie", "PCIE_USAGE"), (ENABLED_ETH, "eth", "ENABLED_ETH")]
)
def test_a_missing_tag_takes_no_identity_away(answer: Answer, tag: int, mask: str, word: str) -> None:
    document = answer(blackhole(Chip(tags={tag: None})), "harvest")
    (device,) = document["devices"]
    assert (device["board"], device["board_id"], device["asic_location"]) == ("p150", "4402646898296", 0)
    assert device["masks"][mask] is None
    unknown = {unknown["path"]: unknown["why"] for unknown in device["unknown"]}
    of_mask = {f"masks.{mask}", f"{mask}.active", f"{mask}.harvested"}
    assert unknown.keys() == {*of_mask, "unique_id", "mmio", "via"}
    assert f"telemetry {word} is missing" == unknown[f"masks.{mask}"] == unknown[f"{mask}.active"]
    (finding,) = [finding for finding in document["findings"] if finding["id"] == "TTH010"]
    assert f"Telemetry {word} is missing, which tt_umd takes for 0" in finding["message"]


def test_a_chip_that_cannot_be_its_board_has_none(answer: Answer) -> None:
    (device,) = answer(blackhole(Chip(tags={PCIE_USAGE: 4})), "harvest")["devices"]
    assert (device["board"], device["board_id"], device["masks"]["pcie"]) == (None, "4402646898296", 1)
    assert "board" in {unknown["path"] for unknown in device["unknown"]}


def test_a_library_without_a_descriptor_finds_its_own_files_beside_it(
    run: Run, library: Path, tmp_path: Path
) -> None:
    """Also where it asks the loader for its path: tt_umd opens it in another folder."""
    own = tmp_path / "simulator" / "libttsim.so"
    own.parent.mkdir()
    shutil.copy(library, own)
    script = blackhole(Chip(), beside="data.bin").write(tmp_path / "script")
    assert run("harvest", "--from", f"sim:{own}", **script).returncode == 5
    own.with_name("data.bin").write_text("x")
    done = run("harvest", "--from", f"sim:{own}", "--json", **script)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in own.parent.iterdir()) == ["data.bin", "libttsim.so"]
