"""The sources umd and sim:."""

import os
import tempfile
from pathlib import Path

from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.files import data_directory
from ttinspect.facts.socs import arch_named, builtin_soc, soc_from_file
from ttinspect.model.arch import Arch
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, SourceKind, System
from ttinspect.sources.umd import wire
from ttinspect.sources.umd.parent import Session, ask, failure
from ttinspect.sources.umd.system import system_of

_DEVICE_NODES = Path("/dev/tenstorrent")
_SOC_FILE = "soc_descriptor.yaml"


def read_umd(timeout_seconds: float, log: list[str]) -> System:
    """The devices of this host. What the child printed is appended to ``log``.

    Raises:
        InspectError: 3 without devices or driver, 4 without tt_umd, 5 when it failed, 6 without
            permission on the device nodes.
    """
    nodes = _device_nodes()
    closed = [str(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if closed and len(closed) == len(nodes):
        raise InspectError(
            f"cannot open {closed[0]}",
            "permission denied",
            "run as root, or as a member of the group that owns the device nodes",
            ExitCode.PERMISSION,
        )
    session = ask(["umd"], timeout_seconds)
    log.append(session.log)
    source = Source(kind=SourceKind.UMD, detail="", live=True, example=False)
    return system_of(session, source, {arch: builtin_soc(arch) for arch in Arch}, simulated=False)


def _device_nodes() -> list[Path]:
    """The device nodes of the kernel driver.

    Raises:
        InspectError: 3, telling a missing driver from a driver without devices.
    """
    if not _DEVICE_NODES.is_dir():
        loaded = Path("/sys/module/tenstorrent").is_dir()
        why = "the kernel driver has no devices" if loaded else "the tenstorrent kernel driver is not loaded"
        raise InspectError(
            "no Tenstorrent devices found",
            f"{why} (/dev/tenstorrent does not exist)",
            "check lspci -d 1e52: and the driver (tt-kmd), or try --from board:n300",
            ExitCode.NO_DEVICES,
        )
    return sorted(node for node in _DEVICE_NODES.iterdir() if node.name.isdigit())


def read_simulator(path: str, timeout_seconds: float, log: list[str]) -> System:
    """The chips of a functional simulator (a libttsim .so), its SoC descriptor beside it or ours.

    Raises:
        InspectError: 2 when the library is not there, 4 and 5 as read_umd, 7 for an architecture
            that we do not know.
    """
    library = Path(path).absolute()
    if not library.is_file() or library.suffix != ".so":
        raise InspectError(
            f"cannot open the simulator {path!r}", "it is not a .so file", "name it as sim:PATH.so"
        )
    source = Source(kind=SourceKind.SIM, detail=path, live=True, example=False)
    beside = library.with_name(_SOC_FILE)
    if beside.is_file():
        soc = soc_from_file(str(beside))
        session = ask(["sim", str(library), str(beside)], timeout_seconds)
        return _simulated(session, source, soc, log)
    soc = builtin_soc(_arch_of(library, timeout_seconds, log))
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / library.name
        link.symlink_to(library)
        descriptor = link.with_name(_SOC_FILE)
        descriptor.write_bytes((data_directory() / f"{soc.arch.value}.yaml").read_bytes())
        session = ask(["sim", str(link), str(descriptor)], timeout_seconds)
    return _simulated(session, source, soc, log)


def _simulated(session: Session, source: Source, soc: Soc, log: list[str]) -> System:
    log.append(session.log)
    return system_of(session, source, {soc.arch: soc}, simulated=True)


def _arch_of(library: Path, timeout_seconds: float, log: list[str]) -> Arch:
    session = ask(["arch", str(library)], timeout_seconds)
    log.append(session.log)
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
