"""A calibrated model: windows in, forecasts with intervals out, all in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tsforecast.arrays import Bool, Float32, Float64, Int64
from tsforecast.forecast import NOTHING_JOINT, Above, Forecast, Intervals, Joint
from tsforecast.models import reach
from tsforecast.models.calibration import Calibration, intervals
from tsforecast.models.living import Factors, newest_factors
from tsforecast.models.network.weights import Weights
from tsforecast.models.parts import CHUNK, predict_windows
from tsforecast.models.paths import sample_paths, totals
from tsforecast.models.spec import ModelSpec
from tsforecast.progress import Report, SeriesForecast
from tsforecast.series.scaling import LARGEST, Scaling
from tsforecast.series.windows import ModelRows, Windows

# Spans of the known values by which forecasts that are fed back may leave them, and again for as many steps as there
# are known values: a trend goes on that far, growth may become several times as fast. Of logarithms growth is a trend.
REACH, LOG_REACH = 3.0, 1.0

# Rows of forecasts made at once: what is worked on stays near the processor, whatever the number of series.
_ROWS, _ROWS_OF_PATHS = 32_768, 2048


@dataclass(frozen=True)
class Forecaster:
    """A trained model with calibrated intervals.

    Args:
        spec: what the model is.
        weights: its tensors.
        calibration: of its intervals.
        factors: on these, from outcomes that have become known; None for none.
    """

    spec: ModelSpec
    weights: Weights
    calibration: Calibration
    factors: Factors | None = None

    def recalibrated(self, rows: ModelRows, unlearned: Int64, levels: tuple[float, ...]) -> Forecaster:
        """The model with intervals that have learned from the newest outcomes, for forecasts of these rows and levels.

        Args:
            rows: what is known.
            unlearned: newest rows of each series that the model has not learned from, shape (n_series,).
            levels: of the intervals, in percent, ascending.
        """
        found = newest_factors(self.spec, self.weights, self.calibration, rows, unlearned, levels)
        return replace(self, factors=found)

    def quantiles(self, windows: Windows) -> Float32:
        """Forecast windows in model space, shape (samples, horizon, spec.quantiles), ascending."""
        return predict_windows(self.spec, self.weights, windows)

    def intervals(self, windows: Windows, scaling: Scaling, levels: tuple[float, ...]) -> Intervals:
        """Forecast windows in the user's units.

        Args:
            windows: with the model's lookback.
            scaling: of the series that the windows are of, by `windows.series`.
            levels: of the intervals, in percent.
        """
        return self.calibrated(self.quantiles(windows), windows, scaling, levels)

    def ahead(
        self,
        rows: ModelRows,
        horizon: int,
        levels: tuple[float, ...],
        report: Report = lambda event: None,
        joint: Joint = NOTHING_JOINT,
    ) -> Iterator[Forecast]:
        """Continue all series, some after the other; memory does not grow with their number.

        Args:
            rows: what is continued.
            horizon: steps; beyond the model's own, its forecasts are fed back.
            levels: of the intervals, in percent, ascending.
            report: receives the progress.
            joint: what is asked beside the values of single steps; only within the model's own horizon.
        """
        total = rows.panel.n_series
        # Whole chunks, so that products of matrices have the same shape in all blocks but the last.
        size = CHUNK * max(1, (_ROWS if joint == NOTHING_JOINT else _ROWS_OF_PATHS) // (CHUNK * horizon))
        for begin in range(0, total, size):
            end = min(begin + size, total)
            yield self._block(rows, np.arange(begin, end), horizon, levels, joint)
            report(SeriesForecast(end, total))

    def of_series(self, rows: ModelRows, number: int, horizon: int, levels: tuple[float, ...]) -> Forecast:
        """Continue one series; the arguments are those of `ahead`."""
        return self._block(rows, np.array([number]), horizon, levels, NOTHING_JOINT)

    def _block(self, rows: ModelRows, series: Int64, horizon: int, levels: tuple[float, ...], joint: Joint) -> Forecast:
        """Continue neighbouring series."""
        spec, panel = self.spec, rows.panel
        blocks = -(-horizon // spec.horizon)
        windows = rows.newest_windows(series, lookback=spec.lookback, horizon=blocks * spec.horizon)
        quantiles, held = predict_ahead(spec, self.weights, windows, horizon, support_of(rows, series))
        known = reach.known_of(rows, series)
        made, far = reach.held(self.calibrated(quantiles, windows, rows.scaling, levels), known)
        ids, counts = panel.ids[series[0] : series[-1] + 1], (int(held.sum()), int((far & ~held).sum()))
        forecast = Forecast(ids, panel.ends[series], made.y_pred, levels, made.lower, made.upper, *counts)
        if joint == NOTHING_JOINT:
            return forecast
        paths = self._paths(quantiles, windows, rows.scaling, levels)
        return _with_joint(forecast, joint, reach.held_paths(paths, made.y_pred, known))

    def _paths(self, quantiles: Float32, windows: Windows, scaling: Scaling, levels: tuple[float, ...]) -> Float64:
        """Paths that values may take in the user's units, shape (samples, horizon, paths)."""
        unit = self.calibration.unit.of(windows, self.spec.season_length, quantiles.shape[1])
        made = sample_paths(
            self.calibration,
            quantiles.astype(np.float64),
            self.spec.quantiles,
            unit,
            levels,
            self._factors(windows, levels),
        )
        return scaling.inverse(made, windows.series[:, None, None])

    def _factors(self, windows: Windows, levels: tuple[float, ...]) -> Float64 | None:
        return self.factors.of(windows.series) if self.factors and self.factors.levels == levels else None

    def calibrated(
        self, quantiles: Float32, windows: Windows, scaling: Scaling, levels: tuple[float, ...]
    ) -> Intervals:
        """Medians and calibrated intervals in the user's units.

        Args:
            quantiles: forecasts of any horizon in model space, shape (samples, horizon, spec.quantiles).
            windows: that were forecast.
            scaling: of the series that the windows are of, by `windows.series`.
            levels: of the intervals, in percent.
        """
        spec, series = self.spec, windows.series[:, None]
        made, unit = (
            quantiles.astype(np.float64),
            self.calibration.unit.of(windows, spec.season_length, quantiles.shape[1]),
        )
        y_pred = scaling.inverse(made[:, :, spec.median], series)
        low, high = intervals(self.calibration, made, spec.quantiles, unit, levels, self._factors(windows, levels))
        lower = np.minimum(scaling.inverse(low, series[:, :, None]), y_pred[:, :, None])
        upper = np.maximum(scaling.inverse(high, series[:, :, None]), y_pred[:, :, None])
        return Intervals(y_pred, lower, upper)


def _with_joint(forecast: Forecast, joint: Joint, paths: Float64) -> Forecast:
    """The forecast with what is asked of its paths, of shape (samples, horizon, paths)."""

    def above(values: Float64) -> Above | None:
        return None if joint.above is None else Above(joint.above, np.mean(values > joint.above, axis=2))

    total = None
    if joint.total:
        median, lower, upper = totals(paths, forecast.levels)
        total = replace(forecast, y_pred=median, lower=lower, upper=upper)
        total = replace(total, above=above(paths.sum(axis=1, keepdims=True)))
    return replace(forecast, above=above(paths), total=total)


@dataclass(frozen=True)
class Support:
    """What is known of each sample's series, in model space.

    Args:
        low: least value, shape (samples, 1).
        high: largest value, shape (samples, 1).
        rows: how many values, shape (samples, 1).
        most: what no forecast may exceed, shape (samples, 1).
        reach: REACH, or LOG_REACH for values that are logarithms.
    """

    low: Float32
    high: Float32
    rows: Int64
    most: Float32
    reach: float = REACH

    def with_values(self, values: Float32) -> Support:
        """The same with some more values, shape (samples, n)."""
        low = np.fmin(self.low, values.min(axis=1, keepdims=True))
        return replace(self, low=low, high=np.fmax(self.high, values.max(axis=1, keepdims=True)))

    def bounds(self, steps: Int64) -> tuple[Float32, Float32]:
        """Least and largest forecast of some steps ahead, both of shape (samples, steps).

        reach x (1 + step / rows) spans beyond the known values, where a span is never below 1: a usual deviation.
        """
        beyond = self.reach * np.maximum(self.high - self.low, 1) * (1 + steps / self.rows)
        return self.low - beyond, np.minimum(self.high + beyond, self.most)


def support_of(rows: ModelRows, series: Int64) -> Support:
    """What is known of neighbouring series."""
    panel, scaling, column = rows.panel, rows.scaling, series[:, None]
    first, last = panel.offsets[series[0]], panel.offsets[series[-1] + 1]
    values, starts = panel.values[first:last], panel.offsets[series] - first
    edges = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    low, high = (scaling.transform(edge[:, None], column) for edge in edges)
    lengths = panel.lengths[series][:, None]
    if scaling.log == "none":
        return Support(low, high, lengths, np.full_like(high, np.inf))
    return Support(low, high, lengths, scaling.transform(np.full(high.shape, LARGEST), column), LOG_REACH)


def predict_ahead(
    spec: ModelSpec, weights: Weights, windows: Windows, horizon: int, support: Support
) -> tuple[Float32, Bool]:
    """Forecast any number of steps: beyond the model's own horizon, its medians are fed back as known values.

    A map that makes a little more of what it is given grows without end when it is fed its own forecasts; so from the
    second block on forecasts are held within the bounds of `support`, to which the first block is added.

    Args:
        spec: the model.
        weights: its tensors.
        windows: with what is known of whole blocks of the model's horizon.
        horizon: steps.
        support: what is known of the series.

    Returns:
        Shape (samples, horizon, spec.quantiles), and whether a sample was held, shape (samples,).
    """
    middle = spec.median
    blocks: list[Float32] = []
    held = np.zeros(len(windows), dtype=bool)
    for begin in range(0, horizon, spec.horizon):
        block = predict_windows(spec, weights, windows.within(spec.horizon))
        if begin:
            low, high = support.bounds(begin + np.arange(spec.horizon))
            free, block = block, np.clip(block, low[:, :, None], high[:, :, None]).astype(np.float32)
            held |= (free != block)[:, : horizon - begin].any(axis=(1, 2))
        else:
            support = support.with_values(block[:, :, middle])
        blocks.append(block)
        windows = windows.followed_by(block[:, :, middle])
    return np.concatenate(blocks, axis=1)[:, :horizon], held
