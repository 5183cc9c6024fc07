"""The DRAM channels of a tt-smi -s document: its words, and what tt-smi made of them (gddr_telemetry)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from ttinspect.facts.firmware import Version
from ttinspect.facts.node import parse_unsigned, show
from ttinspect.harvesting.coordinates import mask_in_force
from ttinspect.model.arch import Arch, CoreType
from ttinspect.model.chip import Masks, Unknown
from ttinspect.model.soc import Soc
from ttinspect.model.telemetry import GddrModule
from ttinspect.sources.gddr_words import (
    CORRECTED_WORDS,
    STATUS_WORD,
    TEMPERATURE_WORDS,
    UNCORRECTED_WORD,
    judges_self_test,
    modules_of_words,
    training_of_word,
)
from ttinspect.sources.telemetry_tags import word_of
from ttinspect.sources.tt_smi_formatted import Section, number_of, whole_of
from ttinspect.sources.tt_smi_words import Words, is_missing

_OUTCOMES = {"pass": True, "fail": False}
"""What tt-smi 6.8 writes of training and of the self test; "n/a" where it knows neither."""

_CELLS = {
    "trained": ("training", "bist"),
    "top_celsius": ("temp_top",),
    "bottom_celsius": ("temp_bottom",),
    "corrected_read_errors": ("corr_rd",),
    "corrected_write_errors": ("corr_wr",),
    "uncorrected_read_errors": ("uncorr_rd",),
    "uncorrected_write_errors": ("uncorr_wr",),
}
"""The cells of a channel in ``gddr_telemetry``, by field of GddrModule; "N/A" where tt-smi knows none."""
_WORDS = {
    "trained": (STATUS_WORD,),
    **dict.fromkeys(("top_celsius", "bottom_celsius"), TEMPERATURE_WORDS),
    **dict.fromkeys(("corrected_read_errors", "corrected_write_errors"), CORRECTED_WORDS),
    **dict.fromkeys(("uncorrected_read_errors", "uncorrected_write_errors"), (UNCORRECTED_WORD,)),
}


def gddr_modules(
    section: Section,
    words: Words,
    tags: Mapping[int, int | None],
    soc: Soc,
    masks: Masks,
    firmware: Version | None,
    dram_status: Any,
) -> tuple[GddrModule, ...] | None:
    """The live channels; None where the document tells nothing of them, or not which are live. All of them
    trained is an answer whichever are live.

    ``tags`` are the words of a table that tells temperatures and errors, by tag, none of a legacy one;
    ``dram_status`` is what tt-smi prints of all channels, which counts only where there is no more: true if
    all are trained.
    """
    printed = _channels(section)
    garbled = frozenset(field for field, names in _WORDS.items() if words.wrong(*names))
    training = training_of_word(words.number(STATUS_WORD), soc.arch, firmware, legacy=not tags)
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
        _merged(module, printed.get(module.channel), soc.arch, firmware, garbled, word=bool(training))
        for module in from_words
    ]
    if mask is None and not (len(modules) == len(every) and all(module.trained for module in modules)):
        return None
    return tuple(modules) or None


def why_unknown(section: Section, words: Words, gddr: tuple[GddrModule, ...] | None) -> Iterator[Unknown]:
    """What of the DRAM channels is unknown because a word or a cell was not understood."""
    if gddr is None:
        why = words.wrong(STATUS_WORD) or section.wrong
        yield from (Unknown(path=path, why=why) for path in ("gddr", "dram_trained") if why)
        return
    for field, cells in _CELLS.items():
        if any(getattr(module, field) is None for module in gddr):
            why = words.wrong(*_WORDS[field]) or section.wrong or _wrong_cell(section, cells)
            paths = [f"gddr[].{field}", *(["dram_trained[]"] if field == "trained" else [])]
            yield from (Unknown(path=path, why=why) for path in paths if why)


def _wrong_cell(section: Section, cells: Iterable[str]) -> str | None:
    for channel, entry in _channels(section).items():
        for cell in cells:
            value = entry.get(cell)
            if not is_missing(value) and _read(cell, value) is None:
                return f"gddr_telemetry of channel {channel}: {cell} reads {show(value)}, which says nothing"
    return None


def _read(cell: str, value: Any) -> float | bool | None:
    """What a cell of a channel says."""
    if cell in _CELLS["trained"]:
        return _outcome(value)
    return number_of(value) if cell.startswith("temp") else _count(value)


def _outcome(value: Any) -> bool | None:
    return _OUTCOMES.get(str(value).lower())


def _channels(section: Section) -> dict[int, dict[str, Any]]:
    """The cells of each channel; an entry that does not say of which it is says nothing."""
    entries = section.cells.get("channels")
    cells = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    numbers = [whole_of(entry.get("channel")) for entry in cells]
    return {number: entry for number, entry in zip(numbers, cells, strict=True) if number is not None}


def _merged(
    module: GddrModule,
    printed: Mapping[str, Any] | None,
    arch: Arch,
    firmware: Version | None,
    garbled: Collection[str],
    *,
    word: bool,
) -> GddrModule:
    """A channel by its words, and by what tt-smi says of it, which comes first but for the training: that
    both have to call right. Nothing good that tt-smi made of a ``garbled`` word counts."""
    if printed is None:
        return module
    trained = _trained(printed, arch, firmware)
    if word or "trained" in garbled:
        trained = False if trained is False else module.trained
    facts = {
        field: _read(cell, printed.get(cell))
        for field, (cell, *_) in _CELLS.items()
        if field != "trained" and field not in garbled
    }
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return msgspec.structs.replace(module, trained=trained, **known)


def _trained(printed: Mapping[str, Any], arch: Arch, firmware: Version | None) -> bool | None:
    training = _outcome(printed.get("training"))
    tested = _outcome(printed.get("bist"))
    if training is not True or arch is not Arch.BLACKHOLE:
        return training
    judged = judges_self_test(firmware)
    if tested is not None:
        return tested if judged is not False else True
    return None if judged is None else not judged


def _count(value: Any) -> int | None:
    number = parse_unsigned(value) if isinstance(value, str) else value
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None
