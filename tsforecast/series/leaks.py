"""Columns that are said to be known ahead, and look as if they were measured afterwards.

What no one could know ahead is how far a series has moved since the forecast was made. A column that follows this move
nearly exactly, and did not show it a horizon before, is most likely the outcome itself: a forecast that is given such
a column looks better on past data than it will ever be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.series.panel import Panel

_FOLLOWS = 0.95  # rank correlation from which on a column follows the values
_STILL_FOLLOWS = 0.6  # above it the relation is no news of the last horizon
_FEWEST = 30
_ROUNDING = 1e-9
_MOST_SERIES, _MOST_ROWS = 50, 5000


@dataclass(frozen=True)
class Leak:
    """A column that seems to be measured afterwards.

    Args:
        column: its name.
        now: rank correlation of its moves with those of the values at the same time.
        before: the same with its moves a horizon earlier.
    """

    column: str
    now: float
    before: float

    @property
    def message(self) -> str:
        """The warning."""
        return (
            f"column '{self.column}' is said to be known ahead and follows the values nearly exactly (rank correlation "
            f"{self.now:.2f}, a horizon earlier {self.before:.2f}): if it is measured afterwards, scores are too good "
            f"to be true; name it with --past-col instead"
        )


def find_leaks(panel: Panel, columns: tuple[str, ...], horizon: int, season_length: int = 1) -> tuple[Leak, ...]:
    """The future columns of a panel that seem to be measured afterwards.

    Args:
        panel: with the columns as its future covariates.
        columns: their names.
        horizon: steps that are forecast.
        season_length: steps; moves are taken over whole seasons, so that what the calendar tells is none.
    """
    shift = -(-horizon // season_length) * season_length
    numbers = np.argsort(-panel.lengths, kind="stable")[:_MOST_SERIES]
    found = []
    for place, name in enumerate(columns):
        pairs = []
        for number in numbers.tolist():
            rows = slice(int(panel.offsets[number]), int(panel.offsets[number + 1]))
            begin = int(panel.covariates.future_offsets[number])
            column = panel.covariates.future[begin : begin + int(panel.lengths[number]), place]
            values = np.where(panel.observed[rows], panel.values[rows], np.nan)
            pair = moves_together(values[-_MOST_ROWS:], column[-_MOST_ROWS:], shift)
            if pair is not None:
                pairs.append(pair)
        if pairs:
            now, before = (float(np.median(side)) for side in zip(*pairs, strict=True))
            if abs(now) >= _FOLLOWS and abs(before) <= _STILL_FOLLOWS:
                found.append(Leak(name, now, before))
    return tuple(found)


def moves_together(values: Float64, column: Float64, shift: int) -> tuple[float, float] | None:
    """How a column moves with a series over `shift` steps, and how it moved that long before.

    Args:
        values: of the series, NaN where missing, shape (n,).
        column: shape (n,).
        shift: steps.

    Returns:
        Two rank correlations; None where too few values are left, or where one of the two never moves.
    """
    own, other = _moves(values, shift), _moves(column, shift)
    now = _rank_correlation(own, other)
    before = _rank_correlation(own[shift:], other[:-shift]) if own.size > shift else None
    return None if now is None or before is None else (now, before)


def _moves(values: Float64, shift: int) -> Float64:
    """How far a series moves over `shift` steps; what only rounding moves stands still."""
    moves = values[shift:] - values[:-shift]
    least = _ROUNDING * np.nanmax(np.abs(values), initial=0.0)
    return np.where(np.abs(moves) <= least, 0.0, moves)


def _rank_correlation(left: Float64, right: Float64) -> float | None:
    """Spearman's, of the pairs without NaN; None where too few are left or one side is constant."""
    both = np.isfinite(left) & np.isfinite(right)
    if np.count_nonzero(both) < _FEWEST:
        return None
    ranks = [_ranks(side[both]) for side in (left, right)]
    if any(np.ptp(side) == 0 for side in ranks):
        return None
    matrix: Float64 = np.corrcoef(ranks)
    return float(matrix[0, 1])


def _ranks(values: Float64) -> Float64:
    """The rank of each value, equal ones in the middle of theirs."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    middles: Float64 = np.cumsum(counts) - (counts - 1) / 2
    return middles[codes]
