"""What answers about live chips do not tell, and why."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.device.simulated import (
    AICLK,
    BLACKHOLE_TAGS,
    BOARD_ID_LOW,
    ETH_LIVE,
    GDDR,
    HEARTBEAT,
    TDP,
    TENSIX_COL,
    Chip,
    Device,
    blackhole,
    wormhole,
)
from tests.unknowns import assert_every_null_has_its_reason, devices_of

Answer = Callable[..., Any]

DEVICES: dict[str, Callable[[], Device]] = {
    "healthy": blackhole,
    "a wormhole": wormhole,
    "words are missing": lambda: blackhole(
        Chip(tags={AICLK: None, TDP: 0xFFFFFFFF, ETH_LIVE: None, BOARD_ID_LOW: 0xFFFFFFFF})
    ),
    "no word of the masks": lambda: blackhole(Chip(tags={TENSIX_COL: 0xFFFFFFFF, GDDR: 0xFFFFFFFF})),
    "no words": lambda: blackhole(Chip(tags=dict.fromkeys(BLACKHOLE_TAGS))),
}
COMMANDS = (("list",), ("harvest", "--cores"), ("capacity",), ("topology",), ("telemetry",))


@pytest.mark.parametrize("make", list(DEVICES.values()), ids=list(DEVICES))
def test_every_null_of_a_live_chip_has_its_reason_once(answer: Answer, make: Callable[[], Device]) -> None:
    """Chips of a simulator are on no bus."""
    chips = {chip["id"]: chip for chip in answer(make(), "topology", code=None)["chips"]}
    for command in COMMANDS:
        for device in devices_of(answer(make(), *command, code=None)):
            assert_every_null_has_its_reason(device, chips[device["id"]], simulated=True)


def _whys(device: dict[str, Any]) -> dict[str, str]:
    return {unknown["path"]: unknown["why"] for unknown in device["unknown"]}


def test_a_missing_word_is_the_reason_of_its_reading(answer: Answer) -> None:
    tags = {AICLK: None, TDP: 0xFFFFFFFF, HEARTBEAT: None}
    (device,) = answer(blackhole(Chip(tags=tags)), "telemetry")["devices"]
    whys, why = _whys(device), "its telemetry tag is missing, or reads as all ones"
    assert [whys[name] for name in ("aiclk_mhz", "power_w", "heartbeat", "heartbeat_moves")] == [why] * 4
    assert not {"arcclk_mhz", "asic_celsius", "telemetry"} & whys.keys()
    assert whys["pci_bdf"] == "a chip of a simulator is on no PCI bus"


def test_channels_that_no_mask_tells_are_unknown_because_of_it(answer: Answer) -> None:
    (device,) = answer(blackhole(Chip(tags={GDDR: 0xFFFFFFFF})), "telemetry")["devices"]
    assert device["gddr"] is None
    assert {_whys(device)[name] for name in ("gddr", "dram_trained")} == {"telemetry ENABLED_GDDR is missing"}


def test_a_chip_that_could_not_be_read_gives_one_reason_of_everything(answer: Answer) -> None:
    chips, telemetry = (
        answer(blackhole(Chip(), Chip(off_after=640)), command, code=5)
        for command in ("topology", "telemetry")
    )
    for document in (chips, telemetry):
        for device, chip in zip(devices_of(document), chips["chips"], strict=True):
            assert_every_null_has_its_reason(device, chip, simulated=True)
        whys = _whys(devices_of(document)[1])
        (why,) = {
            why for path, why in whys.items() if not path.startswith("held_by") and "simulator" not in why
        }
        (left_out,) = [finding for finding in document["findings"] if finding["evidence"].get("chip") == 1]
        assert why in left_out["message"]
