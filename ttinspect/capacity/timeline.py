"""L1 buffers over the operations of a capture: what lives when, and where the lowest one is. Pure.

Instants are counters of nodes. A buffer lives from its allocation (or from before the capture) up to its
deallocation, the instant of which it no longer sees.
"""

import heapq
from collections.abc import Iterable, Sequence

import msgspec

from ttinspect.model.graph import OperationSpan

BEFORE = -1
"""The birth of a buffer that was there before the capture."""


class Life(msgspec.Struct, frozen=True):
    """An L1 buffer: from the instant ``born`` until before ``died`` (None: to the end). ``bytes`` is what it
    takes of every bank, ``address`` where; None is unknown."""

    mesh: int | None
    born: int
    died: int | None
    bytes: int | None
    address: int | None


class Lowest(msgspec.Struct, frozen=True):
    """The lowest address of the buffers that live at an instant. ``known`` is False where a live one has no
    address; ``address`` is None where nothing lives."""

    address: int | None
    known: bool


class Level(msgspec.Struct, frozen=True):
    """Bytes per bank after an operation, and the most inside it; None where a live buffer's are unknown."""

    after: int | None
    peak: int | None


def levels(operations: Sequence[OperationSpan], lives: Iterable[Life]) -> list[Level]:
    """What live buffers take of every bank, for each operation; what lived at its start is in its peak."""
    running = _Running(lives)
    levels = []
    for operation in operations:
        running.to(operation.start)
        peak, known = running.bytes, running.unknown == 0
        while running.step(operation.end):
            peak, known = max(peak, running.bytes), known and running.unknown == 0
        levels.append(Level(after=None if running.unknown else running.bytes, peak=peak if known else None))
    return levels


def live_at(instants: Sequence[int], lives: Iterable[Life]) -> list[int | None]:
    """What live buffers take of every bank at instants in ascending order."""
    running = _Running(lives)
    live: list[int | None] = []
    for instant in instants:
        running.to(instant)
        live.append(None if running.unknown else running.bytes)
    return live


class _Running:
    """The sum of live bytes as time goes on."""

    def __init__(self, lives: Iterable[Life]) -> None:
        self._events: list[tuple[int, int, int]] = []
        for life in lives:
            size, unknown = (0, 1) if life.bytes is None else (life.bytes, 0)
            self._events.append((life.born, size, unknown))
            if life.died is not None:
                self._events.append((life.died, -size, -unknown))
        self._events.sort(key=lambda event: event[0])
        self._next = self.bytes = self.unknown = 0

    def step(self, instant: int) -> bool:
        """Take the next event up to this instant, if there is one."""
        if self._next == len(self._events) or self._events[self._next][0] > instant:
            return False
        _, size, unknown = self._events[self._next]
        self.bytes, self.unknown, self._next = self.bytes + size, self.unknown + unknown, self._next + 1
        return True

    def to(self, instant: int) -> None:
        """Take every event up to this instant."""
        while self.step(instant):
            pass


def lowest_at(instants: Sequence[int], lives: Iterable[Life]) -> list[Lowest]:
    """The lowest live address at instants in ascending order."""
    coming = sorted(lives, key=lambda life: life.born)
    heap: list[tuple[int, float]] = []
    hidden: list[float] = []  # when those without an address die
    lowests, index = [], 0
    for instant in instants:
        while index < len(coming) and coming[index].born <= instant:
            life, index = coming[index], index + 1
            died = float("inf") if life.died is None else life.died
            if life.address:
                heapq.heappush(heap, (life.address, died))
            else:
                hidden.append(died)
        while heap and heap[0][1] <= instant:
            heapq.heappop(heap)
        hidden = [died for died in hidden if died > instant]
        lowests.append(Lowest(address=heap[0][0] if heap else None, known=not hidden))
    return lowests
