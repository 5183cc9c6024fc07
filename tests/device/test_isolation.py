"""The child that runs tt_umd loads nothing that somebody laid in its way."""

import json
import subprocess
import sys
from pathlib import Path

from tests.commands import PLANTED
from tests.conftest import Run
from tests.device.simulated import blackhole


def _plant(folder: Path, loaded: Path) -> None:
    """Modules that tell, by a line in a file, that they were loaded; packages of some too."""
    script = f"import os, sys\nwith open({str(loaded)!r}, 'a') as file: file.write(f'{{__name__}} {{sys.flags.isolated}}\\n')\n"
    for name in PLANTED:
        (folder / f"{name}.py").write_text(script)
    for name in ("msgspec", "tt_umd", "ttinspect"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(script)


def test_nothing_of_the_working_directory_is_loaded_by_the_child(
    cold_run: Run, library: Path, tmp_path: Path
) -> None:
    loaded = tmp_path / "LOADED"
    _plant(tmp_path, loaded)
    subprocess.run([sys.executable, "-c", "import tt_umd"], cwd=tmp_path, check=True, timeout=60)
    assert "tt_umd" in loaded.read_text()  # what is planted does tell
    loaded.unlink()
    done = cold_run("harvest", "--from", f"sim:{library}", "--json", **blackhole().write(tmp_path / "script"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["devices"][0]["arch"] == "blackhole"
    assert not loaded.exists(), loaded.read_text()


def test_what_python_runs_by_itself_is_not_run_in_the_child(
    cold_run: Run, library: Path, tmp_path: Path
) -> None:
    """PYTHONPATH is for whoever starts it to set, and the command obeys it. The child starts without: what
    stands there is not run before the child says so."""
    planted, loaded = tmp_path / "planted", tmp_path / "LOADED"
    planted.mkdir()
    hook = f"import os\nwith open({str(loaded)!r}, 'a') as file: file.write(f'{{os.getpid()}}\\n')\n"
    for name in ("sitecustomize", "usercustomize"):
        (planted / f"{name}.py").write_text(hook)
    script = blackhole().write(tmp_path / "script")
    done = cold_run("harvest", "--from", f"sim:{library}", **script, PYTHONPATH=str(planted))
    assert done.returncode == 0, done.stderr
    assert len(set(loaded.read_text().split())) == 1  # the command itself
