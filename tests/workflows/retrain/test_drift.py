"""Where the level of the series changed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workflows.days import panel_of, series
from tsforecast.workflows.retrain.drift import rows_since_change


@pytest.mark.parametrize("kind", ["week", "week and memory", "trend", "growth", "counts"])
@pytest.mark.parametrize("since", [9, 20, 41, 70])
@pytest.mark.parametrize("count", [1, 5])
def test_a_level_that_rose_lately_is_found(kind, since, count):
    rows = np.arange(400)
    made = [values * np.where(rows < 400 - since, 1, 1.8) for values in series(kind, 400, count=count)]
    assert abs(rows_since_change(panel_of(made), 7) - since) <= 3


def test_a_wild_value_is_not_a_level():
    (values,) = series("week", 400)
    values[-50:] *= 1.8
    values[-12] = 1e6
    assert abs(rows_since_change(panel_of([values]), 7) - 50) <= 3


def test_short_and_constant_series():
    assert rows_since_change(panel_of([np.arange(13.0)]), 7) == 0
    assert 7 <= rows_since_change(panel_of([np.ones(40)]), 7) <= 33
    # One that is too short to tell does not hide the others.
    longer = np.where(np.arange(100) < 80, 1.0, 2.0)
    assert rows_since_change(panel_of([longer, longer, np.ones(3)]), 7) == 20
