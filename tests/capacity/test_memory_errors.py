"""Memory errors of tt-metal: found in any text, and understood as the runtime that wrote them knew it."""

import html
import itertools
import json
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttinspect.capacity.diagnosis import diagnose
from ttinspect.capacity.error_text import find_errors
from ttinspect.capacity.recognition import grids_of, newest_like
from ttinspect.model.arch import Arch
from ttinspect.model.memory_error import Cause, MemoryFault
from ttinspect.model.tensor import BufferType

DATA = Path(__file__).resolve().parent.parent / "data" / "errors"
CAUSES = {
    "l1 too big for an empty bank": Cause.NEVER_FITS,
    "l1 sharded on 16 cores": Cause.NEVER_FITS,
    "dram too big": Cause.NEVER_FITS,
    "l1 fragmented": Cause.FRAGMENTED,
    "l1 full": Cause.FULL,
    "clash add": Cause.CLASH,
    "clash softmax": Cause.CLASH,
    "cb over L1": Cause.PROGRAM_TOO_BIG,
}
PROGRAM_BYTES = {"clash add": 12_288, "clash softmax": 161_792, "cb over L1": 1_843_200}
TRACE_PER_VIEW = {("p150", 50_000_000): 6_250_496, ("n150", 0): 0, ("p100", 0): 0}
ARCH = {"n150": Arch.WORMHOLE_B0, "n300": Arch.WORMHOLE_B0, "p100": Arch.BLACKHOLE, "p150": Arch.BLACKHOLE}


def understood(text: str) -> list[MemoryFault]:
    return [diagnose(error) for error in find_errors(text)]


def _refused(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.json")):
        yield from (record for record in json.loads(path.read_text()) if record["message"])


def _is_as_the_runtime_knew(record: dict[str, Any]) -> None:
    (fault,) = understood(record["message"])
    view = record["view"]
    assert fault.arch is ARCH[record["board"]]
    assert fault.memory is BufferType(record["memory"])
    likely = [pair for pair in fault.runtimes if pair.likely]
    assert "ttnn-0.81.1" in [pair.name for pair in likely]
    assert fault.text in " ".join(record["message"].split())
    expected = CAUSES.get(record["name"])
    if expected is not None:
        assert fault.cause is expected
    if fault.cause in (Cause.CLASH, Cause.PROGRAM_TOO_BIG):
        assert len({pair.name for pair in likely}) == 1
        assert fault.program_bytes == PROGRAM_BYTES.get(record["name"], fault.program_bytes)
        return
    assert (fault.bank_bytes, fault.allocated_bytes, fault.free_bytes, fault.largest_bytes) == (
        view["bank_bytes"], view["allocated"], view["free"], view["largest"],
    )  # fmt: skip
    assert fault.needed_bytes is not None
    if record["memory"] == "L1":
        assert {(pair.name, pair.l1_small) for pair in likely} == {("ttnn-0.81.1", record["l1_small"])}
        assert (fault.sharded is True) == (record["name"] == "l1 sharded on 16 cores")


def test_every_error_of_a_real_runtime_is_understood() -> None:
    records = list(_refused(DATA))
    assert len(records) == 32
    for record in records:
        _is_as_the_runtime_knew(record)


def test_every_error_of_the_reference_data_is_understood(shared: Path) -> None:
    for record in _refused(shared / "errors"):
        _is_as_the_runtime_knew(record)


def test_the_trace_region_of_a_dram_view_is_told() -> None:
    for record in _refused(DATA):
        if record["memory"] == "DRAM":
            (fault,) = understood(record["message"])
            newest = next(pair for pair in fault.runtimes if pair.name == "ttnn-0.81.1")
            assert newest.trace_per_view == TRACE_PER_VIEW[record["board"], record["trace"]]


def _out_of_memory(
    bank: int, needed: int, free: int, largest: int, banks: int = 64, memory: str = "L1"
) -> str:
    return (
        f"Out of Memory: Not enough space to allocate {banks * needed} B {memory} buffer across {banks} banks, "
        f"where each bank needs to store {needed} B, but bank size is {bank} B (allocated: {bank - free} B, "
        f"free: {free} B, largest free block: {largest} B)"
    )  # fmt: skip


OLD_RANGE = "[(x=0,y=0) - (x=7,y=7)]"
WITH_64K = {"ttnn-0.67.4", "ttnn-0.68.0", "ttnn-0.69.0", "ttnn-0.70.1"}


@pytest.mark.parametrize(
    ("text", "cause", "short", "arch", "likely", "l1_small", "sharded"),
    [
        (_out_of_memory(1_329_888, 608_256, 1_005_952, 591_872), Cause.FRAGMENTED, 16_384, Arch.WORMHOLE_B0, WITH_64K, 65_536, None),
        (_out_of_memory(1_329_888, 552_960, 912_096, 522_240, 48), Cause.FRAGMENTED, 30_720, Arch.WORMHOLE_B0, WITH_64K, 65_536, True),
        (_out_of_memory(1_393_472, 792_064, 469_696, 373_824, 70), Cause.FULL, 322_368, Arch.WORMHOLE_B0, {"ttnn-0.76.0", "ttnn-0.77.0"}, 0, True),
        (_out_of_memory(1_330_944, 1_350_784, 1_330_944, 1_330_944), Cause.NEVER_FITS, 19_840, None, set(), None, None),
        (_out_of_memory(1_395_584, 2048, 0, 0, 5), Cause.FULL, 2048, None, {"ttnn-0.66.0", "ttnn-0.81.1"}, None, True),
    ],
)  # fmt: skip
def test_banks_that_people_reported(
    text: str, cause: Cause, short: int, arch: Arch | None, likely: set[str], l1_small: int | None,
    sharded: bool | None,
) -> None:  # fmt: skip
    (fault,) = understood(text)
    pairs = [pair for pair in fault.runtimes if pair.likely]
    assert (fault.cause, fault.short_bytes, fault.arch, fault.sharded) == (cause, short, arch, sharded)
    assert {pair.name for pair in pairs} == likely
    if l1_small is not None:
        assert {pair.l1_small for pair in pairs} == {l1_small}


def test_a_dram_view_that_people_reported() -> None:
    (fault,) = understood(_out_of_memory(1_071_821_792, 4_894_720, 183_397_344, 3_382_944, 12, "DRAM"))
    assert (fault.cause, fault.arch) == (Cause.FRAGMENTED, Arch.WORMHOLE_B0)
    likely = [pair for pair in fault.runtimes if pair.likely]
    assert {pair.name for pair in likely} == {"ttnn-0.66.0", "ttnn-0.71.2", *WITH_64K}
    assert {pair.trace_per_view for pair in likely} == {1_920_000}


def test_the_newest_release_would_have_what_its_own_allocator_gives() -> None:
    """64 KiB of l1_small on a Wormhole; a trace region of 1,920,000 bytes, whole in each view before 0.74 and
    a twelfth of it since, in steps of 8 KiB (golden: 1,393,312 of a core, 1,072,693,184 of a view without both)."""
    (l1,) = understood(_out_of_memory(1_329_888, 608_256, 1_005_952, 591_872))
    (dram,) = understood(_out_of_memory(1_071_821_792, 4_894_720, 183_397_344, 3_382_944, 12, "DRAM"))
    expected = [(1_393_312 - 65_536, None), (None, 1_072_693_184 - 163_840)]
    for fault, (bank, view) in zip((l1, dram), expected, strict=True):
        newest = newest_like([pair for pair in fault.runtimes if pair.likely], Arch.WORMHOLE_B0, fault.banks)
        assert newest is not None
        assert (newest.name, newest.bank_bytes, newest.view_bytes) == ("ttnn-0.81.1", bank, view)


@pytest.mark.parametrize(
    ("arch", "banks", "grids"),
    [
        (Arch.WORMHOLE_B0, 64, {(8, 8)}),
        (Arch.WORMHOLE_B0, 72, {(8, 9)}),
        (Arch.WORMHOLE_B0, 63, set()),
        (Arch.BLACKHOLE, 110, {(11, 10)}),
    ],
)
def test_the_number_of_banks_tells_the_compute_grid(
    arch: Arch, banks: int, grids: set[tuple[int, int]]
) -> None:
    assert {grid.grid for grid in grids_of(arch, banks)} == grids


def test_what_the_newest_release_wrote_itself_has_no_newer_one() -> None:
    (fault,) = understood(_out_of_memory(1_393_312, 1_400_000, 1_393_312, 1_393_312))
    assert "ttnn-0.81.1" in {pair.name for pair in fault.runtimes if pair.likely}
    assert newest_like([pair for pair in fault.runtimes if pair.likely], Arch.WORMHOLE_B0, 64) is None


@pytest.mark.parametrize(
    ("text", "cause", "arch", "program_bytes", "short"),
    [
        (f"Statically allocated circular buffers in program 5 clash with L1 buffers on core range {OLD_RANGE}. L1 buffer allocated at 104448 and static circular buffer region ends at 107936", Cause.CLASH, Arch.WORMHOLE_B0, 4096, 3488),
        (f"Statically allocated circular buffers in program 5 clash with L1 buffers on core range {OLD_RANGE}. L1 buffer allocated at 1563072 and static circular buffer region ends at 1563264", Cause.CLASH, Arch.BLACKHOLE, None, 192),
        (f"Statically allocated circular buffers on core range {OLD_RANGE} grow to 1669312 B which is beyond max L1 size of 1499136 B", Cause.PROGRAM_TOO_BIG, Arch.WORMHOLE_B0, 1_563_648, 170_176),
        (f"Statically allocated circular buffers on core range {OLD_RANGE} grow to 16897152 B which is beyond max L1 size of 1499136 B", Cause.PROGRAM_TOO_BIG, Arch.WORMHOLE_B0, 16_793_600, 15_398_016),
        (f"Statically allocated circular buffers on core range {OLD_RANGE} grow to 1901120 B which is beyond max L1 size of 1572864 B", Cause.PROGRAM_TOO_BIG, Arch.BLACKHOLE, None, 328_256),
        # 103,552 (Wormhole, 0.66) and 111,744 (Blackhole, 0.81.1) are equal modulo 1,024
        (f"Statically allocated dataflow buffers in program 5 clash with L1 buffers on core range {OLD_RANGE}. L1 buffer allocated at 120000 and static dataflow buffer region ends at 124032", Cause.CLASH, None, None, 4032),
        ("Statically allocated dataflow buffers in program 5 clash with L1 buffers on core range [0-0 - 10-9]. L1 buffer allocated at 120000 and static dataflow buffer region ends at 124032", Cause.CLASH, Arch.BLACKHOLE, 12_288, 4032),
    ],
)  # fmt: skip
def test_programs_that_people_reported(
    text: str, cause: Cause, arch: Arch | None, program_bytes: int | None, short: int
) -> None:
    (fault,) = understood(text)
    assert (fault.cause, fault.arch, fault.program_bytes, fault.short_bytes) == (
        cause,
        arch,
        program_bytes,
        short,
    )
    assert bool(fault.runtimes) == (program_bytes is not None)


@pytest.mark.parametrize(
    ("needed", "bank", "cause"), [(5000, 4000, Cause.NEVER_FITS), (4000, 4000, None), (3000, 4000, None)]
)
def test_the_older_form_tells_only_what_never_fits(needed: int, bank: int, cause: Cause | None) -> None:
    text = (
        f"Out of Memory: Not enough space to allocate {needed * 64} B L1 buffer across 64 banks, where each bank "
        f"needs to store {needed} B, but bank size is only {bank} B"
    )  # fmt: skip
    (fault,) = understood(text)
    assert (fault.cause, fault.bank_bytes, fault.free_bytes, fault.largest_bytes) == (cause, bank, None, None)


@pytest.mark.parametrize(
    ("needed", "buffer", "banks", "sharded"),
    [(2048, 72 * 2048, 72, None), (2048, 71 * 2048, 72, False), (1000, 71_000, 72, None), (2048, 16 * 2048, 16, True)],
)  # fmt: skip
def test_a_buffer_in_fewer_banks_than_a_chip_has_is_sharded(
    needed: int, buffer: int, banks: int, sharded: bool | None
) -> None:
    text = _out_of_memory(1_393_312, needed, 0, 0, banks).replace(f"{banks * needed} B L1", f"{buffer} B L1")
    (fault,) = understood(text)
    assert fault.sharded is sharded


# --- around the sentences -------------------------------------------------------------------------------------

SENTENCES = {record["message"].split("info:\n")[1].rstrip(".") for record in _refused(DATA)}
COLOUR = "\x1b[31;1m"


def _texts(text: str) -> list[str]:
    return [error.text for error in find_errors(text)]


@pytest.mark.parametrize("sentence", sorted(SENTENCES))
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "2026-11-30 21:57:12.442 | critical |          Always | TT_FATAL: {} (assert.hpp:104)",
        "E       RuntimeError: TT_THROW @ program.cpp:2624: tt::exception\nE       info:\nE       {}\nbacktrace:\n",
        '{{"type": "RuntimeError", "message": "TT_FATAL @ x.cpp:5: false\\ninfo:\\n{}.\\nbacktrace:\\n --- f"}}',
        COLOUR + "{}" + "\x1b[0m",
        "terminate called ... what():  '{}'",
        "Statically Memory: {} Memory: Statically",
    ],
)
def test_whatever_stands_around_a_sentence_it_is_found(sentence: str, around: str) -> None:
    assert _texts(around.format(sentence)) == [sentence]


MESSAGES = [record["message"] for record in _refused(DATA)]


def _each_line(form: str) -> Callable[[str], str]:
    """A prefix in which {} is the number of a line, the line behind it."""
    return lambda text: "\n".join(
        form.replace("{}", str(at % 10)) + line for at, line in enumerate(text.split("\n"))
    )


def _wrapped(text: str, width: int) -> str:
    lines = (
        textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )
    return "\n".join(itertools.chain.from_iterable(lines))


WRITTEN: dict[str, Callable[[str], str]] = {
    "loguru": _each_line("2026-11-30 21:57:12.{}01 | ERROR    | models.llama:run:4{} - "),
    "logging": _each_line("2026-11-30 21:57:1{},123 - worker - ERROR - "),
    "root logger": _each_line("ERROR:root:"),
    "journald": _each_line("Nov 30 21:57:1{} host-7 python3[4711]: "),
    "rsyslog": lambda text: f"#033[31m{text}#033[0m".replace("\n", "#012"),
    "docker compose": _each_line("worker-1  | "),
    "docker": lambda text: "\n".join(
        json.dumps({"log": f"{line}\n", "stream": "stderr", "time": "2026-11-30T21:57:12.1Z"})
        for line in text.split("\n")
    ),
    "kubectl": _each_line("[pod/llama-7f9c/worker] "),
    "containerd": _each_line("2026-11-30T21:57:12.12345678{}Z stderr F "),
    "pytest": _each_line("E       "),
    "pytest-xdist": _each_line("[gw3] E   "),
    "Jenkins": _each_line("[2026-11-30T21:57:12.12{}Z] "),
    "GitHub Actions": _each_line("2026-11-30T21:57:12.123456{}Z ##[error]"),
    "GitHub annotation": lambda text: "::error file=a.py,line=3::" + text.replace("\n", "%0A"),
    "gh run view": _each_line("n150\tRun tests\t2026-11-30T21:57:12.123456{}Z E   "),
    "Open MPI": _each_line("[1,0]<stderr>:"),
    "srun": _each_line("3: "),
    "torchrun": _each_line("[default3]:"),
    "Ray": _each_line("\x1b[36m(Worker pid=4711, ip=10.0.0.1)\x1b[0m "),
    "vLLM": _each_line("(EngineCore_0 pid=123) ERROR 11-30 21:57:12 [core.py:70{}] "),
    "tqdm": lambda text: f" 50%|#####     | 5/10 [00:01<00:01]\r{text}\r 60%|######    | 6/10",
    "colours": lambda text: re.sub(r"\S+", lambda word: f"\x1b[38;5;196m{word[0]}\x1b[0m", text),
    "coloured numbers": lambda text: re.sub(r"\b\d+\b", lambda word: f"\x1b[1;36m{word[0]}\x1b[0m", text),
    "colours of a page": lambda text: re.sub(r"\b\d+\b", lambda word: f"[36m{word[0]}[0m", text),
    "cat -v": lambda text: f"^[[31m{text}^[[0m^M",
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps(f"\x1b[31m{text}")),
    "repr": lambda text: repr(RuntimeError(text)),
    "bytes": lambda text: repr(text.encode()),
    "HTML": lambda text: html.escape(text).replace(" ", "&nbsp;").replace("\n", "<br>"),
    "HTML with tags": lambda text: "\n".join(
        f"<div><span class='a'>{html.escape(line)}</span></div>" for line in text.split("\n")
    ),
    "JUnit": lambda text: f'<failure message="{html.escape(text)}">'.replace("\n", "&#10;"),
    "Windows": lambda text: text.replace("\n", "\r\n"),
    "non-breaking": lambda text: text.replace(" ", "\u00a0"),
    "quoted": _each_line("> > "),
    "box": lambda text: "\n".join(f"│ {line:<160} │" for line in text.split("\n")),
    "grep -n": _each_line("run.log:10{}:"),
    "dmesg": _each_line("[ 1234.56789{}] "),
}
"""What loggers, terminals and pages make of a message."""


@pytest.mark.parametrize("width", [None, 120, 80, 40])
@pytest.mark.parametrize("how", WRITTEN)
def test_however_a_message_is_written_its_error_is_the_same(how: str, width: int | None) -> None:
    for message in MESSAGES:
        wrapped = message if width is None else _wrapped(message, width)
        assert [*find_errors(WRITTEN[how](wrapped))] == [*find_errors(message)]


@given(st.data())
def test_lines_of_several_ranks_do_not_mix(data: st.DataObject) -> None:
    messages = data.draw(st.lists(st.sampled_from(MESSAGES), min_size=2, max_size=3))
    queues = [
        [f"[1,{rank}]<stderr>:{line}" for line in _wrapped(message, 100).split("\n")]
        for rank, message in enumerate(messages)
    ]
    log = []
    while any(queues):
        log.append(data.draw(st.sampled_from([queue for queue in queues if queue])).pop(0))
    errors = [error for message in messages for error in find_errors(message)]
    assert sorted(map(repr, find_errors("\n".join(log)))) == sorted(map(repr, errors))


PREFIXES = st.sampled_from(
    ["", "    ", "E       ", "worker-1  | ", "2026-11-30 21:57:12.442 | 7 | ", "[1,3]<stderr>: ", "│ ", "> "]
)


@given(st.sampled_from(sorted(SENTENCES)), PREFIXES, st.data())
def test_a_sentence_that_is_wrapped_at_blanks_is_the_same(
    sentence: str, prefix: str, data: st.DataObject
) -> None:
    words = sentence.split(" ")
    breaks = data.draw(st.lists(st.booleans(), min_size=len(words) - 1, max_size=len(words) - 1))
    text = prefix + words[0]
    for word, broken in zip(words[1:], breaks, strict=True):
        text += f"\n{prefix}{word}" if broken else f" {word}"
    assert _texts(f"before\n{text}\nafter") == [sentence]


@given(st.sampled_from(sorted(SENTENCES)), st.integers(30, 120))
def test_a_box_round_a_wrapped_sentence_is_passed_over(sentence: str, width: int) -> None:
    lines, line = [], ""
    for word in sentence.split(" "):
        if len(line) + len(word) > width:
            lines.append(line)
            line = ""
        line += f"{word} "
    boxed = "\n".join(f"│ {part:<{width}} │" for part in [*lines, line])
    assert _texts(boxed) == [sentence]


@given(st.lists(st.sampled_from(sorted(SENTENCES)), max_size=5), st.text(max_size=40))
def test_several_errors_are_found_in_their_order(sentences: list[str], between: str) -> None:
    assert _texts(f"\n{between}\n".join(["", *sentences, ""])) == sentences


@given(st.text())
def test_no_text_raises(text: str) -> None:
    understood(text)


WORDS = sorted({word for sentence in SENTENCES for word in re.findall(r"\S+", f"Out of {sentence}")})


@given(st.lists(st.sampled_from([*WORDS, "\n", "\x1b[", "9" * 30, "٣", "\\n"]), max_size=60))
def test_no_text_of_their_own_words_raises(words: list[str]) -> None:
    understood(" ".join(words))
    understood("Out of Memory: Not enough space to allocate " + " ".join(words))


@given(st.sampled_from(sorted(SENTENCES)), st.integers(0, 400), st.text(max_size=3))
def test_a_sentence_that_is_cut_or_changed_raises_nothing(sentence: str, at: int, put: str) -> None:
    understood(sentence[:at])
    understood(sentence[:at] + put + sentence[at + 1 :])


@pytest.mark.parametrize(
    "text",
    ["", "Out of Memory: Killed process 4711", "Memory: 16 GiB, enough", "Statically allocated circular buffers", "out of memory"],
)  # fmt: skip
def test_other_texts_hold_no_memory_error(text: str) -> None:
    assert understood(text) == []


PROVOKED = Path(__file__).resolve().parent.parent / "data" / "provoked"


@pytest.mark.parametrize("board", ["n150", "p150", "n300"])
def test_errors_of_every_memory_are_understood(board: str) -> None:
    """DRAM, L1_SMALL and TRACE too, interleaved and sharded: made by data/ttnn/provoke.py."""
    records = json.loads((PROVOKED / f"{board}.json").read_text())
    assert len(records) == 9
    for record in records:
        (fault,) = understood(record["message"])
        _, bank, allocated, largest = record["view"]
        assert (fault.cause, fault.memory) == (Cause(record["cause"]), BufferType(record["memory"]))
        assert (fault.bank_bytes, fault.allocated_bytes, fault.largest_bytes) == (bank, allocated, largest)
        assert (fault.sharded is True) == record["sharded"]
        likely = {(pair.name, pair.l1_small) for pair in fault.runtimes if pair.likely}
        if record["memory"] in ("L1_SMALL", "TRACE"):
            assert (fault.runtimes, fault.arch) == ((), None)
            continue
        assert fault.arch is ARCH[board]
        if record["memory"] == "L1":
            assert likely == {("ttnn-0.81.1", record["l1_small"])}
