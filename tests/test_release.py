"""make release-check says no where something is missing."""

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
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n### Added\n\n- x\n")
    assert release.missing_from_changelog(root) == [
        "no heading ## [7.8.9] - DATE",
        "there are changes under Unreleased",
    ]
