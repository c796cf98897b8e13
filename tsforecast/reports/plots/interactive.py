"""A page with a forecast to zoom into, which holds all it needs: it opens from a mail and asks no server."""

from __future__ import annotations

from html import escape
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.errors import OptionError
from tsforecast.files import whole_file
from tsforecast.reports.plots.picture import Curve, Picture, clock_texts
from tsforecast.reports.plots.style import ACCENT, INK, OTHERS, SOFT, TINTS

ENDING = ".html"
MOST = 50  # series in the menu
_FEW_POINTS = 200  # up to here every point of the history gets a dot
_CONFIG = {"displaylogo": False, "responsive": True}


def load_plotly(path: str) -> ModuleType:
    """The module that draws, of a package that only an extra installs.

    Raises:
        OptionError: it is not installed.
    """
    try:
        from plotly import io
    except ImportError:
        hint = "install it with pip install 'tsforecast[interactive]', or draw a .png or .svg"
        raise OptionError("an interactive picture needs the package plotly", hint=hint, file=path) from None
    return io


def write_page(picture: Picture, path: str | Path) -> None:
    """Write the page; where there are several series, a menu changes between them.

    Raises:
        OptionError: plotly is not installed.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    plotly = load_plotly(str(path))
    page: str = plotly.to_html(
        {"data": _traces(picture), "layout": _layout(picture)},
        config=_CONFIG,
        include_plotlyjs=True,
        full_html=True,
        default_height="90vh",
        div_id="forecast",
        validate=False,
    )
    page = page.replace("<head>", f"<head><title>{escape(picture.title)}</title>", 1)
    with whole_file(path) as stream:
        stream.write(page.encode())


def _traces(picture: Picture) -> list[dict[str, Any]]:
    traces = []
    for number, curve in enumerate(picture.curves):
        for trace in _traces_of(curve, picture):
            traces.append({**trace, "visible": number == 0})
    return traces


def _traces_of(curve: Curve, picture: Picture) -> list[dict[str, Any]]:
    """The lines of a series: intervals from the widest to the narrowest, so that the narrower lies above."""
    past, future = clock_texts(curve.past, picture.zone), clock_texts(curve.future, picture.zone)
    traces: list[dict[str, Any]] = []
    for number in reversed(range(len(picture.levels))):
        name = f"{picture.levels[number]:g} % interval"
        shared = {"x": future, "type": "scatter", "mode": "lines", "line": {"width": 0}, "legendgroup": name}
        tint = TINTS[min(number, len(TINTS) - 1)]
        traces += [
            {**shared, "y": _numbers(curve.lower[number]), "name": f"{name}, below", "showlegend": False},
            {**shared, "y": _numbers(curve.upper[number]), "name": name, "fill": "tonexty", "fillcolor": tint},
        ]
    mode = "lines+markers" if len(past) <= _FEW_POINTS else "lines"
    history = np.where(curve.observed, curve.values, np.nan)
    line = {"type": "scatter", "mode": mode, "marker": {"size": 4}}
    filled = np.where(curve.observed, np.nan, curve.values)
    if not curve.observed.all():
        open_dots = {"size": 4, "symbol": "circle-open", "color": SOFT}
        traces.append({"x": past, "y": _numbers(filled), "name": "filled in", "mode": "markers", "marker": open_dots})
    traces.append({**line, "x": past, "y": _numbers(history), "name": "history", "line": {"color": INK, "width": 1.6}})
    forecast = {"x": future, "y": _numbers(curve.y_pred), "name": "forecast"}
    traces.append({**line, **forecast, "line": {"color": ACCENT, "width": 2.4}})
    if curve.what_if is not None:
        other = {"x": future, "y": _numbers(curve.what_if), "name": escape(picture.what_if)}
        traces.append({**line, **other, "line": {"color": OTHERS[0], "width": 2.4, "dash": "dash"}})
    return traces


def _layout(picture: Picture) -> dict[str, Any]:
    title = f"<b>{escape(picture.title)}</b>"
    if picture.caption:
        title += f"<br><sup>{escape(picture.caption)}</sup>"
    layout: dict[str, Any] = {
        "title": {"text": title, "x": 0.01, "xanchor": "left", "y": 0.96, "yanchor": "top"},
        "font": {"family": "system-ui, sans-serif", "size": 15, "color": INK},
        "plot_bgcolor": "white",
        "paper_bgcolor": "white",
        "hovermode": "x unified",
        "legend": {"orientation": "h", "x": 0, "y": -0.08, "yanchor": "top"},
        "xaxis": {"showgrid": False, "linecolor": SOFT},
        "yaxis": {"gridcolor": "#ececec", "zeroline": False, "title": {"text": escape(picture.unit)}},
        "margin": {"l": 70, "r": 30, "t": 90, "b": 40},
    }
    if len(picture.curves) > 1:
        layout["updatemenus"] = [_menu(picture)]
        layout["margin"]["t"] = 140
    return layout


def _menu(picture: Picture) -> dict[str, Any]:
    """A list of the series; each entry shows its own lines and hides all others."""
    owners = np.repeat(
        np.arange(len(picture.curves)), [len(_traces_of(curve, picture)) for curve in picture.curves]
    ).tolist()
    buttons = [
        {"label": escape(curve.label), "method": "restyle", "args": ["visible", [each == number for each in owners]]}
        for number, curve in enumerate(picture.curves)
    ]
    return {"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}


def _numbers(values: Float64) -> list[float | None]:
    """Numbers as JSON knows them: nothing where there is none."""
    return [value if np.isfinite(value) else None for value in values.tolist()]
