"""Whether a host is ready for work, from sysfs and procfs under any root; no device is opened."""

import os
import stat
from pathlib import Path

from ttinspect.host.attributes import read_decimal, read_text
from ttinspect.host.driver import HOST, device_folders, device_nodes
from ttinspect.model.readiness import DeviceReadiness, Iommu, Readiness

_HUGEPAGES = Path("sys/kernel/mm/hugepages/hugepages-1048576kB")
_DMI = Path("sys/class/dmi/id")
_KERNEL = Path("proc/sys/kernel/osrelease")


def read_readiness(root: Path = HOST, *, live: bool = True) -> Readiness:
    """What sysfs and procfs below the root tell; rights to nodes only of a ``live`` host.

    Raises:
        InspectError: 5 or 6 when devices or nodes cannot be listed.
    """
    nodes = device_nodes(root) or {}
    folders = device_folders(root) or {}
    board = [read_text(root / _DMI / name) for name in ("board_vendor", "board_name")]
    return Readiness(
        kernel=read_text(root / _KERNEL),
        motherboard=" ".join(part for part in board if part is not None) or None,
        hugepages_1g=_count(root / _HUGEPAGES / "nr_hugepages"),
        hugepages_1g_free=_count(root / _HUGEPAGES / "free_hugepages"),
        devices=tuple(
            _device(number, nodes.get(number) if live else None, folders.get(number))
            for number in sorted({*nodes, *folders})
        ),
    )


def _device(number: int, node: Path | None, folder: Path | None) -> DeviceReadiness:
    numa = None if folder is None else read_decimal(folder / "device" / "numa_node")
    return DeviceReadiness(
        device=number,
        accessible=None if node is None else os.access(node, os.R_OK | os.W_OK),
        node_mode=None if node is None else _mode(node),
        iommu=None if folder is None else _iommu(folder / "device"),
        numa_node=None if numa is None or numa < 0 else numa,
    )


def _count(path: Path) -> int | None:
    number = read_decimal(path)
    return number if number is not None and number >= 0 else None


def _mode(node: Path) -> str | None:
    """The permission bits of the node; the node itself is not opened."""
    try:
        return f"{stat.S_IMODE(os.lstat(node).st_mode):04o}"
    except OSError:
        return None


def _iommu(device: Path) -> Iommu | None:
    """The state of the IOMMU for a device, by the type of its group: no group means off, "identity" means
    pass-through."""
    if not os.path.isdir(device):  # noqa: PTH112 - it may not be looked at
        return None
    group = device / "iommu_group"
    if not os.path.lexists(group):
        return Iommu.OFF
    kind = read_text(group / "type")
    if kind is None:
        return None
    return Iommu.PASSTHROUGH if kind == "identity" else Iommu.TRANSLATING
