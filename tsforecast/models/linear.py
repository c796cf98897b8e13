"""The linear model: a ridge regression from the window to the horizon, solved in closed form.

NLinear (Zeng et al., Are Transformers Effective for Time Series Forecasting?, 2023): the window's last value is
subtracted from its context and added to its forecast, so that the level of a series does not matter. All series share
one map. Only X'X and X'Y are kept while the batches pass by: memory is O(lookback x (lookback + horizon)) whatever
the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.models.spec import Array, Weights
from tsforecast.windows import Batch

# Multiples of the mean of X'X's diagonal: the strengths that validation chooses from.
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
DEFAULT_RIDGE = 1e-2

Matrix = NDArray[np.float64]


def fit_linear(
    batches: Iterable[Batch],
    lookback: int,
    horizon: int,
    *,
    validation: Iterable[Batch] = (),
    ridge: float = DEFAULT_RIDGE,
) -> tuple[Weights, float]:
    """Fit the map to the windows whose target is complete; those with an unobserved target step are left out.

    Args:
        batches: training windows; read once.
        lookback: steps of a context.
        horizon: steps of a target.
        validation: windows to choose the strength by, out of RIDGES, with the least absolute error; read once.
        ridge: strength as a multiple of the mean of X'X's diagonal, used where there are no validation windows.

    Returns:
        `linear/kernel` (lookback, horizon) and `linear/bias` (horizon,), and the strength used.

    Raises:
        DataError: no training window has a complete target.
    """
    gram, moment = _normal_equations(batches, lookback, horizon)
    if gram[-1, -1] == 0:
        raise DataError(
            f"the linear model needs a window whose {horizon} target steps were all observed; there is none",
            hint="give series with fewer gaps, or a smaller --horizon",
        )
    candidates = [_solve(gram, moment, strength) for strength in RIDGES]
    errors = _validation_errors(candidates, validation)
    if errors is None:
        return _solve(gram, moment, ridge), ridge
    best = int(np.argmin(errors))
    return candidates[best], RIDGES[best]


def predict_linear(weights: Weights, context: Array, mask: NDArray[np.bool_]) -> Array:
    """Forecast windows.

    Args:
        weights: as `fit_linear` returns them.
        context: shape (samples, lookback).
        mask: shape (samples, lookback), False where padded on the left; padded values are not used.

    Returns:
        Shape (samples, horizon); NaN for a window without a single value.
    """
    inputs, last = _subtract_last(context, mask)
    return inputs @ weights["linear/kernel"] + weights["linear/bias"] + last


def _subtract_last(context: Array, mask: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Context less its last value, (samples, lookback), and that value, (samples, 1).

    Padded positions hold the first value of the series: a level that goes on to the left.
    """
    samples, lookback = context.shape
    start = np.minimum(lookback - mask.sum(axis=1), lookback - 1)
    first = context[np.arange(samples), start][:, None]
    last = np.where(mask[:, -1:], context[:, -1:], np.float32(np.nan))
    return np.where(mask, context, first) - last, last


def _normal_equations(batches: Iterable[Batch], lookback: int, horizon: int) -> tuple[Matrix, Matrix]:
    """X'X and X'Y over all windows, X with a last column of ones: (lookback + 1, lookback + 1), (.., horizon)."""
    gram = np.zeros((lookback + 1, lookback + 1))
    moment = np.zeros((lookback + 1, horizon))
    for batch in batches:
        keep = batch.observed.all(axis=1) & batch.mask[:, -1]
        inputs, last = _subtract_last(batch.context[keep], batch.mask[keep])
        x = np.ones((len(inputs), lookback + 1))
        x[:, :-1] = inputs
        gram += x.T @ x
        moment += x.T @ (batch.target[keep] - last).astype(np.float64)
    return gram, moment


def _solve(gram: Matrix, moment: Matrix, ridge: float) -> Weights:
    """The penalised solution; the bias is not penalised."""
    lookback = len(gram) - 1
    # Constant series have X = 0: any penalty makes the kernel zero, where none would leave it undetermined.
    unit = np.diag(gram)[:-1].mean() or 1.0
    penalty = np.append(np.full(lookback, ridge * unit), 0.0)
    solution = np.linalg.solve(gram + np.diag(penalty), moment).astype(np.float32)
    return {"linear/kernel": solution[:-1], "linear/bias": solution[-1]}


def _validation_errors(candidates: list[Weights], validation: Iterable[Batch]) -> Matrix | None:
    """Sum of the absolute errors of each candidate over the observed points; None without any such point."""
    errors, points = np.zeros(len(candidates)), 0
    for batch in validation:
        observed = batch.observed & batch.mask[:, -1:]
        points += int(observed.sum())
        for number, weights in enumerate(candidates):
            forecast = predict_linear(weights, batch.context, batch.mask)
            errors[number] += np.abs(forecast - batch.target)[observed].sum(dtype=np.float64)
    return errors if points else None
