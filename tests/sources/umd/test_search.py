"""What is asked next of a host, and when: strategies are pure functions of everything that was asked."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from ttinspect.sources.umd import wire
from ttinspect.sources.umd.lateness import Late, WaitFor
from ttinspect.sources.umd.request import Request
from ttinspect.sources.umd.search import Attempt, History, Plan, next_plan
from ttinspect.sources.umd.wire import Doing, Session, Stage, Wait

DEVICES = {0: "0000:41:00.0", 1: "0000:42:00.0", 2: "0000:43:00.0"}
DIED = "it was killed by SIGABRT"


class Host:
    """A host of three devices that is asked until nothing more is to be asked. ``bad`` are those with which
    tt_umd goes wrong ``how``, ``together`` whether it does with all of them."""

    def __init__(
        self, how: str, *, bad: tuple[int, ...] = (), together: bool = False, arch: str = "blackhole",
        may_leave_out: bool = True, over_eth: bool = False,
    ) -> None:  # fmt: skip
        self._how, self._bad, self._together, self._over_eth = how, bad, together, over_eth
        self._arch, self._devices = arch, DEVICES if may_leave_out else {}
        self.attempts: tuple[Attempt, ...] = ()

    def ask(self) -> list[str]:
        """What was asked, in order: devices, and what else is not as it was at first."""
        plan: Plan | None = Plan(request=Request("chips"))
        while plan is not None and len(self.attempts) < 20:
            self.attempts = (*self.attempts, Attempt(plan=plan, session=self._session(plan)))
            history = History(
                attempts=self.attempts,
                host=wire.HostFacts(kmd_devices=self._devices, kmd_archs={0: self._arch}),
                left_seconds=30.0,
            )
            wait = history.last.session.wait
            named = wait.device if wait is not None and wait.kind is WaitFor.FIRMWARE else None
            plan = next_plan(replace(history, named=named))
        return [_spelled(attempt.plan) for attempt in self.attempts]

    @property
    def lost(self) -> Mapping[int, str]:
        """What was left out in the end."""
        return self.attempts[-1].plan.lost

    def _session(self, plan: Plan) -> Session:
        request = plan.request
        seen = [n for n, bdf in DEVICES.items() if request.visible is None or bdf in request.visible]
        guilty = [number for number in seen if number in self._bad]
        wrong = bool(guilty) or (self._together and len(seen) == 3) or (self._over_eth and request.over_eth)
        if not wrong:
            chips = tuple(wire.ChipFacts(id=chip, arch=self._arch) for chip in range(len(seen)))
            return Session(request=request, lines=(*chips, wire.Done()), stage=Stage(Doing.CHIP, 0))
        stage, device = Stage(Doing.DISCOVERING), guilty[0] if guilty else None
        if self._how == "fails":
            return Session(request=request, lines=(wire.Failed("no such telemetry"),), stage=stage)
        if self._how == "dies":
            return Session(request=request, lines=(), stage=stage, death=DIED)
        kinds = {"hangs": WaitFor.FIRMWARE, "trains": WaitFor.TRAINING, "locked": WaitFor.LOCK}
        wait = Wait(kinds[self._how], "what it waits for", device=device)
        if self._how == "trains" and not request.wait_for_training:
            return Session(request=request, lines=(wire.Done(),), stage=stage)
        late = {"hangs": Late.FIRMWARE, "trains": Late.TRAINING, "locked": Late.TIMEOUT}[self._how]
        late = Late.TIMEOUT if plan.patient else late
        return Session(request=request, lines=(), stage=stage, death="late", late=late, wait=wait)


def _spelled(plan: Plan) -> str:
    request = plan.request
    numbers = [n for n, bdf in DEVICES.items() if request.visible is None or bdf in request.visible]
    words = ["".join(map(str, numbers))]
    words += [] if request.over_eth else ["no eth"]
    words += [] if request.remote_firmware_seconds is None else ["singly"]
    words += [] if request.wait_for_training else ["no training"]
    return ", ".join([*words, *(["patiently"] if plan.patient else [])])


def test_a_host_that_is_well_is_asked_once() -> None:
    assert Host("fails").ask() == ["012"]


def test_a_hung_device_is_named_and_left_out() -> None:
    host = Host("hangs", bad=(1,))
    assert host.ask() == ["012", "02"]
    assert host.lost == {1: "tt_umd hung while discovering chips: late"}


def test_every_hung_device_is_left_out() -> None:
    assert Host("hangs", bad=(2, 0)).ask() == ["012", "12", "1"]


def test_on_wormhole_it_may_be_a_remote_chip_that_hangs() -> None:
    assert Host("hangs", bad=(1,), arch="wormhole_b0").ask() == ["012", "012, no eth, singly", "02"]


@pytest.mark.parametrize("how", ["fails", "dies"])
def test_devices_with_which_tt_umd_goes_wrong_are_found_one_by_one(how: str) -> None:
    host = Host(how, bad=(0, 2))
    asked = host.ask()
    assert [question for question in asked if question != "012, no eth"] == [
        "012",
        "0, no eth",
        "1, no eth",
        "2, no eth",
        "1",
    ]
    assert [*host.lost] == [0, 2]


def test_where_each_is_well_alone_nobody_is_left_out() -> None:
    host = Host("dies", together=True)
    assert host.ask() == ["012", "0, no eth", "1, no eth", "2, no eth", "012, no eth"]
    assert not host.lost


def test_what_fails_over_eth_only_is_asked_without() -> None:
    assert Host("fails", over_eth=True).ask() == ["012", "012, no eth"]
    assert Host("fails", over_eth=True, arch="wormhole_b0").ask() == ["012", "012, no eth, singly"]


def test_a_link_that_does_not_train_is_not_waited_for() -> None:
    host = Host("trains", together=True)
    assert host.ask() == ["012", "012, no training"]
    assert host.attempts[-1].plan.untrained == "what it waits for"


def test_when_all_hang_they_are_given_all_the_time() -> None:
    assert Host("hangs", bad=(0, 1, 2)).ask() == ["012", "12", "2", "012, patiently"]


def test_what_the_user_made_visible_stays_so() -> None:
    assert Host("hangs", bad=(1,), may_leave_out=False).ask() == ["012", "012, patiently"]
    assert Host("dies", bad=(1,), may_leave_out=False).ask() == ["012", "012, no eth"]


def test_nobody_is_blamed_for_a_lock_that_another_process_holds() -> None:
    assert Host("locked", bad=(1,)).ask() == ["012"]
    waits = Session(
        request=Request("chips"),
        lines=(),
        death="late",
        late=Late.TIMEOUT,
        wait=Wait(WaitFor.LOCK, "lock"),
    )
    assert Attempt(plan=Plan(request=Request("chips"), alone=1), session=waits).is_well


def test_a_chip_that_is_read_when_tt_umd_dies_is_left_alone_once() -> None:
    cluster = wire.ClusterFacts(chips=3)
    stage, request = Stage(Doing.TELEMETRY, 1), Request("telemetry")
    session = Session(request=request, lines=(cluster,), stage=stage, death=DIED)
    first = Attempt(plan=Plan(request=request), session=session)

    def after(*attempts: Attempt) -> Plan | None:
        return next_plan(
            History(attempts=attempts, host=wire.HostFacts(kmd_devices=DEVICES), left_seconds=30.0)
        )

    plan = after(first)
    assert plan is not None
    assert (plan.request.skipped, plan.skipped) == (
        (1,), {1: f"tt_umd died while reading telemetry of chip 1: {DIED}"},
    )  # fmt: skip
    assert after(first, Attempt(plan=plan, session=session)) is None
