"""Masks that no chip can have: tt-umd's own refusals in its words, then what it fails to refuse."""

import functools
from collections.abc import Mapping

from ttinspect.facts.boards import PcieRule, product_of
from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.harvesting.placement import bits, worker_grid
from ttinspect.model.arch import Arch, Axis, Board
from ttinspect.model.chip import Masks
from ttinspect.model.soc import Soc

_FULL_ETH_CHANNELS = 14
_ETH_HARVESTS_OF_FULL = (2, 14)
_UNIT_NAMES = {"dram": "DRAM bank", "eth": "eth channel", "pcie": "PCIe core", "l2cpu": "L2CPU core"}


def refusal(soc: Soc, masks: Masks, board: Board | None, asic_location: int | None) -> str | None:
    """Why these masks are refused, or None. Unknown masks are not judged.

    The first three rules and their order are tt-umd 0.9.14's; the board rule looks at the board
    alone. The last one is ours: a bit past the axis is accepted there and answered wrongly.
    """
    return (
        _board_rule(masks.pcie, board, asic_location)
        or (_blackhole_rule(soc, masks) if soc.arch is Arch.BLACKHOLE else _row_rule(soc.arch, masks))
        or _range_rule(soc, masks)
    )


def expected_pcie_masks(board: Board | None, asic_location: int | None) -> tuple[int, ...]:
    """The pcie mask that tt-umd insists on; several where it goes by a place that is unknown, none where it
    insists on none."""
    rules = _pcie_rules(board)
    fitting = [rule for rule in rules if asic_location is None or _is_at(rule, asic_location)]
    return tuple(rule.mask for rule in fitting)


def _pcie_rules(board: Board | None) -> tuple[PcieRule, ...]:
    product = product_of(board)
    return () if product is None else product.pcie


def _is_at(rule: PcieRule, asic_location: int | None) -> bool:
    return rule.asic_location is None or rule.asic_location == asic_location


def _board_rule(pcie: int | None, board: Board | None, asic_location: int | None) -> str | None:
    rule = next((rule for rule in _pcie_rules(board) if _is_at(rule, asic_location)), None)
    return None if pcie is None or rule is None or pcie == rule.mask else rule.refusal


def _blackhole_rule(soc: Soc, masks: Masks) -> str | None:
    if masks.dram is not None and masks.dram.bit_count() > 1:
        return "At most DRAM bank can be harvested on Blackhole."
    if (
        masks.eth is not None
        and len(soc.eth) == _FULL_ETH_CHANNELS
        and masks.eth.bit_count() not in _ETH_HARVESTS_OF_FULL
    ):
        return "Exactly 2 or 14 ETH cores should be harvested on full Blackhole."
    return None


def _row_rule(arch: Arch, masks: Masks) -> str | None:
    for name in ARCHITECTURES[arch].refused_masks:
        if getattr(masks, name):
            return f"{name.upper()} harvesting is supported only for Blackhole."
    return None


@functools.lru_cache(maxsize=32)
def units_listed(soc: Soc) -> Mapping[str, int]:
    """How many units a descriptor lists that a bit of each mask can stand for, by name of the mask."""
    width, height = worker_grid(soc)
    return {
        "tensix": height if ARCHITECTURES[soc.arch].axis is Axis.ROW else width,
        "dram": len(soc.dram),
        "eth": len(soc.eth),
        "pcie": len(soc.pcie),
        "l2cpu": len(soc.l2cpu),
    }


def _range_rule(soc: Soc, masks: Masks) -> str | None:
    architecture = ARCHITECTURES[soc.arch]
    for name, count in units_listed(soc).items():
        unit = _UNIT_NAMES.get(name, f"tensix {architecture.axis.value}")
        mask: int | None = getattr(masks, name)
        if mask is None or name in architecture.ignored_masks or mask < 1 << count:
            continue
        beyond = [bit for bit in bits(mask) if bit >= count]
        return (
            f"The {name} mask {mask:#x} has bit {beyond[0]} set, but this descriptor has "
            f"{count} {unit}s (bits 0 to {count - 1})."
            if count
            else f"The {name} mask {mask:#x} has bit {beyond[0]} set, but this descriptor has no {unit}."
        )
    return None
