"""What the commands about regions share: where regions and processes are, and which sources may pass."""

from typing import Annotated

import typer

from ttinspect.cli.commands import ENVIRONMENT_SOURCE
from ttinspect.cli.options import Common
from ttinspect.errors import InspectError
from ttinspect.gathering import regions
from ttinspect.gathering.regions import Host, Places
from ttinspect.host.procfs import DEFAULT_PROCFS
from ttinspect.model.system import SourceKind, System
from ttinspect.shm.reader import DEFAULT_DIRECTORY
from ttinspect.sources.live import Ask
from ttinspect.sources.opening import Opened
from ttinspect.verify.case import Case

ShmDirOption = Annotated[
    str | None,
    typer.Option(
        "--shm-dir",
        metavar="DIR",
        help=f"where the regions are [default: {DEFAULT_DIRECTORY}]",
        show_default=False,
    ),
]
ProcfsOption = Annotated[
    str | None,
    typer.Option(
        "--procfs",
        metavar="DIR",
        help=f"where processes are looked up [default: {DEFAULT_PROCFS}]",
        show_default=False,
    ),
]
ProcessesOption = Annotated[
    bool, typer.Option("--processes", help="also user, command line and container of who holds chips")
]


def places_of(common: Common, shm_dir: str | None, procfs: str | None) -> Places:
    """Where the regions and processes of the command line are."""
    return regions.places_of(common.source, shm_dir, procfs)


def open_host(common: Common, places: Places, *, ask: Ask = Ask.CHIPS, without_chips: bool = True) -> Host:
    """The source of the command line, and the chips that were asked for.

    Raises:
        InspectError: with the exit code of what went wrong.
    """
    return regions.open_host(
        lambda: common.open_all(ask=ask), common.source, common.devices, places, without_chips=without_chips
    )


def processes_of(opened: Opened, places: Places, scanner: regions.Scanner | None = None) -> Case | None:
    """The regions and processes of the host that the source describes, to tell who holds its chips; None
    where the source has none."""
    if not regions.has_processes(opened):
        return None
    host = Host(system=opened.system, chosen=None, snapshot=opened.snapshot)
    return regions.gather(host, places, personal=True, scanner=scanner)


def refuse_forgotten_example(common: Common, command: str, system: System) -> None:
    """Refuse an example as the source of a check if it comes from the environment: a forgotten variable must
    not give a green light.

    Raises:
        InspectError: 2 when the environment names a board: or masks: source, or a snapshot of one.
    """
    invented = system.source.example or system.asked in (SourceKind.BOARD, SourceKind.MASKS)
    if not common.source_given and invented:
        raise InspectError(
            f"{command} does not take {common.source} from {ENVIRONMENT_SOURCE}",
            "an invented chip from a forgotten variable would let a check pass",
            "name the source with --from",
        )
