"""One reading of a device of a tt-smi -s document: by its words, then by what tt-smi made of them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ttinspect.facts.firmware import firmware_version
from ttinspect.facts.socs import builtin_soc
from ttinspect.facts.telemetry_limits import telemetry_limits
from ttinspect.model.arch import Arch
from ttinspect.model.chip import Masks, Unknown
from ttinspect.model.telemetry import Telemetry
from ttinspect.sources.plausible import plausible
from ttinspect.sources.telemetry_tags import quantities, telemetry_of_words
from ttinspect.sources.tt_smi_formatted import Section, filled
from ttinspect.sources.tt_smi_gddr import gddr_modules, why_unknown
from ttinspect.sources.tt_smi_words import Words
from ttinspect.sources.wormhole_words import LEGACY, telemetry_of_legacy_words


def reading_of(
    device: Mapping[str, Any],
    smbus: Section,
    info: Section,
    words: Words,
    arch: Arch,
    masks: Masks,
    *,
    remote: bool,
) -> tuple[Telemetry, list[Unknown]]:
    """One reading of a device, and why parts of it are unknown; ``remote`` is of a chip that is reached
    through another one of its card."""
    if words.are_off_the_bus:
        return Telemetry(), [Unknown(path="telemetry", why="it is off the bus: its words are all ones")]
    # the legacy table packs its words otherwise; luwen lists its names for every chip
    wormhole = arch is Arch.WORMHOLE_B0 and not words.are_of_the_newer_table
    legacy = wormhole or words.number("ENUM_VERSION") is not None
    table = LEGACY if legacy else quantities(arch)
    tags = {} if legacy else words.by_tag()
    if legacy:
        of_words = telemetry_of_legacy_words(words.number, remote=remote)
    else:
        of_words = telemetry_of_words(words.number, table)
    of_words, past = _with_shutdown_limit(of_words, words, arch)
    of_words, impossible = plausible(of_words)
    garbled = [
        Unknown(path=name, why=why)
        for name, quantity in table.items()
        if getattr(of_words, name) is None and (why := words.wrong(quantity.word))
    ]
    reading, not_printed = filled(
        of_words,
        Section(device, "telemetry"),
        Section(device, "limits"),
        Section(device, "firmwares"),
        info,
        arch=arch,
        refused=frozenset(unknown.path for unknown in (*impossible, *garbled)),
    )
    reading, more = plausible(reading)
    firmware = firmware_version(reading.firmware_bundle or "")
    section = Section(device, "gddr_telemetry")
    dram_status = info.cells.get("dram_status")
    gddr = gddr_modules(section, words, tags, builtin_soc(arch), masks, firmware, dram_status)
    reading, of_gddr = plausible(msgspec.structs.replace(reading, gddr=gddr))
    unknown = [*impossible, *garbled, *more, *of_gddr, *past, *not_printed]
    unknown += why_unknown(section, words, reading.gddr)
    if smbus.wrong:
        unknown += [Unknown(path=name, why=smbus.wrong) for name in table]
    by_path = {fact.path: fact for fact in reversed(unknown)}
    return reading, [fact for path, fact in by_path.items() if getattr(reading, path, None) is None]


def _with_shutdown_limit(reading: Telemetry, words: Words, arch: Arch) -> tuple[Telemetry, list[Unknown]]:
    """Blackhole's shutdown limit, where it is not in a word of its own but in THM_LIMITS, and why it is none:
    past 1,000 the word is something else."""
    if arch is Arch.WORMHOLE_B0 or reading.shutdown_celsius is not None:
        return reading, []
    word, most = words.number("THM_LIMITS"), telemetry_limits()["shutdown_celsius"].most
    why = words.wrong("THM_LIMITS")
    if word and word > most:
        why = f"telemetry THM_LIMITS reads {word:#x}, and past {most:,} that is no limit"
    if why is not None:
        return reading, [Unknown(path="shutdown_celsius", why=why)]
    return msgspec.structs.replace(reading, shutdown_celsius=float(word) if word else None), []
