"""Speed of decoding and reading regions, and what the looks say about regions under fire.

    python -m tests.bench_shm [--fire RUNS]

``measure()`` and ``fire(runs)`` give one line per figure; tests/bench.py prints them with the others.
"""

import argparse
import os
import statistics
import struct
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.shm.captures import captures
from tests.shm.fire import build_writer, burning, compiler
from ttinspect.model.region import Region
from ttinspect.shm.decode import decode
from ttinspect.shm.differences import Quantity, differences
from ttinspect.shm.looks import Outcome
from ttinspect.shm.reader import look_at, read_regions
from ttinspect.shm.sampler import sample

LIVE_SLOTS = 4
MANY = 10_000


def four_slots() -> bytes:
    """A v4 region with 4 live slots, from the captured full one."""
    data = bytearray(captures()["v4-full64"].data)
    data[856 + 120 * LIVE_SLOTS : 8536] = bytes(120 * (64 - LIVE_SLOTS))
    struct.pack_into("<I", data, 4, LIVE_SLOTS)
    struct.pack_into("<I", data, 16, LIVE_SLOTS)
    return bytes(data)


def median_seconds(what: Callable[[], object], number: int = 2000, repeats: int = 15) -> float:
    """Median over ``repeats`` of the mean time of one call."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        for _ in range(number):
            what()
        times.append((time.perf_counter() - begun) / number)
    return statistics.median(times)


def every_field(region: Region) -> int:
    """Touch every field of every live slot."""
    touched = 0
    for slot in region.slots:
        held = slot.figures
        fields = (slot.index, slot.pid, slot.name, slot.last_update)
        touched += len((*fields, *held.values()))
    return touched


def _decode_all(data: bytes) -> int:
    region = decode(data).region
    assert region is not None
    return every_field(region)


def _open_read_close(path: bytes) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.read(descriptor, 9281)
    os.close(descriptor)


def measure() -> Iterator[str]:
    """Decoding against its two targets, one look, the sums, and a directory of 10,000 files."""
    data, memory = four_slots(), "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    assert _decode_all(data) == 9 * LIVE_SLOTS
    region = decode(data).region
    assert region is not None
    with tempfile.TemporaryDirectory(prefix="ttinspect-bench-", dir=memory) as folder:
        directory, name = Path(folder), b"tt_device_1_memory"
        (directory / name.decode()).write_bytes(data)
        raw_path = os.fsencode(directory / name.decode())
        decoding = median_seconds(lambda: _decode_all(data))
        bare = median_seconds(lambda: _open_read_close(raw_path))
        looking = median_seconds(lambda: look_at(directory, name))
        adding = median_seconds(lambda: differences(region))
        yield f"decode, 4 live slots, every field read: {1 / decoding:,.0f} regions/s (target 20,000)"
        yield f"decode / (open + read + close): {decoding / bare:.1f} (target 25)"
        yield f"one look at a region (lstat, open, read, close, decode): {looking * 1e6:.1f} us"
        yield f"differences of one region: {adding * 1e6:.1f} us"
        for number in range(MANY):
            (directory / f"tt_device_{number}_memory").write_bytes(data)
        many = median_seconds(lambda: read_regions(directory, named=True), number=1, repeats=5)
        yield f"{MANY:,} region files read and decoded: {many:.2f} s (target 2)"


def fire(runs: int) -> Iterator[str]:
    """Healthy regions under 1, 2 and 4 hot writers, ``runs`` in all, and drifts of 64 MiB and 4 KiB."""
    if compiler() is None:
        yield "no C compiler: nothing under fire was measured"
        return
    with tempfile.TemporaryDirectory(prefix="ttinspect-bench-") as folder:
        program = build_writer(Path(folder))
        cases = [(version, workers) for version in (3, 4) for workers in (1, 2, 4)]
        for version, workers in cases:
            outcomes = _runs(program, version, workers, -(-runs // len(cases)))
            yield f"healthy, v{version}, {workers} hot writers: {_shown(outcomes)}"
        for version in (3, 4):
            for drift in (64 << 20, 4096):
                options = ("--keeper", "--drift", str(drift))
                outcomes = _runs(program, version, 4, max(runs // 20, 1), *options)
                yield f"drift of {drift:,} bytes, v{version}, 4 hot writers: {_shown(outcomes)}"


def _runs(program: Path, version: int, workers: int, count: int, *options: str) -> Counter[str]:
    """How often a run ended in at least one fault, else in at least one undecided, else in neither."""
    outcomes: Counter[str] = Counter()
    with burning(program, version, workers, *options) as region:
        if options:
            region.wait_for("DRIFT")
        for _ in range(count):
            files = read_regions(region.directory, named=True)
            (looks,) = sample(region.directory, files, _illegal)
            seen = {verdict.outcome for verdict in looks.judged}
            worst = (
                outcome for outcome in (Outcome.FAULT, Outcome.UNDECIDED, Outcome.LEGAL) if outcome in seen
            )
            outcomes[next(worst, Outcome.LEGAL).value] += 1
    return outcomes


def _illegal(region: Region, quantity: Quantity, difference: int) -> bool:
    """Everything above info in v3 and v4."""
    if quantity.rule == "TTS021":
        return difference < 0
    if region.version == 3 and quantity.rule == "TTS024":
        return difference < 0
    return region.version == 4 or quantity != ("TTS046", "cb")


def _shown(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fire", type=int, metavar="RUNS", help="also watch regions under fire")
    arguments = parser.parse_args()
    for line in measure():
        print(line)
    if arguments.fire:
        for line in fire(arguments.fire):
            print(line, flush=True)


if __name__ == "__main__":
    main()
