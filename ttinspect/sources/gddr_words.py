"""DRAM channels from raw telemetry words. How the words are packed: tt-umd 0.9.14, whose getters answer the
same, but nothing at all where one of the words is missing."""

from collections.abc import Callable, Iterable, Sequence

from ttinspect.model.telemetry import GddrModule

TEMPERATURE_WORDS = ("GDDR_0_1_TEMP", "GDDR_2_3_TEMP", "GDDR_4_5_TEMP", "GDDR_6_7_TEMP")
CORRECTED_WORDS = (
    "GDDR_0_1_CORR_ERRS", "GDDR_2_3_CORR_ERRS", "GDDR_4_5_CORR_ERRS", "GDDR_6_7_CORR_ERRS",
)  # fmt: skip
UNCORRECTED_WORD = "GDDR_UNCORR_ERRS"
STATUS_WORD = "DDR_STATUS"
_CHANNELS = 8
_TRAINED = 1


def training_of_word(status: int | None) -> list[bool | None]:
    """Whether each channel is trained, from two bits each: 0 in progress, 1 trained, else failed."""
    if status is None:
        return []
    return [status >> 2 * channel & 3 == _TRAINED for channel in range(_CHANNELS)]


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
