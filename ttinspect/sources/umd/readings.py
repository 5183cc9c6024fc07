"""What the child says of a chip, as Chip, and of its telemetry, as Telemetry."""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from ttinspect.facts.boards import board_of_id
from ttinspect.facts.firmware import version_as_printed
from ttinspect.facts.trays import tray_of
from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.coordinates import mask_in_force
from ttinspect.harvesting.refusal import refusal, units_listed
from ttinspect.harvesting.shuffle import MASK_WORDS
from ttinspect.model.arch import Arch, Board, Coord, CoreType
from ttinspect.model.chip import UNKNOWN_MASKS, Chip, Masks, Unknown
from ttinspect.model.soc import Soc
from ttinspect.model.telemetry import EthChannel, GddrModule, Telemetry
from ttinspect.sources.gddr_words import STATUS_WORD, modules_of_words
from ttinspect.sources.plausible import plausible
from ttinspect.sources.telemetry_tags import ABSOLUTE_ZERO_CELSIUS, TAG_OF_NAME, telemetry_of_tags, word_of
from ttinspect.sources.umd.wire import ChipFacts, TelemetryFacts

_AS_IN_CHIP = ("board_id", "unique_id", "mmio", "via", "pci_bdf", "pcie", "kmd_id")
"""What the facts have of a chip as Chip has it."""
_TRAINED = {"SUCCESS": True, "FAIL": False, "IN_PROGRESS": False}
_ALL_ONES = 0xFFFFFFFF
_NOTHING = (None, _ALL_ONES, -1 / 65536)
"""What tt_umd's getters make of all ones, but for the speed of DRAM, of which they make 0."""
_MAY_BE_ZERO = ("heartbeat", "thermal_trips")
"""What counts from 0; of everything else 0 in a legacy table says that nobody wrote it."""
_ETH_LIVE_TAG = 21


def identified(facts: ChipFacts, chip: Chip | None) -> ChipFacts:
    """The facts of a chip with what the cluster descriptor says of it, if it does, and without ids of which
    one of the two telemetry words is all ones: no id has that."""
    if chip is not None:
        masks = chip.masks if facts.tags else None
        identity = {name: getattr(chip, name) for name in (*_AS_IN_CHIP, "board", "noc_translation")}
        facts = replace(facts, arch=chip.arch.value, masks=masks, **identity)
    ids = {name: getattr(facts, name) for name in ("board_id", "unique_id")}
    return replace(facts, **{name: None for name, text in ids.items() if text and _has_all_ones(int(text))})


def _has_all_ones(number: int) -> bool:
    return _ALL_ONES in (number & _ALL_ONES, number >> 32)


def chip_of(facts: ChipFacts, soc: Soc, *, simulated: bool, linkless: str | None, linked: bool) -> Chip:
    """A chip of this design; ``linkless`` says why nothing is known of any eth link, ``linked`` that
    one of this chip is."""
    masks, assumed, unknown = _masks(facts, soc, simulated=simulated)
    board, asic_location = _board(facts, soc, masks), _location(facts)
    reason = facts.error and facts.error + made_up_masks(facts)
    if linkless is not None or (reason and not linked):
        unknown.append(Unknown(path="links", why=linkless or reason or ""))
    always = {"board_id": facts.board_id, "unique_id": facts.unique_id}
    for name, value in {"board": board, **always, "mmio": facts.mmio}.items():
        if value is None and (reason or name in always):
            unknown.append(Unknown(path=name, why=reason or "the chip does not tell it"))
    if asic_location is None and not facts.error and soc.arch is not Arch.QUASAR:
        unknown.append(Unknown(path="asic_location", why="telemetry ASIC_LOCATION is missing"))
    if simulated:  # places on the bus and driver numbers of a simulator mean nothing
        facts = replace(facts, pcie=None, kmd_id=None, pci_bdf=None)
    return Chip(
        id=facts.id,
        arch=soc.arch,
        soc=soc,
        board=board,
        board_name=None,
        asic_location=asic_location,
        noc_translation=facts.noc_translation if masks != UNKNOWN_MASKS else None,
        masks=masks,
        assumed=assumed,
        simulated=simulated,
        firmware=facts.firmware if facts.tags.get("firmware") not in (None, 0, _ALL_ONES) else None,
        tray=None if facts.pcie is None else tray_of(board, facts.pcie.bus_id),
        unknown=tuple(unknown),
        live_cores=facts.cores,
        **{name: getattr(facts, name) for name in _AS_IN_CHIP},
    )


def _location(facts: ChipFacts) -> int | None:
    """The place on the board. The unique id of a linked Blackhole, (board_id << 5) | asic_location, has it
    too, also where telemetry does not."""
    unique_id, board_id = int(facts.unique_id or 0), int(facts.board_id or 0)
    linked = facts.arch == Arch.BLACKHOLE.value and board_id and unique_id >> 5 == board_id
    return unique_id & 0x1F if linked else facts.asic_location


def _board(facts: ChipFacts, soc: Soc, masks: Masks) -> Board | None:
    """What tt_umd says; of a chip that it did not get that far with, what the board id says, unless the chip
    cannot be that."""
    if facts.board is not None:
        return facts.board
    board = None if facts.board_id is None else board_of_id(int(facts.board_id))
    return None if refusal(soc, masks, board, facts.asic_location) else board


def _masks(facts: ChipFacts, soc: Soc, *, simulated: bool) -> tuple[Masks, tuple[str, ...], list[Unknown]]:
    """tt_umd's masks, which of them are assumed, and which are unknown: where tt_umd made a 0 of a missing
    telemetry tag, or read a chip that is off the bus, or where the SoC descriptor lists fewer units than the
    chip has. A simulator harvests nothing, and sends few tags (ttsim up to 1.10): there 0 is assumed.
    A descriptor that lists no L2CPU at all describes a chip without them."""
    if facts.masks is None:
        return UNKNOWN_MASKS, (), [Unknown(path="masks", why=facts.error or "the chip did not answer")]
    values: dict[str, int | None] = msgspec.structs.asdict(facts.masks)
    of_chip = {name: word for name, (word, _) in MASK_WORDS.items() if name != "l2cpu" or soc.l2cpu}
    values |= {name: 0 for name in values if name not in of_chip}
    assumed = [*MASK_WORDS] if soc.arch is Arch.QUASAR else []
    unknown = {}
    for name, tag in of_chip.items() if soc.arch is Arch.BLACKHOLE else ():
        word = facts.tags.get(name)
        if word is None and simulated and not facts.error:
            assumed.append(name)
        elif word in (None, _ALL_ONES):
            unknown[name] = f"telemetry {tag} is missing"
    for name, listed in units_listed(soc).items():
        if name in unknown or name in ARCHITECTURES[soc.arch].ignored_masks:
            continue
        mask = values[name] or 0
        if mask >> listed:
            unknown[name] = f"the mask {mask:#x} has bits past the {listed} that the SoC descriptor lists"
    masks = Masks(**{**values, **dict.fromkeys(unknown)})
    return masks, tuple(assumed), [Unknown(path=f"masks.{name}", why=why) for name, why in unknown.items()]


def made_up_masks(facts: ChipFacts) -> str:
    """That tt_umd takes a missing telemetry word for 0, and judges the chip by that; empty if none is."""
    if facts.arch != Arch.BLACKHOLE.value or facts.masks is None:
        return ""
    missing = ", ".join(tag for name, (tag, _) in MASK_WORDS.items() if facts.tags.get(name) is None)
    return f" Telemetry {missing} is missing, which tt_umd takes for 0." if missing else ""


def with_telemetry(chip: Chip, readings: Iterable[TelemetryFacts]) -> Chip:
    """The chip with its last reading among these, and whether its heartbeat moved since the first."""
    read = [_telemetry_of(facts, chip) for facts in readings if facts.chip == chip.id and facts.error is None]
    if not read:
        return chip
    reading, first = read[-1], read[0].heartbeat
    if len(read) > 1 and first is not None and reading.heartbeat is not None:
        reading = replace(reading, heartbeat_moves=reading.heartbeat != first)
    reading, impossible = plausible(reading)
    return replace(chip, telemetry=reading, unknown=(*chip.unknown, *impossible))


def _telemetry_of(facts: TelemetryFacts, chip: Chip) -> Telemetry:
    """One reading. Raw words come first; tt_umd's getters fill in what a legacy table keeps elsewhere."""
    reading = telemetry_of_tags(facts.tags, chip.arch, facts.time_ns)
    filled = {field: value for field, value in facts.getters.items() if _says_something(field, value)}
    if not any(filled.values()):  # nobody wrote the table, and a count of 0 is none
        filled = {}
    return replace(
        reading,
        **filled,
        gddr=_gddr(facts, chip),
        eth=_eth(facts, chip),
        firmware_bundle=reading.firmware_bundle or version_as_printed(facts.firmware.get("bundle") or ""),
        firmware_minimum=facts.firmware.get("minimum"),
        firmware_latest=facts.firmware.get("latest"),
        firmware_eth=reading.firmware_eth or version_as_printed(facts.firmware.get("eth") or ""),
    )


def _says_something(field: str, value: float | None) -> bool:
    if value is None or value in _NOTHING or (value == 0 and field not in _MAY_BE_ZERO):
        return False
    return value > ABSOLUTE_ZERO_CELSIUS or not field.endswith("_celsius")


def _live(chip: Chip, core_type: CoreType, count: int) -> list[int] | None:
    mask = mask_in_force(chip.arch, chip.masks, core_type)
    return None if mask is None else [index for index in range(count) if not mask >> index & 1]


def _gddr(facts: TelemetryFacts, chip: Chip) -> tuple[GddrModule, ...] | None:
    """The live DRAM channels; None where it is unknown which those are."""
    channels = _live(chip, CoreType.DRAM, len(chip.soc.dram))
    if channels is None or (facts.training is None and not facts.tags):
        return None
    readable = facts.tags.get(TAG_OF_NAME[STATUS_WORD]) != _ALL_ONES
    training = [_TRAINED.get(state) for state in facts.training or [] if readable]
    return modules_of_words(lambda name: word_of(facts.tags, name), channels, training)


def _eth(facts: TelemetryFacts, chip: Chip) -> tuple[EthChannel, ...] | None:
    """The live eth channels; None where it is unknown which those are."""
    channels = _live(chip, CoreType.ETH, len(chip.soc.eth))
    if channels is None:
        return None
    cores_by_state = facts.eth if facts.tags.get(_ETH_LIVE_TAG) != _ALL_ONES else {}
    states: dict[str, dict[Coord, bool]] = {"up": {}}
    states |= {name: {(x, y): state for x, y, state in cores} for name, cores in cores_by_state.items()}
    return tuple(
        EthChannel(channel=channel, **{name: by.get(chip.soc.eth[channel]) for name, by in states.items()})
        for channel in channels
    )
