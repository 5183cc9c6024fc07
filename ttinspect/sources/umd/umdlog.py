"""What tt_umd's log tells: the only place that reads its sentences (tt-umd 0.9.14)."""

import re

from ttinspect.sources.umd.lateness import WaitFor
from ttinspect.sources.umd.request import CHIPS_PER_PROCESS
from ttinspect.sources.umd.wire import Wait

_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
_NUMBER = re.compile(r"(?:[dD]evice(?: ID:)?|PCIe ID) (\d+)")
_WAITING = re.compile(r"[Ww]aiting (?:for|on) (.*?)(?: \(\d+ ms elapsed.*)?(?: \([\w.]+:\d+\))?$")
_KINDS = (("ARC firmware", WaitFor.FIRMWARE), ("ETH training", WaitFor.TRAINING), ("lock ", WaitFor.LOCK))
_DEVICE = re.compile(r"\b(?:device|chip) (\d+)")
_CHATTER = re.compile(r"\| *(?:trace|debug|info)\b *\|")
_UNHEALTHY = re.compile(r"Discovered unhealthy|Discovered remote device ASIC ID: \d+ is unhealthy")
_WARNING = re.compile(r"\| warning .*\| (.*) \(")
_SIMULATORS_OWN = re.compile(r"ERROR: [A-Z]\w+:")
_NO_MEMORY = re.compile(r"bad_alloc|[Cc]annot allocate memory|MemoryError|failed to map segment")
_MOST_CHARACTERS = 200


def plain(data: bytes, pid: int) -> str:
    """What a child of this process id printed, as text. Where the environment has CI, tt_umd colours it also
    in a file; the chips of a simulator, which it counts from 32 * pid on, have their own numbers."""

    def chip(match: re.Match[str]) -> str:
        number = int(match[1]) - pid * CHIPS_PER_PROCESS
        return f"chip {number}" if 0 <= number < CHIPS_PER_PROCESS else match[0]

    return _NUMBER.sub(chip, _COLOUR.sub(b"", data).decode("utf-8", "backslashreplace"))


def waiting(line: str) -> Wait | None:
    """What a line says that tt_umd waits for; None where it says nothing of that."""
    match = _WAITING.search(line)
    if match is None:
        return None
    kind = next((kind for words, kind in _KINDS if words in match[1]), WaitFor.OTHER)
    device = _DEVICE.search(match[1])
    return Wait(kind, match[1], device and int(device[1]))


def last_wait(log: str) -> Wait | None:
    """The last thing that tt_umd waited for; None where it waited for nothing."""
    return next((wait for line in reversed(log.splitlines()) if (wait := waiting(line)) is not None), None)


def last_words(log: str) -> str:
    """What was printed last by something else than the logger: a functional simulator says there what it does
    not model, and ends the process. Empty where there is none."""
    lines = (line.strip() for line in reversed(log.splitlines()) if not _CHATTER.search(line))
    return next((line[:_MOST_CHARACTERS] for line in lines if line), "")


def is_out_of_memory(text: str) -> bool:
    """Whether words of tt_umd, of a simulator or of the loader say that there was too little memory."""
    return _NO_MEMORY.search(text) is not None


def is_simulators_own(text: str) -> bool:
    """Whether a functional simulator says what it does not model: it names the class of its error."""
    return _SIMULATORS_OWN.search(text) is not None


def unhealthy(log: str) -> list[str]:
    """Why tt_umd called devices unhealthy, in order: the warning before that; empty where there was none."""
    reason, reasons = "", []
    for line in log.splitlines():
        if _UNHEALTHY.search(line):
            reasons.append(reason)
        elif match := _WARNING.search(line):
            reason = match[1]
    return reasons
