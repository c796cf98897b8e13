"""Windows in, forecasts out: one function for every model of the table, in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import ModelError
from tsforecast.forecast import Forecast, Intervals
from tsforecast.models import baselines
from tsforecast.models.calibration import Calibration, intervals, window_spread
from tsforecast.models.linear import predict_linear
from tsforecast.models.network.numpy_network import forward
from tsforecast.models.network.weights import Array, Weights
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.progress import Message, Report, SeriesForecast
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import LARGEST, Scaling
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import WindowIndex, gather_context

_BASELINES: dict[str, Callable[[Array, NDArray[np.bool_], int, int], Array]] = {
    "naive": baselines.naive,
    "seasonal-naive": baselines.seasonal_naive,
    "drift": baselines.drift,
}

# Spans of the known values by which forecasts that are fed back may leave them, and again for as many steps as there
# are known values: a trend goes on that far, growth may become several times as fast. Of logarithms growth is a trend.
REACH, LOG_REACH = 3.0, 1.0

# Windows at once: what a recurrent step works on stays in the processor's cache. A multiple of the 4 to 24 rows that
# the kernels of BLAS take together.
CHUNK = 192


def predict_windows(
    spec: ModelSpec, weights: Weights, context: Array, mask: NDArray[np.bool_], series: NDArray[np.int64]
) -> Array:
    """Forecast windows in model space.

    Args:
        spec: the model.
        weights: the tensors of its parts, under the prefixes `part0/`, `part1/`, ...
        context: shape (samples, lookback).
        mask: shape (samples, lookback), False where padded.
        series: shape (samples,); -1 for a series that the model was not trained on.

    Returns:
        Shape (samples, horizon, levels), ascending over the levels.
    """
    parts = [(part, part_weights(weights, number)) for number, part in enumerate(spec.parts)]
    y_pred = np.empty((len(context), spec.horizon, len(spec.levels)), np.float32)
    for begin in range(0, len(context), CHUNK):
        rows = slice(begin, begin + CHUNK)
        y_pred[rows] = _predict_chunk(spec, parts, context[rows], mask[rows], series[rows])
    return y_pred


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

    low: Array
    high: Array
    rows: NDArray[np.int64]
    most: Array
    reach: float = REACH

    def with_values(self, values: Array) -> Support:
        """With some more values, shape (samples, n)."""
        low = np.fmin(self.low, values.min(axis=1, keepdims=True))
        return replace(self, low=low, high=np.fmax(self.high, values.max(axis=1, keepdims=True)))

    def bounds(self, steps: NDArray[np.int64]) -> tuple[Array, Array]:
        """Least and largest forecast of some steps ahead, both of shape (samples, steps).

        reach x (1 + step / rows) spans beyond the known values, where a span is never below 1: a usual deviation.
        """
        beyond = self.reach * np.maximum(self.high - self.low, 1) * (1 + steps / self.rows)
        return self.low - beyond, np.minimum(self.high + beyond, self.most)


def predict_ahead(
    spec: ModelSpec,
    weights: Weights,
    context: Array,
    mask: NDArray[np.bool_],
    series: NDArray[np.int64],
    horizon: int,
    support: Support,
) -> tuple[Array, NDArray[np.bool_]]:
    """Forecast any number of steps: beyond the model's own horizon, its medians become the context of the next block.

    A map that makes a little more of what it is given grows without end when it is fed its own forecasts; so from the
    second block on forecasts are held within the bounds of `support`, to which the first block is added.

    Returns:
        Shape (samples, horizon, levels), and whether a sample was held, shape (samples,).
    """
    middle = spec.levels.index(0.5)
    blocks: list[Array] = []
    held = np.zeros(len(context), dtype=bool)
    for begin in range(0, horizon, spec.horizon):
        block = predict_windows(spec, weights, context, mask, series)
        if begin:
            low, high = support.bounds(begin + np.arange(spec.horizon))
            free, block = block, np.clip(block, low[:, :, None], high[:, :, None]).astype(np.float32)
            held |= (free != block)[:, : horizon - begin].any(axis=(1, 2))
        else:
            support = support.with_values(block[:, :, middle])
        blocks.append(block)
        known = np.ones(block.shape[:2], dtype=bool)
        context = np.concatenate([context, block[:, :, middle]], axis=1)[:, -spec.lookback :]
        mask = np.concatenate([mask, known], axis=1)[:, -spec.lookback :]
    return np.concatenate(blocks, axis=1)[:, :horizon], held


def in_user_units(
    quantiles: Array,
    spread: NDArray[np.float64],
    *,
    spec: ModelSpec,
    calibration: Calibration,
    scaling: Scaling,
    series: NDArray[np.int64],
    levels: tuple[float, ...],
) -> Intervals:
    """Medians and calibrated intervals, with the scaling undone.

    Args:
        quantiles: in model space, shape (samples, horizon, spec.levels).
        spread: of each window in model space, shape (samples, 1).
        spec: the model.
        calibration: of its intervals.
        scaling: to be undone.
        series: number of each sample's series in `scaling`, shape (samples,).
        levels: of the intervals in percent.
    """
    made, column = quantiles.astype(np.float64), series[:, None]
    y_pred = scaling.inverse(made[:, :, spec.levels.index(0.5)], column)
    low, high = intervals(calibration, made, spec.levels, spread, levels)
    lower = np.minimum(scaling.inverse(low, column[:, :, None]), y_pred[:, :, None])
    upper = np.maximum(scaling.inverse(high, column[:, :, None]), y_pred[:, :, None])
    return Intervals(y_pred, lower, upper)


def part_weights(weights: Weights, number: int) -> Weights:
    """The tensors of one part of a model, under their own names."""
    prefix = f"part{number}/"
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def joined_weights(parts: Sequence[Weights]) -> Weights:
    """The tensors of all parts of a model under one roof."""
    return {f"part{i}/{name}": value for i, part in enumerate(parts) for name, value in part.items()}


def combine(spec: ModelSpec, outputs: Sequence[Array]) -> Array:
    """The weighted mean of the parts' forecasts, level by level (Vincent averaging, which keeps quantiles in order).

    Parts that forecast a point only move the middle of what the networks say of the spread.

    Args:
        spec: the model.
        outputs: of each part, shape (samples, horizon, levels) or (samples, horizon, 1).

    Returns:
        Shape (samples, horizon, spec.levels).
    """
    middle = spec.levels.index(0.5)
    shares = np.array([part.share for part in spec.parts], np.float32)
    points = np.stack([y[:, :, middle if part.network else 0] for part, y in zip(spec.parts, outputs, strict=True)])
    point: Array = np.tensordot(shares, points, axes=1)[:, :, None]
    networks = [number for number, part in enumerate(spec.parts) if part.network]
    if not networks:
        return point
    spreads = np.stack([outputs[i] - points[i][:, :, None] for i in networks])
    weights = shares[networks] / shares[networks].sum()
    return np.asarray(point + np.tensordot(weights, spreads, axes=1), np.float32)


def _predict_chunk(
    spec: ModelSpec,
    parts: Sequence[tuple[Part, Weights]],
    context: Array,
    mask: NDArray[np.bool_],
    series: NDArray[np.int64],
) -> Array:
    outputs = [
        predict_part(part, spec, weights, context[:, -part.lookback :], mask[:, -part.lookback :], series)
        for part, weights in parts
    ]
    return outputs[0] if len(outputs) == 1 else combine(spec, outputs)


def predict_part(
    part: Part,
    spec: ModelSpec,
    weights: Weights,
    context: Array,
    mask: NDArray[np.bool_],
    series: NDArray[np.int64],
) -> Array:
    """Forecast windows of the part's own lookback with its own weights, shape (samples, horizon, levels or 1)."""
    if part.network is not None:
        return forward(part.network, weights, context, mask, series)
    if part.name == "linear":
        return predict_linear(weights, context, mask)[:, :, None]
    if part.name not in _BASELINES:
        raise ModelError(f"the model '{part.name}' is not known to this version")
    return _BASELINES[part.name](context, mask, spec.horizon, spec.season_length)[:, :, None]


# Rows of forecasts made at once: what is worked on stays near the processor, whatever the number of series.
_ROWS = 32_768


@dataclass(frozen=True)
class Continuation:
    """All that a forecast follows from.

    Args:
        spec: of the model.
        weights: its tensors.
        calibration: of its intervals.
        history: rows to continue, in the user's units.
        scaling: of the series of `history`, in their order.
        series: each one's number in training, -1 for one that was not there, shape (n_series,).
        horizon: steps.
        levels: of the intervals, in percent, ascending.
        tell: receives a warning, once all is forecast, where forecasts that are fed back had to be held.
    """

    spec: ModelSpec
    weights: Weights
    calibration: Calibration
    history: Panel
    scaling: Scaling
    series: NDArray[np.int64]
    horizon: int
    levels: tuple[float, ...]
    tell: Report = lambda event: None

    def blocks(self, report: Report = lambda event: None) -> Iterator[Forecast]:
        """Forecast some series after the other; memory does not grow with their number."""
        total = self.history.n_series
        # Whole chunks, so that products of matrices have the same shape in all blocks but the last.
        size = CHUNK * max(1, _ROWS // (CHUNK * self.horizon))
        held = 0
        for begin in range(0, total, size):
            block = self._block(np.arange(begin, min(begin + size, total)))
            held += block.held
            yield block
            report(SeriesForecast(min(begin + size, total), total))
        if held:
            self.tell(Message("warning", held_in_words(held)))

    def forecast(self) -> Forecast:
        """Forecast all series at once."""
        blocks = list(self.blocks())
        y_pred, lower, upper = (
            np.concatenate([getattr(block, name) for block in blocks]) for name in ("y_pred", "lower", "upper")
        )
        starts, held = self.history.starts + self.history.lengths, sum(block.held for block in blocks)
        return Forecast(self.history.ids, starts, y_pred, self.levels, lower, upper, held)

    @cached_property
    def _seen(self) -> Panel:
        return without_strays(self.history)

    def _block(self, numbers: NDArray[np.int64]) -> Forecast:
        history, spec = self._seen, self.spec
        index = WindowIndex(history.offsets[numbers + 1], numbers)
        values, mask = gather_context(history.values, history.offsets, index, lookback=spec.lookback)
        context = self.scaling.transform(values, numbers[:, None])
        support = self._support(numbers)
        quantiles, held = predict_ahead(spec, self.weights, context, mask, self.series[numbers], self.horizon, support)
        made = in_user_units(
            quantiles,
            window_spread(context, mask, spec.season_length),
            spec=spec,
            calibration=self.calibration,
            scaling=self.scaling,
            series=numbers,
            levels=self.levels,
        )
        ids = history.ids[numbers[0] : numbers[-1] + 1]
        starts = (history.starts + history.lengths)[numbers]
        return Forecast(ids, starts, made.y_pred, self.levels, made.lower, made.upper, int(held.sum()))

    def _support(self, numbers: NDArray[np.int64]) -> Support:
        """What is known of neighbouring series."""
        offsets = self._seen.offsets
        first, last = offsets[numbers[0]], offsets[numbers[-1] + 1]
        values, starts = self._seen.values[first:last], offsets[numbers] - first
        edges = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        low, high = (self.scaling.transform(edge[:, None], numbers[:, None]) for edge in edges)
        rows, most = self._seen.lengths[numbers][:, None], np.full_like(high, np.inf)
        if self.scaling.log == "none":
            return Support(low, high, rows, most)
        largest = self.scaling.transform(np.full(high.shape, LARGEST), numbers[:, None])
        return Support(low, high, rows, largest, LOG_REACH)


def held_in_words(series: int) -> str:
    """What is said of forecasts that were held."""
    return (
        f"fed back, the forecasts of {series:,} series ran away from all known values: they were held within a few "
        "times the span of these; fit with a longer --horizon"
    )
