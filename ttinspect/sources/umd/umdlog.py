"""What tt_umd's log tells: the only place that reads its sentences (tt-umd 0.9.14)."""

import re

from ttinspect.sources.umd.lateness import WaitFor
from ttinspect.sources.umd.request import CHIPS_PER_PROCESS
from ttinspect.sources.umd.wire import Wait

_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
_WAITING = re.compile(r"[Ww]aiting (?:for|on) (.*?)(?: \(\d+ ms elapsed.*)?(?: \([\w.]+:\d+\))?$")
_HOLDER = re.compile(r"^lock .*held by .*PID: (\d+)")
_DEVICE = re.compile(r"\bdevice (\d+)")
_ITS_DEVICE = re.compile(r"\.? (?:on device|Device ID:|over PCIe ID) [0-9]+")
_KINDS = (("ARC firmware", WaitFor.FIRMWARE), ("ETH training", WaitFor.TRAINING), ("lock ", WaitFor.LOCK))
_CHATTER = re.compile(r"\| *(?:trace|debug|info)\b *\|")
_OPENED = re.compile(r"\bTTSimTTDevice chip_id=(\d+) PCI vendor_id=\w+ device_id=(\w+)")
_UNHEALTHY_REMOTE = re.compile(r"Discovered remote device ASIC ID: (\d+) is unhealthy")
_SIMULATORS_OWN = re.compile(r"ERROR: [A-Z]\w+:")
_NO_MEMORY = re.compile(r"bad_alloc|[Cc]annot allocate memory|MemoryError|failed to map segment")
_UNHEALTHY = "Discovered unhealthy"
_WARNING = "| warning "
_MOST_CHARACTERS = 200


def plain(log: bytes) -> str:
    """The log as text. Where the environment has CI, tt_umd colours it also in a file."""
    return _COLOUR.sub(b"", log).decode("utf-8", "backslashreplace")


def waiting(line: str) -> Wait | None:
    """What a line says that tt_umd waits for; None where it says nothing of that."""
    match = _WAITING.search(line)
    if match is None:
        return None
    text = match[1]
    kind = next((kind for words, kind in _KINDS if words in text), WaitFor.OTHER)
    device, holder = _DEVICE.search(text), _HOLDER.search(text)
    return Wait(
        kind=kind,
        text=text,
        device=int(device[1]) if device else None,
        pid=int(holder[1]) if holder else None,
    )


def last_wait(log: str) -> Wait | None:
    """The last thing that tt_umd waited for; None where it waited for nothing."""
    return next((wait for line in reversed(log.splitlines()) if (wait := waiting(line)) is not None), None)


def with_chips(text: str, pid: int) -> str:
    """A sentence about a simulator with its chips by their number; tt_umd counts on from 32 * pid."""
    match = _DEVICE.search(text)
    chip = int(match[1]) - pid * CHIPS_PER_PROCESS if match else -1
    return _DEVICE.sub(f"chip {chip}", text) if 0 <= chip < CHIPS_PER_PROCESS else text


def without_device(text: str) -> str:
    """A sentence about a chip without tt_umd's number for it, which means nothing in a simulator."""
    return _ITS_DEVICE.sub("", text)


def last_words(log: str) -> str:
    """What was printed last by something else than the logger: a functional simulator says there what it does
    not model, and ends the process. Empty where there is none."""
    for line in reversed(log.splitlines()):
        if line.strip() and not _CHATTER.search(line):
            return line.strip()[:_MOST_CHARACTERS]
    return ""


def is_out_of_memory(text: str) -> bool:
    """Whether words of tt_umd, of a simulator or of the loader say that there was too little memory."""
    return _NO_MEMORY.search(text) is not None


def is_simulators_own(text: str) -> bool:
    """Whether a functional simulator says what it does not model: it names the class of its error."""
    return _SIMULATORS_OWN.search(text) is not None


def reasons_unhealthy(log: str) -> list[str]:
    """The warning before each sentence that calls a device unhealthy, in their order; empty where there is
    none."""
    reasons, last = [], ""
    for line in log.splitlines():
        if _UNHEALTHY in line:
            reasons.append(last)
        else:
            last = _warning(line) or last
    return reasons


def unhealthy_remote(log: str) -> tuple[int, str] | None:
    """The unique id of the first remote chip that tt_umd called unhealthy, and the warning before that; None
    where it called none so."""
    last = ""
    for line in log.splitlines():
        if match := _UNHEALTHY_REMOTE.search(line):
            return int(match[1]), last
        last = _warning(line) or last
    return None


def opened_devices(log: str) -> dict[int, int]:
    """The devices of a simulator that tt_umd says that it opened: their PCI device id by its own number."""
    return {int(number): int(identity, 16) for number, identity in _OPENED.findall(log)}


def _warning(line: str) -> str | None:
    """What a line warns of, if it does, without where in tt_umd."""
    return line.rpartition("| ")[2].rpartition(" (")[0] if _WARNING in line else None
