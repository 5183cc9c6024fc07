"""The sources umd and sim:."""

import contextlib
import os
import platform
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.files import data_directory, os_error
from ttinspect.facts.socs import builtin_soc, soc_from_file
from ttinspect.host.driver import device_nodes, no_devices
from ttinspect.model.arch import Arch
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.launch import remove_folder, simulator_arguments
from ttinspect.sources.umd.log import simulated_archs
from ttinspect.sources.umd.persisting import ask_persistently
from ttinspect.sources.umd.session import Session
from ttinspect.sources.umd.system import system_of

_SOC_FILE = "soc_descriptor.yaml"
_NO_ENDPOINTS = "no host-visible PCI endpoints"
"""What tt-umd 0.9.14 says of a simulator without a device."""
_OURSELVES = Path("/proc/self/exe")
_ELF = b"\x7fELF"
_FUNCTION = b"libttsim_init"
_LACKING = ("undefined symbol", "does not export")
"""What the loader and tt_umd say of a library that lacks a function."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a child is pointed at: its arguments, and the designs of the chips that it may find."""

    arguments: tuple[str, ...]
    source: Source
    socs: dict[Arch, Soc]
    simulated: bool
    beside: Path | None = None
    """The SoC descriptor that lies beside a simulator."""

    def system(self, session: Session) -> System:
        """What a session says, as a System.

        Raises:
            InspectError: as ``system_of``; of a simulator 2 when the descriptor beside it is of another
                architecture, 3 when it has no device, 7 for an unknown architecture.
        """
        if self.simulated and any(_is_empty(line) for line in session.lines):
            raise InspectError(
                "no Tenstorrent devices found",
                f"no PCI device of {self.source.detail} answers",
                "check how the simulator is configured",
                ExitCode.NO_DEVICES,
            )
        if any(isinstance(line, wire.ArchFound) and line.arch is None for line in session.lines):
            raise InspectError(
                f"{self.source.detail}: unsupported architecture",
                "the PCI id of its device is not one that ttinspect knows",
                f"put its {_SOC_FILE} beside it",
                ExitCode.UNSUPPORTED_ARCH,
            )
        try:
            return system_of(session, self.source, self.socs, simulated=self.simulated)
        except InspectError:
            if self.beside is not None:
                _refuse_other_arch(self.beside, self, session)
            raise


def _is_empty(line: wire.Line) -> bool:
    if isinstance(line, wire.ArchFound):
        return not line.device
    return isinstance(line, wire.Failed) and _NO_ENDPOINTS in line.why


def read_live(kind: str, path: str, options: LiveOptions) -> System:
    """The devices of this host (umd) or the chips of a simulator (sim), with one reading of their
    telemetry if the options ask for it. What the child printed is appended to ``options.log``.

    Raises:
        InspectError: 2 for what is no simulator, 3 without devices or driver, 4 without tt_umd, 5 when it
            failed, 6 without permission on the device nodes, 7 for an unknown architecture.
    """
    with target_of(kind, path, options) as target:
        arguments = [options.ask.value, *target.arguments]
        session, _ = ask_persistently(arguments, options.timeout_seconds, options.progress, archs=target.socs)
    options.log += [session.earlier_log, session.log]
    try:
        return target.system(session)
    except InspectError as error:
        if target.simulated and error.exit_code is ExitCode.UMD_FAILED:
            _refuse_no_library(path, error.why)
        raise


def _refuse_no_library(path: str, why: str) -> None:
    """What tt_umd could not open may be no library at all, or, as the reason says, not one of a simulator.

    Raises:
        InspectError: 2 if that is so, 6 for a file that may not be read.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise os_error(path, error) from None
    if not content.startswith(_ELF):
        raise _no_simulator(path, "it is not a shared library")
    if _machine(content) != _machine(_OURSELVES.read_bytes()):
        raise _no_simulator(path, f"it is built for another machine than this, which is {platform.machine()}")
    if _FUNCTION not in content and any(words in why for words in _LACKING):
        raise _no_simulator(path, f"it has no {_FUNCTION.decode()}, which every functional simulator has")


def _machine(elf: bytes) -> tuple[bytes, bytes]:
    """Word size and byte order, and the processor, that an ELF file is for (elf.h)."""
    return elf[4:6], elf[18:20]


def _no_simulator(path: str, why: str) -> InspectError:
    return InspectError(f"cannot open the simulator {path!r}", why, "name it as sim:PATH.so")


def _refuse_other_arch(beside: Path, target: Target, session: Session) -> None:
    """With the descriptor of another architecture tt_umd waits in vain, and blames the device.

    Raises:
        InspectError: 2 if that is so.
    """
    found = simulated_archs(session.log)
    if found and found.isdisjoint(target.socs):
        raise InspectError(
            str(beside),
            f"it describes a {', '.join(target.socs)}, but the simulator beside it is a {', '.join(found)}",
            "put the descriptor of its architecture there, or none",
        )


def target_of(kind: str, path: str, options: LiveOptions) -> AbstractContextManager[Target]:
    """Where to point the child; what was made for it is removed at the end.

    Raises:
        InspectError: 2 for what is no simulator, or a word after umd, 3 without devices or driver, 6 without
            permission on the device nodes.
    """
    if kind == "sim":
        return simulator_target(path, options)
    if path:
        raise InspectError(
            f"unknown source 'umd:{path}'",
            "umd is all devices of this host and takes nothing after it",
            "use --from umd, and --device for some of them",
        )
    return contextlib.nullcontext(_host_target())


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
    try:
        regular = stat.S_ISREG(library.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        raise _no_simulator(path, "no such file") from None
    except OSError as error:
        raise os_error(path, error) from None
    if not regular or library.suffix != ".so":
        raise _no_simulator(path, "it is not a .so file")
    source = Source(kind=SourceKind.SIM, detail=path, live=True, example=False)
    beside = library.with_name(_SOC_FILE)
    if beside.is_symlink() or beside.exists():  # what is no file is refused, and not replaced by ours
        soc = soc_from_file(str(beside))
        arguments = ("sim", str(library), str(beside))
        yield Target(arguments=arguments, source=source, socs={soc.arch: soc}, simulated=True, beside=beside)
        return
    try:
        ours = simulator_arguments(str(library), str(data_directory()))
        socs = {arch: builtin_soc(arch) for arch in (Arch.WORMHOLE_B0, Arch.BLACKHOLE)}
        yield Target(arguments=tuple(ours), source=source, socs=socs, simulated=True)
    finally:
        remove_folder(str(library))
