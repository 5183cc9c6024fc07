"""Texts of the findings about which chip a region belongs to."""

from ttinspect.model.finding import Explanation

MATCHING = (
    Explanation(
        id="TTS007",
        name="name and asic_id disagree",
        title="The file's name and its header name different chips.",
        meaning=(
            "The number in tt_device_NUMBER_memory and the ids in the header must name the same chip, and "
            "here they do not. One of the two is wrong, so these figures may be another chip's."
        ),
        cause=(
            "v2 and later write UMD's unique id into both; v1 writes (board_id << 8) | asic_location into "
            "the name and the two parts into the header. The usual cause is a region that was copied or "
            "renamed, or a header that was overwritten."
        ),
        remedy=(
            "If it is a copy, give it back its name. In /dev/shm, stop the workloads of that chip, remove "
            "the file and start again."
        ),
    ),
    Explanation(
        id="TTS008",
        name="no such chip",
        title="The region belongs to a chip that the source does not have.",
        meaning=(
            "No chip of the source has this region's id. Its own sums were judged, its figures were not held "
            "against any capacity."
        ),
        cause=(
            "The board was taken out or replaced while the file stayed (it lives until reboot), or the "
            "source describes another host. Ids 0x7700000000000000 + pid are left behind by tt-metal's own "
            "tests, and are only mentioned."
        ),
        remedy=(
            "Check that --from describes this host (ttinspect list). A leftover without live processes can "
            "be removed."
        ),
    ),
    Explanation(
        id="TTS009",
        name="chip without region",
        title="A chip has no published region.",
        meaning=(
            "Nothing is published for this chip. If nobody uses it, that is as it should be. If a process "
            "has the device open, its memory use is unknown: unknown is not zero, so the check is "
            "inconclusive."
        ),
        cause=(
            "Deployments often set TT_METAL_SHM_TRACKING_DISABLED=1; then the released runtimes create no "
            "file. A workload in a container publishes into the container's own /dev/shm. tt-smi and "
            "similar tools open the device without publishing."
        ),
        remedy=(
            "Unset TT_METAL_SHM_TRACKING_DISABLED for the workload, or point --shm-dir at the container's "
            "/dev/shm (/proc/PID/root/dev/shm). To see who has the device open: "
            "cat /proc/driver/tenstorrent/N/pids."
        ),
    ),
    Explanation(
        id="TTS010",
        name="two files for one chip",
        title="Several regions claim the same chip.",
        meaning=(
            "Each of these files publishes figures for one and the same chip, so neither shows everything "
            "that is allocated on it. What is used of the chip is not the figure of any one of them."
        ),
        cause=(
            "Runtimes of different versions name the file differently: v1 by board id and location, v2 and "
            "later by the unique id, and by the device id where there is no unique id. After an update the "
            "old file stays until reboot."
        ),
        remedy=(
            "Remove the file whose processes are all gone. If both have live processes, two different "
            "runtimes use the chip at the same time: bring them to one version."
        ),
    ),
)
