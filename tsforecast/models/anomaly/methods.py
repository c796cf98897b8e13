"""Scores of a series by one method or by all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.models.anomaly.discord import discord
from tsforecast.models.anomaly.names import AUTO
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
    "residuals": residuals,
}


def score_rows(
    values: Float64, window: int, method: str = AUTO, others: Mapping[str, Float64] | None = None
) -> Float64:
    """The surprise of each row by a method, shape (rows,).

    `auto` is the mean surprise by all scores: the logarithms of ranks, as Fisher combines tests. It needs no labels,
    and what several find unusual wins over what one finds very unusual.

    Args:
        values: complete, of at least LEAST_ROWS rows.
        window: rows of a window.
        method: one of NAMES, or of `others`.
        others: scores of further methods, which `auto` combines too.
    """
    found = [scores for name, scores in (others or {}).items() if method in (AUTO, name)]
    for name, scorer in SCORERS.items():
        if method in (AUTO, name):
            found += list(np.atleast_2d(scorer(values, window)))
    return np.mean([surprise(scores) for scores in found], axis=0)
