"""Forecasts as they would have been made in the past: each from the rows that were known then, and from no others.

A fold is a plain function of plain values, the panel and the rows known, so that folds can run in any order and in
other processes. Nothing is carried from one fit to the next: choices, scaling, weights and calibration are found anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.errors import DataError
from tsforecast.fitting.fit_panel import Fitted, fit_panel
from tsforecast.fitting.folds import Folds
from tsforecast.fitting.learn import train_again
from tsforecast.fitting.prepared import prepare
from tsforecast.forecast import Forecast, Intervals, joined
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import get_model
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.scaling import Scaling, scaling_of_rows
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.series.split import all_training
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import model_rows


@dataclass(frozen=True)
class Ready:
    """A model that can continue series.

    Args:
        forecaster: the model with its intervals.
        scaling: of the series that it was fitted on.
        seconds: that its training took.
    """

    forecaster: Forecaster
    scaling: Scaling
    seconds: float


@dataclass(frozen=True)
class Truth:
    """What happened in the windows of a backtest; a row is a series in a window.

    Args:
        window: number of each row's window, shape (rows,).
        series: number of each row's series, shape (rows,).
        starts: ordinal of the first step of each row, shape (rows,).
        y_true: shape (rows, horizon).
        observed: False where a value was filled in, shape (rows, horizon).
        scale: mean absolute seasonal difference of the rows known before each window, NaN where there is none,
            shape (rows,).
        root_scale: root of their mean square, shape (rows,).
    """

    window: Int64
    series: Int64
    starts: Int64
    y_true: Float64
    observed: Bool
    scale: Float64
    root_scale: Float64

    def __len__(self) -> int:
        return len(self.window)


@dataclass(frozen=True)
class Costs:
    """What a model takes.

    Args:
        fit_seconds: to train it.
        predict_seconds: to forecast its windows.
        parameters: numbers that it has learned.
    """

    fit_seconds: float
    predict_seconds: float
    parameters: int


@dataclass(frozen=True)
class Backtested:
    """The forecasts of one fit, by model, for the rows of its windows, and what each model took."""

    windows: range
    made: dict[str, Intervals]
    costs: dict[str, Costs]


def truth_of(panel: Panel, folds: Folds, metric_season: int) -> Truth:
    """What happened in all windows.

    Args:
        panel: all rows.
        folds: the windows.
        metric_season: lag of the differences that errors are scaled by.
    """
    parts = []
    for window in range(len(folds)):
        known = folds.known(window)
        series = np.flatnonzero(known > 0)
        first = panel.offsets[series] + folds.cutoffs[window, series]
        rows = first[:, None] + np.arange(folds.horizon)
        scales = seasonal_errors(panel, metric_season, known)
        parts.append(
            Truth(
                np.full(series.size, window),
                series,
                panel.starts[series] + folds.cutoffs[window, series],
                panel.values[rows],
                panel.observed[rows],
                scales[0][series],
                scales[1][series],
            )
        )
    return Truth(*(np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])))


def backtest_fit(
    panel: Panel,
    folds: Folds,
    windows: range,
    options: FitOptions,
    levels: tuple[float, ...],
    session: TrainingSession,
    schema: Schema | None = None,
    forecast: Callable[[], None] = lambda: None,
    *,
    living: bool = True,
) -> Backtested:
    """Fit once, from what was known before the first of some windows, and forecast all of them.

    Args:
        panel: all rows; those after a cutoff are cut off before anything looks at them.
        folds: all windows.
        windows: those of this fit.
        options: of the fit; the horizon is that of the folds.
        levels: of the intervals, in percent, ascending.
        session: the context of training; its budget is for this fit.
        schema: names of the columns of covariates, and the time zone.
        forecast: is called after each window.
        living: whether intervals learn from what became known since the fit, as those of `predict` do.

    Raises:
        DataError: what was known is too short to fit.
    """
    first, last = folds.learned(windows[0])
    fitted_on = np.flatnonzero(last > first)
    learned = panel.between(first, last).take(fitted_on)
    try:
        fitted = fit_panel(learned, replace(options, horizon=folds.horizon + folds.gap), session, schema)
    except DataError as error:
        raise DataError(
            f"before window {windows[0] + 1} of {len(folds)}: {error.message}",
            hint="ask for fewer --windows, a smaller --step or a smaller --horizon",
        ) from error
    models = dict(ready_models(fitted, session))
    number_of = np.full(panel.n_series, -1)
    number_of[fitted_on] = np.arange(fitted_on.size)
    made: dict[str, list[Forecast]] = {name: [] for name in models}
    spent = dict.fromkeys(models, 0.0)
    for window in windows:
        end = folds.known(window)
        alive = np.flatnonzero(end > 0)
        known = panel.between(np.zeros_like(end), end).take(alive)
        unlearned = np.where(last > first, np.maximum(0, end - last), end)[alive] if living else None
        for name, ready in models.items():
            began = time.monotonic()
            made[name] += continued(known, number_of[alive], ready, folds.horizon + folds.gap, levels, unlearned)
            spent[name] += time.monotonic() - began
        forecast()
    return Backtested(
        windows,
        {name: _after(joined(blocks), folds.gap) for name, blocks in made.items()},
        {
            name: Costs(ready.seconds, spent[name], sum(array.size for array in ready.forecaster.weights.values()))
            for name, ready in models.items()
        },
    )


def ready_models(fitted: Fitted, session: TrainingSession) -> Iterator[tuple[str, Ready]]:
    """The model that would be published, and the simple ones beside it, each fitted on all rows that were known."""
    evaluated = fitted.evaluated
    final = fitted.final
    yield (
        evaluated.name,
        Ready(
            fitted.forecaster,
            fitted.everything.rows.scaling,
            evaluated.trained.seconds + final.seconds,
        ),
    )
    for name, simple in evaluated.simple.items():
        if get_model(name).kind == "baseline":
            yield name, Ready(simple.trained.forecaster(simple.calibration), simple.scaling, simple.trained.seconds)
            continue
        everything = fitted.everything
        if (simple.plan.log, simple.plan.scaler) != (evaluated.plan.log, evaluated.plan.scaler):
            everything = prepare(everything.panel, all_training(everything.panel.lengths), simple.plan)
        again = train_again(everything, simple.plan, simple.trained, session)
        seconds = simple.trained.seconds + again.seconds
        yield name, Ready(again.forecaster_of(everything.rows, simple.calibration), everything.rows.scaling, seconds)


def continued(
    known: Panel,
    numbers: Int64,
    ready: Ready,
    horizon: int,
    levels: tuple[float, ...],
    unlearned: Int64 | None = None,
) -> Iterator[Forecast]:
    """Continue series from the rows that were known, as `predict` does with rows that are newer than the fit.

    Args:
        known: the rows.
        numbers: of each series in the fit, -1 for one that was not there, shape (n_series,).
        ready: the model.
        horizon: steps.
        levels: of the intervals, in percent.
        unlearned: newest rows of each series that the intervals learn from, shape (n_series,); None for none.
    """
    seen = without_strays(known)
    scaling = scaling_of_rows(seen, like=ready.scaling, series=numbers)
    rows = model_rows(seen, scaling, numbers, ready.forecaster.spec.calendar)
    forecaster = ready.forecaster
    if unlearned is not None and unlearned.any():
        forecaster = forecaster.recalibrated(rows, unlearned, levels)
    yield from forecaster.ahead(rows, horizon, levels)


def _after(made: Intervals, gap: int) -> Intervals:
    return Intervals(made.y_pred[:, gap:], made.lower[:, gap:], made.upper[:, gap:])
