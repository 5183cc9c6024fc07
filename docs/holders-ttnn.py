"""Who holds a chip, with the real ttnn beside the tree of a driver: what ttinspect shows is what was made.

    python holders-ttnn.py PATH_OF_TTINSPECT      as root, with ttnn, on a device that is free

It makes a sysfs, device nodes and a procfs that a driver would show for one N150, runs workloads of ttnn in
every way in which a holder can be known, and compares. docs/holders-ttnn.txt is what it printed with ttnn
0.81.1 on a mocked N150, in a mount namespace with a /dev/shm of its own.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

L1_BYTES, DRAM_BYTES = 1024 * 1024 * 2, 2048 * 1024 * 2
WORKLOAD = """
import os, sys, types
import ttnn
torch = types.ModuleType("torch")
torch.Tensor = type("Tensor", (), {})
sys.modules.setdefault("torch", torch)
if sys.argv[1]:
    node = os.open(sys.argv[1], os.O_RDWR)
device = ttnn.open_device(device_id=0)
held = [
    ttnn.empty([1, 1, 1024, 1024], ttnn.bfloat16, ttnn.TILE_LAYOUT, device, ttnn.L1_MEMORY_CONFIG),
    ttnn.empty([1, 1, 2048, 1024], ttnn.bfloat16, ttnn.TILE_LAYOUT, device, ttnn.DRAM_MEMORY_CONFIG),
]
print("ready", os.getpid(), flush=True)
sys.stdin.readline()
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def tree(root: Path) -> None:
    """What tt-kmd shows of one N150."""
    pci = root / "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0"
    attributes = pci / "tenstorrent/tenstorrent!0"
    for name, text in {"tt_serial": "0100018611703043", "tt_card_type": "n150"}.items():
        write(attributes / name, text)
    for name, text in {"vendor": "0x1e52", "device": "0x401e"}.items():
        write(pci / name, text)
    (attributes / "device").symlink_to("../../../0000:01:00.0")
    classes = root / "sys/class/tenstorrent"
    classes.mkdir(parents=True)
    (classes / attributes.name).symlink_to(attributes)
    write(root / "sys/module/tenstorrent/version", "2.8.0")
    write(root / "dev/tenstorrent/0", "not a device")
    (root / "dev/tenstorrent/0").chmod(0o666)


def procfs(root: Path, pids: list[int] | None) -> Path:
    """This machine's procfs, with a driver that lists these pids (None: without a driver)."""
    folder = Path(tempfile.mkdtemp(prefix="proc-", dir=root))
    folder.chmod(0o755)
    for one in Path("/proc").iterdir():
        if one.name != "driver":
            (folder / one.name).symlink_to(one)
    if pids is not None:
        write(folder / "driver/tenstorrent/0/pids", "\n".join(map(str, pids)))
    return folder


def host_pid(own: int, child: subprocess.Popen) -> int:
    """The pid here of a workload that knows itself as ``own``."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                status = (folder / "status").read_text()
            except OSError:
                continue
            words = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid")), [])
            ours = int(folder.name) == child.pid or f"PPid:\t{child.pid}\n" in status
            if ours and words and int(words[-1]) == own and len(words) in (1, 2):
                return int(folder.name)
    raise SystemExit(f"no process is {own}")


def start(node: str, *before: str, **environment: str) -> tuple[subprocess.Popen, int, int]:
    child = subprocess.Popen(
        [*before, sys.executable, "-c", WORKLOAD, node],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment},
    )
    own = 0
    while not own:
        line = child.stdout.readline()
        if not line:
            raise SystemExit("the workload ended")
        own = int(line.split()[1]) if line.startswith("ready") else 0
    return child, own, host_pid(own, child)


def main() -> None:  # noqa: PLR0915 - one case after the other
    ttinspect = sys.argv[1]
    root = Path(tempfile.mkdtemp(prefix="holders-"))
    root.chmod(0o755)
    tree(root)
    node, failed = str(root / "dev/tenstorrent/0"), []

    def shown(command: str, proc: Path, *before: str) -> dict:
        words = [ttinspect, command, "--from", f"host:{root}", "--shm-dir", "/dev/shm", "--procfs", str(proc)]
        done = subprocess.run([*before, *words, "--json"], capture_output=True, text=True, check=False)
        return json.loads(done.stdout)

    def compare(name: str, found: object, expected: object) -> None:
        print(f"{'as made ' if found == expected else 'OTHERWISE'} {name}: {found}")
        if found != expected:
            failed.append(name)
            print(f"          expected {expected}")

    def holder(proc: Path, *before: str) -> tuple:
        (device,) = shown("list", proc, *before)["devices"]
        by = device["held_by"]
        return by["held"], [(one["pid"], one["own_pid"], one["known_by"]) for one in by["processes"]]

    def usage(proc: Path) -> tuple:
        answer = shown("memory", proc)
        slots = [
            (slot["pid"], slot["alive"], slot["l1"], slot["dram"])
            for device in answer["devices"]
            for slot in device["slots"]
        ]
        return slots, [(one["slots"], one["l1"], one["dram"]) for one in answer["ghosts"]]

    known = ["driver", "descriptor", "region", "slot"]
    child, own, pid = start(node)
    compare("driver, descriptor, region, slot", holder(procfs(root, [pid])), (True, [(pid, own, known)]))
    compare("  what it holds", usage(procfs(root, [pid])), ([(own, True, L1_BYTES, DRAM_BYTES)], []))
    compare("descriptor, no driver tells", holder(procfs(root, None)), (True, [(pid, own, known[1:])]))
    stranger = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set=-all")
    compare("another user, no driver tells", holder(procfs(root, None), *stranger), (None, []))
    compare("another user, the driver's file", holder(procfs(root, [pid]), *stranger),
            (True, [(pid, own, ["driver"])]))  # fmt: skip
    os.kill(pid, signal.SIGKILL)
    child.wait()
    compare("killed: nobody", holder(procfs(root, [])), (False, []))
    region = next(Path("/dev/shm").glob("tt_device_*_memory"))
    (judged,) = shown("verify-shm", Path("/proc"))["regions"]
    ghosts = [one["id"] for one in judged["findings"] if one["id"] == "TTS050"]
    compare("  its slot is a ghost", ghosts, ["TTS050"])
    region.unlink()

    child, own, pid = start(node, "unshare", "--pid", "--fork", "--mount-proc")
    compare("in a pid namespace, by NSpid", holder(procfs(root, [pid])), (True, [(pid, own, known)]))
    compare("  what it holds", usage(procfs(root, [pid])), ([(own, True, L1_BYTES, DRAM_BYTES)], []))
    compare("  its pid there is another", own != pid, True)
    child.stdin.close()
    child.wait()
    region.unlink(missing_ok=True)

    child, own, pid = start(node, TT_METAL_SHM_TRACKING_DISABLED="1")
    compare("publishes nothing", holder(procfs(root, [pid])), (True, [(pid, own, known[:2])]))
    compare("  no region is there", sorted(Path("/dev/shm").glob("tt_device_*_memory")), [])
    child.stdin.close()
    child.wait()

    child, own, pid = start("", TT_METAL_SHM_TRACKING_DISABLED="1")
    (device,) = shown("list", procfs(root, [pid]))["devices"]
    by = device["held_by"]
    compare("handed on: its opener has it no longer", (by["held"], by["processes"], by["openers_gone"]),
            (True, [], [pid]))  # fmt: skip
    compare("outside this pid namespace", holder(procfs(root, [0])), (True, []))
    child.stdin.close()
    child.wait()
    shutil.rmtree(root)
    print(f"{len(failed)} otherwise")
    sys.exit(bool(failed))


main()
