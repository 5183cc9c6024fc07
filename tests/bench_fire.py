"""verify-shm, run again and again from the command line, on regions that are written at full speed.

    make fire, or python -m tests.bench_fire [RUNS]

Healthy regions of v3 and v4 under 1, 2 and 4 hot writers (RUNS in all, 1,000 when not given), and a tenth as
many with a drift of 64 MiB and of 4 KiB. Prints how each ended.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.shm.fire import build_writer, burning, compiler

SCRIPT = str(Path(sys.executable).with_name("ttinspect"))
WORKERS = (1, 2, 4)


def outcomes(program: Path, version: int, workers: int, runs: int, *options: str) -> Counter[str]:
    """Verdicts of so many runs; "undecided" where a run gave TTS011."""
    counts: Counter[str] = Counter()
    with burning(program, version, workers, *options) as fire:
        if options:
            fire.wait_for("DRIFT")
        arguments = ["verify-shm", "--from", "masks:blackhole", "--shm-dir", str(fire.directory), "--json"]
        for _ in range(runs):
            done = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False)
            document = json.loads(done.stdout)
            ids = {finding["id"] for region in document["regions"] for finding in region["findings"]}
            counts[document["verdict"]] += 1
            counts["undecided"] += "TTS011" in ids
            counts["TTS020"] += "TTS020" in ids
    return counts


def main() -> None:
    """Print a line per case."""
    if compiler() is None:
        sys.exit("there is no C compiler to build the writer with")
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        program = build_writer(Path(folder))
        each = -(-runs // (2 * len(WORKERS)))
        for version in (3, 4):
            for workers in WORKERS:
                counts = outcomes(program, version, workers, each)
                print(f"healthy, v{version}, {workers} hot writers, {each} runs: {dict(+counts)}", flush=True)
        few = max(runs // 40, 1)
        for version in (3, 4):
            for drift in (64 << 20, 4096):
                counts = outcomes(program, version, 4, few, "--keeper", "--drift", str(drift))
                print(f"drift of {drift:,} bytes, v{version}, {few} runs: {dict(+counts)}", flush=True)


if __name__ == "__main__":
    main()
