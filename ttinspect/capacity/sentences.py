"""The sentences in which tt-metal and ttnn say that there is no room, and what the numbers in them are. Data.

Those of the allocator and of programs are of ttnn 0.66 to 0.81.1, those of single operations of 0.81.1; not
all of these were provoked. ``{name}`` is a number of the field with that name, ``{_}`` any word; the first
word has no number, so that it can be searched for.
"""

import functools
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ttinspect.model.arch import Coord
from ttinspect.model.memory_error import (
    Advice,
    Cause,
    Clash,
    ErrorText,
    OutOfMemory,
    ProgramTooBig,
    Refusal,
)
from ttinspect.model.tensor import BufferType

_NUMBER = r"\d{1,18}(?!\d)"
_CORE = r"\d{1,4}-\d{1,4}|\(x=\d{1,4},y=\d{1,4}\)"
_SHAPES = {
    "memory": "L1_SMALL|L1|DRAM|TRACE",
    "first": _CORE,
    "last": _CORE,
    "buffers": "circular|dataflow",
    "_": r"\S+?",
}
"""What stands in a place that is no number."""

_PLACE = re.compile(r"\{(\w+)\}")
_DIGITS = re.compile(r"\d+")
_GLUE = r"\S*[^\s\w.]"
"""What stands before a word without a blank, such as "[1,0]<stderr>:"."""


_BREAKS_OFF = r"[ \t]*[\x00\x1b\r\n\x0b\x0c\\|<&%#^\[\xc2\xe2]"
"""What may stand between two words beside blanks: line breaks, colours and tags, as they are written."""

_OPENING_WORDS = 4
"""So many words of a sentence tell it from other texts."""


class Word(NamedTuple):
    """A word of a text that is a word of a sentence: what of it belongs there, and the values in it."""

    text: str
    values: dict[str, str]


class Sentence:
    """A sentence with places for numbers, and what it is an error of.

    Attributes:
        template: its text.
        anchor: its first word, as bytes.
    """

    def __init__(
        self, make: Callable[..., ErrorText], template: str, *, before: str = "", **facts: Any
    ) -> None:
        self.template = template
        self.anchor = template.split(" ", maxsplit=1)[0].encode()
        self._make, self._before, self._facts = make, before, facts

    @functools.cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its template."""
        return tuple(self.template.split(" "))

    @functools.cached_property
    def line(self) -> re.Pattern[bytes]:
        """The pattern of the whole, in one line and with single blanks."""
        return re.compile(_pattern(self.template).encode())

    @functools.cached_property
    def opening(self) -> bytes:
        """The pattern of what follows its first word: the next ones, to the first place for a number, or what
        may stand between them."""
        pattern = ""
        for word in reversed(self.words[1:_OPENING_WORDS]):
            text, place, name = word.partition("{")
            is_number = place and not text and name.partition("}")[0] not in _SHAPES
            rest = pattern if not place else "[^A-Za-z]" if is_number else ""
            pattern = f"(?:[ \\t]+{re.escape(text)}{rest}|{_BREAKS_OFF})"
        return f"(?={pattern})".encode("latin-1")

    def word(self, index: int, word: str, *, glued: bool = False) -> Word | None:
        """A word of a text as the word at this place of the sentence; something may follow the last one
        directly, and stand before a ``glued`` one."""
        own = self.words[index]
        last = index == len(self.words) - 1
        if "{" not in own and not glued:
            return Word(own, {}) if word == own or (last and word.startswith(own)) else None
        match = _word_pattern(own, last, glued).match(word)
        if match is None:
            return None
        values = match.groupdict()
        return Word(values.pop("own"), values)

    def error(self, text: str, values: dict[str, str]) -> ErrorText:
        """The error that it tells with these values of its places."""
        facts = dict(self._facts)
        for name, value in values.items():
            facts[name] = int(value) if name not in _SHAPES else value
        if "first" in facts:
            facts["core_range"] = (_core(facts.pop("first")), _core(facts.pop("last")))
        if "memory" in values:
            facts["memory"] = BufferType(values["memory"])
        return self._make(**facts, text=f"{self._before}{text}")


def _core(text: str) -> Coord:
    x, y = map(int, _DIGITS.findall(text))
    return x, y


@functools.cache
def _word_pattern(template: str, last: bool, glued: bool) -> re.Pattern[str]:
    before, after = (_GLUE if glued else ""), ("" if last else r"\Z")
    return re.compile(f"{before}(?P<own>{_pattern(template)}){after}")


def _pattern(template: str) -> str:
    """The pattern of a template, with a group for each of its places."""
    parts = _PLACE.split(template)
    return "".join(_place(part) if at % 2 else re.escape(part) for at, part in enumerate(parts))


def _place(name: str) -> str:
    shape = _SHAPES.get(name, _NUMBER)
    return f"(?:{shape})" if name in ("_", "buffers") else f"(?P<{name}>{shape})"


_ALLOCATE = (
    "Memory: Not enough space to allocate {buffer_bytes} B {memory} buffer across {banks} banks, where each "
    "bank needs to store {needed_bytes} B"
)
_STATISTICS = "(allocated: {allocated_bytes} B, free: {free_bytes} B, largest free block: {largest_bytes} B)"
_DEPENDING = (
    "Memory: Not enough space after considering dependencies to allocate {buffer_bytes} B {memory} across "
    "{banks} banks ({needed_bytes} B per bank)"
)
_DEPENDING_WITH_BANK = f"{_DEPENDING}, bank size is {{bank_bytes}} B {_STATISTICS}"

PLACEMENTS: tuple[Sentence, ...] = (
    Sentence(OutOfMemory, f"{_ALLOCATE}, but bank size is {{bank_bytes}} B {_STATISTICS}", before="Out of "),
    Sentence(OutOfMemory, f"{_ALLOCATE}, but bank size is only {{bank_bytes}} B", before="Out of "),
    Sentence(OutOfMemory, f"{_ALLOCATE}, but bank size is {{bank_bytes}} B", before="Out of "),
    Sentence(OutOfMemory, _ALLOCATE, before="Out of "),
    Sentence(
        OutOfMemory,
        f"{_DEPENDING_WITH_BANK}. After subtracting {{_}} dependency range(s) and {{_}} additional occupied "
        "range(s), {placeable_bytes} B remained placeable across {_} window(s), largest "
        "{largest_placeable_bytes} B",
        before="Out of ",
    ),
    Sentence(OutOfMemory, _DEPENDING_WITH_BANK, before="Out of "),
    Sentence(OutOfMemory, _DEPENDING, before="Out of "),
    Sentence(
        Clash,
        "Statically allocated {buffers} buffers in program {program} clash with L1 buffers on core range "
        "[{first} - {last}]. L1 buffer allocated at {lowest_buffer} and static {buffers} buffer region ends "
        "at {program_end}",
    ),
    Sentence(
        ProgramTooBig,
        "Statically allocated {buffers} buffers on core range [{first} - {last}] grow to {program_end} B "
        "which is beyond max L1 size of {worker_l1_bytes} B",
    ),
)
"""What the allocator says of a buffer and tt-metal of a program; of those that begin alike, the longest
first."""


def _operation(template: str, name: str | None, advice: Advice, freeing_helps: bool | None) -> Sentence:
    """An operation that reckons beforehand that its program has no room."""
    return Sentence(
        Refusal,
        template,
        cause=Cause.OPERATION_TOO_BIG,
        operation=name,
        advice=advice,
        freeing_helps=freeing_helps,
    )


def _refusal(template: str, cause: Cause, memory: BufferType = BufferType.L1) -> Sentence:
    """What tt-metal itself refuses, beside the allocator."""
    return Sentence(Refusal, template, cause=cause, memory=memory)


REFUSALS: tuple[Sentence, ...] = (
    _operation(
        "LayerNorm streaming circular buffers require {needed_bytes} bytes, but only {available_bytes} "
        "bytes of the allocator's L1 span are available",
        "layer_norm",
        Advice.COLUMNS,
        True,
    ),
    _operation(
        "ttnn.concat: required DFB entry size ({needed_bytes} B) exceeds per-core L1 capacity "
        "({available_bytes} B)",
        "concat",
        Advice.ROWS,
        False,
    ),
    _operation(
        "ttnn.concat: double-buffered tile-height chunk (2 x {_} x {_} = {needed_bytes} B) exceeds L1 "
        "capacity ({available_bytes} B)",
        "concat",
        Advice.ROWS,
        False,
    ),
    _operation(
        "ttnn.pad: padded row of {needed_bytes} B does not fit in the per-core L1 budget "
        "({available_bytes} B)",
        "pad",
        Advice.ROWS,
        None,
    ),
    _operation(
        "ttnn::slice: required DFB size {needed_bytes} B exceeds per-core L1 budget {available_bytes} B",
        "slice",
        Advice.ROWS,
        True,
    ),
    _operation(
        "ttnn::slice: L1 budget {available_bytes} B too small for sub-row chunking",
        "slice",
        Advice.ROWS,
        True,
    ),
    _operation(
        "RM reshape dest staging does not fit in L1: need at least {needed_bytes} B dest + {_} B source, "
        "have {available_bytes} B",
        "reshape",
        Advice.ROWS,
        None,
    ),
    _operation(
        "RepeatCodegen: a {needed_bytes}-byte row-major CB slot does not fit in free L1",
        "repeat",
        Advice.ROWS,
        True,
    ),
    _operation(
        "untilize codegen: no codegen CB plan fits the {available_bytes} B of L1 free on this device "
        "right now",
        "untilize",
        Advice.COLUMNS,
        True,
    ),
    _operation(
        "Not enough L1 for even a single CB page: aligned_input_stick_nbytes={needed_bytes} exceeds "
        "l1_for_cb={available_bytes}",
        None,
        Advice.ROWS,
        None,
    ),
    _operation(
        "non_zero_indices: indices staging buffer requires {needed_bytes} L1 bytes but per-core L1 is "
        "{available_bytes} bytes",
        "nonzero",
        Advice.ROWS,
        False,
    ),
    _operation(
        "DRAM Auto slice could not find valid slice configuration. Tried up to {_} slices for {_}-slicing "
        "on output dimension {_}. Available L1: {available_bytes} bytes",
        "conv2d or a pool",
        Advice.SLICES,
        True,
    ),
    _operation(
        "slicing configuration failed for {_} with output layout {_}. Unable to find a valid slice "
        "configuration. This indicates that even with maximum slicing granularity, the operation requires "
        "more L1 memory than available. Output shape: {_}, Available L1: {available_bytes} bytes",
        "conv2d or a pool",
        Advice.SLICES,
        True,
    ),
    _operation(
        "Cannot fit Pool2D operation in L1 memory with DRAM slicing.",
        "pool",
        Advice.SLICES,
        True,
    ),
    _operation(
        "conv3d: the static circular buffers need {needed_bytes} B at {_} {_} {_} {_} {_} {_} but only "
        "{available_bytes} B of L1 lie above the allocator base",
        "conv3d",
        Advice.BLOCKS,
        False,
    ),
    _operation(
        "conv3d: {available_bytes} B of L1 above the allocator base cannot hold the {needed_bytes} B "
        "headroom for L1 buffers",
        "conv3d",
        Advice.BLOCKS,
        False,
    ),
    _operation(
        "fit (needs {needed_bytes} B, budget {available_bytes} B, max DFB extent {_} B:",
        "matmul",
        Advice.BLOCKS,
        None,
    ),
    _operation(
        "slice does not fit L1 even with K_chunk_tiles=1 (budget {available_bytes} B, max DFB extent {_} B)",
        "matmul",
        Advice.BLOCKS,
        None,
    ),
    _operation(
        "share of C fits L1 (budget {available_bytes} B, max DFB extent {_} B)",
        "matmul",
        Advice.BLOCKS,
        None,
    ),
    _operation(
        "budget {_} {available_bytes} B; minimum estimated CB size (at in0_block_w=1): {needed_bytes} B",
        "matmul",
        Advice.BLOCKS,
        None,
    ),
    _operation(
        "circular buffers need {needed_bytes} B per core but only {available_bytes} B of L1 are available",
        "scaled_dot_product_attention",
        Advice.CHUNKS,
        None,
    ),
    _operation(
        "joint SDPA CBs need {needed_bytes} B but only {available_bytes} B of L1 are usable at this chunk "
        "shape",
        "scaled_dot_product_attention",
        Advice.CHUNKS,
        None,
    ),
    _operation(
        "per-core CBs do not fit in L1 even at the smallest config {_} {_} need {needed_bytes} B but only "
        "{available_bytes} B available",
        "unified_routed_expert_ffn",
        Advice.BLOCKS,
        None,
    ),
    _operation(
        "moe_fused_swiglu: needs {needed_bytes} bytes of CB L1 but budget is {available_bytes}",
        "moe_fused_swiglu",
        Advice.BLOCKS,
        None,
    ),
    _operation(
        "need {needed_bytes} bytes of L1 per core, only {available_bytes} are available",
        None,
        Advice.CHUNKS,
        None,
    ),
    _operation(
        "needs {needed_bytes} bytes of L1 per core, only {available_bytes} are available",
        None,
        Advice.CHUNKS,
        None,
    ),
    _operation(
        "attn_res_gather_softmax needs {needed_bytes} B of L1 per core at Wt {_} but the core has "
        "{available_bytes} B",
        "attn_res_gather_softmax",
        Advice.COLUMNS,
        None,
    ),
    _operation(
        "enable_secondary_dm was requested but the dataflow buffers need {needed_bytes} B of the "
        "{available_bytes} B available in L1",
        None,
        Advice.BLOCKS,
        None,
    ),
    _operation(
        "Workload of Tiles {_} at Tile Size {_} (times 2 for output) exceeds L1 capacity {available_bytes}",
        None,
        Advice.BLOCKS,
        None,
    ),
    _operation(
        "Workload exceeds L1 capacity",
        None,
        Advice.BLOCKS,
        None,
    ),
    _operation(
        "map end address: {needed_bytes} is greater than L1 end address: {available_bytes}",
        "fabric",
        Advice.FABRIC,
        None,
    ),
    _operation(
        "map end address: {needed_bytes} is greater than allocated L1 end address: {available_bytes}",
        "fabric",
        Advice.FABRIC,
        None,
    ),
    _operation(
        "map end address: {needed_bytes} exceeds allocated L1 end address: {available_bytes}",
        "fabric",
        Advice.FABRIC,
        None,
    ),
    _operation(
        "Not enough L1 space for mux core memory requirements given current occupancy.",
        "fabric",
        Advice.FABRIC,
        True,
    ),
    _operation(
        "ring size ({needed_bytes} bytes) exceeds Tensix unreserved L1 size ({available_bytes} bytes)",
        None,
        Advice.BLOCKS,
        False,
    ),
    _refusal(
        "Cannot set circular buffer size to {needed_bytes}. This is larger than the associated "
        "dynamically allocated L1 buffer bank size of {available_bytes} B",
        Cause.VIEW_TOO_BIG,
    ),
    _refusal(
        "Cannot set to globally allocated buffer. Circular buffer size {needed_bytes} B exceeds allocated "
        "L1 buffer bank size of {available_bytes} B",
        Cause.VIEW_TOO_BIG,
    ),
    _refusal(
        "Cannot set to globally allocated buffer. Circular buffer size {needed_bytes} B exceeds allocated "
        "L1 buffer size of {available_bytes} B",
        Cause.VIEW_TOO_BIG,
    ),
    _refusal(
        "(entry_size {_} * num_entries {_} = {needed_bytes} bytes) is larger than the per-bank allocation "
        "of its borrowed TensorParameter {_} ({available_bytes} bytes)",
        Cause.VIEW_TOO_BIG,
    ),
    _refusal(
        "total size {needed_bytes} B, which exceeds the borrowed Buffer's per-bank size of "
        "{available_bytes} B",
        Cause.VIEW_TOO_BIG,
    ),
    _refusal(
        "Fused source circular buffer size ({needed_bytes} B) exceeds its L1 buffer bank "
        "({available_bytes} B)",
        Cause.VIEW_TOO_BIG,
    ),
    _refusal(
        "Program size ({needed_bytes}) too large for kernel config buffer ({available_bytes})",
        Cause.KERNELS_TOO_BIG,
    ),
    _refusal(
        "Creating trace buffers of size {needed_bytes}B on MeshDevice {_} but only {available_bytes}B is "
        "allocated for trace region",
        Cause.TRACE_TOO_BIG,
        BufferType.TRACE,
    ),
    _refusal(
        "Creating trace buffers of size {needed_bytes}B on device {_} but only {available_bytes}B is "
        "allocated for trace region",
        Cause.TRACE_TOO_BIG,
        BufferType.TRACE,
    ),
    _refusal(
        "Trace buffer at address {_} overlaps with",
        Cause.TRACE_CLASH,
        BufferType.TRACE,
    ),
    _refusal(
        "Reserved size must be less than bank size",
        Cause.RESERVED_TOO_BIG,
        BufferType.L1_SMALL,
    ),
    _refusal(
        "Worker L1 size {needed_bytes} is larger than max size {available_bytes}",
        Cause.RESERVED_TOO_BIG,
    ),
)
"""What operations and tt-metal refuse beside these. They are common words: looked for behind TT_FATAL and its
like, or in a short text."""

WHOLE: tuple[Sentence, ...] = tuple(
    each
    for each in PLACEMENTS
    if not any(other.template.startswith(each.template) for other in PLACEMENTS if other is not each)
)
"""Those of which nothing is missing when they end."""
