"""``ttinspect harvest``."""

from typing import Annotated

import typer

from ttinspect.answers.harvest import build_harvest, build_pictures
from ttinspect.cli.options import (
    COMMON_FORMATS,
    Common,
    DevicesOption,
    JsonOption,
    OutputOption,
    QuietOption,
    SourceOption,
    TimeoutOption,
    VerboseOption,
    format_option,
)
from ttinspect.cli.output import emit, exit_code, to_csv, to_table
from ttinspect.errors import InspectError
from ttinspect.facts.node import parse_unsigned
from ttinspect.model.arch import Coord, CoordSystem

_PICTURES_WITHOUT_ASKING = 2

FORMATS = (*COMMON_FORMATS, "svg", "markdown")


def run(
    *,
    cores: Annotated[bool, typer.Option("--cores", help="every core in every coordinate system")] = False,
    core: Annotated[
        str | None,
        typer.Option(
            "--core", metavar="[SYSTEM:]X-Y", help="what is at this coordinate (default system: noc0)"
        ),
    ] = None,
    coords: Annotated[
        CoordSystem, typer.Option("--coords", help="labels of the tensix lines in the picture")
    ] = CoordSystem.NOC0,
    picture: Annotated[
        bool | None,
        typer.Option("--picture/--no-picture", help="the NOC grid of every chip [default: of 1 or 2 chips]"),
    ] = None,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Live and harvested cores of every chip: masks, grids, coordinates, a picture.

    Masks are in descriptor order: bit i is the i-th tensix row (Wormhole, Quasar) or column
    (Blackhole), DRAM bank, eth channel, PCIe or L2CPU core; a set bit is harvested. Unknown
    masks stay unknown.

    \b
    Examples:
      ttinspect harvest --from cluster_descriptor.yaml
      ttinspect harvest --from masks:wormhole_b0,tensix=0x41 --coords translated
      ttinspect harvest --from board:p150 --core translated:1-2
      ttinspect harvest --from board:galaxy-wh --json | jq .common_grid
    """
    common = Common.of("harvest", FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    where = core_wanted(core)
    system = common.open()
    answer = build_harvest(system, cores=cores, core=where)
    shown = picture
    if shown is None:
        shown = len(system.chips) <= _PICTURES_WITHOUT_ASKING and not cores and where is None
    drawings = build_pictures(system, coords) if shown or common.format == "svg" else ()

    def table() -> str:
        from ttinspect.report.harvest import harvest_table

        return to_table(harvest_table(answer, drawings, coords.value.upper()), common)

    def csv() -> str:
        from ttinspect.report.harvest import harvest_csv

        return to_csv(*harvest_csv(answer))

    def svg() -> str:
        from ttinspect.report.harvest import harvest_svg

        return harvest_svg(answer, drawings, coords.value.upper())

    def markdown() -> str:
        from ttinspect.report.harvest import harvest_markdown

        return harvest_markdown(answer)

    emit(common, answer, {"table": table, "csv": csv, "svg": svg, "markdown": markdown})
    return exit_code(system)


def core_wanted(text: str | None) -> tuple[CoordSystem, Coord] | None:
    """What ``--core`` names: a system and a coordinate.

    Raises:
        InspectError: 2 for anything but ``[SYSTEM:]X-Y``.
    """
    if text is None:
        return None
    head, colon, tail = text.partition(":")
    name, place = (head, tail) if colon else (CoordSystem.NOC0.value, text)
    if name not in [system.value for system in CoordSystem]:
        raise InspectError(
            f"--core {text}",
            f"unknown coordinate system {name!r}",
            f"the systems are {', '.join(system.value for system in CoordSystem)}",
        )
    x, dash, y = place.partition("-")
    column, line = parse_unsigned(x), parse_unsigned(y)
    if not dash or column is None or line is None:
        raise InspectError(f"--core {text}", "expected [SYSTEM:]X-Y, for instance 1-2", "see --help")
    return CoordSystem(name), (column, line)
