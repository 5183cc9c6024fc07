"""make release-check says no where something is missing."""

import datetime
import subprocess
from pathlib import Path

import pytest

from tests import release
from ttinspect import __version__


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "ttinspect").mkdir()
    (tmp_path / release.VERSION_FILE).write_text('__version__ = "7.8.9"\n')
    (tmp_path / "pyproject.toml").write_text('[project]\ndynamic = ["version"]\n')
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n## [7.8.9] - 2026-01-02\n\n- x\n"
    )
    return tmp_path


def test_the_version_of_this_package_stands_in_one_place() -> None:
    assert release.version() == __version__
    assert release.other_places() == []


def test_a_second_place_is_found(root: Path) -> None:
    assert release.other_places(root) == []
    (root / "pyproject.toml").write_text('[project]\nversion = "7.8.9"\n')
    assert release.other_places(root) == ["pyproject.toml"]


def test_a_released_version_has_a_heading_with_a_date(root: Path) -> None:
    assert release.missing_from_changelog(root) == []


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("## [Unreleased]\n\n### Added\n\n- x\n", "make release dates them as 7.8.9"),
        ("## [Unreleased]\n\n- y\n\n## [7.8.9] - 2026-01-02\n\n- x\n", "raise __version__"),
        ("## [Unreleased]\n\n## [7.8.8] - 2026-01-02\n\n- x\n", "nothing is to be released"),
        ("## [Unreleased]\n\n- y\n\n## [7.8.9]\n\n- x\n", "make release"),
    ],
)
def test_what_is_missing_is_told_with_what_to_do(root: Path, text: str, advice: str) -> None:
    (root / "CHANGELOG.md").write_text(f"# Changelog\n\n{text}")
    (version,) = release.missing_from_changelog(root)
    assert advice in version


def test_what_is_unreleased_gets_the_version_and_the_date(root: Path) -> None:
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n### Added\n\n- x\n")
    release.date_changes(root, datetime.date(2026, 3, 4))
    assert (root / "CHANGELOG.md").read_text() == (
        "# Changelog\n\n## [Unreleased]\n\n## [7.8.9] - 2026-03-04\n\n### Added\n\n- x\n"
    )
    assert release.missing_from_changelog(root) == []
    with pytest.raises(SystemExit):
        release.date_changes(root, datetime.date(2026, 3, 5))


def test_the_changes_of_this_repository_can_be_dated(root: Path) -> None:
    (root / "CHANGELOG.md").write_bytes((release.ROOT / "CHANGELOG.md").read_bytes())
    if release.missing_from_changelog(root):
        release.date_changes(root, datetime.date(2026, 3, 4))
    assert release.missing_from_changelog(root) == []


def test_what_is_not_committed_and_a_version_that_is_out_are_told(root: Path) -> None:
    assert release.left_in_git(root) == []  # unpacked from the sdist
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "x")):
        subprocess.run(["git", *words], cwd=root, check=True)
    assert release.left_in_git(root) == []
    (root / "new.txt").write_text("x")
    subprocess.run(["git", *who, "tag", "v7.8.9"], cwd=root, check=True)
    out, uncommitted = release.left_in_git(root)
    assert "the tag v7.8.9 is there" in out
    assert "new.txt" in uncommitted
