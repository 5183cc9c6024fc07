"""``ttinspect soc``."""

from typing import Annotated

import typer

from ttinspect.answers.soc import build_soc
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
from ttinspect.cli.output import emit, to_csv, to_table
from ttinspect.errors import ExitCode, InspectError
from ttinspect.facts.socs import arch_named, arch_names, builtin_soc, soc_from_file
from ttinspect.model.soc import Soc
from ttinspect.model.system import Source, SourceKind


def run(
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
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(COMMON_FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """A SoC descriptor: the NOC grid, cores by type, L1 and DRAM sizes, before harvesting.

    Without --arch and --file it is the design of the source's chips.

    \b
    Examples:
      ttinspect soc --arch blackhole
      ttinspect soc --file soc_descriptor.yaml --json
    """
    common = Common.of("soc", COMMON_FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    answer = build_soc(*_chosen(common, arch, file))

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
