"""Texts of the findings about harvesting."""

from ttinspect.model.finding import Explanation

HARVEST = (
    Explanation(
        id="TTH001",
        name="not as the product",
        title="A chip is not what its product should be.",
        meaning=(
            "The number of harvested tensix rows or columns, DRAM banks or eth channels differs from what "
            "every board of this type is sold with, or the chip is of another architecture than its board."
        ),
        cause=(
            "The wrong firmware or eFuse data, a board type read wrongly, or an engineering sample. A p150 "
            "without harvested columns is right with firmware before 19.5 and wrong from 19.5 on: where the "
            "firmware is unknown the finding is inconclusive."
        ),
        remedy=(
            "Compare the board type and the firmware with the label of the card. tt-umd and "
            "tt-metal take the "
            "masks as they are; workloads that were compiled for the product's grid may not fit."
        ),
    ),
    Explanation(
        id="TTH002",
        name="chips differ",
        title="The chips of one mesh do not have the same grid, DRAM banks or eth channels.",
        meaning="A MeshDevice uses only what every chip has; the rest of the better chips lies idle.",
        cause="Boards of different products or harvests stand in one system.",
        remedy="Expect the common grid that harvest shows, or choose chips that are alike with --device.",
    ),
    Explanation(
        id="TTH003",
        name="ignored mask",
        title="A harvesting mask is set that the architecture does not have.",
        meaning=(
            "Wormhole and Quasar have no PCIe or L2CPU harvesting; tt-umd ignores these masks, and so do we."
        ),
        cause="A descriptor that was written by hand, or for another architecture.",
        remedy="Remove the mask from the source.",
    ),
    Explanation(
        id="TTH004",
        name="unknown mask",
        title="The source does not tell a harvesting mask.",
        meaning=(
            "What depends on the mask is unknown: null in JSON, unknown in tables. It is not an "
            "unharvested chip, "
            "although tt-umd reports a missing telemetry tag as mask 0."
        ),
        cause=(
            "Firmware without the telemetry tag, a Wormhole tt-smi document (it carries no "
            "harvesting), a cluster "
            "descriptor without a harvesting table, or a chip that did not answer."
        ),
        remedy=(
            "Use a source that has it: a cluster descriptor of the host, or the live device with "
            "newer firmware."
        ),
    ),
    Explanation(
        id="TTH005",
        name="unknown board",
        title="UMD does not know the board's name.",
        meaning="The chip is described in full, but what its product should have is not known.",
        cause="A board name that UMD does not read (it knows p150a, but not p150b), or a newer product.",
        remedy="Nothing, if the name is right; expectations about the product are not checked.",
    ),
    Explanation(
        id="TTH006",
        name="placeholder design",
        title="The Quasar table is a placeholder.",
        meaning=(
            "tt-umd's Quasar descriptor has 22 cores outside its own 12x8 grid and 8 nodes that "
            "two cores share. "
            "Grids and coordinates are what tt-umd computes from it, not what a Quasar chip has."
        ),
        cause="tt-umd 0.9.14 ships it so that software can be written before the hardware.",
        remedy="Give the real descriptor with masks:quasar,soc=FILE when you have one.",
    ),
    Explanation(
        id="TTH007",
        name="doubtful source",
        title="The source contradicts itself or leaves out what it should say.",
        meaning="The facts are shown as the source has them; the sentence says what is doubtful.",
        cause=(
            "A file of another age of UMD, or one that was edited; TT_VISIBLE_DEVICES, which hides devices; "
            "a container with some of the device nodes. As info: sysfs shows no chip behind another one."
        ),
        remedy=(
            "Write the file anew on the host that it describes; unset TT_VISIBLE_DEVICES; ask the devices "
            "themselves (--from umd) for what sysfs does not show."
        ),
    ),
    Explanation(
        id="TTH008",
        name="live chip differs",
        title="tt_umd's live SoC descriptor says otherwise than the computed one.",
        meaning=(
            "The grid and all coordinates of a live chip are computed from its masks and "
            "compared with what tt_umd "
            "itself answers for it. One of the two is wrong."
        ),
        cause="A tt-umd of another version than 0.9.14, whose rules ttinspect follows, or a bug in either.",
        remedy="Trust tt_umd for this chip; report the difference with the versions of both.",
    ),
    Explanation(
        id="TTH009",
        name="unreadable chip",
        title="A chip of a live source could not be read, or was not found at all.",
        meaning="The other chips are shown; what could not be read is unknown. The exit code is 5.",
        cause=(
            "A hung chip, one that is off the bus, firmware that tt_umd refuses, a crash inside tt_umd, or "
            "eth links with which its discovery fails. Of two chips with one unique id tt_umd reports one."
        ),
        remedy="Look at the log with --verbose; reset the board (tt-smi -r) and look again.",
    ),
    Explanation(
        id="TTH010",
        name="unhealthy chip",
        title="tt_umd finds something wrong with a chip that it could read.",
        meaning="The chip's facts are shown; the sentence is tt_umd's own.",
        cause="Firmware older than tt_umd supports, eth firmware that differs, a failed health check.",
        remedy="Update the firmware (tt-flash), or reset the board (tt-smi -r), as the sentence suggests.",
    ),
)
