"""What a child said, as a System: also when it died in the middle, or a chip or a device is missing."""

import msgspec
import pytest

from tests.sources import clusters
from ttinspect.cli.output import exit_code
from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.socs import builtin_soc
from ttinspect.facts.yamltree import parse_yaml
from ttinspect.model.arch import Arch, Board
from ttinspect.model.chip import Masks, PcieLink
from ttinspect.model.system import LinkState, Source, SourceKind, System
from ttinspect.sources.cluster import read_cluster
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.request import Request
from ttinspect.sources.umd.search import Attempt, Outcome, Plan
from ttinspect.sources.umd.system import failure, system_of
from ttinspect.sources.umd.wire import Doing, Session, Stage

SOURCE = Source(kind=SourceKind.UMD, detail="", live=True, example=False)
SIMULATOR = msgspec.structs.replace(SOURCE, kind=SourceKind.SIM, detail="libttsim.so")
DISCOVERING = Stage(Doing.DISCOVERING)
SOCS = {arch: builtin_soc(arch) for arch in Arch}
HOST = wire.HostFacts(kmd_version="2.8.0", kmd_devices={0: "0000:41:00.0"})
CHIP = wire.ChipFacts(
    id=0, arch="wormhole_b0", board=Board("n300"), board_id=str(0x14 << 36), unique_id="7", asic_location=0, mmio=True, via=None,
    pci_bdf="0000:41:00.0", pcie=PcieLink(bus_id=0x41, lanes=16), kmd_id=0, error=None,
    masks=Masks(tensix=3, dram=0, eth=0, pcie=0, l2cpu=0), noc_translation=True,
    tags={"firmware": 0x12080200}, firmware=(18, 8, 2), cores=None,
)  # fmt: skip
REMOTE = msgspec.structs.replace(
    CHIP, id=1, unique_id="8", asic_location=1, mmio=False, via=0, pci_bdf=None, kmd_id=None
)


def session_of(
    *lines: wire.Line, death: str | None = None, stage: Stage = DISCOVERING, log: str = ""
) -> Session:
    return Session(request=Request("chips"), lines=lines, death=death, stage=stage, log=log)


def outcome(session: Session) -> Outcome:
    attempt = Attempt(plan=Plan(request=session.request), session=session)
    return Outcome(attempts=(attempt,), best=attempt, host=session.host)


def system(*lines: wire.Line, death: str | None = None, stage: Stage = DISCOVERING, log: str = "") -> System:
    return system_of(outcome(session_of(*lines, death=death, stage=stage, log=log)), SOURCE, SOCS)


def test_what_the_cluster_descriptor_says_of_chips_and_links_holds() -> None:
    description = clusters.n300()
    end = {"chip": 1, "chan": 6}, {"remote_chip_id": 14251335820, "chan": 6}
    description["ethernet_connections_to_remote_devices"] = [[*end]]
    text = clusters.to_yaml(description)
    chips = [wire.ChipFacts(id=chip, arch="wormhole_b0", tags={"firmware": 0x12080200}) for chip in (0, 1)]
    live = system(HOST, wire.ClusterFacts(chips=2, text=text), *chips, wire.Done())
    offline = read_cluster(parse_yaml(text.encode(), "n300"), "n300")
    for fields in ("board board_id unique_id", "masks noc_translation", "mmio via kmd_id pcie"):
        of_both = (
            [[getattr(chip, field) for field in fields.split()] for chip in each.chips]
            for each in (live, offline)
        )
        assert next(of_both) == next(of_both)
    assert [(chip.mmio, chip.via) for chip in live.chips] == [(True, None), (False, 0)]
    assert (live.links, live.remote_links) == (offline.links, offline.remote_links)
    assert live.remote_links[0].remote_unique_id == "14251335820"
    assert {link.state for link in live.links} == {LinkState.UP}
    assert live.kmd_version == "2.8.0"
    assert exit_code(live) is ExitCode.DONE


def test_a_cluster_descriptor_that_is_none_is_told_as_a_fault_of_tt_umd() -> None:
    with pytest.raises(InspectError) as caught:
        system(HOST, wire.ClusterFacts(chips=1, text="arch: 5"), CHIP, wire.Done())
    assert caught.value.exit_code is ExitCode.UMD_FAILED
    assert caught.value.what.startswith("tt_umd: the cluster descriptor")


def test_links_of_chips_that_were_opened_one_by_one_are_joined_by_unique_id() -> None:
    """One of which only one end is known is not called up; one to no chip of the host leaves it."""
    ends = [wire.EthEnd(*end) for end in ((8, 8, 0), (9, 8, 1), (6, 14251335820, 6))]
    near = msgspec.structs.replace(CHIP, ends=ends)
    far = msgspec.structs.replace(REMOTE, ends=[wire.EthEnd(0, 7, 8)])
    live = system(HOST, wire.ClusterFacts(chips=1), near, far, wire.Done())
    assert [(link.a.channel, link.b.chip, link.b.channel, link.state) for link in live.links] == [
        (8, 1, 0, LinkState.UP), (9, 1, 1, LinkState.UNKNOWN),
    ]  # fmt: skip
    (leaving,) = live.remote_links
    assert (leaving.a.channel, leaving.remote_unique_id, leaving.remote_channel) == (6, "14251335820", 6)


def test_a_death_keeps_the_chips_that_were_read_and_names_the_stage() -> None:
    live = system(HOST, CHIP, death="it was killed by SIGSEGV", stage=Stage(Doing.CHIP, 1))
    assert [chip.id for chip in live.chips] == [0]
    (trouble,) = live.troubles
    assert "reading chip 1" in trouble.why
    assert "SIGSEGV" in trouble.why
    assert exit_code(live) is ExitCode.UMD_FAILED


def test_a_chip_that_could_not_be_read_has_a_row_and_does_not_hide_the_others() -> None:
    silent = msgspec.structs.replace(REMOTE, error="PCIe is hung", masks=None, arch=None, board=None, tags={})
    live = system(HOST, CHIP, silent, wire.Done())
    assert [chip.masks.tensix for chip in live.chips] == [3, None]
    assert live.chips[1].arch is Arch.WORMHOLE_B0
    assert live.chips[1].unknown[0].why == "PCIe is hung"
    assert exit_code(live) is ExitCode.UMD_FAILED


def test_a_driver_that_sees_more_devices_than_umd_is_told() -> None:
    host = wire.HostFacts(kmd_version="2.8.0", kmd_devices={n: f"0000:0{n}:00.0" for n in range(8)})
    live = system(host, CHIP, wire.Done())
    assert [trouble.why for trouble in live.troubles] == [
        "the kernel driver sees 8 devices, tt_umd reports 1"
    ]
    assert exit_code(live) is ExitCode.UMD_FAILED


def test_that_the_user_hides_devices_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TT_VISIBLE_DEVICES", "0")
    host = wire.HostFacts(kmd_version="2.8.0", kmd_devices={n: f"0000:0{n}:00.0" for n in range(8)})
    live = system(host, CHIP, wire.Done())
    assert live.troubles == ()
    (warning,) = live.warnings
    assert warning.startswith("TT_VISIBLE_DEVICES is '0': other devices are hidden (the kernel driver sees 8")
    assert live.evidence[warning] == {"visible": "0", "driver_devices": 8, "tt_umd_devices": 1}


def test_one_device_that_tt_umd_does_not_report_is_counted_as_one() -> None:
    (trouble,) = system(HOST, REMOTE, wire.Done()).troubles
    assert trouble.why == "the kernel driver sees 1 device, tt_umd reports none"


def test_devices_of_another_architecture_are_no_fault() -> None:
    """tt_umd opens one at a time."""
    archs = {0: "wormhole_b0", 1: "blackhole"}
    host = wire.HostFacts(
        kmd_version=None, kmd_devices={n: f"0000:0{n}:00.0" for n in archs}, kmd_archs=archs
    )
    live = system(host, CHIP, wire.Done())
    assert live.troubles == ()
    assert live.warnings == ("the kernel driver sees 2 devices, tt_umd reports 1",)
    assert live.evidence[live.warnings[0]] == {"driver_devices": 2, "tt_umd_devices": 1}


def test_hidden_devices_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TT_VISIBLE_DEVICES", "0")
    assert any("TT_VISIBLE_DEVICES is '0'" in warning for warning in system(HOST, CHIP, wire.Done()).warnings)


def test_no_chips_is_3_and_says_what_the_driver_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TT_VISIBLE_DEVICES", "9")
    with pytest.raises(InspectError) as caught:
        system(HOST, wire.ClusterFacts(chips=0), wire.Done())
    assert caught.value.exit_code is ExitCode.NO_DEVICES
    assert "the kernel driver shows 1" in caught.value.why
    assert "TT_VISIBLE_DEVICES" in caught.value.why


def test_tt_umd_that_fails_is_told_apart_from_what_cannot_be_asked() -> None:
    error = failure(session_of(wire.Failed(why="no")), "umd")
    assert error is not None
    assert (error.what, error.exit_code) == (
        "umd: tt_umd failed while discovering chips",
        ExitCode.UMD_FAILED,
    )
    refusal = wire.Failed(why="no", what="tt_umd is not installed", exit_code=ExitCode.NO_UMD)
    error = failure(session_of(refusal), "umd")
    assert error is not None
    assert (error.what, error.exit_code) == ("tt_umd is not installed", ExitCode.NO_UMD)


def test_a_simulator_that_does_not_fit_into_memory_is_no_wrong_file() -> None:
    why = "libttsim.so: failed to map segment from shared object"
    error = failure(
        session_of(wire.Failed(why=why, what="cannot open", exit_code=ExitCode.USAGE)), "libttsim.so"
    )
    assert error is not None
    assert error.exit_code is ExitCode.UMD_FAILED
    assert error.next_step.startswith("look at free memory")


@pytest.mark.parametrize("name", ["tensix", "dram", "eth", "pcie", "l2cpu"])
def test_a_zero_that_tt_umd_made_of_missing_telemetry_is_unknown(name: str) -> None:
    tags: dict[str, int | None] = dict.fromkeys(("tensix", "dram", "eth", "pcie", "l2cpu"), 1)
    masks = Masks(tensix=0, dram=0, eth=0x120, pcie=2, l2cpu=0)
    for absent in (None, 0xFFFFFFFF):
        facts = msgspec.structs.replace(
            CHIP, arch="blackhole", board=Board("p150"), masks=masks, tags={**tags, name: absent}
        )
        known = system(HOST, facts, wire.Done()).chips[0].masks
        expected = {**{key: getattr(masks, key) for key in tags}, name: None}
        assert known == Masks(**expected)


def test_what_a_simulator_says_of_pci_means_nothing() -> None:
    chip = system_of(outcome(session_of(HOST, CHIP, wire.Done())), SIMULATOR, SOCS).chips[0]
    assert (chip.pci_bdf, chip.kmd_id, chip.pcie, chip.tray) == (None, None, None, None)


def test_every_line_of_the_wire_survives_it() -> None:
    for line in (
        HOST,
        CHIP,
        REMOTE,
        wire.Done(),
        wire.TelemetryFacts(chip=0, tags={14: 1000}),
        wire.Failed(why="w", what="x", exit_code=ExitCode.USAGE),
    ):
        assert wire.DECODER.decode(msgspec.json.encode(line)) == line


def test_a_chip_off_the_bus_is_called_that() -> None:
    """tt_umd's log spells out all 32 bits of its status word."""
    log = (
        "t | warning  |  UMD | Firmware startup error: scratch_status=0xffffffff, smc_init_status=0xffffffff "
        "(Cable fault, unknown bit 5) (topology_discovery.cpp:201)\n"
        "t | warning  |  UMD | Discovered unhealthy PCIe device w/ MMIO, ID: 1 (topology_discovery.cpp:219)\n"
    )
    silent = msgspec.structs.replace(REMOTE, error="", masks=None, arch=None, board=None, tags={})
    live = system(HOST, CHIP, silent, wire.Done(), log=log)
    assert [trouble.why for trouble in live.troubles] == ["it is off the bus: its registers read as all ones"]


def test_a_wormhole_that_does_not_start_may_hide_the_remote_chip_of_its_board() -> None:
    hung = msgspec.structs.replace(CHIP, id=1, unique_id="9", error="it hangs", masks=None, kmd_id=1)
    live = system(HOST, CHIP, hung, wire.Done())
    why = "it hangs; a chip that is reached through it, if there is one, is not seen"
    assert [trouble.why for trouble in live.troubles] == [why]
    blackhole = msgspec.structs.replace(CHIP, arch="blackhole", tags={})
    live = system(HOST, blackhole, msgspec.structs.replace(hung, arch=None), wire.Done())
    assert "it hangs" in [trouble.why for trouble in live.troubles]


def _readings(*heartbeats: int | None) -> tuple[wire.Line, ...]:
    """One reading after the other of a chip; None is one that it did not answer."""
    return tuple(
        wire.TelemetryFacts(chip=0, error="it is off the bus")
        if heartbeat is None
        else wire.TelemetryFacts(chip=0, time_ns=1, tags={14: 1000, 32: heartbeat})
        for heartbeat in heartbeats
    )


@pytest.mark.parametrize(
    ("heartbeats", "moves"), [((5,), None), ((5, 6), True), ((5, 5), False), ((0xFFFFFFFF, 5), None)]
)
def test_a_heartbeat_moves_between_two_readings(heartbeats: tuple[int, ...], moves: bool | None) -> None:
    (chip,) = system(HOST, CHIP, *_readings(*heartbeats), wire.Done()).chips
    assert chip.telemetry is not None
    assert (chip.telemetry.heartbeat, chip.telemetry.heartbeat_moves) == (heartbeats[-1], moves)


def test_a_chip_that_leaves_between_two_readings_shows_the_first_and_is_told() -> None:
    live = system(HOST, CHIP, *_readings(5, None), wire.Done())
    assert live.chips[0].telemetry is not None
    assert (live.chips[0].telemetry.aiclk_mhz, live.chips[0].telemetry.heartbeat_moves) == (1000, None)
    assert [(trouble.chip, trouble.why, trouble.readable) for trouble in live.troubles] == [
        (0, "it is off the bus", False)
    ]
    assert exit_code(live) is ExitCode.UMD_FAILED


def test_a_chip_that_was_left_alone_keeps_what_it_said_before_and_says_why() -> None:
    """Also where devices were asked for alone in between: there other chips have its number."""
    before = session_of(HOST, wire.ClusterFacts(chips=2), CHIP, death="it died")
    alone = session_of(HOST, msgspec.structs.replace(CHIP, unique_id="99"), wire.Done())
    after = session_of(HOST, REMOTE, wire.Done())
    plans = (
        Plan(request=before.request),
        Plan(request=alone.request, alone=1),
        Plan(
            request=after.request, skipped={0: "tt_umd died while reading chip 0: it died"}, lost={3: "hung"}
        ),
    )
    attempts = tuple(
        Attempt(plan=plan, session=session)
        for plan, session in zip(plans, (before, alone, after), strict=True)
    )
    live = system_of(Outcome(attempts=attempts, best=attempts[-1], host=HOST), SOURCE, SOCS)
    assert [(chip.id, chip.unique_id, chip.kmd_id) for chip in live.chips] == [
        (0, "7", 0), (1, "8", None), (2, None, 3),
    ]  # fmt: skip
    assert {trouble.chip: trouble.why for trouble in live.troubles} == {
        0: "tt_umd died while reading chip 0: it died",
        2: "hung; a chip that is reached through it, if there is one, is not seen",
    }
