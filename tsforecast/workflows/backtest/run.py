"""Read a table, forecast at every cutoff from what was known there, score, and write what was forecast."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast import notebook
from tsforecast.errors import DataError
from tsforecast.files import check_file
from tsforecast.fitting.backtest import Backtested, Truth, truth_of
from tsforecast.fitting.backtest_fits import Keeper, backtest_fits
from tsforecast.fitting.backtest_scores import add_skill, errors_by, errors_by_step, levels_with_deciles, score
from tsforecast.fitting.choose import choose_basics
from tsforecast.fitting.folds import Folds, rolling_folds
from tsforecast.fitting.scores import NAIVE, verdict
from tsforecast.forecast import Forecast, Intervals, joined
from tsforecast.io.messages import Note
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import format_stamps, readable_stamps
from tsforecast.io.writing.columns import check_columns, forecast_frame
from tsforecast.io.writing.forecasts import format_of
from tsforecast.io.writing.tables import write_table
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import Budget, TrainingSession
from tsforecast.progress import Message, Report
from tsforecast.series.panel import Panel, Schema
from tsforecast.workflows.backtest.kept_fits import keeping_fits
from tsforecast.workflows.backtest.settings import BacktestSettings

if TYPE_CHECKING:
    import pandas as pd

CUTOFF, MODEL, Y_TRUE = "cutoff", "model", "y_true"


@dataclass(frozen=True)
class BacktestResult:
    """What a backtest found. `horizon`, `gap` and the seasons are in steps.

    Args:
        model: what was asked for; the others are the simple ones beside it.
        cutoffs: the last time known at each window, of the series that ends last.
        forecasts: scored, over all windows and series.
        fits: how often the model was fitted.
        scores: metrics of every model over all windows.
        by_step: MAE and MASE of every model at each step of the horizon.
        by_window: the same of each window.
        by_series: the same of each series, and its label.
        verdict: comparison of the models, in words.
        notes: what was found and repaired in the data.
    """

    model: str
    file: str
    series: int
    frequency_name: str
    horizon: int
    gap: int
    windows: int
    fits: int
    metric_season: int
    cutoffs: tuple[str, ...]
    forecasts: int
    scores: dict[str, dict[str, float]]
    by_step: dict[str, dict[str, list[float]]]
    by_window: dict[str, dict[str, list[float]]]
    by_series: dict[str, list[dict[str, Any]]]
    verdict: str
    notes: tuple[Note, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def _repr_html_(self) -> str:
        """What notebooks show."""
        title = f"Backtest of {self.model}: {self.series:,} series, {self.windows} windows of {self.horizon} steps"
        found = notebook.scores(self.scores, ("mae", "mase", "wql", "skill", "coverage_"))
        return notebook.page(title, found, note=self.verdict)


@dataclass(frozen=True)
class Forecasts:
    """All forecasts of a backtest with what happened.

    Args:
        panel: all rows.
        schema: how times are written.
        folds: the windows.
        truth: what happened, a row for each series in each window.
        made: what each model forecast for these rows.
        levels: of the intervals, with those of the deciles.
    """

    panel: Panel
    schema: Schema
    folds: Folds
    truth: Truth
    made: dict[str, Intervals]
    levels: tuple[float, ...]


def backtest(
    source: str | Path | pd.DataFrame,
    *,
    settings: BacktestSettings,
    options: FitOptions,
    reading: ReadOptions,
    output: str | Path | None = None,
    store: str | Path | None = None,
    report: Report = lambda event: None,
) -> tuple[BacktestResult, Forecasts]:
    """Score a model and the simple ones beside it at cutoffs of the past.

    Args:
        source: as for `read_panel`.
        settings: which cutoffs, and what was known there.
        options: of the fits; each fit chooses anew what is None.
        reading: about the table.
        output: file for the forecasts, in long form with cutoffs; None for none.
        store: folder of all models, in which finished fits are kept until all are, so that a killed run goes on; None
            keeps nothing.
        report: receives messages and progress.

    Raises:
        TsforecastError: bad options (2), bad data (65), missing input (66), an output that cannot be written (73, 74).
    """
    began = time.monotonic()
    check_forecasts_file(output)
    planned = plan_backtest(source, settings, options, reading, report)
    with planned.keeping(store, [options], report) as (keeper,):
        fits = planned.fits(options, keeper, report)
        forecasts = planned.forecasts(fits)
        result = _result(planned, options, forecasts, fits)
        if output is not None:
            write_forecasts(forecasts, settings.levels, output)
    return replace(result, seconds=time.monotonic() - began), forecasts


@dataclass(frozen=True)
class Planned:
    """A table, and the windows of its backtest.

    Args:
        data: the table.
        settings: what was asked for.
        reading: how the table was read.
        folds: the windows.
        metric_season: lag of the differences that errors are scaled by.
        levels: of the intervals, with those of the deciles.
    """

    data: ReadResult
    settings: BacktestSettings
    reading: ReadOptions
    folds: Folds
    metric_season: int
    levels: tuple[float, ...]

    @cached_property
    def truth(self) -> Truth:
        """What happened in the windows."""
        return truth_of(self.data.panel, self.folds, self.metric_season)

    def keeping(
        self, store: str | Path | None, several: Sequence[FitOptions], report: Report
    ) -> AbstractContextManager[list[Keeper]]:
        """Keep the fits with each of several options in a store until the body ends well."""
        return keeping_fits(store, self.data, self.folds, self.levels, several, self.settings, self.reading, report)

    def fits(self, options: FitOptions, keeper: Keeper, report: Report) -> list[Backtested]:
        """Fit a model, and the simple ones beside it, and forecast all windows."""
        session = TrainingSession(report, budget=Budget(options.time_limit))
        data, jobs = self.data, self.settings.jobs
        living = self.settings.calibration == "living"
        return backtest_fits(
            data.panel, self.folds, options, self.levels, session, jobs, data.schema, keeper, living=living
        )

    def forecasts(self, fits: Sequence[Backtested]) -> Forecasts:
        """All forecasts of the models that every fit had."""
        panel = self.data.panel
        names = [name for name in fits[0].made if all(name in fit.made for fit in fits)]
        made = {name: joined([fit.made[name] for fit in fits]) for name in names}
        return Forecasts(panel, self.data.schema, self.folds, self.truth, made, self.levels)


def plan_backtest(
    source: str | Path | pd.DataFrame,
    settings: BacktestSettings,
    options: FitOptions,
    reading: ReadOptions,
    report: Report,
) -> Planned:
    """Read the table and choose the cutoffs; the arguments are those of `backtest`."""
    data = read_panel(source, reading, report=report)
    for note in data.notes:
        report(Message(note.kind, note.text))
    check_columns(data.schema, settings.levels)
    basics = choose_basics(data.panel, options)
    folds = _folds(data, basics.horizon, settings)
    season = settings.metric_season or basics.season_length
    return Planned(data, settings, reading, folds, season, levels_with_deciles(settings.levels))


def check_forecasts_file(path: str | Path | None) -> None:
    """Refuse a file that the forecasts cannot be written into, before the long work.

    Raises:
        OptionError: an ending that says no format.
        OutputError: its folder cannot be written to.
    """
    if path is not None:
        format_of(path)
        check_file(path)


def _folds(data: ReadResult, horizon: int, settings: BacktestSettings) -> Folds:
    try:
        return rolling_folds(
            data.panel.lengths,
            horizon=horizon,
            windows=settings.windows,
            step=settings.step,
            gap=settings.gap,
            sliding=settings.sliding,
            refit=settings.refit_windows,
        )
    except DataError as error:
        raise DataError(error.message, hint=error.hint, file=data.file) from error


def scores_of(planned: Planned, forecasts: Forecasts) -> dict[str, dict[str, float]]:
    """The metrics of all models, with their skill against the seasonal naive."""
    truth, shown = forecasts.truth, planned.settings.levels
    scores = {name: score(truth, each, forecasts.levels, shown) for name, each in forecasts.made.items()}
    add_skill(scores, NAIVE)
    return scores


def _result(planned: Planned, options: FitOptions, forecasts: Forecasts, fits: Sequence[Backtested]) -> BacktestResult:
    data, folds, truth, made = planned.data, forecasts.folds, forecasts.truth, forecasts.made
    panel, scores = data.panel, scores_of(planned, forecasts)
    for name, row in scores.items():
        row["seconds"] = sum(fit.costs[name].fit_seconds for fit in fits)
    return BacktestResult(
        model=options.model,
        file=data.file,
        series=panel.n_series,
        frequency_name=panel.frequency.name,
        horizon=folds.horizon,
        gap=folds.gap,
        windows=len(folds),
        fits=len(folds.fits),
        metric_season=planned.metric_season,
        cutoffs=tuple(cutoffs_of(forecasts)),
        forecasts=len(truth),
        scores=scores,
        by_step={name: _lists(errors_by_step(truth, each)) for name, each in made.items()},
        by_window={name: _lists(errors_by(truth, each, truth.window, len(folds))) for name, each in made.items()},
        by_series={name: _by_series(panel, truth, each) for name, each in made.items()},
        verdict=verdict(options.model, scores),
        notes=data.notes,
        seconds=0.0,
    )


def _lists(errors: dict[str, Any]) -> dict[str, list[float]]:
    return {name: values.tolist() for name, values in errors.items()}


def _by_series(panel: Panel, truth: Truth, made: Intervals) -> list[dict[str, Any]]:
    """The errors of each series, the worst by MASE first, those without any last."""
    errors = errors_by(truth, made, truth.series, panel.n_series)
    order = np.argsort(-np.nan_to_num(errors["mase"], nan=-1.0), kind="stable").tolist()
    return [
        {"id": panel.label(number), "mae": float(errors["mae"][number]), "mase": float(errors["mase"][number])}
        for number in order
    ]


def cutoffs_of(forecasts: Forecasts) -> list[str]:
    """The last time known at each window, of the series that ends last."""
    panel, folds = forecasts.panel, forecasts.folds
    longest = int(np.argmax(panel.ends))
    last_known = panel.starts[longest] + folds.cutoffs[:, longest] - folds.gap - 1
    return readable_stamps(panel.frequency.stamps(last_known), forecasts.schema, panel.frequency)


def write_forecasts(forecasts: Forecasts, levels: tuple[float, ...], path: str | Path) -> None:
    """Write all forecasts in long form: ids, `cutoff`, time, `model`, `y_true`, `forecast` and bounds.

    `cutoff` is the last time that was known. What was not observed has no `y_true`.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    import pandas as pd

    write_table(pd.concat(list(_frames(forecasts, tuple(sorted(levels)))), ignore_index=True), path)


def _frames(forecasts: Forecasts, levels: tuple[float, ...]) -> Iterator[pd.DataFrame]:
    """The rows of each window and model."""
    panel, schema, truth, folds = forecasts.panel, forecasts.schema, forecasts.truth, forecasts.folds
    places = [forecasts.levels.index(level) for level in levels]
    for window in range(len(folds)):
        rows = np.flatnonzero(truth.window == window)
        starts = truth.starts[rows]
        stamps = panel.frequency.stamps(starts - folds.gap - 1)
        cutoff = np.repeat(
            [" ".join(cells) for cells in zip(*format_stamps(stamps, schema, panel.frequency), strict=True)],
            folds.horizon,
        )
        y_true = np.where(truth.observed[rows], truth.y_true[rows], np.nan).ravel()
        ids = tuple(panel.ids[number] for number in truth.series[rows].tolist())
        for name, made in forecasts.made.items():
            bounds = made.lower[rows][:, :, places], made.upper[rows][:, :, places]
            frame = forecast_frame(Forecast(ids, starts, made.y_pred[rows], levels, *bounds), schema, panel.frequency)
            at = len(schema.key_columns)
            frame.insert(at, CUTOFF, cutoff)
            frame.insert(at + 1 + len(schema.time_cols), MODEL, name)
            frame.insert(at + 2 + len(schema.time_cols), Y_TRUE, y_true)
            yield frame
