"""Of one chip: a trace region that does not fit is refused, unless nothing is allocatable; what it has at least."""

import msgspec
import pytest

from tests.grids import capacity_of
from ttinspect.capacity.chip import least_dram_bytes, least_l1_bytes
from ttinspect.capacity.settings import make_settings
from ttinspect.errors import InspectError
from ttinspect.facts.socs import builtin_soc
from ttinspect.model.arch import Arch
from ttinspect.model.capacity import Dispatch
from ttinspect.sources.opening import open_source

TOO_LARGE = 1 << 40


@pytest.mark.parametrize("source", ["board:p150", "masks:wormhole_b0"])
def test_a_trace_region_that_does_not_fit_is_refused(source: str) -> None:
    (chip,) = open_source(source).chips
    with pytest.raises(InspectError, match="trace-region"):
        capacity_of(chip, make_settings(trace_region=TOO_LARGE))


def test_of_a_device_that_does_not_open_it_is_not() -> None:
    (chip,) = open_source("board:p150").chips
    capacity = capacity_of(chip, make_settings(dispatch=Dispatch.ETH, trace_region=TOO_LARGE))
    assert (capacity.dram.views, capacity.trace.bytes) == (None, None)


def test_of_a_chip_whose_tensix_mask_is_unknown_it_is() -> None:
    (chip,) = open_source("board:p150").chips
    unknown = msgspec.structs.replace(chip, masks=msgspec.structs.replace(chip.masks, tensix=None))
    with pytest.raises(InspectError, match="trace-region"):
        capacity_of(unknown, make_settings(trace_region=TOO_LARGE))


def test_what_a_chip_of_unknown_harvesting_has_at_least() -> None:
    """tt-metal opens no chip with more than two harvested rows (Wormhole) or columns (Blackhole)."""
    assert least_l1_bytes(builtin_soc(Arch.WORMHOLE_B0)) == 8 * 8 * 1_499_136
    assert least_l1_bytes(builtin_soc(Arch.BLACKHOLE)) == 12 * 10 * 1_572_864
    assert least_dram_bytes(builtin_soc(Arch.WORMHOLE_B0)) == 6 * 2_147_483_648
    assert least_dram_bytes(builtin_soc(Arch.BLACKHOLE)) == 7 * 4_294_967_296
