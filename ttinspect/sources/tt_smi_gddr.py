"""The DRAM channels of a tt-smi -s document: its words, and what tt-smi made of them (gddr_telemetry)."""

from collections.abc import Mapping

import msgspec

from ttinspect.facts.firmware import Version
from ttinspect.facts.node import parse_unsigned
from ttinspect.harvesting.coordinates import mask_in_force
from ttinspect.model.arch import Arch, CoreType
from ttinspect.model.chip import Masks
from ttinspect.model.soc import Soc
from ttinspect.model.telemetry import GddrModule
from ttinspect.sources.gddr_words import STATUS_WORD, judges_self_test, modules_of_words, training_of_word
from ttinspect.sources.telemetry_tags import word_of
from ttinspect.sources.tt_smi_formatted import number_of
from ttinspect.sources.tt_smi_words import Scalar, Words

_OUTCOMES = {"pass": True, "fail": False}
"""What tt-smi 6.8 writes of training and of the self test; "n/a" where it knows neither."""


class _Channel(msgspec.Struct):
    channel: int = -1
    training: Scalar = None
    bist: Scalar = None
    temp_top: Scalar = None
    temp_bottom: Scalar = None
    corr_rd: Scalar = None
    corr_wr: Scalar = None
    uncorr_rd: Scalar = None
    uncorr_wr: Scalar = None


class _GddrTelemetry(msgspec.Struct):
    """``gddr_telemetry`` of a device; what it does not know it writes as "N/A"."""

    channels: list[_Channel] | None = None


def gddr_modules(
    raw: msgspec.Raw,
    words: Words,
    tags: Mapping[int, int | None],
    soc: Soc,
    masks: Masks,
    firmware: Version | None,
    dram_status: Scalar,
) -> tuple[GddrModule, ...] | None:
    """The live channels; None where the document tells nothing of them, or not which are live. All of them
    trained is an answer whichever are live.

    ``tags`` are the words of a table that tells temperatures and errors, by tag; ``dram_status`` is what
    tt-smi prints of all channels, which counts only where there is no more: true if all are trained.
    """
    printed = {entry.channel: entry for entry in _channels(raw)}
    training = training_of_word(words.number(STATUS_WORD), soc.arch, firmware)
    if not printed and not training:
        if dram_status is not True or words.has(STATUS_WORD):
            return None
        training = [True] * len(soc.dram)
    every = range(len(soc.dram))
    mask = mask_in_force(soc.arch, masks, CoreType.DRAM)
    if soc.arch is Arch.WORMHOLE_B0:
        mask = 0  # a bank of a Wormhole is never harvested
    live = [channel for channel in every if mask is None or not mask >> channel & 1]
    if not training:
        live = [channel for channel in live if channel in printed]
    from_words = modules_of_words(lambda name: word_of(tags, name), live, training)
    modules = [
        _merged(module, printed.get(module.channel), soc.arch, firmware, word=bool(training))
        for module in from_words
    ]
    if mask is None and not (len(modules) == len(every) and all(module.trained for module in modules)):
        return None
    return tuple(modules) or None


def _channels(raw: msgspec.Raw) -> list[_Channel]:
    try:
        return msgspec.json.decode(raw, type=_GddrTelemetry).channels or []
    except msgspec.MsgspecError:
        return []


def _merged(
    module: GddrModule, printed: _Channel | None, arch: Arch, firmware: Version | None, *, word: bool
) -> GddrModule:
    """A channel by its words, and by what tt-smi says of it, which comes first but for the training: that
    both have to call right."""
    if printed is None:
        return module
    trained = _trained(printed, arch, firmware)
    if word:
        trained = False if trained is False else module.trained
    facts = {
        "top_celsius": number_of(printed.temp_top),
        "bottom_celsius": number_of(printed.temp_bottom),
        "corrected_read_errors": _count(printed.corr_rd),
        "corrected_write_errors": _count(printed.corr_wr),
        "uncorrected_read_errors": _count(printed.uncorr_rd),
        "uncorrected_write_errors": _count(printed.uncorr_wr),
    }
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return msgspec.structs.replace(module, trained=trained, **known)


def _trained(printed: _Channel, arch: Arch, firmware: Version | None) -> bool | None:
    training = _OUTCOMES.get(str(printed.training).lower())
    tested = _OUTCOMES.get(str(printed.bist).lower())
    if training is not True or arch is not Arch.BLACKHOLE:
        return training
    judged = judges_self_test(firmware)
    if tested is not None:
        return tested if judged is not False else True
    return None if judged is None else not judged


def _count(value: Scalar) -> int | None:
    number = parse_unsigned(value) if isinstance(value, str) else value
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None
