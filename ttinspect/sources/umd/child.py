"""The only importer of tt_umd, run as a file by launch.py:
``child.py WIRE_FD LIFELINE_FD SEARCH_PATH TASK KIND [LIBRARY SOC_FILE | LIBRARY FOLDER SOC_FOLDER]
[without-training] [without-remote [remote-singly=SECONDS]] [hidden=CHIP,... [numbers=N,...]
[arch=NAME]] [skip=CHIP,...]``.

TASK is chips, reading (chips and one reading of their telemetry), telemetry (the same, and the heartbeats
again after half a second), or watch (chips, then a reading for every line on standard input, until it
ends). A simulator without a SoC descriptor is linked into FOLDER, together with the one of its
architecture in SOC_FOLDER. SEARCH_PATH is the parent's: tt_umd may be where only it looks.

Nothing that happens in here can kill the tool, hang it, or soil its output: tt_umd aborts, its
simulators call _Exit, and both print on fd 1. What was learned goes out as JSON lines on an inherited
descriptor, a line per stage and per finished chip, so that a death keeps what was read.

Imports nothing heavy besides tt_umd: of ttinspect only the modules that belong to the child. It only
reads: no retrain, reset or power option is ever set.
"""

import fcntl
import json
import os
import sys
import time
from typing import Any

HEARTBEAT_SECONDS = 0.5


def main(argv: list[str]) -> None:
    """Read everything and say it; the exit code is 0 whenever the last line was sent."""
    wire = os.fdopen(int(argv[1]), "w", buffering=1)

    def say(kind: str, **fields: Any) -> None:
        wire.write(json.dumps({"type": kind, **fields}, separators=(",", ":")) + "\n")

    die_with_parent(int(argv[2]))
    package = os.path.dirname(os.path.abspath(__file__)).rpartition("/sources/")[0]  # noqa: PTH100, PTH120
    sys.path.insert(0, os.path.dirname(package))  # noqa: PTH120
    sys.path += [folder for folder in argv[3].split(os.pathsep) if folder not in sys.path]
    task, kind, rest = argv[4], argv[5], argv[6:]
    from ttinspect.sources.umd import numbering, probe
    from ttinspect.sources.umd.calling import first_line, umd_errors

    bare = kind == "sim" and not rest[1].endswith(".yaml")
    told = numbering.known_arch(rest)
    probing = probe.Probe(rest[0]) if bare and told is None else None
    stage = "loading tt_umd"
    say("stage", name=stage)
    try:
        import tt_umd
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        say("failure", stage=stage, why=first_line(error), missing=missing)
        return
    if bare:
        say("stage", name="opening the simulator")
        arch, device = (told, True) if probing is None else probe.arch_found(rest[0], probing)
        say("arch", arch=arch, device=device)
        if arch is None:
            say("done")
            return
        rest = probe.linked(arch, *rest[:3]) + rest[3:]

    def enter(name: str) -> None:
        nonlocal stage
        stage = name
        say("stage", name=name)

    seen: set[int] | None = None
    failures: tuple[type[Exception], ...] = (*umd_errors(), TypeError)
    try:
        if hidden := numbering.hidden_chips(rest):
            from ttinspect.sources.umd.hiding import show_only

            numbers = numbering.known_numbers(rest) or probe.device_numbers(rest[0])
            say("numbers", numbers=numbers)
            shown = {number for chip, number in enumerate(numbers) if chip not in hidden}
            seen = show_only(rest[0], shown)
        ask(tt_umd, task, kind, rest, say, enter)
    except failures as error:
        if seen is not None and not seen:  # nothing is left, which tt_umd takes for a failure
            say("done")
            return
        say("failure", stage=stage, why=first_line(error), missing=False)


def ask(tt_umd: Any, task: str, kind: str, rest: list[str], say: Any, enter: Any) -> None:
    """Discover, and say what is found; ``enter`` a stage before each step."""
    from ttinspect.sources.umd import chip_facts, discovery, numbering
    from ttinspect.sources.umd.calling import attempt

    hidden, skipped = numbering.hidden_chips(rest), numbering.skipped_chips(rest)

    def number(chip: int) -> int:
        return numbering.number_of(chip, hidden)

    enter("looking for devices")
    say("host", **discovery.host_facts(tt_umd, kind))
    enter("discovering chips")
    descriptor, devices = discovery.discover(tt_umd, kind, rest)
    enter("reading the cluster descriptor")
    text = discovery.serialized(descriptor)
    chips = sorted(set(descriptor.get_all_chips()) | set(devices))
    say("links", chips=len(chips), **discovery.link_facts(descriptor, text, number))
    masks = chip_facts.harvesting(text)
    unhealthy = discovery.health(descriptor)
    for chip in chips:
        if number(chip) in skipped:
            continue
        enter(f"reading chip {number(chip)}")
        known = (masks.get(chip), unhealthy.get(chip))
        say("chip", **chip_facts.chip_facts(tt_umd, descriptor, chip, devices.get(chip), number, *known))
    devices = {number(chip): device for chip, device in sorted(devices.items())}
    devices = {chip: device for chip, device in devices.items() if chip not in skipped}
    if (patience := numbering.singly_seconds(rest)) is not None:
        from ttinspect.sources.umd import remote_chips

        ids = {number(chip): unique_id for chip, unique_id in descriptor.get_chip_unique_ids().items()}
        first = max([*map(number, chips), *hidden], default=-1) + 1
        remote_chips.open_singly(tt_umd, ids, devices, first, skipped, patience, say, enter)
    if task != "chips":
        from ttinspect.sources.umd import telemetry_facts

        if task != "watch":
            telemetry_facts.read_telemetry(tt_umd, devices, say, enter)
        if task == "telemetry":
            time.sleep(HEARTBEAT_SECONDS)
            enter("reading the heartbeats again")
            for chip, device in devices.items():
                say("heartbeat", chip=chip, value=attempt(telemetry_facts.heartbeat, device))
        say("done")
        while task == "watch" and sys.stdin.readline():
            telemetry_facts.read_telemetry(tt_umd, devices, say, enter)
            say("tick")
    else:
        say("done")


def die_with_parent(lifeline: int) -> None:
    """A parent that is killed cannot end us, but its end of this pipe is closed then: that sends SIGIO to our
    group, which ends us and whatever we started even while tt_umd hangs."""
    leads = os.getpgrp() == os.getpid()
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid() if leads else os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC)


if __name__ == "__main__":
    main(sys.argv)
