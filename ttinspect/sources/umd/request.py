"""What a child is asked, as one value. It stands in the child's argv as JSON; the early start of a command
and the source itself make it alike, so that the child that was started early is found.

Imports next to nothing: it is needed before anything else is imported, and in the child.
"""

import json
import os
from typing import NamedTuple

SOC_FILE = "soc_descriptor.yaml"
"""The SoC descriptor that tt_umd wants beside a simulator."""
CHIPS_PER_PROCESS = 32
"""tt-umd 0.9.14 numbers the chips of a simulator from 32 * (process id) on."""
FOLDER_PREFIX = "ttinspect-simulator-"
"""Of the folder that a child links a simulator and our SoC descriptor into; its process id follows."""


class Request(NamedTuple):
    """One question to a child.

    ``task`` is chips, reading (chips and one reading of their telemetry), telemetry (chips and two readings,
    so far apart that a heartbeat must have moved), or watch (as reading, and one more for every line on
    standard input). ``library`` is a functional simulator, None is this host; ``soc_file`` is the SoC
    descriptor beside it, None where there is none: then it is the one of its architecture in ``soc_folder``.
    """

    task: str
    library: str | None = None
    soc_file: str | None = None
    soc_folder: str | None = None
    visible: tuple[str, ...] | None = None
    """BDFs of the devices that tt_umd may see (TT_VISIBLE_DEVICES); None is all."""
    skipped: tuple[int, ...] = ()
    """Chips that are discovered and then left alone."""
    wait_for_training: bool = True
    """Whether tt_umd waits until every eth link has trained."""
    over_eth: bool = True
    """Whether chips and links are discovered over eth."""
    remote_firmware_seconds: float | None = None
    """Open the remote chips one by one, and wait so long for the firmware of each; None opens none."""

    def encoded(self) -> str:
        """As JSON."""
        return json.dumps(self, separators=(",", ":"))


def decoded(text: str) -> Request:
    """The request that was encoded."""
    return Request._make(tuple(fact) if isinstance(fact, list) else fact for fact in json.loads(text))


def simulator_request(task: str, path: str, soc_folder: str) -> Request:
    """To a simulator; a ~ at the start of its path is the home folder, which no shell expands after "sim:".
    What lies beside it as SoC descriptor is used, even where it is no file: another could describe another
    chip."""
    library = os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111
    beside = os.path.join(os.path.dirname(library), SOC_FILE)  # noqa: PTH118, PTH120
    return Request(task, library, beside if os.path.lexists(beside) else None, soc_folder)


def scratch_folder() -> str:
    """Where temporary folders go: TMPDIR, or /tmp."""
    folder = os.environ.get("TMPDIR", "")
    return folder if os.path.isdir(folder) else "/tmp"  # noqa: PTH112
