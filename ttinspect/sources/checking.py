"""A System that somebody handed us in JSON: what its types let pass, and no source of ours would give."""

import re
from typing import Any

import msgspec

from ttinspect.errors import InspectError
from ttinspect.facts.node import U32_MAX, U64_MAX, Node, parse_unsigned
from ttinspect.facts.socs import builtin_soc, soc_from_document, uncorrected_soc
from ttinspect.facts.wording import plural, verb
from ttinspect.model.arch import Coord
from ttinspect.model.chip import BDF, Chip
from ttinspect.model.soc import Soc
from ttinspect.model.system import System
from ttinspect.sources.building import refuse_impossible_masks

_BDF = re.compile(BDF)
_ASSUMABLE = ("noc_translation", "asic_location", "unique_id", "board_id")
"""What a source can leave out, beside masks."""

_CORES_OF_KEY = {
    "functional_workers": "tensix",
    "eth": "eth",
    "pcie": "pcie",
    "l2cpu": "l2cpu",
    "arc": "arc",
    "router_only": "router_only",
    "security": "security",
    "dispatch": "dispatch",
}


def checked(system: System, name: str) -> System:
    """The System, if its chips can be what they say; of the built-in tables it has the present ones.

    Raises:
        InspectError: 2, naming the chip and what is wrong with it.
    """
    known: set[int] = set()
    for index, chip in enumerate(system.chips):
        node = Node(None, name, f"chips[{index}]")
        if not 0 <= chip.id <= U32_MAX:
            node.refuse(f"the chip id {chip.id} is not 0 to {U32_MAX}")
        if chip.id in known:
            node.refuse(f"the chip id {chip.id} is repeated")
        known.add(chip.id)
        _check_names(chip, node)
        _check_design(chip, name, index)
    refuse_impossible_masks(system.chips, name)
    system = _bounded(system, name)
    for index, link in enumerate(system.links):
        for end in (link.a, link.b):
            if end.chip not in known:
                Node(None, name, f"links[{index}]").refuse(f"there is no chip {end.chip}")
    for index, outside in enumerate(system.remote_links):
        node = Node(None, name, f"remote_links[{index}]")
        _check_id(outside.remote_unique_id, "remote_unique_id", node)
        if outside.a.chip not in known:
            node.refuse(f"there is no chip {outside.a.chip}")
    return system


MOST_SENTENCES = 1000
_MOST_LINKS_PER_CHIP = 64


def _bounded(system: System, name: str) -> System:
    """The System with the present design of its chips, and with no more sentences than anybody reads; one
    of them counts those that were left out.

    Raises:
        InspectError: 2 for more links than so many chips can have.
    """
    most = _MOST_LINKS_PER_CHIP * len(system.chips)
    for what, links in (("links", system.links), ("remote_links", system.remote_links)):
        if len(links) > most:
            count = len(system.chips)
            have = f"{plural(count, 'chip')} {verb(count, 'has', 'have')}"
            why = f"it lists {len(links):,} of them, {have} at most {most:,}"
            Node(None, name, what).refuse(why)
    warnings, notes, troubles = system.warnings, system.notes, system.troubles
    left = {
        "warnings": len(warnings) - MOST_SENTENCES,
        "notes": len(notes) - MOST_SENTENCES,
        "troubles": len(troubles) - MOST_SENTENCES,
    }
    left_out = [
        f"{count:,} more {what} of this document are not shown" for what, count in left.items() if count > 0
    ]
    cut = any(len(chip.unknown) > MOST_SENTENCES for chip in system.chips)
    if cut:
        left_out.append(
            f"of some chips only the first {MOST_SENTENCES:,} reasons why a fact is unknown are read"
        )
    chips = tuple(_with_corrected_design(_cut(chip) if cut else chip) for chip in system.chips)
    return msgspec.structs.replace(
        system,
        chips=chips,
        warnings=(*warnings[:MOST_SENTENCES], *left_out),
        notes=notes[:MOST_SENTENCES],
        troubles=troubles[:MOST_SENTENCES],
    )


def _cut(chip: Chip) -> Chip:
    return msgspec.structs.replace(chip, unknown=chip.unknown[:MOST_SENTENCES])


def _check_names(chip: Chip, node: Node) -> None:
    for key in ("unique_id", "board_id"):
        text = getattr(chip, key)
        if text is not None:
            _check_id(text, key, node)
    for name in chip.assumed:
        if name not in _ASSUMABLE and getattr(chip.masks, name, None) is None:
            node.refuse(f"{name!r} cannot be assumed, or is unknown")
    if chip.pci_bdf is not None and not _BDF.fullmatch(chip.pci_bdf):
        node.refuse(f"the pci_bdf {chip.pci_bdf!r} is not of the form 0000:41:00.0")


def _check_id(text: str, key: str, node: Node) -> None:
    number = parse_unsigned(text)
    if number is None or number > U64_MAX or text != str(number):
        node.refuse(f"the {key} {text!r} is no decimal number below 2^64")


def _check_design(chip: Chip, name: str, index: int) -> None:
    """The SoC descriptor keeps to the rules of one in a file."""
    soc = chip.soc
    if soc.arch is not chip.arch:
        raise InspectError(
            f"{name}: chips[{index}]",
            f"its arch is {chip.arch.value}, its SoC descriptor is of a {soc.arch.value}",
            "write the file anew with the tool that made it",
        )
    if soc not in (builtin_soc(chip.arch), uncorrected_soc(chip.arch)):
        soc_from_document(_document(soc), f"{name}: chips[{index}].soc")


def _with_corrected_design(chip: Chip) -> Chip:
    """A snapshot holds the built-in table of its time, which may have been wrong."""
    corrected = builtin_soc(chip.arch)
    if chip.soc == corrected or chip.soc != uncorrected_soc(chip.arch):
        return chip
    return msgspec.structs.replace(chip, soc=corrected)


def _document(soc: Soc) -> dict[str, Any]:
    document: dict[str, Any] = {
        "arch_name": soc.arch.value,
        "grid": {"x_size": soc.grid[0], "y_size": soc.grid[1]},
        "dram": [[_text(port) for port in bank] for bank in soc.dram],
        "worker_l1_size": soc.worker_l1_bytes,
        "eth_l1_size": soc.eth_l1_bytes,
        "dram_bank_size": soc.dram_bank_bytes,
    }
    for key, cores in _CORES_OF_KEY.items():
        document[key] = [_text(core) for core in getattr(soc, cores)]
    for key, table in (("noc0_x_to_noc1_x", soc.noc1_x), ("noc0_y_to_noc1_y", soc.noc1_y)):
        if table is not None:
            document[key] = list(table)
    return document


def _text(core: Coord) -> str:
    return f"{core[0]}-{core[1]}"
