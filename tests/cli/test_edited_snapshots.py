"""Whatever was edited in a snapshot: an answer, or two lines that say what is wrong. Never a crash."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Run
from tests.shm.captures import captures
from tests.snapshots import paths_in
from tests.sources.clusters import MODERN_P150
from ttinspect.cli.main import main
from ttinspect.errors import ExitCode

VALUES: tuple[Any, ...] = (
    None, -1, 0, 1, 2**64 - 1, 2**70, 1.5, "", "x", "0", "9" * 30, [], {}, [1], [[1, 2]], True, "up", "\u202e\x1b[31m",
)  # fmt: skip
COMMANDS = (
    ["harvest"], ["harvest", "--cores"], ["capacity"], ["topology", "--tree"], ["telemetry"], ["list"],
    ["memory", "--raw"], ["verify-shm"], ["check"], ["check", "--expect", "cores=1"], ["check", "--init"],
    ["snapshot", "--redact"],
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A snapshot with a region in it."""
    folder = tmp_path_factory.mktemp("edited")
    capture = captures()["v3-ghost"]
    (folder / capture.file_name).write_bytes(capture.data)
    (folder / "c.yaml").write_text(MODERN_P150.replace("4476187513099", capture.file_id))
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        main(
            ["snapshot", "--from", str(folder / "c.yaml"), "--shm-dir", str(folder), "--procfs", str(folder)]
        )
    document: dict[str, Any] = json.loads(output.getvalue())
    return document


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_an_edited_snapshot_is_never_a_crash(
    data: st.DataObject, whole: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = json.loads(json.dumps(whole))
    *parents, last = data.draw(st.sampled_from(list(paths_in(whole))))
    holder = document
    for key in parents:
        holder = holder[key]
    holder[last] = data.draw(st.sampled_from(VALUES))
    path = tmp_path_factory.getbasetemp() / "edited.json"
    path.write_text(json.dumps(document))
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main([*data.draw(st.sampled_from(COMMANDS)), "--from", str(path)])
    assert code != ExitCode.INTERNAL, errors.getvalue()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_snapshot_is_refused(
    run: Run, tmp_path: Path, whole: dict[str, Any], share: float
) -> None:
    text = json.dumps(whole)
    (tmp_path / "s.json").write_text(text[: int(len(text) * share)])
    assert run("check", "--from", "s.json").returncode == 2
