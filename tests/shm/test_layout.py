"""Every offset and size of the published layouts, written down once more."""

import pytest

from ttinspect.shm.layout import LAYOUTS, Field, Layout, slots_in

HEADER = {
    "version": (0, 4),
    "num_active_processes": (4, 4),
    "last_update": (8, 8),
    "reference_count": (16, 4),
    "board_serial": (24, 8),
    "asic_id": (32, 8),
    "device_id": (40, 4),
}

V1 = {
    "size": 9280,
    "header": HEADER,
    "totals": {
        "dram": (48, 8),
        "l1": (56, 8),
        "l1_small": (64, 8),
        "trace": (72, 8),
        "cb": (80, 8),
        "kernel": (88, 8),
    },
    "chips": (96, 56, 16, 992),
    "chip": {
        "chip_id": (0, 4),
        "is_remote": (4, 4),
        "dram": (8, 8),
        "l1": (16, 8),
        "l1_small": (24, 8),
        "trace": (32, 8),
        "cb": (40, 8),
        "kernel": (48, 8),
    },
    "slots": (992, 128, 64, 9184),
    "slot": {
        "pid": (0, 4),
        "dram": (8, 8),
        "l1": (16, 8),
        "l1_small": (24, 8),
        "trace": (32, 8),
        "cb": (40, 8),
        "kernel": (48, 8),
        "last_update": (56, 8),
        "name": (64, 64),
    },
    "init_state": None,
}

V2 = {
    "size": 8576,
    "header": HEADER,
    "totals": {"dram": (48, 8), "l1": (56, 8), "l1_small": (64, 8), "trace": (72, 8), "cb": (80, 8)},
    "chips": (88, 48, 16, 856),
    "chip": {
        "chip_id": (0, 4),
        "is_remote": (4, 4),
        "dram": (8, 8),
        "l1": (16, 8),
        "l1_small": (24, 8),
        "trace": (32, 8),
        "cb": (40, 8),
    },
    "slots": (856, 120, 64, 8536),
    "slot": {
        "pid": (0, 4),
        "dram": (8, 8),
        "l1": (16, 8),
        "l1_small": (24, 8),
        "trace": (32, 8),
        "cb": (40, 8),
        "last_update": (48, 8),
        "name": (56, 64),
    },
    "init_state": None,
}

EXPECTED = {1: V1, 2: V2, 3: V2, 4: {**V2, "init_state": (8536, 4)}}


def _placed(fields: tuple[Field, ...]) -> dict[str, tuple[int, int]]:
    return {field.name: (field.offset, field.size) for field in fields}


def _described(layout: Layout) -> dict[str, object]:
    chips, slots, init_state = layout.chips, layout.slots, layout.init_state
    return {
        "size": layout.size,
        "header": _placed(layout.header),
        "totals": _placed(layout.totals),
        "chips": (chips.offset, chips.stride, chips.count, chips.end),
        "chip": _placed(chips.fields),
        "slots": (slots.offset, slots.stride, slots.count, slots.end),
        "slot": _placed(slots.fields),
        "init_state": (init_state.offset, init_state.size) if init_state else None,
    }


def test_there_are_four_layouts() -> None:
    assert list(LAYOUTS) == [1, 2, 3, 4]


@pytest.mark.parametrize("version", EXPECTED)
def test_every_offset_and_size(version: int) -> None:
    assert LAYOUTS[version].version == version
    assert _described(LAYOUTS[version]) == EXPECTED[version]


@pytest.mark.parametrize("version", EXPECTED)
def test_counters_are_unsigned_and_pids_signed(version: int) -> None:
    layout = LAYOUTS[version]
    codes = {field.name: field.code for field in layout.header + layout.totals + layout.slots.fields}
    assert codes["pid"] == "i"
    assert codes["name"] == "64s"
    assert all(codes[name] == "Q" for name in ("dram", "cb", "last_update", "asic_id", "board_serial"))


@pytest.mark.parametrize(
    ("version", "size", "slots"),
    [
        (1, 9280, 64),
        (1, 9281, 64),
        (1, 9279, None),
        (1, 8577, None),
        (1, 8576, 59),
        (1, 8575, None),
        (2, 8576, 64),
        (3, 8575, None),
        (3, 8577, 64),
        (4, 9280, 64),
        (4, 8539, None),
    ],
)
def test_slots_that_a_file_of_a_size_holds(version: int, size: int, slots: int | None) -> None:
    assert slots_in(LAYOUTS[version], size) == slots
