"""``ttinspect topology``."""

from typing import Annotated

import msgspec
import typer

from ttinspect.answers.topology import build_topology
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
from ttinspect.cli.regions import ProcfsOption, ShmDirOption, places_of, processes_of
from ttinspect.verify.naming import select_chips

FORMATS = (*COMMON_FORMATS, "svg", "dot", "mermaid")


def run(
    *,
    shm_dir: ShmDirOption = None,
    procfs: ProcfsOption = None,
    tree: Annotated[bool, typer.Option("--tree", help="a tree with both ends of every eth link")] = False,
    source: SourceOption = None,
    devices: DevicesOption = None,
    format_: Annotated[str | None, format_option(FORMATS)] = None,
    json: JsonOption = False,
    output: OutputOption = None,
    timeout: TimeoutOption = 60.0,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> int:
    """Chips, boards, trays, PCIe and eth links, grouped by board and tray.

    \b
    Examples:
      ttinspect topology --from cluster_descriptor.yaml
      ttinspect topology --from cluster_descriptor.yaml --tree
      ttinspect topology --from cluster_descriptor.yaml --format dot | dot -Tpng -o mesh.png
    """
    common = Common.of("topology", FORMATS, source, devices, format_, json, output, timeout, verbose, quiet)
    opened = common.open_all()
    system = opened.system
    selected = select_chips(system, list(common.devices))
    system = msgspec.structs.replace(system, troubles=selected.troubles)
    chosen = frozenset(chip.id for chip in selected.chips) if common.devices else None
    answer = build_topology(system, chosen, processes_of(opened, places_of(common, shm_dir, procfs)))

    def table() -> str:
        from ttinspect.report.topology import topology_table, topology_tree

        return to_table(topology_tree(answer) if tree else topology_table(answer), common)

    def csv() -> str:
        from ttinspect.report.topology import topology_csv

        return to_csv(*topology_csv(answer))

    def svg() -> str:
        from ttinspect.report.topology import topology_svg

        return topology_svg(answer)

    def dot() -> str:
        from ttinspect.report.topology import topology_dot

        return topology_dot(answer)

    def mermaid() -> str:
        from ttinspect.report.topology import topology_mermaid

        return topology_mermaid(answer)

    emit(common, answer, {"table": table, "csv": csv, "svg": svg, "dot": dot, "mermaid": mermaid})
    return exit_code(system)
