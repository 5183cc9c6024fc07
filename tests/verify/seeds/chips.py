"""Seeded faults: the chip that a region belongs to."""

import msgspec

from tests.verify.build import LOCATION, UNIQUE_ID, RegionSpec
from tests.verify.host import P150, Host, system_of, without_ids
from tests.verify.seeds.seed import healthy, in_versions, seed

in_versions(
    lambda host, version: host.publish(healthy(host, version, asic_id=5)),
    "a header that names another chip",
    dict.fromkeys((1, 2, 3, 4), ("TTS007 error",)),
)


@seed("a region under another chip's name", "TTS007 error")
def _(host: Host) -> None:
    host.publish(healthy(host), file_id=UNIQUE_ID + 1)


@seed("name and header disagree, of a source without ids", "TTS007 error")
def _(host: Host) -> None:
    host.system = system_of(without_ids(P150))
    host.publish(healthy(host), file_id=99)


@seed("a region of a chip that is not there", "TTS008 warning")
def _(host: Host) -> None:
    host.publish(healthy(host))
    host.publish(RegionSpec(version=4, asic_id=12345), file_id=12345)


@seed("a v1 region of a board that is not there", "TTS008 warning")
def _(host: Host) -> None:
    host.publish(healthy(host, 1))
    host.publish(RegionSpec(version=1, board_serial=77), file_id=77 << 8 | LOCATION)


@seed("what tt-metal's tests leave behind", "TTS008 info")
def _(host: Host) -> None:
    host.publish(healthy(host))
    left = 0x7700000000000000 + 4711
    host.publish(RegionSpec(version=3, asic_id=left), file_id=left)


@seed("no such device id, of a source without ids", "TTS008 info", "TTS009 info")
def _(host: Host) -> None:
    host.system = system_of(without_ids(P150))
    host.publish(healthy(host, device_id=3))


@seed("a chip that is in use and has no region", "TTS009 inconclusive")
def _(host: Host) -> None:
    second = msgspec.structs.replace(P150, id=1, unique_id="5", kmd_id=1)
    host.system = system_of(P150, second)
    host.publish(healthy(host))
    host.open_device(0, 101, 102)
    host.open_device(1, 500)


@seed("a chip that nobody uses and has no region", "TTS009 info")
def _(host: Host) -> None:
    second = msgspec.structs.replace(P150, id=1, unique_id="5", kmd_id=1)
    host.system = system_of(P150, second)
    host.publish(healthy(host))


@seed("nothing published, and nobody has a device open", "TTS009 info")
def _(host: Host) -> None:
    host.open_device(0)


@seed("nothing published, and a device is open", "TTS009 inconclusive")
def _(host: Host) -> None:
    host.open_device(0, 500)


@seed("nothing published, and no driver that tells who has devices open", "TTS009 inconclusive")
def _(host: Host) -> None:
    pass


@seed("two runtimes with a file each for one chip", "TTS010 warning")
def _(host: Host) -> None:
    host.publish(healthy(host, 1))
    host.publish(RegionSpec(version=4))


@seed("regions, and a source without chips", "TTS011 inconclusive")
def _(host: Host) -> None:
    host.system = system_of()
    host.publish(healthy(host))


@seed("nothing published, a device is open, and which chip it is is not known", "TTS009 inconclusive")
def _(host: Host) -> None:
    host.system = system_of(msgspec.structs.replace(P150, kmd_id=None))
    host.open_device(0, 500)


@seed("two chips with the id of the region", "TTS008 inconclusive", "TTS009 inconclusive", "TTS009 info")
def _(host: Host) -> None:
    host.system = system_of(P150, msgspec.structs.replace(P150, id=1, kmd_id=1))
    host.publish(healthy(host))
    host.open_device(0, 101, 102)
    host.open_device(1)
