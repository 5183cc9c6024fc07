"""Seeded faults: sums and counters."""

from tests.verify.build import Bytes, ChipSpec, RegionSpec, SlotSpec
from tests.verify.host import Host
from tests.verify.seeds.seed import HELD, OTHER, UNDERFLOW, PlantIn, healthy, in_versions, seed


def _more_in_the_slots(host: Host, version: int) -> None:
    totals = HELD.plus(OTHER)
    totals.l1 -= 4096
    host.publish(healthy(host, version, totals=totals, chips=[ChipSpec(chip_id=0, held=totals)]))


def _less_in_the_slots(host: Host, version: int) -> None:
    totals = HELD.plus(OTHER).plus(Bytes(dram=4096))
    host.publish(healthy(host, version, totals=totals, chips=[ChipSpec(chip_id=0, held=totals)]))


def _nobody_left(host: Host, version: int) -> None:
    _less_in_the_slots(host, version)
    host.open_device(0, 101, 102)


def _less_in_the_chips(host: Host, version: int) -> None:
    less = HELD.plus(OTHER).plus(Bytes(trace=-512))
    host.publish(healthy(host, version, chips=[ChipSpec(chip_id=0, held=less)]))


def _more_in_the_chips(host: Host, version: int) -> None:
    more = HELD.plus(OTHER).plus(Bytes(dram=512))
    host.publish(healthy(host, version, chips=[ChipSpec(chip_id=0, held=more)]))


in_versions(_more_in_the_slots, "slots above the total", dict.fromkeys((1, 2, 3, 4), ("TTS020 error",)))
in_versions(
    _less_in_the_slots,
    "slots below the total",
    {1: ("TTS020 info",), **dict.fromkeys((2, 3, 4), ("TTS020 warning",))},
)
in_versions(
    _nobody_left,
    "slots below the total, and everybody has one",
    {1: ("TTS020 info",), 2: ("TTS020 warning",), 3: ("TTS020 warning",), 4: ("TTS020 error",)},
)
in_versions(
    _less_in_the_chips,
    "chips below the total",
    {1: ("TTS021 info",), 2: ("TTS021 info",), 3: ("TTS021 error",), 4: ("TTS021 error",)},
)
in_versions(_more_in_the_chips, "chips above the total", dict.fromkeys((1, 2, 3, 4), ("TTS021 info",)))


@seed("cb of the slots above the total, v4", "TTS020 error")
def _(host: Host) -> None:
    totals = HELD.plus(OTHER).plus(Bytes(cb=-1))
    host.publish(healthy(host, 4, totals=totals, chips=[ChipSpec(chip_id=0, held=totals)]))


@seed("cb is no sum before v4")
def _(host: Host) -> None:
    totals = HELD.plus(OTHER)
    totals.cb = HELD.cb
    host.publish(healthy(host, 3, totals=totals))


@seed(
    "an untracked process that has the device open explains v4's difference",
    "TTS020 warning",
    "TTS054 warning",
)
def _(host: Host) -> None:
    _less_in_the_slots(host, 4)
    host.open_device(0, 101, 102, 300)


@seed("a dead slot explains v4's difference", "TTS020 warning", "TTS051 info")
def _(host: Host) -> None:
    totals = HELD.plus(Bytes(dram=4096))
    host.run(101)
    host.publish(RegionSpec(version=4, slots=[SlotSpec(pid=101, held=HELD), SlotSpec(pid=9)], totals=totals))
    host.open_device(0, 101)


in_versions(
    lambda host, version: host.publish(
        healthy(
            host,
            version,
            chips=[
                ChipSpec(chip_id=0, held=HELD.plus(OTHER)),
                ChipSpec(chip_id=1, held=Bytes(l1=UNDERFLOW)),
            ],
        )
    ),
    "an underflown counter of a chip",
    {1: ("TTS022 warning",), 2: ("TTS022 warning",), 3: ("TTS022 warning",), 4: ("TTS022 error",)},
)
in_versions(
    lambda host, version: host.publish(RegionSpec(version=version, totals=Bytes(dram=UNDERFLOW), chips=[])),
    "an underflown total",
    {1: ("TTS022 warning",), 2: ("TTS022 warning",), 3: ("TTS022 warning",), 4: ("TTS022 error",)},
)
in_versions(
    lambda host, version: host.publish(healthy(host, version, num_active=3)),
    "num_active above the slots",
    dict.fromkeys((1, 2, 3, 4), ("TTS023 error",)),
)
in_versions(
    lambda host, version: host.publish(healthy(host, version, num_active=1)),
    "num_active below the slots",
    dict.fromkeys((1, 2, 3, 4), ("TTS023 error",)),
)
in_versions(
    lambda host, version: host.publish(healthy(host, version, reference_count=1)),
    "reference_count below the slots",  # in v3 that is what a fork leaves
    {**dict.fromkeys((1, 2, 4), ("TTS024 error",)), 3: ("TTS024 warning",)},
)
in_versions(
    lambda host, version: host.publish(healthy(host, version, reference_count=3)),
    "reference_count above the slots",
    {**dict.fromkeys((1, 2, 3), ("TTS024 info",)), 4: ("TTS024 error",)},
)


def _releasing(host: Host, version: int) -> None:
    host.run(101)
    slots = [SlotSpec(pid=101, held=HELD), SlotSpec(pid=-1, held=OTHER)]
    host.publish(RegionSpec(version=version, slots=slots))


def _same_pid(host: Host, version: int) -> None:
    host.run(101)
    slots = [SlotSpec(pid=101, held=HELD), SlotSpec(pid=101, held=OTHER, index=5)]
    host.publish(RegionSpec(version=version, slots=slots))


def _bytes_left(host: Host, version: int) -> None:
    host.run(101)
    slots = [SlotSpec(pid=101, held=HELD), SlotSpec(pid=0, held=OTHER)]
    host.publish(RegionSpec(version=version, slots=slots, totals=HELD))


in_versions(
    _releasing,
    "a slot that is being released for ever",
    {1: ("TTS025 error",), 2: ("TTS025 error",), 3: ("TTS025 error",), 4: ("TTS025 warning",)},
)
in_versions(_same_pid, "one pid in two slots", dict.fromkeys((1, 2, 3, 4), ("TTS026 error",)))
in_versions(_bytes_left, "bytes in a free slot", dict.fromkeys((1, 2, 3, 4), ("TTS027 error",)))


@seed("a v4 writer died after it took a slot's bytes off the total", "TTS025 warning")
def _(host: Host) -> None:
    host.run(101)
    slots = [SlotSpec(pid=101, held=HELD), SlotSpec(pid=-1, held=OTHER)]
    host.publish(RegionSpec(version=4, slots=slots, totals=HELD))


def _chips(*ids: int) -> PlantIn:
    def plant(host: Host, version: int) -> None:
        first = ChipSpec(chip_id=ids[0], held=HELD.plus(OTHER))
        host.publish(
            healthy(host, version, chips=[first, *(ChipSpec(chip_id=chip_id) for chip_id in ids[1:])])
        )

    return plant


in_versions(
    _chips(0, 7, 7),
    "a chip in two entries",
    dict.fromkeys((1, 2, 3, 4), ("TTS028 error",)),
)
in_versions(
    _chips(*[0] * 16),
    "sixteen phantoms of chip 0",
    {1: (), 2: (), 3: ("TTS028 warning",), 4: ("TTS028 warning",)},
)


def _impossible_pid(host: Host, version: int) -> None:
    host.run(101)
    slots, held = [SlotSpec(pid=101, held=HELD), SlotSpec(pid=-2, held=OTHER)], HELD.plus(OTHER)
    host.publish(
        RegionSpec(version=version, slots=slots, totals=held, chips=[ChipSpec(chip_id=0, held=held)])
    )


in_versions(
    _impossible_pid,
    "a pid that no process and no release has",
    dict.fromkeys((1, 2, 3, 4), ("TTS025 error",)),
)


@seed("cb of the chip entry below the total, which a healthy v4 writer leaves")
def _(host: Host) -> None:
    spec = healthy(host)
    total = spec.sum_of_slots()
    spec.chips = [ChipSpec(chip_id=0, held=Bytes(**{**vars(total), "cb": total.cb - 8_192}))]
    host.publish(spec)
