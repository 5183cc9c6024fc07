"""A check file that the present machine passes: ``check --init``."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ttinspect.capacity.settings import make_settings
from ttinspect.model.check_file import CheckFile, ChipWants, Range, VersionRange
from ttinspect.model.chip import Chip
from ttinspect.model.grid import ChipGrid
from ttinspect.model.system import System
from ttinspect.verify.case import Case
from ttinspect.verify.check.site import chip_facts
from ttinspect.verify.findings.topology import link_counts
from ttinspect.verify.naming import unseen_remotes
from ttinspect.verify.verify import Verdict, verdict_of, verify


def present_machine(case: Case) -> CheckFile:
    """What is known and should stay: number, kind and size of the chips, links, firmware from here on, and
    clean regions if they are (also that there are none, where the driver tells that no process has a device
    open). Facts that all chips share stand once; temperatures and clocks are no facts."""
    links = link_counts(case.system)
    wants = {
        chip.id: _wants(chip, case.grids[chip.id], links[chip.id].up, case.system) for chip in case.shown
    }
    shown = len(case.shown)
    unseen = unseen_remotes(case.shown) if case.chosen is None else 0
    shared = ChipWants() if unseen else _shared(list(wants.values()))  # each: of those that are not shown too
    by_chip = {
        _name(chip, case.shown): own
        for chip in case.shown
        if (own := _without(wants[chip.id], shared)) != ChipWants()
    }
    clean = verdict_of(verify(case).all_findings) is Verdict.PASS
    return CheckFile(
        chips=Range(min=shown, max=shown + unseen) if unseen else shown,
        regions="clean" if clean else None,
        each=shared if shared != ChipWants() else None,
        by_chip=by_chip,
    )


def plain(file: CheckFile) -> dict[str, Any]:
    """The file as mappings, without what it does not say."""
    document: dict[str, Any] = _without_empty(msgspec.to_builtins(file))
    return document


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_empty(part) for key, part in value.items() if not _says_nothing(part)}
    return value


def _says_nothing(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, dict | tuple) and not value)


def _wants(chip: Chip, grid: ChipGrid, eth_links: int | None, system: System) -> ChipWants:
    facts = chip_facts(chip, grid, eth_links, make_settings(), system)
    return ChipWants(
        arch=chip.arch,
        board=facts.board,
        grid=facts.grid,
        l1_bytes=facts.l1_bytes,
        dram_bytes=facts.dram_bytes,
        eth_links=facts.eth_links,
        firmware=None if facts.firmware is None else VersionRange(min=facts.firmware),
    )


def _shared(wants: Sequence[ChipWants]) -> ChipWants:
    common: dict[str, Any] = {}
    for name in ChipWants.__struct_fields__:
        values = [getattr(want, name) for want in wants]
        if all(value == values[0] for value in values):
            common[name] = values[0]
    return ChipWants(**common)


def _without(want: ChipWants, shared: ChipWants) -> ChipWants:
    own = {
        name: value
        for name in ChipWants.__struct_fields__
        if (value := getattr(want, name)) != getattr(shared, name)
    }
    return ChipWants(**own)


def _name(chip: Chip, chips: Sequence[Chip]) -> str:
    """The name of a chip that holds wherever it is plugged in (its unique id); else the place where it is."""
    if chip.unique_id is not None and "unique_id" not in chip.assumed:
        same = [other for other in chips if other.unique_id == chip.unique_id]
        clashes = any(str(other.id) == chip.unique_id for other in chips)
        if len(same) == 1 and not clashes:
            return chip.unique_id
    return chip.pci_bdf or str(chip.id)
