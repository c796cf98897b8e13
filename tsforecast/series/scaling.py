"""Transforms of the values, fitted on training rows only, and their exact inverses.

A value y of series i becomes (g(y) - center[i]) / scale[i], where g is the identity, log or log1p. Centers and scales
come from scikit-learn's scalers; they are kept as plain numbers, so that prediction needs no scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.arrays import Bool, Float32, Float64, Int64
from tsforecast.errors import DataError, OptionError
from tsforecast.series.covariates import rows_between
from tsforecast.series.panel import Panel

_LARGEST_COUNT = 20  # mean of a series, above which rounding gains nothing
_CHUNK = 1024  # series scaled at once, so that the padded matrix stays small
LARGEST = 1e18  # its square is still a float32
_NEVER = 1e300  # the scale of a column that is not read: every value is 0 under it, whatever it is
_LARGEST_POWER = 700.0  # e to it is still a float64, also when something is added


@dataclass(frozen=True)
class ColumnScaling:
    """One center and scale for each column of covariates, over all series; both of shape (columns,)."""

    center: Float64
    scale: Float64

    @property
    def width(self) -> int:
        return len(self.center)

    def transform(self, values: Float64) -> Float32:
        """Into model space, columns last; nothing of no columns, whatever the values have."""
        if not self.width:
            return np.empty((*values.shape[:-1], 0), np.float32)
        return ((values - self.center) / self.scale).astype(np.float32)

    def without(self, numbers: tuple[int, ...]) -> ColumnScaling:
        """The same with some columns unread: they are 0, and stay where they are for the rest of the table."""
        scale = self.scale.copy()
        scale[list(numbers)] = _NEVER
        return replace(self, scale=scale) if numbers else self

    @property
    def unread(self) -> tuple[int, ...]:
        """Numbers of the columns that are not read."""
        return tuple(np.flatnonzero(self.scale >= _NEVER).tolist())


NO_COLUMNS = ColumnScaling(np.empty(0), np.empty(0))


@dataclass(frozen=True)
class Scaling:
    """A fitted transform.

    Args:
        method: scikit-learn scaler that fitted it.
        log: `none`, `log` or `log1p`, applied first.
        center: shape (n_series,).
        scale: shape (n_series,), above zero.
        nonnegative: whether no value that it was fitted on was below zero, shape (n_series,); what comes back of such a
            series is raised to zero (counts, sales, loads).
        past: of the covariates known up to now; without columns they are left out.
        future: of those known ahead.
        static: of the numbers of each series.
        counts: whether a series holds small whole numbers only, shape (n_series,); what comes back of it is rounded,
            for its median and its quantiles are whole numbers too. None where nothing is rounded.
    """

    method: str
    log: str
    center: Float64
    scale: Float64
    nonnegative: Bool
    past: ColumnScaling = NO_COLUMNS
    future: ColumnScaling = NO_COLUMNS
    static: ColumnScaling = NO_COLUMNS
    counts: Bool | None = None

    def without(self, past: tuple[int, ...], future: tuple[int, ...]) -> Scaling:
        """The same with some columns unread, by their numbers."""
        if not past and not future:
            return self
        return replace(self, past=self.past.without(past), future=self.future.without(future))

    def transform(self, values: Float64, series: Int64) -> Float32:
        """Into model space; `series` numbers each value's series and broadcasts against `values`."""
        return ((apply_log(values, self.log) - self.center[series]) / self.scale[series]).astype(np.float32)

    def inverse(self, values: NDArray[np.floating[Any]], series: Int64) -> Float64:
        """Back into the user's units."""
        back = invert_log(values.astype(np.float64) * self.scale[series] + self.center[series], self.log)
        back = np.maximum(back, np.where(self.nonnegative[series], 0.0, -np.inf))
        return back if self.counts is None else np.where(self.counts[series], np.floor(back + 0.5), back)

    def edges(self, values: Float64, series: Int64) -> tuple[Float64, Float64] | None:
        """Between which values in model space lies what is rounded to these; None where nothing is rounded.

        Below zero there is nothing: what is rounded to it may be anything less.
        """
        if self.counts is None:
            return None
        whole, rounded = np.round(self.inverse(values, series)), self.counts[series]
        low, high = (self.transform(whole + add, series).astype(np.float64) for add in (-0.5, 0.5))
        return np.where(rounded, np.where(whole > 0, low, -np.inf), values), np.where(rounded, high, values)

    def take(self, numbers: Int64) -> Scaling:
        """That of some of the series, in the given order."""
        counts = None if self.counts is None else self.counts[numbers]
        own = self.center[numbers], self.scale[numbers], self.nonnegative[numbers]
        return replace(self, center=own[0], scale=own[1], nonnegative=own[2], counts=counts)


def apply_log(values: Float64, log: str) -> Float64:
    """The identity, log or log1p of `values`.

    Rows that came after the logarithm was chosen may be too low for it: they count as the lowest value that it takes,
    unless `above_zero` has raised them to one that the series knows.
    """
    if log == "log":
        return np.log(np.maximum(values, np.finfo(np.float64).tiny))
    return np.log1p(np.maximum(values, 0.0)) if log == "log1p" else values


def above_zero(panel: Panel, log: str) -> Panel:
    """The panel without values of zero or less, if models see it under the plain logarithm, which has none for them.

    The logarithm was chosen before such values came: among sales of a hundred, the 0 of a closed day would count as
    e^-708. Such a value becomes the least one before it in its series; at the beginning, the first above zero. A series
    without any value above zero stays as it is.
    """
    low = panel.values <= 0 if log == "log" else np.zeros(0, bool)
    if not low.any():
        return panel
    values = panel.values.copy()
    for number in np.unique(panel.series_of_row[low]).tolist():
        rows = slice(panel.offsets[number], panel.offsets[number + 1])
        own, usable = values[rows], ~low[rows]
        if usable.any():
            least = np.minimum.accumulate(np.where(usable, own, np.inf))
            values[rows] = np.where(usable, own, np.where(np.isfinite(least), least, own[np.argmax(usable)]))
    return replace(panel, values=values)


def invert_log(values: Float64, log: str) -> Float64:
    """The inverse of `apply_log`; what no float64 could hold is the largest that one can."""
    if log == "none":
        return values
    values = np.minimum(values, _LARGEST_POWER)
    return np.exp(values) if log == "log" else np.expm1(values)


def log_kind(values: Float64, transform: str) -> str:
    """Which logarithm `transform` means for these values.

    Raises:
        OptionError: `log` was asked for and a value is negative.
    """
    if transform == "none":
        return "none"
    least = float(values.min(initial=1.0))
    if least < 0:
        raise OptionError(
            f"transform is 'log', but the data hold the negative value {least:g}",
            hint="use --transform none",
        )
    return "log" if least > 0 else "log1p"


def fit_scaling(panel: Panel, ends: Int64, *, method: str, log: str = "none", rounded: bool = False) -> Scaling:
    """Fit center and scale of each series on its observed rows before `ends`.

    Args:
        panel: the series; rows that were filled in are not fitted on.
        ends: row after the last one to fit on, counted within the series, shape (n_series,).
        method: `standard`, `scale` (the deviation only, so that zero stays zero), `robust`, `minmax` or `none`.
        log: from `log_kind`.
        rounded: whether what comes back of counts is rounded.

    A series without an observed row before its end is fitted on its first row, so that nothing later is looked at.

    Raises:
        DataError: values so large that float32 could not hold their squares.
    """
    if float(np.abs(panel.values).max(initial=0.0)) > LARGEST:
        raise DataError(
            f"the values are too large: one is beyond {LARGEST:g}", hint="divide the target column by a constant"
        )
    center, scale = np.zeros(panel.n_series), np.ones(panel.n_series)
    nonnegative = _nonnegative(panel, np.maximum(ends, 1))
    counts = counts_of(panel, np.maximum(ends, 1)) if rounded else None
    panel = above_zero(panel, log)
    if method != "none":
        for begin in range(0, panel.n_series, _CHUNK):
            chunk = slice(begin, min(begin + _CHUNK, panel.n_series))
            center[chunk], scale[chunk] = _fit_columns(_matrix(panel, ends, chunk, log), method)
    counts = None if counts is None or not counts.any() else counts
    return Scaling(method, log, center, scale, nonnegative, counts=counts, **_fit_covariates(panel, ends))


def _fit_covariates(panel: Panel, ends: Int64) -> dict[str, ColumnScaling]:
    """Center and scale of the covariates, on the rows that values are fitted on too."""
    if panel.covariates.absent:
        return {}
    known, used = panel.covariates, np.clip(ends, 1, panel.lengths)
    past = known.past[rows_between(np.zeros_like(used), used, panel.lengths)]
    future = known.future[rows_between(np.zeros_like(used), used, known.future_lengths)]
    return {"past": _fit_each(past), "future": _fit_each(future), "static": _fit_each(known.static)}


def _fit_each(values: Float64) -> ColumnScaling:
    """Mean and deviation of each column; a column of two values becomes 0 and 1, a constant one 0."""
    if not values.shape[1]:
        return NO_COLUMNS
    low, high = values.min(axis=0), values.max(axis=0)
    two = ((values == low) | (values == high)).all(axis=0)
    center = np.where(two, low, values.mean(axis=0))
    return ColumnScaling(center, _usable(center, np.where(two, high - low, values.std(axis=0))))


def scaling_of_rows(panel: Panel, *, like: Scaling, series: Int64) -> Scaling:
    """The transform of other rows than `like` was fitted on: series that it knows keep their center and scale.

    Those of a new series come from all its rows. Plain NumPy with scikit-learn's formulas, because prediction does not
    load scikit-learn.

    Args:
        panel: the other rows.
        like: the fitted transform.
        series: number in `like` of each series, -1 for a new one, shape (n_series,).
    """
    new = series < 0
    nonnegative = _nonnegative(panel, panel.lengths) & (new | like.nonnegative[series])
    counts = None if like.counts is None else counts_of(panel, panel.lengths) & (new | like.counts[series])
    panel = above_zero(panel, like.log)
    center, scale = np.where(new, 0.0, like.center[series]), np.where(new, 1.0, like.scale[series])
    for number in np.flatnonzero(new).tolist() if like.method != "none" else ():
        rows = slice(panel.offsets[number], panel.offsets[number + 1])
        known = apply_log(_known(panel.values[rows], panel.observed[rows]), like.log)
        if like.method in ("standard", "scale"):
            center[number] = known.mean() if like.method == "standard" else 0.0
            scale[number] = known.std()
        elif like.method == "robust":
            low, center[number], high = np.percentile(known, [25, 50, 75])
            scale[number] = high - low
        else:
            center[number] = known.min()
            scale[number] = known.max() - center[number]
    return replace(like, center=center, scale=_usable(center, scale), nonnegative=nonnegative, counts=counts)


def _nonnegative(panel: Panel, ends: Int64) -> Bool:
    """Whether no row of a series before its end is below zero."""
    below = np.flatnonzero(panel.values < 0)
    series = np.searchsorted(panel.offsets, below, side="right") - 1
    nonnegative = np.ones(len(ends), dtype=bool)
    nonnegative[series[below - panel.offsets[series] < ends[series]]] = False
    return nonnegative


def counts_of(panel: Panel, ends: Int64) -> Bool:
    """Whether the observed rows of a series before its end are whole numbers from zero on, and small on average."""
    used = panel.observed & (np.arange(len(panel.values)) < np.repeat(panel.offsets[:-1] + ends, panel.lengths))
    values = np.where(used, panel.values, 0.0)
    other = np.add.reduceat((values < 0) | (values != np.floor(values)), panel.offsets[:-1], dtype=np.int64)
    count = np.add.reduceat(used, panel.offsets[:-1], dtype=np.int64)
    total = np.add.reduceat(np.where(values < 0, 0.0, values), panel.offsets[:-1])
    return (other == 0) & (count > 0) & (total <= _LARGEST_COUNT * count)


def _matrix(panel: Panel, ends: Int64, series: slice, log: str) -> Float64:
    """The known values of some series as columns, NaN below them."""
    used = np.maximum(ends[series], 1)
    matrix = np.full((int(used.max()), len(used)), np.nan)
    for column, (start, count) in enumerate(zip(panel.offsets[series], used, strict=True)):
        rows = slice(start, start + count)
        known = _known(panel.values[rows], panel.observed[rows])
        matrix[: len(known), column] = apply_log(known, log)
    return matrix


def _known(values: Float64, observed: Bool) -> Float64:
    """The observed values; the first one where none was observed."""
    return values[observed] if observed.any() else values[:1]


def _fit_columns(matrix: Float64, method: str) -> tuple[Float64, Float64]:
    """Center and scale of each column, NaN left out; a constant column has scale 1."""
    if method in ("standard", "scale"):
        # The default, and so without scikit-learn: its import takes longer than a first forecast may.
        center, scale = _moments(matrix)
        return center if method == "standard" else np.zeros_like(center), _usable(center, scale)
    from sklearn.preprocessing import MinMaxScaler, RobustScaler

    if method == "robust":
        robust = RobustScaler().fit(matrix)
        center, scale = robust.center_, robust.scale_
    else:
        minmax = MinMaxScaler().fit(matrix)
        center, scale = minmax.data_min_, minmax.data_range_
    return center, _usable(center, scale)


def _moments(matrix: Float64) -> tuple[Float64, Float64]:
    """Mean and deviation of each column by the corrected two-pass formula (Chan, Golub and LeVeque 1983)."""
    count = np.count_nonzero(~np.isnan(matrix), axis=0)
    mean = np.nansum(matrix, axis=0) / count
    apart = matrix - mean
    variance = (np.nansum(apart**2, axis=0) - np.nansum(apart, axis=0) ** 2 / count) / count
    return mean, np.sqrt(np.maximum(variance, 0.0))


def _usable(center: Float64, scale: Float64) -> Float64:
    """Scales, with 1 in place of those that only rounding keeps from zero."""
    return np.where(scale > 1e-12 * np.abs(center), scale, 1.0)
