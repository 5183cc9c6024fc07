"""How the child can be asked for some of the devices only."""

from collections.abc import Collection, Iterable

import msgspec

from ttinspect.sources.live import Ask
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.numbering import (
    MOST_CHIPS,
    REMOTE_ARCH,
    WITHOUT_REMOTE,
    arch_argument,
    hidden_argument,
    numbers_argument,
)
from ttinspect.sources.umd.session import Session


class Way(msgspec.Struct, frozen=True):
    """How the chips that are well can be asked: the child's arguments, and the devices that tt_umd may see
    (TT_VISIBLE_DEVICES), if not all."""

    arguments: tuple[str, ...]
    visible: str | None = None

    def with_arguments(self, *more: str) -> "Way":
        """The same with more arguments."""
        return msgspec.structs.replace(self, arguments=(*self.arguments, *more))


class Ways:
    """What is known of the devices of a host or a simulator, and how to ask for some of them. ``archs`` are
    the architectures that they may have."""

    def __init__(self, arguments: list[str], archs: Collection[str]) -> None:
        self.whole = Way(arguments=tuple(arguments))
        self.simulated = "sim" in arguments
        self._archs = archs
        self._host = wire.HostFacts(kmd_version=None, kmd_devices={})
        self._numbers: list[int] | None = None
        """The PCI device numbers of a simulator's devices, once they are known."""
        self._arch: str | None = None
        """And its architecture, where no descriptor beside it tells that."""

    def heard(self, session: Session) -> None:
        """Take what a session says of the devices; of the host only the first one, which sees them all."""
        for line in session.lines:
            if isinstance(line, wire.NumbersFound):
                self._numbers = line.numbers
            elif isinstance(line, wire.ArchFound):
                self._arch = line.arch
            elif isinstance(line, wire.HostFacts) and not self._host.kmd_devices:
                self._host = line

    def devices(self, lost: Collection[int]) -> list[int]:
        """The devices that are not lost: N of /dev/tenstorrent/N; of a simulator all that there can be."""
        all_of_them = range(self._most) if self.simulated else self._host.kmd_devices
        return [number for number in all_of_them if number not in lost]

    @property
    def known(self) -> int | None:
        """How many devices a simulator has; None while that is unknown."""
        return None if self._numbers is None else len(self._numbers)

    @property
    def _most(self) -> int:
        return MOST_CHIPS if self._numbers is None else len(self._numbers)

    def seeing(self, devices: Iterable[int]) -> Way:
        """With these devices only."""
        if self.simulated:
            unseen = set(range(self._most)).difference(devices)
            hidden = [hidden_argument(unseen)] if unseen else []
            known = [numbers_argument(self._numbers)] if self._numbers else []
            known += [arch_argument(self._arch)] if self._arch else []
            return self.whole.with_arguments(*hidden, *known)
        bdfs = self._host.kmd_devices
        return msgspec.structs.replace(self.whole, visible=",".join(bdfs[number] for number in devices))

    def alone(self, devices: Iterable[int]) -> Way:
        """With these devices, no eth, and no waiting for a heartbeat. Of a simulator it may be all that is
        ever heard of them."""
        way = self.seeing(devices).with_arguments(WITHOUT_REMOTE)
        asked, *rest = way.arguments
        task = Ask.READING if self.simulated and asked != Ask.CHIPS.value else Ask.CHIPS
        return msgspec.structs.replace(way, arguments=(task.value, *rest))

    def remote_chips_are_possible(self) -> bool:
        """Whether a chip can be behind another one."""
        archs = {*self._host.kmd_archs.values(), *([self._arch] if self._arch else [])}
        return REMOTE_ARCH in (archs or self._archs)
