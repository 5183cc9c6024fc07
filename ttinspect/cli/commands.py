"""The commands by name, for the help and for dispatch; their modules are imported when they run."""

from collections.abc import Iterable

COMMANDS: dict[str, str] = {
    "list": "one row per chip; what ttinspect alone does",
    "top": "the machine as it is now, full screen",
    "harvest": "live and harvested cores, grids, coordinates, pictures",
    "capacity": "physical and allocatable L1 and DRAM",
    "topology": "chips, boards, trays, PCIe, eth links",
    "memory": "used of total, per chip and process, from the SHM regions",
    "programs": "L1 over a model's operations, from ttnn captures and reports",
    "fit": "do tensors and programs fit, and why not? with the map of one core",
    "verify-shm": "are the published memory statistics true?",
    "telemetry": "clocks, power, temperatures, firmware, DRAM training, links",
    "check": "is this machine what it should be?",
    "snapshot": "save everything about a host in one JSON document",
    "diff": "what is not as it was: two snapshots, or one and this host",
    "record": "telemetry, memory and holders over time, into a file",
    "report": "one HTML page of a host, a recording or a fleet",
    "metrics": "what changes, once, in Prometheus' text format",
    "serve": "the same over HTTP, for a scraper",
    "collect": "snapshots of many hosts, through ClusterShell",
    "fleet": "many hosts as one machine: links between them, cabling, outliers",
    "soc": "a SoC descriptor, before anything is harvested",
    "explain": "what a finding or a memory error means, and what would help",
    "schema": "the JSON Schema of a command's output",
    "completion": "the completion script of bash, zsh or fish",
}

DEFAULT_COMMAND = "list"
ENVIRONMENT_SOURCE = "TTINSPECT_FROM"
STDOUT = "-"
"""As the file of --output."""

USAGE = "[COMMAND] [--from SOURCE] [--device ID]... [--format FORMAT] [--output FILE]"
PURPOSE = """\
A second opinion on Tenstorrent hardware: which cores a chip really has, how much
memory that really is, and whether what the runtime publishes about it is true."""
SOURCES: dict[str, str] = {
    "umd": "the devices of this host",
    "host": "this host without opening a device, with what was remembered of it",
    "sim:PATH.so": "a functional simulator",
    "sysfs": "what the kernel driver alone shows of this host",
    "FILE, -": "UMD cluster descriptor (YAML), tt-smi -s document, snapshot,\n"
    "recording, ttnn report (the descriptor in it)",
    "board:NAME": "built-in example: n150 n300 p100 p150 p300 galaxy-wh galaxy-bh",
    "masks:ARCH,KEY=VALUE": "one chip from its harvesting masks",
}
WHERE_SOURCES_STAND = f"--from, or {ENVIRONMENT_SOURCE}; default umd; host for what only monitors"
OPTIONS: dict[str, str] = {
    "-V, --version": "print the version",
    "-h, --help": "this text; ttinspect COMMAND --help for a command",
}
EXAMPLES = (
    "ttinspect harvest --from cluster_descriptor.yaml",
    "ttinspect capacity --from board:n300 --device 0",
    "tt-smi -s | ttinspect harvest --from - --json",
)


def help_text() -> str:
    """The help of the whole program."""
    return f"""\
Usage: ttinspect {USAGE}

{PURPOSE}

Commands:
{_columns(COMMANDS)}

Sources ({WHERE_SOURCES_STAND}):
{_columns(SOURCES)}

Options:
{_columns(OPTIONS)}

Examples:
{_lines(EXAMPLES)}
"""


def _columns(texts: dict[str, str]) -> str:
    width = max(map(len, texts))
    indented = {name: text.replace("\n", "\n" + " " * (width + 4)) for name, text in texts.items()}
    return _lines(f"{name:<{width}}  {text}" for name, text in indented.items())


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(f"  {text}" for text in texts)
