"""In the child: everything that tt_umd says of one chip, and one reading of its telemetry."""

from collections.abc import Iterable
from typing import Any

from ttinspect.sources.umd.child.discovery import Facts, attempt, first_line, umd_errors

CORE_TYPES = ("TENSIX", "DRAM", "ETH", "PCIE", "L2CPU", "ARC", "ROUTER_ONLY", "SECURITY")
OTHER_SYSTEMS = ("noc1", "translated", "logical")
ETH = {"up": "link", "heartbeat": "heartbeat", "retrained": "retrain"}
MASK_TAGS = {"tensix": 34, "eth": 35, "dram": 36, "l2cpu": 37, "pcie": 38}
FIRMWARE_BUNDLE_TAG = 28
LOCATION_TAG = 52
PERIOD_TAG = 5
LAST_TAG = 69
MEASURED_TAGS = (32, 14, 11, 6, 7, 8, 13, 15, 16)
"""Those that firmware measures; tt_umd remembers others, such as ids and versions."""
DRAM_CHANNELS = {"WORMHOLE_B0": 6, "BLACKHOLE": 8}
GETTER_OF_FIELD = {
    "aiclk_mhz": "aiclk", "axiclk_mhz": "axiclk", "arcclk_mhz": "arcclk", "vcore_mv": "vcore",
    "power_w": "tdp", "current_a": "tdc", "board_celsius": "board_temperature", "heartbeat": "heartbeat",
    "aiclk_max_mhz": "max_clock_freq", "power_limit_w": "tdp_limit", "throttle_celsius": "thm_limit_throttle",
    "board_power_limit_w": "board_power_limit", "shutdown_celsius": "thm_limit_shutdown",
    "thermal_trips": "therm_trip_count", "gddr_max_celsius": "current_max_dram_temperature",
    "gddr_speed_mts": "dram_speed",
}  # fmt: skip
"""What tt_umd's getters know of a legacy table, by field of Telemetry."""
ALL_ONES = 0xFFFFFFFF
OFF_THE_BUS = "it is off the bus: it answers with all ones only"
LEFT_IN_DISCOVERY = "it left the bus while it was discovered: its unique id reads as all ones"


def chip_facts(tt_umd: Any, descriptor: Any, chip: int, device: Any, unhealthy: str | None) -> Facts:
    """What the cluster descriptor does not say of a chip; ``error`` is why it could not be read."""
    arch = device and attempt(device.get_arch)
    facts: Facts = {"id": chip, "arch": arch.name.lower() if arch else None, "error": unhealthy}
    if device is None:
        facts["error"] = unhealthy or "tt_umd found it, but opened no device for it"
    elif descriptor.get_chip_unique_ids().get(chip) == ALL_ONES << 32 | ALL_ONES:
        facts["error"] = LEFT_IN_DISCOVERY
    else:
        try:
            read_device(device, facts)
            if chip in descriptor.get_all_chips():
                facts["asic_location"] = location(device, descriptor.get_asic_location(chip))
                facts["cores"] = live_cores(tt_umd, device.get_soc_descriptor())
            else:  # not healthy: the descriptor leaves it out, and its cores were listed without its masks
                read_identity(device, facts)
        except umd_errors() as error:
            if unhealthy is None:
                facts["error"] = first_line(error)
    return facts


def quasar_facts(tt_umd: Any, device: Any) -> Facts:
    """A simulated Quasar: nothing is known of its masks, and nothing is harvested."""
    return {
        "id": 0,
        "arch": device.get_arch().name.lower(),
        "mmio": True,
        "masks": dict.fromkeys(MASK_TAGS, 0),
        "noc_translation": device.get_noc_translation_enabled(),
        "cores": live_cores(tt_umd, device.get_soc_descriptor(), not_logical=()),
    }


def location(device: Any, answer: int) -> int | None:
    """The place on its board that tt_umd tells of a chip; None where it made its 0 of telemetry that is
    missing. It makes 0 of all ones too: to read that word once more would move a window, which is a write."""
    reader = device.get_firmware_telemetry_reader()
    has_location = reader is not None and has_own_tags(reader) and reader.is_entry_available(LOCATION_TAG)
    return answer if has_location else None


def read_identity(device: Any, facts: Facts) -> None:
    """What the cluster descriptor says of other chips. Only a Blackhole tells its masks without a write."""
    if facts["arch"] == "blackhole":
        info = device.get_chip_info()
        masks = info.harvesting_masks
        facts["masks"] = {name: getattr(masks, f"{name}_harvesting_mask") for name in MASK_TAGS}
        facts["noc_translation"] = info.noc_translation_enabled
    words = words_of(device, {"high": 1, "low": 2, "asic_location": LOCATION_TAG})
    high, low = words["high"], words["low"]
    if high is not None and low is not None and (high or low):
        facts["board_id"] = str(high << 32 | low)
    if words["asic_location"] != ALL_ONES:
        facts["asic_location"] = words["asic_location"]


def words_of(device: Any, tags: dict[str, int]) -> dict[str, int | None]:
    """Telemetry words by name; None where one is missing."""
    reader = device.get_firmware_telemetry_reader()
    return {
        name: reader.read_entry(tag) if reader is not None and reader.is_entry_available(tag) else None
        for name, tag in tags.items()
    }


def read_device(device: Any, facts: Facts) -> None:
    """The telemetry words behind the masks, and the firmware of an opened device."""
    tags = MASK_TAGS if facts["arch"] == "blackhole" else {}
    facts["tags"] = words_of(device, tags | {"firmware": FIRMWARE_BUNDLE_TAG})
    version = device.get_firmware_info_provider().get_firmware_version()
    facts["firmware"] = [version.major, version.minor, version.patch]


def live_cores(tt_umd: Any, soc: Any, not_logical: tuple[str, ...] = ("ROUTER_ONLY", "SECURITY")) -> Facts:
    """What the live SoC descriptor answers for every core, by type and coordinate system. Asking for what it
    has not raises, which takes a millisecond: so it is asked for the NOC1 coordinates of one core first, as
    descriptors can be without, and never for the logical ones of types that have none."""
    by_type: Facts = {}
    noc0, has_noc1 = tt_umd.CoordSystem.NOC0, None
    for name in CORE_TYPES:
        core_type = getattr(tt_umd.CoreType, name)
        live = attempt(soc.get_cores, core_type, noc0) or []
        lost = attempt(soc.get_harvested_cores, core_type, noc0) or []
        harvested: Facts = {"noc0": [[core.x, core.y] for core in lost]}
        cores: Facts = {"noc0": [[core.x, core.y] for core in live], "harvested": harvested}
        if has_noc1 is None and (live or lost):
            has_noc1 = attempt(soc.translate_coord_to, [*live, *lost][0], tt_umd.CoordSystem.NOC1) is not None
        for system_name in OTHER_SYSTEMS:
            has_any = (
                has_noc1 if system_name == "noc1" else system_name != "logical" or name not in not_logical
            )
            system = getattr(tt_umd.CoordSystem, system_name.upper()) if has_any else None
            cores[system_name] = translated(soc, live, system)
            if system_name != "logical":
                harvested[system_name] = translated(soc, lost, system)
        by_type[name.lower()] = cores
    return by_type


def translated(soc: Any, cores: list[Any], system: Any) -> list[Any]:
    """Cores of one type in another system: [x, y], the type and place of the core that answers instead, or
    None."""
    answers: list[Any] = []
    for core in cores:
        answer = None if system is None else attempt(soc.translate_coord_to, core, system)
        if answer is None or answer.core_type == core.core_type:
            answers.append(answer and [answer.x, answer.y])
        else:
            answers.append({"type": answer.core_type.name, "xy": [answer.x, answer.y]})
    return answers


def is_off_the_bus(reader: Any, tags: dict[int, int]) -> bool:
    """Whether everything that is measured reads as all ones, also a moment after it was read."""
    measured = [tag for tag in MEASURED_TAGS if tag in tags]
    return len(measured) > 1 and all(reader.read_entry(tag) == ALL_ONES for tag in measured)


def heartbeat_seconds(devices: Iterable[Any]) -> float:
    """How long to wait until the heartbeat of each of these must have moved."""
    from ttinspect.sources.umd.lateness import still_seconds

    readers = [attempt(device.get_firmware_telemetry_reader) for device in devices]
    periods = [
        reader.read_entry(PERIOD_TAG)
        for reader in readers
        if reader is not None and has_own_tags(reader) and reader.is_entry_available(PERIOD_TAG)
    ]
    return max([still_seconds(None), *map(still_seconds, periods)])


def has_own_tags(reader: Any) -> bool:
    """Whether tags mean what they do; those of a legacy table mean something else."""
    return type(reader).__name__ != "SmBusArcTelemetryReader"


def telemetry_facts(tt_umd: Any, device: Any) -> Facts:
    """Raw telemetry words by tag; of a legacy table, whose tags mean something else, what tt_umd's own
    getters make of it."""
    reader, provider = device.get_firmware_telemetry_reader(), device.get_firmware_info_provider()
    arch, tags, getters = device.get_arch(), {}, {}
    if has_own_tags(reader):
        tags = {
            tag: reader.read_entry(tag) for tag in range(1, LAST_TAG + 1) if reader.is_entry_available(tag)
        }
    if not tags:
        getters = {
            field: attempt(getattr(provider, f"get_{name}")) for field, name in GETTER_OF_FIELD.items()
        }
    eth_version = attempt(provider.get_eth_fw_version)
    training = attempt(provider.get_dram_training_status, DRAM_CHANNELS.get(arch.name, 0))
    eth = {name: attempt(getattr(provider, f"get_eth_{word}_status_per_core")) for name, word in ETH.items()}
    return {
        "tags": tags,
        "getters": getters,
        "firmware": {
            "bundle": str(provider.get_firmware_version()),
            "minimum": str(tt_umd.get_minimum_compatible_firmware_version(arch)),
            "latest": str(tt_umd.get_latest_supported_firmware_version(arch)),
            "eth": None if eth_version is None else str(eth_version),
        },
        "training": None if training is None else [status.name for status in training],
        "eth": {
            name: [[core.x, core.y, state] for core, state in cores] for name, cores in eth.items() if cores
        },
        "error": OFF_THE_BUS if is_off_the_bus(reader, tags) else None,
    }
