"""Laws that hold for every rule and every file, whatever is added."""

import struct
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shm.captures import captures
from tests.verify.build import UNIQUE_ID
from tests.verify.host import p150_host
from ttinspect.shm.decode import decode
from ttinspect.shm.layout import LAYOUTS
from ttinspect.verify.check import product
from ttinspect.verify.check import telemetry as check_telemetry
from ttinspect.verify.findings import allocation, harvest, live, readiness, telemetry, topology
from ttinspect.verify.findings.rules import RULES, SAYING_UNKNOWN
from ttinspect.verify.rule import ChipRule, Rule, SystemRule
from ttinspect.verify.verify import Verdict, verdict_of

CAPTURES = sorted(captures())
_PASSES = (Verdict.PASS, Verdict.WARN)


def _verdict(content: bytes) -> Verdict:
    with TemporaryDirectory() as name:
        host = p150_host(Path(name))
        host.put(content, UNIQUE_ID)
        return verdict_of(host.verify().all_findings)


@settings(deadline=None)
@given(
    name=st.sampled_from(CAPTURES), size=st.integers(0, 12_000), version=st.none() | st.integers(0, 2**32 - 1)
)
def test_no_file_that_could_not_be_decoded_whole_ever_passes(
    name: str, size: int, version: int | None
) -> None:
    content = captures()[name].data
    content = content[:size].ljust(size, b"\0") if size != len(content) else content
    if version is not None and size >= 4:
        content = struct.pack("<I", version) + content[4:]
    region = decode(content).region
    layout = None if region is None else LAYOUTS[region.version]
    cut_by_a_runtime = layout is not None and layout.cut_size == size
    if layout is None or (size != layout.size and not cut_by_a_runtime):
        assert _verdict(content) not in _PASSES


@pytest.mark.parametrize("name", CAPTURES)
def test_a_file_that_lacks_its_last_byte_never_passes(name: str) -> None:
    assert _verdict(captures()[name].data[:-1]) not in _PASSES


@pytest.mark.parametrize("size", [8576, 9000, 9280, 20_000])
def test_a_version_from_the_future_has_no_wrong_size(size: int, tmp_path: Path) -> None:
    host = p150_host(tmp_path)
    host.put(struct.pack("<I", max(LAYOUTS) + 1).ljust(size, b"\1"), UNIQUE_ID)
    assert host.summary() == ["TTS004 inconclusive"]


_NOT_EXPECTED = (
    harvest.IGNORED_MASK,  # the mask changes nothing
    harvest.PLACEHOLDER_DESIGN,  # of the design, not of the chip
    harvest.DOUBTFUL_SOURCE,  # of the source; --strict counts it
    live.UNHEALTHY_CHIP,  # of a chip that was read all the same: the expectation "health" has its id
    readiness.NO_DRIVER_VERSION,  # a source that does not tell the driver's version is no worse chip
    telemetry.IMPOSSIBLE_READINGS,  # the reading is unknown, which its expectations say
    topology.LINK_TO_ITSELF,  # of the description; --strict counts it
)


def _rules_named_in(module: ModuleType) -> Iterator[Rule]:
    """The rules, alone or in a group, that a module names; ruff refuses one that is named and not used."""
    for value in vars(module).values():
        yield from (
            rule for rule in (value if isinstance(value, tuple) else (value,)) if isinstance(rule, Rule)
        )


def test_check_judges_every_rule_about_chips_or_it_is_said_here_why_not() -> None:
    of_chips = {rule.id for rule in RULES if isinstance(rule, ChipRule | SystemRule)}
    of_check = {rule.id for module in (product, check_telemetry) for rule in _rules_named_in(module)}
    elsewhere = {rule.id for rule in (*_NOT_EXPECTED, *SAYING_UNKNOWN, *allocation.RULES)}
    assert of_chips - of_check == elsewhere & of_chips
