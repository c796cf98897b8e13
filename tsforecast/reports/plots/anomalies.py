"""A picture of anomalies: the values of some series, with the unusual stretches shaded and their peaks marked."""

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
from tsforecast.workflows.detect.run import DetectResult, Scored
from tsforecast.workflows.named import numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 4  # below each other on a slide
_ALARM = OTHERS[4]


def draw_anomalies(
    result: DetectResult,
    scored: Scored,
    path: str | Path,
    *,
    names: Sequence[str] = (),
    pick: Pick = "largest",
    dark: bool = False,
) -> None:
    """Draw some series into a file, in the way that its ending says; `dark` is for a dark background.

    Raises:
        OptionError: a name that no series has, more than there is room for, or a package that is missing.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if is_page(path):
        chosen = chosen_series(scored, names, pick, most_series(path))
        write_page(_traces(scored, chosen), _layout(result, scored, chosen), _title(result), path)
        return
    with drawing():
        save(anomaly_figure(result, scored, names=names, pick=pick), path, dark=dark)


def chosen_series(scored: Scored, names: Sequence[str], pick: Pick, most: int = MOST) -> Int64:
    """The numbers of the series to draw; the worst have the highest scores.

    Raises:
        OptionError: a name that no series has, or more than there is room for.
    """
    check_count(names, most)
    if names:
        return numbers_of(scored.panel, names)
    worst = np.full(scored.panel.n_series, -1.0)
    np.maximum.at(worst, scored.panel.series_of_row, np.nan_to_num(scored.scores, nan=-1.0))
    return picked(pick, scored.panel, worst, most)


def anomaly_figure(
    result: DetectResult, scored: Scored, *, names: Sequence[str] = (), pick: Pick = "largest"
) -> Figure:
    """Draw some series below each other; within `drawing()`."""
    chosen = chosen_series(scored, names, pick)
    figure, _ = new_figure(_title(result), result.verdict)
    grid = figure.subplots(len(chosen), 1, squeeze=False)
    for axes, number in zip(grid.flat, chosen.tolist(), strict=True):
        _draw(axes, scored, number)
    if told := "" if names else caption_of(pick, len(chosen), scored.panel.n_series):
        caption(figure, told)
    return figure


def _draw(axes: Axes, scored: Scored, number: int) -> None:
    panel, clock = scored.panel, shown_clock(scored.panel, scored.schema)
    places = time_places(check_years(panel.stamps(number)), clock)
    values = _seen(scored, number)
    axes.plot(places, values, color=INK, linewidth=0.8)
    half = (places[-1] - places[0]) / max(1, len(places) - 1) / 2
    for _, each in (one for one in scored.found if one[0] == number):
        axes.axvspan(places[each.first] - half, places[each.end - 1] + half, color=_ALARM, alpha=0.18, linewidth=0)
        axes.plot(places[each.peak], values[each.peak], "o", color=_ALARM, markersize=4)
    time_axis(axes, clock)
    axes.yaxis.set_major_formatter(readable)
    if label := printable(panel.label(number)):
        axes.set_title(in_lines(label, 90))


def _traces(scored: Scored, chosen: Int64) -> list[dict[str, Any]]:
    clock, traces = shown_clock(scored.panel, scored.schema), []
    for place, number in enumerate(chosen.tolist()):
        times, values = clock_texts(check_years(scored.panel.stamps(number)), clock), _seen(scored, number)
        rows = slice(scored.panel.offsets[number], scored.panel.offsets[number + 1])
        line = {"x": times, "type": "scatter", "visible": place == 0}
        unusual = np.where(scored.alarms[rows], values, np.nan)
        traces += [
            {**line, "y": numbers(values), "name": "value", "mode": "lines", "line": {"color": INK, "width": 1.2}},
            {**line, "y": numbers(unusual), "name": "anomaly", "mode": "lines+markers", "line": {"color": _ALARM}},
        ]
    return traces


def _layout(result: DetectResult, scored: Scored, chosen: Int64) -> dict[str, Any]:
    layout = usual_layout(_title(result), result.verdict)
    if len(scored.schema.target_cols) == 1:
        layout["yaxis"]["title"] = {"text": escape(printable(scored.schema.target_cols[0]))}
    if len(chosen) > 1:
        owners = np.repeat(np.arange(len(chosen)), 2).tolist()
        layout["updatemenus"] = [menu([printable(scored.panel.label(number)) for number in chosen.tolist()], owners)]
        layout["margin"]["t"] += MENU_HEIGHT
    return layout


def _seen(scored: Scored, number: int) -> Float64:
    rows = slice(scored.panel.offsets[number], scored.panel.offsets[number + 1])
    return np.where(scored.panel.observed[rows], scored.panel.values[rows], np.nan)


def _title(result: DetectResult) -> str:
    return printable(f"Anomalies of {Path(result.file).name}" if result.file else "Anomalies")
