"""Sizes as people write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttinspect.errors import ExitCode, InspectError
from ttinspect.model.size import parse_size


@pytest.mark.parametrize(
    ("text", "count_bytes"),
    [
        ("0", 0),
        ("65536", 65_536),
        ("64K", 65_536),
        ("64k", 65_536),
        ("64KiB", 65_536),
        ("64 KiB", 65_536),
        ("1.5M", 1_572_864),
        ("2MiB", 2_097_152),
        ("1G", 1_073_741_824),
        ("1GiB", 1_073_741_824),
        ("12B", 12),
    ],
)
def test_a_unit_is_a_power_of_1024(text: str, count_bytes: int) -> None:
    assert parse_size(text) == count_bytes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("64KB", "1000 to some"),
        ("-1", "cannot be negative"),
        ("0.3K", "no whole number of bytes"),
        ("9999999999G", "larger than any memory"),
        ("64 parsecs", "no unit of bytes"),
        ("", "no size"),
        ("1e3", "no unit of bytes|no size"),
        ("\u0661K", "no size"),
    ],
)
def test_what_is_no_size_is_told_why(text: str, why: str) -> None:
    with pytest.raises(InspectError, match=why) as caught:
        parse_size(text, "--min-headroom")
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.what == f"--min-headroom {text}"


@given(st.text())
def test_any_text_is_a_size_or_an_error_of_ours(text: str) -> None:
    with contextlib.suppress(InspectError):
        assert parse_size(text) >= 0
