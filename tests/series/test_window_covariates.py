"""Windows of covariates over numbered rows: each value is its own row number, so that it proves where it came from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.covariates import with_columns
from tests.windows import panel_of, unscaled
from tsforecast.series.calendar_features import calendar_features
from tsforecast.series.scaling import ColumnScaling, fit_scaling, scaling_of_rows
from tsforecast.series.windows import Calendar, WindowIndex, model_rows, window_index

AS_IT_IS = ColumnScaling(np.zeros(1), np.ones(1))


def numbered(lengths, ahead):
    """Rows whose past column is the row, and whose column known ahead is the step in the series."""
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    future = np.concatenate([np.arange(length + ahead) for length in lengths])
    panel = with_columns(
        panel_of(np.arange(offsets[-1]), offsets), past=np.arange(offsets[-1]), future=future, ahead=ahead
    )
    panel = replace(panel, starts=np.arange(len(lengths)) * 1000)
    scaling = replace(unscaled(len(lengths)), past=AS_IT_IS, future=AS_IT_IS)
    return model_rows(panel, scaling, calendar=Calendar(("weekday",)))


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=4),
    st.integers(0, 6),
    st.integers(1, 9),
    st.integers(1, 6),
    st.data(),
)
def test_covariates_stand_beside_their_steps(lengths, ahead, lookback, horizon, data):
    rows = numbered(lengths, ahead)
    index = window_index(rows.offsets, np.zeros(len(lengths), int), np.array(lengths), horizon=1, min_context=1)
    if not len(index):
        return
    index = index.take(np.array(data.draw(st.lists(st.integers(0, len(index) - 1), min_size=1, max_size=5))))
    made = rows.windows(index, lookback=lookback, horizon=horizon)
    start = rows.offsets[index.series][:, None]
    step = index.origins[:, None] + np.arange(horizon) - start
    np.testing.assert_array_equal(made.past[:, :, 0], made.values)
    np.testing.assert_array_equal(made.past[:, :, 1], made.values - start)
    last = np.array(lengths)[index.series][:, None] + ahead - 1
    np.testing.assert_array_equal(made.future[:, :, 0], np.minimum(step, last))
    # The calendar goes on for ever.
    ordinals = rows.panel.starts[index.series][:, None] + step
    expected = calendar_features(rows.panel.frequency, ordinals.ravel(), ("weekday",)).reshape(*step.shape, 7)
    np.testing.assert_array_equal(made.future[:, :, 1:], expected)
    assert made.past.shape[2] == made.future.shape[2] + 1


def test_windows_go_on_with_what_was_known_ahead():
    rows = numbered([10], 6)
    made = rows.newest_windows(np.array([0]), lookback=4, horizon=6)
    later = made.followed_by(np.zeros((1, 3), np.float32))
    np.testing.assert_array_equal(later.past[0, :, 0], [9, 9, 9, 9])  # known up to now, it stays
    np.testing.assert_array_equal(later.past[0, :, 1], [9, 10, 11, 12])
    np.testing.assert_array_equal(later.future[0, :, 0], [13, 14, 15])
    np.testing.assert_array_equal(made.within(2).future[0, :, 0], [10, 11])


def test_columns_are_scaled_by_training_rows_only():
    rng = np.random.default_rng(0)
    past, future, promo = rng.normal(5, 3, 40), rng.normal(-2, 9, 44), np.tile([0, 1, 0, 0], 11)
    panel = with_columns(
        panel_of(np.arange(40), [0, 20, 40]), past=past, future=np.column_stack([future, promo]), ahead=2
    )
    ends = np.array([12, 15])
    scaling = fit_scaling(panel, ends, method="standard")
    used = np.r_[0:12, 20:35]
    np.testing.assert_allclose([scaling.past.center[0], scaling.past.scale[0]], [past[used].mean(), past[used].std()])
    seen = future[np.r_[0:12, 22:37]]
    np.testing.assert_allclose([scaling.future.center[0], scaling.future.scale[0]], [seen.mean(), seen.std()])
    assert (scaling.future.center[1], scaling.future.scale[1]) == (0, 1)  # a switch stays what it is
    again = scaling_of_rows(panel, like=scaling, series=np.array([0, -1]))
    assert again.past is scaling.past and again.future is scaling.future


def test_a_scaling_without_columns_leaves_covariates_out():
    panel = with_columns(panel_of(np.arange(9), [0, 9]), past=np.arange(9), future=np.arange(9))
    made = model_rows(panel, unscaled(1)).windows(WindowIndex(np.array([5]), np.array([0])), lookback=3, horizon=2)
    assert (made.past.shape[2], made.future.shape[2]) == (0, 0)
