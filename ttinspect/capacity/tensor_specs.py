"""A tensor as it is spelled on the command line: ``1x1x4096x4096,bfloat16,tile,l1,block:8x8``. Pure."""

import difflib
import math
import re
from enum import Enum
from typing import TypeVar

from ttinspect.errors import InspectError
from ttinspect.facts.wording import plural
from ttinspect.model.tensor import BufferType, Dtype, Layout, Orientation, Sharding, Strategy, TensorSpec

SPELLING = "SHAPE,DTYPE,LAYOUT,MEMORY[,STRATEGY:COLSxROWS[:row_major|col_major]]"
EXAMPLE = "1x1x4096x4096,bfloat16,tile,l1"
_NUMBER = re.compile(r"[1-9][0-9]{0,15}")
_MOST_ELEMENTS = 2**50
_MOST_CORES = 1024
_MEMORIES = (BufferType.DRAM, BufferType.L1, BufferType.L1_SMALL)

E = TypeVar("E", bound=Enum)


def parse_tensor(text: str) -> TensorSpec:
    """The tensor that a SPEC names; words in any case.

    Raises:
        InspectError: 2 for anything else, saying which part is wrong.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (4, 5):
        raise _refused(text, f"it has {plural(len(parts), 'part')}, not 4 or 5")
    shape = _numbers(parts[0], text, "shape")
    if math.prod(shape) > _MOST_ELEMENTS:
        raise _refused(text, "it has more elements than any memory")
    return TensorSpec(
        shape=shape,
        dtype=_word(parts[1], Dtype, text, "data type"),
        layout=_word(parts[2], Layout, text, "layout"),
        memory=_memory(parts[3], text),
        sharding=_sharding(parts[4], text) if len(parts) == 5 else None,
    )


def spelled(spec: TensorSpec) -> str:
    """A tensor as ``parse_tensor`` reads it."""
    words = ["x".join(map(str, spec.shape)), spec.dtype.value, spec.layout.value, spec.memory.value.lower()]
    if spec.sharding is not None:
        columns, rows = spec.sharding.grid
        orientation = spec.sharding.orientation
        tail = "" if orientation is Orientation.ROW_MAJOR else f":{orientation.value}"
        words.append(f"{spec.sharding.strategy.value}:{columns}x{rows}{tail}")
    return ",".join(words)


def _numbers(part: str, text: str, what: str) -> tuple[int, ...]:
    numbers = part.lower().split("x")
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise _refused(text, f"{part!r} is no {what}: numbers from 1 on with x between them")
    return tuple(map(int, numbers))


def _word(part: str, kind: type[E], text: str, what: str) -> E:
    words = {member.value.lower(): member for member in kind}
    word = part.lower()
    if word in words:
        return words[word]
    close = difflib.get_close_matches(word, words, n=1)
    hint = f"did you mean {close[0]}?" if close else f"they are {', '.join(words)}"
    raise _refused(text, f"{part!r} is no {what}; {hint}")


def _memory(part: str, text: str) -> BufferType:
    memory = _word(part, BufferType, text, "memory")
    if memory not in _MEMORIES:
        raise _refused(text, "no tensor lies in the trace region")
    return memory


def _sharding(part: str, text: str) -> Sharding:
    words = part.split(":")
    if len(words) not in (2, 3):
        raise _refused(text, f"{part!r} is no sharding such as block:8x8 or height:8x4:col_major")
    grid = _numbers(words[1], text, "core grid")
    if len(grid) != 2 or math.prod(grid) > _MOST_CORES:
        raise _refused(text, f"{words[1]!r} is no core grid such as 8x8 (columns x rows)")
    return Sharding(
        strategy=_word(words[0], Strategy, text, "strategy"),
        grid=(grid[0], grid[1]),
        orientation=_word(words[2], Orientation, text, "orientation")
        if len(words) == 3
        else Orientation.ROW_MAJOR,
    )


def _refused(text: str, why: str) -> InspectError:
    return InspectError(f"--tensor {text}", why, f"spell it {SPELLING}, such as {EXAMPLE}")
