"""The report of a backtest: how wrong the forecasts would have been at cutoffs of the past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.fitting.error_profile import Actuals, errors_by_series
from tsforecast.reports.content import Block, Chart, Charts, Item, Items, Report, Section, Text
from tsforecast.reports.metric_texts import definitions_section, scores_section
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
from tsforecast.reports.windows import (
    LARGEST,
    WORST,
    actuals_of,
    data_section,
    drawn_note,
    errors_of,
    largest_series,
    subtitle,
    window_chart,
    window_facts,
    windows_section,
)

if TYPE_CHECKING:
    from tsforecast.workflows.backtest.forecasts import Forecasts
    from tsforecast.workflows.backtest.run import BacktestResult


def backtest_report(result: BacktestResult, forecasts: Forecasts) -> Report:
    """What a backtest found."""
    panel, scores = forecasts.panel, own_first(result.model, result.scores)
    axis = TimeAxis(panel.frequency, forecasts.schema)
    actuals = actuals_of(forecasts)
    errors = errors_of(result.model, forecasts, actuals)
    worst = errors["series"][:WORST] if panel.n_series > LARGEST else []
    draw = [window_chart(forecasts, result.model, each, axis) for each in largest_series(forecasts)[:LARGEST]]
    sections = (
        scores_section(scores),
        steps_section(errors),
        _series(forecasts, actuals, errors, [window_chart(forecasts, result.model, each, axis) for each in worst]),
        calibration_section(errors, scores),
        residuals_section(errors, axis, result.metric_season),
        windows_section(result, forecasts, list(scores), axis),
        data_section(result, forecasts, axis),
        notes_section([asdict(note) for note in result.notes]),
        definitions_section(scores),
    )
    return Report(
        title=f"Backtest of {result.model} on {Path(result.file).name}",
        subtitle=subtitle(result),
        verdict=plain_verdict(scores[result.model].get("skill"), result.metric_season, result.verdict),
        facts=(*main_facts(result.model, scores, result.series > 1), *window_facts(result)),
        first=tuple(_first(result, scores, draw)),
        sections=tuple(each for each in sections if each is not None),
    )


def _first(result: BacktestResult, scores: Mapping[str, Mapping[str, float]], charts: list[Chart]) -> Iterator[Block]:
    warnings = [*coverage_warnings(result.model, scores), *(n.text for n in result.notes if n.kind == "warning")]
    if warnings:
        yield Items(tuple(Item(text, warning=True) for text in warnings))
    yield Text(result.verdict)
    if charts:
        yield Charts(tuple(charts)) if len(charts) > 1 else charts[0]
    if note := drawn_note(result, len(charts)):
        yield Text(note)


def _series(forecasts: Forecasts, actuals: Actuals, errors: Mapping[str, Any], drawn: list[Chart]) -> Section | None:
    panel = forecasts.panel
    if panel.n_series < 2:
        return None
    plain = Actuals(actuals.series, actuals.starts, actuals.y_true, actuals.observed, np.ones(len(actuals.scale)))
    mae = np.full(panel.n_series, np.nan)
    found = errors_by_series(plain, forecasts.made[errors["model"]].y_pred)
    mae[: len(found)] = found
    return series_section([panel.label(each) for each in range(panel.n_series)], {"MAE": mae}, errors, drawn)
