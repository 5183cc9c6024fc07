"""Bytes over PCIe, from the driver's counters (tt-kmd, pcie_perf_counters; no device is opened).

The counters are 32-bit words of 32 bytes and wrap every 137 GB, within seconds under load: whoever wants
totals has to read them at least once a second.
"""

import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ttinspect.host.attributes import read_decimal
from ttinspect.host.driver import HOST, device_folders

WORD_BYTES = 32
_WRAP = 2**32
_ALL_ONES = 0xFFFFFFFF
_INTERVAL_SECONDS = 1.0
_FOLDER = "pcie_perf_counters"
_COUNTERS = {
    "host_read": ("slv_rd_data_word_sent",),
    "host_write": ("slv_nonposted_wr_data_word_received", "slv_posted_wr_data_word_received"),
    "device_read": ("mst_rd_data_word_received",),
    "device_write": ("mst_nonposted_wr_data_word_sent", "mst_posted_wr_data_word_sent"),
}
"""The attributes of each direction; each is there once per NOC, with 0 or 1 behind its name. The driver's
``slv`` is what the host asked of the device, ``mst`` what the device asked of the host."""


class PcieBytes(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes over the PCIe link of one device since somebody began to count, by who asked for them."""

    host_read: int = 0
    host_write: int = 0
    device_read: int = 0
    device_write: int = 0


class PcieWords(msgspec.Struct, frozen=True):
    """One look at the counters of a device: the raw words by attribute, and the firmware's heartbeat, which
    goes back when the device is reset."""

    words: Mapping[str, int]
    heartbeat: int | None


def read_words(folder: Path) -> PcieWords | None:
    """The counters of the device with this folder of attributes; None where the driver has none, or the
    device does not answer (its counters read as all ones)."""
    words = {}
    for names in _COUNTERS.values():
        for name in _attributes(names):
            value = read_decimal(folder / _FOLDER / name)
            if value is None or not 0 <= value < _ALL_ONES:
                return None
            words[name] = value
    return PcieWords(words, read_decimal(folder / "tt_heartbeat"))


def add_words(total: PcieBytes, before: PcieWords, now: PcieWords) -> PcieBytes:
    """The total after another look, at most one wrap later. A device that was reset in between adds nothing:
    how much went over the link before its counters were cleared is not known."""
    if before.heartbeat is not None and now.heartbeat is not None and now.heartbeat < before.heartbeat:
        return total
    grown = {
        direction: sum((now.words[name] - before.words[name]) % _WRAP for name in _attributes(names))
        for direction, names in _COUNTERS.items()
    }
    return PcieBytes(**{name: getattr(total, name) + WORD_BYTES * words for name, words in grown.items()})


def _attributes(names: tuple[str, ...]) -> list[str]:
    """The files of one direction: each name once per NOC."""
    return [f"{name}{noc}" for name in names for noc in (0, 1)]


class TrafficCounter:
    """Counts while it is entered, in a thread of its own."""

    def __init__(self, top: Path = HOST) -> None:
        self._top = top
        self._before: dict[int, PcieWords] = {}
        self._totals: dict[int, PcieBytes] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)

    def __enter__(self) -> "TrafficCounter":
        self.look()
        if self._before:  # where the driver has no such counters there is nothing to count
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """One look at all devices; one that does not answer starts anew with its next look."""
        for number, folder in (device_folders(self._top) or {}).items():
            now = read_words(folder)
            if now is None:
                self._before.pop(number, None)
                continue
            if number in self._before:
                self._totals[number] = add_words(self._totals[number], self._before[number], now)
            self._totals.setdefault(number, PcieBytes())
            self._before[number] = now

    def totals(self) -> dict[int, PcieBytes]:
        """By N of /dev/tenstorrent/N; a device that never answered is not among them."""
        return dict(self._totals)

    def _count(self) -> None:
        while not self._stop.wait(_INTERVAL_SECONDS):
            self.look()
