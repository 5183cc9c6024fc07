"""Seeded faults: capacity."""

import msgspec

from tests.verify.build import MIB, Bytes, ChipSpec, RegionSpec, SlotSpec
from tests.verify.host import P150, Host, system_of
from tests.verify.seeds.seed import HELD, PlantIn, in_versions
from ttinspect.model.chip import UNKNOWN_MASKS


def _holding(**held: int) -> PlantIn:
    def plant(host: Host, version: int) -> None:
        host.run(101)
        host.publish(RegionSpec(version=version, slots=[SlotSpec(pid=101, held=Bytes(**held))]))

    return plant


_L1, _DRAM = 120 * 1_572_864, 8 * 4_294_967_296
_WARNING_BEFORE_V4 = {1: "warning", 2: "warning", 3: "warning", 4: "error"}
_INFO_BEFORE_V4 = {1: "info", 2: "info", 3: "info", 4: "error"}


def _graded(rule: str, by_version: dict[int, str]) -> dict[int, tuple[str, ...]]:
    return {version: (f"{rule} {severity}",) for version, severity in by_version.items()}


in_versions(_holding(l1=_L1, l1_small=1), "L1 over physical", _graded("TTS040", _WARNING_BEFORE_V4))
in_versions(_holding(dram=_DRAM, trace=1), "DRAM over physical", _graded("TTS041", _WARNING_BEFORE_V4))
in_versions(
    _holding(l1=110 * (1_572_864 - 111_744), l1_small=1),
    "L1 over allocatable",
    dict.fromkeys((1, 2, 3, 4), ("TTS042 warning",)),
)
in_versions(
    _holding(dram=8 * (4_278_190_080 - 1_048_704), trace=1),
    "DRAM over allocatable",
    dict.fromkeys((1, 2, 3, 4), ("TTS042 warning",)),
)
in_versions(_holding(cb=_L1 + 1), "CB over capacity", _graded("TTS043", _INFO_BEFORE_V4))
in_versions(_holding(l1=MIB, cb=_L1), "L1 and CB together", _graded("TTS045", _INFO_BEFORE_V4))
in_versions(_holding(l1=MIB, kernel=5), "a kernel counter", {1: ("TTS044 info",)})
in_versions(
    _holding(dram=_DRAM // 2, l1=_L1 // 2, cb=_L1 // 2), "half of everything", dict.fromkeys((1, 2, 3, 4), ())
)


def _over_total(name: str) -> PlantIn:
    def plant(host: Host, version: int) -> None:
        totals = Bytes(**{**vars(HELD), name: getattr(HELD, name) - 1})
        host.run(101)
        slots = [SlotSpec(pid=101, held=HELD)]
        host.publish(
            RegionSpec(version=version, slots=slots, totals=totals, chips=[ChipSpec(chip_id=0, held=totals)])
        )

    return plant


in_versions(_over_total("dram"), "a process over the total", dict.fromkeys((1, 2, 3, 4), ("TTS046 error",)))
in_versions(_over_total("cb"), "a process's cb over the total", _graded("TTS046", _INFO_BEFORE_V4))


def _of_unknown_masks(**held: int) -> PlantIn:
    def plant(host: Host, version: int) -> None:
        host.system = system_of(msgspec.structs.replace(P150, masks=UNKNOWN_MASKS))
        host.limits = {}
        host.run(101)
        host.publish(RegionSpec(version=version, slots=[SlotSpec(pid=101, held=Bytes(**held))]))

    return plant


_EVERY_CORE = 140 * 1_572_864
in_versions(
    _of_unknown_masks(l1=_EVERY_CORE), "L1 that an unharvested chip has", {4: ("TTS011 inconclusive",)}
)
in_versions(
    _of_unknown_masks(l1=_EVERY_CORE + 1), "L1 that no chip has", _graded("TTS040", _WARNING_BEFORE_V4)
)
in_versions(_of_unknown_masks(dram=_DRAM + 1), "DRAM that no chip has", _graded("TTS041", _WARNING_BEFORE_V4))
