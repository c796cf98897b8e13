"""Several forms of one local model, averaged: which of them suits a series is seldom clear, and their mean errs less.

A form counts the less, the worse it did in the past of its series (Kolassa, Combining exponential smoothing forecasts
using Akaike weights, 2011). The best few are kept, each as its share and the numbers of the model.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.models.local.aligned import Aligned

MOST_FORMS = 3  # kept of each series; more bring hardly anything
_DIGITS = 6  # of the losses; beyond, rounding would decide between forms that are the same

# What follows series, shape (horizon, n_series), from the series, the numbers of a form, the season and the horizon.
Forecast = Callable[[Aligned, Float64, int, int], Float64]


def best_forms(loss: Float64, numbers: Float64, otherwise: Float64) -> Float64:
    """The best forms of each series, with shares that fall by a factor of e where the loss grows by 1.

    Args:
        loss: of each form, infinite where a series cannot have it, shape (forms, n_series).
        numbers: of each form, shape (forms, n_series, columns).
        otherwise: numbers of the only form of a series that can have none of them, shape (n_series, columns).

    Returns:
        The share and the numbers of each form, the best first, shape (n_series, MOST_FORMS * (1 + columns)); shares of
        a series sum to 1.
    """
    missing = max(0, MOST_FORMS - len(loss))
    loss = np.pad(loss.round(_DIGITS), ((0, missing), (0, 0)), constant_values=np.inf)
    numbers = np.pad(numbers, ((0, missing), (0, 0), (0, 0)))
    order = np.argsort(loss, axis=0, kind="stable")[:MOST_FORMS]
    kept = np.take_along_axis(loss, order, axis=0)
    none = np.isinf(kept[0])
    shares = np.exp(np.where(none, 0.0, kept[0]) - kept)
    shares[0, none] = 1.0
    made = np.concatenate(
        [(shares / shares.sum(axis=0))[:, :, None], np.take_along_axis(numbers, order[:, :, None], axis=0)], axis=2
    )
    made[0, none, 1:] = otherwise[none]
    return made.transpose(1, 0, 2).reshape(len(otherwise), -1)


def forecast_forms(
    forecast: Forecast, columns: int, series: Aligned, parameters: Float64, season: int, horizon: int
) -> Float64:
    """The mean of what the forms of each series forecast, by their shares, shape (horizon, n_series).

    Args:
        forecast: of one form.
        columns: numbers of a form.
        series: what is continued.
        parameters: as `best_forms` gives them, or the numbers of one form alone.
        season: steps in a season.
        horizon: steps to forecast.
    """
    if parameters.shape[1] == columns:
        return forecast(series, parameters, season, horizon)
    forms = parameters.reshape(len(parameters), -1, 1 + columns)
    shares = forms[:, :, 0] / forms[:, :, 0].sum(axis=1, keepdims=True)  # a file rounds them
    made = np.zeros((horizon, len(parameters)))
    for number in range(forms.shape[1]):
        used = np.flatnonzero(shares[:, number] > 0)
        if used.size:
            some = series if len(used) == len(shares) else series.take(used)
            made[:, used] += shares[used, number] * forecast(some, forms[used, number, 1:], season, horizon)
    return made
