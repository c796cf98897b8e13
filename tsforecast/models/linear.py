"""The linear model: a ridge regression from the window to the horizon, solved in closed form.

NLinear (Zeng et al., Are Transformers Effective for Time Series Forecasting?, 2023): the window's last value
is subtracted from its values and added to its forecast, so that the level of a series does not matter. All
series share one map. Covariates are further columns of X (linear_inputs.py), each with a penalty of its own, because a
useful holiday needs a small one and a dozen noisy columns a large one. Only X'X and X'Y are kept while the
batches pass by: memory is O(width x (width + horizon)) whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tsforecast.arrays import Float32, Float64
from tsforecast.errors import DataError
from tsforecast.models.network.config import Inputs
from tsforecast.models.network.linear_inputs import column_numbers, linear_inputs, linear_width
from tsforecast.models.network.normalisation import statistics
from tsforecast.models.network.weights import Weights
from tsforecast.series.windows import Batch, Windows

# Multiples of the mean of X'X's diagonal: the strengths that validation chooses from.
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
DEFAULT_RIDGE = 1e-2
NOTHING = Inputs()  # besides the window


def fit_linear(
    batches: Iterable[Batch],
    lookback: int,
    horizon: int,
    *,
    validation: Iterable[Batch] = (),
    ridge: float = DEFAULT_RIDGE,
    normalisation: str = "last",
    inputs: Inputs = NOTHING,
    strengths: tuple[float, ...] = (),
) -> tuple[Weights, float]:
    """Fit the map to the windows whose target is complete; those with an unobserved step are left out.

    Args:
        batches: training windows; read once.
        lookback: steps of a window.
        horizon: steps of a target.
        validation: windows that choose the strength out of RIDGES by their absolute error; read once.
        ridge: strength used where there are no validation windows, a multiple of the mean of X'X's diagonal.
        normalisation: of each window, one of NORMALISATIONS; NLinear's is `last`.
        inputs: what is read besides the window.
        strengths: of each of its columns and of the calendar, as `column_numbers` counts them, in multiples of the mean
            of the window's part of X'X's diagonal; empty for the strength of the window.

    Returns:
        `linear/kernel` (linear_width, horizon) and `linear/bias` (horizon,), and the strength used.

    Raises:
        DataError: no training window has a complete target.
    """
    width = linear_width(inputs, lookback, horizon)
    gram, moment = normal_equations(batches, width, horizon, normalisation, inputs)
    if gram[-1, -1] == 0:
        raise DataError(
            f"the linear model needs a window whose {horizon} target steps were all observed; there is none",
            hint="give series with fewer gaps, or a smaller --horizon",
        )
    own = np.append(strengths, np.nan)[column_numbers(inputs, lookback, horizon)] if strengths else None
    candidates = [_solve(gram, moment, strength, own) for strength in RIDGES]
    errors = _validation_errors(candidates, validation, normalisation, inputs)
    if errors is None:
        return _solve(gram, moment, ridge, own), ridge
    best = int(np.argmin(errors))
    return candidates[best], RIDGES[best]


def predict_linear(
    weights: Weights, windows: Windows, *, normalisation: str = "last", inputs: Inputs = NOTHING
) -> Float32:
    """Forecast windows.

    Args:
        weights: as `fit_linear` returns them.
        windows: with the lookback that the weights were fitted under; padded values are not used.
        normalisation: the one that the weights were fitted under.
        inputs: likewise.

    Returns:
        Shape (samples, horizon); NaN for a window without a single value.
    """
    x, center, scale = normalised(windows, normalisation, inputs)
    return (x @ weights["linear/kernel"] + weights["linear/bias"]) * scale + center


def normalised(windows: Windows, normalisation: str, inputs: Inputs) -> tuple[Float32, Float32, Float32]:
    """Inputs (samples, linear_width) with the center and scale taken out of them, both (samples, 1).

    Padded positions hold the window's first value: a level that goes on to the left, where zero would be a jump.
    """
    values, mask = windows.values, windows.mask
    samples, lookback = values.shape
    start = np.minimum(lookback - mask.sum(axis=1), lookback - 1)
    filled = np.where(mask, values, values[np.arange(samples), start][:, None])
    center, scale = statistics(filled, mask, normalisation)
    center = np.where(mask[:, -1:], center, np.float32(np.nan))
    return linear_inputs(inputs, (filled - center) / scale, windows), center, scale


def normal_equations(
    batches: Iterable[Batch], width: int, horizon: int, normalisation: str, inputs: Inputs
) -> tuple[Float64, Float64]:
    """X'X (width + 1, width + 1) and X'Y (width + 1, horizon), the last column of X being ones."""
    gram = np.zeros((width + 1, width + 1))
    moment = np.zeros((width + 1, horizon))
    for batch in batches:
        keep = np.flatnonzero(batch.observed.all(axis=1) & batch.windows.mask[:, -1])
        read, center, scale = normalised(batch.windows.take(keep), normalisation, inputs)
        x = np.ones((len(read), width + 1))
        x[:, :-1] = read
        gram += x.T @ x
        moment += x.T @ ((batch.target[keep] - center) / scale).astype(np.float64)
    return gram, moment


def _solve(gram: Float64, moment: Float64, ridge: float, own: Float64 | None = None) -> Weights:
    """The penalised solution; the bias is not penalised.

    Args:
        gram: X'X, whose last column is of ones.
        moment: X'Y.
        ridge: strength of the penalty.
        own: strengths of some columns of X, NaN for that of the others, shape (width,); None for one of all.
    """
    width, diagonal = len(gram) - 1, np.diag(gram)[:-1]
    # Constant series have X = 0: any penalty makes the kernel zero, where none would leave it undetermined.
    if own is None:
        penalty = np.full(width, ridge * (diagonal.mean() or 1.0))
    else:
        penalty = np.where(np.isnan(own), ridge, own) * (diagonal[np.isnan(own)].mean() or 1.0)
    penalty = np.append(penalty, 0.0)
    solution = np.linalg.solve(gram + np.diag(penalty), moment).astype(np.float32)
    return {"linear/kernel": solution[:-1], "linear/bias": solution[-1]}


def _validation_errors(
    candidates: list[Weights], validation: Iterable[Batch], normalisation: str, inputs: Inputs
) -> Float64 | None:
    """Sum of the absolute errors of each candidate over the observed points; None without any such point."""
    errors, points = np.zeros(len(candidates)), 0
    for batch in validation:
        observed = batch.observed & batch.windows.mask[:, -1:]
        points += int(observed.sum())
        for number, weights in enumerate(candidates):
            forecast = predict_linear(weights, batch.windows, normalisation=normalisation, inputs=inputs)
            errors[number] += np.abs(forecast - batch.target)[observed].sum(dtype=np.float64)
    return errors if points else None
