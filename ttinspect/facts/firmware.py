"""Firmware bundle versions, "19.5.0", and their order."""

import re

_BUNDLE = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9})|-rc\.([0-9]{1,9}))?")
_LEGACY_MAJOR = 80
"""Bundles were numbered from 80 on before they were numbered from 18 on."""

_NO_VERSIONS = ((0, 0, 0), (255, 255, 255), (255, 15, 4095))
"""Words of 0 and of all ones, as a bundle and as eth firmware."""

Order = tuple[bool, int, int, int, bool, int]


def firmware_version(text: str) -> tuple[int, int, int] | None:
    """A bundle version as numbers, "19.5.0" or "19.5.0.0", also of a release candidate; None for anything
    else."""
    match = _BUNDLE.fullmatch(text)
    return None if match is None else (int(match[1]), int(match[2]), int(match[3]))


def firmware_order(text: str | None) -> Order | None:
    """What bundle versions compare by: a release candidate ("19.5.0-rc.2", or 19.5.0.2 as the driver prints
    it) is before its release, and bundles from 80 on are before all others. None for what is no version."""
    match = _BUNDLE.fullmatch(text or "")
    if match is None:
        return None
    major, minor, patch = int(match[1]), int(match[2]), int(match[3])
    candidate = int(match[4] or match[5] or 0)
    return major < _LEGACY_MAJOR, major, minor, patch, candidate == 0, candidate


def is_before(version: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    """Whether a bundle is older than another, as tt-umd 0.9.14 (FirmwareBundleVersion) says: there a release
    candidate is as new as its release."""
    return (version[0] < _LEGACY_MAJOR, version) < (other[0] < _LEGACY_MAJOR, other)


def version_as_printed(text: str) -> str | None:
    """ "19.5.0" of 19.5.0.0, "19.5.0-rc.1" of 19.5.0.1, as the driver and tt-smi print versions; None for
    what is none, and for words of 0 and of all ones."""
    match, numbers = _BUNDLE.fullmatch(text), firmware_version(text)
    if match is None or numbers is None or numbers in _NO_VERSIONS:
        return None
    candidate = int(match[4] or match[5] or 0)
    version = ".".join(map(str, numbers))
    return f"{version}-rc.{candidate}" if candidate else version


def bundle_text(word: int | None) -> str | None:
    """FLASH_BUNDLE_VERSION, one byte each: 0x12080200 is 18.8.2, 0x12080201 is 18.8.2-rc.1; None for 0, which
    no bundle has."""
    if not word:
        return None
    text = f"{word >> 24}.{word >> 16 & 0xFF}.{word >> 8 & 0xFF}"
    return f"{text}-rc.{word & 0xFF}" if word & 0xFF else text
