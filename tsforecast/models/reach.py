"""How far forecasts and intervals may lie from what a series has ever shown, and series that have never changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.forecast import Intervals
from tsforecast.series.windows import ModelRows

# Spans of the known values by which a forecast may leave them, and again for as many steps as there are known values;
# and by which an interval may leave both, with those that come for as many steps. Only what has gone wrong lies further
# off: a network that has hardly learned, or the doubt of one series in the logarithms of another.
_MOST_SPANS, _SPANS, _SPANS_AHEAD = 10.0, 1.0, 10.0
# Deviations about a series' center that count as known, for the rows at hand may be the calm ones. Of logarithms half
# of one does: those of counts with zeros have two heaps, and two deviations above their center lie far above both.
_DEVIATIONS, _LOG_DEVIATIONS = 2.0, 0.5
_FEWEST = 10  # rows of a series that never change, below which it may change


@dataclass(frozen=True)
class Known:
    """What is known of some series, in the user's units; all of shape (n_series,).

    Args:
        low: least value, or what lies some deviations below the center.
        high: largest value, or what lies some deviations above the center.
        rows: how many values.
        last: the newest value.
        constant: whether no value has ever differed.
    """

    low: Float64
    high: Float64
    rows: Int64
    last: Float64
    constant: Bool


def known_of(rows: ModelRows, series: Int64) -> Known:
    """What is known of neighbouring series: their rows at hand, and what their scaling tells of older ones."""
    panel, scaling = rows.panel, rows.scaling
    first, last = panel.offsets[series[0]], panel.offsets[series[-1] + 1]
    values, starts = panel.values[first:last], panel.offsets[series] - first
    least, most = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    low, high = (scaling.inverse(edge, series) for edge in _edges(rows, series, least, most))
    lengths = panel.lengths[series]
    # A constant is scaled by 1, and what is centered lies at 0.
    flat = (scaling.scale[series] == 1.0) if scaling.method in ("standard", "scale") else np.zeros(len(series), bool)
    constant = flat & (least == most) & (lengths >= _FEWEST)
    if scaling.method == "standard":
        constant &= np.abs(scaling.transform(most, series)) < 1e-6 * (1 + np.abs(scaling.center[series]))
    return Known(np.fmin(least, low), np.fmax(most, high), lengths, values[starts + lengths - 1], constant)


def _edges(rows: ModelRows, series: Int64, least: Float64, most: Float64) -> tuple[Float64, Float64]:
    """Between what the older values probably lay, in model space, both of shape (n_series,)."""
    scaling = rows.scaling
    low, high = (scaling.transform(edge, series).astype(np.float64) for edge in (least, most))
    around = _DEVIATIONS if scaling.log == "none" else _LOG_DEVIATIONS
    if scaling.method in ("standard", "robust"):
        return np.full_like(low, -around), np.full_like(high, around)
    if scaling.method == "minmax":
        return np.zeros_like(low), np.ones_like(high)
    # What is not centered says how far values spread, not where.
    return (low - around, high + around) if scaling.method == "scale" else (low, high)


def held(made: Intervals, known: Known) -> tuple[Intervals, Bool]:
    """Forecasts within reach of what is known, and which series had to be held, shape (n_series,).

    A series that has never changed is forecast as it is, and its intervals with it.
    """
    low, high = known.low[:, None], known.high[:, None]
    span, ahead = high - low, (1 + np.arange(made.y_pred.shape[1])) / known.rows[:, None]
    y_pred = np.clip(made.y_pred, low - _MOST_SPANS * (1 + ahead) * span, high + _MOST_SPANS * (1 + ahead) * span)
    least, most = _bounds(y_pred, known)
    lower, upper = (np.clip(edge, least[:, :, None], most[:, :, None]) for edge in (made.lower, made.upper))
    out = (upper != made.upper).any(axis=(1, 2)) | (lower != made.lower).any(axis=(1, 2))
    constant = known.constant
    for numbers in (y_pred, lower, upper):
        numbers[constant] = known.last[constant].reshape(-1, *[1] * (numbers.ndim - 1))
    return Intervals(y_pred, lower, upper), (out | (y_pred != made.y_pred).any(axis=1)) & ~constant


def held_paths(paths: Float64, y_pred: Float64, known: Known) -> Float64:
    """Paths of shape (samples, horizon, paths) within reach of what is known, as the intervals are.

    Args:
        paths: in the user's units.
        y_pred: forecasts that `held` gave, shape (samples, horizon).
        known: of the series.
    """
    least, most = _bounds(y_pred, known)
    paths = np.clip(paths, least[:, :, None], most[:, :, None])
    paths[known.constant] = known.last[known.constant][:, None, None]
    return paths


def _bounds(y_pred: Float64, known: Known) -> tuple[Float64, Float64]:
    """Between what values may lie around forecasts, both of shape (samples, horizon)."""
    low, high = known.low[:, None], known.high[:, None]
    ahead = (1 + np.arange(y_pred.shape[1])) / known.rows[:, None]
    beyond = (_SPANS + _SPANS_AHEAD * ahead) * (high - low)
    return np.minimum(low, y_pred) - beyond, np.maximum(high, y_pred) + beyond
