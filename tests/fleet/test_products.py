"""Fleets of every product, of one host to five, and of thirty-six: what is well is not found wrong, and each fault, wherever
it is, is found once, in the words of its place, and nothing else is told."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.conftest import Run
from tests.fleet import plans
from tests.fleet.faults import FAULTS
from tests.fleet.judging import CABLINGS, findings_of, ids_of, judge
from tests.fleet.plans import Plan
from tests.fleet.products import PRODUCTS, Product

SIZES = (1, 2, 3, 5)
LARGEST, OF_MANY_CHIPS = 36, ("t3000", "galaxy-wh", "galaxy-bh", "galaxy-bh-b")


def fleet_of(product: Product, hosts: int, seed: int) -> Plan:
    """Hosts in a ring; of every third seed with cables all over as well."""
    names = tuple(f"{product.name}-{number:02}" for number in range(1, hosts + 1))
    plan = plans.ring(product, names, seed)
    return plans.wild(plan, Random(seed)) if seed % 3 == 2 else plan


def cases(rounds: int) -> Iterator[tuple[str, str, int, str, int]]:
    """Every fault in every product, each time with another cabling, size and place."""
    for number, (product, fault) in enumerate(itertools.product(PRODUCTS, FAULTS)):
        for turn in range(rounds):
            rng = Random(number * 1000 + turn)
            cabling = rng.choice(
                [name for name in CABLINGS if FAULTS[fault].cutsheet or name != "cutsheet.csv"]
            )
            yield product, fault, rng.choice(SIZES[1:] if turn % 4 else SIZES), cabling, rng.randrange(10**6)


def check_fault(
    run: Run, folder: Path, product: str, fault: str, hosts: int, cabling: str, seed: int
) -> None:
    rng = Random(seed)
    plan = fleet_of(PRODUCTS[product], hosts, seed)
    seeded = FAULTS[fault].seed(plan, rng)
    if seeded is None:
        return
    if cabling == "cutsheet.csv" and not (seeded.wanted.cables and PRODUCTS[product].has_list):
        cabling = "fsd.textproto"  # a sheet without a cable names no host, and none names a motherboard
    answers = [judge(run, folder, seeded.documents, CABLINGS[cabling](seeded.wanted), cabling)]
    if not FAULTS[fault].cabling:
        answers.append(judge(run, folder, seeded.documents, None, cabling))
    for number, answer in enumerate(answers):
        findings = findings_of(answer)
        assert ids_of(answer) == [(FAULTS[fault].finding, FAULTS[fault].severity)], findings
        # without a cabling nobody tells the trays of a motherboard that has no list
        known = number == 0 or PRODUCTS[product].has_list
        for words in seeded.words if known else [word for word in seeded.words if "tray" not in word]:
            assert words in findings[0]["message"], (words, findings)


EVERY_CASE = [
    pytest.param(case, id=" ".join(map(str, case)), marks=[pytest.mark.system] if number % 3 else [])
    for number, case in enumerate(cases(1))
]
"""A third of them wherever the tests are run, so that every fault and every product is among them."""


@pytest.mark.parametrize("case", EVERY_CASE)
def test_each_fault_is_found_once_in_its_words_in_every_product(
    run: Run, tmp_path: Path, case: tuple[str, str, int, str, int]
) -> None:
    check_fault(run, tmp_path, *case)


@pytest.mark.system
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_once_among_36_hosts(run: Run, tmp_path: Path, fault: str) -> None:
    number = list(FAULTS).index(fault)
    cabling = list(CABLINGS)[number % (3 if FAULTS[fault].cutsheet else 2)]
    product = next(
        name
        for name in (OF_MANY_CHIPS * 2)[number % len(OF_MANY_CHIPS) :]
        if FAULTS[fault].seed(fleet_of(PRODUCTS[name], LARGEST, number), Random(number)) is not None
    )
    check_fault(run, tmp_path, product, fault, LARGEST, cabling, number)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_can_be_seeded_in_most_products(fault: str) -> None:
    """Where it cannot, nothing would be shown."""
    lines = [case for case in cases(1) if case[1] == fault]
    seeded = [
        FAULTS[fault].seed(fleet_of(PRODUCTS[product], hosts, seed), Random(seed)) is not None
        for product, _, hosts, _, seed in lines
    ]
    assert 2 * sum(seeded) >= len(PRODUCTS)


AS_CABLED = [
    pytest.param(
        product, cabling, hosts, marks=[pytest.mark.system] if (number + turn + place) % len(SIZES) else []
    )
    for number, product in enumerate(PRODUCTS)
    for turn, cabling in enumerate([*CABLINGS, None])
    for place, hosts in enumerate(SIZES)
]
"""Of every product with every cabling one size wherever the tests are run, each time another."""


@pytest.mark.parametrize(("product", "cabling", "hosts"), AS_CABLED)
def test_a_fleet_of_any_product_that_is_as_cabled_has_nothing_wrong(
    run: Run, tmp_path: Path, product: str, cabling: str | None, hosts: int
) -> None:
    plan = fleet_of(PRODUCTS[product], hosts, hosts)
    sheet = cabling == "cutsheet.csv"
    if sheet and not (plan.cables and plan.product.has_list):
        cabling, sheet = None, False  # a sheet without a cable names no host
    text = None if cabling is None else CABLINGS[cabling](plan)
    answer = judge(run, tmp_path, plans.documents(plan), text, cabling or "")
    assert ids_of(answer) == []
    totals = answer["totals"]
    links = sum(len(plans.links_of(plan, cable)) for cable in plan.cables)
    between = sum(len(plans.links_of(plan, cable)) for cable in plans.cables_between(plan))
    fixed = hosts * len(plans.fixed_links(plan.product))
    assert totals["chips"] == hosts * len(plan.places)
    assert (totals["links_inside"], totals["links_between"]) == (links - between + fixed, between)
    assert (totals["links_one_sided"], totals["links_leaving"]) == (0, 0)
    assert len(answer["groups"]) == 1
    if text is not None:
        expected = len(plan.cables) if sheet else links + (fixed if hosts % 2 else 0)
        assert (answer["cabling"]["expected"], answer["cabling"]["found"]) == (expected, expected)
