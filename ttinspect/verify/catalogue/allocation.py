"""Texts of the findings about allocatable memory."""

from ttinspect.model.finding import Explanation

ALLOCATION = (
    Explanation(
        id="TTC004",
        name="no DRAM view",
        title="The DRAM banks of this descriptor are not those of the architecture.",
        meaning="Physical DRAM is known; how tt-metal would cut it into views is not.",
        cause="A SoC descriptor file with another dram_bank_size than the built-in one.",
        remedy="Ask the allocator itself on such a device (ttnn.get_memory_view).",
    ),
    Explanation(
        id="TTC001",
        name="dispatch not supported",
        title="tt-metal cannot open this device with the chosen dispatch.",
        meaning="Nothing is allocatable, because no workload can open the device this way.",
        cause=(
            "On Blackhole tt-metal's tables place eth dispatch on eth cores that the chip does "
            "not have; ttnn "
            '0.81.1 fails with "No core coordinate found" when the device is opened.'
        ),
        remedy="Use --dispatch tensix (the default of Blackhole) or slow.",
    ),
    Explanation(
        id="TTC002",
        name="no compute grid",
        title="tt-metal has no compute grid for this harvest.",
        meaning=(
            "Physical memory is known; what a workload would get is not, because tt-metal has no "
            "table for it."
        ),
        cause=(
            "More than two harvested rows (Wormhole) or columns (Blackhole), a SoC descriptor "
            "with another worker "
            "grid, or Quasar."
        ),
        remedy="Ask the allocator itself on a live device (ttnn.get_memory_view).",
    ),
    Explanation(
        id="TTC003",
        name="capacity unknown",
        title="The L1 of this chip is unknown, because its tensix mask is.",
        meaning="Without the mask the number of live cores is unknown; it is not the full grid.",
        cause="See TTH004: the source does not tell the mask.",
        remedy="Use a source that has the mask: a cluster descriptor of the host, or the live device.",
    ),
)
