"""What a site expects of its machine: rules without a function, for the expectations of check/."""

from ttinspect.verify.rule import E, Q, Rule

_SEVERITIES = {"fail": E, "unknown": Q}

NUMBER_OF_CHIPS = Rule(
    id="TTC010",
    name="number of chips",
    severities=_SEVERITIES,
    title="There are more or fewer chips than expected.",
    meaning=("The check file, or --expect, says how many chips this machine has, or how many of a board."),
    cause="A chip did not start, a card is missing or was added, or TT_VISIBLE_DEVICES hides some.",
    remedy=(
        "Compare with ttinspect list and lspci -d 1e52:; if the machine is right, correct the line of the "
        "check file."
    ),
)

NOT_THERE = Rule(
    id="TTC011",
    name="not there",
    severities=_SEVERITIES,
    title="A chip or board that the check file names is not there.",
    meaning=(
        "Nothing has this chip id, bus address, unique id or board: what is expected of it cannot hold."
    ),
    cause="The card moved, was replaced or did not start; or the name in the file is mistyped.",
    remedy=(
        "Compare with ttinspect list --json; if the machine is right, correct the line of the check file."
    ),
)

OTHER_ARCHITECTURE = Rule(
    id="TTC012",
    name="other architecture",
    severities=_SEVERITIES,
    title="A chip is of another architecture than expected.",
    meaning="It is another product.",
    cause="The check was run on the wrong machine, or another card was put in.",
    remedy=("Compare with ttinspect list; if the machine is right, correct the line of the check file."),
)

OTHER_BOARD = Rule(
    id="TTC013",
    name="other board",
    severities=_SEVERITIES,
    title="A chip is on another board than expected.",
    meaning="It is another product.",
    cause="The check was run on the wrong machine, or another card was put in.",
    remedy=("Compare with ttinspect list; if the machine is right, correct the line of the check file."),
)

OTHER_TENSIX_GRID = Rule(
    id="TTC014",
    name="other tensix grid",
    severities=_SEVERITIES,
    title="The grid of live Tensix cores is not the expected one.",
    meaning="A workload that was compiled for the expected grid may not fit.",
    cause="More or fewer harvested lines: another card, or firmware that harvests differently.",
    remedy=("Compare with ttinspect harvest; if the machine is right, correct the line of the check file."),
)

NUMBER_OF_TENSIX_CORES = Rule(
    id="TTC015",
    name="number of tensix cores",
    severities=_SEVERITIES,
    title="There are more or fewer live Tensix cores than expected.",
    meaning="Compute and L1 of the chip are not what they should be.",
    cause="More or fewer harvested lines: another card, or firmware that harvests differently.",
    remedy=("Compare with ttinspect harvest; if the machine is right, correct the line of the check file."),
)

AMOUNT_OF_L1 = Rule(
    id="TTC016",
    name="amount of L1",
    severities=_SEVERITIES,
    title="There is more or less physical L1 than expected.",
    meaning="Physical L1 is that of the live Tensix cores.",
    cause="More or fewer harvested lines than the check file assumes.",
    remedy=("Compare with ttinspect capacity; if the machine is right, correct the line of the check file."),
)

AMOUNT_OF_DRAM = Rule(
    id="TTC017",
    name="amount of DRAM",
    severities=_SEVERITIES,
    title="There is more or less physical DRAM than expected.",
    meaning="Physical DRAM is that of the live banks.",
    cause="A harvested bank, or another product.",
    remedy=("Compare with ttinspect capacity; if the machine is right, correct the line of the check file."),
)

ETH_LINKS = Rule(
    id="TTC018",
    name="eth links",
    severities=_SEVERITIES,
    title="Eth links are missing, or there are more than expected.",
    meaning="The mesh is not wired, or not trained, as the site expects.",
    cause="A loose or swapped cable, a link that did not train, or a chip that was reset alone.",
    remedy=(
        "Compare with ttinspect topology --tree; if the machine is right, correct the line of the check file."
    ),
)

ETH_CORES = Rule(
    id="TTC024",
    name="eth cores",
    severities=_SEVERITIES,
    title="Heartbeats or retrained links of eth cores are not as many as the check file expects.",
    meaning=(
        "A core without a heartbeat does not run its base firmware; a link that was trained again had errors "
        "or lost its partner. tt_umd tells the first of Wormhole and of Blackhole from bundle 19.9 on, the "
        "second of Wormhole before 19.9."
    ),
    cause="A workload that has the eth core for itself, firmware that hangs, or a worn or loose cable.",
    remedy="Look again when nobody works; reseat the cable; reset the board (tt-smi -r).",
)

FIRMWARE_VERSION = Rule(
    id="TTC019",
    name="firmware version",
    severities=_SEVERITIES,
    title="The firmware bundle is not in the expected range.",
    meaning="The chip runs other firmware than the site has released.",
    cause="A card that was not updated, or was updated too early.",
    remedy=("Compare with ttinspect telemetry; if the machine is right, correct the line of the check file."),
)

TEMPERATURE = Rule(
    id="TTC020",
    name="temperature",
    severities=_SEVERITIES,
    title="A temperature is outside the expected range.",
    meaning="The reading was taken while the check ran; it is one moment.",
    cause="Too little air, a fan that stands still, a hot room, or load.",
    remedy=(
        "Compare with ttinspect telemetry --watch; if the machine is right, correct the line of the check "
        "file."
    ),
)

CLOCK = Rule(
    id="TTC021",
    name="clock",
    severities=_SEVERITIES,
    title="The AI clock is outside the expected range.",
    meaning="The reading was taken while the check ran; idle chips clock down.",
    cause="Idle or throttling chips, or other firmware.",
    remedy=(
        "Compare with ttinspect telemetry --watch; if the machine is right, correct the line of the check "
        "file."
    ),
)

POWER = Rule(
    id="TTC022",
    name="power",
    severities=_SEVERITIES,
    title="The power is outside the expected range.",
    meaning="The reading was taken while the check ran; it is one moment.",
    cause="Load on a machine that should be idle, or a power limit.",
    remedy=(
        "Compare with ttinspect telemetry --watch; if the machine is right, correct the line of the check "
        "file."
    ),
)

REGIONS_NOT_CLEAN = Rule(
    id="TTC023",
    name="regions not clean",
    severities=_SEVERITIES,
    title="What tt-metal publishes in shared memory is not right.",
    meaning="verify-shm found something; its own findings stand beside this one.",
    cause="A process that was killed, a runtime with a fault, or regions of another machine.",
    remedy=(
        "Compare with ttinspect verify-shm; if the machine is right, correct the line of the check file."
    ),
)

RULES = (
    NUMBER_OF_CHIPS,
    NOT_THERE,
    OTHER_ARCHITECTURE,
    OTHER_BOARD,
    OTHER_TENSIX_GRID,
    NUMBER_OF_TENSIX_CORES,
    AMOUNT_OF_L1,
    AMOUNT_OF_DRAM,
    ETH_LINKS,
    ETH_CORES,
    FIRMWARE_VERSION,
    TEMPERATURE,
    CLOCK,
    POWER,
    REGIONS_NOT_CLEAN,
)
