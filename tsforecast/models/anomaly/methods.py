"""Scores of a series by one method or by all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.models.anomaly.discord import discord
from tsforecast.models.anomaly.names import AUTO, RESIDUALS
from tsforecast.models.anomaly.polynomial import polynomial
from tsforecast.models.anomaly.residuals import residuals
from tsforecast.models.anomaly.subpca import subpca
from tsforecast.models.anomaly.tail import surprise

LEAST_ROWS = 32  # of a series, below which nothing is usual
# Values and window to scores, shape (rows,), or (scores, rows) of a method that has several.
Scorer = Callable[[Float64, int], Float64]
SCORERS: dict[str, Scorer] = {
    "subpca": subpca,
    "discord": discord,
    "polynomial": polynomial,
    RESIDUALS: residuals,
}


def score_rows(values: Float64, window: int, method: str = AUTO, forecasts: Float64 | None = None) -> Float64:
    """The surprise of each row by a method, shape (rows,).

    `auto` is the mean surprise by all scores: the logarithms of ranks, as Fisher combines tests. It needs no labels,
    and what several find unusual wins over what one finds very unusual.

    Args:
        values: complete, of at least LEAST_ROWS rows.
        window: rows of a window.
        method: one of NAMES.
        forecasts: how wrong the forecasts of a model were at each row, NaN where there was none, shape (rows,). They
            are one score more for `auto`, and `residuals` are these alone.
    """
    found = [forecasts] if forecasts is not None and method in (AUTO, RESIDUALS) else []
    for name, scorer in SCORERS.items():
        if method == AUTO or (method == name and not found):
            found += list(np.atleast_2d(scorer(values, window)))
    return _mean([_where_known(scores) for scores in found])


def _where_known(scores: Float64) -> Float64:
    known = np.isfinite(scores)
    told = np.full(len(scores), np.nan)
    told[known] = surprise(scores[known])
    return told


def _mean(told: list[Float64]) -> Float64:
    """The mean of those that are known, NaN where none is."""
    known = np.isfinite(told)
    sums = np.where(known, told, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), np.nan)
