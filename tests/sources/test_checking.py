"""A System in JSON that no source of ours would give is refused, and never a crash."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import ttinspect
from tests.conftest import Run
from ttinspect.errors import ExitCode, InspectError

Change = Callable[[dict[str, Any]], Any]


def _system(source: str = "board:n300") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(msgspec.json.encode(ttinspect.open_source(source)))
    return document


_WRONG: dict[str, tuple[Change, str]] = {
    "a mask past the axis": (lambda d: d["chips"][0]["masks"].update(tensix=99999), "tensix mask"),
    "an id twice": (lambda d: d["chips"][1].update(id=0), "repeated"),
    "an id below 0": (lambda d: d["chips"][0].update(id=-1), "chip id -1"),
    "a link to nowhere": (lambda d: d["links"][0]["a"].update(chip=9), "no chip 9"),
    "an id that is no number": (lambda d: d["chips"][0].update(unique_id="abc"), "unique_id 'abc'"),
    "a BDF that is none": (lambda d: d["chips"][0].update(pci_bdf="zz"), "pci_bdf 'zz'"),
    "workers that are no rectangle": (
        lambda d: d["chips"][0]["soc"].update(tensix=[[1, 1], [2, 2]]), "no full rectangle",
    ),
    "a core outside the grid": (lambda d: d["chips"][0]["soc"].update(eth=[[90, 1]]), "outside"),
    "a table that is too short": (lambda d: d["chips"][0]["soc"].update(noc1_x=[1]), "found 1 entry, expected one entry per line"),
    "something assumed that is nothing": (lambda d: d["chips"][0].update(assumed=["mood"]), "'mood' cannot"),
    "an arch of another design": (lambda d: d["chips"][0].update(arch="blackhole"), "its arch is blackhole"),
}  # fmt: skip


@pytest.mark.parametrize("what", _WRONG)
def test_what_cannot_be_is_refused(tmp_path: Path, what: str) -> None:
    change, words = _WRONG[what]
    document = _system()
    change(document)
    path = tmp_path / "system.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InspectError) as caught:
        ttinspect.open_source(str(path))
    assert caught.value.exit_code is ExitCode.USAGE
    assert words in f"{caught.value.what} {caught.value.why}"


@pytest.mark.parametrize("source", ["board:n300", "board:p100", "board:galaxy-bh", "masks:quasar,tensix=1"])
def test_what_we_wrote_is_accepted(tmp_path: Path, source: str, run: Run) -> None:
    path = tmp_path / "system.json"
    path.write_text(json.dumps(_system(source)))
    assert ttinspect.open_source(str(path)).chips == ttinspect.open_source(source).chips
