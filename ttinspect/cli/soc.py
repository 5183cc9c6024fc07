"""``ttinspect soc``."""

from typing import Annotated

import typer

from ttinspect.answers.soc import build_soc
from ttinspect.cli.options import Common, command
from ttinspect.cli.output import emit, to_csv, to_table
from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.socs import arch_named, arch_names, builtin_soc, soc_from_file
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, SourceKind


@command()
def run(
    common: Common,
    *,
    arch: Annotated[
        str | None,
        typer.Option(
            "--arch", metavar="ARCH", help="wormhole_b0, blackhole or quasar", autocompletion=arch_names
        ),
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE", help="a SoC descriptor file (YAML)")
    ] = None,
) -> int:
    """A SoC descriptor: the NOC grid, cores by type, L1 and DRAM sizes, before harvesting.

    Without --arch and --file it is the design of the source's chips.

    \b
    Examples:
      ttinspect soc --arch blackhole
      ttinspect soc --file soc_descriptor.yaml --json
    """
    soc, source = _chosen(common, arch, file)
    answer = build_soc(soc, source)

    def table() -> str:
        from ttinspect.report.soc import soc_table

        return to_table(soc_table(answer), common)

    def csv() -> str:
        from ttinspect.report.soc import soc_csv

        return to_csv(*soc_csv(answer))

    emit(common, answer, {"table": table, "csv": csv})
    return ExitCode.DONE


def _chosen(common: Common, arch: str | None, file: str | None) -> tuple[Soc, Source]:
    if arch is not None and file is not None:
        raise InspectError("--arch and --file", "they contradict each other", "give one of them")
    if file is not None:
        return soc_from_file(file), Source(kind=SourceKind.SOC, detail=file, live=False, example=False)
    if arch is not None:
        soc = builtin_soc(arch_named(arch))
        detail = f"{soc.arch.value}, built in"
        return soc, Source(kind=SourceKind.SOC, detail=detail, live=False, example=False)
    system = common.open()
    return system.chips[0].soc, system.source
