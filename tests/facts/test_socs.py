"""The built-in descriptors are tt-umd's; a user's file is read strictly."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.files import data_directory
from ttinspect.facts.socs import (
    arch_named,
    builtin_soc,
    soc_corrections,
    soc_from_document,
    soc_from_file,
    uncorrected_soc,
)
from ttinspect.model.arch import Arch


def _pairs(cores: Any) -> tuple[tuple[int, int], ...]:
    return tuple((core.x, core.y) for core in cores)


@pytest.mark.parametrize("arch", list(Arch))
def test_every_value_is_that_of_tt_umds_soc_arch_descriptor(arch: Arch) -> None:
    tt_umd = pytest.importorskip("tt_umd", reason="tt_umd has no wheel for this Python or platform")
    if not hasattr(tt_umd.ARCH, arch.name):
        pytest.skip(f"this tt_umd has no table of {arch.value}")
    theirs = tt_umd.SocArchDescriptor(getattr(tt_umd.ARCH, arch.name))
    ours = builtin_soc(arch)
    assert ours.grid == (theirs.grid_size.x, theirs.grid_size.y)
    assert ours.tensix == _pairs(theirs.tensix_cores)
    assert ours.dram == tuple(_pairs(bank) for bank in theirs.dram_cores)
    assert ours.eth == _pairs(theirs.eth_cores)
    assert ours.pcie == _pairs(theirs.pcie_cores)
    assert ours.l2cpu == _pairs(theirs.l2cpu_cores)
    assert ours.arc == _pairs(theirs.firmware_cores)
    assert ours.router_only == _pairs(theirs.router_cores)
    assert ours.security == _pairs(theirs.security_cores)
    assert ours.dispatch == _pairs(theirs.dispatch_cores)
    assert ours.noc1_x == tuple(theirs.noc0_x_to_noc1_x)
    assert ours.noc1_y == tuple(theirs.noc0_y_to_noc1_y)
    assert ours.worker_l1_bytes == theirs.worker_l1_size
    assert uncorrected_soc(arch).eth_l1_bytes == theirs.eth_l1_size
    assert ours.dram_bank_bytes == theirs.dram_bank_size


@pytest.mark.parametrize(
    ("arch", "eth_l1_bytes", "tt_umd_bytes"),
    [(Arch.WORMHOLE_B0, 262_144, None), (Arch.BLACKHOLE, 524_288, 262_144), (Arch.QUASAR, 262_144, None)],
)
def test_eth_l1_of_a_blackhole_is_512_kib_whatever_tt_umds_table_says(
    arch: Arch, eth_l1_bytes: int, tt_umd_bytes: int | None
) -> None:
    """Written and read back up to 0x7fffc on the functional simulator; ttnn 0.81.1 says 524,288 too."""
    assert builtin_soc(arch).eth_l1_bytes == eth_l1_bytes
    corrections = soc_corrections(arch)
    assert [correction.tt_umd_bytes for correction in corrections.values()] == (
        [tt_umd_bytes] if tt_umd_bytes else []
    )


def document(**changes: Any) -> dict[str, Any]:
    """A small, right descriptor: 2 x 2 workers, one bank of two ports."""
    base: dict[str, Any] = {
        "arch_name": "blackhole",
        "grid": {"x_size": 4, "y_size": 4},
        "functional_workers": ["1-1", "2-1", "1-2", "2-2"],
        "dram": [["0-0", "0-1"]],
        "eth": ["1-0"],
        "pcie": [],
        "arc": ["3-0"],
        "router_only": ["3-3"],
        "worker_l1_size": 1024,
        "eth_l1_size": 512,
        "dram_bank_size": 4096,
    }
    return {key: value for key, value in {**base, **changes}.items() if value is not ...}


def test_a_small_descriptor_is_read() -> None:
    soc = soc_from_document(document(l2cpu=["3-1"], ignored_key=1), "f")
    assert soc.tensix == ((1, 1), (2, 1), (1, 2), (2, 2))
    assert soc.dram == (((0, 0), (0, 1)),)
    assert soc.noc1_x is None
    assert soc.l2cpu == ((3, 1),)


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"grid": ...}, "grid", "expected a mapping with x_size and y_size"),
        ({"worker_l1_size": "big"}, "worker_l1_size", "found 'big'"),
        ({"worker_l1_size": -1}, "worker_l1_size", "found -1"),
        ({"eth": None}, "eth", "found nothing"),
        ({"eth": ["a-b"]}, "eth[0]", "found 'a-b', expected a coordinate"),
        ({"eth": ["1-0", "9-9"]}, "f", "9-9 lies outside the 4x4 grid"),
        ({"eth": ["1-1"]}, "f", "1-1 is listed twice"),
        ({"functional_workers": ["1-1", "2-1", "1-2"]}, "functional_workers", "no full rectangle"),
        ({"functional_workers": ["1-1", "1-2", "2-1", "2-2"]}, "functional_workers", "row by row"),
        ({"dram": [["0-0", "0-1"], ["0-2"]]}, "dram", "different numbers of ports"),
        ({"dram": ["0-0"]}, "dram[0]", "expected a list of ports"),
        ({"noc0_x_to_noc1_x": [3, 2, 1, 0]}, "f", "belong together"),
        ({"noc0_x_to_noc1_x": [0], "noc0_y_to_noc1_y": [3, 2, 1, 0]}, "noc0_x_to_noc1_x", "found 1 entry"),
    ],
)
def test_what_tt_umd_reads_leniently_is_refused_with_its_place(
    changes: dict[str, Any], path: str, words: str
) -> None:
    with pytest.raises(InspectError) as caught:
        soc_from_document(document(**changes), "f")
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.what.endswith(path)
    assert words in caught.value.why


def test_an_unknown_architecture_has_its_own_exit_code() -> None:
    with pytest.raises(InspectError) as caught:
        soc_from_document(document(arch_name="grayskull"), "f")
    assert caught.value.exit_code is ExitCode.UNSUPPORTED_ARCH


def test_architectures_are_named_in_any_case_and_wormhole_is_wormhole_b0() -> None:
    assert arch_named("Wormhole") is arch_named("WORMHOLE_B0") is Arch.WORMHOLE_B0


_NODES = st.permutations([(x, y) for x in range(6) for y in range(6)])


@given(_NODES, st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**40))
@settings(deadline=None)
def test_a_descriptor_written_out_and_read_again_is_the_same(
    nodes: list[tuple[int, int]], width: int, height: int, size: int
) -> None:
    workers = [(x, y) for y in range(height) for x in range(width)]
    rest = iter([node for node in nodes if node not in workers])

    def take(count: int) -> list[str]:
        return [f"{x}-{y}" for x, y in (next(rest) for _ in range(count))]

    written = document(
        grid={"x_size": 6, "y_size": 6},
        functional_workers=[f"{x}-{y}" for x, y in workers],
        dram=[take(2), take(2)],
        eth=take(3),
        pcie=take(1),
        arc=take(1),
        router_only=take(2),
        security=take(1),
        dispatch=take(1),
        l2cpu=take(1),
        worker_l1_size=size,
        noc0_x_to_noc1_x=[5, 4, 3, 2, 1, 0],
        noc0_y_to_noc1_y=[5, 4, 3, 2, 1, 0],
    )
    soc = soc_from_document(written, "f")
    again = {
        "arch_name": soc.arch.value,
        "grid": {"x_size": soc.grid[0], "y_size": soc.grid[1]},
        "functional_workers": [f"{x}-{y}" for x, y in soc.tensix],
        "dram": [[f"{x}-{y}" for x, y in bank] for bank in soc.dram],
        **{
            name: [f"{x}-{y}" for x, y in getattr(soc, name)]
            for name in ("eth", "pcie", "arc", "router_only", "security", "dispatch", "l2cpu")
        },
        "worker_l1_size": soc.worker_l1_bytes,
        "eth_l1_size": soc.eth_l1_bytes,
        "dram_bank_size": soc.dram_bank_bytes,
        "noc0_x_to_noc1_x": list(soc.noc1_x or ()),
        "noc0_y_to_noc1_y": list(soc.noc1_y or ()),
    }
    assert again == written
    assert soc_from_document(again, "g") == soc


@pytest.mark.parametrize("arch", list(Arch))
def test_our_files_are_yaml_that_other_readers_read_alike(arch: Arch) -> None:
    path = data_directory() / f"{arch.value}.yaml"
    theirs = yaml.safe_load(path.read_text())
    assert theirs["functional_workers"] == [f"{x}-{y}" for x, y in builtin_soc(arch).tensix]


def test_the_built_in_wormhole_is_as_good_a_file_as_any(tmp_path: Path) -> None:
    copy = tmp_path / "wh.yaml"
    copy.write_text((data_directory() / "wormhole_b0.yaml").read_text())
    assert soc_from_file(str(copy)).tensix == builtin_soc(Arch.WORMHOLE_B0).tensix
