"""Other processes, as tests watch them: who belongs to whom, and waiting for what they do."""

import time
from collections.abc import Callable
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    children = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += [int(child) for child in (task / "children").read_text().split()]
    return children + [below for child in children for below in descendants(child)]


def with_variable(name: str, value: object) -> list[int]:
    """The processes in whose environment a variable has this value, as far as they may be looked into."""
    wanted = f"{name}={value}".encode()
    pids = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in path.read_bytes().split(b"\0"):
                pids.append(int(path.parent.name))
        except OSError:  # gone, or somebody else's
            continue
    return pids


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until a condition holds; it is an error when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.05)
