"""What the reports of backtests and of comparisons share: windows of the past, drawn and told of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.fitting.error_profile import Actuals, coverage_of, error_profile
from tsforecast.fitting.scores import NAIVE
from tsforecast.io.messages import counted
from tsforecast.options import DEFAULT_LEVELS
from tsforecast.reports.charts import by_window_chart, past_chart, season_chart
from tsforecast.reports.content import Cell, Chart, Fact, Section, Table, Text, number, section
from tsforecast.reports.plots.select import sizes
from tsforecast.reports.times import TimeAxis
from tsforecast.safe_text import shown
from tsforecast.workflows.backtest.forecasts import last_known

if TYPE_CHECKING:
    from tsforecast.workflows.backtest.compare import CompareResult
    from tsforecast.workflows.backtest.forecasts import Forecasts
    from tsforecast.workflows.backtest.run import BacktestResult

LARGEST, WORST = 4, 6  # series that are drawn
LINES = 6  # models in a drawing of errors
LINES_NOTE = f"Drawn are the {LINES} models with the least error."
_MOST_WINDOWS = 12  # of a series that are drawn


def subtitle(result: BacktestResult | CompareResult) -> str:
    """The table and the windows in a sentence."""
    several = f"{result.series:,} series, " if result.series > 1 else ""
    late = f", {counted(result.gap, 'row')} before each cutoff unknown" if result.gap else ""
    fitted = "once" if result.fits == 1 else f"{result.fits:,} times"
    return (
        f"{several}{result.frequency_name}; {counted(result.windows, 'window')} of {counted(result.horizon, 'step')} "
        f"with cutoffs from {result.cutoffs[0]} to {result.cutoffs[-1]}{late}; fitted {fitted}."
    )


def window_facts(result: BacktestResult | CompareResult) -> Iterator[Fact]:
    """How much was forecast."""
    yield Fact("windows", f"{result.windows:,}", "moments of the past at which it forecast")
    yield Fact("last cutoff", result.cutoffs[-1], "what came later was not known")


def largest_series(forecasts: Forecasts) -> list[int]:
    """The series that were scored, the largest first."""
    scored = np.unique(forecasts.truth.series)
    order: list[int] = scored[np.argsort(-sizes(forecasts.panel)[scored], kind="stable")].tolist()
    return order


def drawn_note(result: BacktestResult | CompareResult, charts: int) -> str:
    """Which series are drawn, where there are more."""
    if result.series <= charts:
        return ""
    which = "largest one" if charts == 1 else f"{charts} largest"
    return f"Drawn {'is' if charts == 1 else 'are'} the {which} of {result.series:,} series."


def actuals_of(forecasts: Forecasts) -> Actuals:
    """What happened; the errors of several series are scaled."""
    truth = forecasts.truth
    scale = truth.scale if forecasts.panel.n_series > 1 else np.ones(len(truth))
    return Actuals(truth.series, truth.starts, truth.y_true, truth.observed, scale)


def errors_of(model: str, forecasts: Forecasts, actuals: Actuals) -> dict[str, Any]:
    """Where a model errs, beside the others."""
    made, cutoffs = forecasts.made, forecasts.folds.cutoffs
    together = len(cutoffs) > 1 and int(cutoffs[1, 0] - cutoffs[0, 0]) == 1
    points = {name: each.y_pred for name, each in made.items()}
    coverage = coverage_of(actuals, [(slice(None), made[model])], forecasts.levels)
    ahead = 1 if together else forecasts.folds.horizon
    return asdict(error_profile(actuals, points, coverage, model=model, usual=NAIVE, ahead=ahead))


def window_chart(forecasts: Forecasts, model: str, series: int, axis: TimeAxis, others: tuple[str, ...] = ()) -> Chart:
    """What happened to a series, and what was forecast at its last windows.

    Args:
        forecasts: of all models.
        model: whose forecasts and intervals are drawn.
        series: its number.
        axis: of the times.
        others: further models, of which the forecasts alone are drawn.
    """
    panel, truth, horizon = forecasts.panel, forecasts.truth, forecasts.folds.horizon
    rows = _apart(truth.starts, np.flatnonzero(truth.series == series), horizon)
    levels = tuple(level for level in forecasts.levels if level in DEFAULT_LEVELS) or forecasts.levels[-2:]
    places = [forecasts.levels.index(level) for level in levels]
    made = forecasts.made[model]
    windows = [
        (
            axis.places(truth.starts[row] + np.arange(horizon)),
            made.y_pred[row],
            made.lower[row][:, places],
            made.upper[row][:, places],
        )
        for row in rows
    ]
    begin = max(0, int(truth.starts[rows[0]] - panel.starts[series]) - 2 * horizon)
    own = slice(panel.offsets[series] + begin, panel.offsets[series + 1])
    happened = np.where(panel.observed[own], panel.values[own], np.nan)
    at = axis.places(panel.starts[series] + begin + np.arange(len(happened)))
    title = shown(panel.label(series) or forecasts.schema.target_cols[0])
    beside = {name: [forecasts.made[name].y_pred[row] for row in rows] for name in others}
    return past_chart(title, at, happened, windows, levels, axis, model=model, beside=beside)


def windows_section(
    result: BacktestResult | CompareResult, forecasts: Forecasts, models: Sequence[str], axis: TimeAxis
) -> Section | None:
    """The error of each model at each cutoff."""
    errors = {name: result.by_window[name]["mase"] for name in models}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (cutoff, *(number(each[place]) for each in errors.values())) for place, cutoff in enumerate(result.cutoffs)
    )
    drawn = dict(list(errors.items())[:LINES])
    known = any(math.isfinite(error) for error in errors[models[0]])
    chart = by_window_chart(axis.places(last_known(forecasts)), drawn, axis) if known and len(rows) > 1 else None
    table = Table(("cutoff", *errors), rows, "MASE of each window", folded=len(rows) > 12)
    return section("Error by window", chart, Text(LINES_NOTE) if chart and len(errors) > LINES else None, table)


def data_section(result: BacktestResult | CompareResult, forecasts: Forecasts, axis: TimeAxis) -> Section | None:
    """The table and the windows in figures, and a season of the largest series."""
    rows = (
        ("data", Path(result.file).name),
        ("series", f"{result.series:,}"),
        ("frequency", result.frequency_name),
        ("horizon", counted(result.horizon, "step")),
        ("season of MASE", counted(result.metric_season, "step")),
        ("forecasts scored", f"{len(forecasts.truth):,}"),
        ("seconds", f"{result.seconds:,.0f}"),
    )
    largest = largest_series(forecasts)
    season = season_chart(forecasts.panel, largest[0], result.metric_season, axis) if largest else None
    return section("The data", Table(("property", "value"), rows, "The windows in figures"), season)


def _apart(starts: Int64, rows: Int64, horizon: int) -> list[int]:
    """The newest of some windows that do not overlap, the oldest first."""
    chosen: list[int] = []
    for row in rows[::-1].tolist():
        if not chosen or starts[row] + horizon <= starts[chosen[-1]]:
            chosen.append(row)
    return chosen[:_MOST_WINDOWS][::-1]
