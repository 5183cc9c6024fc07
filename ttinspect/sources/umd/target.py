"""The sources umd and sim: where a child is pointed, and what is made of its answers."""

import os
import platform
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.files import data_directory, os_error
from ttinspect.facts.socs import builtin_soc, soc_corrections, soc_from_file
from ttinspect.host.driver import device_nodes, no_devices
from ttinspect.model.arch import Arch
from ttinspect.model.finding import Evidence
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.live import LiveOptions
from ttinspect.sources.umd import search, wire
from ttinspect.sources.umd.request import Request, expanded, host_request, simulator_request
from ttinspect.sources.umd.system import system_of

_OURSELVES = Path("/proc/self/exe")
_ELF = b"\x7fELF"
_FUNCTION = b"libttsim_init"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a child is pointed at, and the designs of the chips that it may find. ``hardware`` is the host
    whose bad devices the others are read without; None for a simulator."""

    request: Request
    source: Source
    socs: dict[Arch, Soc]
    warnings: dict[str, Evidence] = {}
    """What is wrong with them, with the bare values."""
    hardware: search.Hardware | None

    def ask(self, options: LiveOptions, skipped: Mapping[int, str] | None = None) -> search.Outcome:
        """Ask, and leave these chips alone; what the children printed is appended to ``options.log``."""
        plan = search.Plan(
            request=self.request._replace(skipped=tuple(sorted(skipped or ()))), skipped={**(skipped or {})}
        )
        outcome = search.ask(plan, options.timeout_seconds, self.hardware, options.progress, self._is_end)
        options.log += outcome.logs
        return outcome

    def _is_end(self, line: wire.Line) -> bool:
        """With the descriptor of another architecture tt_umd waits in vain, and blames the device."""
        return wire.is_last(line) or (isinstance(line, wire.ArchFound) and self._is_of_another_arch(line))

    def _is_of_another_arch(self, identity: wire.ArchFound) -> bool:
        return identity.arch is not None and identity.arch not in self.socs

    def system(self, outcome: search.Outcome) -> System:
        """What was said, as a System.

        Raises:
            InspectError: as ``read_live``.
        """
        identity = next((line for line in outcome.first.lines if isinstance(line, wire.ArchFound)), None)
        if identity is not None:
            self._refuse(identity)
        try:
            system = system_of(outcome, self.source, self.socs)
            return replace(
                system,
                warnings=(*self.warnings, *system.warnings),
                evidence={**self.warnings, **system.evidence},
            )
        except InspectError as error:
            if self.request.library is not None and error.exit_code is ExitCode.UMD_FAILED:
                _refuse_no_simulator(self.request.library)
            raise

    def _refuse(self, identity: wire.ArchFound) -> None:
        """A simulator without devices, or of an architecture that cannot be read."""
        if identity.pci_id is None:
            raise InspectError(
                "no Tenstorrent devices found",
                f"no PCI device of {self.source.detail} answers",
                "check how the simulator is configured",
                ExitCode.NO_DEVICES,
            )
        if identity.arch is None and self.request.soc_file is None:
            raise InspectError(
                f"{self.source.detail}: unsupported architecture",
                "the PCI id of its device is not one that ttinspect knows",
                "put its soc_descriptor.yaml beside it",
                ExitCode.UNSUPPORTED_ARCH,
            )
        if self._is_of_another_arch(identity):
            raise InspectError(
                str(self.request.soc_file),
                f"it describes a {', '.join(self.socs)}, but the simulator beside it is a {identity.arch}",
                "put the descriptor of its architecture there, or none",
            )


def read_live(kind: str, path: str, options: LiveOptions) -> System:
    """The devices of this host (umd) or the chips of a simulator (sim), with one reading of their
    telemetry if the options ask for it.

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
        request=host_request(task),
        source=Source(kind=SourceKind.UMD, detail="", live=True, example=False),
        socs={arch: builtin_soc(arch) for arch in Arch},
        hardware=search.Host(),
    )


def _simulator(path: str, task: str) -> Target:
    """A functional simulator (a libttsim .so), with the SoC descriptor beside it or ours."""
    path = expanded(path)
    try:
        regular = stat.S_ISREG(os.stat(path or ".").st_mode)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        raise _no_simulator(path, "no such file") from None
    except OSError as error:
        raise os_error(path, error) from None
    if not regular or not path.endswith(".so"):
        raise _no_simulator(path, "it is not a .so file")
    request = simulator_request(task, path, str(data_directory()))
    if request.soc_file is not None:
        soc, warnings = _corrected(soc_from_file(request.soc_file), request.soc_file)
        socs = {soc.arch: soc}
    else:
        socs, warnings = {arch: builtin_soc(arch) for arch in Arch}, {}
    source = Source(kind=SourceKind.SIM, detail=path, live=True, example=False)
    return Target(request=request, source=source, socs=socs, warnings=warnings, hardware=None)


def _corrected(soc: Soc, path: str) -> tuple[Soc, dict[str, Evidence]]:
    """The descriptor beside a simulator, with what is known to be wrong in those that are handed out with it;
    and what was corrected."""
    wrong, right = soc_corrections(soc.arch).get("eth_l1_size"), builtin_soc(soc.arch).eth_l1_bytes
    if wrong is None or soc.eth_l1_bytes != wrong.tt_umd_bytes:
        return soc, {}
    why = (
        f"{path} says that an eth core has {soc.eth_l1_bytes:,} bytes of L1; "
        f"a {soc.arch.value} has {right:,}, which is used"
    )
    return replace(soc, eth_l1_bytes=right), {why: {"eth_l1_size": soc.eth_l1_bytes, "used": right}}


def _refuse_no_simulator(path: str) -> None:
    """What tt_umd could not open may be no library at all, or not one of a simulator.

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
    if len(content) < _elf_bytes(content):
        cut = f"the file is cut: it has {len(content):,} of {_elf_bytes(content):,} bytes"
        raise _no_simulator(path, cut, "get it once more, whole")
    if _FUNCTION not in content:
        raise _no_simulator(path, f"it has no {_FUNCTION.decode()}, which every functional simulator has")


def _machine(elf: bytes) -> tuple[bytes, bytes]:
    """Word size and byte order, and the processor, that an ELF file is for (elf.h)."""
    return elf[4:6], elf[18:20]


def _elf_bytes(elf: bytes) -> int:
    """How long a 64-bit ELF file is that has all of its section headers, which come last (elf.h)."""
    start, size, count = elf[40:48], elf[58:60], elf[60:62]
    return int.from_bytes(start, "little") + int.from_bytes(size, "little") * int.from_bytes(count, "little")


def _no_simulator(path: str, why: str, next_step: str = "name it as sim:PATH.so") -> InspectError:
    return InspectError(f"cannot open the simulator {path!r}", why, next_step)
