"""A picture of a chip: every node of its NOC grid."""

import msgspec

from ttinspect.model.arch import CoreType
from ttinspect.model.grid import CoreState


class PictureNode(msgspec.Struct, frozen=True):
    """One node: the core type that is there, and whether it is live."""

    core_type: CoreType
    state: CoreState


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of nodes from NOC0 y = 0 downwards, None where nothing is; one label per column and row."""

    x_labels: tuple[str, ...]
    y_labels: tuple[str, ...]
    rows: tuple[tuple[PictureNode | None, ...], ...]


class PictureGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Chips that look the same."""

    chips: tuple[int, ...]
    picture: Picture
