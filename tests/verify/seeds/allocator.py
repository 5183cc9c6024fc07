"""Seeded faults: the allocator."""

import json

from tests.verify.build import MIB, NOW, RegionSpec, SlotSpec
from tests.verify.host import Host
from tests.verify.seeds.seed import HELD, healthy, in_versions, seed


def allocator(reserved_l1: int, **changes: object) -> bytes:
    """Statistics of pid 101 on device 0: 120 banks of L1, ``reserved_l1`` bytes of each handed out."""
    view = {
        "L1": {
            "num_banks": 120,
            "total_bytes_per_bank": 1_428_352,
            "total_bytes_allocated_per_bank": reserved_l1,
        },
        "L1_SMALL": {
            "num_banks": 120,
            "total_bytes_per_bank": 32_768,
            "total_bytes_allocated_per_bank": 2048,
        },
        "DRAM": {
            "num_banks": 8,
            "total_bytes_per_bank": 4_277_010_304,
            "total_bytes_allocated_per_bank": 8 * MIB,
        },
        "TRACE": {"num_banks": 8, "total_bytes_per_bank": 131_072, "total_bytes_allocated_per_bank": 131_072},
    }
    return json.dumps({"pid": 101, "device": 0, "memory_view": view, **changes}).encode()


@seed("the allocator reserved as much as is published")
def _(host: Host) -> None:
    host.allocator = allocator(20_480)
    host.publish(healthy(host))


def _more_than_reserved(host: Host, version: int) -> None:
    host.allocator = allocator(16_384)
    host.publish(healthy(host, version))


in_versions(
    _more_than_reserved,
    "more published than reserved",
    dict.fromkeys((1, 2, 3, 4), ("TTS060 error",)),
)


@seed("without a pid, the only slot is compared", "TTS060 error")
def _(host: Host) -> None:
    host.allocator = allocator(16_384, pid=None)
    host.run(101)
    host.publish(RegionSpec(version=4, slots=[SlotSpec(pid=101, held=HELD)]))


@seed("without a pid, several slots cannot be compared", "TTS011 inconclusive")
def _(host: Host) -> None:
    host.allocator = allocator(20_480, pid=None)
    host.publish(healthy(host))


@seed("a process that has reserved memory and has no slot", "TTS011 inconclusive")
def _(host: Host) -> None:
    host.allocator = allocator(20_480, pid=555)
    host.publish(healthy(host))


@seed("statistics of a device that has no region", "TTS011 inconclusive")
def _(host: Host) -> None:
    host.allocator = allocator(20_480, device=4)
    host.publish(healthy(host))


@seed("statistics from before the slot's last update", "TTS011 inconclusive")
def _(host: Host) -> None:
    host.allocator = allocator(16_384, realtime_ns=NOW - 3600 * 10**9)
    host.publish(healthy(host))


@seed("an allocator with other banks", "TTS061 warning")
def _(host: Host) -> None:
    document = json.loads(allocator(20_480))
    document["memory_view"]["L1"]["num_banks"] = 121
    host.allocator = json.dumps(document).encode()
    host.publish(healthy(host))


def _more_l1_than_reserved(**changes: object) -> bytes:
    document = json.loads(allocator(20_480, **changes))
    document["memory_view"]["L1"]["total_bytes_allocated_per_bank"] = 64
    return json.dumps(document).encode()


@seed("more L1 published than reserved", "TTS060 error")
def _(host: Host) -> None:
    host.allocator = _more_l1_than_reserved()
    host.publish(healthy(host))


@seed("L1 that is allocated core by core is in no statistics", "TTS011 inconclusive")
def _(host: Host) -> None:
    host.allocator = _more_l1_than_reserved(environment={"TT_METAL_ALLOCATOR_MODE_HYBRID": "1"})
    host.publish(healthy(host))
