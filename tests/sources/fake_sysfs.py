"""A tree as tt-kmd and the kernel make it: class device, PCI device, hwmon, module, device nodes."""

from pathlib import Path

N150_BOARD_ID = 0x0100018611703043
N300_BOARD_ID = 0x0100014411703043
P100_BOARD_ID = 0x00000430F3FAA8E8
P150_BOARD_ID = 0x00000400D5DE6E91
UBB_BLACKHOLE_BOARD_ID = 0x000004701E07EA63


def kernel_driver(root: Path, version: str = "2.8.0") -> None:
    write(root / "sys/module/tenstorrent/version", version)


def host(root: Path, devices: int) -> Path:
    """A host with so many healthy P150 below a folder, and the folder."""
    kernel_driver(root)
    for number in range(devices):
        device(root, number)
    return root


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"{text}\n".encode())


def device(
    root: Path,
    number: int,
    *,
    bdf: str | None = None,
    pci_id: int = 0xB140,
    board_id: int = P150_BOARD_ID,
    card: str = "p150a",
    node: bool = True,
) -> Path:
    """A healthy device; its folder of attributes."""
    bdf = bdf or f"0000:{number + 1:02x}:00.0"
    pci = root / "sys/devices/pci0000:00" / bdf
    folder = pci / "tenstorrent" / f"tenstorrent!{number}"
    attributes = {
        "tt_aiclk": "1350", "tt_axiclk": "960", "tt_arcclk": "800", "tt_serial": f"{board_id:016X}",
        "tt_card_type": card, "tt_asic_id": "F5DDD9F78D7E0BEE", "tt_fw_bundle_ver": "19.5.0.0",
        "tt_heartbeat": "4711", "tt_therm_trip_count": "2",
    }  # fmt: skip
    for name, text in attributes.items():
        write(folder / name, text)
    for name, text in {
        "vendor": "0x1e52", "device": f"{pci_id:#06x}", "current_link_width": "8", "max_link_width": "16",
        "current_link_speed": "16.0 GT/s PCIe", "max_link_speed": "32.0 GT/s PCIe",
    }.items():  # fmt: skip
        write(pci / name, text)
    write(pci.parent / "max_link_width", "16")  # of the port above the card
    write(pci.parent / "max_link_speed", "32.0 GT/s PCIe")
    for name, text in {
        "name": "blackhole" if pci_id == 0xB140 else "wormhole", "temp1_input": "54321", "temp1_label": "asic_temp",
        "temp1_max": "90000", "in0_input": "745", "curr1_input": "31000", "curr1_max": "200000",
        "power1_input": "23000000", "power1_max": "150000000", "fan1_input": "1480",
    }.items():  # fmt: skip
        write(pci / f"hwmon/hwmon{number + 3}" / name, text)
    (folder / "device").symlink_to(Path("../../../") / bdf)
    classes = root / "sys/class/tenstorrent"
    classes.mkdir(parents=True, exist_ok=True)
    target = Path("../../devices/pci0000:00") / bdf / "tenstorrent" / folder.name
    (classes / folder.name).symlink_to(target)
    if node:
        write(root / f"dev/tenstorrent/{number}", "not a device")
    return folder
