"""From the masks as the hardware counts them to masks in descriptor order."""

from collections.abc import Callable

from ttinspect.harvesting.architectures import ARCHITECTURES
from ttinspect.model.arch import Arch

_BH_TENSIX_COLUMNS = 0x3FFF
_BH_ETH_CHANNELS = 0x3FFF
_BH_GDDR_BANKS = 0xFF
_BH_L2CPU_CORES = 0xF
_BH_PCIE_CORES = 2
_PCIE_ENDPOINT = 1


def _shuffled(mask: int, line_of_bit: tuple[int, ...]) -> int:
    result = 0
    for bit, line in enumerate(line_of_bit):
        result |= (mask >> bit & 1) << line
    return result


def tensix_from_physical(arch: Arch, mask: int) -> int:
    """A tensix harvesting mask in descriptor order, from one in the die's physical order.

    Wormhole: rows, from ARC message 0x57. Blackhole: columns. Bits past the axis are dropped.
    """
    return _shuffled(mask, ARCHITECTURES[arch].tensix_shuffle)


def tensix_from_enabled_columns(enabled: int) -> int:
    """Blackhole's tensix mask from telemetry ENABLED_TENSIX_COL (tag 34)."""
    return tensix_from_physical(Arch.BLACKHOLE, ~enabled & _BH_TENSIX_COLUMNS)


def eth_from_enabled(enabled: int) -> int:
    """Blackhole's eth mask from telemetry ENABLED_ETH (tag 35); not shuffled."""
    return ~enabled & _BH_ETH_CHANNELS


def dram_from_enabled_gddr(enabled: int) -> int:
    """Blackhole's dram mask from telemetry ENABLED_GDDR (tag 36); not shuffled."""
    return ~enabled & _BH_GDDR_BANKS


def l2cpu_from_enabled(enabled: int) -> int:
    """Blackhole's l2cpu mask from telemetry ENABLED_L2CPU (tag 37)."""
    return _shuffled(~enabled & _BH_L2CPU_CORES, ARCHITECTURES[Arch.BLACKHOLE].l2cpu_shuffle)


def pcie_from_usage(usage: int) -> int:
    """Blackhole's pcie mask from telemetry PCIE_USAGE (tag 38): two bits per core, 1 is an endpoint
    in use, anything else is harvested."""
    return sum((usage >> 2 * core & 3 != _PCIE_ENDPOINT) << core for core in range(_BH_PCIE_CORES))


MASK_WORDS: dict[str, tuple[str, Callable[[int], int]]] = {
    "tensix": ("ENABLED_TENSIX_COL", tensix_from_enabled_columns),
    "dram": ("ENABLED_GDDR", dram_from_enabled_gddr),
    "eth": ("ENABLED_ETH", eth_from_enabled),
    "pcie": ("PCIE_USAGE", pcie_from_usage),
    "l2cpu": ("ENABLED_L2CPU", l2cpu_from_enabled),
}
"""By mask: the word of Blackhole's telemetry that tells it, as tt-umd names it, and what makes the mask of
it."""
