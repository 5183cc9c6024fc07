"""Seeded faults: the file."""

import errno
import os
import socket

from tests.verify.build import (
    BOARD_ID,
    LOCATION,
    UNIQUE_ID,
    Bytes,
    RegionSpec,
    SlotSpec,
)
from tests.verify.host import Host
from tests.verify.seeds.seed import (
    HELD,
    SEEDS,
    UID,
    Seed,
    healthy,
    in_versions,
    seed,
)
from ttinspect.shm.layout import LAYOUTS


def refused(host: Host, number: int) -> None:
    """The one region could not be read: root may read everything, so the answer of the read is seeded."""
    host.publish(healthy(host))
    host.errno = number


@seed("a region that this user may not read", "TTS001 inconclusive")
def _(host: Host) -> None:
    refused(host, errno.EACCES)


@seed("a file that vanished after the listing", "TTS001 info")
def _(host: Host) -> None:
    refused(host, errno.ENOENT)


@seed("a symbolic link", "TTS002 warning")
def _(host: Host) -> None:
    target = host.root / "elsewhere"
    target.write_bytes(healthy(host).encode())
    (host.shm / f"tt_device_{UNIQUE_ID}_memory").symlink_to(target)


@seed("a FIFO", "TTS002 warning")
def _(host: Host) -> None:
    os.mkfifo(host.shm / f"tt_device_{UNIQUE_ID}_memory")


@seed("a directory", "TTS002 warning")
def _(host: Host) -> None:
    (host.shm / f"tt_device_{UNIQUE_ID}_memory").mkdir()


@seed("a socket", "TTS002 warning")
def _(host: Host) -> None:
    folder = os.open(".", os.O_RDONLY)
    os.chdir(host.shm)  # a socket's path is limited to 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as endpoint:
            endpoint.bind(f"tt_device_{UNIQUE_ID}_memory")
    finally:
        os.fchdir(folder)
        os.close(folder)


for _version in (1, 2, 3, 4):
    for _name, _cut in (("a byte short", -1), ("a byte long", 1)):

        def _size(host: Host, version: int = _version, cut: int = _cut) -> None:
            content = healthy(host, version).encode()
            file_id = BOARD_ID << 8 | LOCATION if version == 1 else UNIQUE_ID
            host.put(content[:cut] if cut < 0 else content + bytes(cut), file_id)

        SEEDS.append(Seed(f"{_name}, v{_version}", _size, ("TTS003 error",)))


@seed("three bytes", "TTS003 error")
def _(host: Host) -> None:
    host.put(b"\x03\x00\x00")


@seed("8,575 zero bytes", "TTS003 error")
def _(host: Host) -> None:
    host.put(bytes(8575))


@seed("a sparse file of a terabyte", "TTS003 error")
def _(host: Host) -> None:
    os.truncate(host.publish(healthy(host)), 1 << 40)


@seed("a v1 region that a newer runtime shrank", "TTS003 warning")
def _(host: Host) -> None:
    host.put(healthy(host, 1).encode()[:8576], BOARD_ID << 8 | LOCATION)


@seed("a version from the future", "TTS004 inconclusive")
def _(host: Host) -> None:
    host.put((max(LAYOUTS) + 1).to_bytes(4, "little") + bytes(8572))


@seed("no bytes", "TTS005 inconclusive")
def _(host: Host) -> None:
    host.put(b"")


@seed("all zero", "TTS005 inconclusive")
def _(host: Host) -> None:
    host.put(bytes(8576))


@seed("v4 in progress, judged no further", "TTS005 warning")
def _(host: Host) -> None:
    host.publish(healthy(host, 4, init_state=1, num_active=7, totals=Bytes()))


@seed("v4 with an init_state that does not exist", "TTS005 warning")
def _(host: Host) -> None:
    host.publish(healthy(host, 4, init_state=77))


in_versions(
    lambda host, version: host.publish(
        RegionSpec(version=version, updated=0, asic_id=0, board_serial=0, reference_count=0)
    ),
    "timestamp 0 and no ids yet",
    dict.fromkeys((1, 2, 3), ("TTS005 warning",)),
)
in_versions(
    lambda host, version: host.publish(healthy(host, version), mode=0o660),
    "writable by its group",
    dict.fromkeys((1, 2, 3, 4), ("TTS006 warning",)),
)
in_versions(
    lambda host, version: host.publish(healthy(host, version), mode=0o644),
    "readable by others",
    {1: (), 2: (), 3: ("TTS006 info",), 4: ("TTS006 info",)},
)


@seed("its owner runs none of the live processes in it", "TTS006 warning")
def _(host: Host) -> None:
    host.run(7, uid=UID + 1)
    host.publish(RegionSpec(version=4, slots=[SlotSpec(pid=7, held=HELD)]))


@seed("a v1 region that was shrunk while its lost slots were taken", "TTS003 warning", "TTS020 info")
def _(host: Host) -> None:
    for pid in range(1000, 1062):
        host.run(pid)
    taken = [index for index in range(64) if index not in (3, 4)]
    slots = [
        SlotSpec(pid=pid, held=Bytes(dram=1024), index=index)
        for pid, index in zip(range(1000, 1062), taken, strict=True)
    ]
    host.put(RegionSpec(version=1, slots=slots).encode()[:8576], BOARD_ID << 8 | LOCATION)


@seed("a name that is no number", "TTS007 error")
def _(host: Host) -> None:
    host.put(healthy(host).encode(), file_id="x\ny")


@seed("a copy under another name beside the region itself", "TTS007 error")
def _(host: Host) -> None:
    host.publish(healthy(host))
    host.publish(healthy(host), file_id=99)


@seed("a wrong size says more than its mode", "TTS003 error")
def _(host: Host) -> None:
    host.put(healthy(host, 3).encode()[:-1], mode=0o666)


@seed("an empty file that others can write", "TTS005 inconclusive", "TTS006 warning")
def _(host: Host) -> None:
    host.put(b"", mode=0o666)
