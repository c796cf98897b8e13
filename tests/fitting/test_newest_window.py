"""The newest held-out window: of the largest series, with the rows before it."""

from __future__ import annotations

import numpy as np

from tsforecast.fitting.error_profile import MOST_STEPS
from tsforecast.fitting.newest_window import newest_window
from tsforecast.forecast import Intervals
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.windows import WindowIndex

LENGTH = 1000


def panel():
    """Two series whose values are their row numbers; the second is 2,000 larger."""
    rows = np.arange(LENGTH, dtype=float)
    return make_panel([rows, rows + 2000], Frequency("fixed", DAY), ids=[("a",), ("b",)], starts=[50, 70])


def window(horizon, origins=(LENGTH - 20, LENGTH + 500, LENGTH + 400)):
    index = WindowIndex(np.array(origins), np.array([0, 1, 1])[: len(origins)])
    y_pred = np.arange(len(origins) * horizon, dtype=float).reshape(len(origins), horizon)
    made = Intervals(y_pred, y_pred[:, :, None] - [1, 2], y_pred[:, :, None] + [1, 2])
    return newest_window(panel(), index, made, y_pred + 0.5, (80.0, 95.0))


def test_the_newest_window_of_the_largest_series():
    """Values tell their own rows."""
    found = window(4)
    assert (found.series, found.start, found.level) == (1, 70 + 500, 80.0)
    assert found.y_true == [2500, 2501, 2502, 2503] and found.past == [float(row) for row in range(2476, 2500)]
    assert found.y_pred == [4, 5, 6, 7] and found.usual == [4.5, 5.5, 6.5, 7.5]
    assert (found.lower, found.upper) == ([3, 4, 5, 6], [5, 6, 7, 8])


def test_it_stays_small():
    found = window(400)
    assert len(found.y_true) == len(found.upper) == MOST_STEPS and len(found.past) == 2 * MOST_STEPS


def test_the_past_begins_where_the_series_does():
    found = window(4, origins=(3,))
    assert found.past == [0, 1, 2] and found.series == 0


def test_what_was_not_observed_is_not_told():
    seen = panel()
    seen.observed[LENGTH + 501] = False
    index = WindowIndex(np.array([LENGTH + 500]), np.array([1]))
    zeros = np.zeros((1, 2))
    found = newest_window(seen, index, Intervals(zeros, zeros[:, :, None], zeros[:, :, None]), zeros, (80.0,))
    assert found.y_true[0] == 2500 and np.isnan(found.y_true[1])


def test_no_window():
    nothing = np.empty((0, 2))
    made = Intervals(nothing, nothing[:, :, None], nothing[:, :, None])
    assert newest_window(panel(), WindowIndex(np.array([], int), np.array([], int)), made, nothing, (80.0,)) is None
