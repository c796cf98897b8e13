"""`predict`, `score` and `report`: what uses a published model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from tsforecast.api.keywords import ReadKeywords, ScoreOptions
from tsforecast.api.options import public, read_options, taken
from tsforecast.api.progress import telling
from tsforecast.api.tables import Table, as_table, with_given
from tsforecast.files import check_file
from tsforecast.io.options import ReadOptions
from tsforecast.io.times.datetimes import stamp_index
from tsforecast.options import DEFAULT_LEVELS, DEFAULT_STORE
from tsforecast.progress import Report
from tsforecast.reports.forecast_frame import ForecastFrame, with_plot
from tsforecast.reports.frames import Backtest, Comparison, Score
from tsforecast.reports.writing import format_of
from tsforecast.workflows import predict as predicting
from tsforecast.workflows.named import as_names
from tsforecast.workflows.score.noting import note_forecast
from tsforecast.workflows.score.run import score as scoring
from tsforecast.workflows.score.settings import ScoreLimits, ScoreSettings

if TYPE_CHECKING:
    import pandas as pd

    from tsforecast.reports.page import ReportPage
    from tsforecast.workflows.what_if import Given


@public(ReadOptions, columns=False)
def predict(
    data: Table | None = None,
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
    series: str | Sequence[str] = (),
    total: bool = False,
    above: float | None = None,
    ledger: bool = False,
    report: Report | None = None,
    **reading: Unpack[ReadKeywords],
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
        series: names of the series to forecast; none takes all.
        total: a row for the total of the horizon in place of one for each step.
        above: a threshold: adds how likely each value, or total, lies above it.
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
    table, found = (None, {}) if data is None else as_table(data)
    given: dict[str, Any] = {**reading}
    options = read_options(with_given(found, given), columns=False)
    with telling(report) as told:
        result = predicting.predict(
            table,
            name=name,
            store=store,
            version=version,
            horizon=horizon,
            levels=levels,
            reading=options,
            fallback=fallback,
            trusted=trusted,
            future=future,
            what_if=what_if,
            calibration=calibration,
            series=as_names(series),
            total=total,
            above=above,
            report=told,
        )
        frame = result.frame.copy()
    if ledger:
        note_forecast(result, store=store, trusted=trusted)
    if len(result.schema.time_cols) == 1:
        frame[result.schema.time_cols[0]] = _times(result)
    return with_plot(frame, result)


def _times(result: predicting.PredictResult) -> pd.Index:
    """The time of each row of a forecast."""
    made, frequency = result.forecast, result.recent.frequency
    steps = made.starts[:, None] + range(1 if result.joint.total else made.horizon)
    return stamp_index(frequency.stamps(steps.ravel()), result.schema, frequency)


@public(ScoreSettings, ScoreLimits, ReadOptions, columns=False)
def score(
    data: Table | None = None,
    *,
    name: str | None = None,
    store: str | Path = DEFAULT_STORE,
    forecasts: str | Path | None = None,
    trusted: bool = False,
    report: Report | None = None,
    **options: Unpack[ScoreOptions],
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
    table, found = (None, {}) if data is None else as_table(data)
    given: dict[str, Any] = {**options}
    settings, limits = taken(ScoreSettings, given), taken(ScoreLimits, given)
    reading = read_options(with_given(found, given), columns=False, others=(ScoreSettings, ScoreLimits))
    with telling(report) as told:
        result = scoring(
            table,
            settings=settings,
            limits=limits,
            reading=reading,
            store=store,
            name=name,
            output=forecasts,
            trusted=trusted,
            report=told,
        )
    return Score(result)


@public()
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
