"""tt-metal's memory errors in any text: find an anchor, then read the sentence behind it. Pure.

Around the sentences stand file names, log prefixes, line breaks and colours, in any of the ways in which they
are written in logs, JSON and pages; lines are wrapped at blanks, a prefix may stand before the rest of a
sentence, and lines of other processes between the two.
"""

import functools
import heapq
import html
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ttinspect.capacity.sentences import PLACEMENTS, REFUSALS, WHOLE, Sentence, Word
from ttinspect.model.memory_error import ErrorText

_OF_PLACEMENTS = tuple({each.anchor for each in PLACEMENTS})
_REFUSES = re.compile(rb"TT_(?:FATAL|THROW|ASSERT)\b")
"""What stands before the sentences of operations, whose first words are common ones."""

WINDOW_BYTES = 4096
"""No sentence is longer, with all that stands in between."""

REASON_BYTES = 2048
"""So soon behind TT_FATAL and its like, which name a file and a condition first, a sentence begins."""

ALONE_BYTES = 1024 * 1024
"""A text of at most this size may be a sentence without what tt-metal writes before it."""

_LONGEST_PREFIX_WORDS = 24
_LONGEST_PREFIX_BYTES = 1024
_MOST_LINES, _MOST_SKIPPED = 64, 16
_ESCAPE = r"(?:\x1b|\\+(?:x1[bB]|u001[bB]|033|e)|\^\[|#033|\u241b)"
_COLOUR = re.compile(
    rf"{_ESCAPE}\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]"
    r"|\[\d{1,2}(?:;\d{1,3})*m"
)
"""Colours, as a terminal gets them and as JSON, Python, cat -v and rsyslog write them; or without the escape
character, which web pages drop."""

_BREAK = re.compile(
    r"\r\n|[\r\n\x00\x0b\x0c\x85\u2028\u2029]|\\+r\\+n|\\+[rn]|\\+u000[aAdD]|%0D%0A|%0A|#012|<br ?/?>",
    re.IGNORECASE,
)
"""Line breaks, and how JSON, Python, GitHub's annotations, rsyslog and HTML write them."""

_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")
_DIGITS = re.compile(r"\d+")
_TIME = re.compile(r"[\[(]?\d[\d:.,TZ+/-]{4,}[\])]?,?")
_BORDERS = frozenset("|│┃║\\'\"")
"""What stands alone at the end of a line in boxes and quoted strings."""


def find_errors(text: str) -> Iterator[ErrorText]:
    """Every memory error in a text, in its order. Nothing is ever raised."""
    content = text.encode("utf-8", "surrogatepass")
    nothing = True
    for position in anchors(content, 0, len(content)):
        error = error_at(content, position)
        if error is not None:
            nothing = False
            yield error
    if nothing:
        yield from errors_alone(content)


def errors_alone(content: bytes) -> Iterator[ErrorText]:
    """What operations refuse, in a short text without what tt-metal writes before it."""
    if len(content) <= ALONE_BYTES:
        for position in _refused_in(content, 0, len(content)):
            error = _refusal_at(content, position)
            if error is not None:
                yield error


def anchors(content: bytes, start: int, end: int) -> Iterator[int]:
    """Where sentences may begin, from ``start`` to before ``end``, in order."""
    streams = [(match.start() for match in opening.finditer(content, start)) for opening in _placed()]
    for position in heapq.merge(*streams, _behind_refusals(content, start)):
        if position >= end:
            return
        yield position


def _behind_refusals(content: bytes, start: int) -> Iterator[int]:
    """Where sentences of operations may begin: behind TT_FATAL and its like."""
    at = start
    for refuses in _REFUSES.finditer(content, max(start - REASON_BYTES, 0)):
        at, end = max(at, refuses.start()), refuses.start() + REASON_BYTES
        yield from _refused_in(content, at, end)
        at = end


def _refused_in(content: bytes, start: int, end: int) -> list[int]:
    return sorted(match.start() for each in _refused() for match in each.finditer(content, start, end))


@functools.cache
def _placed() -> tuple[re.Pattern[bytes], ...]:
    return _openings(PLACEMENTS)


@functools.cache
def _refused() -> tuple[re.Pattern[bytes], ...]:
    return _openings(REFUSALS)


def _openings(sentences: Sequence[Sentence]) -> tuple[re.Pattern[bytes], ...]:
    """How sentences open. Each pattern begins with plain letters: that is what makes the search fast."""
    openings: dict[bytes, list[bytes]] = {}
    for sentence in sentences:
        openings.setdefault(sentence.anchor, []).append(sentence.opening)
    return tuple(
        re.compile(re.escape(anchor) + rb"(?:" + b"|".join(dict.fromkeys(ways)) + rb")")
        for anchor, ways in openings.items()
    )


def error_at(content: bytes, position: int) -> ErrorText | None:
    """The error whose anchor stands there, if it is one."""
    if not content.startswith(_OF_PLACEMENTS, position):
        return _refusal_at(content, position)
    for sentence in WHOLE:
        match = sentence.line.match(content, position)
        if match is not None:
            values = {name: value.decode() for name, value in match.groupdict().items()}
            return sentence.error(match[0].decode(), values)
    return _error_in(PLACEMENTS, content, position)


def _refusal_at(content: bytes, position: int) -> ErrorText | None:
    alike = [each for each in REFUSALS if content.startswith(each.anchor, position)]
    return _error_in(alike, content, position)


def _error_in(sentences: Sequence[Sentence], content: bytes, position: int) -> ErrorText | None:
    """The first of these sentences that stands there, however it is wrapped."""
    lines = [_words(line) for line in _lines(content[position : position + WINDOW_BYTES])[:_MOST_LINES]]
    before = _lines(content[max(position - _LONGEST_PREFIX_BYTES, 0) : position])[-1].split()
    for sentence in sentences:
        read = _read(sentence, before, lines)
        if read is not None:
            words, values = read
            return sentence.error(" ".join(words), values)
    return None


def _lines(window: bytes) -> list[str]:
    """The lines of a window, without colours and tags."""
    text = _COLOUR.sub("", window.decode("utf-8", "replace"))
    lines = _BREAK.split(text)
    return [html.unescape(_TAG.sub("", line)) if "<" in line or "&" in line else line for line in lines]


def _words(line: str) -> list[str]:
    words = line.split()
    while words and all(char in _BORDERS for char in words[-1]):
        words.pop()
    return words


class _Place(NamedTuple):
    """Where a sentence goes on: the line, the word, and the text of the prefix before it."""

    line: int
    word: int
    prefix: str


def _read(
    sentence: Sentence, before: list[str], lines: Sequence[list[str]]
) -> tuple[list[str], dict[str, str]] | None:
    """The words of a sentence and the values in it; None if this is another one. ``before``: what stands
    before it in its own line."""
    words: list[str] = []
    values: dict[str, str] = {}
    place: _Place | None = _Place(0, 0, "")
    while place is not None:
        for at, word in enumerate(lines[place.line][place.word :]):
            read = _word(sentence, len(words), word, glued=place.line > 0 and at == 0)
            if read is None:
                return None
            words.append(read.text)
            values |= read.values
            if len(words) == len(sentence.words):
                return words, values
        place = _resumed(sentence, len(words), lines, place.line + 1, before)
    return None


def _word(sentence: Sentence, index: int, word: str, *, glued: bool) -> Word | None:
    """A word of a text as a word of the sentence. Where any word would do, what is ``glued`` to it is taken
    off first."""
    ways = ((True, False) if "{_}" in sentence.words[index] else (False, True)) if glued else (False,)
    return next(filter(None, (sentence.word(index, word, glued=way) for way in ways)), None)


def _resumed(
    sentence: Sentence, index: int, lines: Sequence[list[str]], number: int, before: list[str]
) -> _Place | None:
    """Where a wrapped sentence goes on: in the next line with the prefix that the sentence began with, behind
    lines of others; or else in the next line, behind any prefix."""
    while number < len(lines) and not lines[number]:
        number += 1
    own = _marks(before)
    following: _Place | None = None
    skipped: list[str] = []
    for at in range(number, min(number + _MOST_SKIPPED, len(lines))):
        place = _place(sentence, index, at, lines[at], _alike(lines[at], before))
        if place is not None and place.prefix and own.startswith(place.prefix):
            if not any(text.startswith(place.prefix) for text in skipped):
                return place
        elif at == number:
            following = place
        skipped.append(_marks(lines[at]))
    return following


def _place(sentence: Sentence, index: int, number: int, line: list[str], alike: int) -> _Place | None:
    """Where in a line all words to its end go on with the sentence. That the prefix has as many words as in
    the line before is tried first."""
    for begin in (alike, *range(_LONGEST_PREFIX_WORDS)):
        if begin >= len(line):
            continue
        rest = line[begin : begin + len(sentence.words) - index]
        first = _word(sentence, index, rest[0], glued=True)
        if first and all(sentence.word(index + at, word) for at, word in enumerate(rest) if at):
            glue = rest[0][: rest[0].find(first.text)]
            return _Place(number, begin, _marks([*line[:begin], *([glue] if glue else [])]))
    return None


def _marks(prefix: Sequence[str]) -> str:
    """A prefix without times, which differ from line to line."""
    return " ".join(word for word in prefix if not _TIME.fullmatch(word))


def _alike(line: list[str], other: list[str]) -> int:
    """How many words two lines begin with alike, but for digits: the prefix that a log gives them."""
    count = 0
    for word, same in zip(line, other, strict=False):
        if _DIGITS.sub("0", word) != _DIGITS.sub("0", same):
            break
        count += 1
    return count
