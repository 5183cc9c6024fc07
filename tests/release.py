"""make release-check: is what stands here what can be released? Each question with its answer; exit code 1 when
one of them is no.
"""

import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ("*.py", "*.toml", "*.service", "Makefile")
VERSION_FILE = "ttinspect/__init__.py"
DOCS = ("tests/test_man_pages.py", "tests/test_docs.py")


def version(root: Path = ROOT) -> str:
    """The version of the package, read from the one file that has it."""
    (found,) = re.findall(r'^__version__ = "(.+)"$', (root / VERSION_FILE).read_text(), re.MULTILINE)
    return str(found)


def other_places(root: Path = ROOT) -> list[str]:
    """Where else a program or its building says a version of it."""
    said = re.compile(rf'(?i)version\W+"?{re.escape(version(root))}\b')
    files = {path for kind in TEXTS for path in [*root.glob(kind), *(root / "ttinspect").rglob(kind)]}
    names = {path.relative_to(root).as_posix() for path in files if said.search(path.read_text())}
    return sorted(names - {VERSION_FILE})


def missing_from_changelog(root: Path = ROOT) -> list[str]:
    """What CHANGELOG.md lacks of a release: its heading with a date, or an empty "Unreleased"."""
    text = (root / "CHANGELOG.md").read_text()
    missing = []
    if not re.search(rf"^## \[{re.escape(version(root))}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE):
        missing.append(f"no heading ## [{version(root)}] - DATE")
    if re.search(r"^## \[Unreleased\]\n+(?!## )\S", text, re.MULTILINE):
        missing.append("there are changes under Unreleased")
    return missing


def missing_from_distributions(folder: Path, root: Path = ROOT) -> list[str]:
    """Which descriptors and man pages the wheel and the sdist in a folder lack; other versions than ours."""
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    base = f"ttinspect-{version(root)}"
    held = {wheel.name: set(zipfile.ZipFile(wheel).namelist())}
    with tarfile.open(sdist) as archive:
        held[sdist.name] = set(archive.getnames())
    descriptors = [path.name for path in (root / "soc_descriptors").glob("*.yaml")]
    pages = [path.name for path in (root / "docs" / "man").glob("*.1")]
    wanted = {
        wheel.name: [f"ttinspect/soc_descriptors/{name}" for name in descriptors]
        + [f"{base}.data/data/share/man/man1/{name}" for name in pages],
        sdist.name: [f"{base}/soc_descriptors/{name}" for name in descriptors]
        + [f"{base}/docs/man/{name}" for name in pages],
    }
    return [
        f"{name} lacks {path}" for name, paths in wanted.items() for path in paths if path not in held[name]
    ]


def _run(*arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return (
        []
        if done.returncode == 0
        else [(done.stdout + done.stderr).strip() or f"exit code {done.returncode}"]
    )


def answers() -> Iterator[tuple[str, list[str]]]:
    """Each question, and what is wrong."""
    yield f"the version, {version()}, stands in one place", other_places()
    yield "CHANGELOG.md has it", missing_from_changelog()
    with tempfile.TemporaryDirectory() as folder:
        built = _run("build", "--no-isolation", "--outdir", folder, ".")
        yield "the wheel and the sdist build", built
        if not built:
            yield "they hold descriptors and man pages", missing_from_distributions(Path(folder))
            files = map(str, Path(folder).iterdir())
            yield "their metadata is what an index takes", _run("twine", "check", "--strict", *files)
    yield "man pages and docs are current", _run("pytest", "-n", "1", *DOCS, "-m", "not system")


def main() -> int:
    """Ask all, and print the answers."""
    failed = 0
    for question, wrong in answers():
        print(f"{'no ' if wrong else 'yes'}  {question}", flush=True)
        for line in wrong:
            print(f"     {line}")
        failed += bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
