"""DRAM channels from raw telemetry words. How the words are packed: tt-umd 0.9.14, whose getters answer the
same, but nothing at all where one of the words is missing."""

from collections.abc import Callable, Iterable, Sequence

from ttinspect.facts.firmware import Version, is_before
from ttinspect.model.arch import Arch
from ttinspect.model.telemetry import GddrModule

TEMPERATURE_WORDS = ("GDDR_0_1_TEMP", "GDDR_2_3_TEMP", "GDDR_4_5_TEMP", "GDDR_6_7_TEMP")
CORRECTED_WORDS = (
    "GDDR_0_1_CORR_ERRS", "GDDR_2_3_CORR_ERRS", "GDDR_4_5_CORR_ERRS", "GDDR_6_7_CORR_ERRS",
)  # fmt: skip
UNCORRECTED_WORD = "GDDR_UNCORR_ERRS"
STATUS_WORD = "DDR_STATUS"
_CHANNELS = 8
_WORMHOLE_CHANNELS = 6
_PASSED = 1
_NIBBLE_PASSED = 2
_SELF_TEST_SHIFT = 16
_SELF_TEST_FROM = (19, 7, 0)
"""The first firmware bundle that writes the bits of the self test (tt_umd 0.9.14 judges by it too)."""


def judges_self_test(firmware: Version | None) -> bool | None:
    """Whether a Blackhole's firmware tells of the self test (BIST) of each channel, which has to pass too;
    None where the firmware is unknown."""
    return None if firmware is None else not is_before(firmware, _SELF_TEST_FROM)


def training_of_word(
    status: int | None, arch: Arch, firmware: Version | None, *, legacy: bool = True
) -> list[bool | None]:
    """Whether each channel is trained; nothing where the word is missing. None is unknown.

    Wormhole: a nibble each, 2 passed, 1 failed, in its legacy table. Else two bits each (bits 0-15), 1
    passed; of Blackhole from bundle 19.7.0 on two more for the self test (bits 16-31), without which nothing
    is trained.
    """
    if status is None:
        return []
    if arch is Arch.WORMHOLE_B0:
        width, passed = (4, _NIBBLE_PASSED) if legacy else (2, _PASSED)
        mask = (1 << width) - 1
        return [status >> width * channel & mask == passed for channel in range(_WORMHOLE_CHANNELS)]
    judged = judges_self_test(firmware)
    return [_trained(status, channel, judged) for channel in range(_CHANNELS)]


def _trained(status: int, channel: int, judged: bool | None) -> bool | None:
    if status >> 2 * channel & 3 != _PASSED:
        return False
    if judged is False:
        return True
    tested = status >> _SELF_TEST_SHIFT + 2 * channel & 3 == _PASSED
    return tested if judged or tested else None


def modules_of_words(
    word: Callable[[str], int | None], channels: Iterable[int], training: Sequence[bool | None]
) -> tuple[GddrModule, ...]:
    """These channels. ``word`` gives a telemetry word by its name, None where it is missing or all ones;
    ``training`` is by channel, unknown past its end."""
    return tuple(
        _module(word, channel, training[channel] if channel < len(training) else None) for channel in channels
    )


def _module(word: Callable[[str], int | None], channel: int, trained: bool | None) -> GddrModule:
    high = channel % 2 * 16
    hot, errors, lost = (
        (word(TEMPERATURE_WORDS[channel // 2]), word(CORRECTED_WORDS[channel // 2]), word(UNCORRECTED_WORD))
        if channel < _CHANNELS
        else (None, None, None)
    )
    return GddrModule(
        channel=channel,
        trained=trained,
        top_celsius=None if hot is None else float(hot >> high + 8 & 0xFF),
        bottom_celsius=None if hot is None else float(hot >> high & 0xFF),
        corrected_read_errors=None if errors is None else errors >> high & 0xFF,
        corrected_write_errors=None if errors is None else errors >> high + 8 & 0xFF,
        uncorrected_read_errors=None if lost is None else lost >> 2 * channel & 1,
        uncorrected_write_errors=None if lost is None else lost >> 2 * channel + 1 & 1,
    )
