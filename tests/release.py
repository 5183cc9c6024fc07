"""make release-check: is what stands here what can be released? Each question with its answer, and what to do
where it is no; exit code 1 when one of them is no.

make release gives the changes under "Unreleased" the version and the date: the one thing that a release needs and
that the state between two releases does not have.
"""

import argparse
import datetime
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
    (number,) = re.findall(r'^__version__ = "(.+)"$', (root / VERSION_FILE).read_text(), re.MULTILINE)
    return str(number)


def other_places(root: Path = ROOT) -> list[str]:
    """Where else a program or its building says a version of it."""
    pinned = re.compile(rf'(?i)version\W+"?{re.escape(version(root))}\b')
    files = {path for kind in TEXTS for path in [*root.glob(kind), *(root / "ttinspect").rglob(kind)]}
    names = {path.relative_to(root).as_posix() for path in files if pinned.search(path.read_text())}
    return sorted(names - {VERSION_FILE})


UNRELEASED = "## [Unreleased]\n"


def missing_from_changelog(root: Path = ROOT) -> list[str]:
    """What CHANGELOG.md lacks of a release, and what to do about it."""
    number = version(root)
    text = (root / "CHANGELOG.md").read_text()
    dated = re.search(rf"^## \[{re.escape(number)}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE)
    changes = re.search(r"^## \[Unreleased\]\n+(?!## )\S", text, re.MULTILINE)
    if dated and not changes:
        return []
    if dated:
        return [
            f"{number} has its heading, and there are changes under Unreleased: raise __version__ in "
            f"{VERSION_FILE} if {number} is out, else move them below its heading"
        ]
    if changes:
        return [
            f"the changes since the last release stand under Unreleased: make release dates them as {number}"
        ]
    return [f"there is no heading for {number}, and no change under Unreleased: nothing is to be released"]


def date_changes(root: Path, today: datetime.date) -> None:
    """Give the changes under Unreleased the version and a date, and leave an empty Unreleased above.

    Raises:
        SystemExit: there are none, or the version has a heading already.
    """
    path, number = root / "CHANGELOG.md", version(root)
    text = path.read_text()
    if f"## [{number}]" in text or not missing_from_changelog(root)[0].startswith("the changes"):
        raise SystemExit(f"CHANGELOG.md: {'; '.join(missing_from_changelog(root)) or 'nothing to do'}")
    path.write_text(text.replace(UNRELEASED, f"{UNRELEASED}\n## [{number}] - {today}\n", 1))


def left_in_git(root: Path = ROOT) -> list[str]:
    """What git has that is in the way of a tag; nothing where this is no clone."""
    if not (root / ".git").exists():
        return []
    tag = f"v{version(root)}"
    missing = []
    if _git(root, "tag", "--list", tag):
        missing.append(f"the tag {tag} is there: raise __version__ in {VERSION_FILE}")
    changed = _git(root, "status", "--porcelain").splitlines()
    if changed:
        missing.append(f"{len(changed)} files are not committed, {changed[0][3:]} first: commit them")
    return missing


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=True, cwd=root
    ).stdout.strip("\n")


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
    yield "CHANGELOG.md has it, with a date", missing_from_changelog()
    yield "everything is committed, and it has no tag yet", left_in_git()
    with tempfile.TemporaryDirectory() as folder:
        built = _run("build", "--no-isolation", "--outdir", folder, ".")
        yield "the wheel and the sdist build", built
        if not built:
            yield "they hold descriptors and man pages", missing_from_distributions(Path(folder))
            files = map(str, Path(folder).iterdir())
            yield "their metadata is what an index takes", _run("twine", "check", "--strict", *files)
    yield "man pages and docs are current", _run("pytest", "-n", "1", *DOCS, "-m", "not system")


def main(arguments: list[str]) -> int:
    """Ask all, and print the answers."""
    parser = argparse.ArgumentParser(prog="python -m tests.release")
    parser.add_argument("--date", action="store_true", help="give the changes a version and today's date")
    if parser.parse_args(arguments).date:
        date_changes(ROOT, datetime.datetime.now(datetime.timezone.utc).date())
        print(f"CHANGELOG.md has {version()} now. Read it, commit it, then: make release-check")
        return 0
    failed = 0
    for question, wrong in answers():
        print(f"{'no ' if wrong else 'yes'}  {question}", flush=True)
        for line in wrong:
            print(f"     {line}")
        failed += bool(wrong)
    print(
        f"{failed} to do"
        if failed
        else f"This can be released: git tag v{version()}, then upload what was built"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
