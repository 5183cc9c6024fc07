"""What the log of a child tells: what it waited for, and its last words."""

import re

from ttinspect.sources.umd.numbering import PCI_IDS

FIRMWARE = "ARC firmware"
"""What tt_umd says that it waits for when a chip hangs."""
TRAINING = "ETH training"
"""What it says that it waits for while an eth link trains: up to 900 s (tt-umd 0.9.14)."""
_WAITING = re.compile(r"[Ww]aiting (?:for|on) (.*?)(?: \(\d+ ms elapsed.*)?(?: \([\w.]+:\d+\))?$")
_CHATTER = re.compile(r"\| *(?:trace|debug|info)\b *\|")
_UNHEALTHY_REMOTE = re.compile(r"Discovered remote device ASIC ID: (\d+) is unhealthy")
_OPENED = re.compile(r"\bTTSimTTDevice chip_id=(\d+) PCI vendor_id=\w+ device_id=(\w+)")
_HOLDER = re.compile(r"[Ww]aiting for lock .*held by .*PID: (\d+)")
_WARNING = "| warning "
_MOST_CHARACTERS = 200


def waited_for(log: str) -> str:
    """What tt_umd says that it was waiting for: a lock, with the process that holds it, or the firmware of
    a hung device, for which it waits 300 s (tt-umd 0.9.14)."""
    for line in reversed(log.splitlines()):
        found = _WAITING.search(line)
        if found:
            return f"; it was waiting for {found[1]}"
    return ""


def lock_holder(waiting: str) -> int | None:
    """The process that holds the lock which tt_umd says that it waits for; None where it waits for none."""
    found = _HOLDER.search(waiting)
    return int(found[1]) if found else None


def unhealthy_remote(log: str) -> str | None:
    """Which remote chip tt_umd found unhealthy, by its unique id, and the warning before that; None if it
    does not say."""
    warning = ""
    for line in log.splitlines():
        found = _UNHEALTHY_REMOTE.search(line)
        if found:
            return f"the one with the unique id {found[1]} is unhealthy" + (
                f" ({warning})" if warning else ""
            )
        warning = warning_of(line) or warning
    return None


def opened_devices(log: str) -> int:
    """How many devices of a simulator tt_umd says that it opened."""
    return len({chip for chip, _ in _OPENED.findall(log)})


def simulated_archs(log: str) -> set[str]:
    """The architectures of the devices of a simulator that tt_umd says that it opened, as far as known."""
    names = {PCI_IDS.get(int(identity, 16)) for _, identity in _OPENED.findall(log)}
    return {name for name in names if name is not None}


def warning_of(line: str) -> str | None:
    """What a line warns of, if it does, without where in tt_umd."""
    return line.rpartition("| ")[2].rpartition(" (")[0] if _WARNING in line else None


def last_words(log: str) -> str:
    """What was printed last: a functional simulator says there what it does not model, then ends the
    process."""
    for line in reversed(log.splitlines()):
        if line.strip() and not _CHATTER.search(line):
            return f'; last it said "{line.strip()[:_MOST_CHARACTERS]}"'
    return ""
