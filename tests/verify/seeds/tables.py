"""Seeded faults: clocks and tables."""

from tests.verify.build import BOARD_ID, LOCATION, NOW, Bytes, ChipSpec, RegionSpec, SlotSpec
from tests.verify.host import Host
from tests.verify.seeds.seed import HELD, OTHER, healthy, in_versions, seed

in_versions(
    lambda host, version: host.publish(healthy(host, version, updated=NOW + 6 * 10**9)),
    "a timestamp in the future",
    dict.fromkeys((1, 2, 3, 4), ("TTS029 warning",)),
)
in_versions(
    lambda host, version: host.publish(healthy(host, version, updated=NOW + 4 * 10**9)),
    "a clock that is a little ahead",
    dict.fromkeys((1, 2, 3, 4), ()),
)
in_versions(
    lambda host, version: host.publish(healthy(host, version, updated=NOW - 10**9)),
    "realtime after a CB update",
    dict.fromkeys((1, 2), ()),
)


def _full(host: Host, version: int) -> None:
    for pid in range(1000, 1064):
        host.run(pid)
    slots = [SlotSpec(pid=pid, held=Bytes(dram=1024)) for pid in range(1000, 1064)]
    host.publish(RegionSpec(version=version, slots=slots))


in_versions(_full, "64 processes", dict.fromkeys((1, 2, 3, 4), ("TTS030 warning",)))


@seed("59 processes in a v1 region that was shrunk", "TTS003 warning", "TTS030 warning")
def _(host: Host) -> None:
    for pid in range(1000, 1059):
        host.run(pid)
    slots = [SlotSpec(pid=pid, held=Bytes(dram=1024)) for pid in range(1000, 1059)]
    content = RegionSpec(version=1, slots=slots).encode()
    host.put(content[:8576], BOARD_ID << 8 | LOCATION)


def _sixteen_chips(host: Host, version: int) -> None:
    held = [HELD.plus(OTHER)] + [Bytes(dram=1)] * 15
    chips = [ChipSpec(chip_id=at, held=held_by_chip) for at, held_by_chip in enumerate(held)]
    totals = HELD.plus(OTHER).plus(Bytes(dram=15))
    slots = [SlotSpec(pid=101, held=HELD), SlotSpec(pid=102, held=OTHER.plus(Bytes(dram=15)))]
    host.publish(healthy(host, version, chips=chips, totals=totals, slots=slots))


in_versions(_sixteen_chips, "sixteen chips", dict.fromkeys((1, 2, 3, 4), ("TTS031 warning",)))


@seed("chips below the total, and no entry is free", "TTS031 warning")
def _(host: Host) -> None:
    chips = [ChipSpec(chip_id=at, held=Bytes(dram=1)) for at in range(16)]
    host.publish(healthy(host, 4, chips=chips))
