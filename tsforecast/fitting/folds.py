"""Rolling origins: the moments of the past at which a backtest forecasts, and what was known at each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.errors import DataError


@dataclass(frozen=True)
class Folds:
    """The windows of a backtest, the oldest first.

    Args:
        cutoffs: row of each series that the forecast of each window begins with, counted within the series; not above
            zero where a series had not begun. Shape (windows, n_series).
        horizon: steps that each window forecasts and scores.
        gap: rows before a cutoff that were not known yet.
        sliding: newest rows that a model may learn from; None for all.
        refit: windows that share a model, which is fitted before the first of them; 0 for all.
    """

    cutoffs: Int64
    horizon: int
    gap: int = 0
    sliding: int | None = None
    refit: int = 1

    def __len__(self) -> int:
        return len(self.cutoffs)

    @property
    def step(self) -> int:
        """Rows from one cutoff to the next."""
        behind = self.cutoffs[:2, 0]
        return int(behind[-1] - behind[0]) or self.horizon

    @property
    def fits(self) -> list[range]:
        """The windows that share a model, one range for each fit."""
        each = self.refit or len(self)
        return [range(begin, min(begin + each, len(self))) for begin in range(0, len(self), each)]

    def known(self, window: int) -> Int64:
        """Rows of each series that were known at a window, shape (n_series,)."""
        return np.maximum(0, self.cutoffs[window] - self.gap)

    def learned(self, window: int) -> tuple[Int64, Int64]:
        """First row of each series that a model fitted for a window may learn from, and the row after the last."""
        last = self.known(window)
        return (np.zeros_like(last) if self.sliding is None else np.maximum(0, last - self.sliding)), last


def rolling_folds(
    lengths: Int64,
    *,
    horizon: int,
    windows: int,
    step: int | None = None,
    gap: int = 0,
    sliding: int | None = None,
    refit: int = 1,
) -> Folds:
    """Windows that end with the last row of each series, and others before it.

    Args:
        lengths: rows of each series, shape (n_series,).
        horizon: steps of a window.
        windows: how many.
        step: rows between one cutoff and the next; None for the horizon, so that windows do not overlap.
        gap: rows before a cutoff that are not known yet, as where data come late.
        sliding: newest rows to learn from; None for all.
        refit: windows that share a model; 0 for all.

    Raises:
        DataError: no series has a row before its first window.
    """
    step = horizon if step is None else step
    behind = horizon + step * np.arange(windows - 1, -1, -1)
    cutoffs = lengths[None, :] - behind[:, None]
    longest, needed = int(lengths.max(initial=0)), int(behind[0]) + gap
    if longest <= needed:
        raise DataError(
            f"the longest series has {longest:,} rows, and {windows} windows reach {needed:,} rows back",
            hint="ask for fewer --windows, a smaller --step or a smaller --horizon",
        )
    return Folds(cutoffs.astype(np.int64), horizon, gap, sliding, refit)
