"""A picture of a forecast: recent rows, the forecast that continues them, and its intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.reports.plots.picture import Curve, Picture
from tsforecast.reports.plots.style import (
    ACCENT,
    INK,
    OTHERS,
    SOFT,
    TINTS,
    caption,
    in_lines,
    key,
    label_ends,
    new_figure,
    readable,
    short,
    time_axis,
    time_places,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW_POINTS = 48  # up to here every point gets a dot
# Rows and columns for a number of series, dates at most and letters of a name in each column.
_GRIDS = ((1, 1, 1), (2, 2, 1), (4, 2, 2), (6, 2, 3), (9, 3, 3))
_IN_COLUMN = {1: (9, 90), 2: (6, 60), 3: (4, 40)}


def forecast_figure(picture: Picture) -> Figure:
    """Draw some series side by side, each below its own name; within `drawing()`."""
    count = len(picture.curves)
    rows, columns = next((rows, columns) for most, rows, columns in _GRIDS if count <= most)
    figure, below = new_figure(picture.title, with_key=count > 1)
    starts = {curve.future[-1] for curve in picture.curves}
    grid = figure.subplots(rows, columns, squeeze=False, sharex=len(starts) == 1)
    ticks, letters = _IN_COLUMN[columns]
    for axes, curve in zip(grid.flat, picture.curves, strict=False):
        _draw(axes, curve, picture, dots=columns < 3)
        time_axis(axes, picture.clock, ticks)
        axes.yaxis.set_major_formatter(readable)
        axes.yaxis.set_major_locator(_few_numbers(rows))
        axes.tick_params(labelbottom=True)
        if curve.label:
            axes.set_title(in_lines(curve.label, letters), fontsize=10 if columns < 3 else 9)
    for axes in grid.flat[count:]:
        axes.set_visible(False)
    if count == 1:
        grid.flat[0].set_ylabel(short(picture.unit, 40))
        _name_lines(grid.flat[0], picture.curves[0], picture)
    else:
        key(figure, grid.flat[0], below)
    if below_all := " ".join(filter(None, (picture.caption, picture.source))):
        caption(figure, below_all)
    return figure


def _draw(axes: Axes, curve: Curve, picture: Picture, *, dots: bool) -> None:
    past, future = time_places(curve.past, picture.clock), time_places(curve.future, picture.clock)
    few = dots and len(past) + len(future) <= _FEW_POINTS
    marks: dict[str, Any] = {"marker": "o", "markersize": 3} if few else {}
    if len(past):
        axes.axvline(past[-1], color="#bdbdbd", linewidth=0.8)
    seen = np.where(curve.observed, curve.values, np.nan)
    axes.plot(past, seen, color=INK, linewidth=1.3, label="history", solid_joinstyle="round", **marks)
    if not curve.observed.all():
        axes.plot(past, curve.values, color=INK, linewidth=0.9, linestyle=":", zorder=1.5)
    # The first point of a forecast's line is the last of the history, which has its own dot.
    marks |= {"markevery": slice(1, None)} if few else {}
    axes.plot(future, curve.y_pred, color=ACCENT, linewidth=1.8, label="forecast", **marks)
    if curve.what_if is not None:
        axes.plot(future, curve.what_if, color=OTHERS[0], linewidth=1.8, linestyle="--", label=picture.what_if, **marks)
    for number, level in enumerate(picture.levels):
        tint = TINTS[min(number, len(TINTS) - 1)]
        # A wider interval lies below a narrower one.
        axes.fill_between(
            future,
            curve.lower[number],
            curve.upper[number],
            color=tint,
            linewidth=0,
            zorder=1 - number / 10,
            label=f"{level:g} % interval",
        )


def _few_numbers(rows: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins={1: 7, 2: 5, 3: 3}[rows], steps=[1, 2, 2.5, 5, 10])


def _name_lines(axes: Axes, curve: Curve, picture: Picture) -> None:
    """Say beside the lines what they are: with one series there is room."""
    end = float(time_places(curve.future[-1:], picture.clock)[0])
    ends = [(float(curve.y_pred[-1]), "forecast", ACCENT)]
    ends += [(float(curve.upper[number, -1]), f"{level:g} %", SOFT) for number, level in enumerate(picture.levels)]
    if curve.what_if is not None:
        ends.append((float(curve.what_if[-1]), in_lines(picture.what_if, 24, 1), OTHERS[0]))
    if len(curve.past):
        cutoff = float(time_places(curve.past[-1:], picture.clock)[0])
        axes.annotate(
            "history",
            (cutoff, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-5, 3),
            textcoords="offset points",
            ha="right",
            color=INK,
        )
    label_ends(axes, end, ends, inches=4.3)
