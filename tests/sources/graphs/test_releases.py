"""Databases, reports and captures that earlier releases of ttnn wrote, on a mocked N150 in slow dispatch.

The same calls in each: add twice, softmax, deallocate the second, untilize, sum. 0.66 wrote its database itself
while it ran (its first call is the tensor's own, and its grid was that of tensix dispatch); from 0.68 on
ttnn's importer makes it of the report. Stack traces were taken out.
"""

import lzma
from pathlib import Path

import pytest

from ttinspect.answers.programs import Capture, build_programs
from ttinspect.model.arch import Arch
from ttinspect.model.graph import CaptureKind, Earlier, RunMode
from ttinspect.sources.graphs.opening import read_captures

DATA = Path(__file__).parents[2] / "data" / "releases"
HELD_AFTER = [8_192, 12_288, 16_384, 12_288, 16_384, 18_432]
"""What the allocator said after each call, of a bank of L1."""
NAMES = ["ttnn.add", "ttnn.add", "ttnn.softmax", "ttnn.deallocate", "ttnn.untilize", "ttnn.sum"]


def _capture(name: str, folder: Path) -> Capture:
    path = folder / name
    path.write_bytes(lzma.decompress((DATA / f"{name}.xz").read_bytes()))
    (capture,) = build_programs(read_captures(str(path))).captures
    return capture


@pytest.mark.parametrize(
    ("name", "kind", "banks", "bank_bytes", "l1_base"),
    [
        ("0.66.0.sqlite", CaptureKind.DATABASE, 64, 1_395_584, 103_552),
        ("0.68.0.json", CaptureKind.REPORT, 72, 1_395_424, 103_712),
        ("0.68.0.sqlite", CaptureKind.DATABASE, 72, 1_395_424, 103_712),
        ("0.70.1.json", CaptureKind.REPORT, 72, 1_395_424, 103_712),
        ("0.70.1.sqlite", CaptureKind.DATABASE, 72, 1_395_424, 103_712),
    ],
)
def test_what_tensors_hold_after_each_call_is_what_the_allocator_said(
    name: str, kind: CaptureKind, banks: int, bank_bytes: int, l1_base: int, tmp_path: Path
) -> None:
    capture = _capture(name, tmp_path)
    assert (capture.source, capture.mode, capture.arch) == (kind, RunMode.NORMAL, Arch.WORMHOLE_B0)
    assert (capture.banks, capture.bank_bytes, capture.l1_base_bytes) == (banks, bank_bytes, l1_base)
    assert (capture.l1_small_bytes, capture.earlier) == (0, Earlier.ALL)
    by_itself = name.startswith("0.66")
    operations = [each for each in capture.operations if each.name != "Tensor::deallocate"]
    assert [each.name for each in operations] == ["ttnn.empty"] * by_itself + NAMES
    assert [each.l1_after_bytes for each in operations] == [4_096] * by_itself + HELD_AFTER
    assert {each.program_bytes for each in operations} == {None}
    assert len(capture.programs) == 6


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("0.66.0-dry.json", [12_288, 12_288, 139_264, 65_536, 12_288, 4_608]),
        ("0.70.1-dry.json", [12_288, 12_288, 141_312, 65_536, 10_240, 4_608]),
    ],
)
def test_a_dry_run_is_known_by_its_addresses_before_executions_were_recorded(
    name: str, held: list[int], tmp_path: Path
) -> None:
    capture = _capture(name, tmp_path)
    assert (capture.source, capture.mode) == (CaptureKind.CAPTURE, RunMode.NO_DISPATCH)
    assert [chip.max_per_core for program in capture.programs for chip in program.chips] == held
    assert all(program.complete for program in capture.programs)
