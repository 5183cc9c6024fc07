"""Inputs made from nothing: what a person might well ask for, and nearly all of it right. Where one wrong letter
refuses the whole input, changes of a seed alone hardly get past the reader."""

from random import Random
from typing import Any

import yaml

from ttinspect.facts.files import data_directory

_DTYPES = ("bfloat16", "float32", "int32", "uint32", "uint16", "uint8", "bfloat8_b", "bfloat4_b", "BFLOAT16")
_FULL = {
    "wormhole_b0": {"tensix": 10, "dram": 6, "eth": 16, "pcie": 1, "l2cpu": 0},
    "blackhole": {"tensix": 14, "dram": 8, "eth": 14, "pcie": 2, "l2cpu": 4},
    "quasar": {"tensix": 8, "dram": 8, "eth": 14, "pcie": 2, "l2cpu": 4},
}
_WORDS_OF_TELEMETRY = {
    "ENABLED_TENSIX_COL": 14,
    "ENABLED_ETH": 14,
    "ENABLED_GDDR": 8,
    "ENABLED_L2CPU": 4,
    "PCIE_USAGE": 4,
}
_BOARDS = {
    "wormhole_b0": ("n150", "n300", "galaxy-wh", "ubb"),
    "blackhole": ("p100", "p150", "p150b", "p300", "p300c", "galaxy-bh", "ubb_blackhole"),
    "quasar": ("unknown",),
}


def masks(random: Random) -> bytes:
    """``ARCH,KEY=VALUE,...`` with few bits set, as boards have them."""
    arch = random.choice(tuple(_FULL))
    pairs = [
        f"{name}={_number(_allowed(name, bits, random), random)}"
        for name, bits in _FULL[arch].items()
        if bits and random.random() < (0.35 if arch == "blackhole" or name == "tensix" else 0.05)
    ]
    if arch == "blackhole" and random.random() < 0.3:
        word, bits = random.choice(tuple(_WORDS_OF_TELEMETRY.items()))
        value = (1 << bits) - 1 & ~_few(bits, random)
        pairs = [*pairs[:1], f"{word}={_number(value, random)}"]
    if random.random() < 0.4:
        pairs.append(f"noc_translation={random.choice(('on', 'off'))}")
    if random.random() < 0.4:
        pairs.append(f"board={random.choice(_BOARDS[arch])}")
    if random.random() < 0.2:
        pairs.append(f"asic_location={random.randrange(random.choice((2, 9)))}")
    random.shuffle(pairs)
    return ",".join((random.choice((arch, arch.upper())), *pairs)).encode()


def tensor(random: Random) -> bytes:
    """A ``--tensor`` of any shape, type, layout and place."""
    shape = [_edge(random) for _ in range(random.choice((1, 2, 2, 3, 4, 4, 4, 5, 8)))]
    for index in range(len(shape) - 2):
        shape[index] = random.choice((1, 1, 1, 2, 3, shape[index]))
    parts = [
        "x".join(map(str, shape)),
        random.choice(_DTYPES),
        random.choice(("tile", "tile", "row_major")),
        random.choice(("l1", "l1", "dram", "l1_small", "L1")),
    ]
    if random.random() < 0.6:
        grid = (
            f"{random.randint(1, random.choice((4, 8, 14)))}x{random.randint(1, random.choice((4, 8, 10)))}"
        )
        orientation = random.choice(("", "", ":row_major", ":col_major"))
        parts.append(f"{random.choice(('height', 'width', 'block'))}:{grid}{orientation}")
    return ",".join(parts).encode()


def core(random: Random) -> bytes:
    """A ``--core``, in any coordinate system."""
    system = random.choice(("", "noc0:", "noc1:", "translated:", "logical:"))
    return f"{system}{random.randrange(34)}-{random.randrange(26)}".encode()


def soc(random: Random) -> bytes:
    """A SoC descriptor of a chip that nobody built: whole, with every core at a node of its own."""
    path = data_directory() / f"{random.choice(('wormhole_b0', 'blackhole'))}.yaml"
    document: dict[str, Any] = yaml.load(path.read_bytes(), yaml.CSafeLoader)
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        random.choice(_CHANGES)(document, random)
    flow = random.random() < 0.5
    return yaml.dump(document, Dumper=yaml.CSafeDumper, default_flow_style=flow, sort_keys=False).encode()


def _line_of_workers_less(document: dict[str, Any], random: Random) -> None:
    axis = random.randrange(2)
    lines = sorted({text.split("-")[axis] for text in document["functional_workers"]})
    gone = random.choice(lines) if lines else ""
    document["functional_workers"] = [
        text for text in document["functional_workers"] if text.split("-")[axis] != gone
    ]


def _core_less(document: dict[str, Any], random: Random) -> None:
    key = random.choice(("eth", "pcie", "router_only", "l2cpu", "security", "arc"))
    if document.get(key):
        document[key].remove(random.choice(document[key]))


def _bank_less(document: dict[str, Any], random: Random) -> None:
    if document["dram"]:
        document["dram"].remove(random.choice(document["dram"]))


def _port_less(document: dict[str, Any], random: Random) -> None:
    at = random.randrange(3)
    document["dram"] = [[*bank[:at], *bank[at + 1 :]] for bank in document["dram"]]


def _cores_exchanged(document: dict[str, Any], random: Random) -> None:
    core_type, other = (random.choice(("eth", "pcie", "router_only", "arc")) for _ in range(2))
    if document[core_type] and document[other]:
        at, place = random.randrange(len(document[core_type])), random.randrange(len(document[other]))
        document[core_type][at], document[other][place] = document[other][place], document[core_type][at]


def _order_changed(document: dict[str, Any], random: Random) -> None:
    random.shuffle(document[random.choice(("eth", "dram", "router_only", "pcie"))])


def _grid_larger(document: dict[str, Any], random: Random) -> None:
    side, table = random.choice((("x_size", "noc0_x_to_noc1_x"), ("y_size", "noc0_y_to_noc1_y")))
    document["grid"][side] += random.choice((1, 2, 30))
    document[table] = list(range(document["grid"][side]))[:: random.choice((1, -1))]


def _size_changed(document: dict[str, Any], random: Random) -> None:
    key = random.choice(("worker_l1_size", "eth_l1_size", "dram_bank_size"))
    document[key] = random.choice(
        (0, 1, 4096, document[key] + random.randrange(4096), document[key] * 2, 2**48)
    )


def _part_left_out(document: dict[str, Any], random: Random) -> None:
    document.pop(random.choice(("l2cpu", "security", "dispatch", "corrections")), None)


def _tables_left_out(document: dict[str, Any], _random: Random) -> None:
    document.pop("noc0_x_to_noc1_x", None)
    document.pop("noc0_y_to_noc1_y", None)


_CHANGES = (
    _line_of_workers_less, _core_less, _bank_less, _port_less, _cores_exchanged, _order_changed, _grid_larger,
    _size_changed, _part_left_out, _tables_left_out,
)  # fmt: skip


def _few(bits: int, random: Random) -> int:
    """A mask of up to three bits, now and then of any."""
    if random.random() < 0.1:
        return random.randrange(1 << bits)
    return sum({1 << random.randrange(bits) for _ in range(random.choice((0, 1, 1, 2, 2, 3)))})


def _allowed(name: str, bits: int, random: Random) -> int:
    """A mask as tt-umd takes it of a Blackhole, nearly always: two eth cores or none, one bank at most."""
    if random.random() < 0.1:
        return _few(bits, random)
    if name == "eth":
        return sum(1 << bit for bit in random.sample(range(bits), 2))
    return 1 << random.randrange(bits) if name == "dram" else _few(bits, random)


def _number(value: int, random: Random) -> str:
    return str(value) if random.random() < 0.5 else hex(value)


def _edge(random: Random) -> int:
    """A size: often one of a tile or beside it."""
    kind = random.random()
    if kind < 0.5:
        return 32 * random.randint(1, random.choice((4, 64, 512)))
    if kind < 0.7:
        return max(1, 32 * random.randint(1, 64) + random.choice((-1, 1)))
    return random.randint(1, random.choice((8, 1000, 200_000)))
