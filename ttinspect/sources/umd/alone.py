"""Devices that are asked alone, each once: with which of them does tt_umd go wrong?"""

from collections.abc import Callable, Iterable

from ttinspect.sources.umd.beside import Child
from ttinspect.sources.umd.parent import Limits
from ttinspect.sources.umd.session import Session


class Alone:
    """The children that were asked of one device each, by its number. One that is only late goes on, and may
    turn out to be well."""

    def __init__(self) -> None:
        self._children: dict[int, Child] = {}

    def add(self, device: int, child: Child) -> None:
        """A device was asked. Nothing else is to be heard of one that waits for its firmware."""
        self._children[device] = child
        if child.waits_for_firmware:
            child.end()

    def __contains__(self, device: int) -> bool:
        return device in self._children

    def number_at_work(self) -> int:
        """How many are late, and go on."""
        return sum(child.is_at_work for child in self._children.values())

    def is_at_work(self, device: int) -> bool:
        """Whether this one is late, and goes on."""
        return device in self._children and self._children[device].is_at_work

    def hear(self) -> None:
        """What those that go on have said meanwhile."""
        for child in self._children.values():
            child.listen(0)
            if child.waits_for_firmware:
                child.end()

    def are_well(self, devices: Iterable[int]) -> bool:
        """Whether each of these was asked, and nothing went wrong."""
        return all(device in self._children and self._children[device].is_well for device in devices)

    def bad(self, devices: Iterable[int]) -> dict[int, str]:
        """Those of these with which tt_umd failed, hung or died, or has not answered, and how; but not those
        that waited for a lock, which says nothing of the device."""
        return {
            device: child.session.why_ended()
            for device, child in self._asked(devices).items()
            if not child.is_well and not child.waits_for_lock
        }

    def well(self, devices: Iterable[int]) -> dict[int, Session]:
        """What was said of each of these that has a chip which answered."""
        return {
            device: child.session for device, child in self._asked(devices).items() if child.session.has_chips
        }

    def seconds(self, devices: Iterable[int]) -> float:
        """How long these took, as far as they have answered."""
        return sum(child.answered_after_seconds or 0.0 for child in self._asked(devices).values())

    def _asked(self, devices: Iterable[int]) -> dict[int, Child]:
        return {device: self._children[device] for device in devices if device in self._children}

    def wait(self, age_seconds: float, left: Callable[[], float], limits: Limits) -> None:
        """Listen to those that go on until they are so old, or no time is left; those that have not answered
        are ended."""
        for child in self._children.values():
            child.listen_until(age_seconds, left(), limits)
        self.hear()
        self.end()

    def end(self, *devices: int) -> None:
        """Those of these devices are gone afterwards; all, if none is named."""
        for device, child in self._children.items():
            if device in devices or not devices:
                child.end()
