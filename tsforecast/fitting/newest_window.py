"""The newest held-out window of a series: what was forecast for it, and what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.fitting.error_profile import MOST_STEPS, rounded
from tsforecast.forecast import Intervals
from tsforecast.series.panel import Panel
from tsforecast.series.windows import WindowIndex

_PAST_HORIZONS, _LEAST_PAST = 2, 24  # rows before the window that are kept with it


@dataclass(frozen=True)
class NewestWindow:
    """One window, in the unit of the data; NaN where nothing was observed.

    Args:
        series: number of the series: the largest of those that were held out.
        start: ordinal of the first step.
        past: rows before it, the oldest first.
        y_true: what happened, of MOST_STEPS steps at most.
        y_pred: forecast of the model.
        usual: forecast of the usual guess.
        level: of the interval, in percent.
        lower: its ends.
        upper: likewise.
    """

    series: int
    start: int
    past: list[float]
    y_true: list[float]
    y_pred: list[float]
    usual: list[float]
    level: float
    lower: list[float]
    upper: list[float]


def newest_window(
    panel: Panel, index: WindowIndex, made: Intervals, usual: Float64, levels: tuple[float, ...]
) -> NewestWindow | None:
    """The newest window of the largest series; None where there is no window.

    Args:
        panel: all rows.
        index: the windows that were forecast.
        made: their forecasts.
        usual: those of the usual guess, shape (windows, horizon).
        levels: of the intervals, in percent; the first one is kept.
    """
    if not len(index) or not levels:
        return None
    values = np.where(panel.observed, panel.values, np.nan)
    horizon = made.y_pred.shape[1]
    truth = np.abs(np.nan_to_num(values[index.origins[:, None] + np.arange(horizon)])).mean(axis=1)
    size = np.bincount(index.series, truth) / np.maximum(np.bincount(index.series), 1)
    series = int(np.argmax(size))
    window = int(np.argmax(np.where(index.series == series, index.origins, -1)))
    origin, steps = int(index.origins[window]), min(horizon, MOST_STEPS)
    first = max(int(panel.offsets[series]), origin - max(_PAST_HORIZONS * steps, _LEAST_PAST))
    return NewestWindow(
        series=series,
        start=int(panel.starts[series] + origin - panel.offsets[series]),
        past=rounded(values[first:origin]),
        y_true=rounded(values[origin : origin + steps]),
        y_pred=rounded(made.y_pred[window, :steps]),
        usual=rounded(usual[window, :steps]),
        level=levels[0],
        lower=rounded(made.lower[window, :steps, 0]),
        upper=rounded(made.upper[window, :steps, 0]),
    )
