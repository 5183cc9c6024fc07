"""Seeded faults: processes."""

from tests.verify.build import MONOTONIC_NOW, NOW, Bytes, RegionSpec, SlotSpec
from tests.verify.host import Host
from tests.verify.seeds.seed import HELD, OTHER, PlantIn, healthy, in_versions, seed


def _dead(held: Bytes) -> PlantIn:
    def plant(host: Host, version: int) -> None:
        host.run(101)
        slots = [SlotSpec(pid=101, held=HELD), SlotSpec(pid=404, held=held, name=b"killed-proc")]
        host.publish(RegionSpec(version=version, slots=slots))

    return plant


in_versions(_dead(OTHER), "a ghost", dict.fromkeys((1, 2, 3, 4), ("TTS050 warning",)))
in_versions(_dead(Bytes()), "a dead and empty slot", dict.fromkeys((1, 2, 3, 4), ("TTS051 info",)))


@seed("a zombie holds nothing but its slot", "TTS050 warning")
def _(host: Host) -> None:
    host.run(101, state="Z")
    host.publish(RegionSpec(version=3, slots=[SlotSpec(pid=101, held=HELD)]))


def _reused(host: Host, version: int) -> None:
    host.run(101, age_s=10)
    clock = MONOTONIC_NOW if version < 3 else NOW
    slots = [SlotSpec(pid=101, held=HELD, updated=clock - 13 * 10**9)]
    host.publish(RegionSpec(version=version, slots=slots))


in_versions(_reused, "a reused pid", dict.fromkeys((1, 2, 3, 4), ("TTS052 warning",)))


@seed("a start 1 s after the slot's update is within the clock's error")
def _(host: Host) -> None:
    host.run(101, age_s=12)
    host.publish(RegionSpec(version=3, slots=[SlotSpec(pid=101, held=HELD, updated=NOW - 13 * 10**9)]))


@seed("without a boot time nothing is called reused")
def _(host: Host) -> None:
    (host.proc / "stat").unlink()
    host.run(101, age_s=10)
    host.publish(RegionSpec(version=3, slots=[SlotSpec(pid=101, held=HELD, updated=NOW - 60 * 10**9)]))


def _foreign(host: Host, version: int) -> None:
    host.run(2, "kthreadd", age_s=90_000)
    host.publish(RegionSpec(version=version, slots=[SlotSpec(pid=2, held=HELD)]))


in_versions(_foreign, "a pid of another namespace", dict.fromkeys((1, 2, 3, 4), ("TTS053 inconclusive",)))


def _no_slot(host: Host, version: int) -> None:
    host.publish(healthy(host, version))
    host.open_device(0, 101, 102, 300)


in_versions(
    _no_slot,
    "a process with the device open and no slot",
    {1: ("TTS054 info",), 2: ("TTS054 info",), 3: ("TTS054 info",), 4: ("TTS054 warning",)},
)
