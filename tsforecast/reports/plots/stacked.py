"""Some series of a table below each other on a slide, or one behind the other on a page, with something marked in them.

What is marked is drawn by the caller; the rest, the values that were observed, times, names and the menu, is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from tsforecast.series.panel import Panel, Schema
from tsforecast.workflows.named import numbers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 4  # below each other on a slide


@dataclass(frozen=True)
class Stacked:
    """What is drawn.

    Args:
        title: of the whole.
        verdict: in a sentence below it.
        panel: the series.
        schema: how times are written.
        worst: of each series, by which the worst are picked, shape (n_series,).
        mark: draws what is to be seen in a series, given its axes, number, the places of its rows and their values.
        traces: the same for a page, given the number of the series, what all its traces share, and its values.
    """

    title: str
    verdict: str
    panel: Panel
    schema: Schema
    worst: Float64
    mark: Callable[[Axes, int, Any, Float64], None]
    traces: Callable[[int, dict[str, Any], Float64], list[dict[str, Any]]]


def titled(what: str, file: str) -> str:
    """The title of a picture of a file, which may be unknown."""
    return printable(f"{what} of {Path(file).name}" if file else what)


def draw_stacked(stacked: Stacked, path: str | Path, names: Sequence[str], pick: Pick, *, dark: bool) -> None:
    """Draw some series into a file, in the way that its ending says; `dark` is for a dark background.

    Raises:
        OptionError: a name that no series has, more than there is room for, or a package that is missing.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if is_page(path):
        chosen = _chosen(stacked, names, pick, most_series(path))
        traces = [_traces(stacked, number, first=place == 0) for place, number in enumerate(chosen.tolist())]
        owners = [place for place, own in enumerate(traces) for _ in own]
        layout = _layout(stacked, chosen, owners)
        write_page([each for own in traces for each in own], layout, stacked.title, path)
        return
    with drawing():
        save(stacked_figure(stacked, names, pick), path, dark=dark)


def stacked_figure(stacked: Stacked, names: Sequence[str], pick: Pick) -> Figure:
    """Draw some series below each other; within `drawing()`.

    Raises:
        OptionError: a name that no series has, or more than there is room for.
    """
    chosen = _chosen(stacked, names, pick, MOST)
    figure, _ = new_figure(stacked.title, stacked.verdict)
    grid = figure.subplots(len(chosen), 1, squeeze=False)
    for axes, number in zip(grid.flat, chosen.tolist(), strict=True):
        _draw(axes, stacked, number)
    if told := "" if names else caption_of(pick, len(chosen), stacked.panel.n_series):
        caption(figure, told)
    return figure


def _chosen(stacked: Stacked, names: Sequence[str], pick: Pick, most: int) -> Int64:
    check_count(names, most)
    return numbers_of(stacked.panel, names) if names else picked(pick, stacked.panel, stacked.worst, most)


def _draw(axes: Axes, stacked: Stacked, number: int) -> None:
    panel, clock = stacked.panel, shown_clock(stacked.panel, stacked.schema)
    places, values = time_places(check_years(panel.stamps(number)), clock), _seen(panel, number)
    axes.plot(places, values, color=INK, linewidth=0.8)
    stacked.mark(axes, number, places, values)
    time_axis(axes, clock)
    axes.yaxis.set_major_formatter(readable)
    if label := printable(panel.label(number)):
        axes.set_title(in_lines(label, 90))


def _traces(stacked: Stacked, number: int, *, first: bool) -> list[dict[str, Any]]:
    panel, clock = stacked.panel, shown_clock(stacked.panel, stacked.schema)
    times, values = clock_texts(check_years(panel.stamps(number)), clock), _seen(panel, number)
    shared = {"x": times, "type": "scatter", "visible": first}
    line = {**shared, "y": numbers(values), "name": "value", "mode": "lines", "line": {"color": INK, "width": 1.2}}
    return [line, *stacked.traces(number, shared, values)]


def _layout(stacked: Stacked, chosen: Int64, owners: list[int]) -> dict[str, Any]:
    layout = usual_layout(stacked.title, stacked.verdict)
    if len(stacked.schema.target_cols) == 1:
        layout["yaxis"]["title"] = {"text": escape(printable(stacked.schema.target_cols[0]))}
    if len(chosen) > 1:
        layout["updatemenus"] = [menu([printable(stacked.panel.label(number)) for number in chosen.tolist()], owners)]
        layout["margin"]["t"] += MENU_HEIGHT
    return layout


def _seen(panel: Panel, number: int) -> Float64:
    rows = slice(panel.offsets[number], panel.offsets[number + 1])
    return np.where(panel.observed[rows], panel.values[rows], np.nan)
