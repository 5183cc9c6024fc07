"""``ttinspect collect``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ttinspect.answers.collect import build_collect, collect_exit_code
from ttinspect.cli.options import (
    COMMON_FORMATS,
    Common,
    JsonOption,
    QuietOption,
    TimeoutOption,
    VerboseOption,
    format_option,
)
from ttinspect.cli.output import emit, to_csv, to_table, write
from ttinspect.errors import InspectError
from ttinspect.gathering.collecting import Asking, Reply, ask, hosts_named
from ttinspect.model.collecting import Collected, CollectedHost

_SUFFIX = ".json"


def run(
    *,
    hosts: Annotated[
        str,
        typer.Option("--hosts", metavar="NODESET", help="glx-[01-16], @rack1: ClusterShell's node sets"),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="where the snapshots go, a file a host")
    ] = "snapshots",
    anew: Annotated[bool, typer.Option("--all", help="ask hosts again whose file is there")] = False,
    fanout: Annotated[
        int | None,
        typer.Option(
            "--fanout",
            metavar="N",
            min=1,
            help="how many hosts at once [default: ClusterShell's]",
            show_default=False,
        ),
    ] = None,
    command_: Annotated[
        str,
        typer.Option(
            "--command", metavar="COMMAND", help="what runs ttinspect there, in a container for instance"
        ),
    ] = "ttinspect",
    topology: Annotated[
        str | None,
        typer.Option(
            "--topology",
            metavar="FILE",
            help="gateways, as ClusterShell's topology.conf [default: its configuration]",
            show_default=False,
        ),
    ] = None,
    ssh_options: Annotated[
        str | None,
        typer.Option("--ssh-options", metavar="TEXT", help="options of ssh, as one word", show_default=False),
    ] = None,
    format_: Annotated[str | None, format_option(COMMON_FORMATS)] = None,
    json: JsonOption = False,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Snapshots of many hosts through ClusterShell: its configuration, groups and gateways hold.

    Every host runs "ttinspect snapshot"; its file is written when it comes. A second run asks only the hosts
    whose file is missing. Exit code 0: every host's snapshot is there, 11: not of every host.

    \b
    Examples:
      ttinspect collect --hosts "glx-[01-16]" -o snapshots
      ttinspect collect --hosts @galaxies --fanout 32 --timeout 120
      ttinspect collect --hosts "glx-[01-16]" --command "docker exec tt /venv/bin/ttinspect"
      ttinspect fleet snapshots
    """
    common = Common.of("collect", COMMON_FORMATS, None, None, format_, json, None, timeout, verbose, quiet)
    names = hosts_named(hosts)
    if not command_.strip():
        raise InspectError("--command", "it is empty", "name what runs ttinspect on the hosts")
    folder = _made_folder(output)
    present = [name for name in names if not anew and _file(folder, name).is_file()]
    collected = {
        name: CollectedHost(
            host=name,
            state=Collected.THERE,
            file=str(_file(folder, name)),
            exit_code=None,
            said=None,
            why=None,
        )
        for name in present
    }
    wanted = [name for name in names if name not in collected]
    asking = Asking(
        command=command_,
        timeout_s=common.timeout_seconds,
        fanout=fanout,
        topology=topology,
        ssh_options=ssh_options,
    )
    if wanted:
        _ask(common, wanted, asking, folder, collected)
    answer = build_collect(output, [collected[name] for name in names])
    code = collect_exit_code(answer)

    def table() -> str:
        from ttinspect.report.collect import collect_table

        return to_table(collect_table(answer, int(code)), common)

    def csv() -> str:
        from ttinspect.report.collect import collect_csv

        return to_csv(*collect_csv(answer))

    emit(common, answer, {"table": table, "csv": csv})
    return code


def _made_folder(output: str) -> Path:
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InspectError(f"cannot write to {output}", why, "name another folder with --output") from None
    return folder


def _ask(
    common: Common, wanted: Sequence[str], asking: Asking, folder: Path, hosts: dict[str, CollectedHost]
) -> None:
    from ttinspect.report.units import progress_bar

    with common.telling() as stage:

        def receive(reply: Reply) -> None:
            file = None
            if reply.snapshot is not None:
                file = str(_file(folder, reply.host))
                write(reply.snapshot.decode("utf-8", "backslashreplace"), file)
            hosts[reply.host] = CollectedHost(
                host=reply.host,
                state=reply.state,
                file=file,
                exit_code=reply.exit_code,
                said=reply.last_line,
                why=reply.why,
            )
            if stage is not None:
                done = sum(name in hosts for name in wanted)
                stage(f"hosts {progress_bar(done, len(wanted))}")

        sys.stdout.flush()
        ask(wanted, asking, receive)


def _file(folder: Path, host: str) -> Path:
    return Path(folder, f"{host.replace('/', '_')}{_SUFFIX}")
