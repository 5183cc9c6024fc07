"""Who this host is, and which tt_umd it has."""

import platform
from pathlib import Path

from ttinspect.shm.names import harmless


def host_name() -> str | None:
    """The host's name; None where it has none."""
    return harmless(platform.node().encode("utf-8", "surrogateescape")) or None


_BOARD_NAME = Path("/sys/class/dmi/id/board_name")


def motherboard() -> str | None:
    """The DMI board_name of this host, by which the slots of cards are counted; None where it tells none."""
    try:
        return harmless(_BOARD_NAME.read_bytes().strip()) or None
    except OSError:
        return None


def tt_umd_version() -> str | None:
    """The version of the installed tt_umd; None without one."""
    import importlib.metadata  # takes longer than the rest of this room together

    try:
        return importlib.metadata.version("tt-umd")
    except importlib.metadata.PackageNotFoundError:
        return None
