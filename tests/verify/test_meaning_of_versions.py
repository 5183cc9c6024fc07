"""What a version means, in the words of the findings: who frees a dead slot, whose bytes a full table loses."""

from pathlib import Path

import pytest

from tests.verify.build import RegionSpec, SlotSpec
from tests.verify.host import p150_host
from tests.verify.seeds import HELD

FREES = {
    1: "A v1 writer never frees a dead slot",
    2: "A v2 writer never frees a dead slot",
    3: "A v3 writer never frees a dead slot",
    4: "The next attach or detach frees it",
}
LOST = {1: "in the totals only", 2: "in the totals only", 3: "in the totals only", 4: "counted nowhere"}


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_who_frees_the_slot_of_a_ghost(version: int, tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    host.publish(RegionSpec(version=version, slots=[SlotSpec(pid=4711, held=HELD)]))
    (message,) = [finding.message for finding in host.verify().all_findings if finding.id == "TTS050"]
    assert FREES[version] in message


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_where_the_bytes_of_one_process_too_many_are(version: int, tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    for pid in range(101, 165):
        host.run(pid)
    host.publish(RegionSpec(version=version, slots=[SlotSpec(pid=pid) for pid in range(101, 165)]))
    (message,) = [finding.message for finding in host.verify().all_findings if finding.id == "TTS030"]
    assert message.endswith(f"what a further process allocates is {LOST[version]}.")
