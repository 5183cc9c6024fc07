"""The sources umd and sim:."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.files import data_directory
from ttinspect.facts.socs import arch_named, builtin_soc, soc_from_file
from ttinspect.host.driver import device_nodes, no_devices
from ttinspect.model.arch import Arch
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, SourceKind, System, Trouble
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.launch import VISIBLE_DEVICES
from ttinspect.sources.umd.parent import Session, ask, failure, hung_device
from ttinspect.sources.umd.system import system_of

_SOC_FILE = "soc_descriptor.yaml"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a child is pointed at: its arguments, and the designs of the chips that it may find."""

    arguments: tuple[str, ...]
    source: Source
    socs: dict[Arch, Soc]
    simulated: bool

    def system(self, session: Session) -> System:
        """What a session says, as a System."""
        return system_of(session, self.source, self.socs, simulated=self.simulated)


def read_live(kind: str, path: str, options: LiveOptions) -> System:
    """The devices of this host (umd) or the chips of a simulator (sim), with one reading of their
    telemetry if the options ask for it. What the child printed is appended to ``options.log``.

    Raises:
        InspectError: 2 for what is no simulator, 3 without devices or driver, 4 without tt_umd, 5 when it
            failed, 6 without permission on the device nodes, 7 for an unknown architecture.
    """
    with target_of(kind, path, options) as target:
        arguments = [options.ask.value, *target.arguments]
        session = ask(arguments, options.timeout_seconds, options.progress)
        options.log.append(session.log)
        if target.simulated or os.environ.get(VISIBLE_DEVICES):
            return target.system(session)
        return _without_hung_devices(target, arguments, session, options)


def _without_hung_devices(
    target: Target, arguments: list[str], session: Session, options: LiveOptions
) -> System:
    """One hung device must not hide the others: tt_umd waits 300 s for its firmware. When the deadline
    comes first, the others are read without it; each hung device costs one deadline."""
    left: dict[int, str] = {}
    troubles: list[Trouble] = []
    while (hung := hung_device(session)) is not None:
        host = next((line for line in session.lines if isinstance(line, wire.HostFacts)), None)
        left = left or (dict(host.kmd_devices) if host else {})
        bdf = left.pop(hung, None)
        if bdf is None or not left:
            break
        why = f"/dev/tenstorrent/{hung} ({bdf}): {session.death}"
        troubles.append(Trouble(chip=None, why=why, readable=False))
        visible = ",".join(left.values())
        session = ask(arguments, options.timeout_seconds, options.progress, visible)
        options.log.append(session.log)
    system = target.system(session)
    return msgspec.structs.replace(system, troubles=(*system.troubles, *troubles))


def target_of(kind: str, path: str, options: LiveOptions) -> AbstractContextManager[Target]:
    """Where to point the child; what was made for it is removed at the end."""
    return simulator_target(path, options) if kind == "sim" else contextlib.nullcontext(_host_target())


def _host_target() -> Target:
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
        arguments=("umd",),
        source=Source(kind=SourceKind.UMD, detail="", live=True, example=False),
        socs={arch: builtin_soc(arch) for arch in Arch},
        simulated=False,
    )


@contextlib.contextmanager
def simulator_target(path: str, options: LiveOptions) -> Iterator[Target]:
    """A functional simulator (a libttsim .so), its SoC descriptor beside it or ours."""
    library = Path(path).absolute()
    if not library.is_file() or library.suffix != ".so":
        what = f"cannot open the simulator {path!r}"
        raise InspectError(what, "it is not a .so file", "name it as sim:PATH.so")
    source = Source(kind=SourceKind.SIM, detail=path, live=True, example=False)
    beside = library.with_name(_SOC_FILE)
    if beside.is_file():
        soc = soc_from_file(str(beside))
        arguments = ("sim", str(library), str(beside))
        yield Target(arguments=arguments, source=source, socs={soc.arch: soc}, simulated=True)
        return
    soc = builtin_soc(_arch_of(library, options))
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / library.name
        link.symlink_to(library)
        descriptor = link.with_name(_SOC_FILE)
        descriptor.write_bytes((data_directory() / f"{soc.arch.value}.yaml").read_bytes())
        arguments = ("sim", str(link), str(descriptor))
        yield Target(arguments=arguments, source=source, socs={soc.arch: soc}, simulated=True)


def _arch_of(library: Path, options: LiveOptions) -> Arch:
    session = ask(["arch", "sim", str(library)], options.timeout_seconds)
    options.log.append(session.log)
    found = next((line.arch for line in session.lines if isinstance(line, wire.ArchFound)), None)
    if found is None:
        error = failure(session, str(library))
        raise error or InspectError(
            f"{library}: unsupported architecture",
            "the PCI id of its device is not one that ttinspect knows",
            f"put its {_SOC_FILE} beside it",
            ExitCode.UNSUPPORTED_ARCH,
        )
    return arch_named(found)
