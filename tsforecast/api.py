"""The public functions: what the commands of the same names do, on DataFrames and from Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tsforecast.errors import OptionError, did_you_mean
from tsforecast.files import check_file
from tsforecast.io.options import COLUMNS, KNOWN, ReadOptions
from tsforecast.io.times.datetimes import stamp_index
from tsforecast.models.options import FitOptions
from tsforecast.options import DEFAULT_LEVELS, DEFAULT_STORE, declared
from tsforecast.progress import Report
from tsforecast.reports.detection import Detection
from tsforecast.reports.forecast_frame import ForecastFrame, with_plot
from tsforecast.reports.frames import Backtest, Comparison, Score
from tsforecast.reports.writing import format_of
from tsforecast.workflows import fit as fitting
from tsforecast.workflows import predict as predicting
from tsforecast.workflows.backtest.compare import DEFAULT_MODELS
from tsforecast.workflows.backtest.compare import compare as comparing
from tsforecast.workflows.backtest.run import backtest as backtesting
from tsforecast.workflows.backtest.settings import BacktestSettings
from tsforecast.workflows.detect.run import detect as detecting
from tsforecast.workflows.detect.settings import DetectSettings
from tsforecast.workflows.score.noting import note_forecast
from tsforecast.workflows.score.run import score as scoring
from tsforecast.workflows.score.settings import ScoreLimits, ScoreSettings

if TYPE_CHECKING:
    import pandas as pd

    from tsforecast.reports.page import ReportPage
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
) -> Backtest:
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
        Data frames: `forecasts` in long form with `cutoff`, `model` and `y_true`; `scores` of all models over all
        windows, `by_step`, `by_window` and `by_series`. `verdict` says it in words, `plot()` draws it, `result` has
        the rest as plain values.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    settings = {name: options.pop(name) for name in list(options) if name in _BACKTEST}
    model = {name: options.pop(name) for name in list(options) if name in _MODEL}
    chosen = BacktestSettings(**settings)
    result, made = backtesting(
        data,
        settings=chosen,
        options=FitOptions(**model),
        reading=_read_options(options, columns=True, others=_MODEL | _BACKTEST),
        output=forecasts,
        store=store,
        report=report,
    )
    return Backtest(result, made, chosen.levels)


def compare(
    data: pd.DataFrame | str | Path,
    *,
    models: Iterable[str] = DEFAULT_MODELS,
    forecasts: str | Path | None = None,
    store: str | Path | None = None,
    report: Report = lambda event: None,
    **options: Any,
) -> Comparison:
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
        Data frames: `scores` of all models, the best first, with the p-value of their being as good as the best;
        `forecasts`, `by_step`, `by_window` and `by_series` as of `backtest`. `best` is the name of the best, `verdict`
        says it in words, `plot()` draws it, `result` has the rest as plain values.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    settings = {name: options.pop(name) for name in list(options) if name in _BACKTEST}
    model = {name: options.pop(name) for name in list(options) if name in _MODEL - {"model"}}
    chosen = BacktestSettings(**settings)
    result, made = comparing(
        data,
        models=tuple(models),
        settings=chosen,
        options=FitOptions(**model),
        reading=_read_options(options, columns=True, others=(_MODEL | _BACKTEST) - {"model"}),
        output=forecasts,
        store=store,
        report=report,
    )
    return Comparison(result, made, chosen.levels)


def score(
    data: pd.DataFrame | str | Path | None = None,
    *,
    name: str | None = None,
    store: str | Path = DEFAULT_STORE,
    forecasts: str | Path | None = None,
    trusted: bool = False,
    report: Report = lambda event: None,
    **options: Any,
) -> Score:
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
        Data frames: `forecasts` holds each forecast beside what happened, in long form; `scores` the metrics of all,
        `by_step`, `by_age`, `by_version`, `by_period` and `by_series` those of parts. `verdict` says it in words,
        `outside` has the limits that do not hold, `result` the rest as plain values.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    settings = {name: options.pop(name) for name in list(options) if name in _SCORE}
    limits = {name: options.pop(name) for name in list(options) if name in _LIMITS}
    result = scoring(
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
    return Score(result)


def detect(data: pd.DataFrame | str | Path, *, report: Report = lambda event: None, **options: Any) -> Detection:
    """Find the anomalies of a table, without labels and within a budget of false alarms.

    Args:
        data: a DataFrame (long, wide or a single series), or the path of a table.
        report: receives messages.
        **options: any option of `tsforecast detect` by its name with underscores, such as `method="discord"`,
            `false_alarm_every="30d"`, `newest=24`, `id_col="shop"`.

    Returns:
        Data frames: `anomalies` holds each with start, end, peak, score and p-value, `scores` every row. `verdict` says
        it in words, `plot()` draws it, `result` has the rest as plain values.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    settings = {name: options.pop(name) for name in list(options) if name in _DETECT}
    reading = _read_options(options, columns=True, others=_DETECT)
    result, scored = detecting(data, settings=DetectSettings(**settings), reading=reading, report=report)
    return Detection(result, scored)


def report(
    of: str | Backtest | Comparison | None = None,
    output: str | Path | None = None,
    *,
    store: str | Path = DEFAULT_STORE,
    version: int | None = None,
    levels: tuple[float, ...] = DEFAULT_LEVELS,
    trusted: bool = False,
) -> ReportPage:
    """All that is known of a version of a model, of a backtest or of a comparison, as one page.

    Args:
        of: the name of a model, or what `backtest` or `compare` returned; None takes the model published last.
        output: file that it is written into, as .html, .md or .json; None for none.
        store: folder of all models.
        version: of the model; None takes the one in service.
        levels: of the intervals of the forecast of a model, in percent.
        trusted: use a model that somebody else could have changed.

    Returns:
        The page, which notebooks show, and whose `save` writes it.

    Raises:
        TsforecastError: a model that cannot be used, or a file that cannot be written.
    """
    from tsforecast.reports.page import ReportPage

    if output is not None:
        format_of(output)
        check_file(output)
    if isinstance(of, Backtest | Comparison):
        page = ReportPage(of.report())
    else:
        from tsforecast.reports.version import version_report
        from tsforecast.workflows.report import version_facts

        found = version_facts(of, store=store, version=version, levels=levels, trusted=trusted)
        page = ReportPage(version_report(found))
    if output is not None:
        page.save(output)
    return page


_MODEL = {each.name for each in fields(FitOptions)}
_BACKTEST = {each.name for each in fields(BacktestSettings)}
_DETECT = {each.name for each in fields(DetectSettings)}
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
