"""Errors of linear forecasts: of the next row, and of the whole horizon at every row.

A ridge regression from two windows of rows, without the level of the last one (NLinear, Zeng et al. 2023), to the rows
after them. It is fitted anew whenever the rows have grown by a quarter, or by 20,000, on those before: a forecast knows
nothing of what it is compared with, but for the first rows, which it is fitted on. Errors are in units of those of the
fit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tsforecast.arrays import Float64
from tsforecast.models.anomaly.windows import smoothed

_HORIZON = 48  # at most; a window where that is shorter
_LOOKBACK, _FIRST, _GROWTH, _LONGEST = 2, 4, 1.25, 20_000
_RIDGE = 1e-2
_SHARE = 4  # of the rows that a lookback takes at most is one in so many


def residuals(values: Float64, window: int) -> Float64:
    """Mean squared errors over a window around each row, shape (2, rows): one step ahead, and over all leads."""
    squares = forecast_errors(values, window, min(window, _HORIZON)) ** 2
    return np.stack([smoothed(squares[:, 0], window), smoothed(squares.mean(axis=1), window)])


def forecast_errors(values: Float64, window: int, horizon: int) -> Float64:
    """Error of the forecast of each row at each lead, shape (rows, horizon); 0 where there is none."""
    lookback = max(2, min(_LOOKBACK * window, (len(values) - horizon) // _SHARE))
    windows = sliding_window_view(values, lookback)[:-1]
    ahead = sliding_window_view(np.append(values, np.full(horizon - 1, np.nan)), horizon)[lookback:]
    complete = len(values) - lookback - horizon + 1
    errors = np.zeros((len(values), horizon))
    known = np.zeros((lookback, lookback)), np.zeros((lookback, horizon)), np.zeros(horizon)
    for rows in _stretches(len(windows), _FIRST * lookback):
        last = windows[rows, -1:]
        x = np.concatenate([windows[rows, :-1] - last, np.ones((len(last), 1))], axis=1)
        y = ahead[rows] - last
        whole = slice(0, max(0, complete - rows.start))
        both = [x[whole].T @ x[whole], x[whole].T @ y[whole], (y[whole] ** 2).sum(axis=0)]
        grown = known[0] + both[0], known[1] + both[1], known[2] + both[2]
        solved, scale = _solve(*(known if rows.start else grown))
        made = np.nan_to_num((y - x @ solved) / scale)
        for lead in range(horizon):
            first = rows.start + lookback + lead
            kept = max(0, min(len(made), len(values) - first))
            errors[first : first + kept, lead] = made[:kept, lead]
        known = grown
    return errors


def _stretches(count: int, first: int) -> Iterator[slice]:
    """Stretches of windows, of which each but the first is forecast by what those before it have taught."""
    begin, end = 0, float(first)
    while begin < count:
        yield slice(begin, min(int(end), count))
        begin, end = int(end), min(max(end * _GROWTH, end + 1), end + _LONGEST)


def _solve(gram: Float64, moment: Float64, squares: Float64) -> tuple[Float64, Float64]:
    """The regression, and the root mean square of its errors at each lead."""
    penalty = np.full(len(gram), _RIDGE * (np.trace(gram[:-1, :-1]) / max(1, len(gram) - 1) or 1.0))
    penalty[-1] = 0.0
    solved: Float64 = np.asarray(np.linalg.solve(gram + np.diag(penalty), moment), np.float64)
    rest: Float64 = squares - 2 * (solved * moment).sum(axis=0) + (solved * (gram @ solved)).sum(axis=0)
    # A series without errors so far: any later one counts, in units of the moves of the series.
    least = 1e-6 * np.maximum(squares / gram[-1, -1], np.finfo(np.float64).tiny ** 0.5)
    return solved, np.asarray(np.sqrt(np.maximum(rest / gram[-1, -1], least)), np.float64)
