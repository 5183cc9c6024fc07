"""Limits of telemetry are far from every real value, and each says where it comes from."""

import msgspec
import pytest

from ttinspect.facts.telemetry_limits import telemetry_limits
from ttinspect.model.telemetry import GddrModule, Telemetry
from ttinspect.sources.plausible import plausible

HOT = Telemetry(
    aiclk_mhz=1350, aiclk_max_mhz=1350, axiclk_mhz=960, arcclk_mhz=800, vcore_mv=1000, power_w=300, power_limit_w=300,
    board_power_w=550, board_power_limit_w=600, current_a=400, current_limit_a=400, asic_celsius=109.9, board_celsius=-40.0,
    gddr_max_celsius=105.0, throttle_celsius=90.0, shutdown_celsius=110.0, fan_percent=100, fan_rpm=22_000, gddr_speed_mts=16_000,
)  # fmt: skip
"""Real machines at their limits: BOARD_POWER_LIMIT, TDC_LIMIT_MAX and the like of public reports."""


def test_a_machine_at_its_limits_is_believed() -> None:
    assert plausible(HOT) == (HOT, ())
    assert plausible(Telemetry()) == (Telemetry(), ())


def test_every_limit_is_of_a_quantity_that_there_is() -> None:
    of_chip, of_channel = Telemetry.__struct_fields__, GddrModule.__struct_fields__
    for path in telemetry_limits():
        assert path.removeprefix("gddr[].") in (of_channel if path.startswith("gddr[].") else of_chip)
    measured = {
        name
        for name in of_chip
        if name.endswith(("_mhz", "_mv", "_w", "_a", "_celsius", "_rpm", "_percent", "_mts"))
    }
    assert measured <= telemetry_limits().keys()


@pytest.mark.parametrize("name", [name for name in telemetry_limits() if "[" not in name])
def test_a_value_past_its_limit_is_unknown_and_the_one_at_it_is_not(name: str) -> None:
    limit = telemetry_limits()[name]
    for value, believed in (
        (limit.most, True),
        (limit.most + 1, False),
        (limit.least, True),
        (limit.least - 1, False),
    ):
        reading, refused = plausible(msgspec.structs.replace(Telemetry(), **{name: value}))
        assert getattr(reading, name) == (value if believed else None)
        assert [(refusal.path, refusal.read) for refusal in refused] == ([] if believed else [(name, value)])


def test_a_channel_that_is_too_hot_to_be_is_told_once() -> None:
    modules = tuple(
        GddrModule(
            channel=channel, trained=True, top_celsius=255.0, bottom_celsius=40.0, corrected_read_errors=None,
            corrected_write_errors=None, uncorrected_read_errors=None, uncorrected_write_errors=None,
        )
        for channel in range(2)
    )  # fmt: skip
    reading, refused = plausible(Telemetry(gddr=modules))
    assert reading.gddr is not None
    assert [(module.top_celsius, module.bottom_celsius) for module in reading.gddr] == [(None, 40.0)] * 2
    assert [refusal.path for refusal in refused] == ["gddr[].top_celsius"]
