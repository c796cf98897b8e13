"""Error metrics: pure functions, and the definitions that are printed beside every number.

y_true and y_pred have shape (windows, horizon). `observed`, of the same shape, is False at points to leave out, and
`series`, of shape (windows,), numbers the series of each window. Unless its definition says pooled, a metric is the
mean over the windows of a series at each step, then over the steps, then over the series, so that a long series weighs
no more than a short one. Roots and divisions by a scale are taken per series. A metric of nothing is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsforecast.arrays import Bool, Float64

Values = NDArray[np.floating[Any]]
Series = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class MetricInfo:
    """What a number means.

    Args:
        name: as it is shown.
        definition: one line; y is the truth, f the forecast, f_q its quantile q and m the season length.
        direction: what is better: lower, higher, close to zero, or close to the nominal level.
        pooled: over the points of all series at once.
    """

    name: str
    definition: str
    direction: Literal["lower", "higher", "zero", "nominal"]
    pooled: bool = False


METRICS: dict[str, MetricInfo] = {
    "mae": MetricInfo("MAE", "mean |y - f|", "lower"),
    "rmse": MetricInfo("RMSE", "sqrt(mean (y - f)^2) of each series", "lower"),
    "bias": MetricInfo("bias", "mean (f - y); above 0 = forecasts too high", "zero"),
    "mape": MetricInfo("MAPE", "100 x mean |y - f| / |y| over points with y != 0", "lower"),
    "mape_skipped": MetricInfo("MAPE skipped", "pooled: share of points with y = 0", "zero", True),
    "smape": MetricInfo("sMAPE", "mean 200 x |y - f| / (|y| + |f|), 0/0 = 0: M4's scale of 0-200", "lower"),
    "wape": MetricInfo("WAPE", "pooled: 100 x sum |y - f| / sum |y|", "lower", True),
    "mase": MetricInfo("MASE", "MAE / mean |y_t - y_(t-m)| of the training part", "lower"),
    "mase_left_out": MetricInfo("MASE left out", "series whose training part is constant", "zero", True),
    "rmsse": MetricInfo("RMSSE", "RMSE / sqrt(mean (y_t - y_(t-m))^2) of the training part", "lower"),
    "wql": MetricInfo("WQL", "pooled: mean over q of 2 sum max(q e, (q - 1) e) / sum |y|, e = y - f_q", "lower", True),
    "sql": MetricInfo("SQL", "mean over q of 2 max(q e, (q - 1) e), e = y - f_q, / mean |y_t - y_(t-m)|", "lower"),
    "coverage": MetricInfo("coverage", "share of lower <= y <= upper, beside the nominal level", "nominal"),
    "interval_score": MetricInfo(
        "interval score", "mean (u - l) + 2/a (l - y)+ + 2/a (y - u)+, a = 1 - level", "lower"
    ),
    "msis": MetricInfo("MSIS", "interval score / mean |y_t - y_(t-m)| of the training part", "lower"),
    "skill": MetricInfo(
        "skill",
        "1 - MAE / MAE of the seasonal naive on the same points, on MASE for several series so that scales "
        "do not matter; below 0 = worse than repeating the last season",
        "higher",
    ),
}


def metric_info(key: str) -> MetricInfo:
    """The row of METRICS behind a key of `evaluate`: that of `coverage` for `coverage_80`."""
    return METRICS[key] if key in METRICS else METRICS[key.rpartition("_")[0]]


def evaluate(
    y_true: Values,
    y_pred: Values,
    *,
    observed: Bool,
    series: Series,
    seasonal_error: tuple[Values, Values],
    lower: Values | None = None,
    upper: Values | None = None,
    levels: tuple[float, ...] = (),
) -> dict[str, float]:
    """The metrics of a set of forecasts, in the order to show them in.

    Args:
        y_true: shape (windows, horizon).
        y_pred: shape (windows, horizon).
        observed: shape (windows, horizon).
        series: shape (windows,).
        seasonal_error: from `series.seasonal_errors`, two arrays of shape (n_series,).
        lower: lower bounds, shape (windows, horizon, n_levels).
        upper: upper bounds, shape (windows, horizon, n_levels).
        levels: nominal levels of the intervals in percent, such as (80, 95).
    """
    scale, root_scale = seasonal_error
    result = {
        "mae": mae(y_true, y_pred, observed=observed, series=series),
        "rmse": rmse(y_true, y_pred, observed=observed, series=series),
        "bias": bias(y_true, y_pred, observed=observed, series=series),
        "mape": mape(y_true, y_pred, observed=observed, series=series),
        "mape_skipped": mape_skipped(y_true, observed=observed),
        "smape": smape(y_true, y_pred, observed=observed, series=series),
        "wape": wape(y_true, y_pred, observed=observed),
        "mase": mase(y_true, y_pred, scale, observed=observed, series=series),
        "mase_left_out": mase_left_out(scale, observed=observed, series=series),
        "rmsse": rmsse(y_true, y_pred, root_scale, observed=observed, series=series),
    }
    if lower is None or upper is None:
        return result
    for number, level in enumerate(levels):
        bounds = lower[..., number], upper[..., number]
        score = interval_score(y_true, *bounds, level, observed=observed, series=series)
        result[f"coverage_{level:g}"] = coverage(y_true, *bounds, observed=observed, series=series)
        result[f"interval_score_{level:g}"] = score
        result[f"msis_{level:g}"] = msis(y_true, *bounds, level, scale, observed=observed, series=series)
    return result


def mae(y_true: Values, y_pred: Values, *, observed: Bool, series: Series) -> float:
    """Mean absolute error, in the unit of the data."""
    return _average(np.abs(_errors(y_true, y_pred)), observed, series)


def rmse(y_true: Values, y_pred: Values, *, observed: Bool, series: Series) -> float:
    """Root mean squared error of each series, averaged, in the unit of the data."""
    return _average(_errors(y_true, y_pred) ** 2, observed, series, root=True)


def bias(y_true: Values, y_pred: Values, *, observed: Bool, series: Series) -> float:
    """Mean of forecast less truth, in the unit of the data."""
    return _average(_errors(y_pred, y_true), observed, series)


def mape(y_true: Values, y_pred: Values, *, observed: Bool, series: Series) -> float:
    """Mean absolute percentage error over the points with y != 0, in percent."""
    keep = observed & (y_true != 0)
    error = np.abs(_errors(y_true, y_pred))
    ratio = np.divide(error, np.abs(y_true), out=np.zeros_like(error), where=keep)
    return _average(100 * ratio, keep, series)


def mape_skipped(y_true: Values, *, observed: Bool) -> float:
    """Share of the observed points, between 0 and 1, that MAPE leaves out because the truth is 0."""
    return _mean((y_true == 0)[observed])


def smape(y_true: Values, y_pred: Values, *, observed: Bool, series: Series) -> float:
    """Symmetric mean absolute percentage error on M4's scale of 0 to 200."""
    error = np.abs(_errors(y_true, y_pred))
    size = np.abs(y_true) + np.abs(y_pred)
    ratio = np.divide(error, size, out=np.zeros_like(error), where=size != 0)
    return _average(200 * ratio, observed, series)


def wape(y_true: Values, y_pred: Values, *, observed: Bool) -> float:
    """Sum of absolute errors in percent of the sum of absolute truths, pooled over all series."""
    error = np.abs(_errors(y_true, y_pred))
    return 100 * _ratio(float(error[observed].sum()), _size(y_true, observed))


def mase(y_true: Values, y_pred: Values, scale: Values, *, observed: Bool, series: Series) -> float:
    """Mean absolute scaled error (Hyndman and Koehler, 2006); `scale` is the first of `seasonal_errors`."""
    return _average(np.abs(_errors(y_true, y_pred)), observed, series, scale=scale)


def mase_left_out(scale: Values, *, observed: Bool, series: Series) -> float:
    """Number of series with observed points that cannot be scaled: their training part is constant."""
    numbers = np.unique(series[observed.any(axis=1)])
    return float(np.sum(~(scale[numbers] > 0)))


def rmsse(y_true: Values, y_pred: Values, scale: Values, *, observed: Bool, series: Series) -> float:
    """Root mean squared scaled error, root per series; `scale` is the second of `seasonal_errors`."""
    return _average(_errors(y_true, y_pred) ** 2, observed, series, root=True, scale=scale)


def wql(y_true: Values, quantiles: Values, probabilities: Values, *, observed: Bool) -> float:
    """Weighted quantile loss, pooled over all series: of the median alone, WAPE / 100.

    Args:
        y_true: shape (windows, horizon).
        quantiles: forecasts, shape (windows, horizon, n_levels).
        probabilities: level of each quantile, between 0 and 1, shape (n_levels,).
        observed: shape (windows, horizon).
    """
    loss = _pinball(y_true, quantiles, probabilities)
    return _ratio(float(loss[observed].sum(axis=0).mean()), _size(y_true, observed))


def sql(
    y_true: Values, quantiles: Values, probabilities: Values, scale: Values, *, observed: Bool, series: Series
) -> float:
    """Scaled quantile loss of fev-bench: of the median alone, MASE. Shapes are those of `wql` and `mase`."""
    loss = _pinball(y_true, quantiles, probabilities).mean(axis=2)
    return _average(loss, observed, series, scale=scale)


def coverage(y_true: Values, lower: Values, upper: Values, *, observed: Bool, series: Series) -> float:
    """Share of the truths inside their two-sided interval, bounds included, between 0 and 1."""
    inside = (lower <= y_true) & (y_true <= upper)
    return _average(inside.astype(np.float64), observed, series)


def interval_score(
    y_true: Values, lower: Values, upper: Values, level: float, *, observed: Bool, series: Series
) -> float:
    """Width of the intervals and a price for each miss (Winkler, 1972); `level` in percent."""
    return _average(interval_scores(y_true, lower, upper, level), observed, series)


def msis(
    y_true: Values,
    lower: Values,
    upper: Values,
    level: float,
    scale: Values,
    *,
    observed: Bool,
    series: Series,
) -> float:
    """Mean scaled interval score of M4; `level` in percent, `scale` the first of `seasonal_errors`."""
    return _average(interval_scores(y_true, lower, upper, level), observed, series, scale=scale)


def skill(mase_model: float, mase_seasonal_naive: float) -> float:
    """1 - MASE / MASE of the seasonal naive on the same points; for a single series that is 1 - MAE / MAE."""
    return 1 - _ratio(mase_model, mase_seasonal_naive)


def _errors(y_true: Values, y_pred: Values) -> Float64:
    return np.subtract(y_true, y_pred, dtype=np.float64)


def _pinball(y_true: Values, quantiles: Values, probabilities: Values) -> Float64:
    """Twice the pinball loss, shape (windows, horizon, n_levels)."""
    error = _errors(y_true[..., None], quantiles)
    return 2 * np.maximum(probabilities * error, (probabilities - 1) * error)


def interval_scores(y_true: Values, lower: Values, upper: Values, level: float) -> Float64:
    """The interval score (Winkler 1972) of each value, in the shape of `y_true`; `level` in percent."""
    missed = np.maximum(_errors(lower, y_true), 0) + np.maximum(_errors(y_true, upper), 0)
    return _errors(upper, lower) + 2 / (1 - level / 100) * missed


def _average(
    points: Float64, observed: Bool, series: Series, *, root: bool = False, scale: Values | None = None
) -> float:
    """Mean over windows, steps and series, in this order; what is not observed does not count.

    Args:
        points: shape (windows, horizon).
        observed: shape (windows, horizon).
        series: shape (windows,).
        root: take the square root of each series' mean.
        scale: divide by it, shape (n_series,); series where it is not above 0 are left out.
    """
    numbers, position = np.unique(series, return_inverse=True)
    shape = (len(numbers), points.shape[1])
    cells = (position[:, None] * shape[1] + np.arange(shape[1]))[observed]
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    totals = np.bincount(cells, points[observed], shape[0] * shape[1]).reshape(shape)
    steps = (counts > 0).sum(axis=1)
    means = (totals / np.maximum(counts, 1)).sum(axis=1) / np.maximum(steps, 1)
    if root:
        means = np.sqrt(means)
    if scale is None:
        return _mean(means[steps > 0])
    keep = (steps > 0) & (scale[numbers] > 0)
    return _mean(means[keep] / scale[numbers[keep]])


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if values.size else float("nan")


def _size(y_true: Values, observed: Bool) -> float:
    return float(np.abs(y_true)[observed].sum(dtype=np.float64))


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator != 0 else float("nan")
