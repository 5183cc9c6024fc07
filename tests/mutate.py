"""make mutate: small faults are planted in the pure rooms, one at a time, and the tests have to find them.

    python tests/mutate.py [--rooms shm,verify] [--sample 100] [--seed 2026] [--jobs 2]

cosmic-ray knows the faults (a comparison turned round, a number off by one, an ``and`` that is an ``or``);
this driver takes a seeded sample of them per room, writes each into a copy of the repository, and runs the
tests that reach its line, the fast ones first, until one fails. Which tests reach which line is traced once
per room; tests that run the command in a process of its own are traced as reaching nothing, and come last.
Printed are the score of each room, and every fault that was not found.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any, NamedTuple

import pytest
from cosmic_ray.ast import get_ast  # type: ignore[import-not-found,import-untyped,unused-ignore]
from cosmic_ray.mutating import mutate_code  # type: ignore[import-not-found,import-untyped,unused-ignore]
from cosmic_ray.plugins import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
    get_operator,
    operator_names,
)

REPOSITORY = Path(__file__).resolve().parent.parent
ROOMS = {
    "harvesting": (["ttinspect/harvesting"], ["tests/harvesting", "tests/cli/test_bad_input.py"]),
    "capacity": (
        ["ttinspect/capacity"],
        [
            "tests/capacity",
            "tests/answers/test_fit.py",
            "tests/cli/test_fit.py",
            "tests/cli/test_explain.py",
            "tests/cli/test_programs.py",
            "tests/cli/test_l1_diff.py",
        ],
    ),
    "shm": (["ttinspect/shm"], ["tests/shm", "tests/verify", "tests/gathering"]),
    "verify": (
        ["ttinspect/verify"],
        [
            "tests/verify",
            "tests/gathering",
            "tests/answers",
            "tests/cli/test_check.py",
            "tests/cli/test_diff.py",
        ],
    ),
    "sources/cluster": (["ttinspect/sources/cluster.py"], ["tests/sources"]),
    "answers": (
        ["ttinspect/answers"],
        [
            "tests/answers",
            "tests/gathering",
            "tests/harvesting/test_properties.py",
            "tests/cli/test_check.py",
            "tests/cli/test_diff.py",
            "tests/cli/test_snapshot.py",
            "tests/cli/test_verify_shm.py",
            "tests/cli/test_holders.py",
            "tests/cli/test_allocatable.py",
        ],
    ),
}
"""What is mutated, and by which tests it is held."""

SLOW = ("tests/shm/test_under_fire.py", "tests/shm/test_read_only.py", "tests/cli/test_under_fire.py")
LONGEST_SECONDS = 40.0
"""So long the tests of one fault may run; a fault that makes them run longer than that is found."""

_TRACING_COSTS = 4
"""So many times as long as without a tracer a test takes, at least."""

_EQUAL = (
    "_Is",
    "_IsNot",
    "Is_Eq",
    "Is_NotEq",
    "IsNot_Eq",
    "IsNot_NotEq",
    "RemoveDecorator",
    "Exception",
    "Variable",
)
"""Operators whose faults are mostly none: ``is`` for ``==`` of an enum, a cache that is not there."""


class Fault(NamedTuple):
    """One planted fault: the file, its line, cosmic-ray's operator and which occurrence of it."""

    path: str
    line: int
    operator: str
    occurrence: int


class Reach(NamedTuple):
    """Which tests reach which line of a room, or at least its file (what runs on import is reached by none),
    how long each takes, and those of which that is not known."""

    by_line: dict[tuple[str, int], list[str]]
    by_file: dict[str, list[str]]
    seconds: dict[str, float]
    unknown: list[str]

    def of_import(self, file: str) -> list[str]:
        """For what runs on import: the tests that reach the file, then all others, the fast ones first."""
        return [*self.by_file.get(file, ()), *sorted(self.seconds, key=lambda test: self.seconds[test])]


def faults(paths: Sequence[str]) -> list[Fault]:
    """Every fault that can be planted in the files of a room."""
    found = []
    names = [name for name in sorted(operator_names()) if not any(part in name for part in _EQUAL)]
    for path in _files(paths):
        source = (REPOSITORY / path).read_text()
        skipped = _lines_without_logic(source)
        tree = get_ast(source)
        for name in names:
            operator, occurrence = get_operator(name)(), 0
            for node in _nodes(tree):
                for start, _ in operator.mutation_positions(node):
                    if start[0] not in skipped:
                        found.append(Fault(path, start[0], name, occurrence))
                    occurrence += 1
    return found


def _files(paths: Sequence[str]) -> list[str]:
    files: list[Path] = []
    for path in paths:
        place = REPOSITORY / path
        files += sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return [str(file.relative_to(REPOSITORY)) for file in files]


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", ()):
        yield from _nodes(child)


def _lines_without_logic(source: str) -> set[int]:
    """The lines of annotations: what is wrong there no test can see."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        annotations = []
        if isinstance(node, ast.FunctionDef):
            arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            annotations = [node.returns, *(argument.annotation for argument in arguments)]
        elif isinstance(node, ast.AnnAssign):
            annotations = [node.annotation]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp | ast.Subscript):
            annotations = [node.value] if "None" in ast.dump(node.value) else []
        for part in annotations:
            if part is not None:
                lines |= set(range(part.lineno, (part.end_lineno or part.lineno) + 1))
    return lines


class _Tracer:
    """A pytest plugin: which lines of the room each test runs."""

    def __init__(self, root: Path, files: set[str]) -> None:
        self._files = {str(root / file): file for file in files}
        self.lines: dict[str, set[tuple[str, int]]] = {}
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        lines: set[tuple[str, int]] = set()

        def trace_lines(frame: Any, event: str, _: Any) -> Any:
            if event == "line":
                lines.add((self._files[frame.f_code.co_filename], frame.f_lineno))
            return trace_lines

        def trace(frame: Any, _event: str, _arg: Any) -> Any:
            return trace_lines if frame.f_code.co_filename in self._files else None

        begun = time.perf_counter()
        sys.settrace(trace)
        yield
        sys.settrace(None)
        self.lines[item.nodeid] = lines
        self.seconds[item.nodeid] = time.perf_counter() - begun

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def _pytest(root: Path, arguments: Sequence[str], plugins: Sequence[object] = ()) -> int:
    """Run tests of a copy, in this process."""
    os.chdir(root)
    sys.path[0] = str(root)  # instead of the folder of this script
    os.environ |= {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["-o", "addopts=", "-q", "-p", "no:cacheprovider", "-n", "0", "-m", "not system"]
    return int(pytest.main([*options, *arguments], plugins=list(plugins)))


def _in_a_fork(what: Any, seconds: float | None) -> int | None:
    """The exit code of a function in a process of its own; None when it took too long."""
    child = os.fork()
    if child == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        code = 1
        try:
            code = what()
        finally:
            os._exit(code)
    begun = time.monotonic()
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if seconds is not None and time.monotonic() - begun > seconds:
            os.killpg(child, 9)
            os.waitpid(child, 0)
            return None
        time.sleep(0.01)


def traced(root: Path, room: str) -> Reach:
    """Run the tests of a room once, and see where they get to."""
    import pickle

    paths, tests = ROOMS[room]
    answer = root / "reach.pickle"

    def run() -> int:
        tracer = _Tracer(root, set(_files(paths)))
        ignored = [f"--ignore={path}" for path in SLOW]
        _pytest(root, [*ignored, *tests], [tracer])
        answer.write_bytes(pickle.dumps((tracer.failed, tracer.lines, tracer.seconds)))
        return 0

    _in_a_fork(run, None)
    failed, lines, seconds = pickle.loads(answer.read_bytes())
    for test in failed:  # traced, or in another folder: it finds no fault
        print(f"{room}: left out, it fails without any fault: {test}", file=sys.stderr)
        lines.pop(test, None)
        seconds.pop(test, None)
    by_line: dict[tuple[str, int], list[str]] = defaultdict(list)
    by_file: dict[str, list[str]] = defaultdict(list)
    for test in sorted(lines, key=lambda test: seconds[test]):
        for line in lines[test]:
            by_line[line].append(test)
        for file in {file for file, _ in lines[test]}:
            by_file[file].append(test)
    unknown = sorted((test for test, reached in lines.items() if not reached), key=lambda test: seconds[test])
    return Reach(by_line, by_file, seconds, unknown)


def is_found(root: Path, fault: Fault, reach: Reach) -> bool:
    """Whether a test fails once the fault is in the copy at ``root``."""
    path = root / fault.path
    source, times = path.read_text(), path.stat()
    mutated = mutate_code(source, get_operator(fault.operator)(), fault.occurrence)
    if mutated is None or mutated == source:
        return True
    reaching = reach.by_line.get((fault.path, fault.line)) or reach.of_import(fault.path)
    tests, spent = [], 0.0
    for test in dict.fromkeys((*reaching, *reach.unknown)):
        spent += reach.seconds[test]
        if spent > LONGEST_SECONDS * _TRACING_COSTS:
            break
        tests.append(test)
    path.write_text(mutated)
    try:
        code = _in_a_fork(lambda: _pytest(root, ["-x", *tests]), LONGEST_SECONDS) if tests else 0
    finally:
        path.write_text(source)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return code not in (0, 5)


def copied(folder: Path) -> Path:
    """A copy of what git has, compiled, the assertions of its tests rewritten: not anew for every fault."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    subprocess.run([sys.executable, "-m", "compileall", "-q", folder], check=False, stdout=subprocess.DEVNULL)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    collect = [sys.executable, "-m", "pytest", "-n", "0", "--collect-only", "-qq"]
    subprocess.run(
        collect,
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder


def judge(room: str, copies: Sequence[Path], sample: int, seed: int) -> tuple[int, list[Fault]]:
    """How many faults of the sample were planted, and those that were not found."""
    every = faults(ROOMS[room][0])
    chosen = random.Random(f"{seed} {room}").sample(every, min(sample, len(every)))
    reach = traced(copies[0], room)
    free: Queue[Path] = Queue()
    for copy in copies:
        free.put(copy)
    lock = threading.Lock()

    def one(fault: Fault) -> Fault | None:
        root = free.get()
        try:
            found = is_found(root, fault, reach)
        finally:
            free.put(root)
        with lock:
            print("." if found else "S", end="", file=sys.stderr, flush=True)
        return None if found else fault

    with ThreadPoolExecutor(len(copies)) as pool:
        survivors = [fault for fault in pool.map(one, chosen) if fault is not None]
    print(file=sys.stderr)
    return len(chosen), survivors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", default=",".join(ROOMS))
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ttinspect-mutate-") as name:
        copies = [copied(Path(name) / str(number)) for number in range(arguments.jobs)]
        for room in arguments.rooms.split(","):
            begun = time.monotonic()
            planted, survivors = judge(room, copies, arguments.sample, arguments.seed)
            took = time.monotonic() - begun
            killed = planted - len(survivors)
            print(f"{room}: {killed} of {planted} found ({killed / planted:.0%}) in {took:.0f} s", flush=True)
            for fault in sorted(survivors):
                line = (copies[0] / fault.path).read_text().splitlines()[fault.line - 1].strip()
                print(f"  {fault.path}:{fault.line} {fault.operator.partition('/')[2]}: {line}", flush=True)


if __name__ == "__main__":
    main()
