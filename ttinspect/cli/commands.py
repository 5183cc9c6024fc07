"""The commands by name, for the help and for dispatch; their modules are imported when they run."""

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

HELP = """\
Usage: ttinspect [COMMAND] [--from SOURCE] [--device ID]... [--format FORMAT] [--output FILE]

A second opinion on Tenstorrent hardware: which cores a chip really has, how much
memory that really is, and whether what the runtime publishes about it is true.

Commands:
{commands}

Sources (--from, or TTINSPECT_FROM; default umd, for memory host):
  umd                   the devices of this host
  host                  this host without opening a device, with what was remembered of it
  sim:PATH.so           a functional simulator
  sysfs                 what the kernel driver alone shows of this host
  FILE, -               UMD cluster descriptor (YAML), tt-smi -s document, snapshot,
                        ttnn report (the descriptor in it)
  board:NAME            built-in example: n150 n300 p100 p150 p300 galaxy-wh galaxy-bh
  masks:ARCH,KEY=VALUE  one chip from its harvesting masks

Options:
  -V, --version  print the version
  -h, --help     this text; ttinspect COMMAND --help for a command

Examples:
  ttinspect harvest --from cluster_descriptor.yaml
  ttinspect capacity --from board:n300 --device 0
  tt-smi -s | ttinspect harvest --from - --json
"""


def help_text() -> str:
    """The help of the whole program."""
    width = max(map(len, COMMANDS))
    return HELP.format(commands="\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()))
