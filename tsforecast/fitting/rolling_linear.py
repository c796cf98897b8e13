"""Linear models at origins of the past, with and without what else is known: whether a gain is more than chance.

The newer half of the known rows is cut into stretches. For each of them a ridge regression is fitted to the windows
before it and judged on those inside it. The windows' values are taken out of the equations once (partial regression, as
Frisch, Waugh and Lovell have shown): what is left of the other columns is a small system for each set of them, so that
many sets can be compared.

Two sets are compared on the same windows: the differences of their errors are averaged over blocks of at least one
horizon, and the means of the blocks go into a t-test (paired_test.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float32, Float64, Int64
from tsforecast.fitting.paired_test import p_value
from tsforecast.fitting.plan import FixedChoices
from tsforecast.fitting.quick_linear import LEAST_TRAIN, Space, least_context, scaler_for
from tsforecast.models.linear import RIDGES, normal_equations, normalised
from tsforecast.models.network.config import Inputs
from tsforecast.models.network.linear_inputs import column_numbers, linear_width
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import Scaling, fit_scaling
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.series.split import Split
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import Batch, Calendar, ModelRows, WindowIndex, model_rows, window_index

_STRETCHES, _SHARE, _MOST_HORIZONS = 5, 0.5, 20
_TRAIN_SAMPLE, _JUDGED_SAMPLE = 8000, 2500
_LEAST_BLOCKS, _MOST_BLOCKS = 3, 20

Strengths = Mapping[int, float]  # of the columns that are read, by their numbers


@dataclass(frozen=True)
class _Judged:
    """Windows that are judged by.

    Args:
        x: their inputs and a one, shape (samples, width + 1).
        center: that goes back onto a forecast, shape (samples, 1).
        scale: likewise.
        y_true: in the user's units, shape (samples, horizon).
        observed: which of them count, likewise.
        series: of each window.
        stretch: number of the stretch of each, 0 for the newest.
        back: rows from the window's origin to the end of what is known.
    """

    x: Float32
    center: Float32
    scale: Float32
    y_true: Float64
    observed: Bool
    series: Int64
    stretch: Int64
    back: Int64


@dataclass(frozen=True)
class _Reduced:
    """The equations of one stretch without the values of the windows.

    Args:
        windows: that are judged in it, by number.
        base: their forecasts from the values alone, shape (samples, horizon).
        x: what the values do not say of the other columns, shape (samples, columns).
        gram: the same of the windows before, shape (columns, columns).
        moment: shape (columns, horizon).
        unit: that a strength of 1 is.
    """

    windows: Int64
    base: Float64
    x: Float64
    gram: Float64
    moment: Float64
    unit: float


class RollingLinear:
    """Linear models of some rows.

    Args:
        panel: the series; rows from the calibration part on are not looked at.
        split: its parts.
        basics: season and horizon.
        inputs: all that could be read.
        calendar: likewise.
        space: lookback, transform and normalisation.
    """

    def __init__(
        self, panel: Panel, split: Split, basics: FixedChoices, inputs: Inputs, calendar: Calendar, space: Space
    ) -> None:
        self.inputs, self.space, self.horizon = inputs, space, basics.horizon
        self.end = split.validation_end
        least = least_context(split, basics, space.lookback)
        every = window_index(
            panel.offsets, np.zeros_like(self.end), self.end, horizon=basics.horizon, min_context=least
        )
        usable = self.end[self.end >= least + basics.horizon]
        typical = int(np.median(usable)) if len(usable) else 0
        most = _MOST_HORIZONS * basics.horizon
        self.rows = int(np.clip(_SHARE * typical / _STRETCHES, basics.horizon, most))
        ages = self._back(panel, every) - basics.horizon  # rows after a window
        enough = [count for count in range(1, _STRETCHES + 1) if (ages >= count * self.rows).sum() >= LEAST_TRAIN]
        self.stretches = max(enough, default=0)
        self.errors: dict[tuple[tuple[int, float], ...], Float64] = {}
        self.others: Int64 = np.empty(0, np.int64)
        if not self.stretches:
            return
        begins = np.maximum(0, self.end - self.stretches * self.rows)
        seen = without_strays(panel, begins)
        self.scaling: Scaling = fit_scaling(seen, begins, method=scaler_for(space.normalisation), log=space.log)
        rows = model_rows(seen, self.scaling, calendar=calendar)
        unit, _ = seasonal_errors(seen, basics.season_length, begins)
        self.unit = np.where(np.isfinite(unit) & (unit > 0), unit, np.nan)
        self.numbers = column_numbers(inputs, space.lookback, basics.horizon)
        self.equations = self._equations(rows, every.at_most(_TRAIN_SAMPLE))
        self.judged = self._judged(rows, seen, every.take(np.flatnonzero(self._inside(self._back(panel, every)))))
        tried = [[self._reduced(number, ridge, ()) for number in range(self.stretches)] for ridge in RIDGES]
        best = int(np.argmin([_mean(self._errors(one, {})) for one in tried]))
        others = np.flatnonzero(self.numbers >= 0)
        self.others = self.numbers[others]
        self.reduced = [self._reduced(number, RIDGES[best], others) for number in range(self.stretches)]

    @property
    def can_tell(self) -> bool:
        """Whether there are rows enough to compare anything."""
        return self.stretches > 0 and self._blocks(np.isfinite(self.of({}))) >= _LEAST_BLOCKS

    def of(self, strengths: Strengths) -> Float64:
        """Mean error of each judged window with some columns, in seasonal differences; NaN where nothing counts."""
        key = tuple(sorted(strengths.items()))
        if key not in self.errors:
            self.errors[key] = self._errors(self.reduced, strengths)
        return self.errors[key]

    def mean(self, strengths: Strengths) -> float:
        """Mean error over all windows; infinite where there is none."""
        return _mean(self.of(strengths))

    def p_value(self, without: Strengths, strengths: Strengths) -> float:
        """Chance of such a gain of the second over the first, if there were none."""
        difference, back = self.of(without) - self.of(strengths), self.judged.back
        used = np.isfinite(difference)
        _, place = np.unique(back[used], return_inverse=True)
        means = np.bincount(place, difference[used]) / np.bincount(place)
        blocks = self._blocks(used)
        return p_value(means, blocks) if blocks >= _LEAST_BLOCKS else 1.0

    def _blocks(self, used: Bool) -> int:
        """Blocks of at least one horizon that some of the judged windows fill."""
        places = np.unique(self.judged.back[used])
        span = int(places[-1] - places[0]) + self.horizon if len(places) else 0
        return min(span // self.horizon, _MOST_BLOCKS, len(places))

    def _back(self, panel: Panel, index: WindowIndex) -> Int64:
        return self.end[index.series] - (index.origins - panel.offsets[index.series])

    def _inside(self, back: Int64) -> Bool:
        """Which windows lie in one stretch with their whole target."""
        last = (back - self.horizon) // self.rows
        return (last == (back - 1) // self.rows) & (last < self.stretches)

    def _gather(self, rows: ModelRows, index: WindowIndex) -> Iterator[Batch]:
        return rows.batches(index, lookback=self.space.lookback, horizon=self.horizon)

    def _equations(self, rows: ModelRows, index: WindowIndex) -> list[tuple[Float64, Float64]]:
        """X'X and X'Y of the windows before each stretch, the newest first."""
        width = linear_width(self.inputs, self.space.lookback, self.horizon)
        after = (self._back(rows.panel, index) - self.horizon) // self.rows  # whole stretches after a window
        found: list[tuple[Float64, Float64]] = []
        for count in range(self.stretches, 0, -1):
            chosen = after >= count if count == self.stretches else after == count
            some = self._gather(rows, index.take(np.flatnonzero(chosen)))
            gram, moment = normal_equations(some, width, self.horizon, self.space.normalisation, self.inputs)
            found.append((gram + found[-1][0], moment + found[-1][1]) if found else (gram, moment))
        return found[::-1]

    def _judged(self, rows: ModelRows, panel: Panel, index: WindowIndex) -> _Judged:
        index = index.at_most(_JUDGED_SAMPLE)
        batches = list(self._gather(rows, index))
        parts = [normalised(batch.windows, self.space.normalisation, self.inputs) for batch in batches]
        read, center, scale = (np.concatenate(each) for each in zip(*parts, strict=True))
        steps, back = index.origins[:, None] + np.arange(self.horizon), self._back(panel, index)
        return _Judged(
            x=np.concatenate([read, np.ones((len(read), 1), np.float32)], axis=1),
            center=center,
            scale=scale,
            y_true=panel.values[steps],
            observed=panel.observed[steps] & np.isfinite(self.unit[index.series])[:, None] & np.isfinite(center),
            series=index.series,
            stretch=(back - self.horizon) // self.rows,
            back=back,
        )

    def _reduced(self, number: int, ridge: float, others: Int64 | tuple[()]) -> _Reduced:
        """The equations of a stretch for some columns of X beside those of the values."""
        gram, moment = self.equations[number]
        own, others = np.append(np.flatnonzero(self.numbers < 0), len(self.numbers)), np.asarray(others, np.int64)
        unit = float(np.diag(gram)[own[:-1]].mean()) or 1.0
        penalty = np.append(np.full(len(own) - 1, ridge * unit), 0.0)
        crossed = gram[np.ix_(own, others)]
        solved = np.linalg.solve(
            gram[np.ix_(own, own)] + np.diag(penalty), np.concatenate([crossed, moment[own]], axis=1)
        )
        of_others, of_values = solved[:, : len(others)], solved[:, len(others) :]
        windows = np.flatnonzero(self.judged.stretch == number)
        x = self.judged.x[windows].astype(np.float64)
        return _Reduced(
            windows=windows,
            base=x[:, own] @ of_values,
            x=x[:, others] - x[:, own] @ of_others,
            gram=gram[np.ix_(others, others)] - crossed.T @ of_others,
            moment=moment[others] - crossed.T @ of_values,
            unit=unit,
        )

    def _errors(self, reduced: list[_Reduced], strengths: Strengths) -> Float64:
        judged = self.judged
        made = np.full(judged.y_true.shape, np.nan)
        chosen = np.flatnonzero(np.isin(self.others, list(strengths))) if strengths else np.empty(0, np.int64)
        held = np.array([strengths[number] for number in self.others[chosen].tolist()]) if strengths else chosen
        for one in reduced:
            made[one.windows] = one.base
            if len(chosen):
                equations = one.gram[np.ix_(chosen, chosen)] + np.diag(held * one.unit)
                made[one.windows] += one.x[:, chosen] @ np.linalg.solve(equations, one.moment[chosen])
        back = (made * judged.scale + judged.center).astype(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            error = np.abs(self.scaling.inverse(back, judged.series[:, None]) - judged.y_true)
            error /= self.unit[judged.series][:, None]
            used = judged.observed & np.isfinite(made)
            means = np.where(used, error, 0.0).sum(axis=1) / used.sum(axis=1)
        return np.where(np.isfinite(means), means, np.nan)


def _mean(errors: Float64) -> float:
    return float(np.nanmean(errors)) if np.isfinite(errors).any() else np.inf
