"""Run as a file by process.py: ``main.py WIRE_FD LIFELINE_FD SEARCH_PATH REQUEST``.

Calls into tt_umd belong in a process of their own: it aborts, its simulators call _Exit, and both print on
fd 1. What is learned goes out as JSON lines on an inherited descriptor, one for each stage and each finished
chip, so that a death keeps what was read. SEARCH_PATH is the parent's: tt_umd may be where only it looks.

It only reads: no option that retrains links, resets or changes power is ever set.
"""

import fcntl
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ttinspect.sources.umd.request import Request


class Wire:
    """Where answers go. ``at`` says what is done next."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "w", buffering=1)

    def say(self, line: str, /, **fields: Any) -> None:
        """One line of this type; wire.py holds the types."""
        self._file.write(json.dumps({"type": line, **fields}, separators=(",", ":")) + "\n")

    def at(self, stage: str, chip: int | None = None, via: int | None = None) -> None:
        """A stage begins."""
        self.say("stage", kind=stage, chip=chip, via=via)


def main(argv: list[str]) -> None:
    """Read everything and say it; the exit code is 0 whenever the last line was sent."""
    wire = Wire(int(argv[1]))
    die_with_parent(int(argv[2]))
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # our parent held back some when it started us
    package = os.path.dirname(os.path.abspath(__file__)).rpartition("/sources/")[0]  # noqa: PTH100, PTH120
    sys.path[0] = os.path.dirname(package)  # noqa: PTH120 - not our own folder
    sys.path += [folder for folder in argv[3].split(os.pathsep) if folder not in sys.path]
    from ttinspect.errors import InspectError
    from ttinspect.sources.umd.child.discovery import first_line, prepared, umd_errors
    from ttinspect.sources.umd.request import decoded

    request = decoded(argv[4])
    wire.at("loading tt_umd")
    try:
        tt_umd = loaded()
        arch = None
        if request.library is not None:
            wire.at("opening the simulator")
            request, arch = prepared(tt_umd, request, request.library)
        if arch == "quasar":
            open_quasar(tt_umd, request, wire)
        else:
            ask(tt_umd, request, wire)
    except InspectError as error:
        refusal = {"what": error.what, "next_step": error.next_step, "exit_code": error.exit_code}
        wire.say("failure", why=error.why, **refusal)
    except umd_errors() as error:
        wire.say("failure", why=first_line(error))


def loaded() -> Any:
    """tt_umd.

    Raises:
        InspectError: 4 where it is not installed, 5 where it cannot be loaded.
    """
    from ttinspect.errors import ExitCode, InspectError

    try:
        import tt_umd
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        refusal = "tt_umd is not installed" if missing else "tt_umd cannot be loaded"
        step = "pip install tt-umd (Linux, Python up to 3.13), or use a source without devices, such as sysfs"
        code = ExitCode.NO_UMD if missing else ExitCode.UMD_FAILED
        raise InspectError(refusal, str(error), step, code) from None
    return tt_umd


def ask(tt_umd: Any, request: "Request", wire: Wire) -> None:
    """Discover, and say what is found."""
    from ttinspect.sources.umd.child import chips, discovery

    if request.remote_firmware_seconds is not None:
        from ttinspect.sources.umd.child import remotes

    ends: dict[int, Any] = {}
    wire.at("looking for devices")
    if request.library is None:
        wire.say("host", **discovery.host_facts(tt_umd))
    wire.at("discovering chips")
    descriptor, devices = discovery.discover(tt_umd, request)
    wire.at("reading the cluster descriptor")
    numbers = sorted({*descriptor.get_all_chips(), *devices})
    wire.say("cluster", chips=len(numbers), text=discovery.serialized(descriptor))
    unhealthy = discovery.health(descriptor)
    for chip in numbers:
        if chip not in request.skipped:
            wire.at("reading chip", chip)
            facts = chips.chip_facts(tt_umd, descriptor, chip, devices.get(chip), unhealthy.get(chip))
            if request.remote_firmware_seconds is not None:
                facts["ends"] = ends[chip] = remotes.eth_ends(tt_umd, devices.get(chip))
            wire.say("chip", **facts)
    devices = {chip: devices[chip] for chip in sorted(devices) if chip not in request.skipped}
    if request.remote_firmware_seconds is not None:
        remotes.open_singly(tt_umd, dict(descriptor.get_chip_unique_ids()), devices, ends, request, wire)
    if request.task != "chips":
        read_telemetry(tt_umd, devices, wire)
    if request.task == "telemetry":
        time.sleep(chips.heartbeat_seconds(devices.values()))
        read_telemetry(tt_umd, devices, wire)
    end(tt_umd, devices, request, wire)


def end(tt_umd: Any, devices: dict[int, Any], request: "Request", wire: Wire) -> None:
    """Everything was said; a watch goes on with a reading for every line on standard input."""
    wire.say("done")
    while request.task == "watch" and sys.stdin.readline():
        read_telemetry(tt_umd, devices, wire)
        wire.say("done")


def open_quasar(tt_umd: Any, request: "Request", wire: Wire) -> None:
    """A Quasar, which tt-umd 0.9.14 opens in a simulator and does not discover: what its SoC descriptor says.
    It has no telemetry, and there is nothing that it could be asked."""
    from ttinspect.sources.umd.child import chips

    device = tt_umd.create_simulation_tt_device(request.library)
    wire.at("reading chip", 0)
    wire.say("chip", **chips.quasar_facts(tt_umd, device))
    end(tt_umd, {}, request, wire)


def read_telemetry(tt_umd: Any, devices: dict[int, Any], wire: Wire) -> None:
    """One reading of every chip, a line each; one that does not answer does not stop the others."""
    from ttinspect.sources.umd.child import chips, discovery

    for chip, device in devices.items():
        wire.at("reading telemetry of chip", chip)
        try:
            facts = chips.telemetry_facts(tt_umd, device)
        except discovery.umd_errors() as error:
            facts = {"error": discovery.first_line(error)}
        wire.say("telemetry", chip=chip, time_ns=time.time_ns(), **facts)


def die_with_parent(lifeline: int) -> None:
    """A parent that is killed cannot end us, but its end of this pipe is closed then: that sends SIGIO to our
    group, which ends us and whatever we started even while tt_umd hangs."""
    leads = os.getpgrp() == os.getpid()
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid() if leads else os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC)


if __name__ == "__main__":
    main(sys.argv)
