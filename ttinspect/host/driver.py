"""What the tenstorrent kernel driver (tt-kmd) shows of itself and its devices, under any root."""

import os
import re
from pathlib import Path

from ttinspect.errors import ExitCode, InspectError
from ttinspect.host.attributes import read_hexadecimal, read_text

HOST = Path("/")
_NODES = Path("dev/tenstorrent")
_MODULE = Path("sys/module/tenstorrent")
_DEVICES = Path("sys/class/tenstorrent")
_PCI_DEVICES = "sys/bus/pci/devices"
_TENSTORRENT = 0x1E52
_DEVICE = re.compile(r"tenstorrent!(0|[1-9][0-9]{0,5})")
_NODE = re.compile(r"(0|[1-9][0-9]{0,5})")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+~_-]{0,63}")


def device_nodes(root: Path = HOST) -> dict[int, Path] | None:
    """The device nodes by N of /dev/tenstorrent/N, in order; None without a /dev/tenstorrent.

    A node that is listed may belong to a device that is gone; nothing is opened.
    """
    return _numbered(root / _NODES, _NODE)


def device_folders(root: Path = HOST) -> dict[int, Path] | None:
    """The folders of attributes in sysfs by N of /dev/tenstorrent/N, in order; None without the class."""
    return _numbered(root / _DEVICES, _DEVICE)


def driver_version(root: Path = HOST) -> str | None:
    """The version of the loaded driver; None where it does not tell."""
    text = read_text(root / _MODULE / "version")
    return text if text is not None and _VERSION.fullmatch(text) else None


def no_devices(missing: str, root: Path = HOST) -> InspectError:
    """The error of a host without devices: exit code 3, or 5 where the PCI bus has Tenstorrent devices and
    only the driver is missing. ``missing`` is a clause that says what is not there."""
    on_bus, nodes, shown = _on_the_bus(root), device_nodes(root) or {}, device_folders(root) or {}
    loaded = os.path.isdir(root / _MODULE)  # noqa: PTH112 - it may not be looked at
    what, code = "no Tenstorrent devices found", ExitCode.NO_DEVICES
    next_step = "check lspci -d 1e52: and the driver (tt-kmd), or try --from board:n300"
    if shown:
        why = f"the kernel driver shows {len(shown)}, and none has a node here ({missing})"
        next_step = "give the container its nodes (--device /dev/tenstorrent), or try --from sysfs"
    elif loaded and on_bus:
        what, code = "the tenstorrent kernel driver has no devices", ExitCode.UMD_FAILED
        why = f"there are devices ({on_bus} on the PCI bus), but {missing}"
        next_step = "look at what it says of them: dmesg | grep -i tenstorrent"
    elif loaded:
        why = f"the kernel driver has no devices ({missing})"
    elif on_bus or nodes:
        text = f"{on_bus} on the PCI bus" if on_bus else f"{len(nodes)} in {root / _NODES}"
        what, code = "the tenstorrent kernel driver is not loaded", ExitCode.UMD_FAILED
        why = f"there are devices ({text}), but {missing}"
        next_step = "load it (modprobe tenstorrent), or install tt-kmd"
    else:
        why = f"the tenstorrent kernel driver is not loaded ({missing})"
    return InspectError(what, why, next_step, code)


def _on_the_bus(root: Path) -> int:
    """How many PCI devices are Tenstorrent's."""
    vendors = root.glob(f"{_PCI_DEVICES}/*/vendor")
    return sum(read_hexadecimal(vendor) == _TENSTORRENT for vendor in vendors)


def _numbered(folder: Path, name: re.Pattern[str]) -> dict[int, Path] | None:
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InspectError(
            f"cannot list {folder}",
            os.strerror(error.errno).lower() if error.errno else str(error),
            "run as a user who may read it"
            if isinstance(error, PermissionError)
            else "look what is wrong there",
            ExitCode.PERMISSION if isinstance(error, PermissionError) else ExitCode.UMD_FAILED,
        ) from error
    paths = {int(match[1]): folder / match[0] for match in map(name.fullmatch, names) if match}
    return dict(sorted(paths.items()))
