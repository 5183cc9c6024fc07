"""``diff`` of captures, reports and dumps: what grew in L1."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.graphs import Made, write_database, write_report


def leaking(steps: int) -> Made:
    """A model that forgets a tensor in every step."""
    made = Made()
    for _ in range(steps):
        made.start("ttnn.add")
        made.program()
        made.circular("{[0-0 - 7-7]}", 4096)
        made.allocate(2048, 0)
        made.end("ttnn.add")
    return made


def test_a_leak_is_found_in_two_captures(run: Run, tmp_path: Path) -> None:
    for steps in (1, 3):
        leaking(steps).write(tmp_path / f"{steps}.json")
    done = run("diff", "1.json", "3.json", "--json")
    assert done.returncode == 10
    changes = {
        change["path"]: (change["old"], change["new"]) for change in json.loads(done.stdout)["changed"]
    }
    assert changes == {
        "l1_at_end_bytes": (2048, 6144),
        "operations.ttnn.add.l1_peak_bytes": (2048, 6144),
        "live_at_end.ttnn.add.2048_bytes_per_bank": (1, 3),
        "operations.ttnn.add.count": (1, 3),
        "programs.ttnn.add.count": (1, 3),
    }
    table = run("diff", "1.json", "3.json").stdout.splitlines()
    assert table[4].split() == ["+4,096", "l1_at_end_bytes", "2,048", "6,144"]
    assert table[-1] == "DIFFERENT  5 grew, 0 others differ  (exit 10)"


def test_the_same_is_the_same(run: Run, tmp_path: Path) -> None:
    report = write_report(tmp_path, "n150-normal")
    done = run("diff", report, report)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "SAME  L1 of both  (exit 0)")


def test_a_report_and_its_database_are_the_same(run: Run, tmp_path: Path) -> None:
    done = run(
        "diff", write_report(tmp_path, "n150-detail"), write_database(tmp_path, "n150-detail"), "--json"
    )
    assert (done.returncode, json.loads(done.stdout)["changed"]) == (0, [])


def dump(allocated: int, blocks: list[tuple[int, str]], **more: object) -> str:
    address, table = 0, []
    for size, state in blocks:
        table.append({"address": str(address), "size": str(size), "allocated": state})
        address += size
    banks = {
        "num_banks": 64,
        "total_bytes_per_bank": address,
        "total_bytes_allocated_per_bank": allocated,
        "largest_contiguous_bytes_free_per_bank": max(size for size, state in blocks if state == "no"),
        "block_table": table,
    }
    return json.dumps({"memory_view": {"L1": banks}, **more})


def test_what_grew_in_an_allocator_is_told_by_the_size_of_its_blocks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(dump(4096, [(96_256, "no"), (4096, "yes")], dispatch="fast"))
    blocks = [(88_064, "no"), (4096, "yes"), (4096, "no"), (4096, "yes")]
    (tmp_path / "b.json").write_text(dump(8192, blocks, dispatch="fast"))
    done = run("diff", "a.json", "b.json", "--format", "csv")
    assert done.returncode == 10
    assert [line.rstrip(",") for line in done.stdout.splitlines()[1:]] == [
        "changed,,L1.allocated_per_bank_bytes,4096,8192",
        "changed,,blocks.L1.4096_bytes_per_bank,1,2",
        "changed,,L1.largest_free_per_bank_bytes,96256,88064",
    ]


@pytest.mark.parametrize("other", ["report", "board:n150"])
def test_a_dump_is_compared_with_a_dump(run: Run, tmp_path: Path, other: str) -> None:
    (tmp_path / "a.json").write_text(dump(4096, [(4096, "yes"), (64, "no")]))
    name = write_report(tmp_path, "n150-normal") if other == "report" else other
    done = run("diff", "a.json", name)
    assert done.returncode == 2
    assert "name two dumps" in done.stderr


def test_a_report_and_another_source_are_compared_by_their_chips(run: Run, tmp_path: Path) -> None:
    report = write_report(tmp_path, "n150-normal")
    assert run("snapshot", "--from", report, "-o", "snapshot.json").returncode == 0
    done = run("diff", report, "snapshot.json")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "SAME  1 chip  (exit 0)")
