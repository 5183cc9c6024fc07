"""A new product is one entry of boards.yaml and nothing else: every command agrees about it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ttinspect
from tests.sources.clusters import to_yaml
from tests.sources.fake_sysfs import device, kernel_driver
from ttinspect.facts.files import data_directory

CODE = 0x7E
BOARD_ID = (CODE << 36) + 0x1234
ENTRY = f"""\
boards:
  d200:
    arch: wormhole_b0
    codes: [{CODE:#x}]
    names: {{umd: [d200, d200x], tt_smi: [d200], driver: [d200-card]}}
    chips: 2
    mmio_chips: 1
    harvest: {{tensix: 1, dram: 0, eth: 0}}
    dispatch: eth
    inside: ["0:8-11 1:0,1,2,3"]
    ports:
      QSFP-DD 1: 0:6,7
    example:
      names: [d200, d200-card]
      masks: [[0x004, 0, 0, 0, 0], [0x020, 0, 0, 0, 0]]
"""
"""Two chips, one behind the other, four links between them, one harvested row each."""

Answer = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ttinspect as a wheel lays it out, with one more entry in boards.yaml."""
    folder = tmp_path_factory.mktemp("site")
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(ttinspect.__file__).parent, folder / "ttinspect", ignore=without)
    shutil.copytree(data_directory(), folder / "ttinspect/soc_descriptors", dirs_exist_ok=True)
    boards = folder / "ttinspect/soc_descriptors/boards.yaml"
    boards.write_text(boards.read_text().replace("boards:\n", ENTRY, 1))
    return folder


@pytest.fixture
def answer(installed: Path, tmp_path: Path) -> Answer:
    """The exit code and the JSON of a command line."""

    def call(*args: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "ttinspect", *args, "--json"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(installed)},
            timeout=60,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)

    return call


def _descriptor(path: Path, *, chips: int = 2, links: int = 4) -> str:
    ids = range(chips)
    document = {
        "arch": dict.fromkeys(ids, "wormhole_b0"),
        "chips": {},
        "chip_unique_ids": {chip: 7000 + chip for chip in ids},
        "ethernet_connections": [
            [{"chip": 0, "chan": 8 + channel}, {"chip": 1, "chan": channel}] for channel in range(links)
        ]
        if chips == 2
        else [],
        "chips_with_mmio": [{0: 0}],
        "harvesting": {chip: {"noc_translation": True, "harvest_mask": 4 << chip} for chip in ids},
        "boards": [[{"board_id": BOARD_ID}, {"board_type": "D200"}, {"chips": [*ids]}]],
    }
    path.write_text(to_yaml(document))
    return str(path)


def _ids(document: dict[str, Any]) -> set[str]:
    """All findings of an answer that are more than information."""
    parts = [document, *document.get("devices", ()), *document.get("chips", ())]
    return {finding["id"] for part in parts for finding in part["findings"] if finding["severity"] != "info"}


def test_every_command_agrees_that_it_is_as_it_should_be(answer: Answer, tmp_path: Path) -> None:
    source = _descriptor(tmp_path / "d200.yaml")
    code, harvest = answer("harvest", "--from", source)
    assert (code, _ids(harvest)) == (0, set())
    assert [device["board"] for device in harvest["devices"]] == ["d200", "d200"]
    (product,) = harvest["products"]
    assert (product["chips"], product["as_expected"], product["undecided"]) == (2, 2, 0)
    code, topology = answer("topology", "--from", source)
    assert (code, _ids(topology)) == (0, set())
    assert [chip["asic_location"] for chip in topology["chips"]] == [0, 1]
    code, capacity = answer("capacity", "--from", source)
    assert code == 0
    assert {device["l1"]["dispatch"] for device in capacity["devices"]} == {"eth"}
    code, check = answer(
        "check", "--from", source, "--expect", "board=d200", "--product", "--shm-dir", str(tmp_path)
    )
    assert [expectation for expectation in check["expectations"] if expectation["outcome"] == "fail"] == []
    of_board = {
        expectation["fact"]: expectation
        for expectation in check["expectations"]
        if expectation["chip"] in (None, 1)
    }
    assert of_board["chips per d200"]["outcome"] == "pass"
    assert (of_board["links on the board"]["expected"], of_board["links on the board"]["found"]) == (4, 4)
    assert of_board["eth links"]["found"] == "4 of 4 up"
    assert of_board["harvested tensix rows"]["expected"] == 1
    assert _ids(check) & {"TTH001", "TTT002", "TTT007", "TTT009"} == set()


def test_every_command_agrees_that_a_chip_is_missing(answer: Answer, tmp_path: Path) -> None:
    source = _descriptor(tmp_path / "half.yaml", chips=1)
    assert "TTT007" in _ids(answer("topology", "--from", source)[1])
    code, check = answer("check", "--from", source, "--product", "--shm-dir", str(tmp_path))
    (whole,) = [
        expectation for expectation in check["expectations"] if expectation["fact"] == "chips per d200"
    ]
    assert (code, whole["outcome"], whole["expected"], whole["found"]) == (10, "fail", 2, 1)


def test_every_command_agrees_that_a_link_of_the_board_is_missing(answer: Answer, tmp_path: Path) -> None:
    source = _descriptor(tmp_path / "three.yaml", links=3)
    topology = answer("topology", "--from", source)[1]
    assert "TTT009" in _ids(topology)
    code, check = answer("check", "--from", source, "--product", "--shm-dir", str(tmp_path))
    links = [
        expectation for expectation in check["expectations"] if expectation["fact"] == "links on the board"
    ]
    assert code == 10
    assert {(link["id"], link["outcome"], link["expected"], link["found"]) for link in links} == {
        ("TTT009", "fail", 4, 3)
    }


def test_another_number_of_harvested_rows_is_told(answer: Answer) -> None:
    _, harvest = answer("harvest", "--from", "masks:wormhole_b0,tensix=3,board=d200")
    assert "TTH001" in _ids(harvest)
    _, harvest = answer("harvest", "--from", "masks:wormhole_b0,board=d200x")
    assert harvest["devices"][0]["masks"]["tensix"] == 4


@pytest.mark.parametrize("name", ["d200", "d200-card"])
def test_it_has_its_built_in_example_with_its_links(answer: Answer, name: str) -> None:
    code, topology = answer("topology", "--from", f"board:{name}")
    assert code == 0
    assert [(chip["mmio"], chip["via"]) for chip in topology["chips"]] == [(True, None), (False, 0)]
    assert [
        (link["a"]["channel"], link["b"]["channel"]) for link in topology["links"]
    ] == [(8, 0), (9, 1), (10, 2), (11, 3)]  # fmt: skip


def test_tt_smi_and_the_driver_name_it_too(answer: Answer, tmp_path: Path) -> None:
    telemetry = {"DEVICE_ID": "0x401e1e52", "BOARD_ID_HIGH": hex(BOARD_ID >> 32), "BOARD_ID_LOW": hex(0x1234)}
    by_id = {"smbus_telem": telemetry, "board_info": {"bus_id": "0000:01:00.0", "board_type": "?"}}
    by_name = {"smbus_telem": {}, "board_info": {"bus_id": "0000:02:00.0", "board_type": "d200 L"}}
    (tmp_path / "smi.json").write_text(json.dumps({"device_info": [by_id, by_name]}))
    _, harvest = answer("harvest", "--from", "smi.json")
    assert [device["board"] for device in harvest["devices"]] == ["d200", "d200"]

    root = tmp_path / "root"
    kernel_driver(root)
    device(root, 0, pci_id=0x401E, board_id=BOARD_ID)
    device(root, 1, pci_id=0x401E, board_id=0, card="d200-card")
    _, topology = answer("topology", "--from", f"sysfs:{root}")
    assert [chip["board"] for chip in topology["chips"]] == ["d200", "d200"]
    assert any("second chip of a d200" in finding["message"] for finding in topology["findings"])
    assert "TTT007" not in _ids(topology)  # the second chip is behind a link, which sysfs does not show


def test_its_name_is_in_the_schema(answer: Answer) -> None:
    assert "d200" in answer("schema", "harvest")[1]["$defs"]["Board"]["enum"]
