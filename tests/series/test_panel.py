"""The panel: series in flat arrays, their stamps, their names and parts of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.panel import Panel, Schema, make_panel

DAILY = Frequency("fixed", DAY)


@pytest.fixture
def panel() -> Panel:
    """Two series: 0 1 2 3 4 and 10 11 12, the second from day 100."""
    return make_panel([np.arange(5.0), np.arange(10.0, 13.0)], DAILY, ids=[("a", "x"), ("b", "y")], starts=[0, 100])


def test_series_in_flat_arrays(panel):
    assert panel.n_series == 2
    assert panel.lengths.tolist() == [5, 3]
    assert panel.offsets.tolist() == [0, 5, 8]
    assert panel.series_of_row.tolist() == [0] * 5 + [1] * 3
    assert panel.series(1).tolist() == [10, 11, 12]
    assert panel.series(1).base is panel.values
    assert panel.label(1) == "b / y"


def test_stamps_continue_past_the_end(panel):
    assert panel.stamps(1).astype("datetime64[D]").astype(int).tolist() == [100, 101, 102]
    assert panel.future_stamps(1, 2).astype("datetime64[D]").astype(int).tolist() == [103, 104]
    assert panel.future_stamps(1, 0).size == 0


def test_between_takes_rows_of_each_series(panel):
    part = panel.between(np.array([1, 0]), np.array([3, 2]))
    assert part.values.tolist() == [1, 2, 10, 11]
    assert part.offsets.tolist() == [0, 2, 4]
    assert part.starts.tolist() == [1, 100]
    assert part.ids == panel.ids


def test_between_clips_to_what_there_is(panel):
    part = panel.between(np.array([-5, 2]), np.array([2, 99]))
    assert part.values.tolist() == [0, 1, 12]
    assert part.starts.tolist() == [0, 102]
    empty = panel.between(np.array([9, 2]), np.array([3, 1]))
    assert empty.values.size == 0
    assert empty.lengths.tolist() == [0, 0]
    assert empty.n_series == 2


@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    bounds=st.lists(st.tuples(st.integers(-2, 12), st.integers(-2, 12)), min_size=6, max_size=6),
)
def test_between_agrees_with_slices(lengths, bounds):
    values = np.split(np.arange(float(sum(lengths))), np.cumsum(lengths)[:-1])
    whole = make_panel(values, DAILY, starts=list(range(len(lengths))))
    first, last = np.array(bounds[: len(lengths)]).T
    part = whole.between(first, last)
    for number, series in enumerate(values):
        start = min(max(first[number], 0), series.size)
        np.testing.assert_array_equal(part.series(number), series[start : max(last[number], 0)])
        np.testing.assert_array_equal(part.stamps(number), whole.stamps(number)[start : start + part.lengths[number]])


def test_make_panel_defaults():
    made = make_panel([np.array([1.0, np.nan])], Frequency("fixed", HOUR))
    assert made.ids == (("0",),)
    assert made.observed.tolist() == [True, False]
    assert made.starts.tolist() == [0]
    assert make_panel([], DAILY).n_series == 0


@pytest.mark.parametrize(
    ("id_cols", "target_cols", "keys"),
    [
        ((), ("y",), ()),
        (("shop",), ("y",), ("shop",)),
        ((), ("a", "b"), ("series",)),
        (("shop",), ("a", "b"), ("shop", "series")),
        (("series",), ("y",), ("series",)),
        (("series",), ("a", "b"), ("series", "series_")),
    ],
)
def test_key_columns_name_a_series_once(id_cols, target_cols, keys):
    assert Schema(("ds",), id_cols, target_cols, ("%Y",)).key_columns == keys


def test_a_time_may_have_several_columns():
    assert Schema(("series", "month"), (), ("a", "b"), ("%Y", "%-m")).key_columns == ("series_",)
