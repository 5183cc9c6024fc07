"""The older of two fleets that are compared is kept small, and as it was."""

import tracemalloc
from pathlib import Path

import msgspec
import pytest

from tests.fleet import plans, simulated
from tests.fleet.products import PRODUCTS
from ttinspect.answers.fleet_diff import OldFleet
from ttinspect.sources.fleet import Reading, read_fleet

MOST_BYTES = 16 * 1024
"""Of a host of 32 chips, its ids included: 10,000 of them fit into 160 MB."""


def _readings(folder: Path) -> list[Reading]:
    return [entry for entry in read_fleet([str(folder)]) if isinstance(entry, Reading)]


@pytest.mark.parametrize("product", ["t3000", "quietbox-2"])
def test_a_host_is_unpacked_as_it_was(tmp_path: Path, product: str) -> None:
    plans.write(tmp_path / "hosts", plans.documents(plans.ring(PRODUCTS[product], ("a", "b"))))
    readings = _readings(tmp_path / "hosts")
    assert len(readings) == 2
    assert [*OldFleet(readings).left()] == readings


def test_a_host_of_32_chips_that_tell_everything_is_kept_in_a_few_kib(tmp_path: Path) -> None:
    readings = _readings(simulated.write(tmp_path, 12, telemetry=True))
    readings = [msgspec.structs.replace(reading, published=None) for reading in readings]
    OldFleet(readings[:2])  # what is imported and cached once
    tracemalloc.start()
    kept = OldFleet(readings)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < MOST_BYTES * len(readings)
    assert [*kept.left()] == readings


@pytest.mark.parametrize(
    ("old", "new", "rests"),
    [('"power_w":1', '"power_w":2', False), ('"trained":true', '"trained":false', True)],
)
def test_a_reading_that_never_rests_is_compared_where_it_is_asked_for(
    tmp_path: Path, old: str, new: str, rests: bool
) -> None:
    before = simulated.write(tmp_path, 2, telemetry=True)
    readings = _readings(before)
    file = before / "glx-00001.json"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    later = _readings(before)
    for telemetry in (False, True):
        fleet = OldFleet(readings, telemetry=telemetry)
        assert [fleet.take(reading) is reading for reading in later] == [True, not (telemetry or rests)]
