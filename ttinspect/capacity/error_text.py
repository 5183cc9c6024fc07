"""tt-metal's memory errors in any text: find an anchor, then parse a window behind it. Pure.

The sentences are those of ttnn 0.66 to 0.81.1. Around them stand file names, log prefixes, line breaks and
colours; lines are wrapped at blanks, and a prefix may stand before the rest of a sentence.
"""

import re
from collections.abc import Iterator, Sequence

from ttinspect.model.memory_error import Clash, CoreRange, ErrorText, OutOfMemory, ProgramTooBig
from ttinspect.model.tensor import BufferType

_ANCHORS = tuple(
    re.compile(word + rb"(?=[ \t]+" + after + rb"\b|[ \t]*[\x1b\r\n\x0b\x0c\\|\xc2\xe2])")
    for word, after in ((b"Memory:", b"Not"), (b"Statically", b"allocated"))
)
"""A word of each sentence, which no line break divides, before the next word or something that may stand
between the two. Each begins with plain letters: that is what makes the search fast."""

WINDOW_BYTES = 4096
"""No sentence is longer, with all that stands in between."""

_NEXT_WORDS, _SOON = (b"enough", b"allocated"), 512
"""One of them follows an anchor soon; most texts with an anchor's word in them have neither."""

_LONGEST_PREFIX_WORDS = 24
_LONGEST_PREFIX_BYTES = 1024
_MOST_LINES = 64
_COLOUR = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_BREAK = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]|\\r\\n|\\n")
"""Line breaks, and how JSON and Python write them."""

_DIGITS = re.compile(r"\d+")
_BORDERS = frozenset("|│┃║\\'\"")
"""What stands alone at the end of a line in boxes and quoted strings."""

_NUMBER = r"(\d{1,18})(?!\d)"
_CORE = r"(?:(\d{1,4})-(\d{1,4})|\(x=(\d{1,4}),y=(\d{1,4})\))"
_RANGE = rf"\[{_CORE} - {_CORE}\]"
_KIND = "(?:circular|dataflow)"
_OUT_OF_MEMORY = (
    rf"Memory: Not enough space to allocate {_NUMBER} B (L1_SMALL|L1|DRAM|TRACE) buffer across {_NUMBER} "
    rf"banks, where each bank needs to store {_NUMBER} B"
)
_FORMS = (
    rf"{_OUT_OF_MEMORY}, but bank size is {_NUMBER} B "
    rf"\(allocated: {_NUMBER} B, free: {_NUMBER} B, largest free block: {_NUMBER} B\)",
    rf"{_OUT_OF_MEMORY}, but bank size is only {_NUMBER} B",
    rf"{_OUT_OF_MEMORY}, but bank size is {_NUMBER} B",
    _OUT_OF_MEMORY,
    rf"Statically allocated {_KIND} buffers in program {_NUMBER} clash with L1 buffers on core range "
    rf"{_RANGE}\. L1 buffer allocated at {_NUMBER} and static {_KIND} buffer region ends at {_NUMBER}",
    rf"Statically allocated {_KIND} buffers on core range {_RANGE} grow to {_NUMBER} B which is beyond max "
    rf"L1 size of {_NUMBER} B",
)


class _Form:
    """One sentence as the patterns of its words."""

    def __init__(self, pattern: str) -> None:
        self.words = [re.compile(word) for word in pattern.split(" ")]

    def matches(self, index: int, word: str) -> re.Match[str] | None:
        """The word at this place of the sentence; something may follow the last one directly."""
        last = index == len(self.words) - 1
        return self.words[index].match(word) if last else self.words[index].fullmatch(word)


_SENTENCES = tuple(map(_Form, _FORMS))


def find_errors(text: str) -> Iterator[ErrorText]:
    """Every memory error in a text, in its order. Nothing is ever raised."""
    content = text.encode("utf-8", "surrogatepass")
    for position in anchors(content, 0, len(content)):
        error = error_at(content, position)
        if error is not None:
            yield error


def anchors(content: bytes, start: int, end: int) -> Iterator[int]:
    """Where sentences may begin, from ``start`` to before ``end``, in order."""
    matches = [anchor.search(content, start) for anchor in _ANCHORS]
    while True:
        first = min((match.start() for match in matches if match is not None), default=end)
        if first >= end:
            return
        yield first
        matches = [
            anchor.search(content, first + 1) if match is not None and match.start() == first else match
            for anchor, match in zip(_ANCHORS, matches, strict=True)
        ]


def error_at(content: bytes, position: int) -> ErrorText | None:
    """The error whose anchor stands there, if it is one."""
    if not any(word in content[position : position + _SOON] for word in _NEXT_WORDS):
        return None
    lines = [_words(line) for line in _lines(content[position : position + WINDOW_BYTES])[:_MOST_LINES]]
    before = _lines(content[max(position - _LONGEST_PREFIX_BYTES, 0) : position])[-1].split()
    for sentence in _SENTENCES:
        read = _read(sentence, before, lines)
        if read is not None:
            words, values = read
            return _error(" ".join(words), values)
    return None


def _lines(window: bytes) -> list[str]:
    """The lines of a window, without colours."""
    return _BREAK.split(_COLOUR.sub("", window.decode("utf-8", "replace")))


def _words(line: str) -> list[str]:
    words = line.split()
    while words and all(char in _BORDERS for char in words[-1]):
        words.pop()
    return words


def _read(
    sentence: _Form, before: list[str], lines: Sequence[list[str]]
) -> tuple[list[str], list[str]] | None:
    """The words of a sentence and the values in it; None if this is another one. ``before``: what stands
    before it in its own line."""
    words: list[str] = []
    values: list[str] = []
    for number, line in enumerate(lines):
        begin = 0 if number == 0 else _resumed(sentence, len(words), line, _alike(line, before))
        for word in line[begin:]:
            match = sentence.matches(len(words), word)
            if match is None:
                return None
            words.append(match[0])
            values += [value for value in match.groups() if value is not None]
            if len(words) == len(sentence.words):
                return words, values
    return None


def _alike(line: list[str], other: list[str]) -> int:
    """How many words two lines begin with alike, but for digits: the prefix that a log gives them."""
    count = 0
    for word, same in zip(line, other, strict=False):
        if _DIGITS.sub("0", word) != _DIGITS.sub("0", same):
            break
        count += 1
    return count


def _resumed(sentence: _Form, index: int, line: list[str], prefix: int) -> int:
    """Where a wrapped sentence goes on in the next line, behind a prefix: where all words to its end fit.
    That the prefix has as many words as in the line before is tried first."""
    begins: list[int] = [prefix, *range(_LONGEST_PREFIX_WORDS)]
    for begin in begins:
        if begin >= len(line):
            continue
        rest = line[begin : begin + len(sentence.words) - index]
        if all(sentence.matches(index + at, word) for at, word in enumerate(rest)):
            return begin
    return 0


def _error(text: str, values: list[str]) -> ErrorText:
    if text.startswith("Memory:"):
        memory = BufferType(values.pop(1))
        figures = [int(value) for value in values]
        bank, allocated, free, largest = [*figures[3:], None, None, None, None][:4]
        return OutOfMemory(
            buffer_bytes=figures[0],
            memory=memory,
            banks=figures[1],
            needed_bytes=figures[2],
            bank_bytes=bank,
            allocated_bytes=allocated,
            free_bytes=free,
            largest_bytes=largest,
            text=f"Out of {text}",
        )
    figures = [int(value) for value in values]
    if "clash" in text:
        return Clash(
            program=figures[0],
            core_range=_core_range(figures[1:5]),
            lowest_buffer=figures[5],
            program_end=figures[6],
            text=text,
        )
    return ProgramTooBig(
        core_range=_core_range(figures[:4]), program_end=figures[4], worker_l1_bytes=figures[5], text=text
    )


def _core_range(corners: list[int]) -> CoreRange:
    left, top, right, bottom = corners
    return (left, top), (right, bottom)
