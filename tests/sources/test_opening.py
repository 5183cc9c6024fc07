"""What a SOURCE is: by its prefix, else by its content."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harvesting.strategies import SOCS, masks_with_unknowns
from tests.sources.clusters import MODERN_P150, n300, to_yaml
from tests.sources.test_tt_smi import TELEMETRY, tt_smi
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Chip, Masks, Unknown
from ttinspect.model.system import Link, LinkEnd, Recording, RemoteLink, Source, SourceKind, System
from ttinspect.sources.opening import kind_of, open_source, read_content


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("umd", "umd"), ("sysfs", "sysfs"), ("sysfs:/root", "sysfs"), ("sim:x.so", "sim"), ("board:n150", "board"),
        ("masks:blackhole", "masks"), ("board", "path"), ("masks", "path"), ("sim", "path"), ("-", "path"),
        ("./umd", "path"), ("umd.yaml", "path"), ("C:file", "path"), ("", "path"),
    ],
)  # fmt: skip
def test_the_prefix_decides_the_kind(source: str, kind: str) -> None:
    assert kind_of(source) == kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (MODERN_P150, SourceKind.CLUSTER),
        (to_yaml(n300()), SourceKind.CLUSTER),
        (tt_smi(TELEMETRY), SourceKind.TT_SMI),
        ("\ufeff" + tt_smi(TELEMETRY), SourceKind.TT_SMI),
        (
            "{arch: {0: Wormhole}, chips_with_mmio: [0], ethernet_connections: [], boardtype: n150}",
            SourceKind.CLUSTER,
        ),
        (
            '{"arch": {"0": "wormhole"}, "chips_with_mmio": [0], "ethernet_connections": []}',
            SourceKind.CLUSTER,
        ),
    ],
    ids=["cluster", "old cluster", "tt-smi", "bom", "flow yaml", "json cluster"],
)
def test_the_content_decides_what_a_file_is(content: str, kind: SourceKind) -> None:
    assert read_content(content.encode(), "f").source.kind is kind


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("hello", "found text, expected a UMD cluster descriptor"),
        ("[1, 2]", "found a list of 2, expected a UMD cluster descriptor"),
        ("a: 1", "found a mapping of 1, expected a UMD cluster descriptor"),
        ("{}", "none of the documents"),
        ("arch_name: blackhole\nfunctional_workers: []\n", "it is a SoC descriptor"),
        ('{"schema": "ttinspect.harvest.v1"}', "it is a ttinspect.harvest.v1 document, not a source"),
        ('{"schema": "ttinspect.system.v2"}', "ttinspect.system.v2"),
        ('{"schema": "other"}', "not one of ttinspect's"),
        ('{"schema": 5}', "not one of ttinspect's"),
        ('{"schema": "ttinspect.system.v1"}', "is missing"),
        ('{"a": ' * 200_000, ""),
        ("[" * 200_000, ""),
        ('{"device_info": ' + "[" * 200_000, ""),
    ],
    ids=range(15),
)
def test_what_is_no_source_is_refused(content: str, words: str) -> None:
    with pytest.raises(InspectError) as caught:
        read_content(content.encode(), "f")
    assert caught.value.exit_code is ExitCode.USAGE
    assert words in caught.value.why


@pytest.mark.parametrize(
    "content", ["{}", '{"a": 1}', "[]", "[{}]", '["arch"]', "[[1], 2]", "[1, 2]", '"arch"', "5"]
)
def test_any_json_that_is_no_source_is_told_what_is_read(content: str) -> None:
    with pytest.raises(InspectError) as caught:
        read_content(content.encode(), "f")
    assert "cluster descriptor (YAML), a tt-smi -s document (JSON)" in caught.value.next_step


def test_a_soc_descriptor_is_sent_to_masks() -> None:
    with pytest.raises(InspectError) as caught:
        read_content(b"arch_name: blackhole\nworker_l1_size: 1\n", "s.yaml")
    assert "masks:blackhole,soc=s.yaml" in caught.value.next_step


def test_a_soc_descriptor_of_an_unknown_architecture_is_7() -> None:
    with pytest.raises(InspectError) as caught:
        read_content(b"arch_name: grayskull\nworker_l1_size: 1\n", "s.yaml")
    assert caught.value.exit_code is ExitCode.UNSUPPORTED_ARCH


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
@settings(deadline=None)
def test_any_bytes_give_a_system_or_our_error(content: bytes) -> None:
    try:
        read_content(content, "f")
    except InspectError as error:
        assert error.exit_code in (ExitCode.USAGE, ExitCode.NO_DEVICES, ExitCode.UNSUPPORTED_ARCH)


_IDS = st.none() | st.integers(0, 2**64 - 1).map(str)
_ENDS = st.builds(LinkEnd, chip=st.integers(0, 40), channel=st.integers(0, 15))


@st.composite
def _chips(draw: st.DrawFn, chip_id: int) -> Chip:
    arch, masks = draw(masks_with_unknowns())
    return Chip(
        id=chip_id,
        arch=arch,
        soc=SOCS[arch],
        board=draw(st.none() | st.sampled_from(list(Board))),
        board_name=draw(st.none() | st.text(max_size=10)),
        board_id=draw(_IDS),
        unique_id=draw(_IDS),
        asic_location=draw(st.none() | st.integers(0, 255)),
        noc_translation=draw(st.none() | st.booleans()),
        masks=masks,
        assumed=tuple(draw(st.lists(st.sampled_from(["dram", "eth"]), max_size=2))),
        firmware=draw(st.none() | st.tuples(*[st.integers(0, 255)] * 3)),
        mmio=draw(st.none() | st.booleans()),
        via=draw(st.none() | st.integers(0, 40)),
        kmd_id=draw(st.none() | st.integers(0, 40)),
        pci_bdf=draw(st.none() | st.just("0000:41:00.0")),
        unknown=tuple(draw(st.lists(st.builds(Unknown, path=st.text(), why=st.text()), max_size=2))),
    )


@st.composite
def systems(draw: st.DrawFn) -> System:
    return System(
        source=Source(
            kind=draw(st.sampled_from(list(SourceKind))), detail=draw(st.text()), live=False, example=False
        ),
        chips=tuple(draw(_chips(index)) for index in range(draw(st.integers(0, 3)))),
        links=tuple(draw(st.lists(st.builds(Link, a=_ENDS, b=_ENDS), max_size=3))),
        remote_links=tuple(
            draw(
                st.lists(
                    st.builds(
                        RemoteLink, a=_ENDS, remote_unique_id=st.just("5"), remote_channel=st.integers(0, 15)
                    ),
                    max_size=2,
                )
            )
        ),
        warnings=tuple(draw(st.lists(st.text(), max_size=2))),
    )


@given(systems())
@settings(deadline=None)
def test_a_system_written_out_and_read_again_is_the_same(system: System) -> None:
    assert msgspec.json.decode(msgspec.json.encode(system), type=System) == system


def test_a_system_in_json_is_a_source() -> None:
    system = open_source("board:n300")
    again = read_content(msgspec.json.encode(system), "host.json")
    assert again.chips == system.chips
    assert again.links == system.links
    # an example stays one, however it was passed on
    of = Recording(kind=SourceKind.BOARD, detail="n300", host=None, time_ns=None)
    assert again.source == Source(
        kind=SourceKind.SNAPSHOT, detail="host.json", live=False, example=True, recorded=of
    )


def test_the_examples_are_marked() -> None:
    source = open_source("board:p150").source
    assert (source.kind, source.example, source.live) == (SourceKind.BOARD, True, False)


def test_an_unknown_board_lists_the_known_ones() -> None:
    with pytest.raises(InspectError) as caught:
        open_source("board:p999")
    assert "galaxy-wh" in caught.value.why


def test_an_examples_chips_are_ready_to_use() -> None:
    chips = open_source("board:n300").chips
    assert [(c.id, c.arch, c.mmio, c.via) for c in chips] == [
        (0, Arch.WORMHOLE_B0, True, None),
        (1, Arch.WORMHOLE_B0, False, 0),
    ]
    assert chips[0].masks != Masks(tensix=0, dram=0, eth=0, pcie=0, l2cpu=0)


def test_a_schema_that_is_no_text_is_refused_by_name() -> None:
    with pytest.raises(InspectError) as caught:
        read_content(b'{"schema":"tt\xa5"}', "x.json")
    assert (caught.value.what, caught.value.why) == ("x.json", "it is not UTF-8 text")


def test_two_documents_in_one_file_are_refused() -> None:
    """One of them would be passed over."""
    documents = [msgspec.json.encode(open_source(source)) for source in ("board:p150", "board:n300")]
    with pytest.raises(InspectError, match="not valid JSON") as caught:
        read_content(b"\n".join(documents), "both.json")
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_schema_of_any_length_is_refused() -> None:
    with pytest.raises(InspectError) as caught:
        read_content(b'{"schema": "ttinspect.snapshot.v' + b"9" * 5000 + b'"}', "s.json")
    assert caught.value.exit_code is ExitCode.USAGE
