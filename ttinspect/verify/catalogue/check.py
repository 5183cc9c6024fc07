"""Texts of the findings of check: what a site expects, and what is there."""

from ttinspect.model.finding import Explanation


def _text(number: int, name: str, title: str, meaning: str, cause: str, command: str) -> Explanation:
    return Explanation(
        id=f"TTC{number:03}",
        name=name,
        title=title,
        meaning=meaning,
        cause=cause,
        remedy=f"Compare with {command}; if the machine is right, correct the line of the check file.",
    )


CHECK = (
    _text(
        10,
        "number of chips",
        "There are more or fewer chips than expected.",
        "The check file, or --expect, says how many chips this machine has, or how many of a board.",
        "A chip did not start, a card is missing or was added, or TT_VISIBLE_DEVICES hides some.",
        "ttinspect list and lspci -d 1e52:",
    ),
    _text(
        11,
        "not there",
        "A chip or board that the check file names is not there.",
        "Nothing has this chip id, bus address, unique id or board: what is expected of it cannot hold.",
        "The card moved, was replaced or did not start; or the name in the file is mistyped.",
        "ttinspect list --json",
    ),
    _text(
        12,
        "other architecture",
        "A chip is of another architecture than expected.",
        "It is another product.",
        "The check was run on the wrong machine, or another card was put in.",
        "ttinspect list",
    ),
    _text(
        13,
        "other board",
        "A chip is on another board than expected.",
        "It is another product.",
        "The check was run on the wrong machine, or another card was put in.",
        "ttinspect list",
    ),
    _text(
        14,
        "other tensix grid",
        "The grid of live Tensix cores is not the expected one.",
        "A workload that was compiled for the expected grid may not fit.",
        "More or fewer harvested lines: another card, or firmware that harvests differently.",
        "ttinspect harvest",
    ),
    _text(
        15,
        "number of tensix cores",
        "There are more or fewer live Tensix cores than expected.",
        "Compute and L1 of the chip are not what they should be.",
        "More or fewer harvested lines: another card, or firmware that harvests differently.",
        "ttinspect harvest",
    ),
    _text(
        16,
        "amount of L1",
        "There is more or less physical L1 than expected.",
        "Physical L1 is that of the live Tensix cores.",
        "More or fewer harvested lines than the check file assumes.",
        "ttinspect capacity",
    ),
    _text(
        17,
        "amount of DRAM",
        "There is more or less physical DRAM than expected.",
        "Physical DRAM is that of the live banks.",
        "A harvested bank, or another product.",
        "ttinspect capacity",
    ),
    _text(
        18,
        "eth links",
        "Eth links are missing, or there are more than expected.",
        "The mesh is not wired, or not trained, as the site expects.",
        "A loose or swapped cable, a link that did not train, or a chip that was reset alone.",
        "ttinspect topology --tree",
    ),
    _text(
        19,
        "firmware version",
        "The firmware bundle is not in the expected range.",
        "The chip runs other firmware than the site has released.",
        "A card that was not updated, or was updated too early.",
        "ttinspect telemetry",
    ),
    _text(
        20,
        "temperature",
        "A temperature is outside the expected range.",
        "The reading was taken while the check ran; it is one moment.",
        "Too little air, a fan that stands still, a hot room, or load.",
        "ttinspect telemetry --watch",
    ),
    _text(
        21,
        "clock",
        "The AI clock is outside the expected range.",
        "The reading was taken while the check ran; idle chips clock down.",
        "Idle or throttling chips, or other firmware.",
        "ttinspect telemetry --watch",
    ),
    _text(
        22,
        "power",
        "The power is outside the expected range.",
        "The reading was taken while the check ran; it is one moment.",
        "Load on a machine that should be idle, or a power limit.",
        "ttinspect telemetry --watch",
    ),
    _text(
        23,
        "regions not clean",
        "What tt-metal publishes in shared memory is not right.",
        "verify-shm found something; its own findings stand beside this one.",
        "A process that was killed, a runtime with a fault, or regions of another machine.",
        "ttinspect verify-shm",
    ),
)
