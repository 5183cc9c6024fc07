"""masks:ARCH,KEY=VALUE,... one chip from its masks."""

from pathlib import Path

import pytest
import yaml

from tests.facts.test_socs import document
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip, Masks
from ttinspect.sources.opening import open_source


def chip(text: str) -> Chip:
    return open_source(f"masks:{text}").chips[0]


def masks(text: str) -> Masks:
    return chip(text).masks


def test_what_is_left_out_is_zero_on_wormhole() -> None:
    assert masks("wormhole_b0") == Masks(tensix=0, dram=0, eth=0, pcie=0, l2cpu=0)


def test_a_full_blackhole_loses_two_eth_channels_and_a_pcie_core_by_default() -> None:
    assert masks("blackhole,tensix=0x60") == Masks(tensix=0x60, dram=0, eth=0x120, pcie=2, l2cpu=0)


def test_what_is_left_out_comes_from_the_boards_example() -> None:
    described = chip("blackhole,board=p100,tensix=3")
    assert described.board is Board("p100")
    assert (described.masks.tensix, described.masks.eth) == (3, 0x3FFF)
    assert described.masks.dram is not None
    assert described.masks.dram.bit_count() == 1
    assert described.assumed == ("dram", "eth", "pcie", "l2cpu", "noc_translation")


def test_everything_that_was_not_given_is_listed_as_assumed() -> None:
    assert chip("quasar,tensix=1,noc_translation=off").assumed == ("dram", "eth", "pcie", "l2cpu")
    assert chip("quasar").noc_translation is True
    given = "blackhole,tensix=0,dram=0,eth=0x120,pcie=2,l2cpu=0,noc_translation=on"
    assert chip(given).assumed == ()


def test_telemetry_words_are_converted_from_physical_order() -> None:
    # tt-umd 0.9.14 reported these masks for a simulated device with this telemetry
    telemetry = (
        "ENABLED_TENSIX_COL=0x3eff,ENABLED_ETH=0x3fdb,ENABLED_GDDR=0xff,ENABLED_L2CPU=0x7,PCIE_USAGE=0x4"
    )
    assert masks(f"blackhole,{telemetry}") == Masks(tensix=16, dram=0, eth=36, pcie=1, l2cpu=4)


def test_decimal_and_hex_mean_the_same() -> None:
    assert masks("wormhole_b0,tensix=65") == masks("wormhole_b0,tensix=0x41")


def test_a_right_p300_chip_has_the_other_pcie_core() -> None:
    described = chip("blackhole,board=p300,asic_location=1,pcie=1")
    assert (described.asic_location, described.masks.pcie) == (1, 1)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("grayskull", ExitCode.UNSUPPORTED_ARCH, "wormhole_b0, blackhole, quasar"),
        ("", ExitCode.UNSUPPORTED_ARCH, "wormhole_b0"),
        ("wormhole_b0,tensix", ExitCode.USAGE, "KEY=VALUE"),
        ("wormhole_b0,rows=1", ExitCode.USAGE, "unknown key 'rows'"),
        ("wormhole_b0,tensx=1", ExitCode.USAGE, "did you mean tensix?"),
        ("wormhole_b0,tensix=1,tensix=2", ExitCode.USAGE, "tensix is repeated"),
        ("wormhole_b0,tensix=-1", ExitCode.USAGE, "0xffffffff"),
        ("wormhole_b0,tensix=two", ExitCode.USAGE, "0xffffffff"),
        ("wormhole_b0,tensix=010", ExitCode.USAGE, "0xffffffff"),
        ("wormhole_b0,tensix=", ExitCode.USAGE, "0xffffffff"),
        ("wormhole_b0,tensix=0x100000000", ExitCode.USAGE, "0xffffffff"),
        ("wormhole_b0,tensix=" + "9" * 5000, ExitCode.USAGE, "0xffffffff"),
        ("wormhole_b0,tensix=0x400", ExitCode.USAGE, "bit 10 set"),
        ("wormhole_b0,dram=1", ExitCode.USAGE, "DRAM harvesting is supported only for Blackhole."),
        ("blackhole,dram=3", ExitCode.USAGE, "At most DRAM bank can be harvested on Blackhole."),
        ("blackhole,eth=0", ExitCode.USAGE, "Exactly 2 or 14 ETH cores should be harvested"),
        ("blackhole,board=p150,pcie=0", ExitCode.USAGE, "P150 card should always have PCIe core (11, 0)"),
        ("wormhole_b0,board=p150,pcie=0", ExitCode.USAGE, "P150 card should always have PCIe core (11, 0)"),
        ("wormhole_b0,board=p100", ExitCode.USAGE, "a p100 is a blackhole board"),
        ("blackhole,board=p999", ExitCode.USAGE, "neither a board name"),
        ("blackhole,noc_translation=yes", ExitCode.USAGE, "on or off"),
        ("wormhole_b0,ENABLED_ETH=1", ExitCode.USAGE, "telemetry of Blackhole"),
        ("blackhole,eth=0x120,ENABLED_ETH=0x3edf", ExitCode.USAGE, "both given"),
        ("blackhole,soc=", ExitCode.USAGE, "cannot read"),
        ("blackhole,soc=/nowhere/x.yaml", ExitCode.USAGE, "no such file"),
    ],
)
def test_refusals(text: str, code: ExitCode, words: str) -> None:
    with pytest.raises(InspectError) as caught:
        chip(text)
    assert caught.value.exit_code is code
    assert words in f"{caught.value.what}: {caught.value.why}"


def test_a_soc_file_gives_the_design_and_stands_last(tmp_path: Path) -> None:
    path = tmp_path / "a,b=c.yaml"
    path.write_text(yaml.safe_dump(document()))
    described = chip(f"blackhole,tensix=1,soc={path}")
    assert described.soc.tensix == ((1, 1), (2, 1), (1, 2), (2, 2))
    assert (described.masks.eth, described.masks.pcie) == (0, 0)  # not a full Blackhole: no defaults of one
    assert described.arch is Arch.BLACKHOLE


def test_a_soc_file_of_another_architecture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(yaml.safe_dump(document()))
    with pytest.raises(InspectError, match="it describes a blackhole"):
        chip(f"wormhole_b0,soc={path}")


@pytest.mark.parametrize("masks_text", ["", ",tensix=0"])
def test_a_serialized_runtime_descriptor_without_masks_is_accepted(masks_text: str, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(yaml.safe_dump(document(harvested_workers=["3-1"])))
    assert chip(f"blackhole{masks_text},soc={path}").masks.tensix == 0


def test_masks_are_not_applied_again_to_a_serialized_runtime_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(yaml.safe_dump(document(harvested_workers=["3-1"])))
    with pytest.raises(InspectError, match="already without its harvested cores"):
        chip(f"blackhole,tensix=1,soc={path}")


def test_what_is_left_out_comes_from_the_chip_at_that_place() -> None:
    def masks(text: str) -> object:
        return open_source(f"masks:{text}").chips[0].masks

    example = open_source("board:n300").chips
    assert masks("wormhole_b0,board=n300,asic_location=1") == example[1].masks
    assert masks("blackhole,board=p300,asic_location=1") == open_source("board:p300").chips[1].masks


def test_a_board_without_an_example_has_the_defaults_of_its_design() -> None:
    (chip,) = open_source("masks:blackhole,board=ubb_blackhole_cf,tensix=1,dram=1").chips
    assert (chip.masks.eth, chip.masks.pcie, chip.masks.l2cpu) == (0x120, 0x2, 0)


def test_a_telemetry_word_of_all_ones_is_missing_and_not_everything_enabled() -> None:
    with pytest.raises(InspectError, match="its mask is unknown"):
        open_source("masks:blackhole,ENABLED_TENSIX_COL=0xffffffff")
