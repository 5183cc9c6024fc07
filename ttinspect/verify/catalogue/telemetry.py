"""Texts of the findings about telemetry."""

from ttinspect.model.finding import Explanation

TELEMETRY = (
    Explanation(
        id="TTT010",
        name="no telemetry",
        title="The source has no telemetry of a chip.",
        meaning="Clocks, power, temperatures and everything else of it are unknown.",
        cause=(
            "A cluster descriptor or an example has none; a live chip that is hung or off the "
            "bus does not answer."
        ),
        remedy=(
            "Use a live source or a tt-smi document; reset the board (tt-smi -r) if a live chip is silent."
        ),
    ),
    Explanation(
        id="TTT011",
        name="DRAM not trained",
        title="A live DRAM channel is not trained.",
        meaning="The channel is not harvested, so it should work, but its training failed or is not done.",
        cause="A reset that is still going on, firmware, or defective memory.",
        remedy=(
            "Wait a few seconds and look again; reset the board (tt-smi -r); if it stays, return the card."
        ),
    ),
    Explanation(
        id="TTT012",
        name="no heartbeat",
        title="The firmware's heartbeat stands still.",
        meaning="Two reads half a second apart gave the same count: the firmware on the chip does not run.",
        cause=(
            "The firmware crashed or hangs. On a simulator it says nothing of health: functional simulators "
            "answer for the firmware without running it, and most keep the count at one value."
        ),
        remedy=(
            "Reset the board (tt-smi -r); update the firmware if it happens again. ttinspect check expects "
            "no heartbeat of a simulator."
        ),
    ),
    Explanation(
        id="TTT013",
        name="old firmware",
        title="The firmware is older than tt_umd supports.",
        meaning="tt_umd's own minimum for this architecture is newer than what the chip runs.",
        cause="A card that was not updated with the software.",
        remedy="Update the firmware (tt-flash).",
    ),
    Explanation(
        id="TTT014",
        name="hot",
        title="The ASIC is at or over the temperature at which it throttles.",
        meaning="The chip lowers its clock to stay whole; workloads run slower.",
        cause="Too little air, a fan that stands still, or a hot room.",
        remedy="Check fans and air flow; compare with the other chips.",
    ),
    Explanation(
        id="TTT015",
        name="DRAM errors",
        title="A DRAM channel had errors that were not corrected.",
        meaning="Since the last reset data was read or written wrongly at least once.",
        cause="Memory that is too hot, or defective.",
        remedy="Watch whether the count grows (ttinspect telemetry --watch); if it does, return the card.",
    ),
)
