"""check looks again where one reading of a live host decides nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.verify.host import P150, system_of
from tests.verify.host import Host as Files
from ttinspect.cli import check
from ttinspect.cli.main import main
from ttinspect.errors import ExitCode
from ttinspect.gathering.regions import Host
from ttinspect.model.system import Source, SourceKind
from ttinspect.model.telemetry import Telemetry


@pytest.mark.parametrize(
    ("readings", "busy"), [((True, True), True), ((True, False), False), ((False,), False)]
)
def test_check_reads_a_busy_chip_that_nobody_holds_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    readings: tuple[bool, ...], busy: bool,
) -> None:  # fmt: skip
    files = Files(tmp_path, system_of(), {})
    files.open_device(0)
    coming: Iterator[tuple[int, bool]] = iter(enumerate(readings))
    slept: list[float] = []

    def read(*_: Any, **__: Any) -> Host:
        number, now = next(coming)
        chip = msgspec.structs.replace(
            P150, telemetry=Telemetry(busy=now, time_ns=10**18 + number * 3 * 10**9)
        )
        live = Source(kind=SourceKind.UMD, detail="", live=True, example=False)
        return Host(system=msgspec.structs.replace(system_of(chip), source=live), chosen=None)

    monkeypatch.setattr(check, "open_host", read)
    monkeypatch.setattr("ttinspect.sources.umd.process.start_early", lambda *_: None)
    monkeypatch.setattr("time.sleep", slept.append)
    assert main(["check", "--procfs", str(files.proc), "--shm-dir", str(files.shm), "--format", "csv"]) == (
        ExitCode.CHECK_FAILED if busy else ExitCode.INCONCLUSIVE
    )
    assert len(slept) == len(readings) - 1
    assert next(coming, None) is None
    (row,) = [line for line in capfd.readouterr().out.splitlines() if ",use," in line]
    assert ("fail" in row, row.split(",")[0]) == (busy, "TTT031")
