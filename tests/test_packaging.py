"""The wheel and the sdist are whole, and work when installed outside the checkout."""

import json
import os
import shlex
import shutil
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
UV = str(Path(sys.executable).with_name("uv"))
_CACHES = {
    "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip"),
    "UV_CACHE_DIR": str(Path.home() / ".cache" / "uv"),
}
DESCRIPTORS = ("wormhole_b0.yaml", "blackhole.yaml", "quasar.yaml", "boards.yaml", "runtimes.yaml")


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel and the sdist, built once."""
    return _built(tmp_path_factory.mktemp("dist"))


def test_both_are_whole_and_work_when_installed_in_a_new_environment(
    distributions: dict[str, Path], tmp_path: Path
) -> None:
    wheel = zipfile.ZipFile(distributions["wheel"]).namelist()
    with tarfile.open(distributions["sdist"]) as archive:
        sdist = archive.getnames()
    for name in DESCRIPTORS:
        assert f"ttinspect/soc_descriptors/{name}" in wheel
        assert any(member.endswith(f"/soc_descriptors/{name}") for member in sdist)
    assert "ttinspect/py.typed" in wheel
    for path in (ROOT / "docs" / "man").glob("*.1"):
        assert any(member.endswith(f".data/data/share/man/man1/{path.name}") for member in wheel)
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


INSTALLERS = {
    "pip": ("{python} -m venv {home}/venv", "{home}/venv/bin/pip install -q {wheel}"),
    "pipx": ("pipx install --python {python} {wheel}",),
    "uv tool": ("{uv} tool install --python {python} {wheel}",),
}


@pytest.mark.parametrize("installer", INSTALLERS)
def test_it_installs_with_its_man_pages(
    distributions: dict[str, Path], tmp_path: Path, installer: str
) -> None:
    if installer == "pipx" and shutil.which("pipx") is None:
        pytest.skip("pipx is not installed")
    bin_directory = tmp_path / ("venv/bin" if installer == "pip" else "bin")
    env = {
        **os.environ,
        "HOME": str(tmp_path),
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(bin_directory),
        "UV_TOOL_DIR": str(tmp_path / "uv" / "tools"),
        "UV_TOOL_BIN_DIR": str(bin_directory),
        **_CACHES,
    }
    for line in INSTALLERS[installer]:
        command = line.format(python=sys.executable, home=tmp_path, uv=UV, wheel=distributions["wheel"])
        subprocess.run(shlex.split(command), check=True, capture_output=True, timeout=500, env=env)
    done = subprocess.run(
        [str(bin_directory / "ttinspect"), "capacity", "--from", "board:n300", "--json"],
        capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60, env=env,
    )  # fmt: skip
    assert json.loads(done.stdout)["devices"][0]["l1"]["physical"] == 95_944_704
    refused = subprocess.run(
        [str(bin_directory / "ttinspect"), "metrics", "--from", "board:n300"],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60, env=env,
    )  # fmt: skip
    assert refused.returncode == 4
    assert refused.stderr.splitlines()[1].startswith(f"  Next: {installer} install ")
    pages = {path.name for path in tmp_path.rglob("share/man/man1/ttinspect*.1")}
    assert {"ttinspect.1", "ttinspect-harvest.1", "ttinspect-verify-shm.1"} <= pages


NEEDS = {
    "top": [("top", "textual")],
    "report": [("report --from board:n150 -o page.html", "jinja2")],
    "serve": [
        ("serve --from board:n150", "prometheus_client"),
        ("metrics --from board:n150", "prometheus_client"),
    ],
    "fleet": [
        ("collect --hosts glx-[01-02] -o snapshots", "ClusterShell"),
        ("fleet packed.tar.zst", "zstandard"),
        ("fleet hosts --cabling factory.textproto", "protobuf"),
        ("record --from host --count 1 -o night.jsonl.zst", "zstandard"),
    ],
}
"""What each extra is needed for."""
WORKS = {
    "top": ("top", "top needs a terminal"),
    "report": ("report --from board:n150 -o page.html", ""),
    "serve": ("metrics --from board:n150", ""),
    "fleet": ("record --from board:n150 --count 1 -o night.jsonl.zst", ""),
}
"""A command of each extra, and what it says where it has no terminal."""


class _Environment:
    """An environment with the wheel and one of its extras, made by uv, which shares what it has downloaded."""

    def __init__(self, home: Path, wheel: Path, extra: str | None) -> None:
        self._home = home
        named = f"ttinspect[{extra}] @ {wheel.as_uri()}" if extra else str(wheel)
        environment = {**os.environ, "HOME": str(home), **_CACHES}
        for arguments in (
            ["venv", "--quiet", "--python", sys.executable, str(home / "venv")],
            ["pip", "install", "--quiet", "--python", str(home / "venv" / "bin" / "python"), named],
        ):
            subprocess.run([UV, *arguments], check=True, capture_output=True, timeout=500, env=environment)
        (home / "hosts").mkdir()
        self.run("snapshot --from board:n300 -o hosts/one.json")
        (home / "packed.tar.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(100))
        (home / "factory.textproto").write_text('hosts { hostname: "one" }\n')

    def run(self, line: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self._home / "venv" / "bin" / "ttinspect"), *shlex.split(line)],
            capture_output=True, text=True, check=False, cwd=self._home, timeout=60,
            env={"PATH": os.environ["PATH"], "HOME": str(self._home)}, stdin=subprocess.DEVNULL,
        )  # fmt: skip


@pytest.fixture(scope="module")
def bare(distributions: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> _Environment:
    return _Environment(tmp_path_factory.mktemp("bare"), distributions["wheel"], None)


@pytest.mark.parametrize(
    ("extra", "line", "library"),
    [(extra, line, library) for extra, cases in NEEDS.items() for line, library in cases],
)
def test_a_command_without_its_extra_says_what_to_install(
    bare: _Environment, extra: str, line: str, library: str
) -> None:
    done = bare.run(line)
    assert done.returncode == 4, done
    what, next_step = done.stderr.splitlines()
    assert library in what
    assert f"pip install 'ttinspect[{extra}]'" in next_step
    assert done.stdout == ""


@pytest.mark.parametrize("extra", [*WORKS, "all"])
def test_an_extra_is_enough_by_itself(distributions: dict[str, Path], tmp_path: Path, extra: str) -> None:
    environment = _Environment(tmp_path, distributions["wheel"], extra)
    for line, refusal in WORKS.values() if extra == "all" else [WORKS[extra]]:
        done = environment.run(line)
        assert refusal in done.stderr
        assert done.returncode == (2 if refusal else 0), done
