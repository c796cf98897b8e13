"""Where a model errs beyond its averages: by step of the horizon, by series, over time; and what its intervals held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.forecast import Intervals

# Levels of intervals, in percent, whose coverage is measured.
NOMINAL = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0)

# What is stored with a model is read with every forecast: it stays small, however much was scored.
MOST_STEPS, MOST_SERIES, MOST_TIMES = 200, 2000, 2000


@dataclass(frozen=True)
class Actuals:
    """What happened in some windows; a row is a window of a series.

    Args:
        series: number of each row's series, shape (rows,).
        starts: ordinal of each row's first step, shape (rows,).
        y_true: shape (rows, horizon).
        observed: False where nothing was observed, shape (rows, horizon).
        scale: of each row's errors, not above 0 or NaN where they cannot be scaled; ones for errors as they are.
            Shape (rows,).
    """

    series: Int64
    starts: Int64
    y_true: Float64
    observed: Bool
    scale: Float64

    @property
    def counted(self) -> Bool:
        """Points whose error can be told, shape (rows, horizon)."""
        return self.observed & (self.scale > 0)[:, None]

    def residuals(self, y_pred: Float64) -> Float64:
        """Truth less forecast in units of the scale, shape (rows, horizon)."""
        return (self.y_true - y_pred) / np.where(self.scale > 0, self.scale, 1.0)[:, None]


@dataclass(frozen=True)
class ErrorProfile:
    """Where a model errs. Errors are absolute, as means over the points that were observed.

    Args:
        model: whose residuals and coverage these are; also a key of `by_step` and `by_series`.
        unit: `mae`, in the unit of the data, or `mase`, in units of each series' seasonal error.
        windows: that were scored.
        steps: steps of the horizon, from 1: all, or evenly spread ones.
        by_step: error of each model at these steps.
        nominal: shares of the truth that intervals promise to hold.
        covered: shares that they held.
        first: ordinal of the first residual.
        residuals: truth less forecast at each time from `first` on, as means over series; NaN where there is none.
        ahead: steps of the horizon that the residuals are taken from: 1, or all.
        series: numbers of the series told of: all, or the worst and the largest.
        by_series: error of the model and of the usual guess for each of them; empty for a single series.
    """

    model: str
    unit: str
    windows: int
    steps: list[int]
    by_step: dict[str, list[float]]
    nominal: list[float]
    covered: list[float]
    first: int
    residuals: list[float]
    ahead: int
    series: list[int]
    by_series: dict[str, list[float]]


def error_profile(
    actuals: Actuals,
    made: Mapping[str, Float64],
    intervals: Mapping[str, list[float]],
    *,
    model: str,
    usual: str,
    ahead: int = 1,
) -> ErrorProfile:
    """Gather where a model errs.

    Args:
        actuals: what happened.
        made: point forecasts of each model for the same rows, shape (rows, horizon).
        intervals: `nominal` and `covered`, from `coverage_of`.
        model: the one that matters.
        usual: the usual guess, which it is compared with for each series.
        ahead: steps of the horizon that residuals are taken from.
    """
    horizon, several = actuals.y_true.shape[1], len(np.unique(actuals.series)) > 1
    steps = np.unique(np.linspace(0, horizon - 1, min(horizon, MOST_STEPS)).round().astype(np.int64))
    first, residuals = residuals_over_time(actuals, made[model], ahead)
    chosen = _worth_telling(actuals, made[model]) if several else np.empty(0, np.int64)
    return ErrorProfile(
        model=model,
        unit="mase" if several else "mae",
        windows=len(actuals.series),
        steps=(steps + 1).tolist(),
        by_step={name: rounded(errors_by_step(actuals, y_pred)[steps]) for name, y_pred in made.items()},
        nominal=intervals["nominal"],
        covered=rounded(intervals["covered"]),
        first=first,
        residuals=rounded(residuals),
        ahead=ahead,
        series=chosen.tolist(),
        by_series={name: rounded(errors_by_series(actuals, made[name])[chosen]) for name in (model, usual) if several},
    )


def errors_by_step(actuals: Actuals, y_pred: Float64) -> Float64:
    """The mean error at each step, NaN where nothing was observed, shape (horizon,)."""
    counted = actuals.counted
    errors = np.where(counted, np.abs(actuals.residuals(y_pred)), 0.0).sum(axis=0)
    return _ratio(errors, counted.sum(axis=0))


def errors_by_series(actuals: Actuals, y_pred: Float64) -> Float64:
    """The mean error of each series by its number, NaN where there is none, shape (numbers,)."""
    counted = actuals.counted
    errors = np.where(counted, np.abs(actuals.residuals(y_pred)), 0.0).sum(axis=1)
    return _ratio(np.bincount(actuals.series, errors), np.bincount(actuals.series, counted.sum(axis=1)))


def residuals_over_time(actuals: Actuals, y_pred: Float64, ahead: int) -> tuple[int, Float64]:
    """The ordinal of the first residual, and the mean residual at each time from there on, at most MOST_TIMES.

    Args:
        actuals: what happened.
        y_pred: shape (rows, horizon).
        ahead: steps of the horizon to take them from.
    """
    counted = actuals.counted[:, :ahead]
    times = (actuals.starts[:, None] + np.arange(ahead))[counted]
    if not times.size:
        return 0, np.empty(0)
    first = max(int(times.min()), int(times.max()) + 1 - MOST_TIMES)
    kept, residuals = times >= first, actuals.residuals(y_pred)[:, :ahead][counted]
    place = times[kept] - first
    return first, _ratio(np.bincount(place, residuals[kept]), np.bincount(place))


def coverage_of(
    actuals: Actuals, batches: Iterable[tuple[slice, Intervals]], levels: tuple[float, ...]
) -> dict[str, list[float]]:
    """The shares of the truth that intervals promise to hold and those that they held, by level.

    Args:
        actuals: what happened.
        batches: rows, and the forecasts for them.
        levels: of the intervals, in percent.
    """
    inside, total = np.zeros(len(levels)), 0
    for rows, made in batches:
        y_true, observed = actuals.y_true[rows][:, :, None], actuals.observed[rows]
        held = (made.lower <= y_true) & (y_true <= made.upper)
        inside += held[observed].sum(axis=0)
        total += int(observed.sum())
    covered = _ratio(inside, np.full(len(levels), total))
    return {"nominal": [level / 100 for level in levels], "covered": covered.tolist()}


def _worth_telling(actuals: Actuals, y_pred: Float64) -> Int64:
    """All series with an error, the worst first; of very many the worst half and the largest."""
    errors = np.nan_to_num(errors_by_series(actuals, y_pred), nan=-1.0)
    order = np.argsort(-errors, kind="stable")
    order = order[errors[order] >= 0]
    if len(order) <= MOST_SERIES:
        return order
    sizes = np.bincount(actuals.series, np.where(actuals.observed, np.abs(actuals.y_true), 0.0).sum(axis=1))
    points = np.bincount(actuals.series, actuals.observed.sum(axis=1))
    largest = np.argsort(-_ratio(sizes, np.maximum(points, 1)), kind="stable")[: MOST_SERIES // 2]
    kept = np.zeros(len(errors), dtype=bool)
    kept[order[: MOST_SERIES // 2]] = kept[largest] = True
    return order[kept[order]]


def rounded(values: Iterable[float]) -> list[float]:
    """Values with six digits, which is what their sample supports, and small to store."""
    return [float(f"{value:.6g}") for value in values]


def _ratio(totals: NDArray[Any], counts: NDArray[Any]) -> Float64:
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
