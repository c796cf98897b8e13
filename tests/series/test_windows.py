"""Windows over arange arrays: each value is its own row number, so that it proves where it came from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.windows import arrays_of, batch_of, panel_of, rows_of, windows_of
from tsforecast.series import windows
from tsforecast.series.scaling import Scaling
from tsforecast.series.windows import WindowIndex, model_rows, window_index

quick = settings(max_examples=60)


def offsets_of(lengths):
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def numbered(lengths):
    """Rows whose values are their own numbers."""
    return rows_of(np.arange(sum(lengths)), offsets_of(lengths))


def whole(lengths):
    return np.zeros(len(lengths), np.int64), np.asarray(lengths, np.int64)


@st.composite
def questions(draw):
    """Lengths of some series, part of each, and the shape of the windows."""
    lengths = draw(st.lists(st.integers(0, 30), min_size=1, max_size=5))
    borders = [sorted(draw(st.tuples(st.integers(0, 35), st.integers(0, 35)))) for _ in lengths]
    first, last = np.array(borders, np.int64).T
    sizes = {name: draw(st.integers(1, 8)) for name in ("horizon", "min_context")}
    return lengths, first, last, sizes, draw(st.integers(1, 12))


@quick
@given(questions())
def test_every_window_lies_inside_its_series_and_its_part(question):
    lengths, first, last, sizes, lookback = question
    offsets = offsets_of(lengths)
    index = window_index(offsets, first, last, **sizes)
    batch = arrays_of(numbered(lengths), index, lookback=lookback, horizon=sizes["horizon"])
    if not len(index):
        assert not batch
        return
    start, end = offsets[index.series][:, None], offsets[index.series + 1][:, None]
    within = batch["target"] - start
    assert np.all(within >= first[index.series][:, None])
    assert np.all(within < last[index.series][:, None])
    assert np.all(batch["target"] < end)
    assert np.all(np.diff(batch["target"], axis=1) == 1)
    assert np.all(batch["values"] >= start)
    assert np.all(batch["values"] < batch["target"][:, :1])
    assert np.all(index.origins - start[:, 0] >= sizes["min_context"])


@quick
@given(questions())
def test_all_windows_are_there_each_once(question):
    lengths, first, last, sizes, _ = question
    offsets = offsets_of(lengths)
    index = window_index(offsets, first, last, **sizes)
    expected = []
    for number, length in enumerate(lengths):
        low = max(first[number], sizes["min_context"])
        origins = range(min(last[number], length) - sizes["horizon"], low - 1, -1)
        expected += [(number, offsets[number] + origin) for origin in reversed(origins)]
    assert list(zip(index.series.tolist(), index.origins.tolist(), strict=True)) == expected


@quick
@given(questions())
def test_masks_mark_exactly_the_padding(question):
    lengths, first, last, sizes, lookback = question
    offsets = offsets_of(lengths)
    index = window_index(offsets, first, last, **sizes)
    made = numbered(lengths).windows(index, lookback=lookback, horizon=sizes["horizon"])
    values, mask = made.values, made.mask
    wanted = index.origins[:, None] + np.arange(-lookback, 0)
    start = offsets[index.series][:, None]
    np.testing.assert_array_equal(mask, wanted >= start)
    np.testing.assert_array_equal(values[mask], wanted[mask])
    np.testing.assert_array_equal(values[~mask], np.broadcast_to(start, mask.shape)[~mask])
    assert np.all(mask[:, -1])


def test_one_window_by_hand():
    index = WindowIndex(np.array([3, 8]), np.array([0, 1]))
    rows = rows_of(np.arange(10), [0, 4, 10], np.arange(10) != 9)
    batch = batch_of(rows, index, lookback=5, horizon=1)
    np.testing.assert_array_equal(batch.windows.values, [[0, 0, 0, 1, 2], [4, 4, 5, 6, 7]])
    np.testing.assert_array_equal(batch.windows.mask, [[0, 0, 1, 1, 1], [0, 1, 1, 1, 1]])
    np.testing.assert_array_equal(batch.target, [[3], [8]])
    np.testing.assert_array_equal(batch.windows.series, [0, 1])
    later = batch_of(rows, WindowIndex(np.array([8]), np.array([1])), lookback=1, horizon=2)
    np.testing.assert_array_equal(later.observed, [[True, False]])


def test_series_that_are_too_short_have_no_window():
    index = window_index(offsets_of([0, 3, 5]), *whole([0, 3, 5]), horizon=2, min_context=2)
    np.testing.assert_array_equal(index.series, [2, 2])
    np.testing.assert_array_equal(index.origins, [5, 6])


@quick
@given(st.integers(0, 200), st.integers(1, 50))
def test_thin_spreads_over_the_ends(count, most):
    index = WindowIndex(np.arange(count), np.arange(count) % 3)
    thinned = index.at_most(most)
    assert len(thinned) == min(count, most)
    assert np.all(np.diff(thinned.origins) > 0)
    np.testing.assert_array_equal(thinned.series, thinned.origins % 3)
    if 1 < most < count:
        assert (thinned.origins[0], thinned.origins[-1]) == (0, count - 1)
        assert np.ptp(np.diff(thinned.origins)) <= 1


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_batches_are_the_windows_in_order(monkeypatch, batch_size):
    monkeypatch.setattr(windows, "_BATCH_VALUES", 5 * batch_size + 4)  # a window has 5
    lengths = [9, 12]
    rows, shape = numbered(lengths), {"lookback": 3, "horizon": 2}
    index = window_index(offsets_of(lengths), *whole(lengths), horizon=2, min_context=1)
    batches = list(rows.batches(index, **shape))
    assert all(len(batch.windows) == batch_size for batch in batches[:-1])
    in_batches = arrays_of(rows, index, **shape)
    monkeypatch.setattr(windows, "_BATCH_VALUES", 1 << 20)
    together = batch_of(rows, index, **shape)
    for name, value in {**vars(together.windows), "target": together.target, "observed": together.observed}.items():
        np.testing.assert_array_equal(in_batches[name], value)


def test_a_window_larger_than_a_batch_is_one(monkeypatch):
    monkeypatch.setattr(windows, "_BATCH_VALUES", 3)
    index = window_index(offsets_of([7]), *whole([7]), horizon=2, min_context=3)
    batches = numbered([7]).batches(index, lookback=3, horizon=2)
    assert [len(batch.windows) for batch in batches] == [1] * len(index)


def test_no_windows_make_no_batches():
    empty = WindowIndex(np.empty(0, np.int64), np.empty(0, np.int64))
    assert list(numbered([5]).batches(empty, lookback=2, horizon=1)) == []


@quick
@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(1, 12), st.data())
def test_newest_windows_end_with_the_last_row(lengths, lookback, data):
    """They are the windows before the end of each series, with only what they hold brought into model space."""
    offsets, count = offsets_of(lengths), len(lengths)
    scaling = Scaling("standard", "none", np.arange(count) - 7.5, 1 + np.arange(count) / 3, np.zeros(count, bool))
    trained_as = np.array(data.draw(st.lists(st.integers(-1, 9), min_size=count, max_size=count)))
    rows = model_rows(panel_of(np.arange(sum(lengths)), offsets), scaling, trained_as)
    series = np.array(data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=4)))
    made = rows.newest_windows(series, lookback=lookback, horizon=3)
    expected = rows.windows(WindowIndex(offsets[series + 1], series), lookback=lookback, horizon=3)
    for name, value in vars(expected).items():
        np.testing.assert_array_equal(getattr(made, name), value)
    np.testing.assert_array_equal(made.categories[:, 0], trained_as[series])


def test_windows_go_on_with_what_followed_them():
    made = windows_of([[1, 2, 3], [7, 7, 8]], np.array([[True] * 3, [False, False, True]]), [4, 5])
    later = made.followed_by(np.array([[4, 5], [9, 10]], np.float32))
    np.testing.assert_array_equal(later.values, [[3, 4, 5], [8, 9, 10]])
    np.testing.assert_array_equal(later.mask, [[True] * 3, [True] * 3])
    np.testing.assert_array_equal(made.newest(2).values, [[2, 3], [7, 8]])
    np.testing.assert_array_equal(made.newest(2).mask, [[True] * 2, [False, True]])
    np.testing.assert_array_equal(made.take(slice(1, 2)).series, [5])


def test_what_there_is_none_of_has_a_width_of_zero():
    made = numbered([9]).windows(WindowIndex(np.array([5, 6]), np.zeros(2, np.int64)), lookback=4, horizon=3)
    assert (made.past.shape, made.future.shape, made.static.shape) == ((2, 4, 0), (2, 3, 0), (2, 0))
