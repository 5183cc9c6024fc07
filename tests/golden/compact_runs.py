"""Write tests/data/runs.json.xz from reports of the real ttnn with what its allocator said after each step.

    python -m tests.golden.compact_runs FOLDER

FOLDER has NAME.json, a report, and NAME.json.views: [operation, L1 bytes allocated in every bank, largest free
piece] before the first operation ("start") and after each. Made with ttnn 0.81.1 on mocked boards: N150, P150
(fast dispatch), N300 mesh (slow dispatch). What no reader needs is left out, as in compact_graphs.
"""

import json
import lzma
import sys
from pathlib import Path
from typing import Any

from tests.golden.compact_graphs import compact_report, packed

DATA = Path(__file__).resolve().parent.parent / "data" / "runs.json.xz"


def compact(folder: Path) -> dict[str, Any]:
    """Each report with its views."""
    return {
        path.name.removesuffix(".json.views"): {
            "report": compact_report(json.loads(path.with_suffix("").read_text())),
            "views": json.loads(path.read_text()),
        }
        for path in sorted(folder.glob("*.json.views"))
    }


def runs() -> dict[str, Any]:
    """What was kept."""
    recorded: dict[str, Any] = json.loads(lzma.decompress(DATA.read_bytes()))
    return recorded


if __name__ == "__main__":
    DATA.write_bytes(packed(compact(Path(sys.argv[1]))))
