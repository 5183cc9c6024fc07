"""A process that has imported ttinspect and forks for every command line: what tests run that prove no start-up.

The command runs as the console script runs it: in a process of its own, with its own standard streams,
environment and folder. What importing costs and does is proved by the tests that start the script itself.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
import traceback
from typing import Any

import ttinspect
from ttinspect.cli.main import main

_LONGEST_REQUEST = 1 << 20
_CHILD_OF_UMD = "ttinspect.sources.umd.child.main"


class Warm:
    """The process, and how to ask it. One command at a time."""

    def __init__(self) -> None:
        own_end, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = own_end
        with far_end:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(far_end.fileno())], pass_fds=[far_end.fileno()]
            )

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.wait(10)

    def run(
        self, args: tuple[str, ...], stdin: str | None, env: dict[str, str], cwd: str, timeout: float
    ) -> "subprocess.CompletedProcess[str]":
        """Run one command line to its end.

        Raises:
            subprocess.TimeoutExpired: It took longer, and was killed.
        """
        with (
            os.fdopen(os.memfd_create("stdin"), "w+b") as given,
            os.fdopen(os.memfd_create("stdout"), "w+b") as output,
            os.fdopen(os.memfd_create("stderr"), "w+b") as errors,
        ):
            given.write((stdin or "").encode())
            given.seek(0)
            request = json.dumps({"args": args, "env": env, "cwd": cwd}).encode("utf-8", "surrogateescape")
            socket.send_fds(self._socket, [request], [stream.fileno() for stream in (given, output, errors)])
            pid = int(self._socket.recv(64))
            self._socket.settimeout(timeout)
            try:
                code = int(self._socket.recv(64))
            except TimeoutError:
                os.kill(pid, 9)
                self._socket.settimeout(None)
                self._socket.recv(64)
                raise subprocess.TimeoutExpired(args, timeout) from None
            self._socket.settimeout(None)
            texts = []
            for stream in (output, errors):
                stream.seek(0)
                texts.append(stream.read().decode().replace("\r\n", "\n"))
        return subprocess.CompletedProcess(["ttinspect", *args], code, *texts)


def _serve(asked: socket.socket) -> None:
    for module in pkgutil.walk_packages(ttinspect.__path__, "ttinspect."):
        if module.name != _CHILD_OF_UMD:
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    while True:
        request, descriptors, _, _ = socket.recv_fds(asked, _LONGEST_REQUEST, 3)
        if not request:
            return
        pid = os.fork()
        if pid == 0:
            asked.close()
            _run(json.loads(request.decode("utf-8", "surrogateescape")), descriptors)
        asked.send(str(pid).encode())
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        asked.send(str(os.waitstatus_to_exitcode(status)).encode())


def _run(request: dict[str, Any], descriptors: list[int]) -> None:
    """In the fork: become the console script; never returns."""
    code = 1
    try:
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        sys.argv = ["ttinspect", *request["args"]]
        # as Python opens them where no locale is set; they stay open as long as the process
        sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        code = main()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        if sys.exc_info()[0] is not None:  # main raises nothing: it is this file that went wrong
            traceback.print_exc()
        os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
