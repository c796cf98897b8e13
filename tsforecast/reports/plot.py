"""A picture of a forecast: recent rows, the forecast that continues them, and its intervals."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.files import whole_file
from tsforecast.forecast import Forecast
from tsforecast.safe_text import printable
from tsforecast.series.panel import Panel, Schema

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDINGS = (".png", ".svg")
MAX_SERIES = 6
_HISTORY_HORIZONS, _LEAST_HISTORY = 4, 24
_FEW_POINTS = 48  # up to here every point gets a dot
_WIDTH, _ROW_HEIGHT, _HEAD_HEIGHT = 10.0, 3.0, 0.62  # inches
_EDGE = 0.012  # left margin of the texts, as a share of the width
_LAST_DAY = np.datetime64("9001-01-01")  # matplotlib's dates, with a margin, end with the year 9999
_DPI = 200  # sharp on a slide
_MAX_LABEL = 58  # letters that fit above a picture of half the width
_INK, _SOFT, _LINE, _ACCENT, _OTHER = "#333333", "#767676", "#d9d9d9", "#1565a9", "#c2570c"

# Interval colours from the narrowest to the widest.
_TINTS = ("#8fbbe0", "#c6dcf0", "#e3eef8")

# For ticks of years, months, days, hours, minutes and seconds: the tick, the first of its kind, and the axis' end.
_DATE_FORMATS = {
    "formats": ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S.%f"],
    "zero_formats": ["", "%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"],
    "offset_formats": ["", "%Y", "%Y", "%d %b %Y", "%d %b %Y", "%d %b %Y %H:%M"],
}
_STYLE: Any = {
    "font.size": 9,
    "text.color": _INK,
    "text.parse_math": False,  # a series may be called "US$ in $m"
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _SOFT,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.xmargin": 0.01,
    "grid.color": "#ececec",
    "grid.linewidth": 0.8,
    "xtick.color": _LINE,
    "xtick.labelcolor": _SOFT,
    "ytick.left": False,
    "ytick.labelcolor": _SOFT,
    "svg.hashsalt": "tsforecast",  # the same forecast gives the same file
}


@dataclass(frozen=True)
class _Curve:
    """One series to draw; times are matplotlib's day numbers.

    `future`, `y_pred` and the lower and upper `bounds` of each level begin with the last point of the past, so that
    the lines meet. `observed` is False where a value was filled in. `what_if` is the forecast in another scenario, by
    its label; empty for none.
    """

    label: str
    past: NDArray[np.float64]
    values: NDArray[np.float64]
    observed: NDArray[np.bool_]
    future: NDArray[np.float64]
    y_pred: NDArray[np.float64]
    bounds: tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]
    what_if: dict[str, NDArray[np.float64]]


def plot_forecast(
    history: Panel, forecast: Forecast, schema: Schema, path: str | Path, *, title: str, what_if: str = "what if"
) -> None:
    """Draw the first series of a forecast, each below its own name.

    Args:
        history: rows that the forecast continues; its series are those of the forecast, in the same order.
        forecast: in the user's units.
        schema: for the name of the values and the zone of the stamps.
        path: ends with .png or .svg.
        title: above the picture.
        what_if: what the scenario is called that the forecast has beside it, where it has one.

    Raises:
        OptionError: another ending.
        DataError: times beyond the year 9000.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise OptionError(f"cannot tell how to draw '{path}'", hint=f"use an ending of {', '.join(ENDINGS)}")
    with _private_matplotlib(), warnings.catch_warnings():
        import matplotlib

        shown = min(len(forecast.ids), MAX_SERIES)
        curves = [_curve(history, forecast, number, what_if) for number in range(shown)]
        warnings.filterwarnings("ignore", message="Glyph")  # a name in letters that the font does not have
        with matplotlib.rc_context(_STYLE):
            figure = _figure(curves, forecast, history, schema, title)
            with whole_file(path) as stream:
                metadata = {"Date": None} if ending == ".svg" else None
                figure.savefig(stream, format=ending[1:], dpi=_DPI, metadata=metadata)


@contextmanager
def _private_matplotlib() -> Iterator[None]:
    """Keep matplotlib away from the user's home, which may not be writable, and from the backend for screens.

    That backend, as below Jupyter, need not even be installed here.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it warns of its caches
    backend, folder = os.environ.pop("MPLBACKEND", None), os.environ.get("MPLCONFIGDIR")
    with tempfile.TemporaryDirectory() as caches:
        os.environ["MPLCONFIGDIR"] = folder or caches
        try:
            yield
        finally:
            if folder is None:
                del os.environ["MPLCONFIGDIR"]
            if backend is not None:
                os.environ["MPLBACKEND"] = backend


def _curve(history: Panel, forecast: Forecast, number: int, what_if: str) -> _Curve:
    date2num, horizon = _dates().date2num, forecast.horizon
    kept = slice(-max(_HISTORY_HORIZONS * horizon, _LEAST_HISTORY), None)
    rows = slice(history.offsets[number], history.offsets[number + 1])
    past, values = date2num(history.stamps(number)[kept]), history.values[rows][kept]
    stamps = history.frequency.stamps(forecast.starts[number] + np.arange(horizon))
    if stamps[-1] >= _LAST_DAY:
        raise DataError("a picture cannot show times beyond the year 9000", hint="forecast fewer steps")
    future = date2num(stamps)

    def joined(line: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([values[-1:], line])

    return _Curve(
        label=_short(history.label(number)),
        past=past,
        values=values,
        observed=history.observed[rows][kept],
        future=np.concatenate([past[-1:], future]),
        y_pred=joined(forecast.y_pred[number]),
        bounds=tuple(
            (joined(forecast.lower[number, :, level]), joined(forecast.upper[number, :, level]))
            for level in range(len(forecast.levels))
        ),
        what_if={_short(what_if): joined(forecast.what_if.y_pred[number])} if forecast.what_if else {},
    )


def _figure(curves: list[_Curve], forecast: Forecast, history: Panel, schema: Schema, title: str) -> Figure:
    from matplotlib.figure import Figure

    columns = 1 if len(curves) < 3 else 2
    rows = -(-len(curves) // columns)
    figure = Figure(figsize=(_WIDTH, _HEAD_HEIGHT + _ROW_HEIGHT * rows), layout="constrained")
    height = figure.get_figheight()
    layout: Any = figure.get_layout_engine()
    layout.set(w_pad=0.12, h_pad=0.08, rect=(0, 0, 1, 1 - _HEAD_HEIGHT / height))
    together = bool(np.all(forecast.starts[: len(curves)] == forecast.starts[0]))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=together)
    for axes, curve in zip(grid.flat, curves, strict=False):
        _draw(axes, curve, forecast.levels)
        _date_axis(axes, history, schema)
        axes.yaxis.set_major_formatter(_readable)
        axes.tick_params(labelbottom=True)
        if len(forecast.ids) > 1 or curve.label:
            axes.set_title(curve.label)
        if len(curves) == 1 and len(schema.target_cols) == 1:
            axes.set_ylabel(_short(schema.target_cols[0]))
    for axes in grid.flat[len(curves) :]:
        axes.set_visible(False)
    figure.text(_EDGE, 1 - 0.12 / height, _short(title), va="top", fontsize=13, fontweight="bold")
    corner = (_EDGE, 1 - 0.4 / height)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=corner,
        ncols=len(labels),
        frameon=False,
        borderpad=0,
        borderaxespad=0,
    )
    left_out = len(forecast.ids) - len(curves)
    if left_out:
        caption = f"The first {len(curves)} of {len(forecast.ids):,} series; {left_out:,} more are not shown."
        figure.supxlabel(caption, x=_EDGE, ha="left", fontsize=9, color=_SOFT)
    return figure


def _draw(axes: Axes, curve: _Curve, levels: tuple[float, ...]) -> None:
    dots: dict[str, Any] = (
        {"marker": "o", "markersize": 3} if len(curve.past) + len(curve.future) <= _FEW_POINTS else {}
    )
    if len(curve.past):
        axes.axvline(curve.past[-1], color="#bdbdbd", linewidth=0.8)
    seen = np.where(curve.observed, curve.values, np.nan)
    axes.plot(curve.past, seen, color=_INK, linewidth=1.3, label="history", solid_joinstyle="round", **dots)
    if not curve.observed.all():
        axes.plot(curve.past, curve.values, color=_INK, linewidth=0.9, linestyle=":", zorder=1.5)
    axes.plot(curve.future, curve.y_pred, color=_ACCENT, linewidth=1.8, label="forecast", **_from_second(dots))
    for label, line in curve.what_if.items():
        axes.plot(curve.future, line, color=_OTHER, linewidth=1.8, linestyle="--", label=label, **_from_second(dots))
    for number, level in enumerate(levels):
        lower, upper = curve.bounds[number]
        tint = _TINTS[min(number, len(_TINTS) - 1)]
        # A wider interval lies below a narrower one.
        axes.fill_between(
            curve.future, lower, upper, color=tint, linewidth=0, zorder=1 - number / 10, label=f"{level:g} % interval"
        )


def _from_second(dots: dict[str, Any]) -> dict[str, Any]:
    """The first point of a forecast's line is the last of the history, which has its own dot."""
    return dots | {"markevery": slice(1, None)} if dots else {}


def _date_axis(axes: Axes, history: Panel, schema: Schema) -> None:
    from tsforecast.io.times.zones import find_zone

    # Steps shorter than a day are counted in UTC, and shown on the user's clock.
    zone = find_zone(schema.time_zone) if schema.time_zone and history.frequency.sub_daily else None
    locator = _dates().AutoDateLocator(tz=zone, minticks=4, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(_dates().ConciseDateFormatter(locator, tz=zone, **_DATE_FORMATS))


def _dates() -> Any:
    """The module matplotlib.dates, which carries no types."""
    from matplotlib import dates

    return dates


def _readable(value: float, _: int) -> str:
    """A tick's number as people write it: 950, 12,000, 3.4M."""
    for unit, letter in ((1e9, "B"), (1e6, "M")):
        if abs(value) >= unit:
            return f"{value / unit:,.12g}{letter}"
    return f"{value:,.12g}"


def _short(text: str) -> str:
    flat = printable(text)
    return flat if len(flat) <= _MAX_LABEL else f"{flat[: _MAX_LABEL - 3]}..."
