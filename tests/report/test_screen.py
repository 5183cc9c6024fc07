"""Tables on a terminal."""

import pytest

from ttinspect.report.screen import Screen, add_row, add_rows, columns, render

LINES = [
    ("0", "tensix", "1-2"),
    ("31", "\x1b[31mred\nline", "-"),
    ("7", "路由器", "10-11"),
    ("100", "", "TENSIX 1-2"),
]


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("width", [10, 80, 200])
def test_many_rows_at_once_look_like_as_many_rows(width: int, color: bool) -> None:
    at_once, one_by_one = (columns(">id", "type", "noc0") for _ in range(2))
    add_rows(at_once, LINES)
    for cells in LINES:
        add_row(one_by_one, *cells)
    screen = Screen(width=width, color=color)
    assert render([at_once], screen) == render([one_by_one], screen)
    if not color:
        assert render([at_once], screen).splitlines()[1].split() == ["0", "tensix", "1-2"]
