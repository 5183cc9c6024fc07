"""``make fuzz MINUTES=n``: every reader in turn, with atheris (guided by what of ttinspect an input reaches), or
without it by the seed alone: ``python -m tests.fuzz MINUTES [TARGET...] [--seeded SEED]``.

A find is written to tests/fuzz/finds/TARGET/, and the rest goes on; the exit code is 1 where there was one.
"""

import argparse
import contextlib
import hashlib
import importlib
import io
import multiprocessing
import os
import pkgutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.mutating import mutate

HERE = Path(__file__).resolve().parent
CORPUS, FINDS = HERE / "corpus", HERE / "finds"


ANSWERING = 0.35
"""Which part of the time goes to command lines at most."""
EVERY_REFUSED = 500
"""One in so many refused inputs goes through its command lines too: an error is an answer."""
_KEPT = 400
_KEPT_BYTES = 40_000


class Count:
    """What came of the inputs of one target.

    Every input goes to the reader; what it accepts, and a few of what it refuses, to the command lines as long as
    these take their part of the time only. ``pool`` are some of the accepted inputs, to begin from.
    """

    def __init__(self, target: str) -> None:
        from tests.fuzz.targets import TARGETS

        self.target, self._has_lines = target, bool(TARGETS[target].lines)
        self.inputs = self.accepted = self.answered = 0
        self.finds: dict[str, bytes] = {}
        self.slowest = 0.0
        self.pool: list[bytes] = []
        self._began = time.process_time()
        self._answering = 0.0
        self._random = Random(target)

    def feed(self, harness: Any, data: bytes) -> None:
        """One input; what it breaks is kept, once for each message."""
        from tests.fuzz.feeding import Broken

        began = time.process_time()
        self.inputs += 1
        try:
            accepted = harness.read(self.target, data)
            if accepted:
                self._accept(data)
            due = self._answering <= ANSWERING * (began - self._began)
            if self._has_lines and due and (accepted or self.inputs % EVERY_REFUSED == 0):
                read = time.process_time()
                harness.answer(self.target, data)
                self.answered += 1
                self._answering += time.process_time() - read
        except Broken as error:
            self._keep(data, str(error))
        except Exception as error:  # noqa: BLE001 - everything is a find
            self._keep(data, f"{type(error).__name__}: {error} in {_place(error)}")
        self.slowest = max(self.slowest, time.process_time() - began)

    def _accept(self, data: bytes) -> None:
        self.accepted += 1
        if len(data) > _KEPT_BYTES:
            return
        if len(self.pool) < _KEPT:
            self.pool.append(data)
        elif self._random.random() < 0.05:
            self.pool[self._random.randrange(_KEPT)] = data

    def _keep(self, data: bytes, message: str) -> None:
        # the place in the source tells finds apart, where there is one
        place = message[message.rfind(" in ") :][:60] if ".py:" in message else message[-60:]
        if place in self.finds or len(self.finds) >= 20:
            return
        self.finds[place] = data
        folder = FINDS / self.target
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(data).hexdigest()[:12]
        (folder / name).write_bytes(data)
        print(f"FOUND {folder / name}: {message[:600]}", file=sys.stderr, flush=True)


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno} ({last.name}.py:)"


def inputs_of(target: str) -> list[bytes]:
    """The seeds and the corpus of a target."""
    from tests.fuzz.targets import TARGETS

    return [*TARGETS[target].seeds(), *(path.read_bytes() for path in sorted((CORPUS / target).glob("*")))]


def _following(count: Count, known: list[bytes], random: Random, most: int = 1 << 18) -> bytes:
    """The next input: from a seed, or from what was accepted before; most are made from nothing where the
    target has such."""
    from tests.fuzz.targets import TARGETS

    make = TARGETS[count.target].make
    if make is not None and random.random() < 0.7:
        made = make(random)
        return made if random.random() < 0.8 else mutate(made, random, most)
    pool = count.pool if count.pool and random.random() < 0.75 else known
    return mutate(random.choice(pool), random, most)


def seeded(target: str, seed: int, seconds: float) -> Count:
    """Inputs that follow from a seed, until the processor time is over."""
    from tests.fuzz.feeding import feeder

    known, random = inputs_of(target), Random(f"{seed} {target}")
    with feeder() as harness:
        count = Count(target)
        end = time.process_time() + seconds
        while time.process_time() < end:
            count.feed(harness, _following(count, known, random))
    return count


def guided(target: str, seconds: float, show: Callable[[Count], None]) -> None:
    """The same with atheris, which keeps what reaches something new; never returns."""
    import atheris

    with contextlib.redirect_stderr(io.StringIO()), atheris.instrument_imports(include=["ttinspect"]):
        import ttinspect
        from tests.fuzz.feeding import feeder

        for module in pkgutil.walk_packages(ttinspect.__path__, "ttinspect."):
            if not module.name.startswith("ttinspect.sources.umd.child"):
                importlib.import_module(module.name)

    known = inputs_of(target)
    count = Count(target)
    end = time.monotonic() + seconds
    random = Random(os.urandom(8))

    def mutator(data: bytes, most: int, _seed: int) -> bytes:
        kind = random.random()
        if kind < 0.5:
            return _following(count, known, random, most)
        return mutate(data, random, most) if kind < 0.95 else bytes(atheris.Mutate(data, most))

    folder = tempfile.mkdtemp(prefix="fuzz-corpus")
    for number, data in enumerate(known):
        (Path(folder) / str(number)).write_bytes(data)
    with feeder() as harness:

        def fed(data: bytes) -> None:
            count.feed(harness, data)
            if time.monotonic() > end:
                show(count)
                os._exit(0)

        atheris.Setup(
            [
                sys.argv[0],
                folder,
                "-verbosity=0",
                "-max_len=200000",
                "-rss_limit_mb=4000",
                "-close_fd_mask=0",
            ],
            fed,
            custom_mutator=mutator,
        )
        atheris.Fuzz()


def show(count: Count) -> None:
    """One line of figures."""
    print(
        f"{count.target:12} {count.inputs:10,} inputs {count.accepted:9,} accepted "
        f"{count.answered:8,} answered "
        f"{len(count.finds):3} finds  slowest {count.slowest:.2f} s",
        flush=True,
    )


def main() -> int:
    """Every target for its part of the time, each in a process of its own."""
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("minutes", type=float)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seeded", type=int)
    asked = parser.parse_args()
    targets = asked.targets or list(TARGETS)
    seconds = asked.minutes * 60 / len(targets)
    code = 0
    for target in targets:
        before = set(FINDS.glob("*/*"))
        work = _seeded if asked.seeded is not None else guided
        words: tuple[Any, ...] = (
            (target, asked.seeded, seconds) if asked.seeded is not None else (target, seconds, show)
        )
        process = multiprocessing.get_context("spawn").Process(target=work, args=words)
        process.start()
        process.join()
        if process.exitcode or set(FINDS.glob("*/*")) - before:
            code = 1
            print(
                f"{target}: ended with {process.exitcode}"
                if process.exitcode
                else f"{target}: see {FINDS / target}"
            )
    return code


def _seeded(target: str, seed: int, seconds: float) -> None:
    show(seeded(target, seed, seconds))
