"""Errors on held-out windows, and the unit that suits those of a point model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64
from tsforecast.models.calibration import calibrate, score_at
from tsforecast.models.error_unit import WINDOW_UNIT, ErrorUnit, Spreads

# Powers of the spreads of the window and of the phase that are tried.
_POWERS = ((1.0, 0.0), (0.5, 0.5), (0.0, 1.0), (0.5, 0.0), (0.0, 0.5), (0.0, 0.0))
_LEVELS = (0.8, 0.95)
_LEAST = 8  # windows to choose by
_MOST = 1024


@dataclass(frozen=True)
class HeldOutErrors:
    """Errors of a model on held-out windows in model space.

    Args:
        errors: shape (samples, horizon).
        observed: False where the true value was filled in, shape (samples, horizon).
        spreads: of the windows.
    """

    errors: Float64
    observed: Bool
    spreads: Spreads

    def __len__(self) -> int:
        return len(self.errors)

    def scores(self, unit: ErrorUnit) -> Float64:
        """The errors in a unit, shape (samples, horizon)."""
        return self.errors / unit.made_of(self.spreads)

    def at_most(self, most: int) -> HeldOutErrors:
        """Evenly spread windows, where there are more than so many."""
        if len(self) <= most:
            return self
        some = np.linspace(0, len(self) - 1, most).round().astype(np.int64)
        return HeldOutErrors(self.errors[some], self.observed[some], self.spreads.take(some))


def no_errors(horizon: int) -> HeldOutErrors:
    """No window at all."""
    nothing = np.empty((0, horizon))
    spreads = Spreads(np.empty((0, 1)), nothing, np.empty((0, 1)))
    return HeldOutErrors(nothing, nothing.astype(bool), spreads)


def joined(pools: Sequence[HeldOutErrors]) -> HeldOutErrors:
    """All windows of some pools."""
    whole = [pool for pool in pools if len(pool)] or list(pools[:1])
    return HeldOutErrors(
        np.concatenate([pool.errors for pool in whole]),
        np.concatenate([pool.observed for pool in whole]),
        Spreads(
            np.concatenate([pool.spreads.window for pool in whole]),
            np.concatenate([pool.spreads.phase for pool in whole]),
            np.concatenate([pool.spreads.usual for pool in whole]),
        ),
    )


def choose_unit(held_out: HeldOutErrors, usual: Float64) -> ErrorUnit:
    """The unit in which calibrated intervals score best on the windows that they are calibrated on.

    Args:
        held_out: errors of a point model.
        usual: spread of each series that was trained on, in model space, shape (n_series,).
    """
    if np.count_nonzero(held_out.observed.any(axis=1)) < _LEAST:
        return WINDOW_UNIT
    some = held_out.at_most(_MOST)
    tried = [ErrorUnit(*powers, usual if sum(powers) < 1 else np.empty(0)) for powers in _POWERS]
    return min(tried, key=lambda unit: _interval_score(some, unit))


def _interval_score(held_out: HeldOutErrors, unit: ErrorUnit) -> float:
    """The interval scores of all levels, in model space, multiplied, so that each counts by its own size."""
    of_windows = unit.made_of(held_out.spreads)
    size, observed = np.abs(held_out.errors), held_out.observed
    calibration = calibrate(held_out.errors / of_windows, observed)
    score = 1.0
    for level in _LEVELS:
        half = score_at(calibration, (1 + level) / 2) * of_windows
        score *= float(np.mean((2 * half + 2 / (1 - level) * np.maximum(size - half, 0))[observed]))
    return score
