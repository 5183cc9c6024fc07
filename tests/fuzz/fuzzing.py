"""``make fuzz MINUTES=n``: every reader in turn, with atheris (guided by what of ttinspect an input reaches), or
without it by the seed alone: ``python -m tests.fuzz MINUTES [TARGET...] [--seeded SEED]``.

A find is written to tests/fuzz/finds/TARGET/, and the rest goes on; the exit code is 1 where there was one.
"""

import argparse
import hashlib
import importlib
import multiprocessing
import os
import pkgutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).resolve().parent
CORPUS, FINDS = HERE / "corpus", HERE / "finds"


class Count:
    """What came of the inputs of one target."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.inputs = self.accepted = 0
        self.finds: dict[str, bytes] = {}
        self.slowest = 0.0

    def feed(self, one: Any, data: bytes) -> None:
        """One input; what it breaks is kept, once for each message."""
        from tests.fuzz.feeding import Broken

        began = time.process_time()
        self.inputs += 1
        try:
            self.accepted += bool(one.feed(self.target, data))
        except Broken as error:
            self._keep(data, str(error))
        except Exception as error:  # noqa: BLE001 - everything is a find
            self._keep(data, f"{type(error).__name__}: {error}")
        self.slowest = max(self.slowest, time.process_time() - began)

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


def inputs_of(target: str) -> list[bytes]:
    """The seeds and the corpus of a target."""
    from tests.fuzz.targets import TARGETS

    return [*TARGETS[target].seeds(), *(path.read_bytes() for path in sorted((CORPUS / target).glob("*")))]


def seeded(target: str, seed: int, seconds: float) -> Count:
    """Inputs that follow from a seed alone, until the processor time is over."""
    from tests.fuzz.feeding import feeder
    from tests.fuzz.mutating import mutate

    count, random, known = Count(target), Random(f"{seed} {target}"), inputs_of(target)
    end = time.process_time() + seconds
    with feeder() as one:
        while time.process_time() < end:
            count.feed(one, mutate(random.choice(known), random))
    return count


def guided(target: str, seconds: float, show: Callable[[Count], None]) -> None:
    """The same with atheris, which keeps what reaches something new; never returns."""
    import atheris

    with atheris.instrument_imports(include=["ttinspect"]):
        import ttinspect
        from tests.fuzz.feeding import feeder
        from tests.fuzz.mutating import mutate

        for module in pkgutil.walk_packages(ttinspect.__path__, "ttinspect."):
            if not module.name.startswith("ttinspect.sources.umd.child"):
                importlib.import_module(module.name)

    count, known = Count(target), inputs_of(target)
    end = time.monotonic() + seconds

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.05:
            data = random.choice(known)
        return mutate(data, random, most) if random.random() < 0.8 else atheris.Mutate(data, most)

    folder = tempfile.mkdtemp(prefix="fuzz-corpus")
    for number, data in enumerate(known):
        (Path(folder) / str(number)).write_bytes(data)
    with feeder() as one:

        def fed(data: bytes) -> None:
            count.feed(one, data)
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
        f"{count.target:12} {count.inputs:9,} inputs {count.accepted:9,} accepted "
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
