"""One command on many hosts through ClusterShell, whose configuration, groups and gateways hold.

Nothing of it is rebuilt here: fan-out, ssh and tree mode are ClusterShell's. Seen with 1.10.1: a worker that
times out has no return code; exactly one newline at the end is cut; ssh refused and ssh denied are both 255;
what a shell started lives on after its time is over, so the time is watched on the far side as well.
"""

import shlex
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.collecting import Collected
from ttinspect.sources.snapshot import Snapshot

_SCHEMA = str(Snapshot.__struct_config__.tag).encode()
_GRACE_S = 5
"""How much later than the far side's own watch we give up."""

_TIMED_OUT = 124
"""What timeout(1) ends with."""

_KILLED = 137
_NOT_FOUND = 127
_SSH = 255


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a host sent: its snapshot as bytes, if there is one; and what became of it."""

    host: str
    state: Collected
    snapshot: bytes | None
    exit_code: int | None
    last_line: str | None
    why: str | None


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """How hosts are asked. ``command`` runs ttinspect there; ``topology`` is a ClusterShell file of gateways
    (None: its own configuration); None of the others: ClusterShell's own defaults."""

    command: str
    timeout_s: float
    fanout: int | None = None
    topology: str | None = None
    ssh_options: str | None = None


def hosts_named(text: str) -> tuple[str, ...]:
    """The hosts of a NodeSet, groups included.

    Raises:
        InspectError: 2 for what is none, or names nobody; 4 without ClusterShell.
    """
    from ttinspect.sources.fleet_check import node_names

    return node_names(text, f"--hosts {text}")


def ask(hosts: Sequence[str], asking: Asking, receive: Callable[[Reply], None]) -> None:
    """Run the snapshot command on every host; ``receive`` gets each reply when the host is done.

    Raises:
        InspectError: 2 for a topology that cannot be read.
    """
    from ClusterShell.Event import EventHandler
    from ClusterShell.NodeSet import NodeSet
    from ClusterShell.Task import task_self
    from ClusterShell.Topology import TopologyError

    class Handler(EventHandler):  # type: ignore[misc]
        """Lines as they come, a host when its command has ended."""

        def ev_read(self, worker: Any, node: str, sname: str, msg: bytes) -> None:
            lines = out if sname == worker.SNAME_STDOUT else err
            lines.setdefault(node, []).append(msg)

        def ev_hup(self, worker: Any, node: str, rc: int) -> None:
            done.add(node)
            receive(_reply_of(node, out.pop(node, []), err.pop(node, []), rc, asking))

        def ev_close(self, worker: Any, timedout: bool) -> None:
            for node in map(str, NodeSet.fromlist(list(worker.iter_keys_timeout()))):
                if node not in done:
                    done.add(node)
                    receive(_reply_of(node, out.pop(node, []), err.pop(node, []), None, asking))

    out: dict[str, list[bytes]] = {}
    err: dict[str, list[bytes]] = {}
    done: set[str] = set()
    task = task_self()
    if asking.fanout is not None:
        task.set_info("fanout", asking.fanout)
    if asking.ssh_options is not None:
        task.set_info("ssh_options", asking.ssh_options)
    if asking.topology is not None:
        try:
            task.load_topology(asking.topology)
        except (TopologyError, OSError) as error:
            raise InspectError(f"--topology {asking.topology}", str(error), "correct the file") from None
        task.set_default("auto_tree", True)
    worker = task.shell(
        far_command(asking),
        nodes=NodeSet.fromlist(list(hosts)),
        handler=Handler(),
        timeout=asking.timeout_s + _GRACE_S,
        stderr=True,
    )
    try:
        task.resume()
    except KeyboardInterrupt:
        worker.abort()
        raise
    for node in hosts:
        if node not in done:
            receive(_reply_of(node, out.pop(node, []), err.pop(node, []), None, asking))


def far_command(asking: Asking) -> str:
    """What runs on a host: the command is watched there, so that nothing of it lives on."""
    words = shlex.split(asking.command)
    return f"exec timeout -k {_GRACE_S} {asking.timeout_s:g} {shlex.join(words)} snapshot"


def _reply_of(host: str, out: list[bytes], err: list[bytes], code: int | None, asking: Asking) -> Reply:
    """What the lines that a host sent, and the exit code of its command, come to."""
    snapshots = [line for line in out if line.lstrip().startswith(b"{") and _SCHEMA in line[:200]]
    rest = [line for line in out if line not in snapshots]
    last_line = _last_line(err) or _last_line(rest)

    def reply(state: Collected, why: str | None, snapshot: bytes | None = None) -> Reply:
        return Reply(host=host, state=state, snapshot=snapshot, exit_code=code, last_line=last_line, why=why)

    if code is None or (code in (_TIMED_OUT, _KILLED) and not snapshots):
        return reply(Collected.TIMED_OUT, f"it did not answer within {asking.timeout_s:g} s")
    if snapshots:
        snapshot = snapshots[-1] + b"\n"
        try:
            msgspec.json.decode(snapshot, type=_Head)
        except msgspec.MsgspecError as error:
            return reply(Collected.RUBBISH, f"its snapshot is cut off or no JSON ({error})")
        partly = None if code == 0 else "some of its chips could not be read"
        return reply(Collected.COLLECTED, partly, snapshot)
    if code == 0:
        return reply(Collected.RUBBISH, "it sent no snapshot" if out else "it sent nothing")
    return reply(Collected.FAILED, _why(code, asking))


class _Head(msgspec.Struct):
    """A snapshot that is whole is JSON to its end."""

    time_ns: int


def _why(code: int, asking: Asking) -> str:
    if code == _NOT_FOUND:
        return f"{shlex.split(asking.command)[0]} is not there: install it, or name it with --command"
    if code == _SSH:
        return "ssh could not connect, or was denied"
    if code == ExitCode.NO_DEVICES:
        return "it has no devices"
    if code == ExitCode.NO_UMD:
        return "tt_umd is not installed there"
    if code > 128:
        return f"the command was killed by signal {code - 128}"
    return f"the command ended with {code}"


def _last_line(lines: Sequence[bytes]) -> str | None:
    """The last line that is not blank, of at most so many characters."""
    line = next((line for line in reversed(lines) if line.strip()), None)
    return None if line is None else line.decode("utf-8", "backslashreplace").strip()[:_LONGEST_LINE]


_LONGEST_LINE = 200
