"""Plots over time, through matplotlib's Figure: no window, no global state."""

import io
from collections.abc import Sequence
from typing import Any

from ttinspect.answers.page import Course
from ttinspect.answers.top import Quantity
from ttinspect.report.units import instants

_TITLES = {
    Quantity.TEMPERATURE: "ASIC temperature, degrees C",
    Quantity.POWER: "core power, W",
    Quantity.CLOCK: "AI clock, MHz",
    Quantity.L1: "L1 in use, bytes",
    Quantity.DRAM: "DRAM in use, bytes",
}
_GREY = "#808080"
"""Can be read on a light and on a dark page."""
_MOST_IN_LEGEND = 12


def plot_svg(quantity: Quantity, courses: Sequence[Course]) -> str:
    """One quantity of all chips over time, as an SVG document."""
    from matplotlib import dates as all_dates
    from matplotlib.figure import Figure

    dates: Any = all_dates
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    figure.patch.set_alpha(0)
    axes: Any = figure.subplots()
    axes.patch.set_alpha(0)
    for course in courses:
        times, values = zip(*course.points, strict=True)
        axes.plot(instants(times), values, linewidth=1, label=f"chip {course.chip}")
    axes.set_title(_TITLES[quantity], fontsize=9, color=_GREY, loc="left")
    axes.tick_params(colors=_GREY, labelsize=8)
    axes.grid(visible=True, color=_GREY, alpha=0.25)
    for spine in axes.spines.values():
        spine.set_color(_GREY)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(dates.AutoDateLocator()))
    if len(courses) <= _MOST_IN_LEGEND:
        axes.legend(fontsize=7, frameon=False, labelcolor=_GREY, ncols=2)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()
