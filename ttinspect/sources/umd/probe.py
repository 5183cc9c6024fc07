"""In the child: which architecture a simulator without a SoC descriptor has, and the descriptor for it."""

import os
import select

_LOOK_SECONDS = 0.1
_MOST_BESIDE = 16384
PCI_IDS = {0x401E: "wormhole_b0", 0xB140: "blackhole"}
NO_DEVICE = 0xFFFF


def start_probe(path: str) -> tuple[int, int]:
    """A process that opens a simulator and writes the PCI id of its first device into a pipe: its id, and
    the end to read from. One process can open only one simulator, once."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write_end)
        return pid, read_end
    import ctypes

    library = ctypes.CDLL(path)
    library.libttsim_init()
    library.libttsim_pci_config_rd32.restype = ctypes.c_uint32
    identity = library.libttsim_pci_config_rd32(ctypes.c_uint32(0), ctypes.c_uint32(0))
    os.write(write_end, str(identity >> 16).encode())
    os._exit(0)


def arch_of_probe(pid: int, read_end: int) -> tuple[str | None, bool]:
    """The architecture that a probe found, and whether there is a device. We die as it died."""
    status = None
    while status is None and not _readable(read_end, _LOOK_SECONDS):
        gone, how = os.waitpid(pid, os.WNOHANG)  # what the simulator started may hold the pipe open
        status = how if gone else None
    identity = os.read(read_end, 64) if _readable(read_end, 0) else b""
    os.close(read_end)
    if status is None:
        _, status = os.waitpid(pid, 0)
    if not identity:
        if os.WIFSIGNALED(status):
            os.kill(os.getpid(), os.WTERMSIG(status))
        os._exit(os.waitstatus_to_exitcode(status))
    return PCI_IDS.get(int(identity)), int(identity) != NO_DEVICE


def _readable(descriptor: int, seconds: float) -> bool:
    return bool(select.select([descriptor], [], [], seconds)[0])


def linked(arch: str, library: str, folder: str, soc_folder: str) -> list[str]:
    """A folder as tt_umd wants it: the library, its SoC descriptor, and what else lies beside the library,
    which may look for its files there."""
    link, soc = f"{folder}/{os.path.basename(library)}", f"{folder}/soc_descriptor.yaml"  # noqa: PTH119
    home = os.path.dirname(library)  # noqa: PTH120
    try:
        beside = os.listdir(home)[:_MOST_BESIDE]  # noqa: PTH208
    except OSError:  # a folder that can be entered, and not be listed
        beside = []
    targets = {link: library, soc: f"{soc_folder}/{arch}.yaml"}
    targets |= {f"{folder}/{name}": f"{home}/{name}" for name in beside if f"{folder}/{name}" not in targets}
    for name, target in targets.items():
        if not os.path.lexists(name):
            os.symlink(target, name)  # noqa: PTH211
    return [link, soc]
