"""Captures and reports of 100 MB, made of real ones, for tests/bench.py."""

import json
import subprocess
import sys
from pathlib import Path

from tests.graphs import graphs

SIZE = 100_000_000


def write_capture(path: Path) -> None:
    """A bare capture as json.dump writes it: the real ones again and again."""
    nodes = [node for name in sorted(graphs()["captures"]) for node in graphs()["captures"][name]]
    texts = [json.dumps({**node, "arguments": ["x" * 160] * 2}) for node in nodes]
    capture = ", ".join(texts)
    path.write_text(f"[{', '.join([capture] * (SIZE // len(capture)))}]")


def write_line(path: Path) -> None:
    """A report on one line, as json.dumps writes it: half of it nodes, half pages."""
    report = graphs()["reports"]["n150-detail"]
    pages = json.dumps(report["buffer_pages"])[1:-1]
    nodes = json.dumps(report["graph"])[1:-1]
    rest = json.dumps({**report, "buffer_pages": [], "graph": []}, sort_keys=True)
    for key, text in (("buffer_pages", pages), ("graph", nodes)):
        many = ", ".join([text] * (SIZE // 2 // len(text)))
        rest = rest.replace(f'"{key}": []', f'"{key}": [{many}]', 1)
    path.write_text(rest)


def write_report(path: Path) -> None:
    """A report as ttnn lays it out, most of it pages, as in those with snapshots."""
    report = graphs()["reports"]["n150-detail"]
    page = json.dumps(report["buffer_pages"][0], indent=2).replace("\n", "\n    ")
    pages = ",\n    ".join([page] * (SIZE // len(page)))
    rest = json.dumps({**report, "buffer_pages": []}, indent=2, sort_keys=True)
    path.write_text(rest.replace('"buffer_pages": []', f'"buffer_pages": [\n    {pages}\n  ]', 1))


_LAUNCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A small process of its own: a child counts what its parent had when it was forked."""


def peak_mb(command: list[str]) -> float:
    """The most memory that a command has, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCH, *command], capture_output=True, text=True, check=True
    )
    return int(done.stdout) * 1024 / 1e6
