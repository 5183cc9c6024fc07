"""Fleets of any size: snapshots of equal Galaxies in a ring, made from one by giving every chip its own id."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.fleet import plans
from tests.fleet.products import GALAXY_BLACKHOLE
from tests.telemetry import everything_told
from ttinspect.cli.main import main

_HOST = "galaxy-host-name"


def _ring() -> tuple[plans.Cable, ...]:
    """Every host is cabled to the next one in the same way."""
    return tuple(
        ((host, tray, f"QSFP-DD {port}"), ((host + 1) % 3, tray, f"QSFP-DD {port + 1}"))
        for host in range(3)
        for tray in range(1, 5)
        for port in (7, 9)
    )


def _template(folder: Path, *, telemetry: bool) -> str:
    """The snapshot of the middle one of three Galaxies, with the positions of hosts in place of their ids."""
    plan = plans.Plan(GALAXY_BLACKHOLE, ("a", "b", "c"), _ring())
    plans.write(folder / "plan", plans.documents(plan))
    (folder / "shm").mkdir(exist_ok=True)
    middle = folder / "plan" / f"{plan.hosts[1]}.yaml"
    target = folder / "template.json"
    code = main(
        ["snapshot", "--from", str(middle), "--shm-dir", str(folder / "shm"), "-o", str(target), "-q"]
    )
    assert code == 0
    document = json.loads(target.read_text())
    document["host"]["name"] = _HOST
    for chip in document["system"]["chips"]:
        chip["firmware"] = [19, 6, 0]
        if telemetry:
            chip["telemetry"] = everything_told(chip)
    text = json.dumps(document, separators=(",", ":"))
    for host in range(3):
        text = re.sub(rf'"{10**12 + host * 1000:013}'[:-3] + r'(\d\d\d)"', rf'"{{{host}}}\1"', text)
    return text


def snapshots(folder: Path, hosts: int, *, telemetry: bool = False) -> Iterator[tuple[str, bytes]]:
    """The name and the snapshot of every host of a ring; ``telemetry``: with all that chips can tell."""
    template = _template(folder, telemetry=telemetry)
    for number in range(hosts):
        text = template.replace(_HOST, f"glx-{number:05}")
        for place, far in enumerate((number - 1, number, number + 1)):
            text = text.replace(f"{{{place}}}", str(10**9 + far % hosts))
        yield f"glx-{number:05}", text.encode()


def write(folder: Path, hosts: int, *, telemetry: bool = False) -> Path:
    """A file per host in a folder."""
    target = folder / f"fleet{hosts}{'-told' if telemetry else ''}"
    target.mkdir()
    for name, content in snapshots(folder, hosts, telemetry=telemetry):
        (target / f"{name}.json").write_bytes(content)
    return target
