"""Starting the child: early, before the parent's own imports, or when it is asked for.

Imports next to nothing, so that the child is at work while everything else is imported.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile

from ttinspect.errors import ExitCode, InspectError
from ttinspect.sources.umd.childlog import ChildLog
from ttinspect.sources.umd.numbering import lock_files

_CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child.py")  # noqa: PTH100, PTH118, PTH120

VISIBLE_DEVICES = "TT_VISIBLE_DEVICES"


class Launched:
    """A child at work, with descriptors of its own for everything it prints.

    ``wire`` is the end to read from; ``log`` holds its stdout and stderr.

    Raises:
        InspectError: 5 when this system lets no process be started.
    """

    def __init__(self, arguments: list[str], visible: str | None = None) -> None:
        self.arguments = arguments
        with contextlib.ExitStack() as undo:
            try:
                self._start(visible, undo)
            except OSError as error:
                raise InspectError(
                    "cannot start a process that asks tt_umd",
                    error.strerror or str(error),
                    "look at this user's limits (ulimit -a), and at free memory and temporary space",
                    ExitCode.UMD_FAILED,
                ) from None
            undo.pop_all()

    def _start(self, visible: str | None, undo: contextlib.ExitStack) -> None:
        self.wire, write_end = _pipe(undo)
        lifeline, self._lifeline = _pipe(undo)  # ours stays open as long as the child lives
        self.log = ChildLog()
        undo.callback(self.log.close)
        environment = {**os.environ, "TT_LOGGER_LEVEL": _level(os.environ.get("TT_LOGGER_LEVEL"))}
        environment.pop("TT_LOGGER_FILE", None)
        if visible is not None:
            environment[VISIBLE_DEVICES] = visible
        search_path = os.pathsep.join(folder for folder in sys.path if folder)
        self.process = subprocess.Popen(
            [sys.executable, "-I", _CHILD, str(write_end), str(lifeline), search_path, *self.arguments],
            stdin=subprocess.PIPE if self.arguments[0] == "watch" else subprocess.DEVNULL,
            stdout=self.log.file,
            stderr=subprocess.STDOUT,
            pass_fds=(write_end, lifeline),
            env=environment,
            start_new_session=True,
        )
        os.close(write_end)
        os.close(lifeline)

    def kill(self) -> None:
        """End a child that nobody reads from."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        os.close(self.wire)
        self.log.close()
        self.end()

    def leave(self) -> None:
        """The child has said everything: it closes its devices while we go on."""
        _leaving.append(self)
        for other in [one for one in _leaving if one.process.poll() is not None]:
            _leaving.remove(other)
            other.end()

    def end(self) -> None:
        """The child is gone: end what a simulator started beside it. Its session was made for it alone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        os.close(self._lifeline)
        self._remove_locks()

    def _remove_locks(self) -> None:
        for name in lock_files(self.process.pid) if "sim" in self.arguments else ():
            with contextlib.suppress(OSError):
                os.unlink(name)  # noqa: PTH108


def _pipe(undo: contextlib.ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    for end in ends:
        undo.callback(os.close, end)
    return ends


def _level(wanted: str | None) -> str:
    """tt_umd's log at info at least: it alone tells what tt_umd waits for, and why a chip is unhealthy."""
    return wanted if wanted in ("trace", "debug") else "info"


_early: list[Launched] = []


def start_early(arguments: list[str]) -> None:
    """Start the child that will probably be asked for."""
    _early.append(Launched(arguments))


def launch(arguments: list[str], visible: str | None = None) -> Launched:
    """The child of these arguments: the one that was started early, if it is that one. ``visible`` are
    the devices that tt_umd may see (TT_VISIBLE_DEVICES), if not all."""
    for launched in _early:
        if visible is None and launched.arguments == arguments:
            _early.remove(launched)
            return launched
    return Launched(arguments, visible)


_folders: dict[str, str] = {}


def simulator_arguments(library: str, soc_folder: str) -> list[str]:
    """The child's arguments for a simulator without a SoC descriptor, with a folder to link both into:
    the same ones for the same library, until the folder is removed."""
    if library not in _folders:
        try:
            _folders[library] = tempfile.mkdtemp(prefix="ttinspect-")
        except OSError as error:
            raise InspectError(
                f"cannot link {library} and a SoC descriptor into a folder",
                error.strerror or str(error),
                "set TMPDIR to a folder that can be written, or put soc_descriptor.yaml beside the library",
                ExitCode.UMD_FAILED,
            ) from None
    return ["sim", library, _folders[library], soc_folder]


def remove_folder(library: str) -> None:
    """Remove the folder of a library, and the links in it."""
    folder = _folders.pop(library, None)
    if folder is None:
        return
    import shutil

    shutil.rmtree(folder, ignore_errors=True)  # a simulator may have written there


_leaving: list[Launched] = []
_GRACE_SECONDS = 2.0


def finish() -> None:
    """End what was started early and never asked for, and wait for those that are leaving."""
    while _early:
        _early.pop().kill()
    while _leaving:
        launched = _leaving.pop()
        try:
            launched.process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            launched.process.kill()
            launched.process.wait()
        launched.end()
    for library in [*_folders]:
        remove_folder(library)
