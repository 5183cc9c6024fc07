"""``import ttinspect``: the same answers as the command line, imported when they are used."""

import json
import subprocess
import sys

import msgspec
import pytest

import ttinspect
from tests.conftest import Run


def test_importing_it_imports_nothing_else() -> None:
    code = "import sys, ttinspect; print([m for m in sys.modules if m.startswith(('ttinspect.', 'msgspec', 'yaml'))])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", ttinspect.__all__)
def test_everything_public_is_there(name: str) -> None:
    assert getattr(ttinspect, name) is not None


def test_what_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = ttinspect.nonsense


def test_functions_answer_what_the_commands_answer(run: Run) -> None:
    system = ttinspect.open_source("board:n300")
    answers = {
        "harvest": ttinspect.build_harvest(system),
        "capacity": ttinspect.build_capacity(system, ttinspect.make_settings()),
        "topology": ttinspect.build_topology(system),
        "telemetry": ttinspect.build_telemetry(system),
    }
    for command, answer in answers.items():
        printed = run(command, "--from", "board:n300", "--json").stdout
        assert json.loads(msgspec.json.encode(answer)) == json.loads(printed)
