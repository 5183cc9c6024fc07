"""Tells a fault from a race: the decision about one quantity that was looked at several times. Pure.

A writer updates total, chip entry, timestamp and slot one after the other without a lock, so that a look at
a healthy region can catch any step in between, and a preempted writer shows the same difference again and
again. z is the number of legal looks, m the count of the most frequent illegal difference:

1. legal in the first look, or z >= 3 and z > m at any time, or z > m at the end: no finding;
2. all of at least 2 looks byte-identical: the region rests, and the difference is what it is;
3. at least 16 looks, none of them legal, and either one difference in half of them, or all of one sign and
   further from 0 than they are spread: a fault, of the median difference;
4. anything else cannot be decided now.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum

import msgspec

from ttinspect.model.region import Region
from ttinspect.shm.differences import Quantity, differences

Illegal = Callable[[Region, Quantity, int], bool]
"""Whether a difference (never 0) may not be, in this region: verify/ decides that by version and severity."""

LEGAL_LOOKS = 3
"""So many legal looks end the watching of a quantity early."""

FAULT_LOOKS = 16
"""Fewer looks at a region in motion do not make a fault."""


class Outcome(str, Enum):
    """What the looks at one quantity came to."""

    LEGAL = "legal"
    FAULT = "fault"
    UNDECIDED = "undecided"
    """TTS011."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the looks came to about one quantity that was illegal in the first look.

    ``difference`` is the median of the illegal differences (of two in the middle the lower one). ``looks``
    counts the looks that could be decoded, ``legal`` those of them in which the quantity was legal.
    ``resting`` is True where all looks at the region were byte-identical.
    """

    quantity: Quantity
    outcome: Outcome
    difference: int
    looks: int
    legal: int
    resting: bool


class Watched:
    """The looks at one quantity so far. ``decided`` becomes True once no further look can matter."""

    def __init__(self, quantity: Quantity, difference: int) -> None:
        self.quantity = quantity
        self.decided = False
        self._illegal = [difference]
        self._legal = 0

    def add(self, difference: int, *, illegal: bool) -> None:
        """One further look."""
        if self.decided:
            return
        if illegal:
            self._illegal.append(difference)
        else:
            self._legal += 1
        self.decided = self._legal >= LEGAL_LOOKS and self._legal > self._most_frequent()

    def judge(self, *, resting: bool) -> Judged:
        """The outcome. ``resting``: there were at least 2 looks at the region, all byte-identical."""
        return Judged(
            quantity=self.quantity,
            outcome=self._outcome(resting),
            difference=sorted(self._illegal)[(len(self._illegal) - 1) // 2],
            looks=len(self._illegal) + self._legal,
            legal=self._legal,
            resting=resting,
        )

    def _outcome(self, resting: bool) -> Outcome:
        if self._legal > self._most_frequent():
            return Outcome.LEGAL
        if resting or self._is_steady():
            return Outcome.FAULT
        return Outcome.UNDECIDED

    def _is_steady(self) -> bool:
        if self._legal or len(self._illegal) < FAULT_LOOKS:
            return False
        if 2 * self._most_frequent() >= len(self._illegal):
            return True
        low, high = min(self._illegal), max(self._illegal)
        return (low > 0 or high < 0) and min(abs(low), abs(high)) > high - low

    def _most_frequent(self) -> int:
        return max(Counter(self._illegal).values())


def first_look(region: Region, illegal: Illegal) -> list[Watched]:
    """The quantities of a region that have to be looked at again: those that are illegal in it."""
    return [
        Watched(quantity, difference)
        for quantity, difference in differences(region).items()
        if illegal(region, quantity, difference)
    ]


def further_look(watched: Sequence[Watched], region: Region, illegal: Illegal) -> None:
    """Add one more look at the same region to everything that is watched in it."""
    now = differences(region)
    for quantity in watched:
        difference = now.get(quantity.quantity, 0)
        quantity.add(difference, illegal=difference != 0 and illegal(region, quantity.quantity, difference))


def unchanged_slots(first: Region, second: Region | None) -> frozenset[int]:
    """Indices of the occupied slots that a second read shows with the same pid and timestamp.

    The processes are looked up between the two reads, so the owner is known of these slots alone. Without
    the second read, a process that detaches while another attaches would look like a ghost.
    """
    if second is None:
        return frozenset()
    after = {slot.index: (slot.pid, slot.last_update) for slot in second.occupied}
    return frozenset(
        slot.index for slot in first.occupied if after.get(slot.index) == (slot.pid, slot.last_update)
    )
