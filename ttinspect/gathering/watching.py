"""A source read again and again: one reading after the other, whatever its kind."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import msgspec

from ttinspect.model.system import System
from ttinspect.sources.live import Ask, LiveOptions
from ttinspect.sources.opening import kind_of, open_source
from ttinspect.verify.naming import select_chips


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
