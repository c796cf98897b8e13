"""Pictures of filled gaps."""

from __future__ import annotations

import numpy as np

from tsforecast.reports.plots.filled import outlines

NONE = np.nan


def test_the_band_of_a_page_bridges_no_values_between_two_gaps():
    lower, upper = np.array([NONE, 1.0, 2.0, NONE, NONE, 3.0]), np.array([NONE, 5.0, 6.0, NONE, NONE, 7.0])
    x, y = outlines("abcdef", lower, upper)
    assert x == ["b", "c", "c", "b", None, "f", "f", None]
    assert y == [5.0, 6.0, 2.0, 1.0, None, 7.0, 3.0, None]


def test_without_intervals_there_is_no_band():
    assert outlines("ab", np.full(2, NONE), np.full(2, NONE)) == ([], [])
