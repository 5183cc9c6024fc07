"""The names of all metrics, behind ``ttinspect_``, with what they are: the HELP of a scrape."""

PREFIX = "ttinspect_"

GAUGES = {
    "up": "1 if the source could be read, else 0.",
    "build_info": "Always 1: the version of ttinspect.",
    "source_info": "Always 1: what was read, and whether devices answered (live).",
    "last_collect_success": "1 if the last reading of the source succeeded.",
    "last_collect_duration_seconds": "How long the last reading took.",
    "last_collect_success_timestamp_seconds": "When the last successful reading ended.",
    "chip_up": "1 if the chip could be read, 0 if not.",
    "chip_info": "Always 1: what a chip is; join it by chip and unique_id.",
    "firmware_info": "Always 1: the firmware of a chip, by component.",
    "cores": "Cores (tensix, eth) and banks (dram) of a chip that are active or harvested.",
    "memory_physical_bytes": "Memory that the live cores and banks of a chip have.",
    "memory_allocatable_bytes": "What tt-metal's allocator can hand out of it.",
    "memory_used_bytes": "What processes published as allocated, by buffer type; absent where nobody "
    "published, or what was published cannot be true.",
    "process_memory_used_bytes": "The same by process (pid of the publishing process).",
    "device_processes": "Processes that have the device open or map its region.",
    "pcie_lanes": "Lanes of the PCIe link as it trained.",
    "pcie_lanes_max": "Lanes that the link could have.",
    "pcie_transfers_per_second": "Transfers a second and lane of the PCIe link as it trained.",
    "pcie_transfers_per_second_max": "Transfers a second and lane that the link could have.",
    "temperature_celsius": "Temperature by sensor.",
    "temperature_limit_celsius": "From where the firmware throttles, and shuts down.",
    "core_power_watts": "Power that the ASIC takes (what telemetry calls TDP).",
    "core_power_limit_watts": "The limit of core_power_watts.",
    "board_input_power_watts": "Power that the whole board takes, its ASICs included: each chip of a "
    "board may report all of it.",
    "board_power_limit_watts": "The limit of the board's input power.",
    "core_volts": "Core voltage.",
    "core_amperes": "Core current (what telemetry calls TDC).",
    "core_current_limit_amperes": "The limit of core_amperes.",
    "clock_hertz": "Clocks.",
    "clock_limit_hertz": "The highest clock that the firmware may set.",
    "busy": "1 while a runtime has told the chip that it works, 0 while none has.",
    "throttling": "1 for what holds the AI clock down now, 0 for what does not; voltage is no throttling, it "
    "is the clock that the voltage allows.",
    "fan_rpm": "Fan speed.",
    "fan_duty_ratio": "What the fan is told to run at, 0 to 1.",
    "dram_transfers_per_second": "Transfers a second and pin of the DRAM.",
    "dram_channel_trained": "1 if a live DRAM channel passed its training and self test, 0 if not.",
    "dram_channel_temperature_celsius": "Temperature of a live DRAM channel.",
    "dram_corrected_errors": "Corrected errors of a live DRAM channel as its firmware counts them, in a few "
    "bits: no counter.",
    "dram_uncorrected_error": "1 if a live DRAM channel had an uncorrected error since its reset.",
    "eth_link_up": "1 if the link of a live eth channel is up.",
    "eth_link_info": "Always 1: where the link of an eth channel leads.",
    "telemetry_timestamp_seconds": "When the telemetry of the chip was read.",
    "findings": "Findings about the host, one series for each that is looked for.",
    "finding_inconclusive": "1 for each finding that could not be decided.",
    "chip_finding": "Always 1: a finding about this chip; gone when it is gone.",
}
COUNTERS = {
    "heartbeat_total": "The firmware's heartbeat, of its last reset on.",
    "thermal_trips_total": "Shutdowns by heat, of the last reset on.",
    "pcie_host_read_bytes_total": "Bytes that the host read over PCIe, since the exporter started.",
    "pcie_host_write_bytes_total": "Bytes that the host wrote over PCIe, since the exporter started.",
    "pcie_device_read_bytes_total": "Bytes that the device read over PCIe, since the exporter started.",
    "pcie_device_write_bytes_total": "Bytes that the device wrote over PCIe, since the exporter started.",
}
