"""``ttinspect explain``: a finding by its id or name, and the memory errors of a text."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import ttinspect
from tests.conftest import Run
from tests.shm.captures import captures
from ttinspect.answers import explain
from ttinspect.capacity.error_text import find_errors

DATA = Path(__file__).resolve().parent.parent / "data"
DUMP = DATA / "dumps" / "n150-detailed_memory_usage.csv"
FRAGMENTED = (
    "Out of Memory: Not enough space to allocate 38928384 B L1 buffer across 64 banks, where each bank needs to "
    "store 608256 B, but bank size is 1329888 B (allocated: 323936 B, free: 1005952 B, largest free block: "
    "591872 B)"
)
TOO_BIG = (
    "Statically allocated circular buffers on core range [0-0 - 3-3] grow to 1949024 B which is beyond max L1 "
    "size of 1499136 B"
)


def _explained(run: Run, *words: str, stdin: str | None = None) -> dict[str, Any]:
    done = run("explain", *words, "--json", stdin=stdin)
    answer: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(answer, json.loads(run("schema", "explain").stdout))
    assert done.returncode == (0 if answer["findings"] or answer["errors"] else 11)
    return answer


def _text_of(run: Run, *words: str, stdin: str | None = None) -> str:
    return " ".join(run("explain", *words, stdin=stdin).stdout.split())


@pytest.mark.parametrize("word", ["TTS050", "tts050", "ghost", "Ghost"])
def test_a_finding_is_named_by_its_id_or_its_name(run: Run, word: str) -> None:
    answer = _explained(run, word)
    assert [finding["id"] for finding in answer["findings"]] == ["TTS050"]
    assert answer["errors"] == []


def test_without_a_word_all_findings_are_listed(run: Run) -> None:
    answer = _explained(run)
    assert len(answer["findings"]) > 50
    assert answer["errors"] == []


@pytest.mark.parametrize("word", ["TTS999", "gost"])
def test_what_is_no_finding_is_refused(run: Run, word: str) -> None:
    done = run("explain", word)
    assert done.returncode == 2
    assert "lists all of them" in done.stderr


def test_a_text_without_a_memory_error_is_inconclusive(run: Run) -> None:
    assert _explained(run, "-", stdin="all is well\n") | {"tool": 0} == {
        "schema": "ttinspect.explain.v1", "tool": 0, "source": None, "findings": [], "errors": [],
    }  # fmt: skip
    assert "No memory error" in _text_of(run, "it failed somehow")


@pytest.mark.parametrize("way", ["argument", "words", "standard input", "file"])
def test_an_error_is_explained_however_it_comes(run: Run, tmp_path: Path, way: str) -> None:
    (tmp_path / "pytest.log").write_text(f"E   {FRAGMENTED}\n")
    words, stdin = {
        "argument": ([FRAGMENTED], None),
        "words": (FRAGMENTED.split(" "), None),
        "standard input": (["-"], FRAGMENTED),
        "file": (["pytest.log"], None),
    }[way]
    (error,) = _explained(run, *words, stdin=stdin)["errors"]
    assert (error["cause"], error["short_bytes"], error["text"]) == ("fragmented", 16_384, FRAGMENTED)


def test_what_happened_and_what_would_help_has_the_numbers(run: Run) -> None:
    text = _text_of(run, FRAGMENTED)
    assert "608,256 bytes (594.0 KiB) of every L1 bank are needed in one piece" in text
    assert "1,005,952 bytes (982.4 KiB) are free, in pieces of at most 591,872 bytes (578.0 KiB)" in text
    assert "64.0 KiB of l1_small are set aside in every bank" in text
    assert "Runtime: ttnn-0.70.1 to 0.67.4 on wormhole_b0 with l1_small 65,536" in text
    assert "With ttnn-0.81.1, opened alike, a bank has 1,327,776 bytes: 18,496 too few" in text


def test_a_program_that_is_too_big_says_that_freeing_cannot_help(run: Run) -> None:
    text = _text_of(run, TOO_BIG)
    assert "freeing tensors cannot help" in text
    assert "alone needs 1,843,200 of 1,393,312 bytes: it would end at 1,949,024, L1 ends at 1,499,136" in text


def test_equal_errors_are_told_once_and_counted(run: Run) -> None:
    log = f"{FRAGMENTED}\n" * 3 + TOO_BIG
    assert len(_explained(run, "-", stdin=log)["errors"]) == 4
    text = _text_of(run, "-", stdin=log)
    assert text.count("It is fragmented") == 1
    assert "1 of 2 L1: fragmented, over 64 banks (3 times)" in text


def test_a_log_of_more_errors_than_are_listed_counts_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"{FRAGMENTED}\n" * 1_500 + TOO_BIG + f"\n{FRAGMENTED}" * 500)
    answer = _explained(run, "log")
    assert [error["cause"] for error in answer["errors"]] == ["fragmented"] * 1_000 + ["program_too_big"]
    assert [answer["errors"][at]["times"] for at in (0, -1)] == [2_000, 1]
    assert answer["unlisted_errors"] == 1_000
    text = _text_of(run, "log")
    assert "1 of 2 L1: fragmented, over 64 banks (2,000 times)" in text
    assert "1,000 more errors have no entry of their own" in text


def test_of_too_many_kinds_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "MOST_LISTED", 2)
    monkeypatch.setattr(explain, "MOST_KINDS", 3)
    texts = [
        TOO_BIG.replace("1949024", str(end))
        for end in (1_600_000, 1_600_000, 1_600_000, 1_700_000, 1_800_000, 1_900_000)
    ]
    answer = explain.build_explained_errors(find_errors("\n".join(texts)))
    assert [(error.program_end, error.times) for error in answer.errors] == [
        (1_600_000, 3), (1_600_000, 3), (1_700_000, 1), (1_800_000, 1),
    ]  # fmt: skip
    assert answer.unlisted_errors == 2


def test_the_maps_of_all_real_errors_add_up(run: Run) -> None:
    whole = {"wormhole_b0": 1_499_136, "blackhole": 1_572_864}
    for path in sorted((DATA / "errors").glob("*.json")):
        for error in _explained(run, str(path))["errors"]:
            if error["memory"] == "L1":
                assert sum(part["bytes"] for part in error["map"]) == whole[error["arch"]]


def test_a_dump_of_the_same_bank_says_what_to_free(run: Run) -> None:
    needed = 1_200_000
    text = (
        f"Out of Memory: Not enough space to allocate {64 * needed} B L1 buffer across 64 banks, where each bank "
        f"needs to store {needed} B, but bank size is 1376928 B (allocated: 131072 B, free: 1245856 B, largest "
        "free block: 1180320 B)"
    )
    answer = _explained(run, text, "--allocator", str(DUMP))
    (error,) = answer["errors"]
    assert error["freeing"]["blocks"] == [{"address": 1_180_320, "size_bytes": 24_576, "allocated": True}]
    assert error["help"][0].startswith("Free the 24,576 bytes at 1,180,320: 1,204,896 bytes in one piece")
    assert answer["holders"] == [
        {"where": "the dump", "pid": None, "name": None, "alive": None, "l1_bytes": 64 * 131_072, "dram_bytes": 6_316_032}
    ]  # fmt: skip
    other = _explained(run, FRAGMENTED, "--allocator", str(DUMP))["errors"][0]
    assert other["freeing"] is None  # its bank is another one


def test_ghosts_are_named_first_among_those_who_hold_l1(run: Run, tmp_path: Path) -> None:
    capture = captures()["v3-ghost"]
    (tmp_path / "shm").mkdir()
    (tmp_path / "shm" / capture.file_name).write_bytes(capture.data)
    (tmp_path / "proc").mkdir()
    answer = _explained(run, FRAGMENTED, "--shm-dir", "shm")
    assert answer["holders"]
    alive = [holder["alive"] for holder in answer["holders"]]
    assert alive == sorted(alive, key=lambda is_alive: is_alive is not False)
    assert "Who holds L1 now" in _text_of(run, FRAGMENTED, "--shm-dir", "shm")


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_no_line_is_wider_than_the_terminal(run: Run, columns: str) -> None:
    texts = [path.read_text() for path in sorted((DATA / "errors").glob("*.json"))]
    lines = run("explain", "-", stdin="\n".join(texts), COLUMNS=columns).stdout.splitlines()
    drawn = ("[", "x ", "P ", ". ", "B ", "s ", "from")
    assert all(len(line) <= int(columns) for line in lines if not line.strip().startswith(drawn))


def test_why_explains_an_exception_and_what_it_came_from() -> None:
    try:
        try:
            raise RuntimeError(f"TT_THROW @ program.cpp:2567: tt::exception\ninfo:\n{TOO_BIG}\nbacktrace:\n")
        except RuntimeError as error:
            raise ValueError("the model failed") from error
    except ValueError as error:
        reasons = ttinspect.why(error)
    (explained,) = reasons.errors
    assert explained.cause is not None
    assert explained.cause.value == "program_too_big"
    assert "freeing tensors cannot help" in " ".join(str(reasons).split())
    assert not ttinspect.why(ValueError("something else"))


def test_why_is_ready_without_a_runtime() -> None:
    script = f"import sys, ttinspect; print(ttinspect.why({TOO_BIG!r})); assert 'ttnn' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("L1: program too big, cores 0-0 to 3-3\n")
