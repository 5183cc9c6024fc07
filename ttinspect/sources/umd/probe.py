"""In the child: a process of its own that opens a simulator and looks for devices, as tt_umd does.

One process can open only one simulator, once; and what a simulator does to that process happens to no other.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator

from ttinspect.sources.umd.numbering import MOST_CHIPS, PCI_IDS

_LOOK_SECONDS = 0.1
_ANSWER_SECONDS = 1.0
_MOST_BESIDE = 16384
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG (linux/prctl.h)."""
NO_DEVICE = 0xFFFF


class Probe:
    """Reads the PCI id of each device number, from one on. ``late``: it did not answer in time; ``status`` is
    how it ended, None before that."""

    def __init__(self, path: str, first: int = 0) -> None:
        self.late = False
        self.status: int | None = None
        self._open, self._ended = True, False
        self._buffer = b""
        self._read_end, write_end = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _look(path, first, write_end)
        os.close(write_end)

    def next(self, seconds: float | None = None) -> int | None:
        """What it says next: 0 when the simulator is open, then PCI ids. None when it is dead, or says
        nothing for so long."""
        late = None if seconds is None else time.monotonic() + seconds
        while b"\n" not in self._buffer:
            if select.select([self._read_end], [], [], _LOOK_SECONDS)[0]:
                data = os.read(self._read_end, 4096)
                if not data:
                    self._ended = True
                    return None
                self._buffer += data
            elif self.status is not None:
                return None
            elif late is not None and time.monotonic() >= late:
                self.late = True
                return None
            else:  # what the simulator started may hold the pipe open
                gone, how = os.waitpid(self._pid, os.WNOHANG)
                self.status = how if gone else None
        word, _, self._buffer = self._buffer.partition(b"\n")
        return int(word)

    def end(self) -> int:
        """It is gone afterwards; how it ended."""
        if self._open:
            self._open = False
            os.close(self._read_end)
        if self.status is None:
            if not self._ended:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)
            _, self.status = os.waitpid(self._pid, 0)
        return self.status


def _look(path: str, first: int, write_end: int) -> None:
    import ctypes

    # the simulator may leave our group, so that nobody else would end it with us
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    library = ctypes.CDLL(path)
    library.libttsim_init()
    os.write(write_end, b"0\n")
    library.libttsim_pci_config_rd32.restype = ctypes.c_uint32
    for number in range(first, MOST_CHIPS):
        identity = library.libttsim_pci_config_rd32(ctypes.c_uint32(number << 3), ctypes.c_uint32(0))
        os.write(write_end, b"%d\n" % (identity >> 16))
    os._exit(0)


def arch_found(path: str, probe: Probe) -> tuple[str | None, bool]:
    """The architecture of the first device that tells it, and whether there is one. Where none does we die as
    the first probe died, or hang as it hung."""
    first, late = None, []
    try:
        for one, identity in _answers(path, probe):
            if identity is None:
                first = first or one
                late += [one] if one.late else []
            elif identity != NO_DEVICE:
                one.end()
                return PCI_IDS.get(identity), True
        if first is None:
            return None, False
        while first.late and (identity := first.next()) is not None:  # it is only slow
            if identity != NO_DEVICE:
                return PCI_IDS.get(identity), True
    finally:
        for one in late:
            if one is not first:
                one.end()
    status = first.end()
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def device_numbers(path: str) -> list[int]:
    """The PCI device numbers at which a simulator has chips, which tt_umd numbers from 0 on. One with which
    it dies, or that does not answer, is one too; there are none where it cannot be opened."""
    answers, late = [], []
    for probe, identity in _answers(path, Probe(path)):
        answers.append(identity)
        late += [probe] if probe.late else []
    for probe in late:
        probe.end()
    return [number for number, identity in enumerate(answers[:MOST_CHIPS]) if identity != NO_DEVICE]


def _answers(path: str, probe: Probe) -> Iterator[tuple[Probe, int | None]]:
    """The PCI id at each device number, and the probe that asked for it: None where that died or does not
    answer, and another one goes on behind it; None at once where the simulator cannot be opened. One that is
    late goes on too, until it is ended."""
    number = 0
    while True:
        if probe.next() is None:
            if number == 0:
                yield probe, None
            return
        while number < MOST_CHIPS:
            identity = probe.next(_ANSWER_SECONDS)
            number += 1
            yield probe, identity
            if identity is None:
                break
        if not probe.late:
            probe.end()
        if number == MOST_CHIPS:
            return
        probe = Probe(path, number)


def linked(arch: str, library: str, folder: str, soc_folder: str) -> list[str]:
    """A folder as tt_umd wants it: the library, its SoC descriptor, and what else lies beside the library,
    which may look for its files there."""
    link, soc = f"{folder}/{os.path.basename(library)}", f"{folder}/soc_descriptor.yaml"  # noqa: PTH119
    home = os.path.dirname(library)  # noqa: PTH120
    try:
        beside = os.listdir(home)[:_MOST_BESIDE]  # noqa: PTH208
    except OSError:  # a folder that can be entered, and not be listed
        beside = []
    targets = {link: library, soc: f"{soc_folder}/{arch}.yaml"}
    targets |= {f"{folder}/{name}": f"{home}/{name}" for name in beside if f"{folder}/{name}" not in targets}
    for name, target in targets.items():
        if not os.path.lexists(name):
            os.symlink(target, name)  # noqa: PTH211
    return [link, soc]
