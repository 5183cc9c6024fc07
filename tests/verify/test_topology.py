"""What does not add up in a topology."""

import msgspec
import pytest

from tests.wording import assert_counts_agree
from ttinspect.answers.topology import build_topology
from ttinspect.model.chip import Chip, Unknown
from ttinspect.model.finding import Severity
from ttinspect.model.system import Link, LinkEnd, LinkState, RemoteLink, Source, SourceKind, System
from ttinspect.sources.opening import open_source
from ttinspect.verify.findings.topology import link_counts, topology_findings


def system(board: str = "n300", **changes: object) -> System:
    """A recorded system with unique ids and board ids."""
    example = open_source(f"board:{board}")
    chips = tuple(
        msgspec.structs.replace(chip, unique_id=str(100 + chip.id), board_id="72058994491072600")
        for chip in example.chips
    )
    source = Source(kind=SourceKind.CLUSTER, detail="f", live=False, example=False)
    return msgspec.structs.replace(example, source=source, chips=chips, **changes)


def with_chips(base: System, **changes: object) -> System:
    """The System with a change to its last chip."""
    *first, last = base.chips
    return msgspec.structs.replace(base, chips=(*first, msgspec.structs.replace(last, **changes)))


def ids_of(of: System) -> list[tuple[int | None, str]]:
    findings = topology_findings(of)
    for each in findings.values():
        for finding in each:
            assert_counts_agree(finding.message)
    return [(chip, f.id) for chip, each in findings.items() for f in each]


def test_a_healthy_board_has_no_findings() -> None:
    assert ids_of(system()) == []
    assert ids_of(system("p300")) == []


def test_examples_are_not_told_that_they_have_no_links() -> None:
    assert topology_findings(open_source("board:galaxy-wh")) == {}


def _third(base: System) -> System:
    chip: Chip = msgspec.structs.replace(base.chips[1], id=2, unique_id="102")
    link = Link(a=LinkEnd(chip=1, channel=2), b=LinkEnd(chip=2, channel=2))
    return msgspec.structs.replace(base, chips=(*base.chips, chip), links=(*base.links, link))


def _first_link_down(whole: System) -> System:
    first, *others = whole.links
    return msgspec.structs.replace(
        whole, links=(msgspec.structs.replace(first, state=LinkState.DOWN), *others)
    )


@pytest.mark.parametrize(
    ("faulty", "expected"),
    [
        (with_chips(system(), unique_id="100"), [(None, "TTT001")]),
        (_third(system()), [(None, "TTT002")]),
        (
            system(
                remote_links=(
                    RemoteLink(a=LinkEnd(chip=0, channel=3), remote_unique_id="101", remote_channel=3),
                )
            ),
            [(0, "TTT003")],
        ),
        (
            system(links=(*system().links, Link(a=LinkEnd(chip=0, channel=8), b=LinkEnd(chip=1, channel=5)))),
            [(0, "TTT004")],
        ),
        (system(links=()), [(0, "TTT005"), (1, "TTT005")]),
        (with_chips(system(), via=None), [(1, "TTT006")]),
        (msgspec.structs.replace(system(), chips=system().chips[:1]), [(None, "TTT007")]),
        (_first_link_down(system()), [(0, "TTT008"), (1, "TTT008")]),
        (system(links=system().links[:1]), [(0, "TTT009"), (1, "TTT009")]),
        (system("p300", links=system("p300").links[1:]), [(0, "TTT009"), (1, "TTT009")]),
    ],
    ids=[
        "TTT001",
        "TTT002",
        "TTT003",
        "TTT004",
        "TTT005",
        "TTT006",
        "TTT007",
        "TTT008",
        "TTT009",
        "TTT009 p300",
    ],
)
def test_each_fault_gives_its_finding_and_no_other(
    faulty: System, expected: list[tuple[int | None, str]]
) -> None:
    assert ids_of(faulty) == expected


def test_a_link_that_leads_back_to_its_own_chip_is_told_and_counts_once() -> None:
    """As on a public machine: both cables of two ports of one card."""
    loops = tuple(
        Link(a=LinkEnd(chip=1, channel=a), b=LinkEnd(chip=1, channel=b)) for a, b in ((12, 13), (14, 15))
    )
    looped = system(links=(*system().links, *loops))
    assert ids_of(looped) == [(1, "TTT040")]
    (finding,) = topology_findings(looped)[1]
    assert finding.evidence == {"channels": ["12 with 13", "14 with 15"], "links": 2}
    _, chip = build_topology(looped).chips
    assert chip.neighbours is not None
    assert [(other.chip, other.links) for other in chip.neighbours] == [(0, 2), (1, 2)]
    assert {chip: counts.up for chip, counts in link_counts(looped).items()} == {0: 2, 1: 2}
    assert (1, "TTT005") in ids_of(system(links=loops))


def test_a_channel_that_is_linked_to_itself_is_an_end_of_one_link() -> None:
    loop = Link(a=LinkEnd(chip=1, channel=3), b=LinkEnd(chip=1, channel=3), state=LinkState.UP)
    looped = system(links=(*system().links, loop))
    assert ids_of(looped) == [(1, "TTT040")]
    (finding,) = topology_findings(looped)[1]
    assert finding.message == "a link leads back to the chip itself (channel 3), and to no other one"


def test_an_isolated_card_is_no_warning_where_links_are_cables() -> None:
    cards = with_chips(system("p150"), unknown=())
    two = msgspec.structs.replace(
        cards,
        chips=(cards.chips[0], msgspec.structs.replace(cards.chips[0], id=1, unique_id="9", board_id="5")),
    )
    findings = [finding for each in topology_findings(two).values() for finding in each]
    assert [(f.id, f.severity) for f in findings] == [("TTT005", Severity.INFO)] * 2


def test_a_galaxy_that_shows_some_of_its_chips_is_told_and_no_warning() -> None:
    galaxy = system("galaxy-wh")
    some = msgspec.structs.replace(galaxy, chips=galaxy.chips[:8])
    findings = [finding for finding in topology_findings(some)[None] if finding.id == "TTT007"]
    assert [finding.severity for finding in findings] == [Severity.INFO]
    assert not [finding for finding in topology_findings(galaxy).get(None, []) if finding.id == "TTT007"]


def test_a_board_is_whole_whichever_of_its_chips_are_shown() -> None:
    shown = build_topology(system(), frozenset({0}))
    assert [chip.id for chip in shown.chips] == [0]
    assert shown.findings == ()


def test_a_link_that_leaves_the_host_is_none_of_the_two_on_a_board() -> None:
    out = RemoteLink(a=LinkEnd(chip=0, channel=3), remote_unique_id="999", remote_channel=3)
    one_left = system(links=system().links[:1], remote_links=(out,))
    assert ids_of(one_left) == [(0, "TTT009"), (1, "TTT009")]


def test_links_of_a_board_are_counted_only_where_both_its_chips_show_theirs() -> None:
    hidden = with_chips(system(links=()), unknown=(Unknown(path="links", why="it did not start"),))
    assert "TTT009" not in [finding for _, finding in ids_of(hidden)]


def test_a_blackhole_names_the_far_end_by_board_and_place_on_it() -> None:
    """(board_id << 5) | asic_location, whatever unique id tt-umd gives the far chip."""
    leaving = RemoteLink(
        a=LinkEnd(chip=0, channel=2),
        remote_unique_id=str(72058994491072600 << 5 | 1),
        remote_channel=9,
    )
    pair = system("p300", remote_links=(leaving,))
    assert (0, "TTT003") in ids_of(pair)
    answer = build_topology(pair)
    assert [(chip.outside_links, chip.one_sided_links) for chip in answer.chips] == [(0, 1), (0, 0)]


def test_two_chips_at_one_place_of_a_board() -> None:
    twice = with_chips(system("p300", links=()), asic_location=0, assumed=())
    chips = (msgspec.structs.replace(twice.chips[0], assumed=()), twice.chips[1])
    both = msgspec.structs.replace(twice, chips=chips)
    assert (None, "TTT002") in ids_of(both)
    assert (None, "TTT002") not in ids_of(with_chips(both, asic_location=1))
    assert (None, "TTT002") not in ids_of(with_chips(both, assumed=("asic_location",)))
