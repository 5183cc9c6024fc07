"""Why the clock is what it is, by the numbers of the firmware."""

import pytest

from ttinspect.model.arch import Arch
from ttinspect.sources.telemetry_tags import telemetry_of_tags

NUMBERS = ["fmax", "tdp", "fast_tdc", "tdc", "thermal", "board_power", "voltage", "gddr_thermal", "doppler_slow", "doppler_critical"]  # fmt: skip


@pytest.mark.parametrize(("number", "name"), [*enumerate(NUMBERS)])
def test_what_holds_the_clock_down(number: int, name: str) -> None:
    reading = telemetry_of_tags({66: number << 16 | 800}, Arch.BLACKHOLE)
    assert reading.aiclk_max_by is not None
    assert (reading.aiclk_max_by.value, reading.aiclk_max_now_mhz) == (name, 800)
    assert reading.aiclk_max_by.throttles is (name not in ("fmax", "voltage"))


@pytest.mark.parametrize(("word", "busy"), [(0b01, False), (0b10, True), (0b11, True), (0, False)])
def test_busy_is_bit_1_of_the_enabled_minimum_arbiters(word: int, busy: bool) -> None:
    assert telemetry_of_tags({67: word}, Arch.BLACKHOLE).busy is busy


@pytest.mark.parametrize(
    ("number", "reason"), [*enumerate(["min_arbiter", "max_arbiter", "below_fmin", "sweep", "forced"])]
)
def test_which_side_decides(number: int, reason: str) -> None:
    reading = telemetry_of_tags({69: number << 16 | 1, 65: 1 << 16 | 200}, Arch.BLACKHOLE)
    assert (reading.aiclk_reason, reading.aiclk_min_by) == (reason, "busy")


@pytest.mark.parametrize("tags", [{}, {65: None, 66: None, 67: None, 69: None}, dict.fromkeys((65, 66, 67, 69), 0xFFFFFFFF), {65: 2 << 16, 66: 10 << 16, 69: 5 << 16}])  # fmt: skip
def test_what_firmware_does_not_tell_or_nobody_knows_is_unknown(tags: dict[int, int | None]) -> None:
    reading = telemetry_of_tags(tags, Arch.BLACKHOLE)
    assert (reading.busy, reading.aiclk_min_by, reading.aiclk_max_by) == (None, None, None)
    assert (reading.aiclk_max_now_mhz, reading.aiclk_reason) == (None, None)


def test_a_wormhole_has_none_of_these_words() -> None:
    reading = telemetry_of_tags({66: 1 << 16 | 800, 67: 2}, Arch.WORMHOLE_B0)
    assert (reading.busy, reading.aiclk_max_by) == (None, None)
