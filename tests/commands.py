"""Every command as a line that works without a device, and what it needs beside it."""

from pathlib import Path

from tests.fleet import plans
from tests.graphs import write_report
from tests.shm.captures import captures
from tests.sources import clusters

EVERY: dict[str, str] = {
    "list": "list --from c.yaml --shm-dir shm --procfs proc",
    "top": "top --from c.yaml --shm-dir shm --procfs proc",
    "harvest": "harvest --from c.yaml --cores",
    "capacity": "capacity --from c.yaml --sources",
    "topology": "topology --from c.yaml",
    "memory": "memory --from c.yaml --shm-dir shm --procfs proc",
    "programs": "programs report.json",
    "fit": "fit --from c.yaml --graph report.json",
    "verify-shm": "verify-shm --from c.yaml --shm-dir shm --procfs proc --samples 1",
    "telemetry": "telemetry --from c.yaml",
    "check": "check site.yaml --from c.yaml --shm-dir shm --procfs proc",
    "snapshot": "snapshot --from c.yaml --shm-dir shm --procfs proc",
    "diff": "diff c.yaml d.yaml",
    "record": "record --from c.yaml --shm-dir shm --procfs proc --count 1",
    "report": "report --from c.yaml --shm-dir shm --procfs proc",
    "metrics": "metrics --from c.yaml --shm-dir shm --procfs proc",
    "serve": "serve --from c.yaml --shm-dir shm --procfs proc --listen 127.0.0.1:none",
    "collect": "collect --hosts [",
    "fleet": "fleet hosts",
    "soc": "soc --arch blackhole",
    "explain": "explain TTS050",
    "schema": "schema harvest",
    "completion": "completion bash",
}
"""``top`` refuses what is no terminal, ``serve`` an address that is none, ``collect`` a node set that is none:
what they do beyond that is tested where they are."""
REFUSED = {"top", "serve", "collect"}
ANSWERED = tuple(command for command in EVERY if command not in REFUSED)
CHECKED = {0, 10, 11}
"""Exit codes of an answer."""

PLANTED = (
    "ttinspect", "json", "yaml", "msgspec", "typer", "psutil", "tt_umd", "sitecustomize", "usercustomize", "encodings",
    "ttinspect.cli", "rich", "signal", "gc",
)  # fmt: skip
"""Modules that Python or a command looks for: what stands in their way is called so."""


def prepare(folder: Path) -> None:
    """Write what the lines name."""
    (folder / "c.yaml").write_text(clusters.MODERN_P150)
    (folder / "d.yaml").write_text(clusters.to_yaml(clusters.n300()))
    (folder / "site.yaml").write_text("each: {board: p150}\n")
    Path(write_report(folder, "n150-normal", indent=None)).rename(folder / "report.json")
    plans.write(folder / "hosts", plans.documents(plans.cards(2)))
    (folder / "proc").mkdir()
    (folder / "shm").mkdir()
    for capture in list(captures().values())[:2]:
        (folder / "shm" / capture.file_name).write_bytes(capture.data)
