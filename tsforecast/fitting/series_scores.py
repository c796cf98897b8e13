"""The scores of every series on the held-out windows: a file beside the model, and the worst ones in its report."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.forecast import Intervals

MOST_ROWS = 50_000  # what is stored with a model is read with every forecast
METRICS = ("mae", "rmse", "bias", "mase", "skill", "coverage_80")


def series_scores(
    y_true: Float64,
    made: Intervals,
    usual: Float64,
    *,
    scored: Bool,
    series: Int64,
    scale: Float64,
    level: int,
) -> dict[str, Float64]:
    """Metrics of each series by its number, NaN where nothing was scored; each of shape (n_series,).

    Args:
        y_true: shape (windows, horizon).
        made: what a model forecast for the windows.
        usual: what the usual guess is for them, shape (windows, horizon).
        scored: which steps count, shape (windows, horizon).
        series: number of each window's series, shape (windows,).
        scale: seasonal error of each series, shape (n_series,).
        level: place of the level whose coverage is told.
    """

    def mean(values: Float64) -> Float64:
        total = np.bincount(series, np.where(scored, values, 0.0).sum(axis=1), len(scale))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    count = np.bincount(series, scored.sum(axis=1), len(scale))
    error, guess = made.y_pred - y_true, np.abs(usual - y_true)
    mae, usual_mae = mean(np.abs(error)), mean(guess)
    held = (made.lower[:, :, level] <= y_true) & (y_true <= made.upper[:, :, level])
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "values": count,
            "mae": mae,
            "rmse": np.sqrt(mean(error**2)),
            "bias": mean(error),
            "mase": np.where(scale > 0, mae / scale, np.nan),
            "skill": np.where(usual_mae > 0, 1 - mae / usual_mae, np.nan),
            "coverage_80": mean(held.astype(np.float64)),
        }


def score_rows(scores: dict[str, Float64], labels: list[str], most: int = MOST_ROWS) -> list[dict[str, Any]]:
    """The scores as rows, the series with the largest errors in units of their seasonal change first.

    Args:
        scores: of each series.
        labels: names of the series.
        most: rows at most.
    """
    worst = np.argsort(-np.nan_to_num(scores["mase"], nan=-1.0), kind="stable")
    scored = worst[scores["values"][worst] > 0][:most]
    columns = {name: [float(f"{value:.6g}") for value in scores[name][scored]] for name in METRICS}
    return [
        {"series": labels[number], "values": int(scores["values"][number])}
        | {name: column[place] for name, column in columns.items()}
        for place, number in enumerate(scored)
    ]
