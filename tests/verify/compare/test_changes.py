"""Laws of diff: nothing differs from itself, both directions say the same, one change is one change."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

import ttinspect
from ttinspect.answers.diff import DiffAnswer, build_diff, diff_exit_code
from ttinspect.errors import ExitCode
from ttinspect.harvesting.coordinates import chip_coordinates
from ttinspect.model.arch import Board, CoreType
from ttinspect.model.chip import UNKNOWN_MASKS, Chip, PcieLink, Unknown
from ttinspect.model.system import LinkEnd, LinkState, RemoteLink, System, Trouble
from ttinspect.model.telemetry import EthChannel, GddrModule, Telemetry

replace = msgspec.structs.replace


def _module(channel: int) -> GddrModule:
    return GddrModule(
        channel=channel, trained=True, top_celsius=50.0, bottom_celsius=51.0, corrected_read_errors=0,
        corrected_write_errors=0, uncorrected_read_errors=0, uncorrected_write_errors=0,
    )  # fmt: skip


def _host() -> System:
    """Two P300 boards, everything known."""
    example = ttinspect.open_source("board:p300")
    chips = []
    for board in range(2):
        for chip in example.chips:
            number = 2 * board + chip.id
            chips.append(
                replace(
                    chip, id=number, unique_id=str(5000000 + number), board_id=str(0x44 << 36 | board),
                    kmd_id=number, pci_bdf=f"0000:{0x41 + number:02x}:00.0", firmware=(19, 5, 0), tray=1,
                    live_cores={
                        name: chip_coordinates(chip.soc, chip.masks, True).type_cores(CoreType(name))
                        for name in ("tensix", "dram", "eth")
                    },
                    pcie=PcieLink(bus_id=0x41 + number, lanes=16, max_lanes=16, generation=5, max_generation=5),
                    telemetry=Telemetry(
                        time_ns=1, aiclk_mhz=800, aiclk_max_mhz=1350, asic_celsius=60.0, heartbeat=5,
                        heartbeat_moves=True, firmware_bundle="19.5.0.0", firmware_eth="1.2.3", fan_rpm=1000,
                        gddr=tuple(_module(channel) for channel in range(8)),
                        eth=tuple(EthChannel(channel=channel, up=True) for channel in range(12)),
                    ),
                )
            )  # fmt: skip
    links = list(example.links)
    links += [
        replace(link, a=replace(link.a, chip=link.a.chip + 2), b=replace(link.b, chip=link.b.chip + 2))
        for link in example.links
    ]
    leaving = RemoteLink(a=LinkEnd(chip=3, channel=5), remote_unique_id="777", remote_channel=1)
    return replace(example, chips=tuple(chips), links=tuple(links), remote_links=(leaving,))


HOST = _host()

CHIP_FACTS: dict[str, Any] = {
    "arch": None,
    "board": Board("p150"),
    "board_name": "odd",
    "board_id": str(0x44 << 36 | 9),
    "unique_id": "99",
    "asic_location": 7,
    "noc_translation": False,
    "firmware": (19, 6, 0),
    "mmio": False,
    "via": 2,
    "tray": 3,
    "id": 40,
    "kmd_id": 41,
    "pci_bdf": "0000:99:00.0",
}
MASKS = ("tensix", "dram", "eth", "pcie", "l2cpu")
STEADY = {
    "thermal_trips": 3,
    "aiclk_max_mhz": 1,
    "heartbeat_moves": False,
    "firmware_eth": "9.9.9",
    "gddr_speed_mts": 16000,
}
RESTLESS = {"aiclk_mhz": 801, "asic_celsius": 61.0, "heartbeat": 6, "fan_rpm": 5, "power_w": 1}
SOC = {"worker_l1_bytes": 1024, "dram_bank_bytes": 2**30, "grid": (20, 20)}
MOVES = ("id", "kmd_id", "pci_bdf")


def _with_chip(system: System, index: int, chip: Chip) -> System:
    chips = [*system.chips]
    chips[index] = chip
    return replace(system, chips=tuple(sorted(chips, key=lambda each: each.id)))


@st.composite
def changed(draw: st.DrawFn) -> tuple[System, str, str, bool]:
    """The host with one fact changed: where, in which list, and whether only --telemetry shows it."""
    index = draw(st.integers(0, 3))
    chip = HOST.chips[index]
    reading = chip.telemetry
    assert reading is not None
    kind = draw(
        st.sampled_from(
            ["chip", "mask", "soc", "pcie", "steady", "restless", "trained", "eth", "link", "far", "core"]
        )
    )
    if kind == "chip":
        name = draw(st.sampled_from([name for name in CHIP_FACTS if name != "arch"]))
        value = CHIP_FACTS[name] if not draw(st.booleans()) or name in MOVES else None
        if name == "id":  # links and via name chips by it
            index, chip = 0, HOST.chips[0]
            links = tuple(
                replace(link, **{end: replace(getattr(link, end), chip=40)})
                if getattr(link, end).chip == 0 else link
                for link in HOST.links for end in ("a",)
            )  # fmt: skip
            return _with_chip(replace(HOST, links=links), 0, replace(chip, id=40)), "id", "moved", False
        if getattr(chip, name) == value:
            value = CHIP_FACTS[name]
        return (
            _with_chip(HOST, index, replace(chip, **{name: value})),
            name, "moved" if name in MOVES else "changed", False,
        )  # fmt: skip
    if kind == "mask":
        name = draw(st.sampled_from(MASKS))
        old = getattr(chip.masks, name)
        value = draw(st.one_of(st.none(), st.integers(0, 3)).filter(lambda mask: mask != old))
        masks = replace(chip.masks, **{name: value})
        return _with_chip(HOST, index, replace(chip, masks=masks)), f"masks.{name}", "changed", False
    if kind == "soc":
        name, value = draw(st.sampled_from(list(SOC.items())))
        soc = replace(chip.soc, **{name: value})
        return _with_chip(HOST, index, replace(chip, soc=soc)), f"soc.{name}", "changed", False
    if kind == "pcie":
        name, value = draw(st.sampled_from([("lanes", 8), ("generation", 3), ("lanes", None)]))
        assert chip.pcie is not None
        pcie = replace(chip.pcie, **{name: value})
        return _with_chip(HOST, index, replace(chip, pcie=pcie)), f"pcie.{name}", "changed", False
    if kind in ("steady", "restless"):
        name, value = draw(st.sampled_from(list((STEADY if kind == "steady" else RESTLESS).items())))
        telemetry = replace(reading, **{name: value})
        path = f"telemetry.{name}"
        return (
            _with_chip(HOST, index, replace(chip, telemetry=telemetry)),
            path,
            "changed",
            kind == "restless",
        )
    if kind == "trained":
        channel = draw(st.integers(0, 7))
        assert reading.gddr is not None
        gddr = [*reading.gddr]
        gddr[channel] = replace(gddr[channel], trained=draw(st.sampled_from([False, None])))
        telemetry = replace(reading, gddr=tuple(gddr))
        path = f"telemetry.gddr.{channel}.trained"
        return _with_chip(HOST, index, replace(chip, telemetry=telemetry)), path, "changed", False
    if kind == "eth":
        channel = draw(st.integers(0, 11))
        assert reading.eth is not None
        eth = [*reading.eth]
        eth[channel] = EthChannel(channel=channel, up=False)
        telemetry = replace(reading, eth=tuple(eth))
        return (
            _with_chip(HOST, index, replace(chip, telemetry=telemetry)), f"telemetry.eth.{channel}.up", "changed", False,
        )  # fmt: skip
    if kind == "core":
        assert chip.live_cores is not None
        name = draw(st.sampled_from(sorted(chip.live_cores)))
        what = draw(st.sampled_from(["noc0", "noc1", "logical"]))
        cores = getattr(chip.live_cores[name], what)
        moved = ((77, 77), *cores[1:]) if draw(st.booleans()) else cores[:-1]
        live = {**chip.live_cores, name: replace(chip.live_cores[name], **{what: moved})}
        path = f"live_cores.{name}.{what}"
        return _with_chip(HOST, index, replace(chip, live_cores=live)), path, "changed", False
    if kind == "far":
        leaving = replace(
            HOST.remote_links[0],
            **dict([draw(st.sampled_from([("remote_channel", 9), ("remote_unique_id", "8")]))]),
        )
        return replace(HOST, remote_links=(leaving,)), "links.5", "changed", False
    at = draw(st.integers(0, len(HOST.links) - 1))
    link = HOST.links[at]
    what = draw(st.sampled_from(["gone", "state", "a", "b"]))
    linked = [*HOST.links]
    path = f"links.{link.a.channel}"
    if what == "gone":
        del linked[at]
    elif what == "state":
        linked[at] = replace(link, state=LinkState.DOWN)
    else:
        linked[at] = replace(link, **{what: replace(getattr(link, what), channel=11)})
        path = f"links.{(link.b if what == 'a' else link.a).channel}"
    return replace(HOST, links=tuple(linked)), path, "changed", False


def _listed(answer: DiffAnswer) -> list[tuple[str, str]]:
    return [
        *(("moved", change.path) for change in answer.moved),
        *(("changed", change.path) for change in answer.changed),
        *(("vanished", "") for _ in answer.vanished),
        *(("appeared", "") for _ in answer.appeared),
    ]


@settings(deadline=None)
@given(changed())
def test_one_changed_fact_is_the_one_reported(case: tuple[System, str, str, bool]) -> None:
    system, path, where, restless = case
    expected = [(where, path)]
    assert _listed(build_diff(HOST, system, telemetry=True)) == expected
    assert _listed(build_diff(HOST, system)) == ([] if restless else expected)


@settings(deadline=None)
@given(changed(), changed())
def test_both_directions_list_the_same(
    first: tuple[System, str, str, bool], other: tuple[System, str, str, bool]
) -> None:
    forth = build_diff(first[0], other[0], telemetry=True)
    back = build_diff(other[0], first[0], telemetry=True)
    assert len(forth.appeared) == len(back.vanished)
    assert len(forth.vanished) == len(back.appeared)
    for name in ("moved", "changed", "consequences"):
        turned = [(change.path, change.new, change.old) for change in getattr(back, name)]
        if not any("links" in path for path, _, _ in turned):
            assert sorted(map(str, turned)) == sorted(
                str((change.path, change.old, change.new)) for change in getattr(forth, name)
            )
        else:
            assert len(turned) == len(getattr(forth, name))


@settings(deadline=None)
@given(changed())
def test_nothing_differs_from_itself(case: tuple[System, str, str, bool]) -> None:
    answer = build_diff(case[0], case[0], telemetry=True)
    assert answer.same
    assert _listed(answer) == []


def test_a_changed_mask_says_what_it_means_in_bytes() -> None:
    chip = HOST.chips[1]
    system = _with_chip(HOST, 1, replace(chip, masks=replace(chip.masks, tensix=0b111)))
    answer = build_diff(HOST, system)
    by_path = {change.path: (change.old, change.new) for change in answer.consequences}
    assert by_path["tensix.grid"] == ("12x10", "11x10")
    assert by_path["l1.physical"] == (120 * 1572864, 110 * 1572864)


def test_a_card_in_another_slot_has_moved_and_one_in_its_place_is_another() -> None:
    first, second, *rest = HOST.chips
    moved = replace(first, pci_bdf="0000:99:00.0", kmd_id=9)
    stranger = replace(second, unique_id="123", board_id=str(0x44 << 36 | 77))
    answer = build_diff(HOST, replace(HOST, chips=(moved, stranger, *rest)))
    assert [(change.chip, change.path) for change in answer.moved] == [(0, "kmd_id"), (0, "pci_bdf")]
    assert [chip.unique_id for chip in answer.vanished] == ["5000001"]
    assert [chip.unique_id for chip in answer.appeared] == ["123"]
    assert not answer.changed or {change.path.partition(".")[0] for change in answer.changed} == {"links"}


def test_chips_that_are_numbered_anew_are_still_linked_to_each_other() -> None:
    ids = {0: 3, 1: 2, 2: 1, 3: 0}
    chips = tuple(sorted((replace(chip, id=ids[chip.id]) for chip in HOST.chips), key=lambda chip: chip.id))
    links = tuple(
        replace(link, a=replace(link.a, chip=ids[link.a.chip]), b=replace(link.b, chip=ids[link.b.chip]))
        for link in HOST.links
    )
    leaving = tuple(replace(link, a=replace(link.a, chip=ids[link.a.chip])) for link in HOST.remote_links)
    answer = build_diff(HOST, replace(HOST, chips=chips, links=links, remote_links=leaving))
    assert {change.path for change in answer.moved} == {"id"}
    assert answer.changed == ()


def test_telemetry_that_is_lost_is_one_change_and_trouble_another() -> None:
    chip = replace(HOST.chips[2], telemetry=None)
    system = replace(_with_chip(HOST, 2, chip), troubles=(Trouble(chip=2, why="silent", readable=False),))
    assert _listed(build_diff(HOST, system)) == [("changed", "trouble"), ("changed", "telemetry")]


def test_links_that_only_one_side_sees_are_told_once_a_chip() -> None:
    """They are unknown there, not gone."""
    hidden = (Unknown(path="links", why="sysfs does not show eth links"),)
    blind = replace(
        HOST, links=(), remote_links=(), chips=tuple(replace(chip, unknown=hidden) for chip in HOST.chips)
    )
    for old, new, states in ((HOST, blind, ("known", None)), (blind, HOST, (None, "known"))):
        changed = build_diff(old, new).changed
        assert [(c.chip, c.path, c.old, c.new) for c in changed] == [
            (chip, "links", *states) for chip in range(4)
        ]
    assert build_diff(blind, blind).same


def test_what_could_not_be_read_stands_before_what_that_made_unknown() -> None:
    first, *others = HOST.chips
    lost = replace(first, masks=UNKNOWN_MASKS, telemetry=None)
    hurt = replace(HOST, chips=(lost, *others), troubles=(Trouble(chip=0, why="it hangs", readable=False),))
    assert next(change.path for change in build_diff(HOST, hurt).changed) == "trouble"


def _nameless(chips: int) -> System:
    """Chips that share a board id and tell no place and no unique id, as sysfs shows a P300 or a Galaxy."""
    return replace(
        HOST,
        chips=tuple(
            replace(chip, id=index, unique_id=None, board_id="77", asic_location=None, telemetry=None)
            for index, chip in enumerate(HOST.chips[:chips])
        ),
        links=(),
        remote_links=(),
    )


def test_of_chips_that_look_alike_the_one_that_is_gone_has_vanished() -> None:
    """Not another one, and none has moved."""
    all_of_them = _nameless(4)
    for gone in range(4):
        left = [chip for chip in all_of_them.chips if chip.id != gone]
        fewer = replace(all_of_them, chips=tuple(replace(chip, id=index) for index, chip in enumerate(left)))
        answer = build_diff(all_of_them, fewer)
        assert [chip.pci_bdf for chip in answer.vanished] == [all_of_them.chips[gone].pci_bdf]
        assert {change.path for change in answer.moved} <= {"id"}
        assert answer.changed == ()
        back = build_diff(fewer, all_of_them)
        assert [chip.pci_bdf for chip in back.appeared] == [all_of_them.chips[gone].pci_bdf]
        assert len(back.moved) == len(answer.moved)


def _listed_with(**facts: Any) -> list[tuple[str, str, Any, Any]]:
    """What differs when a fact of chip 0's telemetry is another."""
    chip = HOST.chips[0]
    assert chip.telemetry is not None
    system = _with_chip(HOST, 0, replace(chip, telemetry=replace(chip.telemetry, **facts)))
    return [("changed", change.path, change.old, change.new) for change in build_diff(HOST, system).changed]


def test_a_list_of_channels_that_is_unknown_now_is_one_change() -> None:
    assert _listed_with(eth=None) == [("changed", "telemetry.eth", "known", None)]
    assert _listed_with(gddr=None) == [("changed", "telemetry.gddr", "known", None)]


def test_unknown_channels_are_not_the_same_as_none() -> None:
    chip = replace(HOST.chips[0], telemetry=Telemetry(eth=None))
    none = replace(chip, telemetry=Telemetry(eth=()))
    (change,) = build_diff(_with_chip(HOST, 0, chip), _with_chip(HOST, 0, none)).changed
    assert (change.path, change.old, change.new) == ("telemetry.eth", None, "known")


def test_a_chip_that_can_no_longer_be_read_differs_from_one_with_the_same_trouble() -> None:
    sides = [
        replace(HOST, troubles=(Trouble(chip=1, why="the heartbeat stands still", readable=readable),))
        for readable in (True, False)
    ]
    changes = [(change.old, change.new) for change in build_diff(*sides).changed]
    assert changes == [
        ("the heartbeat stands still", None),
        (None, "could not be read: the heartbeat stands still"),
    ]


def test_other_live_cores_of_another_mask_are_no_second_change() -> None:
    chip = HOST.chips[0]
    assert chip.live_cores is not None
    masks = replace(chip.masks, tensix=0b110)
    coordinates = chip_coordinates(chip.soc, masks, True)
    live = {**chip.live_cores, "tensix": coordinates.type_cores(CoreType.TENSIX)}
    system = _with_chip(HOST, 0, replace(chip, masks=masks, live_cores=live))
    assert [change.path for change in build_diff(HOST, system).changed] == ["masks.tensix"]


def test_a_chip_that_only_moved_is_told_and_makes_a_difference() -> None:
    elsewhere = replace(
        HOST, chips=(replace(HOST.chips[0], pci_bdf="0000:99:00.0", kmd_id=9), *HOST.chips[1:])
    )
    answer = build_diff(HOST, elsewhere)
    assert [(change.chip, change.path, change.old, change.new) for change in answer.moved] == [
        (0, "kmd_id", 0, 9),
        (0, "pci_bdf", "0000:41:00.0", "0000:99:00.0"),
    ]
    assert (answer.same, answer.changed, answer.appeared, answer.vanished) == (False, (), (), ())
    assert diff_exit_code(answer) is ExitCode.CHECK_FAILED
    assert diff_exit_code(build_diff(HOST, HOST)) is ExitCode.DONE
