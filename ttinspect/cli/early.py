"""Which child to start before anything heavy is imported; a wrong guess costs nothing but the child."""

import os

from ttinspect.cli.scanner import CommandLine


def early_child(line: CommandLine, environment_source: str | None) -> list[str] | None:
    """The child's arguments for a command line, if it is plain that one will be asked for: devices are
    there, or a simulator."""
    task = line.task
    if task is None:
        return None
    source = line.source if line.source is not None else environment_source or "umd"
    if source == "umd":
        return [task, "umd"] if os.path.isdir("/dev/tenstorrent") else None  # noqa: PTH112
    if not source.startswith("sim:") or not source.endswith(".so"):
        return None
    library = os.path.abspath(source[4:])  # noqa: PTH100
    beside = os.path.join(os.path.dirname(library), "soc_descriptor.yaml")  # noqa: PTH118, PTH120
    if not os.path.isfile(library):  # noqa: PTH113
        return None
    if os.path.isfile(beside):  # noqa: PTH113
        return [task, "sim", library, beside]
    from ttinspect.facts.files import data_directory
    from ttinspect.sources.umd.launch import simulator_arguments

    return [task, *simulator_arguments(library, str(data_directory()))]
