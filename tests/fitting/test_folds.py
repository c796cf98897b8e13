"""Rolling origins: which rows each window forecasts, and which were known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsforecast.errors import DataError
from tsforecast.fitting.folds import rolling_folds


def test_windows_end_with_the_series():
    folds = rolling_folds(np.array([100, 50]), horizon=10, windows=3)
    assert folds.cutoffs.tolist() == [[70, 20], [80, 30], [90, 40]]
    assert folds.known(1).tolist() == [80, 30]
    assert folds.fits == [range(1), range(1, 2), range(2, 3)]


def test_step_gap_sliding_and_refit():
    folds = rolling_folds(np.array([100]), horizon=10, windows=4, step=5, gap=2, sliding=30, refit=3)
    assert folds.cutoffs[:, 0].tolist() == [75, 80, 85, 90]
    assert folds.known(0).tolist() == [73]
    assert [edge.tolist() for edge in folds.learned(0)] == [[43], [73]]
    assert folds.fits == [range(3), range(3, 4)]
    assert rolling_folds(np.array([100]), horizon=10, windows=4, refit=0).fits == [range(4)]


def test_windows_that_reach_beyond_all_series_are_refused():
    with pytest.raises(DataError, match="has 30 rows, and 3 windows reach 30 rows back"):
        rolling_folds(np.array([30]), horizon=10, windows=3)


@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=4),
    st.integers(1, 12),
    st.integers(1, 8),
    st.integers(1, 15),
    st.integers(0, 5),
)
def test_no_window_knows_what_it_forecasts(lengths, horizon, windows, step, gap):
    rows = np.array(lengths)
    try:
        folds = rolling_folds(rows, horizon=horizon, windows=windows, step=step, gap=gap)
    except DataError:
        assert rows.max() <= horizon + step * (windows - 1) + gap
        return
    assert np.all(folds.cutoffs[-1] == rows - horizon)
    for window in range(windows):
        known = folds.known(window)
        assert np.all((known == 0) | (known + gap + horizon <= rows))
        first, last = folds.learned(window)
        assert np.all((first >= 0) & (last == known))
