"""The same call with every public release: figures of their own allocators (ttnn, get_memory_view)."""

import json
import math
from typing import Any

import msgspec
import pytest

from tests.conftest import Run
from tests.golden.reading import runtime_records
from tests.grids import capacity_of
from ttinspect.answers.capacity import build_capacity
from ttinspect.capacity import releases as releases_module
from ttinspect.capacity.releases import compare_releases
from ttinspect.capacity.settings import make_settings
from ttinspect.facts import runtimes
from ttinspect.facts.runtimes import runtime_facts
from ttinspect.harvesting.grids import grids_of
from ttinspect.model.capacity import Dispatch
from ttinspect.report.capacity import capacity_table
from ttinspect.sources.opening import open_source

MEGA = 1_000_000


def _differences(source: str, **settings: Any) -> list[str]:
    answer = build_capacity(open_source(source), make_settings(**settings))
    return [finding.message for finding in answer.findings if finding.id == "TTC005"]


def test_a_trace_region_takes_twelve_times_as_much_of_a_wormhole_before_0_74() -> None:
    """12 views: each gave all of it; from 0.74 on each gives a twelfth, rounded up to 8,192 bytes."""
    system = open_source("board:n150")
    releases = compare_releases(system.chips, grids_of(system.chips), make_settings(trace_region=23 * MEGA))
    assert [release.name for release in releases] == [runtime.name for runtime in runtime_facts().runtimes]
    by_name = {release.name: release for release in releases}
    assert by_name["ttnn-0.73.1"].trace == 276 * MEGA
    assert by_name["ttnn-0.74.0"].trace == by_name["ttnn-0.81.1"].trace == 12 * 234 * 8192
    (sentence,) = _differences("board:n150", trace_region=23 * MEGA)
    assert "276,000,000 bytes to the trace region (ttnn-0.66.0 to ttnn-0.73.1; here 23,003,136)" in sentence


def test_every_release_beside_the_others_has_the_figures_of_its_own_allocator() -> None:
    """--runtime all, figure by figure: each board, mode and size that was measured of any release."""
    calls: dict[tuple[str, str, int, int], dict[str, Any]] = {}
    for record in runtime_records():
        call = (record["board"], record["dispatch"], record["l1_small"], record["trace"])
        calls.setdefault(call, {})[record["runtime"]] = record
    assert len({name for measured in calls.values() for name in measured}) == len(runtime_facts().runtimes)
    for (board, mode, l1_small, trace), measured in calls.items():
        dispatch = Dispatch.AUTO if mode == "fast" else Dispatch.SLOW
        settings = make_settings(dispatch=dispatch, l1_small=l1_small, trace_region=trace)
        (chip,) = open_source(f"board:{board}").chips[:1]
        releases = {release.name: release for release in compare_releases([chip], grids_of([chip]), settings)}
        for name, record in measured.items():
            release = releases[name]
            assert (release.measured, release.refused) == (True, None)
            assert (release.l1_bank_bytes, release.dram_view_bytes) == (record["l1"][1], record["dram"][1])
            assert release.l1_allocatable == math.prod(record["l1"]), (board, mode, name)
            assert release.dram_allocatable == math.prod(record["dram"]), (board, mode, name)
            assert release.trace == math.prod(record.get("trace_view", (0, 0))), (board, mode, name)


def test_what_every_release_gives_is_no_difference() -> None:
    assert _differences("masks:quasar") == []  # nothing is known of any
    assert _differences("board:p150", l1_base=0, dram_base=0) == []
    (sentence,) = _differences("board:p150")
    assert "160,723,200" not in sentence  # the present one
    assert "161,434,240 bytes of L1" in sentence  # 110 x (1,572,864 - 105,280), ttnn 0.66.0


def test_where_a_release_cannot_hold_the_trace_region_it_says_so() -> None:
    chips = open_source("board:n150").chips
    releases = compare_releases(chips, grids_of(chips), make_settings(trace_region=1100 * MEGA))
    refused = {release.name for release in releases if release.refused is not None}
    assert "ttnn-0.73.1" in refused
    assert "ttnn-0.74.0" not in refused
    (sentence,) = _differences("board:n150", trace_region=1100 * MEGA)
    assert "nothing at all, because it does not fit (ttnn-0.66.0 to ttnn-0.73.1)" in sentence


def test_figures_are_of_all_chips_together() -> None:
    n150, n300 = (
        compare_releases(chips, grids_of(chips), make_settings())[0]
        for chips in (open_source("board:n150").chips, open_source("board:n300").chips)
    )
    assert n150.l1_allocatable == 64 * (1_499_136 - 105_824)
    assert n300.l1_allocatable == 2 * n150.l1_allocatable
    assert (n150.l1_bank_bytes, n150.l1_bank_bytes) == (n300.l1_bank_bytes, 1_393_312)


def test_a_given_base_is_measured_with_no_release() -> None:
    chips = open_source("board:n150").chips
    assert not any(
        release.measured
        for release in compare_releases(chips, grids_of(chips), make_settings(l1_base=105_824))
    )
    assert all(release.measured for release in compare_releases(chips, grids_of(chips), make_settings()))


@pytest.mark.parametrize("form", [(), ("--format", "markdown")])
def test_all_releases_side_by_side(run: Run, form: tuple[str, ...]) -> None:
    done = run("capacity", "--from", "board:p150", "--runtime", "all", *form)
    assert done.returncode == 0
    for cell in ("0.81", "0.78-0.80", "0.66 ", "1,461,120", "1,467,584"):
        assert cell in done.stdout, cell
    assert "TTC005" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80 or form


def test_all_releases_in_json_newest_first(run: Run) -> None:
    answer = json.loads(run("capacity", "--from", "board:n150", "--runtime", "all", "--json").stdout)
    assert answer["runtime"]["name"] == runtimes.runtime_named(None).name
    names = [release["name"] for release in answer["releases"]]
    assert names.index("ttnn-0.81.1") < names.index("ttnn-0.66.0") == len(names) - 1
    assert answer["releases"][-1]["l1_bank_bytes"] == 1_499_136 - 103_552
    plain = json.loads(run("capacity", "--from", "board:n150", "--json").stdout)
    assert "releases" not in plain


def test_eth_l1_is_corrected_and_both_figures_and_the_reason_are_told(run: Run) -> None:
    answer = json.loads(run("capacity", "--from", "board:p150", "--sources", "--json").stdout)
    (eth,) = [constant for constant in answer["constants"] if constant["name"] == "blackhole L1 per eth core"]
    assert eth["value"] == "524,288"
    assert "262,144" in eth["how_known"]
    assert answer["devices"][0]["eth_l1"] == {"per_core": 524_288, "cores": 12, "physical": 6_291_456}


@pytest.mark.parametrize(
    ("trace_region", "per_view"),
    [
        (0, 0),
        (1, 8192),
        (12 * 8192, 8192),
        (12 * 8192 + 1, 16_384),
        (24 * 8192, 16_384),
        (24 * 8192 + 11, 24_576),
    ],
)
def test_the_part_of_each_view_is_rounded_up_before_it_is_aligned(trace_region: int, per_view: int) -> None:
    """ceil(trace / views) to a multiple of 8,192: one byte more than 12 views hold takes a block of each."""
    (chip,) = open_source("board:n150").chips
    trace = capacity_of(chip, make_settings(trace_region=trace_region)).trace
    assert (trace.banks, trace.bank_bytes) == (12, per_view)


def test_a_runtime_that_nobody_measured_is_not_called_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = runtime_facts()
    newest, *older = facts.runtimes
    guessed = msgspec.structs.replace(newest, name="ttnn-9.9.9", measured=False)
    changed = msgspec.structs.replace(facts, runtimes=(guessed, newest, *older))
    for module in (runtimes, releases_module):
        monkeypatch.setattr(module, "runtime_facts", lambda: changed)
    assert runtimes.runtime_named(None).name == newest.name  # the default was measured
    named = runtimes.runtime_named("9.9.9")
    assert not named.measured
    system = open_source("board:n150")
    settings = msgspec.structs.replace(make_settings(), runtime=named)
    answer = build_capacity(system, settings)
    assert (answer.runtime.name, answer.runtime.measured) == ("ttnn-9.9.9", False)
    assert any("(not measured)" in str(part) for part in capacity_table(answer))
    assert build_capacity(system, make_settings()).runtime.measured
    assert not build_capacity(system, make_settings(l1_base=105_824)).runtime.measured
