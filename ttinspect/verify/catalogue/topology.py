"""Texts of the findings about topology."""

from ttinspect.model.finding import Explanation

TOPOLOGY = (
    Explanation(
        id="TTT001",
        name="duplicate unique id",
        title="Two chips have the same unique id.",
        meaning=(
            "tt-metal names shared memory and meshes by unique id: chips that share one cannot be told apart."
        ),
        cause="Boards that were flashed with another board's id, or a descriptor that was edited.",
        remedy="Compare the serial numbers on the cards; reflash the board that has the wrong one.",
    ),
    Explanation(
        id="TTT002",
        name="duplicate board id",
        title="More chips have one board id than the board has chips, or two of them the same place on it.",
        meaning="Two cards claim the same serial number, or two chips of a P300 to be the same one.",
        cause="A card that was flashed with another card's id, or a descriptor that was edited.",
        remedy="Compare the serial numbers on the cards; reflash the board that has the wrong one.",
    ),
    Explanation(
        id="TTT003",
        name="one-sided link",
        title="One end of an eth link reports it, the other end does not.",
        meaning="Discovery saw a link from one side only; traffic over it is not to be relied on.",
        cause=(
            "A link that trained late or dropped during discovery, or eth firmware that differs "
            "between the ends."
        ),
        remedy="Reset the boards (tt-smi -r) and look again; if it stays, reseat or replace the cable.",
    ),
    Explanation(
        id="TTT004",
        name="impossible link",
        title="An eth channel is an end of two links.",
        meaning="The description contradicts itself; at least one of the links is not there.",
        cause="A descriptor that was edited or merged from two hosts, or chips that were told apart wrongly.",
        remedy="Write the descriptor anew on the host that it describes.",
    ),
    Explanation(
        id="TTT005",
        name="isolated chip",
        title="A chip has no eth link to any other.",
        meaning=(
            "On N300, P300 and Galaxy, whose chips are linked on the board, that is a fault; "
            "between separate "
            "cards it only means that no cable is there."
        ),
        cause="Links that did not train, eth firmware that did not start, or no cable.",
        remedy=(
            "ttinspect telemetry shows the state of the links; reset the board (tt-smi -r) if some "
            "should be up."
        ),
    ),
    Explanation(
        id="TTT006",
        name="unreachable chip",
        title="A remote chip is reached by no MMIO-capable one.",
        meaning="The chip is listed, but nothing on this host can talk to it.",
        cause="Its eth links are down, or the descriptor leaves them out.",
        remedy="Reset the board (tt-smi -r); check its links.",
    ),
    Explanation(
        id="TTT007",
        name="incomplete board",
        title="A board shows fewer chips than it has.",
        meaning="One chip of an N300 or P300 is missing, or some of the 32 of a Galaxy.",
        cause="The chip did not start, its link is down, or TT_VISIBLE_DEVICES hides it.",
        remedy="Reset the board (tt-smi -r); compare with TT_VISIBLE_DEVICES and lspci -d 1e52:.",
    ),
    Explanation(
        id="TTT008",
        name="link down",
        title="An eth link is known, and down.",
        meaning="Both ends belong to chips of this system, but the link between them is not trained.",
        cause="A loose or broken cable, eth firmware that did not start, or a chip that was reset alone.",
        remedy="Reset the boards (tt-smi -r) and look again; if it stays, reseat or replace the cable.",
    ),
    Explanation(
        id="TTT009",
        name="missing link",
        title="The chips of one board are joined by fewer eth links than the board has.",
        meaning=(
            "An N300 and a P300 have two links between their chips on the board itself, without a cable. "
            "Discovery lists the links that trained; one that is not listed is down."
        ),
        cause="A link that did not train: eth firmware that did not start, or a fault of the board.",
        remedy="Reset the board (tt-smi -r) and look again; if it stays, the board is to be replaced.",
    ),
)
