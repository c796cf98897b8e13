"""Backtests and comparisons to zoom into: forecasts over what happened, a menu of series, and errors beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.io.messages import counted
from tsforecast.reports.plots.page import MENU_HEIGHT, MOST, Trace, menu, numbers, usual_layout, write_page
from tsforecast.reports.plots.picture import check_years, clock_texts, shown_clock
from tsforecast.reports.plots.select import Pick, caption_of, sizes
from tsforecast.reports.plots.style import ACCENT, INK, OTHERS, SOFT, TINTS
from tsforecast.safe_text import printable

if TYPE_CHECKING:
    from tsforecast.workflows.backtest.compare import CompareResult
    from tsforecast.workflows.backtest.forecasts import Forecasts
    from tsforecast.workflows.backtest.run import BacktestResult

_LEVEL = 80.0  # of the intervals, which are forecast whatever is asked for
_LEFT, _RIGHT = [0, 0.64], [0.76, 1]  # shares of the width
_LEAST_BEFORE = 24  # rows before the first cutoff
_MOST_LINES = 6  # models in a comparison
_MOST_POINTS = 200_000  # of all series together, so that a page stays small


def write_backtest(
    result: BacktestResult, forecasts: Forecasts, series: Int64, pick: Pick | None, path: str | Path
) -> None:
    """Write a page of a backtest: each series with its forecasts, and the error at each step.

    Args:
        result: the scores.
        forecasts: what was forecast, and what happened.
        series: numbers of those in the menu.
        pick: which of many they are; None for those that were named.
        path: of the file.

    Raises:
        DataError: times beyond the year 9000.
        OptionError, OutputError, StorageError: as `write_page`.
    """
    models = [result.model]
    title = f"Backtest of {result.model} on {Path(result.file).name}"
    traces, owners, labels = _series(forecasts, series, models, _colors(result.model, result.by_step))
    errors = _errors(result, result.model, list(result.by_step), legend=True)
    layout = _layout(title, _caption(result, pick, len(labels)), result)
    _write([*traces, *errors], [*owners, *[-1] * len(errors)], labels, layout, title, path)


def write_comparison(result: CompareResult, forecasts: Forecasts, path: str | Path) -> None:
    """Write a page of a comparison: the largest series with the forecasts of each model, and their errors.

    Raises:
        DataError: times beyond the year 9000.
        OptionError, OutputError, StorageError: as `write_page`.
    """
    models = list(result.scores)[:_MOST_LINES]
    scored = np.unique(forecasts.truth.series)
    series = scored[np.argsort(-sizes(forecasts.panel)[scored], kind="stable")][:MOST]
    title = f"Models compared on {Path(result.file).name}"
    traces, owners, labels = _series(forecasts, series, models, _colors(result.best, models))
    errors = [*_errors(result, result.best, models, legend=False), _ranking(result)]
    layout = _layout(title, _caption(result, "largest", len(labels)), result)
    layout["yaxis2"]["domain"] = [0, 0.52]
    layout["xaxis3"] = {"domain": _RIGHT, "anchor": "y3", "rangemode": "tozero", "gridcolor": "#ececec"}
    layout["yaxis3"] = {"domain": [0.68, 1], "anchor": "x3", "autorange": "reversed", "automargin": True}
    layout["annotations"].append(_heading("MASE over all windows", 1.0))
    layout["annotations"][0]["y"] = 0.52
    _write([*traces, *errors], [*owners, *[-1] * len(errors)], labels, layout, title, path)


def _write(
    traces: Sequence[Trace],
    owners: Sequence[int],
    labels: Sequence[str],
    layout: dict[str, Any],
    title: str,
    path: str | Path,
) -> None:
    """Write the page; a menu changes between several series."""
    if len(labels) > 1:
        layout["updatemenus"] = [menu(labels, owners)]
        layout["margin"]["t"] += MENU_HEIGHT
    shown = [{**trace, "visible": owner in (0, -1)} for trace, owner in zip(traces, owners, strict=True)]
    write_page(shown, layout, printable(title), path)


def _caption(result: BacktestResult | CompareResult, pick: Pick | None, drawn: int) -> str:
    windows = f"{counted(result.windows, 'window')} of {counted(result.horizon, 'step')}"
    said = caption_of(pick, drawn, result.series) if pick else ""
    return printable(f"{windows}. {result.verdict} {said}".strip())


def _colors(own: str, models: Sequence[str] | dict[str, Any]) -> dict[str, str]:
    """The colour of each model; the one that matters has its own."""
    others = cycle(OTHERS)
    return {name: ACCENT if name == own else next(others) for name in models}


def _series(
    forecasts: Forecasts, series: Int64, models: Sequence[str], colors: dict[str, str]
) -> tuple[list[Trace], list[int], list[str]]:
    """The lines of each series, the place of the series that each belongs to, and what the series are called."""
    traces: list[Trace] = []
    owners: list[int] = []
    labels: list[str] = []
    points = 0
    for number in series.tolist():
        own = list(_traces_of(forecasts, number, models, colors))
        points += sum(len(trace["x"]) for trace in own)
        if labels and points > _MOST_POINTS:
            break
        traces += own
        owners += [len(labels)] * len(own)
        labels.append(printable(forecasts.panel.label(number)) or ", ".join(forecasts.schema.target_cols))
    return traces, owners, labels


def _traces_of(forecasts: Forecasts, number: int, models: Sequence[str], colors: dict[str, str]) -> Iterator[Trace]:
    """What happened to a series, what each model forecast, and the intervals of the first one."""
    panel, truth, horizon = forecasts.panel, forecasts.truth, forecasts.folds.horizon
    clock = shown_clock(panel, forecasts.schema)
    rows = np.flatnonzero(truth.series == number)
    begin = max(0, int(truth.starts[rows[0]] - panel.starts[number]) - max(_LEAST_BEFORE, 2 * horizon))
    own = slice(panel.offsets[number] + begin, panel.offsets[number + 1])
    happened = np.where(panel.observed[own], panel.values[own], np.nan)
    # Forecasts of one step are points of one line.
    parts = rows[:, None] if horizon > 1 else rows[None, :]
    steps = [(truth.starts[part][:, None] + np.arange(horizon)).ravel() for part in parts]
    times = [clock_texts(check_years(panel.frequency.stamps(each)), clock) for each in steps]
    made, place = forecasts.made[models[0]], forecasts.levels.index(_LEVEL)
    around = [(made.lower[part, :, place].ravel(), made.upper[part, :, place].ravel()) for part in parts]
    yield {
        "x": _joined([[*at, *reversed(at), at[0]] for at in times]),
        "y": _joined([numbers(np.concatenate([low, high[::-1], low[:1]])) for low, high in around]),
        "name": f"{_LEVEL:g} % interval of {models[0]}",
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": TINTS[0],
        "opacity": 0.6,
        "hoverinfo": "skip",
        "legendrank": 1,
    }
    past = clock_texts(panel.stamps(number)[begin:], clock)
    yield _line(past, numbers(happened), "what happened", INK, 1.4) | {"legendrank": 0}
    for name in reversed(models):
        points = [numbers(forecasts.made[name].y_pred[part].ravel()) for part in parts]
        width = 2.4 if name == models[0] else 1.4
        rank = {"legendgroup": name, "legendrank": 2 + models.index(name)}
        yield _line(_joined(times), _joined(points), name, colors[name], width) | rank


def _line(x: Sequence[Any], y: Sequence[Any], name: str, color: str, width: float) -> Trace:
    return {"x": x, "y": y, "name": name, "type": "scatter", "mode": "lines", "line": {"color": color, "width": width}}


def _joined(parts: Sequence[Sequence[Any]]) -> list[Any]:
    """Parts one after the other, with a break between them."""
    return [each for part in parts for each in (*part, None)][:-1]


def _errors(result: BacktestResult | CompareResult, own: str, models: Sequence[str], *, legend: bool) -> list[Trace]:
    """The error of each model at each step; `legend` says whether all but the own one are named there."""
    colors, steps = _colors(own, models), list(range(1, result.horizon + 1))
    traces = []
    for name in models:
        errors = numbers(np.array(result.by_step[name][_unit(result)], dtype=np.float64))
        line = _line(steps, errors, name, colors[name], 2.4 if name == own else 1.4)
        mode = "lines+markers" if result.horizon < 50 else "lines"
        shown = {"legendgroup": name, "showlegend": legend and name != own, "xaxis": "x2", "yaxis": "y2", "mode": mode}
        traces.append(line | shown)
    return traces


def _ranking(result: CompareResult) -> Trace:
    """The MASE of each model as a bar, the best at the top."""
    names = list(result.scores)
    colors = [ACCENT if name == result.best else TINTS[0] if name in result.level else "#c4c4c4" for name in names]
    errors = np.array([result.scores[name]["mase"] for name in names], dtype=np.float64)
    words = ["best" if n == result.best else "may be as good" if n in result.level else "behind" for n in names]
    return {
        "x": numbers(errors),
        "y": names,
        "type": "bar",
        "orientation": "h",
        "marker": {"color": colors},
        "text": [f"{error:.3g} {said}" for error, said in zip(errors, words, strict=True)],
        "textposition": "auto",
        "cliponaxis": False,
        "hoverinfo": "text",
        "showlegend": False,
        "xaxis": "x3",
        "yaxis": "y3",
    }


def _unit(result: BacktestResult | CompareResult) -> str:
    return "mase" if result.series > 1 else "mae"


def _layout(title: str, caption: str, result: BacktestResult | CompareResult) -> dict[str, Any]:
    """Two drawings: the series on the left, the errors on the right."""
    layout = usual_layout(printable(title), caption)
    layout["xaxis"]["domain"] = _LEFT
    layout["xaxis2"] = {
        "domain": _RIGHT,
        "anchor": "y2",
        "showgrid": False,
        "linecolor": SOFT,
        "title": {"text": "steps ahead", "standoff": 4},
    }
    layout["yaxis2"] = {"anchor": "x2", "gridcolor": "#ececec", "rangemode": "tozero"}
    layout["annotations"] = [_heading(f"{_unit(result).upper()} by step", 1.0)]
    layout["legend"]["y"] = -0.12
    return layout


def _heading(text: str, y: float) -> dict[str, Any]:
    return {
        "text": f"<b>{escape(text)}</b>",
        "x": _RIGHT[0],
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
    }
