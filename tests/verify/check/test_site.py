"""What a site expects: known, different, or not to be known."""

from typing import Any

import msgspec
import pytest

from tests.grids import expected_of
from ttinspect.answers.check import build_check
from ttinspect.answers.check_init import present_machine
from ttinspect.capacity.settings import make_settings
from ttinspect.harvesting.grids import grids_of
from ttinspect.model.arch import Board
from ttinspect.model.check_file import ChipWants, Range
from ttinspect.model.chip import UNKNOWN_MASKS, PcieLink, Unknown
from ttinspect.model.process import ProcessTable
from ttinspect.model.readiness import DeviceReadiness, Iommu, Readiness
from ttinspect.model.system import LinkEnd, RemoteLink, System, Trouble
from ttinspect.model.telemetry import EthChannel, Telemetry
from ttinspect.sources.check_file import read_check_file
from ttinspect.sources.opening import open_source
from ttinspect.verify.case import Case
from ttinspect.verify.check.expectation import Fact, Outcome
from ttinspect.verify.check.site import site_expectations
from ttinspect.verify.verify import Verdict

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
FAR, MADE_UP = 17716556166399396846, 4294967296


def _with(system: System, chip: int, **facts: Any) -> System:
    chips = tuple(
        msgspec.structs.replace(each, **facts) if each.id == chip else each for each in system.chips
    )
    return msgspec.structs.replace(system, chips=chips)


def _outcomes(text: str, system: System) -> list[Outcome]:
    wanted = read_check_file(text.encode(), "site.yaml")
    return [
        expectation.outcome
        for expectation in site_expectations(wanted, system, None, grids_of(system.chips), make_settings())
    ]


@pytest.mark.parametrize(
    ("bundle", "expected", "outcome"),
    [
        ("19.5.0", "{min: 19.5.0}", PASS),
        ("19.5.0-rc.2", "{min: 19.5.0}", FAIL),
        ("19.5.0-rc.2", "{min: 19.5.0-rc.1, max: 19.5.0}", PASS),
        ("19.5.0-rc.2", "19.5.0.2", PASS),
        ("19.5.0-rc.2", "19.5.0", FAIL),
        ("80.18.0", "{min: 18.0.0}", FAIL),
        ("abc", "{min: 18.0.0}", UNKNOWN),
        ("", "18.0.0", UNKNOWN),
        (None, "18.0.0", UNKNOWN),
    ],
)
def test_firmware(bundle: str | None, expected: str, outcome: Outcome) -> None:
    system = _with(open_source("board:n150"), 0, telemetry=Telemetry(firmware_bundle=bundle))
    assert _outcomes(f"each: {{firmware: {expected}}}", system) == [outcome]


READING = Telemetry(
    asic_celsius=61.0, board_celsius=42.0, gddr_max_celsius=55.0, aiclk_mhz=800, power_w=63, current_a=70,
    board_power_w=90, thermal_trips=0,
    firmware_bundle="19.5.0", throttle_celsius=90.0,
    eth=tuple(EthChannel(channel=n, up=True, heartbeat=n != 3, retrained=n == 5) for n in range(16)),
)  # fmt: skip
FACTS = {
    "arch": ("wormhole_b0", "blackhole"),
    "board": ("n300", "p150"),
    "grid": ("8x8", "8x9"),
    "cores": ("64", "80"),
    "l1_bytes": ("95944704", "119930880"),
    "dram_bytes": ("12884901888", "{max: 4294967296}"),
    "eth_links": ("{min: 1}", "16"),
    "eth_heartbeats": ("15", "16"),
    "eth_retrained": ("1", "0"),
    "firmware": ("{min: 19.0.0}", "{max: 19.4.0}"),
    "asic_celsius": ("{min: 61, max: 61}", "{max: 60.9}"),
    "board_celsius": ("{min: 42, max: 42}", "{max: 41}"),
    "gddr_celsius": ("{min: 55, max: 55}", "{max: 54}"),
    "aiclk_mhz": ("800", "{min: 801}"),
    "power_w": ("{min: 63, max: 63}", "{max: 62.5}"),
    "board_power_w": ("{max: 90}", "{max: 89}"),
    "thermal_trips": ("0", "{min: 1}"),
    "pcie_lanes": ("16", "8"),
    "pcie_generation": ("4", "{min: 5}"),
    "numa_node": ("1", "0"),
    "node_access": ("rw", "none"),
    "iommu": ("'on'", "'off'"),
    "hugepages_1g": ("{min: 2}", "{min: 5}"),
    "driver": ("2.8.0", "{min: 2.9.0}"),
    "kernel": ("6.8.0-60-generic", "5.15.0"),
    "motherboard": ("Supermicro H13", "ASRock"),
}
"""What holds of an N300 with this reading, and what does not."""


HOST = Readiness(
    kernel="6.8.0-60-generic", motherboard="Supermicro H13", hugepages_1g=4,
    devices=(DeviceReadiness(device=0, numa_node=1, accessible=True, iommu=Iommu.TRANSLATING),),
)  # fmt: skip


def _n300(reading: Telemetry | None) -> System:
    pcie = PcieLink(lanes=16, max_lanes=16, generation=4, max_generation=4)
    system = _with(open_source("board:n300"), 0, telemetry=reading, kmd_id=0, pcie=pcie)
    return msgspec.structs.replace(system, readiness=HOST, kmd_version="2.8.0")


def test_every_fact_has_a_case() -> None:
    assert set(FACTS) == set(ChipWants.__struct_fields__)


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_passes_where_it_holds_and_fails_where_it_does_not(name: str) -> None:
    system = _n300(READING)
    for expected, outcome in zip(FACTS[name], (PASS, FAIL), strict=True):
        assert _outcomes(f"by_chip: {{0: {{{name}: {expected}}}}}", system) == [outcome], expected


@pytest.mark.parametrize("name", [name for name in FACTS if name != "arch"])
def test_a_fact_that_is_not_known_is_unknown(name: str) -> None:
    """The architecture always is."""
    links = Unknown(path="links", why="not asked")
    system = _with(
        _n300(None), 0, board=None, firmware=None, masks=UNKNOWN_MASKS, unknown=(links,), pcie=None
    )
    system = msgspec.structs.replace(system, readiness=None, kmd_version=None)
    for expected in FACTS[name]:
        assert _outcomes(f"by_chip: {{0: {{{name}: {expected}}}}}", system) == [UNKNOWN], expected


def test_a_chip_of_unknown_board_may_be_one_that_the_file_speaks_of() -> None:
    """It is neither left out nor held against the file."""
    system = _with(open_source("board:n300"), 1, board=None)
    assert _outcomes("boards: {n300: {cores: 64}}", system) == [UNKNOWN, PASS]
    assert _outcomes("boards: {n300: {chips: 1, cores: 64}}", system) == [UNKNOWN, UNKNOWN, PASS]
    assert _outcomes("boards: {n150: {cores: 72}}", system) == [UNKNOWN]


@pytest.mark.parametrize("chips", ["{min: 1, max: 2}", "{min: 0}", "2", "1"])
def test_a_number_that_fits_is_no_pass_for_what_else_is_expected_of_a_board(chips: str) -> None:
    system = _with(open_source("board:n300"), 1, board=None)
    assert UNKNOWN in _outcomes(f"boards: {{n300: {{chips: {chips}, cores: 64}}}}", system)
    assert _outcomes("boards: {n300: {chips: {min: 1, max: 2}}}", system) == [PASS]


def test_the_same_of_board_ids() -> None:
    board_id = 0x14 << 36 | 77
    system = _with(open_source("board:n300"), 0, board_id=str(board_id))
    assert _outcomes(f"boards: {{{board_id}: {{cores: 64}}}}", system) == [UNKNOWN, PASS]


def test_an_id_that_the_source_makes_up_is_not_that_of_a_chip() -> None:
    system = _with(open_source("board:n150"), 0, unique_id=str(MADE_UP), assumed=("unique_id",))
    for number in (MADE_UP, FAR):
        assert _outcomes(f"by_chip: {{{number}: {{cores: 72}}}}", system) == [UNKNOWN]
    known = _with(system, 0, assumed=())
    assert _outcomes(f"by_chip: {{{MADE_UP}: {{cores: 72}}}}", known) == [PASS]
    assert _outcomes(f"by_chip: {{{FAR}: {{cores: 72}}}}", known) == [FAIL]


def _leaving() -> System:
    """An N300 whose chip 1 has a link to a chip of another host."""
    link = RemoteLink(a=LinkEnd(chip=1, channel=3), remote_unique_id=str(FAR), remote_channel=7)
    system = open_source("board:n300")
    for chip in (0, 1):
        system = _with(system, chip, unique_id=str(1000000 + chip), unknown=(), assumed=())
    return msgspec.structs.replace(system, remote_links=(link,))


@pytest.mark.parametrize(
    ("link", "outcome"),
    [
        (f"[1, 3, {FAR}, 7]", PASS),
        (f"[{FAR}, 7, 1, 3]", PASS),
        (f"[1, 3, {FAR:#x}, 7]", PASS),
        (f"[1000001, 3, {FAR}, 7]", PASS),
        (f"[1, 3, {FAR}, 8]", FAIL),
        (f"[1, 2, {FAR}, 7]", FAIL),
        (f"[0, 3, {FAR}, 7]", FAIL),
        (f"[1, 3, {FAR + 1}, 7]", FAIL),
        ("[1, 3, 5, 7]", FAIL),
    ],
)
def test_a_link_may_leave_the_host(link: str, outcome: Outcome) -> None:
    assert _outcomes(f"links: [{link}]", _leaving()) == [outcome]


def test_where_links_are_unknown_one_that_leaves_the_host_is_too() -> None:
    system = _with(_leaving(), 1, unknown=(Unknown(path="links", why="not asked"),))
    assert _outcomes(f"links: [[1, 2, {FAR}, 7]]", system) == [UNKNOWN]
    assert _outcomes("links: [[1, 2, 5, 7]]", system) == [FAIL]


def test_the_id_of_two_chips_is_no_end_of_a_link() -> None:
    board_id = 0x14 << 36 | 77
    system = _leaving()
    for chip in (0, 1):
        system = _with(system, chip, board_id=str(board_id))
    assert _outcomes(f"links: [[{board_id}, 3, 1, 2]]", system) == [UNKNOWN]


def _product(system: System, fact: str) -> list[Outcome]:
    return [expectation.outcome for expectation in expected_of(system) if expectation.fact == fact]


def _p300(location: int | None, pcie: int | None) -> System:
    example = open_source("board:p300")
    masks = msgspec.structs.replace(example.chips[0].masks, pcie=pcie)
    return _with(example, 0, asic_location=location, masks=masks)


@pytest.mark.parametrize(
    ("location", "pcie", "outcome"),
    [
        (0, 2, PASS), (0, 1, FAIL), (1, 1, PASS), (1, 2, FAIL), (0, None, UNKNOWN),
        (None, 1, UNKNOWN), (None, 2, UNKNOWN), (None, 0, FAIL), (None, 3, FAIL), (None, None, UNKNOWN),
    ],
)  # fmt: skip
def test_which_pcie_core_of_a_p300_is_harvested_goes_by_its_place(
    location: int | None, pcie: int | None, outcome: Outcome
) -> None:
    assert _product(_p300(location, pcie), "harvested PCIe mask")[0] is outcome


BOARD, OTHER = str(0x14 << 36 | 77), str(0x14 << 36 | 78)


@pytest.mark.parametrize(("board_id", "outcome"), [(BOARD, UNKNOWN), (None, UNKNOWN), (OTHER, FAIL)])
def test_a_chip_of_unknown_board_may_be_the_one_that_a_board_lacks(
    board_id: str | None, outcome: Outcome
) -> None:
    system = _with(open_source("board:n300"), 0, board_id=BOARD, unknown=(), assumed=())
    system = _with(system, 1, board=None, board_id=board_id, unknown=(), assumed=())
    assert _product(system, "chips per n300") == [outcome]


def test_a_galaxy_with_a_chip_of_unknown_board_may_be_whole() -> None:
    galaxy = open_source("board:galaxy-bh")
    assert _product(galaxy, "chips per ubb_blackhole") == [PASS]
    assert _product(_with(galaxy, 9, board=None), "chips per ubb_blackhole") == [UNKNOWN]
    short = msgspec.structs.replace(galaxy, chips=galaxy.chips[:31])
    assert _product(short, "chips per ubb_blackhole") == [FAIL]


def test_nothing_passes_where_a_chip_could_not_be_read() -> None:
    """Whatever the file asks of the others."""
    example = open_source("board:n150")
    wanted = [read_check_file(b"each: {cores: 72}", "site.yaml")]
    for readable, verdict in ((True, Verdict.WARN), (False, Verdict.INCONCLUSIVE)):
        trouble = Trouble(chip=1, why="it hangs", readable=readable)
        system = msgspec.structs.replace(example, troubles=(trouble,))
        case = Case(
            system=system, grids=grids_of(system.chips), regions=(), processes=ProcessTable(found={}, unknowable=frozenset()), chosen=None,
            now_realtime_ns=1, now_monotonic_ns=1,
        )  # fmt: skip
        assert build_check(case, wanted).verdict is verdict


def _sysfs_n300(boards: int = 1, *, ids_known: bool = True) -> System:
    """What sysfs shows of N300 boards: the chips on the bus, no links, and board ids where the firmware has them."""
    (chip, _) = open_source("board:n300").chips
    chips = tuple(
        msgspec.structs.replace(
            chip, id=index, board_id=str(0x14 << 36 | index) if ids_known else None, unique_id=str(1000000 + index), mmio=True,
            assumed=(),
            unknown=(Unknown(path="links", why="sysfs does not show eth links"),),
        )
        for index in range(boards)
    )  # fmt: skip
    return msgspec.structs.replace(open_source("board:n300"), chips=chips, links=())


@pytest.mark.parametrize(
    ("text", "boards", "outcome"),
    [
        ("chips: 0", 1, FAIL),
        ("chips: 1", 1, UNKNOWN),
        ("chips: 2", 1, UNKNOWN),
        ("chips: 3", 1, FAIL),
        ("chips: {min: 1}", 1, PASS),
        ("chips: {min: 1, max: 2}", 1, PASS),
        ("chips: 4", 4, UNKNOWN),
        ("chips: 8", 4, UNKNOWN),
        ("chips: 8", 3, FAIL),
        ("chips: {min: 4, max: 8}", 4, PASS),
        ("chips: {min: 4, max: 8}", 3, UNKNOWN),
        ("boards: {n300: {chips: 2}}", 1, UNKNOWN),
        ("boards: {n300: {chips: 5}}", 2, FAIL),
        (f"boards: {{{0x14 << 36}: {{chips: 2}}}}", 1, UNKNOWN),
        ("boards: {n150: {chips: 1}}", 1, FAIL),
        ("by_chip: {1: {arch: wormhole}}", 1, UNKNOWN),
        ("links: [[0, 8, 1, 0]]", 1, UNKNOWN),
    ],
)
@pytest.mark.parametrize("ids_known", [True, False], ids=["with board ids", "without"])
def test_where_remote_chips_are_not_shown_their_number_is_known_within_limits(
    text: str, boards: int, outcome: Outcome, ids_known: bool
) -> None:
    if not ids_known and str(0x14 << 36) in text:
        return
    assert _outcomes(text, _sysfs_n300(boards, ids_known=ids_known)) == [outcome]


@pytest.mark.parametrize("boards", [1, 2, 4])
@pytest.mark.parametrize("ids_known", [True, False], ids=["with board ids", "without"])
def test_half_boards_are_not_taken_for_whole_ones(boards: int, ids_known: bool) -> None:
    system = _sysfs_n300(boards, ids_known=ids_known)
    assert _product(system, "chips per n300") == [UNKNOWN]


def test_a_board_of_another_type_beside_them_is_counted() -> None:
    p150 = open_source("board:p150").chips[0]
    board_id = 0x40 << 36 | 5
    system = _sysfs_n300()
    chips = (*system.chips, msgspec.structs.replace(p150, id=1, board_id=str(board_id), assumed=()))
    system = msgspec.structs.replace(system, chips=chips)
    assert _outcomes(f"boards: {{{board_id}: {{chips: 1}}}}", system) == [PASS]
    assert _outcomes("boards: {p150: {chips: 1}}", system) == [PASS]


def test_a_board_of_one_chip_is_counted_without_links() -> None:
    system = _with(_sysfs_n300(), 0, board=Board("n150"))
    assert _outcomes("chips: 1", system) == [PASS]
    assert _outcomes("chips: 2", system) == [FAIL]
    assert _outcomes("by_chip: {1: {arch: wormhole}}", system) == [FAIL]


def test_a_file_that_is_written_there_says_how_many_there_can_be() -> None:
    processes = ProcessTable(found={}, unknowable=frozenset())
    for boards in (1, 4):
        system = _sysfs_n300(boards)
        case = Case(
            system=system, grids=grids_of(system.chips), regions=(), processes=processes, chosen=None, now_realtime_ns=1,
            now_monotonic_ns=1,
        )  # fmt: skip
        file = present_machine(case)
        assert file.chips == Range(min=boards, max=2 * boards)
        assert (file.each, len(file.by_chip)) == (None, boards)


def test_what_is_expected_of_every_chip_is_unknown_of_those_that_are_not_shown() -> None:
    assert _outcomes("each: {board: n300}", _sysfs_n300(2)) == [UNKNOWN, PASS, PASS]
    assert _outcomes("boards: {n300: {arch: wormhole}}", _sysfs_n300(2)) == [UNKNOWN, PASS, PASS]
    assert _outcomes("each: {board: n300}", open_source("board:n300")) == [PASS, PASS]
    wanted = read_check_file(b"each: {board: n300}", "site.yaml")
    system = _sysfs_n300(2)
    chosen = site_expectations(wanted, system, frozenset({0}), grids_of(system.chips), make_settings())
    assert [expectation.outcome for expectation in chosen] == [PASS]


def _board_links_of(system: System) -> list[tuple[Outcome, Fact, Fact]]:
    expectations = expected_of(system)
    return [
        (expectation.outcome, expectation.expected, expectation.found)
        for expectation in expectations
        if expectation.fact == "links on the board"
    ]


def test_a_board_of_which_no_link_is_up_fails_also_where_its_chips_are_linked_elsewhere() -> None:
    n300 = open_source("board:n300")
    boards = []
    for board in (0, 1):
        for chip in n300.chips:
            number = 2 * board + chip.id
            boards.append(msgspec.structs.replace(
                chip, id=number, board_id=str(0x14 << 36 | board), unique_id=str(5000 + number), assumed=(), unknown=(),
            ))  # fmt: skip
    own = n300.links
    cable = msgspec.structs.replace(own[0], a=LinkEnd(chip=0, channel=5), b=LinkEnd(chip=2, channel=5))
    other = msgspec.structs.replace(own[0], a=LinkEnd(chip=1, channel=5), b=LinkEnd(chip=3, channel=5))
    system = msgspec.structs.replace(n300, chips=tuple(boards), links=(*own, cable, other))
    assert _board_links_of(system) == [(PASS, 2, 2)] * 2 + [(FAIL, 2, 0)] * 2
