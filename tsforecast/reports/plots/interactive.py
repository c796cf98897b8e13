"""A forecast to zoom into; where there are several series, a menu changes between them."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from tsforecast.reports.plots.page import MENU_HEIGHT, menu, numbers, usual_layout, write_page
from tsforecast.reports.plots.picture import Curve, Picture, clock_texts
from tsforecast.reports.plots.style import ACCENT, INK, OTHERS, SOFT, TINTS

_FEW_POINTS = 200  # up to here every point of the history gets a dot


def write_forecast(picture: Picture, path: str | Path) -> None:
    """Write the page.

    Raises:
        OptionError: plotly is not installed.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    write_page(_traces(picture), _layout(picture), picture.title, path)


def _traces(picture: Picture) -> list[dict[str, Any]]:
    traces = []
    for number, curve in enumerate(picture.curves):
        for trace in _traces_of(curve, picture):
            traces.append({**trace, "visible": number == 0})
    return traces


def _traces_of(curve: Curve, picture: Picture) -> list[dict[str, Any]]:
    """The lines of a series: intervals from the widest to the narrowest, so that the narrower lies above."""
    past, future = clock_texts(curve.past, picture.clock), clock_texts(curve.future, picture.clock)
    traces: list[dict[str, Any]] = []
    for number in reversed(range(len(picture.levels))):
        name = f"{picture.levels[number]:g} % interval"
        shared = {"x": future, "type": "scatter", "mode": "lines", "line": {"width": 0}, "legendgroup": name}
        tint = TINTS[min(number, len(TINTS) - 1)]
        traces += [
            {**shared, "y": numbers(curve.lower[number]), "name": f"{name}, below", "showlegend": False},
            {**shared, "y": numbers(curve.upper[number]), "name": name, "fill": "tonexty", "fillcolor": tint},
        ]
    mode = "lines+markers" if len(past) <= _FEW_POINTS else "lines"
    history = np.where(curve.observed, curve.values, np.nan)
    line = {"type": "scatter", "mode": mode, "marker": {"size": 4}}
    filled = np.where(curve.observed, np.nan, curve.values)
    if not curve.observed.all():
        open_dots = {"size": 4, "symbol": "circle-open", "color": SOFT}
        traces.append({"x": past, "y": numbers(filled), "name": "filled in", "mode": "markers", "marker": open_dots})
    traces.append({**line, "x": past, "y": numbers(history), "name": "history", "line": {"color": INK, "width": 1.6}})
    forecast = {"x": future, "y": numbers(curve.y_pred), "name": "forecast"}
    traces.append({**line, **forecast, "line": {"color": ACCENT, "width": 2.4}})
    if curve.what_if is not None:
        other = {"x": future, "y": numbers(curve.what_if), "name": escape(picture.what_if)}
        traces.append({**line, **other, "line": {"color": OTHERS[0], "width": 2.4, "dash": "dash"}})
    return traces


def _layout(picture: Picture) -> dict[str, Any]:
    layout = usual_layout(picture.title, " ".join(filter(None, (picture.caption, picture.source))))
    layout["yaxis"]["title"] = {"text": escape(picture.unit)}
    if len(picture.curves) > 1:
        counts = [len(_traces_of(curve, picture)) for curve in picture.curves]
        owners = np.repeat(np.arange(len(counts)), counts).tolist()
        layout["updatemenus"] = [menu([curve.label for curve in picture.curves], owners)]
        layout["margin"]["t"] += MENU_HEIGHT
    return layout
