"""A host with bad devices: the real tt_umd discovers the others, and each bad one has a row that says why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.device.host import read_host
from tests.device.simulated import (
    ASIC_ID_HIGH,
    ASIC_ID_LOW,
    BOARD_ID_LOW,
    FIRMWARE,
    Chip,
    Device,
    blackhole,
    wormhole,
)
from tests.device.test_topology import n300s
from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.system import LinkState, System

Read = Callable[..., System]


@pytest.fixture
def read(library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """What the source umd makes of a host."""

    def call(device: Device, **more: Any) -> System:
        return read_host(library, device, monkeypatch, tmp_path, **more)

    return call


def _rows(system: System) -> list[tuple[int | None, bool]]:
    """N of /dev/tenstorrent/N of each chip, and whether its masks are known."""
    return [(chip.kmd_id, chip.masks.tensix is not None) for chip in system.chips]


def _known(system: System) -> int:
    return sum(chip.masks.tensix is not None for chip in system.chips)


def _whys(system: System) -> str:
    return "\n".join(trouble.why for trouble in system.troubles)


@pytest.mark.parametrize("make", [blackhole, wormhole])
def test_a_host_that_is_well_has_no_troubles(read: Read, make: Callable[..., Device]) -> None:
    system = read(make(Chip(), Chip(), Chip()))
    assert (_known(system), system.troubles) == (3, ())


@pytest.mark.parametrize(
    ("make", "bad", "state", "why"),
    [
        (blackhole, 1, {"hung": True}, "waiting for ARC firmware on chip 1"),
        (blackhole, 0, {"off_bus": True}, "waiting for ARC firmware on chip 0"),
        (blackhole, 2, {"tags": {ASIC_ID_HIGH: None}}, "Telemetry entry 61 not available"),
        (wormhole, 1, {"hung": True}, "waiting for ARC firmware on chip 1"),
    ],
)
def test_a_device_that_hangs_or_is_refused_is_left_out(
    read: Read, make: Callable[..., Device], bad: int, state: dict[str, Any], why: str
) -> None:
    chips = [Chip() for _ in range(3)]
    for name, value in state.items():
        setattr(chips[bad], name, value)
    system = read(make(*chips), timeout_seconds=30.0)
    assert _known(system) == 2
    (lost,) = [chip for chip in system.chips if chip.masks.tensix is None]
    assert (lost.id, lost.kmd_id, lost.pci_bdf) == (2, bad, f"0000:00:{bad:02x}.0")
    (trouble,) = [trouble for trouble in system.troubles if trouble.chip == lost.id]
    assert why in trouble.why
    assert not trouble.readable


@pytest.mark.parametrize("make", [blackhole, wormhole])
@pytest.mark.parametrize(
    ("kind", "bad", "words"),
    [("abort", 0, "SIGABRT"), ("exit", 1, "UnimplementedFunctionality"), ("segfault", 2, "SIGSEGV")],
)
def test_a_device_with_which_tt_umd_dies_is_found_and_left_out(
    read: Read, make: Callable[..., Device], kind: str, bad: int, words: str
) -> None:
    system = read(make(Chip(), Chip(), Chip(), crash=(kind, 150, bad), spread=(3, 2)))
    assert _rows(system)[2] == (bad, False)
    assert _known(system) == 2
    assert "tt_umd died while discovering chips: it " in _whys(system)
    assert words in _whys(system)


@pytest.mark.parametrize("make", [blackhole, wormhole])
def test_a_chip_with_the_unique_id_of_another_one_is_missed(read: Read, make: Callable[..., Device]) -> None:
    """tt_umd reports one of them."""
    twins: dict[int, int | None] = {ASIC_ID_HIGH: 1, ASIC_ID_LOW: 5, BOARD_ID_LOW: 7}
    system = read(make(Chip(tags=twins), Chip(), Chip(tags=twins)))
    assert len(system.chips) == 2
    assert _whys(system) == "the kernel driver sees 3 devices, tt_umd reports 2"


@pytest.mark.parametrize("kind", ["segfault", "exit"])
def test_a_chip_with_which_tt_umd_dies_when_it_is_read_is_left_alone(read: Read, kind: str) -> None:
    system = read(blackhole(Chip(), Chip(), Chip(), crash=(kind, 2000, 1)), task="telemetry")
    assert [chip.telemetry is not None for chip in system.chips] == [True, False, True]
    assert _known(system) == 3
    assert "tt_umd died while reading telemetry of chip 1" in _whys(system)


def test_a_chip_with_which_it_hangs_when_it_is_read_is_left_alone(read: Read) -> None:
    device = blackhole(Chip(), Chip(), Chip(), crash=("hang", 2000, 1))
    system = read(device, task="telemetry", timeout_seconds=15.0)
    assert [chip.telemetry is not None for chip in system.chips] == [True, False, True]
    assert "tt_umd hung while reading telemetry of chip 1" in _whys(system)


def test_when_all_hang_it_is_5_at_the_deadline_and_says_what_it_waited_for(read: Read) -> None:
    with pytest.raises(InspectError) as caught:
        read(blackhole(Chip(hung=True), Chip(hung=True)), timeout_seconds=8.0)
    assert caught.value.exit_code is ExitCode.UMD_FAILED
    assert "waiting for ARC firmware on chip 0" in caught.value.why


@pytest.mark.parametrize(
    ("bad", "state", "why"),
    [
        (3, {"hung": True}, "Firmware startup error"),
        (2, {"off_bus": True}, "it is off the bus"),
        (3, {"tags": {FIRMWARE: 0x11000000}}, "No existing board type"),
    ],
)
def test_a_bad_remote_chip_does_not_hide_the_others(
    read: Read, bad: int, state: dict[str, Any], why: str
) -> None:
    """tt-umd 0.9.14 raises, or waits 300 s, whatever it is told to ignore: they are opened one by one."""
    device = n300s(2)
    healthy = read(device).chips
    for name, value in state.items():
        current = getattr(device.chips[bad], name)
        setattr(device.chips[bad], name, {**current, **value} if isinstance(current, dict) else value)
    system = read(device)
    for chip, usual in zip(system.chips, healthy, strict=True):
        same = (chip.unique_id, chip.masks, chip.board) == (usual.unique_id, usual.masks, usual.board)
        assert same == (chip.id != bad)
    assert system.chips[bad].unique_id == healthy[bad].unique_id
    assert [trouble.why.startswith(why) for trouble in system.troubles if trouble.chip == bad] == [True]


def test_a_remote_chip_with_which_discovery_never_ends_does_not_hide_its_local_one(read: Read) -> None:
    device = n300s(1, crash=("hang", 100, 1))
    local, remote = read(device, timeout_seconds=24.0).chips
    assert (local.board is not None, local.mmio) == (True, True)
    assert (remote.mmio, remote.via, remote.unique_id) == (False, 0, str(device.unique_id(1)))


def test_a_bad_remote_chip_does_not_take_the_links_of_the_others(read: Read) -> None:
    """They are read as discovery reads them; of those of the bad chip only one side says anything."""
    joined: dict[str, Any] = {
        "links": [((0, 14), (1, 14)), ((2, 6), (3, 6))],
        "outside": [((0, 12), (9 << 32 | 0x10000999, 3))],
    }
    healthy = read(n300s(2, **joined))
    device = n300s(2, **joined)
    device.chips[3].off_bus = True
    system = read(device)
    assert [(link.a, link.b) for link in system.links] == [(link.a, link.b) for link in healthy.links]
    for link in system.links:
        assert (link.state is LinkState.UP) == (3 not in (link.a.chip, link.b.chip))
    assert system.remote_links == healthy.remote_links
    links_unknown = ["links" in {each.path for each in chip.unknown} for chip in system.chips]
    assert links_unknown == [False, False, False, True]


def test_a_bad_remote_chip_does_not_take_the_telemetry_of_the_others(read: Read) -> None:
    device = n300s(2)
    device.chips[2].off_bus = True
    chips = read(device, task="telemetry").chips
    assert [chip.telemetry and chip.telemetry.aiclk_mhz for chip in chips] == [1000, 1000, None, 1000]


def test_chips_of_another_host_are_not_opened(read: Read) -> None:
    """A link that leaves the host leads to a board that is not here, and is none of its remote chips."""
    device = n300s(1, outside=[((0, 14), (9 << 32 | 0x10000999, 3))])
    device.chips[1].off_bus = True
    assert [chip.id for chip in read(device).chips] == [0, 1]


def test_a_wrong_word_of_one_eth_core_does_not_hide_the_chips(read: Read) -> None:
    """tt_umd fails with it; without eth it does not."""
    beyond_all_channels = (0, 22, 25, 0x7CFE0, 0x1E1E0000)
    links = [((0, 2), (1, 3)), ((1, 5), (2, 5))]
    system = read(blackhole(Chip(), Chip(), Chip(), links=links, words=[beyond_all_channels]))
    assert _known(system) == 3
    (trouble,) = system.troubles
    assert "eth links were not discovered, because tt_umd failed (No core" in trouble.why
    assert all("links" in [unknown.path for unknown in chip.unknown] for chip in system.chips)


@pytest.mark.parametrize(
    ("device", "core", "readable"),
    [
        (blackhole(Chip(), Chip(), words=[(1, 21, 25, 0x7CC04, 0)]), "core 21, 25 on chip 1", True),
        (wormhole(Chip(), Chip(), words=[(1, 20, 17, 0x1104, 0)]), "core 20, 17 on chip 1", False),
    ],
    ids=["blackhole", "wormhole"],
)
def test_a_link_that_does_not_train_takes_nothing_along(
    read: Read, device: Device, core: str, readable: bool
) -> None:
    """tt_umd would wait for it for 15 minutes. Behind that of a Wormhole there can be a chip."""
    system = read(device, timeout_seconds=12.0)
    assert _known(system) == 2
    (trouble,) = system.troubles
    assert f"ETH training for {core} was not waited for" in trouble.why
    assert trouble.readable is readable


def test_devices_that_the_user_chose_stay_chosen(read: Read) -> None:
    host = blackhole(Chip(), Chip(hung=True), Chip())
    with pytest.raises(InspectError) as caught:
        read(host, timeout_seconds=8.0, visible="0000:00:00.0,0000:00:01.0")
    assert caught.value.exit_code is ExitCode.UMD_FAILED
