"""The sources umd and sim: where a child is pointed, and what is made of its answers."""

import os

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.files import data_directory, open_regular
from ttinspect.facts.socs import builtin_soc, simulators_soc
from ttinspect.host.driver import device_nodes, no_devices
from ttinspect.model.arch import Arch
from ttinspect.model.finding import Evidence
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import search
from ttinspect.sources.umd.request import Request, simulator_request
from ttinspect.sources.umd.system import system_of


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a child is pointed at, and the designs of the chips that it may find. ``host`` is the one whose
    bad devices the others are read without; None for a simulator."""

    request: Request
    source: Source
    socs: dict[Arch, Soc]
    warnings: dict[str, Evidence] = {}
    """What is wrong with them, with the bare values."""
    host: search.Host | None

    def ask(self, options: LiveOptions) -> search.Outcome:
        """Ask; what the children printed is appended to ``options.log``."""
        outcome = search.ask(self.request, options.timeout_seconds, self.host, options.progress)
        options.log += [attempt.session.log for attempt in outcome.attempts]
        return outcome

    def system(self, outcome: search.Outcome) -> System:
        """What was said, as a System.

        Raises:
            InspectError: as ``read_live``.
        """
        return system_of(outcome, self.source, self.socs, self.warnings)


def read_live(kind: str, path: str, options: LiveOptions) -> System:
    """The devices of this host (umd) or the chips of a simulator (sim), with readings of their telemetry if
    the options ask for them.

    Raises:
        InspectError: 2 for what is no simulator, or whose descriptor is of another architecture, 3 without
            devices or driver, 4 without tt_umd, 5 when it failed, 6 without permission on the device nodes, 7
            for an unknown architecture.
    """
    target = target_of(kind, path, options.ask.value)
    return target.system(target.ask(options))


def target_of(kind: str, path: str, task: str) -> Target:
    """Where to point the child.

    Raises:
        InspectError: 2 for what is no simulator, or a word after umd, 3 without devices or driver, 6 without
            permission on the device nodes.
    """
    if kind == "sim":
        return _simulator(path, task)
    if path:
        raise InspectError(
            f"unknown source 'umd:{path}'",
            "umd is all devices of this host and takes nothing after it",
            "use --from umd, and --device for some of them",
        )
    nodes = device_nodes()
    if nodes is None:
        raise no_devices("/dev/tenstorrent does not exist")
    closed = [str(node) for node in nodes.values() if not os.access(node, os.R_OK | os.W_OK)]
    if closed and len(closed) == len(nodes):
        raise InspectError(
            f"cannot open {closed[0]}",
            "permission denied",
            "run as root, or as a member of the group that owns the device nodes",
            ExitCode.PERMISSION,
        )
    return Target(
        request=Request(task),
        source=Source(kind=SourceKind.UMD, detail="", live=True, example=False),
        socs={arch: builtin_soc(arch) for arch in Arch},
        host=search.Host(),
    )


def _simulator(path: str, task: str) -> Target:
    """A functional simulator (a libttsim .so), with the SoC descriptor beside it or ours."""
    path = os.path.expanduser(path)  # noqa: PTH111
    open_regular(path or ".").close()
    if not path.endswith(".so"):
        why = "it is not a .so file"
        raise InspectError(f"cannot open the simulator {path!r}", why, "name it as sim:PATH.so")
    request = simulator_request(task, path, str(data_directory()))
    socs = {arch: builtin_soc(arch) for arch in Arch}
    warnings: dict[str, Evidence] = {}
    if request.soc_file is not None:
        soc, warnings = simulators_soc(request.soc_file)
        socs = {soc.arch: soc}
    source = Source(kind=SourceKind.SIM, detail=path, live=True, example=False)
    return Target(request=request, source=source, socs=socs, warnings=warnings, host=None)
