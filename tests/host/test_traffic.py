"""PCIe traffic: 32-bit counters of 32-byte words that wrap, and start anew when a device is reset."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.sources import fake_sysfs
from ttinspect.host.traffic import PcieBytes, PcieWords, TrafficCounter, add_words, read_words

NAMES = (
    "mst_nonposted_wr_data_word_sent", "mst_posted_wr_data_word_sent", "mst_rd_data_word_received",
    "slv_nonposted_wr_data_word_received", "slv_posted_wr_data_word_received", "slv_rd_data_word_sent",
)  # fmt: skip
FILES = [f"{name}{noc}" for name in NAMES for noc in (0, 1)]


def _words(value: int, heartbeat: int | None = 10, **other: int) -> PcieWords:
    return PcieWords(dict.fromkeys(FILES, value) | other, heartbeat)


def test_each_word_is_32_bytes_and_both_nocs_count() -> None:
    now = _words(0, slv_rd_data_word_sent0=3, slv_rd_data_word_sent1=4, mst_posted_wr_data_word_sent0=1)
    assert add_words(PcieBytes(), _words(0), now) == PcieBytes(host_read=224, device_write=32)


@given(st.integers(0, 2**32 - 2), st.integers(0, 2**32 - 2))
def test_a_counter_that_wrapped_has_gone_on(before: int, words: int) -> None:
    now = (before + words) % 2**32
    total = add_words(PcieBytes(), _words(before), _words(now))
    assert total.device_read == 2 * 32 * words
    assert total.host_write == 4 * 32 * words


def test_a_reset_between_two_looks_adds_nothing() -> None:
    before = PcieBytes(host_read=7)
    assert add_words(before, _words(2**31, heartbeat=900), _words(5, heartbeat=3)) == before


def _device(root: Path, value: int) -> Path:
    fake_sysfs.kernel_driver(root)
    folder = fake_sysfs.device(root, 0)
    _count(folder, value)
    return folder


def _count(folder: Path, value: int) -> None:
    for name in FILES:
        fake_sysfs.write(folder / "pcie_perf_counters" / name, str(value))


def test_a_device_that_does_not_answer_has_no_counters(tmp_path: Path) -> None:
    folder = _device(tmp_path, 5)
    assert read_words(folder) is not None
    _count(folder, 0xFFFFFFFF)
    assert read_words(folder) is None


def test_totals_begin_with_the_first_look(tmp_path: Path) -> None:
    folder = _device(tmp_path, 1000)
    counter = TrafficCounter(tmp_path)
    counter.look()
    assert counter.totals() == {0: PcieBytes()}
    _count(folder, 1001)
    counter.look()
    assert counter.totals()[0].host_read == 64


def test_a_driver_without_counters_counts_nothing(tmp_path: Path) -> None:
    fake_sysfs.kernel_driver(tmp_path)
    fake_sysfs.device(tmp_path, 0)
    with TrafficCounter(tmp_path) as counter:
        assert counter.totals() == {}
