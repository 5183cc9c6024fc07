"""The compact captures and reports are what the reference data says."""

import json
import lzma
from pathlib import Path

from tests.golden import compact_graphs


def test_compact_graphs_are_remade_from_the_reference_data(shared: Path) -> None:
    remade = json.loads(json.dumps(compact_graphs.compact(shared)))
    assert remade == json.loads(lzma.decompress(compact_graphs.DATA.read_bytes()))
