"""Firmware bundle versions, "19.5.0", and their order."""

import re

from ttinspect.model.chip import BUNDLE

_LEGACY_MAJOR = 80
"""Bundles were numbered from 80 on before they were numbered from 18 on."""

_NO_VERSIONS = ((0, 0, 0), (255, 255, 255), (255, 15, 4095))
"""Words of 0 and of all ones, as a bundle and as eth firmware."""

Version = tuple[int, int, int]
Order = tuple[bool, int, int, int, bool, int]


def firmware_version(text: str) -> Version | None:
    """A bundle version as numbers, "19.5.0" or "19.5.0.0", also of a release candidate; None for anything
    else."""
    parsed = _parsed(text)
    return None if parsed is None else parsed[0]


def firmware_order(text: str | None) -> Order | None:
    """What bundle versions compare by: a release candidate is before its release, and bundles from 80 on are
    before all others. None for what is no version."""
    parsed = _parsed(text or "")
    if parsed is None:
        return None
    version, candidate = parsed
    newer, numbers = _umds_order(version)
    return newer, *numbers, candidate == 0, candidate


def is_before(version: Version, other: Version) -> bool:
    """Whether a bundle is older than another, as tt-umd 0.9.14 (FirmwareBundleVersion) says: there a release
    candidate is as new as its release."""
    return _umds_order(version) < _umds_order(other)


def version_as_printed(text: str) -> str | None:
    """ "19.5.0" of 19.5.0.0, "19.5.0-rc.1" of 19.5.0.1, as the driver and tt-smi print versions; None for
    what is none, and for words of 0 and of all ones."""
    parsed = _parsed(text)
    return None if parsed is None or parsed[0] in _NO_VERSIONS else _printed(*parsed)


def bundle_text(word: int | None) -> str | None:
    """FLASH_BUNDLE_VERSION, one byte each: 0x12080200 is 18.8.2, 0x12080201 is 18.8.2-rc.1; None for 0, which
    no bundle has."""
    if not word:
        return None
    major, minor, patch, candidate = word.to_bytes(4, "big")
    return _printed((major, minor, patch), candidate)


def _parsed(text: str) -> tuple[Version, int] | None:
    """A version, and its release candidate, 0 for the release."""
    match = re.fullmatch(BUNDLE, text)
    if match is None:
        return None
    return (int(match[1]), int(match[2]), int(match[3])), int(match[4] or match[5] or 0)


def dotted(version: Version) -> str:
    """ "19.5.0"."""
    return ".".join(map(str, version))


def _printed(version: Version, candidate: int) -> str:
    text = dotted(version)
    return f"{text}-rc.{candidate}" if candidate else text


def _umds_order(version: Version) -> tuple[bool, Version]:
    return version[0] < _LEGACY_MAJOR, version
