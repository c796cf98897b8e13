"""The series to be continued and the model that continues them, a block of series at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tsforecast.models.calibration import Calibration, window_spread
from tsforecast.models.events import Message, Report, SeriesForecast
from tsforecast.models.forecasting import CHUNK, LOG_REACH, Support, in_user_units, predict_ahead
from tsforecast.models.spec import Forecast, ModelSpec, Weights
from tsforecast.scaling import LARGEST, Scaling
from tsforecast.series import Panel
from tsforecast.strays import without_strays
from tsforecast.windows import WindowIndex, gather_context

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
