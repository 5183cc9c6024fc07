"""In the child: everything that tt_umd says of one chip, and one reading of its telemetry."""

from collections.abc import Iterable
from typing import Any

from ttinspect.sources.umd.child.discovery import Facts, attempt, first_line, umd_errors
from ttinspect.sources.umd.lateness import still_seconds

CORE_TYPES = ("TENSIX", "DRAM", "ETH", "PCIE", "L2CPU", "ARC", "ROUTER_ONLY", "SECURITY")
NEVER = (("logical", "ROUTER_ONLY"), ("logical", "SECURITY"))
OTHER_SYSTEMS = ("noc1", "translated", "logical")
ETH = {"up": "link", "heartbeat": "heartbeat", "retrained": "retrain"}
MASK_TAGS = {"tensix": 34, "eth": 35, "dram": 36, "l2cpu": 37, "pcie": 38}
FIRMWARE_BUNDLE_TAG = 28
IDENTITY_TAGS = {"high": 1, "low": 2, "asic_location": 52}
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
MASK_KEYS = {
    "tensix": "harvest_mask",
    "dram": "dram_harvesting_mask",
    "eth": "eth_harvesting_mask",
    "pcie": "pcie_harvesting_mask",
    "l2cpu": "l2cpu_harvesting_mask",
}
"""Masks by their key in a serialized cluster descriptor."""


def chip_facts(
    tt_umd: Any, descriptor: Any, chip: int, device: Any, masks: Facts | None, unhealthy: str | None
) -> Facts:
    """Everything about one chip; ``error`` says why it could not be read."""
    mmio, board = attempt(descriptor.is_chip_mmio_capable, chip), attempt(descriptor.get_board_type, chip)
    unique_id = descriptor.get_chip_unique_ids().get(chip)
    placed = board is not None  # a chip that failed to start has no board, and a made-up unique id
    arch = attempt(descriptor.get_arch, chip) or (device and attempt(device.get_arch))
    facts: Facts = {
        "id": chip,
        "arch": arch.name.lower() if arch else None,
        "board": board.name.lower() if placed else None,
        "board_id": id_of(attempt(descriptor.get_board_id_for_chip, chip)),
        "unique_id": id_of(unique_id) if placed else None,
        "asic_location": attempt(descriptor.get_asic_location, chip) if placed else None,
        "mmio": mmio if placed else None,
        "via": None if mmio else attempt(descriptor.get_closest_mmio_capable_chip, chip),
        "pci_bdf": descriptor.get_chip_pci_bdfs().get(chip),
        "bus_id": descriptor.get_chip_to_bus_id().get(chip),
        "pcie_lanes": descriptor.get_chip_pcie_lane_counts().get(chip),
        "kmd_id": descriptor.get_chips_with_mmio().get(chip),
        "error": unhealthy,
        "masks": None,
        "tags": {},
    }
    if device is None:
        facts["error"] = unhealthy or "tt_umd found it, but opened no device for it"
    elif placed and unique_id == ALL_ONES << 32 | ALL_ONES:
        facts["error"] = LEFT_IN_DISCOVERY
    else:
        try:
            read_device(device, facts, masks)
            if placed:
                read_location(device, facts)
                facts["cores"] = live_cores(tt_umd, device.get_soc_descriptor())
            else:  # it is not in the cluster descriptor, and its SoC descriptor was not made with its masks
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
        "masks": dict.fromkeys(MASK_KEYS, 0),
        "noc_translation": device.get_noc_translation_enabled(),
        "cores": live_cores(tt_umd, device.get_soc_descriptor(), never=()),
    }


def id_of(number: int | None) -> int | None:
    """An id of two telemetry words; None where one of them is all ones, which no id has."""
    return None if number is None or ALL_ONES in (number & ALL_ONES, number >> 32) else number


def read_location(device: Any, facts: Facts) -> None:
    """tt_umd makes 0 of an asic_location that is missing: that is a place on a board too. One of all ones it
    makes 0 of as well; to read the word once more would move a window, which is a write. The unique id of a
    linked Blackhole, (board_id << 5) | asic_location, has it too."""
    reader = device.get_firmware_telemetry_reader()
    tag = IDENTITY_TAGS["asic_location"]
    if reader is None or not has_own_tags(reader) or not reader.is_entry_available(tag):
        facts["asic_location"] = None
    unique_id, board_id = facts["unique_id"], facts["board_id"]
    if facts["arch"] == "blackhole" and None not in (unique_id, board_id) and unique_id >> 5 == board_id:
        facts["asic_location"] = unique_id & 0x1F


def words_of(device: Any, tags: dict[str, int]) -> dict[str, int | None]:
    """Telemetry words by name; None where one is missing."""
    reader = device.get_firmware_telemetry_reader()
    return {
        name: reader.read_entry(tag) if reader is not None and reader.is_entry_available(tag) else None
        for name, tag in tags.items()
    }


def read_identity(device: Any, facts: Facts) -> None:
    """Board id and place of a chip that the cluster descriptor does not have, from its telemetry."""
    words = words_of(device, IDENTITY_TAGS)
    high, low = words["high"], words["low"]
    if high is not None and low is not None:
        facts["board_id"] = id_of(high << 32 | low) or None
    if words["asic_location"] != ALL_ONES:
        facts["asic_location"] = words["asic_location"]


def read_device(device: Any, facts: Facts, masks: Facts | None) -> None:
    """Masks, the telemetry tags behind them, and firmware of an opened device."""
    tags = {"firmware": FIRMWARE_BUNDLE_TAG}
    facts["tags"] = words_of(device, MASK_TAGS | tags if facts["arch"] == "blackhole" else tags)
    if masks is not None:
        facts["masks"] = {name: int(masks[key], 0) for name, key in MASK_KEYS.items()}
        facts["noc_translation"] = masks["noc_translation"] == "true"
    elif facts["arch"] == "blackhole":  # an unhealthy chip is not in the descriptor; this only reads
        info = device.get_chip_info()
        facts["masks"] = {
            name: getattr(info.harvesting_masks, name + "_harvesting_mask") for name in MASK_KEYS
        }
        facts["noc_translation"] = info.noc_translation_enabled
    version = device.get_firmware_info_provider().get_firmware_version()
    facts["firmware"] = [version.major, version.minor, version.patch]


def live_cores(tt_umd: Any, soc: Any, never: Any = NEVER) -> Facts:
    """What the live SoC descriptor answers for every core, by type and coordinate system. ``never`` are the
    types that have no coordinate of a system: asking for it raises, which takes its time."""
    by_type: Facts = {}
    noc0 = tt_umd.CoordSystem.NOC0
    without_noc1 = None  # as SoC descriptors that do not tell its numbers are
    for name in CORE_TYPES:
        core_type = getattr(tt_umd.CoreType, name)
        live = attempt(soc.get_cores, core_type, noc0) or []
        lost = attempt(soc.get_harvested_cores, core_type, noc0) or []
        harvested: Facts = {"noc0": [[core.x, core.y] for core in lost]}
        cores: Facts = {"noc0": [[core.x, core.y] for core in live], "harvested": harvested}
        if without_noc1 is None and (live or lost):
            without_noc1 = attempt(soc.translate_coord_to, [*live, *lost][0], tt_umd.CoordSystem.NOC1) is None
        for system_name in OTHER_SYSTEMS:
            system = getattr(tt_umd.CoordSystem, system_name.upper())
            silent = without_noc1 if system_name == "noc1" else (system_name, name) in never
            get = None if silent else soc.get_cores
            cores[system_name] = translated(get, soc, live, system)
            if system_name != "logical":
                harvested[system_name] = translated(get and soc.get_harvested_cores, soc, lost, system)
        by_type[name.lower()] = cores
    return by_type


def translated(get: Any, soc: Any, cores: list[Any], system: Any) -> list[Any]:
    """Cores of one type in another system, all at once; one by one where tt_umd has none for some. Nowhere if
    there is no ``get``."""
    if not cores or get is None:
        return [None for _ in cores]
    answers = attempt(get, cores[0].core_type, system)
    if answers is not None and len(answers) == len(cores):
        return [answer_of(core, answer) for core, answer in zip(cores, answers, strict=True)]
    return [answer_of(core, attempt(soc.translate_coord_to, core, system)) for core in cores]


def answer_of(core: Any, answer: Any) -> Any:
    """[x, y], the type and place of the core that answers instead, or None."""
    if answer is None:
        return None
    if answer.core_type != core.core_type:
        return {"type": answer.core_type.name, "xy": [answer.x, answer.y]}
    return [answer.x, answer.y]


def is_off_the_bus(reader: Any, tags: dict[int, int]) -> bool:
    """Whether everything that is measured reads as all ones, also a moment after it was read."""
    measured = [tag for tag in MEASURED_TAGS if tag in tags]
    return len(measured) > 1 and all(reader.read_entry(tag) == ALL_ONES for tag in measured)


def heartbeat_seconds(devices: Iterable[Any]) -> float:
    """How long to wait until the heartbeat of each of these must have moved."""
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
