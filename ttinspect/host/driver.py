"""What the tenstorrent kernel driver (tt-kmd) shows of itself and its devices, under any root."""

import os
import re
from pathlib import Path

from ttinspect.errors import ExitCode, InspectError
from ttinspect.host.attributes import read_text

HOST = Path("/")
_NODES = Path("dev/tenstorrent")
_MODULE = Path("sys/module/tenstorrent")
_DEVICES = Path("sys/class/tenstorrent")
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
    """Exit code 3, telling a missing driver from a driver without devices. ``missing`` is what made that
    plain, as a clause."""
    loaded = (root / _MODULE).is_dir()
    why = "the kernel driver has no devices" if loaded else "the tenstorrent kernel driver is not loaded"
    return InspectError(
        "no Tenstorrent devices found",
        f"{why} ({missing})",
        "check lspci -d 1e52: and the driver (tt-kmd), or try --from board:n300",
        ExitCode.NO_DEVICES,
    )


def _numbered(folder: Path, name: re.Pattern[str]) -> dict[int, Path] | None:
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InspectError(
            f"cannot list {folder}",
            os.strerror(error.errno).lower() if error.errno else str(error),
            "run as a user who may read it",
            ExitCode.PERMISSION,
        ) from error
    found = {int(match[1]): folder / match[0] for match in map(name.fullmatch, names) if match}
    return dict(sorted(found.items()))
