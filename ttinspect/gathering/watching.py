"""A source read again and again: one reading after the other, whatever its kind."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from ttinspect.gathering.regions import (
    ONE_LOOK,
    Host,
    Places,
    Scanner,
    gather_published,
    read_published,
    without_strangers,
)
from ttinspect.model.system import System
from ttinspect.shm.published import Published
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.opening import kind_of, open_source
from ttinspect.verify.case import Case
from ttinspect.verify.findings.use import Uses, uses_of
from ttinspect.verify.naming import select_chips

PUBLISHED_SECONDS = 1.0
"""Processes and regions are looked through once a second, however often telemetry is read."""
PUBLISHED_SHARE = 0.05
"""Where looking through them, and judging them, takes more of a core than this, it is done less often."""


@contextlib.contextmanager
def watch(source: str, options: LiveOptions, devices: Sequence[str] = ()) -> Iterator[Callable[[], System]]:
    """What gives the next reading of the chips that the words ``devices`` mean (none: all).

    Live devices stay open in one child; one that dies or is reset costs a reading, its chip keeps its number
    and its row. A document is read anew every time.

    Raises:
        InspectError: at the first reading as reading the source once; later only where nothing was ever read.
    """

    def choose(system: System) -> System:
        return select_chips(system, list(devices))

    kind, rest = kind_of(source), source.partition(":")[2]
    if kind in ("umd", "sim"):
        from ttinspect.sources.umd.watching import Watcher

        with Watcher(kind, rest, options, choose) as watcher:
            yield watcher.read
    elif kind in ("sysfs", "host"):
        from ttinspect.sources.sysfs_watching import SysfsWatcher

        lasting = SysfsWatcher(rest, host=kind == "host")
        yield lambda: choose(lasting.read())
    else:
        asked = msgspec.structs.replace(options, ask=Ask.READING)
        yield lambda: choose(open_source(source, asked))


class Look(msgspec.Struct, frozen=True):
    """A reading, and what was published when it was looked through last; ``is_fresh``: at this reading."""

    system: System
    published: Published
    is_fresh: bool


class Looking:
    """Readings one after the other, with regions and processes once a second at most; and how chips were used
    since the first one. ``personal``: with users and command lines, and processes of strangers.
    ``keep_bytes``: as a recording needs the regions."""

    def __init__(
        self, places: Places, read: Callable[[], System], *, personal: bool, keep_bytes: bool = False
    ) -> None:
        self._places, self._read, self._scanner = places, read, Scanner(places)
        self._personal, self._keep_bytes = personal, keep_bytes
        self._published: Published | None = None
        self._looked = self._due = float("-inf")
        self._spent: float | None = None
        self._uses: Uses = {}

    def look(self) -> Look:
        """The next reading."""
        if self._spent is not None:  # by now the last look was judged, and shown or written
            spent = time.thread_time() - self._spent
            self._due = self._looked + max(PUBLISHED_SECONDS, spent / PUBLISHED_SHARE)
            self._spent = None
        system, fresh = self._read(), time.monotonic() >= self._due
        if fresh:
            self._looked, self._spent = time.monotonic(), time.thread_time()
            published = read_published(
                self._places,
                ONE_LOOK,
                personal=self._personal,
                scanner=self._scanner,
                keep_bytes=self._keep_bytes,
            )
            self._published = published if self._personal else without_strangers(published)
        assert self._published is not None  # the first look is due at once
        return Look(system, self._published, fresh)

    def judged(self, look: Look) -> tuple[Case, Uses]:
        """What a look shows together, and how its chips are used as of now."""
        now = msgspec.structs.replace(look.published, now_realtime_ns=time.time_ns())
        case = gather_published(Host(system=look.system, chosen=None), now)
        self._uses = uses_of(case, self._uses)
        return case, self._uses
