"""Topology as a graph: every link is in it, with its ends, and one that is not up looks like none that is."""

import msgspec

from ttinspect.answers.topology import build_topology
from ttinspect.model.system import LinkEnd, LinkState, RemoteLink, System, Trouble
from ttinspect.report.topology import edges, links, topology_dot, topology_mermaid
from ttinspect.report.topology_svg import topology_svg
from ttinspect.sources.opening import open_source


def _n300(*, down: int = 0, outside: int = 0) -> System:
    """Both chips, the first links down, and links that leave the host."""
    example = open_source("board:n300")
    links = tuple(
        msgspec.structs.replace(link, state=LinkState.DOWN) if at < down else link
        for at, link in enumerate(example.links)
    )
    remote = tuple(
        RemoteLink(a=LinkEnd(chip=1, channel=6 + at), remote_unique_id="77", remote_channel=6)
        for at in range(outside)
    )
    return msgspec.structs.replace(example, links=links, remote_links=remote)


def test_links_between_two_chips_are_one_edge_with_the_channels_of_both_ends() -> None:
    (edge,) = edges(build_topology(_n300()))
    assert (edge.a, edge.b, edge.count, edge.channels) == (0, 1, "2", "eth 8-0, 9-1")


def test_the_ends_stand_in_the_order_of_the_chips_whichever_end_a_link_names_first() -> None:
    system = _n300()
    turned = tuple(msgspec.structs.replace(link, a=link.b, b=link.a) for link in system.links)
    (edge,) = edges(build_topology(msgspec.structs.replace(system, links=turned)))
    assert edge.channels == "eth 8-0, 9-1"


def test_a_link_that_is_down_is_dashed_and_counted() -> None:
    answer = build_topology(_n300(down=1))
    assert 'c0 -- c1 [label="2 (1 down)", tooltip="eth 8-0, 9-1", style="dashed"];' in topology_dot(answer)
    assert 'c0 -.-|"2 (1 down): eth 8-0, 9-1"| c1' in topology_mermaid(answer)
    assert '<path class="link broken"' in topology_svg(answer)
    whole = build_topology(_n300())
    assert 'c0 -- c1 [label="2", tooltip="eth 8-0, 9-1"];' in topology_dot(whole)
    assert 'c0 ---|"2: eth 8-0, 9-1"| c1' in topology_mermaid(whole)
    assert '<path class="link broken"' not in topology_svg(whole)


def test_links_that_may_lead_to_a_chip_without_a_name_are_not_said_to_leave_the_host() -> None:
    system = _n300(outside=3)
    unread = Trouble(chip=0, why="it hangs", readable=False)
    answer = build_topology(msgspec.structs.replace(system, troubles=(unread,)))
    assert [chip.outside_links for chip in answer.chips] == [0, None]
    (why,) = [unknown.why for unknown in answer.chips[1].unknown if unknown.path == "outside_links"]
    assert why == "3 lead to a unique id that is not known here, which may be that of chip 0"
    assert links(answer.chips[1]) == "0:2 out:?"
    assert ">out:?<title>" in topology_svg(answer)


def test_links_that_leave_the_host_lead_to_another_one() -> None:
    answer = build_topology(_n300(outside=3))
    assert ">out:3<title>links that leave this host</title>" in topology_svg(answer)
    assert ">out:" not in topology_svg(build_topology(_n300()))
    assert 'c1 -- out1 [label="3"];' in topology_dot(answer)
    assert 'c1 ---|3| out1["another host"]' in topology_mermaid(answer)
    assert "out0" not in topology_dot(answer) + topology_mermaid(answer)


def test_a_picture_of_links_says_what_its_lines_mean_and_what_it_is_of() -> None:
    whole = topology_svg(build_topology(_n300()))
    assert ">box: chip, with its unique id below | " in whole
    assert "line: eth links, with how many" in whole
    assert "dashed:" not in whole
    assert "1/2 up, dashed: one of two is down" in topology_svg(build_topology(_n300(down=1)))
    assert ">Source: " in whole
    system = _n300()
    chips = tuple(msgspec.structs.replace(chip, board_id="72058985899896899") for chip in system.chips)
    source = msgspec.structs.replace(system.source, example=False)
    named = topology_svg(build_topology(msgspec.structs.replace(system, chips=chips, source=source)))
    assert named.count(">n300 0100014411703043<") == 1
