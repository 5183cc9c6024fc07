"""make bench: how fast the commands are, as ratios measured side by side in one run.

Every row runs two command lines in turn, so that whatever else the machine does meets both alike,
and shows the medians and their ratio beside the most that is aimed at.
"""

import importlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.cli.test_bad_input import CONTENTS
from tests.sources.clusters import MODERN_P150, galaxy

PYTHON = sys.executable
SCRIPT = str(Path(sys.executable).with_name("ttinspect"))
RUNS = 21


class Row(NamedTuple):
    """One line of the table: medians in milliseconds, and the most the ratio should be."""

    name: str
    ours_ms: float
    other: str
    other_ms: float
    aim: float


def run(command: list[str]) -> float:
    """Wall time of a command in milliseconds."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - start) * 1000


def compare(
    name: str, ours: list[str], other_name: str, other: list[str], aim: float, runs: int = RUNS
) -> Row:
    """Both commands in turn."""
    times = [(run(ours), run(other)) for _ in range(runs)]
    return Row(
        name,
        statistics.median(a for a, _ in times),
        other_name,
        statistics.median(b for _, b in times),
        aim,
    )


def offline(folder: Path) -> Iterator[Row]:
    """Starts, one chip, 32 chips, 3,000 chips."""
    files = {count: folder / f"galaxy{count}.yaml" for count in (1, 32, 1500, 3000)}
    for count, path in files.items():
        path.write_text(galaxy(count))
    (folder / "p150.yaml").write_text(MODERN_P150)

    def harvest(path: Path, *more: str) -> list[str]:
        return [SCRIPT, "harvest", "--from", str(path), "--format", "json", *more]

    typer = [PYTHON, "-c", "import typer"]
    libraries = [PYTHON, "-c", "import typer, yaml, msgspec"]
    rich = [PYTHON, "-c", "import typer, yaml, msgspec, rich.console, rich.table"]
    yield compare("ttinspect --version", [SCRIPT, "--version"], "import typer", typer, 1.5)
    yield compare(
        "harvest, one chip, json",
        harvest(folder / "p150.yaml"),
        "import typer, yaml, msgspec",
        libraries,
        1.6,
    )
    table = [SCRIPT, "harvest", "--from", str(folder / "p150.yaml")]
    yield compare("harvest, one chip, table", table, "the same and rich", rich, 1.6)
    yield compare("harvest, 32 chips, json", harvest(files[32]), "one chip", harvest(files[1]), 1.5)
    yield compare(
        "harvest, 3,000 chips, json", harvest(files[3000]), "1,500 chips", harvest(files[1500]), 2.2, 7
    )


def bad_input(folder: Path) -> Iterator[Row]:
    """The slowest of the bad inputs, against the 2 seconds that any may take."""
    slowest, name = 0.0, ""
    for key, (content, _) in CONTENTS.items():
        path = folder / "bad"
        path.write_bytes(content)
        took = run([SCRIPT, "harvest", "--from", str(path)])
        if took > slowest:
            slowest, name = took, key
    yield Row(f"slowest bad input ({name})", slowest, "the limit", 2000.0, 1.0)


def table(rows: Iterator[Row]) -> None:
    """Print rows as they are measured."""
    for row in rows:
        ratio = row.ours_ms / row.other_ms
        verdict = "ok" if ratio <= row.aim else "OVER"
        print(
            f"{row.name:<40} {row.ours_ms:9.1f} ms   {row.other:<30} {row.other_ms:9.1f} ms"
            f"   x{ratio:5.2f}  (aim x{row.aim:.2f}) {verdict}",
            flush=True,
        )


def main() -> None:
    """All tables; modules beside this one (bench_*.py) add their own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts: list[Callable[[Path], Iterator[Row]]] = [offline, bad_input]
        for path in sorted(Path(__file__).parent.glob("bench_*.py")):
            parts.append(importlib.import_module(f"tests.{path.stem}").rows)
        for part in parts:
            table(part(folder))


if __name__ == "__main__":
    main()
