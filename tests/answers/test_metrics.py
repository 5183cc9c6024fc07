"""Metrics: base units, two labels on every series of a chip, nothing for what is unknown."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Run
from tests.shm.captures import captures
from tests.sources import fake_sysfs
from tests.telemetry import everything_told

Values = dict[tuple[str, ...], float]


@pytest.fixture
def host(tmp_path: Path) -> Path:
    return fake_sysfs.host(tmp_path / "host", 1)


@pytest.fixture
def exported(run: Run, tmp_path: Path) -> Callable[..., Values]:
    """Samples by metric name and the values of their labels but chip and unique_id, sorted by label."""

    empty = tmp_path / "empty"
    empty.mkdir()

    def read(*args: str) -> Values:
        done = run("metrics", *([] if "--shm-dir" in args else ["--shm-dir", str(empty)]), *args)
        assert done.returncode == 0, done.stderr
        values: Values = {}
        for family in text_string_to_metric_families(done.stdout):
            for sample in family.samples:
                labels = {k: v for k, v in sample.labels.items() if k not in ("chip", "unique_id")}
                key = (sample.name, *(labels[name] for name in sorted(labels)))
                assert key not in values
                values[key] = sample.value
        return values

    return read


def test_readings_are_in_base_units(host: Path, exported: Callable[..., Values]) -> None:
    values = exported("--from", f"sysfs:{host}")
    assert values["ttinspect_temperature_celsius", "asic"] == 54.321
    assert values["ttinspect_temperature_limit_celsius", "throttle"] == 90
    assert values["ttinspect_clock_hertz", "ai"] == 1_350_000_000
    assert values["ttinspect_core_volts",] == 0.745
    assert values["ttinspect_core_power_watts",] == 23
    assert values["ttinspect_core_power_limit_watts",] == 150
    assert values["ttinspect_fan_rpm",] == 1480
    assert values["ttinspect_heartbeat_total",] == 4711
    assert values["ttinspect_thermal_trips_total",] == 2
    assert (values["ttinspect_pcie_lanes",], values["ttinspect_pcie_lanes_max",]) == (8, 16)
    assert values["ttinspect_pcie_transfers_per_second",] == 16e9
    assert values["ttinspect_pcie_transfers_per_second_max",] == 32e9


def test_what_is_unknown_has_no_sample(host: Path, exported: Callable[..., Values]) -> None:
    """sysfs tells neither masks nor DRAM channels, and of a copied tree nobody knows who holds it."""
    names = {key[0] for key in exported("--from", f"sysfs:{host}")}
    assert not names & {
        "ttinspect_cores",
        "ttinspect_memory_physical_bytes",
        "ttinspect_memory_used_bytes",
        "ttinspect_dram_channel_trained",
        "ttinspect_eth_link_up",
    }


def test_harvested_cores_are_counted_apart(exported: Callable[..., Values]) -> None:
    values = exported("--from", "board:n150")
    cores = {key[1:]: value for key, value in values.items() if key[0] == "ttinspect_cores"}
    assert cores["tensix", "active"] == 72
    assert cores["tensix", "harvested"] == 8
    assert cores["eth", "active"] == 16
    assert values["ttinspect_memory_physical_bytes", "l1"] == 72 * 1_499_136


def test_every_series_of_a_chip_has_the_two_labels(run: Run) -> None:
    of_host = {"up", "build_info", "source_info", "findings", "finding_inconclusive"}
    text = run("metrics", "--from", "board:galaxy-bh").stdout
    for family in text_string_to_metric_families(text):
        name = family.name.removeprefix("ttinspect_")
        if name in of_host or name.startswith("last_collect"):
            continue
        for sample in family.samples:
            assert {"chip", "unique_id"} <= sample.labels.keys(), family.name


def test_every_finding_that_is_looked_for_has_a_series(exported: Callable[..., Values]) -> None:
    """A rate sees only what was there before: the first ghost of a host must not be its first sample."""
    values = exported("--from", "board:n150")
    counts = {key[1:]: value for key, value in values.items() if key[0] == "ttinspect_findings"}
    assert counts["TTS050", "warning"] == 0
    assert counts["TTT014", "warning"] == 0
    assert counts["TTH009", "error"] == 0


def test_used_memory_is_that_of_the_region_by_buffer_type(
    tmp_path: Path, exported: Callable[..., Values]
) -> None:
    capture = captures()["real-mockN150-l1"]
    shm = tmp_path / "shm"
    shm.mkdir()
    (shm / capture.file_name).write_bytes(capture.data)
    chip = "masks:wormhole_b0,tensix=0x1,board=n150"
    values = exported("--from", chip, "--shm-dir", str(shm), "--procfs", "/proc", "--per-process")
    used = {key[1]: value for key, value in values.items() if key[0] == "ttinspect_memory_used_bytes"}
    assert used.keys() == {"dram", "l1", "l1_small", "trace"}  # cb of v3 is no sum, and is left out
    assert used["l1"] == 512 * 512 * 2  # the one L1 tensor of its truth, bfloat16
    by_process = {key[2]: v for key, v in values.items() if key[0] == "ttinspect_process_memory_used_bytes"}
    assert by_process["l1"] == 512 * 512 * 2


def test_a_link_counts_its_channel_among_all_of_the_chip(run: Run) -> None:
    """Harvested channels included: so it joins with eth_link_up."""
    text = run("metrics", "--from", "board:p300").stdout
    links = [
        sample.labels
        for family in text_string_to_metric_families(text)
        if family.name == "ttinspect_eth_link_info"
        for sample in family.samples
    ]
    assert all(int(link["channel"]) < 14 for link in links)


def test_openmetrics_ends_with_its_mark(run: Run) -> None:
    done = run("metrics", "--from", "board:n300", "--format", "openmetrics")
    assert done.stdout.endswith("# EOF\n")


def test_each_name_has_one_help_and_no_sample_has_a_time(run: Run) -> None:
    lines = run("metrics", "--from", "board:galaxy-wh").stdout.splitlines()
    helps = [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert len(helps) == len(set(helps))
    assert all(len(line.rpartition("}")[2].split()) == 1 for line in lines if "}" in line)


def _with_telemetry(run: Run, host: Path, folder: Path, **values: object) -> str:
    """A snapshot of the host whose chip also says this of itself."""
    document = json.loads(run("snapshot", "--from", f"sysfs:{host}").stdout)
    document["system"]["chips"][0]["telemetry"].update(values)
    path = folder / "more.json"
    path.write_text(json.dumps(document))
    return str(path)


def test_every_arbiter_of_the_clock_is_a_series_and_one_of_them_may_be_1(
    run: Run, host: Path, tmp_path: Path, exported: Callable[..., Values]
) -> None:
    path = _with_telemetry(
        run, host, tmp_path, busy=True, aiclk_max_by="thermal", board_power_w=187.5, board_power_limit_w=300
    )
    values = exported("--from", path)
    reasons = {key[1]: value for key, value in values.items() if key[0] == "ttinspect_throttling"}
    assert reasons == dict.fromkeys(reasons, 0) | {"thermal": 1}
    assert reasons.keys() == {
        "tdp", "fast_tdc", "tdc", "thermal", "board_power", "voltage", "gddr_thermal", "doppler_slow",
        "doppler_critical",
    }  # fmt: skip
    assert values["ttinspect_busy",] == 1
    assert values["ttinspect_board_input_power_watts",] == 187.5
    assert values["ttinspect_board_power_limit_watts",] == 300


def test_a_clock_at_its_most_is_held_down_by_nothing_and_idle_is_0(
    run: Run, host: Path, tmp_path: Path, exported: Callable[..., Values]
) -> None:
    values = exported("--from", _with_telemetry(run, host, tmp_path, busy=False, aiclk_max_by="fmax"))
    assert values["ttinspect_busy",] == 0
    reasons = [value for key, value in values.items() if key[0] == "ttinspect_throttling"]
    assert reasons == [0] * 9


def test_a_firmware_that_does_not_tell_has_neither_busy_nor_throttling(
    host: Path, exported: Callable[..., Values]
) -> None:
    names = {key[0] for key in exported("--from", f"sysfs:{host}")}
    assert not names & {"ttinspect_busy", "ttinspect_throttling", "ttinspect_board_input_power_watts"}


def test_two_chips_with_one_unique_id_are_two_series(run: Run, host: Path, tmp_path: Path) -> None:
    document = json.loads(run("snapshot", "--from", "board:n300").stdout)
    for chip in document["system"]["chips"]:
        chip["unique_id"] = "77"
    path = tmp_path / "twins.json"
    path.write_text(json.dumps(document))
    text = run("metrics", "--from", str(path)).stdout
    names = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(names) == len(set(names))
    assert sum(name.startswith("ttinspect_chip_up{") for name in names) == 2


def _everything_told(run: Run, folder: Path, board: str) -> tuple[Path, dict[str, Any]]:
    """A snapshot of a built-in example whose telemetry tells all that its architecture can, on every live
    channel; and what is in it."""
    (folder / "none").mkdir()
    document = json.loads(
        run("snapshot", "--from", f"board:{board}", "--shm-dir", str(folder / "none")).stdout
    )
    for chip in document["system"]["chips"]:
        chip["telemetry"] = everything_told(chip)
        chip["unique_id"] = str(1000 + chip["id"])
        chip["pcie"] = {"generation": 4, "lanes": 16, "max_generation": 4, "max_lanes": 16}
    path = folder / "told.json"
    path.write_text(json.dumps(document))
    return path, document


@pytest.mark.parametrize(
    ("board", "most", "most_without_eth"),
    [("n150", 152, 56), ("galaxy-wh", 4864, 1792), ("galaxy-bh", 4352, 3456)],
)
def test_a_host_has_no_more_series_than_a_prometheus_server_should_be_asked_to_keep(
    run: Run, tmp_path: Path, board: str, most: int, most_without_eth: int
) -> None:
    """At most as many as 32 for a chip, 6 for an eth channel and 4 for a DRAM channel would be, also where
    everything is told; an eth channel has two of them, one where it leads nowhere."""
    path, document = _everything_told(run, tmp_path, board)
    counts = []
    for switch in ("--eth-channels", "--no-eth-channels"):
        done = run("metrics", "--from", str(path), "--shm-dir", str(tmp_path / "none"), switch)
        assert done.returncode == 0, done.stderr
        counts.append(sum('chip="' in line for line in done.stdout.splitlines()))
    system = document["system"]
    channels = sum(len(chip["telemetry"]["eth"]) for chip in system["chips"])
    assert counts[0] - counts[1] == channels + 2 * len(system["links"])
    assert 32 * len(system["chips"]) < counts[1] <= most_without_eth
    assert counts[0] <= most
