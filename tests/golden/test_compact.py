"""The compact golden data is what the reference data says."""

import json
import lzma
from pathlib import Path

from tests.golden import compact
from tests.golden.reading import DATA, golden


def test_compact_golden_is_remade_from_the_reference_data(shared: Path) -> None:
    assert lzma.decompress(compact.golden_bytes(shared / "golden")) == lzma.decompress(
        (DATA / "golden.json.xz").read_bytes()
    )


def test_compact_allocator_is_remade_from_the_reference_data(shared: Path) -> None:
    assert lzma.decompress(compact.allocator_bytes(shared / "golden")) == lzma.decompress(
        (DATA / "allocator.json.xz").read_bytes()
    )


def test_compact_runtimes_are_remade_from_the_reference_data(shared: Path) -> None:
    assert lzma.decompress(compact.runtimes_bytes(shared / "golden")) == lzma.decompress(
        (DATA / "runtimes.json.xz").read_bytes()
    )


def test_compact_tensors_are_remade_from_the_reference_data(shared: Path) -> None:
    assert lzma.decompress(compact.tensors_bytes(shared / "tensors")) == lzma.decompress(
        (DATA / "tensors.json.xz").read_bytes()
    )


def test_compact_tt_smi_documents_are_remade_from_the_reference_data(shared: Path) -> None:
    assert lzma.decompress(compact.tt_smi_bytes(shared / "cases" / "tt-smi")) == lzma.decompress(
        (DATA / "tt_smi.json.xz").read_bytes()
    )


def test_restored_records_equal_the_reference_records(shared: Path) -> None:
    restored = golden()["records"]
    originals = [
        {"file": name, **record}
        for name in compact.RECORD_FILES
        for record in json.loads((shared / "golden" / f"{name}.json").read_text())
    ]
    assert restored == originals
