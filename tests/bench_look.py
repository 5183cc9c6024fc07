"""What is looked at for long: top and record against the time on the clock, report, metrics and serve against
the answers that they are made of."""

import fcntl
import os
import pty
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.device.simulated import Chip, blackhole, build, compiler
from tests.processes import descendants
from tests.shm.captures import captures
from tests.sources import fake_sysfs
from tests.sources.clusters import galaxy

SCRIPT = str(Path(sys.executable).with_name("ttinspect"))
_RUNS = 9
_TICKS = os.sysconf("SC_CLK_TCK")


class Figure(NamedTuple):
    """Ours, what it is held against, and how many times that it should be at most."""

    name: str
    ours: float
    other_name: str
    other: float
    aim: float
    unit: str = "ms"


def measure(folder: Path) -> Iterator[Figure]:
    """All of it."""
    yield from _pages(folder)
    yield from _metrics(folder)
    if compiler() is not None:
        library = build(folder)
        yield _top(folder, library)
        yield _top_of_full_regions(folder)
        yield _first_screen(folder)
        yield from _record(folder, library)


def _run(*command: str) -> float:
    """CPU time of a command in milliseconds."""
    before = _children_ms()
    subprocess.run([SCRIPT, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return _children_ms() - before


def _children_ms() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1000


def _in_turn(name: str, ours: list[str], other: list[str], aim: float) -> Figure:
    """CPU times, as telemetry waits half a second for a heartbeat to move and metrics does not."""
    times = [(_run(*ours), _run(*other)) for _ in range(_RUNS)]
    a, b = (statistics.median(each) for each in zip(*times, strict=True))
    return Figure(f"{name}, CPU", a, other[0], b, aim)


def _pages(folder: Path) -> Iterator[Figure]:
    path = folder / "look.yaml"
    path.write_text(galaxy(32))
    source = ["--from", str(path)]
    page = ["report", *source, "--output", str(folder / "look.html")]
    yield _in_turn("report, 32 chips", page, ["harvest", *source, "--json"], 3.0)


def _metrics(folder: Path) -> Iterator[Figure]:
    root = folder / "look-host"
    fake_sysfs.kernel_driver(root)
    for number in range(8):
        fake_sysfs.device(root, number)
    source = ["--from", f"sysfs:{root}"]
    yield _in_turn("metrics, 8 chips of sysfs", ["metrics", *source], ["telemetry", *source, "--json"], 1.5)
    scrapes, reads = _scrapes(source, root)
    yield Figure("serve, a scrape of 8 chips of sysfs", scrapes, "reading alone", reads, 2.0)


def _scrapes(source: list[str], root: Path) -> tuple[float, float]:
    """The median of scrapes over HTTP, each of which reads anew, and of reading the same chips through the
    source alone; in turn, as both take longer on a machine that is busy."""
    from ttinspect.gathering.watching import watch
    from ttinspect.sources.live import Ask, LiveOptions

    command = [SCRIPT, "serve", *source, "--listen", "127.0.0.1:0", "--min-interval", "0"]
    scrapes, reads = [], []
    with (
        watch(f"sysfs:{root}", LiveOptions(timeout_seconds=20, ask=Ask.READING)) as read,
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server,
    ):
        assert server.stderr is not None
        url = server.stderr.readline().split()[-1]
        for _ in range(100):
            start = time.perf_counter()
            with urllib.request.urlopen(url) as answer:
                answer.read()
            between = time.perf_counter()
            read()
            scrapes.append((between - start) * 1000)
            reads.append((time.perf_counter() - between) * 1000)
        server.terminate()
    return statistics.median(scrapes), statistics.median(reads)


def _top(folder: Path, library: Path) -> Figure:
    """Of 32 simulated chips; the child that reads them counts too."""
    script = blackhole(*[Chip(beating=True) for _ in range(32)]).write(folder / "look32")
    return _busy("top, 32 chips at 2 Hz, CPU", ["--from", f"sim:{library}"], script)


def _top_of_full_regions(folder: Path) -> Figure:
    """Of 32 devices of sysfs, each with a region that has 64 processes, all of them gone: 2,048 ghosts."""
    source = _full_host(folder / "look-full", 32)
    return _busy("top, 32 full regions at 2 Hz, CPU", source, {})


def _full_host(root: Path, devices: int) -> list[str]:
    """A host whose every region is full, as a source."""
    data, shm = bytearray(captures()["v4-full64"].data), root / "dev/shm"
    fake_sysfs.kernel_driver(root)
    shm.mkdir(parents=True, exist_ok=True)
    for number in range(devices):
        fake_sysfs.device(root, number)
        struct.pack_into("<Q", data, 32, number + 1)
        (shm / f"tt_device_{number + 1}_memory").write_bytes(data)
    return ["--from", f"host:{root}", "--procfs", "/proc"]


def _busy(name: str, source: list[str], environment: dict[str, str]) -> Figure:
    """CPU time of the screen and its children against the time on the clock, twice a second for 20 s."""
    seconds = 20.0
    screen, child = _on_a_terminal(["top", *source, "--interval", "0.5"], environment)
    threading.Thread(target=_drain, args=(screen,), daemon=True).start()
    time.sleep(4)
    before, start = _cpu_seconds(child.pid), time.monotonic()
    time.sleep(seconds)
    cpu, wall = _cpu_seconds(child.pid) - before, time.monotonic() - start
    os.write(screen, b"q")
    child.wait(10)
    return Figure(name, cpu * 1000, "the wall time", wall * 1000, 0.15)


def _on_a_terminal(
    arguments: list[str], environment: dict[str, str]
) -> tuple[int, "subprocess.Popen[bytes]"]:
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    child = subprocess.Popen(
        [SCRIPT, *arguments],
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        env={**os.environ, **environment, "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(terminal)
    return screen, child


def _drain(descriptor: int) -> None:
    try:
        while os.read(descriptor, 65536):
            pass
    except OSError:
        return  # the terminal was closed


_READ_ONCE = """
import sys, time
from ttinspect.gathering.watching import watch
from ttinspect.sources.live import Ask, LiveOptions
begun = time.perf_counter()
with watch(sys.argv[1], LiveOptions(timeout_seconds=20, ask=Ask.READING)) as read:
    read()
print((time.perf_counter() - begun) * 1000)
"""


def _first_screen(folder: Path) -> Figure:
    """The time on the clock until the chips stand there, against importing Textual and then reading them."""
    source = _full_host(folder / "look-first", 32)
    times = []
    for _ in range(_RUNS):
        begun, shown = time.perf_counter(), b""
        screen, child = _on_a_terminal(["top", *source], {})
        while b"1350" not in shown:
            shown += os.read(screen, 65536)
        first = (time.perf_counter() - begun) * 1000
        threading.Thread(target=_drain, args=(screen,), daemon=True).start()
        child.kill()
        child.wait()
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import textual.app"], check=True)
        imported = (time.perf_counter() - begun) * 1000
        read = subprocess.run(
            [sys.executable, "-c", _READ_ONCE, source[1]], capture_output=True, text=True, check=True
        )
        times.append((first, imported + float(read.stdout)))
    ours, other = (statistics.median(each) for each in zip(*times, strict=True))
    return Figure("top, first screen of 32 chips", ours, "import textual.app, a reading", other, 1.5)


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children."""
    total = 0
    for member in (pid, *descendants(pid)):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(") ")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def _peak_mb(pid: int) -> float:
    """The most memory that a process had. Its ru_maxrss would be at least what the one had that started it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _record(folder: Path, library: Path) -> Iterator[Figure]:
    """A minute at 10 Hz of 8 chips: CPU against the wall time, peak of memory (of the recorder, not of the child that reads), and
    the size that ten minutes would have."""
    script = blackhole(*[Chip(beating=True) for _ in range(8)]).write(folder / "look8")
    path, seconds = folder / "look.jsonl.zst", 60
    command = [SCRIPT, "record", "--from", f"sim:{library}", "--interval", "0.1", "-o", str(path)]
    before, start = _children_ms(), time.perf_counter()
    child = subprocess.Popen(
        [*command, "--duration", str(seconds)], env={**os.environ, **script}, stderr=subprocess.DEVNULL
    )
    time.sleep(seconds - 2)
    peak_mb = _peak_mb(child.pid)
    child.wait()
    wall = (time.perf_counter() - start) * 1000
    yield Figure("record, 8 chips at 10 Hz, CPU", _children_ms() - before, "the wall time", wall, 0.05)
    yield Figure("record, peak", peak_mb, "the limit", 60.0, 1.0, "MB")
    size = path.stat().st_size / 1e6 * 600 / seconds
    yield Figure("record, ten minutes, zstd", size, "the limit", 30.0, 1.0, "MB")
    shutil.rmtree(folder / "look8", ignore_errors=True)
