"""The wheel and the sdist are whole, and work when installed outside the checkout."""

import json
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTORS = ("wormhole_b0.yaml", "blackhole.yaml", "quasar.yaml", "boards.yaml", "runtimes.yaml")


def test_both_are_whole_and_work_when_installed_in_a_new_environment(tmp_path: Path) -> None:
    """One test, because both are built at once."""
    distributions = _built(tmp_path / "dist")
    wheel = zipfile.ZipFile(distributions["wheel"]).namelist()
    with tarfile.open(distributions["sdist"]) as archive:
        sdist = archive.getnames()
    for name in DESCRIPTORS:
        assert f"ttinspect/soc_descriptors/{name}" in wheel
        assert any(member.endswith(f"/soc_descriptors/{name}") for member in sdist)
    assert "ttinspect/py.typed" in wheel
    for kind, path in distributions.items():
        _works(path, tmp_path / kind)


def _built(target: Path) -> dict[str, Path]:
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(ROOT)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return {"sdist": next(target.glob("*.tar.gz")), "wheel": next(target.glob("*.whl"))}


def _works(distribution: Path, home: Path) -> None:
    """Install it, an sdist with what pyproject.toml says that building needs, and run it. What it depends on is
    taken from this environment, so that only the package itself is installed."""
    venv.create(home, with_pip=False)
    python = str(home / "bin" / "python")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "--disable-pip-version-check",
        "install",
        "--no-deps",
    ]
    subprocess.run([*pip, str(distribution)], check=True, capture_output=True, timeout=300)
    own_site = next(home.glob("lib/python*/site-packages"))
    (own_site / "zz_dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    done = subprocess.run(
        [str(home / "bin" / "ttinspect"), "capacity", "--from", "board:n300", "--json"],
        capture_output=True, text=True, check=True, cwd=home, timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout)["devices"][0]["l1"]["physical"] == 95_944_704
    where = subprocess.run(
        [python, "-c", "import ttinspect; print(ttinspect.__file__)"],
        capture_output=True, text=True, check=True, cwd=home, timeout=60,
    ).stdout  # fmt: skip
    assert where.startswith(str(home))


def test_without_tt_umd_live_sources_are_4_and_the_others_work(tmp_path: Path) -> None:
    home, others = tmp_path / "venv", tmp_path / "others"
    venv.create(home, with_pip=False)
    others.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("tt_umd", "__editable__", "_ttinspect")):
            (others / entry.name).symlink_to(entry)
    own_site = next(home.glob("lib/python*/site-packages"))
    (own_site / "dependencies.pth").write_text(f"{others}\n{ROOT}\n")
    library = tmp_path / "libttsim.so"
    library.write_bytes(b"")
    (tmp_path / "soc_descriptor.yaml").write_bytes((ROOT / "soc_descriptors" / "blackhole.yaml").read_bytes())

    def ttinspect(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(home / "bin" / "python"), "-m", "ttinspect", *arguments],
            capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60,
        )  # fmt: skip

    live = ttinspect("harvest", "--from", f"sim:{library}", "--json")
    assert live.returncode == 4
    assert json.loads(live.stdout)["error"]["exit_code"] == 4
    assert "tt_umd is not installed" in live.stderr
    assert ttinspect("harvest", "--from", "board:n300").returncode == 0
