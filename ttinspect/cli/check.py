"""``ttinspect check``."""

import time
from typing import Annotated

import typer

from ttinspect.answers.check import build_check, check_exit_code, checks_regions
from ttinspect.cli.options import (
    COMMON_FORMATS,
    Common,
    DevicesOption,
    JsonOption,
    OnelineOption,
    OutputOption,
    QuietOption,
    SourceOption,
    StrictOption,
    TimeoutOption,
    VerboseOption,
    format_option,
    refuse_oneline,
)
from ttinspect.cli.output import emit, exit_code, note, to_csv, to_json, to_table, write
from ttinspect.cli.regions import ProcfsOption, ShmDirOption, open_host, places_of, refuse_forgotten_example
from ttinspect.errors import InspectError, most_important
from ttinspect.facts.files import document_name, read_document
from ttinspect.gathering.regions import gather, without_regions
from ttinspect.shm.sampler import Pace
from ttinspect.sources.check_file import Wanted, expectation_words, read_check_file, read_expectations
from ttinspect.sources.live import Ask
from ttinspect.verify.case import Case
from ttinspect.verify.findings.use import SETTLE_SECONDS, is_unsettled, uses_of

FORMATS = (*COMMON_FORMATS, "junit", "markdown")


def run(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="a check file: what the site expects")
    ] = None,
    *,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            "--expect",
            metavar="KEY=VALUE",
            help="cores=120, board=p150, chips=8, ...; repeatable",
            autocompletion=expectation_words,
        ),
    ] = None,
    product: Annotated[bool, typer.Option("--product", help="also what every product should be")] = False,
    init: Annotated[
        bool, typer.Option("--init", help="write a check file that the present machine passes")
    ] = False,
    strict: StrictOption = False,
    oneline: OnelineOption = False,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Is this machine what it should be?

    Without FILE and --expect every chip is held against its product, and regions are verified if there are
    any. With them only what they say is checked; --product adds the product. What the source cannot tell
    is unknown, never passed. Exit code 0: as expected (warnings allowed), 10: not, 11: could not be checked.

    --expect holds for every chip: arch, board, grid=12x10, cores, l1_bytes, dram_bytes, eth_links,
    eth_heartbeats, eth_retrained, firmware, asic_celsius, board_celsius, gddr_celsius, aiclk_mhz, power_w,
    board_power_w, thermal_trips, pcie_lanes, pcie_generation, numa_node, node_access, iommu, hugepages_1g,
    driver, kernel, motherboard; or for the host: chips, regions=clean or regions=pass. A number may be a
    range: cores=110.., asic_celsius=..75.

    \b
    Examples:
      ttinspect check
      ttinspect check --expect board=p150 --expect chips=8 --expect cores=120
      ttinspect check --init -o site.yaml
      ttinspect check site.yaml --product --format junit -o check.xml
    """
    common = Common.of("check", FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    if init and (file is not None or expect or product or strict):
        raise InspectError(
            "check --init", "it writes a file, and checks nothing", "leave the others out; -o names the file"
        )
    refuse_oneline(common, oneline)
    wanted = _wanted(file, expect or [])
    places = places_of(common, shm_dir, procfs)
    host = open_host(common, places, ask=Ask.TELEMETRY, without_chips=False)
    refuse_forgotten_example(common, "check", host.system)
    looks = init or checks_regions(wanted, product)
    case = gather(host, places, pace=Pace()) if looks else without_regions(host)
    uses = uses_of(case) if looks and not init else {}
    if host.system.source.live and is_unsettled(uses):
        time.sleep(SETTLE_SECONDS)
        host = open_host(common, places, ask=Ask.TELEMETRY, without_chips=False)
        case = gather(host, places, pace=Pace())
        uses = uses_of(case, uses)
    if init:
        for warning in host.system.warnings:
            note(common, f"with check --strict this machine will not pass: {warning}")
        _write_present(common, case)
        return exit_code(host.system)
    answer = build_check(case, wanted, product=product, uses=uses)
    code = most_important(exit_code(host.system), check_exit_code(answer, strict=strict))

    def table() -> str:
        if oneline:
            from ttinspect.report.check import check_oneline

            return check_oneline(answer)
        from ttinspect.report.check import check_table

        return to_table(check_table(answer, int(code)), common)

    def csv() -> str:
        from ttinspect.report.check import check_csv

        return to_csv(*check_csv(answer))

    def markdown() -> str:
        from ttinspect.report.check import check_markdown

        return check_markdown(answer, int(code))

    def junit() -> str:
        from ttinspect.report.check import check_junit

        return check_junit(answer, strict=strict)

    emit(common, answer, {"table": table, "csv": csv, "markdown": markdown, "junit": junit})
    return code


def _wanted(file: str | None, expect: list[str]) -> list[Wanted]:
    wanted = [] if file is None else [read_check_file(read_document(file), document_name(file))]
    return wanted + ([read_expectations(expect)] if expect else [])


def _write_present(common: Common, case: Case) -> None:
    from ttinspect.answers.check_init import plain, present_machine
    from ttinspect.report.check import check_file_yaml

    document = plain(present_machine(case))
    if common.format not in ("table", "yaml", "json"):
        raise InspectError(
            f"check --init --format {common.format}", "a check file is YAML or JSON", "leave --format out"
        )
    text = to_json(document) if common.format == "json" else check_file_yaml(document, case.system.source)
    write(text, common.output)
