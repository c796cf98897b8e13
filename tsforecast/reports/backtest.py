"""The report of a backtest: how wrong the forecasts would have been at cutoffs of the past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.fitting.error_profile import Actuals, coverage_of, error_profile, errors_by_series
from tsforecast.fitting.scores import NAIVE
from tsforecast.forecast import Intervals
from tsforecast.io.messages import counted
from tsforecast.options import DEFAULT_LEVELS
from tsforecast.reports.charts import past_chart, season_chart
from tsforecast.reports.content import (
    Block,
    Cell,
    Chart,
    Charts,
    Fact,
    Item,
    Items,
    Report,
    Section,
    Table,
    Text,
    number,
    section,
)
from tsforecast.reports.metric_texts import definitions_section, scores_section
from tsforecast.reports.plots.select import sizes
from tsforecast.reports.sections import (
    calibration_section,
    coverage_warnings,
    main_facts,
    notes_section,
    own_first,
    plain_verdict,
    residuals_section,
    series_section,
    steps_section,
)
from tsforecast.reports.times import TimeAxis
from tsforecast.safe_text import shown

if TYPE_CHECKING:
    from tsforecast.workflows.backtest.forecasts import Forecasts
    from tsforecast.workflows.backtest.run import BacktestResult

_LARGEST, _WORST = 4, 6  # series that are drawn
_WINDOWS = 12  # of a series that are drawn


def backtest_report(result: BacktestResult, forecasts: Forecasts) -> Report:
    """What a backtest found."""
    panel, scores = forecasts.panel, own_first(result.model, result.scores)
    axis = TimeAxis(panel.frequency, forecasts.schema)
    actuals = _actuals(forecasts)
    errors = _errors(result.model, forecasts, actuals)
    scored = np.unique(actuals.series)
    largest = scored[np.argsort(-sizes(panel)[scored], kind="stable")].tolist()
    worst = errors["series"][:_WORST] if panel.n_series > _LARGEST else []
    draw = [_chart(forecasts, result.model, each, axis) for each in largest[:_LARGEST]]
    sections = (
        scores_section(scores),
        steps_section(errors),
        _series(forecasts, actuals, errors, [_chart(forecasts, result.model, each, axis) for each in worst]),
        calibration_section(errors, scores),
        residuals_section(errors, axis, result.metric_season),
        _windows(result),
        _data(result, season_chart(panel, largest[0], result.metric_season, axis) if largest else None),
        notes_section([asdict(note) for note in result.notes]),
        definitions_section(scores),
    )
    return Report(
        title=f"Backtest of {result.model} on {Path(result.file).name}",
        subtitle=_subtitle(result),
        verdict=plain_verdict(scores[result.model].get("skill"), result.metric_season, result.verdict),
        facts=(*main_facts(result.model, scores, result.series > 1), *_facts(result)),
        first=tuple(_first(result, scores, draw)),
        sections=tuple(each for each in sections if each is not None),
    )


def _subtitle(result: BacktestResult) -> str:
    several = f"{result.series:,} series, " if result.series > 1 else ""
    late = f", {counted(result.gap, 'row')} before each cutoff unknown" if result.gap else ""
    return (
        f"{several}{result.frequency_name}; {counted(result.windows, 'window')} of {counted(result.horizon, 'step')} "
        f"with cutoffs from {result.cutoffs[0]} to {result.cutoffs[-1]}{late}; fitted {counted(result.fits, 'time')}."
    )


def _facts(result: BacktestResult) -> Iterator[Fact]:
    yield Fact("windows", f"{result.windows:,}", "moments of the past at which it forecast")
    yield Fact("last cutoff", result.cutoffs[-1], "what came later was not known")


def _first(result: BacktestResult, scores: Mapping[str, Mapping[str, float]], charts: list[Chart]) -> Iterator[Block]:
    warnings = [*coverage_warnings(result.model, scores), *(n.text for n in result.notes if n.kind == "warning")]
    if warnings:
        yield Items(tuple(Item(text, warning=True) for text in warnings))
    yield Text(result.verdict)
    if charts:
        yield Charts(tuple(charts)) if len(charts) > 1 else charts[0]
    if result.series > len(charts):
        yield Text(f"Drawn are the {len(charts)} largest of {result.series:,} series.")


def _actuals(forecasts: Forecasts) -> Actuals:
    truth = forecasts.truth
    scale = truth.scale if forecasts.panel.n_series > 1 else np.ones(len(truth))
    return Actuals(truth.series, truth.starts, truth.y_true, truth.observed, scale)


def _errors(model: str, forecasts: Forecasts, actuals: Actuals) -> dict[str, Any]:
    made, cutoffs = forecasts.made, forecasts.folds.cutoffs
    together = len(cutoffs) > 1 and int(cutoffs[1, 0] - cutoffs[0, 0]) == 1
    points = {name: each.y_pred for name, each in made.items()}
    coverage = coverage_of(actuals, [(slice(None), made[model])], forecasts.levels)
    ahead = 1 if together else forecasts.folds.horizon
    return asdict(error_profile(actuals, points, coverage, model=model, usual=NAIVE, ahead=ahead))


def _chart(forecasts: Forecasts, model: str, series: int, axis: TimeAxis) -> Chart:
    """What happened to a series, and what was forecast at its last windows."""
    panel, truth, horizon = forecasts.panel, forecasts.truth, forecasts.folds.horizon
    rows = _apart(truth.starts, np.flatnonzero(truth.series == series), horizon)
    levels = tuple(level for level in forecasts.levels if level in DEFAULT_LEVELS) or forecasts.levels[-2:]
    places = [forecasts.levels.index(level) for level in levels]
    made: Intervals = forecasts.made[model]
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
    return past_chart(title, at, happened, windows, levels, axis)


def _apart(starts: Int64, rows: Int64, horizon: int) -> list[int]:
    """The newest of some windows that do not overlap, the oldest first."""
    chosen: list[int] = []
    for row in rows[::-1].tolist():
        if not chosen or starts[row] + horizon <= starts[chosen[-1]]:
            chosen.append(row)
    return chosen[:_WINDOWS][::-1]


def _series(forecasts: Forecasts, actuals: Actuals, errors: Mapping[str, Any], drawn: list[Chart]) -> Section | None:
    panel = forecasts.panel
    if panel.n_series < 2:
        return None
    plain = Actuals(actuals.series, actuals.starts, actuals.y_true, actuals.observed, np.ones(len(actuals.scale)))
    mae = np.full(panel.n_series, np.nan)
    found = errors_by_series(plain, forecasts.made[errors["model"]].y_pred)
    mae[: len(found)] = found
    return series_section([panel.label(each) for each in range(panel.n_series)], {"MAE": mae}, errors, drawn)


def _windows(result: BacktestResult) -> Section | None:
    """The error at each cutoff."""
    by_window = own_first(result.model, result.by_window)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (cutoff, *(number(errors["mase"][place]) for errors in by_window.values()))
        for place, cutoff in enumerate(result.cutoffs)
    )
    return section("Error by window", Table(("cutoff", *by_window), rows, "MASE of each window", folded=len(rows) > 12))


def _data(result: BacktestResult, season: Chart | None) -> Section | None:
    rows = (
        ("data", Path(result.file).name),
        ("series", f"{result.series:,}"),
        ("frequency", result.frequency_name),
        ("horizon", counted(result.horizon, "step")),
        ("season of MASE", counted(result.metric_season, "step")),
        ("forecasts scored", f"{result.forecasts:,}"),
        ("seconds", f"{result.seconds:,.0f}"),
    )
    return section("The data", Table(("property", "value"), rows, "The backtest in figures"), season)
