"""boards.yaml as it stands: read once. The Board type is made from its keys (model/arch.py)."""

import functools

from ttinspect.facts.files import data_directory, read_document
from ttinspect.facts.node import Node
from ttinspect.facts.yamltree import parse_yaml

_LIKE = "like"


@functools.cache
def board_table() -> Node:
    """The whole document."""
    path = str(data_directory() / "boards.yaml")
    return Node(parse_yaml(read_document(path), path), path)


def board_type_names() -> tuple[str, ...]:
    """Every board, by the name that UMD has for its type, in lower case."""
    return tuple(board_table().child("boards").mapping())


@functools.cache
def board_entry(name: str) -> Node:
    """The entry of a board, with what it has from the board that it is ``like``."""
    boards = board_table().child("boards")
    entry = boards.child(name)
    own = entry.mapping()
    if _LIKE in own:
        other = board_entry(entry.child(_LIKE).text(board_type_names()))
        own = {**other.mapping(), **own}
    return Node(own, entry.file, entry.path)
