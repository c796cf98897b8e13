"""A picture of filled gaps: the values of some series, with what was filled dotted, and its intervals."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Float64, Int64
from tsforecast.reports.plots.page import MENU_HEIGHT, menu, numbers, usual_layout, write_page
from tsforecast.reports.plots.picture import check_years, clock_texts, shown_clock
from tsforecast.reports.plots.select import Pick, caption_of, check_count, picked
from tsforecast.reports.plots.style import (
    INK,
    OTHERS,
    caption,
    drawing,
    in_lines,
    new_figure,
    readable,
    save,
    time_axis,
    time_places,
)
from tsforecast.reports.plots.write import is_page, most_series
from tsforecast.safe_text import printable
from tsforecast.workflows.impute.results import Imputed, ImputeResult
from tsforecast.workflows.named import numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 4  # below each other on a slide
_TRACES = 4  # of a series on a page
_FILLED = OTHERS[4]


def draw_filled(
    result: ImputeResult, imputed: Imputed, path: str | Path, *, names: Sequence[str] = (), pick: Pick = "largest"
) -> None:
    """Draw some series into a file, in the way that its ending says.

    Raises:
        OptionError: a name that no series has, more than there is room for, or a package that is missing.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if is_page(path):
        chosen = chosen_series(imputed, names, pick, most_series(path))
        write_page(_traces(imputed, chosen), _layout(result, imputed, chosen), _title(result), path)
        return
    with drawing():
        save(filled_figure(result, imputed, names=names, pick=pick), path)


def chosen_series(imputed: Imputed, names: Sequence[str], pick: Pick, most: int = MOST) -> Int64:
    """The numbers of the series to draw; the worst miss the most values.

    Raises:
        OptionError: a name that no series has, or more than there is room for.
    """
    check_count(names, most)
    if names:
        return numbers_of(imputed.panel, names)
    panel = imputed.panel
    missing = (imputed.methods >= 0).astype(np.float64)
    worst: Float64 = np.bincount(panel.series_of_row, missing, panel.n_series).astype(np.float64)
    return picked(pick, imputed.panel, worst, most)


def filled_figure(
    result: ImputeResult, imputed: Imputed, *, names: Sequence[str] = (), pick: Pick = "largest"
) -> Figure:
    """Draw some series below each other; within `drawing()`."""
    chosen = chosen_series(imputed, names, pick)
    figure, _ = new_figure(_title(result), result.verdict)
    grid = figure.subplots(len(chosen), 1, squeeze=False)
    for axes, number in zip(grid.flat, chosen.tolist(), strict=True):
        _draw(axes, imputed, number)
    if told := "" if names else caption_of(pick, len(chosen), imputed.panel.n_series):
        caption(figure, told)
    return figure


def _draw(axes: Axes, imputed: Imputed, number: int) -> None:
    panel, clock = imputed.panel, shown_clock(imputed.panel, imputed.schema)
    places = time_places(check_years(panel.stamps(number)), clock)
    values = _seen(imputed, number)
    axes.plot(places, values, color=INK, linewidth=0.8)
    rows = slice(panel.offsets[number], panel.offsets[number + 1])
    made = _made(imputed, number)
    lower, upper = imputed.lower[rows, -1], imputed.upper[rows, -1]
    axes.fill_between(places, lower, upper, color=_FILLED, alpha=0.18, linewidth=0)
    axes.plot(places, made, ":", color=_FILLED, linewidth=1.2)
    axes.plot(places, made, "o", color=_FILLED, markersize=2)
    time_axis(axes, clock)
    axes.yaxis.set_major_formatter(readable)
    if label := printable(panel.label(number)):
        axes.set_title(in_lines(label, 90))


def _traces(imputed: Imputed, chosen: Int64) -> list[dict[str, Any]]:
    clock, traces = shown_clock(imputed.panel, imputed.schema), []
    for place, number in enumerate(chosen.tolist()):
        times, values = clock_texts(check_years(imputed.panel.stamps(number)), clock), _seen(imputed, number)
        line = {"x": times, "type": "scatter", "visible": place == 0}
        rows = slice(imputed.panel.offsets[number], imputed.panel.offsets[number + 1])
        bounds = {**line, "mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
        made = {**line, "y": numbers(_made(imputed, number)), "name": "filled", "mode": "lines+markers"}
        traces += [
            {**line, "y": numbers(values), "name": "value", "mode": "lines", "line": {"color": INK, "width": 1.2}},
            {**bounds, "y": numbers(imputed.lower[rows, -1]), "name": "lower"},
            {**bounds, "y": numbers(imputed.upper[rows, -1]), "name": "upper", "fill": "tonexty"},
            {**made, "line": {"color": _FILLED, "dash": "dot"}},
        ]
    return traces


def _layout(result: ImputeResult, imputed: Imputed, chosen: Int64) -> dict[str, Any]:
    layout = usual_layout(_title(result), result.verdict)
    if len(imputed.schema.target_cols) == 1:
        layout["yaxis"]["title"] = {"text": escape(printable(imputed.schema.target_cols[0]))}
    if len(chosen) > 1:
        owners = np.repeat(np.arange(len(chosen)), _TRACES).tolist()
        layout["updatemenus"] = [menu([printable(imputed.panel.label(number)) for number in chosen.tolist()], owners)]
        layout["margin"]["t"] += MENU_HEIGHT
    return layout


def _seen(imputed: Imputed, number: int) -> Float64:
    rows = slice(imputed.panel.offsets[number], imputed.panel.offsets[number + 1])
    return np.where(imputed.panel.observed[rows], imputed.panel.values[rows], np.nan)


def _made(imputed: Imputed, number: int) -> Float64:
    """What was filled, NaN elsewhere."""
    rows = slice(imputed.panel.offsets[number], imputed.panel.offsets[number + 1])
    return np.where(imputed.methods[rows] >= 0, imputed.panel.values[rows], np.nan)


def _title(result: ImputeResult) -> str:
    return printable(f"Filled gaps of {Path(result.file).name}" if result.file else "Filled gaps")
