"""The helper that a user calls with a live ttnn device, against an object with the same interface."""

import json
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.graphs import graphs
from ttinspect import ttnn_stats
from ttinspect.model.allocator import DispatchMode, ProgramsPeak
from ttinspect.sources.allocator import decode_allocator

# What ttnn 0.81.1 answered on an N150 with slow dispatch, after an L1 tensor of 512 KiB.
VIEWS = {
    "DRAM": (12, 1_072_603_072, 193_600),
    "L1": (72, 1_360_544, 8_192),
    "L1_SMALL": (72, 32_768, 0),
    "TRACE": (12, 90_112, 0),
}


class MeshDevice:
    """The part of ttnn.MeshDevice that is used."""

    def get_device_ids(self) -> list[int]:
        return [0, 1]


class Device:
    """The part of a single ttnn device that is used."""

    def id(self) -> int:
        return 3


class Graph:
    """The part of ttnn.graph that is used: a capture that ends with a report of the real one."""

    RunMode = SimpleNamespace(NORMAL="normal", NO_DISPATCH="dry")

    def begin_graph_capture(self, mode: str) -> None:
        self.mode = mode

    def end_graph_capture_to_file(self, path: str) -> None:
        Path(path).write_text(json.dumps(graphs()["reports"][f"n150-{self.mode}"]))


@pytest.fixture(autouse=True)
def ttnn(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_memory_view(device: object, buffer_type: str) -> SimpleNamespace:
        assert isinstance(device, MeshDevice | Device)
        banks, size, allocated = VIEWS[buffer_type]
        return SimpleNamespace(
            num_banks=banks,
            total_bytes_per_bank=size,
            total_bytes_allocated_per_bank=allocated,
            total_bytes_free_per_bank=size - allocated,
            largest_contiguous_bytes_free_per_bank=size - allocated,
            block_table=[
                {"address": "0", "size": str(size - allocated), "allocated": "no", "blockID": "0"},
                {
                    "address": str(size - allocated),
                    "size": str(allocated),
                    "allocated": "yes",
                    "blockID": "1",
                },
            ],
        )

    module = ModuleType("ttnn")
    vars(module)["get_memory_view"] = get_memory_view
    vars(module)["BufferType"] = SimpleNamespace(**{name: name for name in VIEWS})
    vars(module)["graph"] = Graph()
    monkeypatch.setitem(sys.modules, "ttnn", module)


def test_what_is_written_is_what_verify_shm_reads(tmp_path: Path) -> None:
    path = tmp_path / "allocator.json"
    ttnn_stats.dump(MeshDevice(), path)
    (statistics,) = decode_allocator(path.read_bytes(), "allocator.json")
    assert statistics.pid == os.getpid()
    assert statistics.devices == ("0", "1")
    assert statistics.memory_view.l1 is not None
    assert statistics.memory_view.l1.reserved_bytes == 72 * 8_192
    assert statistics.memory_view.l1.blocks is not None
    assert [block.size_bytes for block in statistics.memory_view.l1.blocks] == [1_352_352, 8_192]
    assert statistics.memory_view.trace is not None
    assert statistics.memory_view.trace.capacity_bytes == 12 * 90_112


def test_all_figures_of_the_memory_view_are_kept(tmp_path: Path) -> None:
    ttnn_stats.dump(Device(), str(tmp_path / "a.json"))
    document = json.loads((tmp_path / "a.json").read_text())
    assert document["schema"] == "ttinspect.allocator.v1"
    assert document["device"] == [3]
    assert document["memory_view"]["DRAM"] == {
        "num_banks": 12,
        "total_bytes_per_bank": 1_072_603_072,
        "total_bytes_allocated_per_bank": 193_600,
        "total_bytes_free_per_bank": 1_072_409_472,
        "largest_contiguous_bytes_free_per_bank": 1_072_409_472,
        "block_table": [
            {"address": "0", "size": "1072409472", "allocated": "no", "blockID": "0"},
            {"address": "1072409472", "size": "193600", "allocated": "yes", "blockID": "1"},
        ],
    }


def test_nothing_but_the_file_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "allocator.json"
    path.write_text("older")
    ttnn_stats.dump(Device(), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["allocator.json"]


def test_importing_it_does_not_import_ttnn(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ttnn" not in vars(ttnn_stats)


def test_a_block_is_captured_and_answers_as_the_command_does() -> None:
    warned = pytest.warns(ttnn_stats.PhantomBuffersWarning, match="L1 buffers of this dry run still live")
    with warned, ttnn_stats.programs() as held, pytest.raises(RuntimeError, match="not over"):
        _ = held.answer
    (capture,) = held.answer.captures
    truth = graphs()["report_truth"]["n150-dry"]["operations"]
    assert [each.program_bytes for each in capture.operations] == [each["program_bytes"] for each in truth]
    assert capture.file == "ttnn_stats.programs()"


def test_a_run_in_earnest_has_no_phantom_buffers() -> None:
    with ttnn_stats.programs(run=True) as held:
        pass
    assert not any(program.complete for program in held.answer.captures[0].programs)


def test_an_exception_ends_the_capture_and_goes_on() -> None:
    with pytest.raises(ZeroDivisionError), ttnn_stats.programs(run=True) as held:
        raise ZeroDivisionError
    assert held.answer.captures


def test_a_dump_says_how_the_device_was_opened_and_what_programs_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(ttnn_stats.ENVIRONMENT)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TT_METAL_SLOW_DISPATCH_MODE", "1")
    monkeypatch.setenv("TT_METAL_ALLOCATOR_MODE_HYBRID", "1")
    with ttnn_stats.programs(run=True) as held:
        pass
    device = MeshDevice()
    vars(device)["compute_with_storage_grid_size"] = lambda: SimpleNamespace(x=8, y=9)
    vars(device)["arch"] = lambda: "Arch.WORMHOLE_B0"
    ttnn_stats.dump(device, tmp_path / "a.json", programs=held)
    (statistics,) = decode_allocator((tmp_path / "a.json").read_bytes(), "a.json")
    assert (statistics.arch, statistics.compute_grid) == ("wormhole_b0", (8, 9))
    assert statistics.dispatch is DispatchMode.SLOW
    assert (statistics.l1_small_bytes, statistics.trace_bytes_per_view) == (32_768, 90_112)
    assert statistics.environment == {
        "TT_METAL_ALLOCATOR_MODE_HYBRID": "1", "TT_METAL_SLOW_DISPATCH_MODE": "1"
    }  # fmt: skip
    # softmax, matmul and others of this run are not recorded: what is known is no more than this
    assert statistics.programs == ProgramsPeak(
        op="UntilizeCodegenDeviceOperation", max_per_core=16_384, total=1_048_576, highest_end=122_208,
        complete=False,
    )  # fmt: skip
