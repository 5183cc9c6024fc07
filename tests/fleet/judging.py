"""A fleet as the command judges it: the cablings that a plan can be written as, the answer, its findings."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import Run
from tests.fleet import plans
from tests.fleet.plans import Documents, Plan

CABLINGS: dict[str, Callable[[Plan], str]] = {
    "fsd.textproto": plans.fsd,
    "gsd.yaml": plans.gsd,
    "cutsheet.csv": plans.cutsheet,
}


def judge(
    run: Run, folder: Path, documents: Documents, cabling: str | None = None, name: str = ""
) -> dict[str, Any]:
    """The answer for documents, held against the text of a cabling in a file of this name; its exit code is
    that of the worst finding."""
    plans.write(folder / "hosts", documents)
    options = []
    if cabling is not None:
        (folder / name).write_text(cabling)
        options = ["--cabling", str(folder / name)]
    done = run("fleet", str(folder / "hosts"), *options, "--json")
    answer: dict[str, Any] = json.loads(done.stdout)
    assert "error" not in answer, done.stdout
    severities = {finding["severity"] for finding in findings_of(answer)}
    assert done.returncode == (10 if "error" in severities else 11 if "inconclusive" in severities else 0)
    return answer


def findings_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings about the fleet, then those of its hosts."""
    return [*answer["findings"], *(finding for host in answer["hosts"] for finding in host["findings"])]


def ids_of(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Ids and severities of all findings."""
    return [(finding["id"], finding["severity"]) for finding in findings_of(answer)]
