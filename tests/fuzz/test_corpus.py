"""What was found once stays mended, and seeds are what they are called; the rest is ``make fuzz``."""

from collections.abc import Iterator

import pytest

from tests.fuzz import feeding
from tests.fuzz.feeding import Feeder
from tests.fuzz.fuzzing import CORPUS, inputs_of, seeded
from tests.fuzz.targets import TARGETS


@pytest.fixture(scope="module")
def feeder() -> Iterator[Feeder]:
    with feeding.feeder() as made:
        yield made


@pytest.mark.parametrize("target", TARGETS)
def test_a_reader_accepts_its_seeds_and_so_do_its_command_lines(feeder: Feeder, target: str) -> None:
    seeds = TARGETS[target].seeds()
    assert any(feeder.read(target, seed) for seed in seeds)
    assert max(feeder.answer(target, seed) for seed in seeds) == len(TARGETS[target].lines)


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_found_is_answered(feeder: Feeder, target: str) -> None:
    for data in inputs_of(target):
        feeder.read(target, data)
        feeder.answer(target, data)


def test_the_corpus_is_of_readers_that_there_are() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= TARGETS.keys()


@pytest.mark.system
@pytest.mark.parametrize("target", TARGETS)
def test_three_seeded_seconds_break_nothing(target: str) -> None:
    count = seeded(target, 1, 3)
    assert count.finds == {}
    assert count.inputs
    assert count.answered or not TARGETS[target].lines
