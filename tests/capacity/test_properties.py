"""Laws of capacity, and the mistake that it exists to prevent."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.capacity.test_allocator import chip
from tests.grids import capacity_of, grid_of
from tests.harvesting.strategies import SOCS, arch_and_masks, masks_with_unknowns
from ttinspect.capacity.chip import mesh_capacity
from ttinspect.capacity.settings import make_settings
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.arch import Arch, Board
from ttinspect.model.capacity import Dispatch
from ttinspect.model.chip import Masks
from ttinspect.verify.findings.allocation import allocation_findings

DISPATCHES = st.sampled_from(list(Dispatch))


def _wormhole(tensix: int) -> Masks:
    return Masks(tensix=tensix, dram=0, eth=0, pcie=0, l2cpu=0)


def test_an_n300_chip_has_91_5_mib_and_not_171_6() -> None:
    l1 = capacity_of(chip(Arch.WORMHOLE_B0, Board("n300"), _wormhole(0x041)), make_settings()).l1
    assert l1.physical == 95_944_704
    assert l1.naive_bytes == 179_896_320


@given(arch_and_masks(), DISPATCHES, st.integers(0, 1000), st.integers(0, 10**8))
@settings(deadline=None)
def test_allocatable_never_exceeds_physical(
    case: tuple[Arch, Masks], dispatch: Dispatch, l1_small: int, trace: int
) -> None:
    arch, masks = case
    settings = make_settings(dispatch=dispatch, l1_small=l1_small * 64, trace_region=trace)
    capacity = capacity_of(chip(arch, None, masks), settings)
    if capacity.l1.allocatable is not None:
        assert capacity.l1.physical is not None
        assert capacity.l1.cores is not None
        assert capacity.l1.banks is not None
        assert capacity.l1.banks <= capacity.l1.cores
        reserved = capacity.l1.dispatch_bytes, capacity.l1.reserved_bytes, capacity.l1_small.bytes
        assert capacity.l1.allocatable + sum(part or 0 for part in reserved) == capacity.l1.physical
    if capacity.dram.allocatable is not None:
        assert capacity.dram.physical is not None
        assert capacity.dram.allocatable <= capacity.dram.physical


@given(arch_and_masks(), st.data())
@settings(deadline=None)
def test_physical_falls_strictly_with_each_harvested_line(
    case: tuple[Arch, Masks], data: st.DataObject
) -> None:
    arch, masks = case
    axis = 0 if arch is Arch.BLACKHOLE else 1  # a bit of a Blackhole's mask is a column, of others a row
    lines = len({core[axis] for core in SOCS[arch].tensix})
    assert masks.tensix is not None
    live = [line for line in range(lines) if not masks.tensix >> line & 1]
    if not live:
        return
    fewer = Masks(
        tensix=masks.tensix | 1 << data.draw(st.sampled_from(live)),
        dram=masks.dram,
        eth=masks.eth,
        pcie=masks.pcie,
        l2cpu=masks.l2cpu,
    )
    before = capacity_of(chip(arch, None, masks), make_settings()).l1.physical
    after = capacity_of(chip(arch, None, fewer), make_settings()).l1.physical
    assert before is not None
    assert after is not None
    assert after < before


@given(masks_with_unknowns())
@settings(deadline=None)
def test_an_unknown_mask_gives_unknown_bytes(case: tuple[Arch, Masks]) -> None:
    arch, masks = case
    capacity = capacity_of(chip(arch, None, masks), make_settings())
    assert (capacity.l1.physical is None) == (masks.tensix is None)
    assert (capacity.dram.physical is None) == (masks.dram is None)
    assert (capacity.eth_l1.physical is None) == (masks.eth is None)
    if masks.tensix is None:
        assert capacity.l1.allocatable is capacity.l1.banks is capacity.l1_small.banks is None


@pytest.mark.parametrize("name", ["ttnn-0.70.1", "0.70.1", "0.70"])
def test_the_bases_of_an_older_runtime_are_used_when_it_is_named(name: str) -> None:
    n150 = chip(Arch.WORMHOLE_B0, Board("n150"), _wormhole(0x010))
    capacity = capacity_of(n150, make_settings(runtime=name))
    assert capacity.l1.bank_bytes == 1_499_136 - 103_712
    assert capacity.dram.view_bytes == 1_073_741_824 - 32


def test_a_given_base_overrides_the_runtimes() -> None:
    n150 = chip(Arch.WORMHOLE_B0, Board("n150"), _wormhole(0x010))
    capacity = capacity_of(n150, make_settings(l1_base=0, dram_base=0))
    assert capacity.l1.bank_bytes == 1_499_136
    assert capacity.dram.view_bytes == 1_073_741_824


@pytest.mark.parametrize("tensix", [0b111, 0x3FF])
def test_without_a_table_allocatable_is_unknown_but_physical_is_not(tensix: int) -> None:
    capacity = capacity_of(chip(Arch.WORMHOLE_B0, None, _wormhole(tensix)), make_settings())
    assert capacity.l1.compute_grid is None
    assert capacity.l1.allocatable is capacity.dram.allocatable is None
    assert capacity.l1.physical == (10 - tensix.bit_count()) * 8 * 1_499_136


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"runtime": "ttnn-9"}, "ttnn-0.81.1"),
        ({"l1_small": 100}, "no multiple of 64"),
        ({"l1_small": 100}, "use 64 or 128"),
        ({"l1_small": 1000}, "use 960 or 1024"),
        ({"l1_small": -64}, "negative"),
        ({"trace_region": -1}, "negative"),
        ({"l1_base": -1}, "negative"),
    ],
)
def test_settings_that_were_not_measured_or_make_no_sense_are_refused(
    arguments: dict[str, int], words: str
) -> None:
    with pytest.raises(InspectError) as caught:
        make_settings(**arguments)  # type: ignore[arg-type]
    assert caught.value.exit_code is ExitCode.USAGE
    assert words in f"{caught.value.why} {caught.value.next_step}"


@pytest.mark.parametrize("arguments", [{"l1_small": 1_499_136}, {"trace_region": 12 * 2**30}])
def test_what_does_not_fit_the_bank_is_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(InspectError, match="does not fit"):
        capacity_of(
            chip(Arch.WORMHOLE_B0, Board("n150"), _wormhole(0x010)),
            make_settings(**arguments),  # type: ignore[arg-type]
        )


def test_a_mesh_uses_the_smallest_compute_grid_on_every_chip() -> None:
    chips = [
        capacity_of(chip(Arch.WORMHOLE_B0, None, _wormhole(mask)), make_settings()) for mask in (0b1, 0b11)
    ]
    mesh = mesh_capacity(chips)
    assert (mesh.compute_grid, mesh.banks, mesh.chips) == ((8, 7), 56, 2)
    assert mesh.allocatable == 56 * (1_499_136 - 105_824)


@pytest.mark.parametrize("bank_bytes", [0, 2**31, 2**33])
def test_views_of_other_banks_than_the_measured_ones_are_unknown(bank_bytes: int) -> None:
    known = chip(Arch.BLACKHOLE, Board("p150"), Masks(tensix=3, dram=0, eth=0x120, pcie=2, l2cpu=0))
    soc = msgspec.structs.replace(known.soc, dram_bank_bytes=bank_bytes, built_in=False)
    other = msgspec.structs.replace(known, soc=soc)
    dram = capacity_of(other, make_settings()).dram
    assert (dram.physical, dram.views, dram.allocatable) == (8 * bank_bytes, None, None)
    assert [finding.id for finding in allocation_findings(other, grid_of(other), make_settings())] == [
        "TTC004"
    ]


def test_a_base_that_does_not_fit_is_named() -> None:
    known = chip(Arch.WORMHOLE_B0, Board("n150"), _wormhole(1))
    with pytest.raises(InspectError, match="--l1-base 1499137 does not fit"):
        capacity_of(known, make_settings(l1_base=1_499_137))
