"""The metrics of a backtest: over all windows, per series and per step of the horizon.

Errors are scaled by what was known before each window, as GIFT-Eval, gluonts and fev do, and not by one training part.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tsforecast import metrics
from tsforecast.arrays import Float64, Int64
from tsforecast.fitting.backtest import Truth
from tsforecast.forecast import Intervals

# Levels whose bounds are, with the median, the nine deciles that quantile losses are the mean of.
DECILE_LEVELS = (20.0, 40.0, 60.0, 80.0)
_DECILES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])


def levels_with_deciles(levels: tuple[float, ...]) -> tuple[float, ...]:
    """The levels to forecast, ascending: those asked for, and those of the deciles."""
    return tuple(sorted({*DECILE_LEVELS, *levels}))


def deciles(made: Intervals, levels: tuple[float, ...]) -> Float64:
    """The nine deciles of forecasts, shape (rows, horizon, 9); `levels` are those of the intervals."""
    places = [levels.index(level) for level in reversed(DECILE_LEVELS)]
    below = [made.lower[:, :, place] for place in places]
    above = [made.upper[:, :, place] for place in reversed(places)]
    return np.stack([*below, made.y_pred, *above], axis=2)


def score(
    truth: Truth,
    made: Intervals,
    levels: tuple[float, ...],
    shown: tuple[float, ...],
    rows: Int64 | slice = slice(None),
) -> dict[str, float]:
    """All metrics of a model.

    Args:
        truth: what happened.
        made: what the model forecast, for the same rows.
        levels: of its intervals, with those of the deciles.
        shown: those whose coverage and scores are given.
        rows: of the truth that count; all by default.
    """
    y_true, observed, series = truth.y_true[rows], truth.observed[rows], truth.series[rows]
    y_pred, scale = made.y_pred[rows], truth.scale[rows]
    each = np.arange(len(y_true))  # every window of a series is scaled by what was known before it
    quantiles = deciles(made, levels)[rows]
    result = {
        "mae": metrics.mae(y_true, y_pred, observed=observed, series=series),
        "rmse": metrics.rmse(y_true, y_pred, observed=observed, series=series),
        "bias": metrics.bias(y_true, y_pred, observed=observed, series=series),
        "smape": metrics.smape(y_true, y_pred, observed=observed, series=series),
        "wape": metrics.wape(y_true, y_pred, observed=observed),
        "mase": metrics.mase(y_true, y_pred, scale, observed=observed, series=each),
        "mase_left_out": metrics.mase_left_out(scale, observed=observed, series=each),
        "rmsse": metrics.rmsse(y_true, y_pred, truth.root_scale[rows], observed=observed, series=each),
        "wql": metrics.wql(y_true, quantiles, _DECILES, observed=observed),
        "sql": metrics.sql(y_true, quantiles, _DECILES, scale, observed=observed, series=each),
    }
    for level in shown:
        place = levels.index(level)
        bounds = made.lower[rows][:, :, place], made.upper[rows][:, :, place]
        result[f"coverage_{level:g}"] = metrics.coverage(y_true, *bounds, observed=observed, series=series)
        result[f"interval_score_{level:g}"] = metrics.interval_score(
            y_true, *bounds, level, observed=observed, series=series
        )
        result[f"msis_{level:g}"] = metrics.msis(y_true, *bounds, level, scale, observed=observed, series=each)
    return result


def errors_by(truth: Truth, made: Intervals, groups: Int64, count: int) -> dict[str, Float64]:
    """MAE and MASE of groups of rows, such as the series or the windows.

    Args:
        truth: what happened.
        made: what a model forecast.
        groups: number of each row's group, shape (rows,).
        count: of groups.

    Returns:
        `mae` and `mase`, of shape (count,), NaN for a group of which nothing was observed.
    """
    return {
        "mae": _means(np.abs(truth.y_true - made.y_pred), truth.observed, groups, count),
        "mase": _means(_scaled(truth, made), truth.observed & (truth.scale > 0)[:, None], groups, count),
    }


def errors_by_step(truth: Truth, made: Intervals) -> dict[str, Float64]:
    """MAE and MASE at each step of the horizon, shape (horizon,)."""
    horizon = truth.y_true.shape[1]
    steps = np.broadcast_to(np.arange(horizon), truth.y_true.shape)
    error, scaled = np.abs(truth.y_true - made.y_pred), _scaled(truth, made)
    counted = truth.observed & (truth.scale > 0)[:, None]
    return {
        "mae": _of_cells(error[truth.observed], steps[truth.observed], horizon),
        "mase": _of_cells(scaled[counted], steps[counted], horizon),
    }


def add_skill(scores: Mapping[str, dict[str, float]], naive: str) -> None:
    """Add to each model its skill against the seasonal naive: by MASE, so that the sizes of series do not matter."""
    for row in scores.values():
        row["skill"] = metrics.skill(row["mase"], scores[naive]["mase"])


def _scaled(truth: Truth, made: Intervals) -> Float64:
    return np.abs(truth.y_true - made.y_pred) / np.where(truth.scale > 0, truth.scale, 1.0)[:, None]


def _means(points: Float64, counted: np.ndarray, groups: Int64, count: int) -> Float64:
    owner = np.broadcast_to(groups[:, None], points.shape)[counted]
    return _of_cells(points[counted], owner, count)


def _of_cells(points: Float64, owner: np.ndarray, count: int) -> Float64:
    number = np.bincount(owner, minlength=count)
    total = np.bincount(owner, points, count)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
