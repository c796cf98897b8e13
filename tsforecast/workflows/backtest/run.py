"""Read a table, forecast at every cutoff from what was known there, score, and write what was forecast."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsforecast import notebook
from tsforecast.errors import DataError
from tsforecast.fitting.backtest import Backtested, Truth, truth_of
from tsforecast.fitting.backtest_fits import Keeper, backtest_fits
from tsforecast.fitting.backtest_scores import levels_with_deciles
from tsforecast.fitting.choose import choose_basics
from tsforecast.fitting.folds import Folds, rolling_folds
from tsforecast.fitting.scores import verdict
from tsforecast.forecast import joined
from tsforecast.io.messages import Note, counted, tell
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.writing.columns import check_columns
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import Budget, TrainingSession
from tsforecast.progress import Report
from tsforecast.workflows.backtest.forecasts import (
    Forecasts,
    check_forecasts_file,
    check_long_form,
    cutoffs_of,
    write_forecasts,
)
from tsforecast.workflows.backtest.kept_fits import keeping_fits
from tsforecast.workflows.backtest.settings import BacktestSettings
from tsforecast.workflows.backtest.tables import Errors, by_series, by_step, by_window, scores_of

if TYPE_CHECKING:
    import pandas as pd

Check = Callable[[ReadResult, Folds], None]


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
    by_step: Errors
    by_window: Errors
    by_series: dict[str, list[dict[str, Any]]]
    verdict: str
    notes: tuple[Note, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def _repr_html_(self) -> str:
        """What notebooks show."""
        windows = f"{counted(self.windows, 'window')} of {counted(self.horizon, 'step')}"
        title = f"Backtest of {self.model}: {self.series:,} series, {windows}"
        found = notebook.scores(self.scores, ("mae", "mase", "wql", "skill", "coverage_"))
        return notebook.page(title, found, note=self.verdict)


def backtest(
    source: str | Path | pd.DataFrame,
    *,
    settings: BacktestSettings,
    options: FitOptions,
    reading: ReadOptions,
    output: str | Path | None = None,
    store: str | Path | None = None,
    check: Check = lambda data, folds: None,
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
        check: is called with the table and the windows before the long work, and refuses what cannot be made of them.
        report: receives messages and progress.

    Raises:
        TsforecastError: bad options (2), bad data (65), missing input (66), an output that cannot be written (73, 74).
    """
    began = time.monotonic()
    check_forecasts_file(output)
    planned = plan_backtest(source, settings, options, reading, report)
    if output is not None:
        check_long_form(planned.data.schema, settings.levels)
    check(planned.data, planned.folds)
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
    tell(data.notes, report)
    check_columns(data.schema, settings.levels)
    basics = choose_basics(data.panel, options)
    folds = _folds(data, basics.horizon, settings)
    season = settings.metric_season or basics.season_length
    return Planned(data, settings, reading, folds, season, levels_with_deciles(settings.levels))


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


def _result(planned: Planned, options: FitOptions, forecasts: Forecasts, fits: Sequence[Backtested]) -> BacktestResult:
    data, folds, panel = planned.data, forecasts.folds, planned.data.panel
    scores = scores_of(forecasts, planned.settings.levels)
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
        forecasts=len(forecasts.truth),
        scores=scores,
        by_step=by_step(forecasts),
        by_window=by_window(forecasts),
        by_series=by_series(forecasts),
        verdict=verdict(options.model, scores),
        notes=data.notes,
        seconds=0.0,
    )
