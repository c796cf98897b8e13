"""The public functions: what `fit`, `predict`, `backtest`, `compare` and `score` do, on DataFrames and from Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tsforecast.errors import OptionError, did_you_mean
from tsforecast.io.options import COLUMNS, KNOWN, ReadOptions
from tsforecast.io.times.datetimes import stamp_index
from tsforecast.models.options import FitOptions
from tsforecast.options import DEFAULT_LEVELS, DEFAULT_STORE, declared
from tsforecast.progress import Report
from tsforecast.reports.forecast_frame import ForecastFrame, with_plot
from tsforecast.workflows import fit as fitting
from tsforecast.workflows import predict as predicting
from tsforecast.workflows.backtest.compare import DEFAULT_MODELS, CompareResult
from tsforecast.workflows.backtest.compare import compare as comparing
from tsforecast.workflows.backtest.run import BacktestResult
from tsforecast.workflows.backtest.run import backtest as backtesting
from tsforecast.workflows.backtest.settings import BacktestSettings
from tsforecast.workflows.score.noting import note_forecast
from tsforecast.workflows.score.run import ScoreResult
from tsforecast.workflows.score.run import score as scoring
from tsforecast.workflows.score.settings import ScoreLimits, ScoreSettings

if TYPE_CHECKING:
    import pandas as pd

    from tsforecast.workflows.what_if import Given

FitResult = fitting.FitResult


def fit(
    data: pd.DataFrame | str | Path,
    *,
    name: str = "model",
    store: str | Path = DEFAULT_STORE,
    report: Report = lambda event: None,
    **options: Any,
) -> FitResult:
    """Train a model on a table and publish it as a new version of `name` in `store`.

    Args:
        data: a DataFrame (long, wide or a single series), or the path of a CSV or Parquet file.
        name: of the model.
        store: folder of all models.
        report: receives messages and progress (`tsforecast.progress`).
        **options: any option of `tsforecast fit` by its name with underscores, such as `horizon=24`, `model="gru"`,
            `time_col="date"`, `id_col="shop"`, `target_col=["sales"]`.

    Returns:
        What was decided, the scores of the model and of the simple models on held-out windows, and the version.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    model = {name: options.pop(name) for name in list(options) if name in _MODEL}
    reading = _read_options(options, columns=True, others=_MODEL)
    return fitting.fit(data, options=FitOptions(**model), reading=reading, store=store, name=name, report=report)


def predict(
    data: pd.DataFrame | str | Path | None = None,
    *,
    name: str | None = None,
    store: str | Path = DEFAULT_STORE,
    version: int | None = None,
    horizon: int | None = None,
    levels: tuple[float, ...] = DEFAULT_LEVELS,
    fallback: bool = False,
    trusted: bool = False,
    future: str | Path | pd.DataFrame | None = None,
    what_if: Given | Sequence[Given] | None = None,
    calibration: Literal["living", "fixed"] = "living",
    ledger: bool = False,
    report: Report = lambda event: None,
    **reading: Any,
) -> ForecastFrame:
    """Forecast with a published model.

    Args:
        data: newer rows in the columns the model was fitted on; None continues the data it was fitted on.
        name: of the model; None takes the one published last.
        store: folder of all models.
        version: None takes the one in service.
        horizon: steps; None takes the one the model was trained for.
        levels: of the intervals, in percent.
        fallback: take the newest older version that is sound if the one that is meant is damaged.
        trusted: use a model that somebody else could have changed.
        future: table of the columns known ahead; None takes the rows of `data` that have no value.
        what_if: another scenario of what is known ahead: `"price=+10%"`, `["price=-2", "promotion=1"]`, or a table as
            for `future`.
        calibration: of the intervals: `living` ones learn from what has happened in `data` since the fit, `fixed` ones
            do not.
        ledger: note the forecast in the ledger of the model, for `score`.
        report: receives messages.
        **reading: options of reading, such as `delimiter=";"`.

    Returns:
        The user's id columns and time column (as time stamps; as they were, where its parts have columns of their own),
        `forecast`, and `lower_80`, `upper_80`, ...; with a scenario also `what_if`, `what_if_lower_80`, ... Its
        `plot()` draws history and forecast.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    result = predicting.predict(
        data,
        name=name,
        store=store,
        version=version,
        horizon=horizon,
        levels=levels,
        reading=_read_options(reading, columns=False),
        fallback=fallback,
        trusted=trusted,
        future=future,
        what_if=what_if,
        calibration=calibration,
        report=report,
    )
    if ledger:
        note_forecast(result, store=store, trusted=trusted)
    frame = result.frame.copy()
    if len(result.schema.time_cols) > 1:
        return with_plot(frame, result)
    steps = result.forecast.starts[:, None] + range(result.forecast.horizon)
    frame[result.schema.time_cols[0]] = stamp_index(
        result.recent.frequency.stamps(steps.ravel()), result.schema, result.recent.frequency
    )
    return with_plot(frame, result)


def backtest(
    data: pd.DataFrame | str | Path,
    *,
    forecasts: str | Path | None = None,
    store: str | Path | None = None,
    report: Report = lambda event: None,
    **options: Any,
) -> BacktestResult:
    """Score a model and the simple ones at cutoffs of the past, from what was known there; nothing is published.

    Args:
        data: a DataFrame (long, wide or a single series), or the path of a table.
        forecasts: file for all forecasts, in long form with `cutoff`, `model` and `y_true`; None for none.
        store: folder in which finished fits are kept until all are, so that the same call goes on where a killed one
            ended; None keeps nothing.
        report: receives messages and progress.
        **options: any option of `tsforecast backtest` by its name with underscores, such as `windows=12`,
            `refit="never"`, `model="gru"`, `id_col="shop"`.

    Returns:
        Scores of all models over all windows, by step, by window and by series.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    settings = {name: options.pop(name) for name in list(options) if name in _BACKTEST}
    model = {name: options.pop(name) for name in list(options) if name in _MODEL}
    result, _ = backtesting(
        data,
        settings=BacktestSettings(**settings),
        options=FitOptions(**model),
        reading=_read_options(options, columns=True, others=_MODEL | _BACKTEST),
        output=forecasts,
        store=store,
        report=report,
    )
    return result


def compare(
    data: pd.DataFrame | str | Path,
    *,
    models: Iterable[str] = DEFAULT_MODELS,
    forecasts: str | Path | None = None,
    store: str | Path | None = None,
    report: Report = lambda event: None,
    **options: Any,
) -> CompareResult:
    """Score several models on the same windows of the past; nothing is published.

    Args:
        data: a DataFrame (long, wide or a single series), or the path of a table.
        models: their names; the seasonal naive is always among those scored.
        forecasts: file for all forecasts of all models, in long form; None for none.
        store: folder in which finished fits are kept until all are, so that the same call goes on where a killed one
            ended; None keeps nothing.
        report: receives messages and progress.
        **options: any option of `tsforecast compare` by its name with underscores.

    Returns:
        Scores of all models, the best first, and which of them chance may have put behind it.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    settings = {name: options.pop(name) for name in list(options) if name in _BACKTEST}
    model = {name: options.pop(name) for name in list(options) if name in _MODEL - {"model"}}
    return comparing(
        data,
        models=tuple(models),
        settings=BacktestSettings(**settings),
        options=FitOptions(**model),
        reading=_read_options(options, columns=True, others=(_MODEL | _BACKTEST) - {"model"}),
        output=forecasts,
        store=store,
        report=report,
    )


def score(
    data: pd.DataFrame | str | Path | None = None,
    *,
    name: str | None = None,
    store: str | Path = DEFAULT_STORE,
    forecasts: str | Path | None = None,
    trusted: bool = False,
    report: Report = lambda event: None,
    **options: Any,
) -> ScoreResult:
    """Score the forecasts that `predict(ledger=True)` has noted, and keep what happened beside them.

    Args:
        data: what happened, in the columns that the model was fitted on; None takes what earlier scorings have kept.
        name: of the model; None takes the one published last.
        store: folder of all models.
        forecasts: file for the forecasts beside what happened, in long form; None for none.
        trusted: use a model that somebody else could have changed.
        report: receives messages.
        **options: any option of `tsforecast score` by its name with underscores, such as `newest=28`, `max_mase=1.2`,
            `as_of="2026-06-30"`, or `delimiter=";"`.

    Returns:
        The metrics of all forecasts (`scores`) and of parts of them: `by_step`, `by_age`, `by_version`, `by_period` and
        `by_series` are rows for `pandas.DataFrame`; `frame` holds each forecast beside what happened, and `outside` the
        limits that do not hold.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    settings = {name: options.pop(name) for name in list(options) if name in _SCORE}
    limits = {name: options.pop(name) for name in list(options) if name in _LIMITS}
    return scoring(
        data,
        settings=ScoreSettings(**settings),
        limits=ScoreLimits(**limits),
        reading=_read_options(options, columns=False, others=_SCORE | _LIMITS),
        store=store,
        name=name,
        output=forecasts,
        trusted=trusted,
        report=report,
    )


_MODEL = {each.name for each in fields(FitOptions)}
_BACKTEST = {each.name for each in fields(BacktestSettings)}
_SCORE = {each.name for each in fields(ScoreSettings)}
_LIMITS = {each.name for each in fields(ScoreLimits)}
_DECLARED = declared(ReadOptions)


def _read_options(given: dict[str, Any], *, columns: bool, others: Iterable[str] = ()) -> ReadOptions:
    """Options of reading under the names of the fields or of the command line; one text stands for a list of one.

    Args:
        given: values by name.
        columns: whether columns can be named; a published model knows its own.
        others: further names to suggest in place of one that is not known.
    """
    known = {each.name: each.name for each in fields(ReadOptions)}
    known |= {each.typed: each.name for each in _DECLARED.values() if each.typed}
    if not columns:
        columns_of = {each.name for each in _DECLARED.values() if each.section in (COLUMNS, KNOWN)}
        known = {name: field for name, field in known.items() if field not in columns_of}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise OptionError(f"unknown option '{name}'", hint=did_you_mean(name, (*known, *others), otherwise=""))
        field = known[name]
        if field in _DECLARED and _DECLARED[field].many:
            value = (value,) if isinstance(value, str) else tuple(value)
        values[field] = value
    return ReadOptions(**values)
