"""Quick linear models: how well a lookback, a transform and a normalisation suit the data, before any network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.fitting.plan import FixedChoices
from tsforecast.models.linear import fit_linear, predict_linear
from tsforecast.series.covariates import no_covariates
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import fit_scaling
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.series.split import Split
from tsforecast.series.strays import without_strays
from tsforecast.series.weekly_cycle import weekly_cycles, without_cycles
from tsforecast.series.windows import Batch, WindowIndex, model_rows, window_index

_TRAIN_SAMPLE, _VALIDATION_SAMPLE = 8000, 3000

# Fewer windows than these say nothing: a choice among them would follow the noise.
LEAST_TRAIN, _LEAST_POINTS = 10, 30
MANY_WINDOWS, NEARLY_ALL = 10_000, 0.9


@dataclass(frozen=True)
class Space:
    """What windows are like for a model: steps seen, transform of the values, normalisation of each window."""

    lookback: int
    log: str
    normalisation: str


class QuickLinear:
    """Quick linear models under one set of held-out rows."""

    def __init__(self, panel: Panel, split: Split, basics: FixedChoices) -> None:
        # What is not read would be gathered all the same.
        panel = without_strays(replace(panel, covariates=no_covariates(panel.offsets)), split.train_end)
        self.panel, self.split, self.basics = panel, split, basics
        unit, _ = seasonal_errors(panel, basics.season_length, split.train_end)
        self.unit = np.where(np.isfinite(unit) & (unit > 0), unit, np.nan)
        self.errors: dict[tuple[int, str, str, int, str | None], float] = {}

    def windows(self, subset: str, lookback: int, most: int) -> WindowIndex:
        first, last = self.split.borders(subset)
        least = least_context(self.split, self.basics, lookback)
        index = window_index(self.panel.offsets, first, last, horizon=self.basics.horizon, min_context=least)
        return index.at_most(most)

    def error(self, lookback: int, log: str, normalisation: str, week: int = 0, time_zone: str | None = None) -> float:
        """Validation error of a ridge, in seasonal differences; infinite where it cannot be had.

        Args:
            lookback: steps seen.
            log: logarithm of the values.
            normalisation: of each window.
            week: steps of the usual week that is forecast apart; 0 for none.
            time_zone: that tells the week.
        """
        # Several choices compare with the same model.
        key = lookback, log, normalisation, week, time_zone if week else None
        if key not in self.errors:
            self.errors[key] = self._error(*key)
        return self.errors[key]

    def _error(self, lookback: int, log: str, normalisation: str, week: int, time_zone: str | None) -> float:
        panel, horizon = self.panel, self.basics.horizon
        train = self.windows("train", lookback, _TRAIN_SAMPLE)
        validation = self.windows("validation", lookback, _VALIDATION_SAMPLE)
        if len(train) < LEAST_TRAIN or len(validation) * horizon < _LEAST_POINTS:
            return np.inf
        method = scaler_for(normalisation)
        scaling = fit_scaling(panel, self.split.train_end, method=method, log=log)
        in_model_space = model_rows(panel, scaling)
        usual = np.zeros(len(panel.values), np.float32)
        if week:
            cycles = weekly_cycles(in_model_space, self.split.train_end, week, time_zone)
            in_model_space, usual = without_cycles(in_model_space, cycles, time_zone)

        def gathered(index: WindowIndex) -> Iterator[Batch]:
            return in_model_space.batches(index, lookback=lookback, horizon=horizon)

        if not any(batch.observed.all(axis=1).any() for batch in gathered(train)):
            return np.inf
        weights, _ = fit_linear(
            gathered(train), lookback, horizon, validation=gathered(validation), normalisation=normalisation
        )
        parts = [predict_linear(weights, batch.windows, normalisation=normalisation) for batch in gathered(validation)]
        rows, series = validation.origins[:, None] + np.arange(horizon), validation.series[:, None]
        made = np.concatenate(parts) + usual[rows]
        with np.errstate(over="ignore", invalid="ignore"):
            error = np.abs(scaling.inverse(made, series) - panel.values[rows]) / self.unit[series]
        used = panel.observed[rows] & np.isfinite(self.unit[series])
        total = float(np.where(used, error, 0.0).sum())
        return total / float(used.sum()) if used.any() and np.isfinite(total) else np.inf


def scaler_for(normalisation: str) -> str:
    """The scaler that goes with a normalisation: one that divides by the level needs zero to stay zero."""
    return "scale" if normalisation == "mean-level" else "standard"


def least_context(split: Split, basics: FixedChoices, lookback: int) -> int:
    """Full windows only where nearly all series have them and they are many; otherwise shorter ones are padded."""
    long_enough = split.end >= lookback + 2 * basics.horizon
    full = count_windows(split.train_end, lookback, basics.horizon)
    padded = count_windows(split.train_end, basics.min_context, basics.horizon)
    if np.mean(long_enough) >= NEARLY_ALL and full and (2 * full >= padded or full >= MANY_WINDOWS):
        return lookback
    return min(lookback, basics.min_context)


def count_windows(rows: Int64, context: int, horizon: int) -> int:
    """How many windows series of so many rows have, with a context of so many."""
    return int(np.maximum(0, rows - context - horizon + 1).sum())
