"""What an answer needs of a chip is worked out once, however many parts of it need it."""

import ast
import importlib.util
from collections import Counter
from pathlib import Path

import pytest

from tests.shape import PACKAGE, modules
from ttinspect.cli.main import main
from ttinspect.harvesting import grids
from ttinspect.model.chip import Masks
from ttinspect.model.grid import ChipGrid
from ttinspect.model.soc import Soc
from ttinspect.verify import verify as verifying
from ttinspect.verify.case import Case

COMMANDS = (
    ["harvest"],
    ["harvest", "--picture", "--coords", "logical"],
    ["harvest", "--cores", "--json"],
    ["harvest", "--format", "svg"],
    ["capacity"],
    ["capacity", "--runtime", "all", "--map", "--sources"],
    ["fit", "--tensor", "1x1x32x32,bfloat16,tile,l1"],
    ["list"],
    ["memory"],
    ["verify-shm"],
    ["topology"],
    ["telemetry"],
    ["check"],
    ["check", "--expect", "cores=72", "--product"],
    ["check", "--init"],
    ["snapshot"],
    ["metrics"],
    ["report"],
)
OF_REGIONS = {
    "list",
    "memory",
    "verify-shm",
    "topology",
    "telemetry",
    "check",
    "snapshot",
    "metrics",
    "report",
}
NEEDS = {"metrics": "prometheus_client", "report": "jinja2"}


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[int, Masks]]:
    """How often the grid of a design with these masks is worked out."""
    counted: Counter[tuple[int, Masks]] = Counter()
    chip_grid = grids.chip_grid

    def counting(soc: Soc, masks: Masks) -> ChipGrid:
        counted[id(soc), masks] += 1
        return chip_grid(soc, masks)

    monkeypatch.setattr(grids, "chip_grid", counting)
    return counted


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often a Case is verified."""
    counted: Counter[int] = Counter()
    subjects = verifying._subjects

    def counting(case: Case) -> object:
        counted[id(case)] += 1
        return subjects(case)

    monkeypatch.setattr(verifying, "_subjects", counting)
    return counted


@pytest.mark.parametrize("source", ["board:galaxy-wh", "board:galaxy-bh"])
@pytest.mark.parametrize("line", COMMANDS, ids=" ".join)
def test_an_answer_about_32_chips_works_each_grid_out_once_and_judges_once(
    line: list[str],
    source: str,
    worked_out: Counter[tuple[int, Masks]],
    judged: Counter[int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    needed = NEEDS.get(line[0])
    if needed is not None and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{line[0]} needs {needed}")
    places = ["--shm-dir", str(tmp_path)] if line[0] in OF_REGIONS else []
    assert main([*line, "--from", source, *places]) in (0, 10, 11)
    assert capsys.readouterr().out
    assert set(worked_out.values()) <= {1}
    assert set(judged.values()) <= {1}
    if line[0] in ("harvest", "capacity", "list", "check", "metrics", "report"):
        assert worked_out, "a chip without a grid would pass here"
    if line[0] in ("list", "memory", "verify-shm", "metrics", "report"):
        assert judged


def test_a_grid_is_worked_out_for_all_chips_together_and_handed_on() -> None:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "ttinspect.harvesting.grids":
                name = path.relative_to(PACKAGE)
                assert "chip_grid" not in {alias.name for alias in node.names}, f"{name}: grids_of"
