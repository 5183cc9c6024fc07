"""A SoC descriptor from a golden record whose descriptor file is not at hand."""

from typing import Any

from ttinspect.model.arch import Arch, Coord
from ttinspect.model.soc import Soc


def coords(lists: list[list[int]]) -> list[Coord]:
    return [(x, y) for x, y in lists]


def _merged(record: dict[str, Any], name: str, mask: int) -> list[Coord]:
    """Live and harvested cores of a type in descriptor order: a set bit takes the next harvested one."""
    live = iter(coords(record[name]["cores"]["noc0"]))
    lost = iter(coords(record[name].get("harvested", {}).get("noc0", [])))
    count = record[name]["count"] + record[name]["harvested_count"]
    return [next(lost) if mask >> index & 1 else next(live) for index in range(count)]


def _noc1_table(record: dict[str, Any], axis: int, size: int) -> tuple[int, ...] | None:
    """NOC1 of each NOC0 line, read off every core that has both; lines without cores stay 0."""
    table: dict[int, int] = {}
    for name in ("tensix", "dram", "eth", "pcie", "arc", "router_only", "security", "l2cpu"):
        for part in (record[name]["cores"], record[name].get("harvested", {})):
            for noc0, noc1 in zip(part.get("noc0", []), part.get("noc1", []), strict=True):
                if isinstance(noc1, list):
                    table[noc0[axis]] = noc1[axis]
    return tuple(table.get(line, 0) for line in range(size)) if table else None


def rebuilt_soc(record: dict[str, Any]) -> Soc:
    """The descriptor of a record, from its NOC0 lists."""
    arch, masks = Arch(record["arch"]), record["masks"]
    blackhole = arch is Arch.BLACKHOLE
    tensix = coords(record["tensix"]["cores"]["noc0"])
    tensix += coords(record["tensix"].get("harvested", {}).get("noc0", []))
    ports = record["dram"]["grid"][1]
    bank_mask = masks["dram"] if blackhole else 0
    port_count = record["dram"]["count"] + record["dram"]["harvested_count"]
    port_mask = sum(1 << port for port in range(port_count) if bank_mask >> port // max(ports, 1) & 1)
    flat = _merged(record, "dram", port_mask)
    width, height = record["chip_grid"]

    def plain(name: str) -> tuple[Coord, ...]:
        return tuple(coords(record[name]["cores"]["noc0"]))

    return Soc(
        arch=arch,
        grid=(width, height),
        tensix=tuple(sorted(tensix, key=lambda core: (core[1], core[0]))),
        dram=tuple(tuple(flat[i : i + ports]) for i in range(0, len(flat), ports)) if ports else (),
        eth=tuple(_merged(record, "eth", masks["eth"] if blackhole else 0)),
        pcie=tuple(_merged(record, "pcie", masks["pcie"] if blackhole else 0)),
        l2cpu=plain("l2cpu"),
        arc=plain("arc"),
        router_only=plain("router_only"),
        security=plain("security"),
        dispatch=plain("dispatch"),
        noc1_x=_noc1_table(record, 0, width),
        noc1_y=_noc1_table(record, 1, height),
        worker_l1_bytes=record["sizes"]["worker_l1_size"],
        eth_l1_bytes=record["sizes"]["eth_l1_size"],
        dram_bank_bytes=record["sizes"]["dram_bank_size"],
        built_in=False,
    )
