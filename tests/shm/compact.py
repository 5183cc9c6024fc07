"""Make tests/data/regions/captures.json.xz from captured SHM files and their ground truth.

    python tests/shm/compact.py CAPTURES_FOLDER OUTPUT_FILE

Imports nothing from ttinspect: what the tests expect must not come from the code under test. Every byte
of every capture is kept; nothing is computed but the compression.
"""

import base64
import json
import lzma
import sys
from pathlib import Path


def captures_bytes(folder: Path) -> bytes:
    """All captures: ``files`` {NAME.bin: base64 of its bytes}, ``truth`` {NAME: the JSON beside it}."""
    document = {
        "files": {
            path.name: base64.b64encode(path.read_bytes()).decode() for path in sorted(folder.glob("*.bin"))
        },
        "truth": {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))},
    }
    return lzma.compress(json.dumps(document, separators=(",", ":")).encode(), preset=9)


def main() -> None:
    Path(sys.argv[2]).write_bytes(captures_bytes(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
