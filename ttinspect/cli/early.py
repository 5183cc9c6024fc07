"""What devices are asked, before anything heavy is imported; a wrong guess costs nothing but the child."""

import os
from typing import TYPE_CHECKING

from ttinspect.cli.scanner import CommandLine, default_source

if TYPE_CHECKING:
    from ttinspect.sources.umd.request import Request


def early_request(line: CommandLine, environment_source: str | None) -> "Request | None":
    """What a child will be asked, if it is plain that one will be: devices are there, or a simulator."""
    task = line.task
    if task is None:
        return None
    source = (
        line.source
        if line.source is not None
        else environment_source or default_source(line.command, free=line.has("--free"))
    )
    if source == "umd":
        if not os.path.isdir("/dev/tenstorrent"):  # noqa: PTH112
            return None
        from ttinspect.sources.umd.request import Request

        return Request(task)
    path = os.path.expanduser(source.removeprefix("sim:"))  # noqa: PTH111
    if not source.startswith("sim:") or not path.endswith(".so") or not os.path.isfile(path):  # noqa: PTH113
        return None
    from ttinspect.facts.files import data_directory
    from ttinspect.sources.umd.request import simulator_request

    return simulator_request(task, path, str(data_directory()))
