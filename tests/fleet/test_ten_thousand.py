"""Ten thousand hosts, 320,000 chips: every fault that was seeded is named, and none is invented."""

import json
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.fleet import simulated
from tests.fleet.judging import ids_of

pytestmark = pytest.mark.system
HOSTS = 10_000


@pytest.mark.parametrize("hosts", [HOSTS])
def test_every_seeded_fault_is_named_and_none_is_invented(
    console_script: str, tmp_path: Path, hosts: int
) -> None:
    """One host misses the links of both neighbours, one that of one neighbour; one is cut off, one is there
    twice, one has other firmware, one fewer links inside."""
    with tarfile.open(tmp_path / "fleet.tar.gz", "w:gz", compresslevel=1) as archive:
        for name, content in simulated.snapshots(tmp_path, hosts):
            for member, changed in _changed(name, content):
                info = tarfile.TarInfo(f"{member}.json")
                info.size = len(changed)
                archive.addfile(info, BytesIO(changed))
    command = [console_script, "fleet", "fleet.tar.gz", "--json", "-o", "answer.json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=540, check=False)
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert done.returncode == 10, done.stderr
    assert answer["totals"]["hosts"] == hosts - 1  # that which was cut off
    assert answer["totals"]["chips"] == 32 * (hosts - 1)
    evidence = {finding["id"]: finding["evidence"] for finding in answer["findings"]}
    assert sorted(ids_of(answer)) == [
        ("TTF001", "inconclusive"),
        ("TTF002", "error"),
        ("TTF002", "error"),
        ("TTF003", "error"),
        ("TTF004", "warning"),
        ("TTF008", "warning"),
    ]
    assert answer["at_fault"] == ["glx-00100"]
    assert evidence["TTF001"]["host"] == "glx-00300"
    assert evidence["TTF002"]["host"] == "glx-00200"
    assert evidence["TTF003"]["hosts"] == ["glx-00400", "glx-00400"]
    assert evidence["TTF004"]["hosts"] == ["glx-00600"]
    assert evidence["TTF008"]["hosts"] == ["glx-00500"]


def _changed(name: str, content: bytes) -> list[tuple[str, bytes]]:
    """The documents of a host, as they were seeded."""
    number = int(name.removeprefix("glx-"))
    if number == 300:
        return [(name, content[:5000])]
    if number == 400:
        return [(name, content), (f"{name}-again", content)]
    if number not in (100, 200, 500, 600):
        return [(name, content)]
    document = json.loads(content)
    system = document["system"]
    if number == 100:
        system["remote_links"] = []
    elif number == 200:
        following = str(10**9 + 201)
        system["remote_links"] = [
            link for link in system["remote_links"] if not link["remote_unique_id"].startswith(following)
        ]
    elif number == 500:
        for chip in system["chips"]:
            chip["firmware"] = [19, 4, 0]
    else:
        system["links"] = system["links"][2:]
    return [(name, json.dumps(document).encode())]
