"""What a redacted snapshot must not tell."""

import msgspec
import pytest

from ttinspect.answers.redaction import redacted
from ttinspect.model.chip import Unknown
from ttinspect.model.process import ProcessTable
from ttinspect.model.system import Recording, Source, SourceKind, Trouble
from ttinspect.shm.published import Published
from ttinspect.sources.opening import open_source
from ttinspect.sources.snapshot import Host, Snapshot, Versions

_UNIQUE, _BOARD = 0x412319110CD, 0x401 << 32 | 0x12345678


def _snapshot(why: str = "", recorded: Recording | None = None) -> Snapshot:
    example = open_source("board:p150")
    chip = msgspec.structs.replace(
        example.chips[0],
        unique_id=str(_UNIQUE),
        board_id=str(_BOARD),
        board_name=why,
        unknown=(Unknown(path="links", why=why),),
    )
    source = Source(kind=SourceKind.CLUSTER, detail="alice/cluster.yaml", live=False, example=False)
    if recorded is not None:
        source = msgspec.structs.replace(source, kind=SourceKind.SNAPSHOT, recorded=recorded)
    trouble = Trouble(chip=0, why=why, readable=True)
    return Snapshot(
        source=source,
        time_ns=1,
        host=Host(name="alices-host"),
        versions=Versions(tt_umd=None, driver=None),
        system=msgspec.structs.replace(
            example, source=source, chips=(chip,), warnings=(why,), troubles=(trouble,), evidence={why: {"why": why}}
        ),
        published=Published(
            regions=(), processes=ProcessTable(found={}, unknowable=frozenset()), openers=None,
            now_realtime_ns=1, now_monotonic_ns=1,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "secret"),
    [
        ("cannot read /home/alice/secret/cluster.yaml: it is gone", "alice"),
        ("cannot read alice/cluster.yaml, line 3", "alice"),
        ("waiting for lock TT_UMD_LOCK.x held by pid 77 (alices-job)", "alices-job"),
        ("cannot read ../alice/cluster.yml", "alice"),
        ("cannot read ~/alice/cluster.yml", "alice"),
        ("cannot read ~alice/cluster.yml", "alice"),
        ("the devices are held by process alices-job 3 (pid 123)", "alices-job"),
        ("alices-host was asked", "alices-host"),
        ("cannot write alices-host_umd.log", "alices-host"),
        ("lock TT_ALICES-HOST_0 is held", "alices-host"),
        ("held by process python3 (alices-job) (pid 4711)", "alices-job"),
        ("/dev/tenstorrent/../../home/alice is no device", "alice"),
        ("the board 0100018012345678 is unknown", "18012345678"),
        ("the board 3ff00012345678 is unknown", "12345678"),
        (f"chip{_UNIQUE} is unknown", str(_UNIQUE)),
        (f"0x{_UNIQUE:x}ULL is unknown", f"{_UNIQUE:x}"),
        (f"/dev/shm/tt_device_{_UNIQUE}_memory is of another version", str(_UNIQUE)),
        (f"tt_device_{_UNIQUE}_memory is of another version", str(_UNIQUE)),
        (f"no region of chip {_UNIQUE}", str(_UNIQUE)),
        (f"no region of chip 0x{_UNIQUE:X}", f"{_UNIQUE:X}"),
        (f"no region of board {_BOARD:x}", f"{_BOARD:x}"),
        ("No existing board type for board ID: 0x3ff00012345678", "345678"),
        ("No existing board type for board ID: 281406257233920", "233920"),
    ],
)
def test_a_sentence_names_no_file_no_process_and_no_id(sentence: str, secret: str) -> None:
    text = msgspec.json.encode(redacted(_snapshot(sentence))).decode()
    assert secret.lower() not in text.lower()


def test_names_with_blanks_of_a_first_recording_are_hidden_in_sentences() -> None:
    of = Recording(kind=SourceKind.CLUSTER, detail="/home/alice smith/c.yaml", host="bench 7", time_ns=5)
    hidden = redacted(_snapshot("/home/alice smith/c.yaml of bench 7 is old", recorded=of))
    assert hidden.system.warnings == ("(removed) of (removed) is old",)


def test_the_words_of_a_sentence_stay() -> None:
    sentence = "6 of 8 live, 60/300 W, /dev/tenstorrent/0 is there, firmware 19.5.0, read/write"
    assert redacted(_snapshot(sentence)).system.warnings == (sentence,)


@pytest.mark.parametrize(
    "sentence",
    [
        "clusters failed their eth training",
        "/dev/tenstorrent/3.",
        "look at /dev/tenstorrent/3, /dev/tenstorrent/4 and /dev/tenstorrent",
        "process (removed) (pid 77) uses it; the other one (pid 78) too",
    ],
)
def test_no_more_is_hidden_than_has_to_be(sentence: str) -> None:
    of = Recording(kind=SourceKind.SYSFS, detail="cluster", host="ai", time_ns=5)
    assert redacted(_snapshot(sentence, recorded=of)).system.warnings == (sentence,)


def test_two_processes_in_one_sentence_are_hidden_each() -> None:
    warnings = redacted(_snapshot("process a b (pid 77) uses it; process c (pid 78) too")).system.warnings
    assert warnings == ("process (removed) (pid 77) uses it; process (removed) (pid 78) too",)


def test_nothing_of_an_earlier_recording_stays_but_its_kind_and_time() -> None:
    of = Recording(kind=SourceKind.TT_SMI, detail="/home/alice/x.json", host="alices-host", time_ns=5)
    hidden = redacted(_snapshot(recorded=of))
    for source in (hidden.source, hidden.system.source):
        assert (source.detail, source.recorded) == (
            "",
            Recording(kind=SourceKind.TT_SMI, detail="", host=None, time_ns=5),
        )


def test_redacting_twice_changes_nothing() -> None:
    once = redacted(_snapshot())
    assert redacted(once) == once
