"""The answer of ``harvest``: what is left of every chip."""

import msgspec

from ttinspect.answers.unknowns import Follows, Reasons, explained, reasons_of
from ttinspect.errors import InspectError
from ttinspect.facts.boards import product_of
from ttinspect.facts.firmware import dotted
from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.coordinates import chip_coordinates
from ttinspect.harvesting.grids import Grids, common_grid, grids_of
from ttinspect.harvesting.lookup import cores_at
from ttinspect.model.arch import Arch, Axis, Board, Coord, CoordSystem, CoreType
from ttinspect.model.chip import MASK_NAMES, Chip, Masks, Unknown
from ttinspect.model.finding import Finding
from ttinspect.model.grid import ChipGrid, CoreAt, CoreState, TensixGrid, TypeCores
from ttinspect.model.picture import PictureGroup
from ttinspect.model.system import OfHost, Source, System
from ttinspect.model.tool import TOOL, Tool
from ttinspect.verify.findings.harvest import as_expected, chip_findings, differing_units, system_findings
from ttinspect.verify.findings.live import is_compared, live_findings, trouble_findings


class DramUnits(msgspec.Struct, frozen=True, kw_only=True):
    """DRAM banks; ``harvested`` are bits of the mask. None is unknown."""

    banks: int
    active: int | None
    harvested: tuple[int, ...] | None


class EthUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Eth channels; ``harvested`` are bits of the mask. None is unknown."""

    channels: int
    active: int | None
    harvested: tuple[int, ...] | None


class CoreUnits(msgspec.Struct, frozen=True, kw_only=True):
    """PCIe or L2CPU cores; ``harvested`` are bits of the mask. None is unknown."""

    cores: int
    active: int | None
    harvested: tuple[int, ...] | None


class HarvestDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One chip. 64-bit ids are decimal strings, masks in descriptor order, None is unknown.

    ``assumed`` names what the source left out. ``cores`` is there with --cores, by core type (None
    where its mask is unknown); ``at`` with --core. A coordinate in them is None where there is none.
    ``via`` is None, too, of a chip that is reached through no other one. ``checked``: grid and coordinates
    were compared with tt_umd's live SoC descriptor of the same chip.
    """

    id: int
    arch: Arch
    board: Board | None
    board_id: str | None
    serial: str | None
    unique_id: str | None
    asic_location: int | None
    mmio: bool | None
    via: int | None
    noc_translation: bool | None
    masks: Masks
    assumed: tuple[str, ...]
    tensix: TensixGrid
    dram: DramUnits
    eth: EthUnits
    pcie: CoreUnits
    l2cpu: CoreUnits
    cores: dict[str, TypeCores | None] | msgspec.UnsetType = msgspec.UNSET
    at: tuple[CoreAt, ...] | msgspec.UnsetType = msgspec.UNSET
    checked: bool
    unknown: tuple[Unknown, ...]
    findings: tuple[Finding, ...]


class ProductSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How many chips of a board are harvested as its product should be. ``judged`` counts those of which
    enough is known, ``undecided`` the others. ``differing`` names what is not as it should be: arch,
    tensix, dram, eth. ``unharvested_before`` is there where a chip passed only because its firmware is
    older than this one: before it, a chip without harvested lines is right as well."""

    board: Board
    chips: int
    as_expected: int
    judged: int
    undecided: int
    differing: tuple[str, ...]
    harvested_tensix_lines: int
    axis: Axis
    unharvested_before: str | None


class HarvestAnswer(OfHost, frozen=True, kw_only=True, tag_field="schema", tag="ttinspect.harvest.v1"):
    """What ``harvest`` says. ``common_grid`` is the tensix grid that all shown chips have, None for
    one chip or any unknown grid."""

    tool: Tool = TOOL
    source: Source
    devices: tuple[HarvestDevice, ...]
    common_grid: Coord | None
    products: tuple[ProductSummary, ...]
    findings: tuple[Finding, ...]


def build_harvest(
    system: System,
    *,
    cores: bool = False,
    core: tuple[CoordSystem, Coord] | None = None,
    grids: Grids | None = None,
) -> HarvestAnswer:
    """The answer for all chips of a System. ``grids`` are the grids of its chips where the caller has them
    already.

    Raises:
        InspectError: 2 when ``core`` is on none of the chips.
    """
    reasons = reasons_of(system)
    grids = grids_of(system.chips) if grids is None else grids
    devices = tuple(_device(chip, grids[chip.id], reasons, cores=cores, core=core) for chip in system.chips)
    if core is not None and not any(device.at for device in devices):
        where, (x, y) = core
        unsure = any(None in msgspec.structs.astuple(chip.masks) for chip in system.chips)
        raise InspectError(
            f"no core at {where.value} {x}-{y}",
            "masks are unknown, and so are the coordinates that depend on them"
            if unsure
            else "no chip of this source has one there",
            "see ttinspect harvest --cores for every coordinate that is known",
        )
    return HarvestAnswer(
        source=system.source,
        host=system.read_at.host,
        time_ns=system.read_at.time_ns,
        devices=devices,
        common_grid=common_grid([device.tensix.grid for device in devices]),
        products=_products(system.chips),
        findings=(*system_findings(system, grids), *trouble_findings(system)),
    )


def build_pictures(system: System, labels: CoordSystem) -> tuple[PictureGroup, ...]:
    """One picture for each group of chips that look the same, in the order of their first chip."""
    from ttinspect.harvesting.picture import draw

    groups: dict[object, list[Chip]] = {}
    for chip in system.chips:
        groups.setdefault((chip.soc, chip.masks, chip.noc_translation), []).append(chip)
    return tuple(
        PictureGroup(
            chips=tuple(chip.id for chip in chips),
            picture=draw(chips[0].soc, chips[0].masks, chips[0].noc_translation, labels),
        )
        for chips in groups.values()
    )


def _device(
    chip: Chip, grid: ChipGrid, reasons: Reasons, *, cores: bool, core: tuple[CoordSystem, Coord] | None
) -> HarvestDevice:
    coordinates = (
        chip_coordinates(chip.soc, chip.masks, chip.noc_translation) if cores or core is not None else None
    )
    device = HarvestDevice(
        id=chip.id,
        arch=chip.arch,
        board=chip.board,
        board_id=chip.board_id,
        serial=chip.serial,
        unique_id=chip.unique_id,
        asic_location=chip.asic_location,
        mmio=chip.mmio,
        via=chip.via,
        noc_translation=chip.noc_translation,
        masks=chip.masks,
        assumed=chip.assumed,
        tensix=grid.tensix,
        dram=DramUnits(banks=grid.dram.total, active=grid.dram.active, harvested=grid.dram.harvested),
        eth=EthUnits(channels=grid.eth.total, active=grid.eth.active, harvested=grid.eth.harvested),
        pcie=CoreUnits(cores=grid.pcie.total, active=grid.pcie.active, harvested=grid.pcie.harvested),
        l2cpu=CoreUnits(cores=grid.l2cpu.total, active=grid.l2cpu.active, harvested=grid.l2cpu.harvested),
        cores={t.value: coordinates.type_cores(t) for t in CoreType}
        if cores and coordinates is not None
        else msgspec.UNSET,
        at=cores_at(coordinates, *core) if core is not None and coordinates is not None else msgspec.UNSET,
        checked=is_compared(chip),
        unknown=(),
        findings=(*chip_findings(chip, reasons.unread.get(chip.id)), *live_findings(chip)),
    )
    inside = () if coordinates is None else _unknown_coordinates(device)
    return explained(device, chip, reasons, follows=_FOLLOWS, inside=inside)


_MASKS = tuple(f"masks.{name}" for name in MASK_NAMES)
_TRANSLATION = ("noc_translation",)
_FOLLOWS: Follows = {
    "serial": ("board_id",),
    **{name: (f"masks.{name}",) for name in MASK_NAMES},
    "cores": _MASKS,  # a type is unknown, too, where it shares a node with one whose mask is
    **{f"cores.{name}": (f"masks.{name}", *_MASKS) for name in MASK_NAMES},
    **{f"cores.{core_type.value}.translated": _TRANSLATION for core_type in CoreType},
    **{f"cores.{core_type.value}.harvested.translated": _TRANSLATION for core_type in CoreType},
    "at[].translated": (*_TRANSLATION, *_MASKS),
    "at[].logical": _MASKS,
}


def _unknown_coordinates(device: HarvestDevice) -> list[str]:
    """Where the coordinates of cores are null because a mask is unknown, or whether NOC translation is on."""
    paths = []
    for name, cores in (device.cores or {}).items():
        if cores is None:
            paths.append(f"cores.{name}")
        elif cores.translated is None:
            paths += [f"cores.{name}.translated", f"cores.{name}.harvested.translated"]
    hidden = [core.state is CoreState.UNKNOWN for core in device.at or ()]
    if any(hidden) or (hidden and device.noc_translation is None):
        paths.append("at[].translated")
    if any(hidden):
        paths.append("at[].logical")
    return paths


def _products(chips: tuple[Chip, ...]) -> tuple[ProductSummary, ...]:
    summaries = []
    for board in dict.fromkeys(chip.board for chip in chips):
        product = product_of(board)
        if board is None or product is None:
            continue
        alike = [chip for chip in chips if chip.board is board]
        verdicts = [as_expected(chip) for chip in alike]
        undecided = verdicts.count(None)
        before = product.unharvested_tensix_before
        tolerated = before is not None and any(
            verdict and chip.masks.tensix == 0 for chip, verdict in zip(alike, verdicts, strict=True)
        )
        summaries.append(
            ProductSummary(
                board=board,
                chips=len(verdicts),
                as_expected=verdicts.count(True),
                judged=len(verdicts) - undecided,
                undecided=undecided,
                differing=differing_units(alike),
                harvested_tensix_lines=product.tensix,
                axis=ARCHITECTURES[product.arch].axis,
                unharvested_before=dotted(before) if before and tolerated else None,
            )
        )
    return tuple(summaries)
