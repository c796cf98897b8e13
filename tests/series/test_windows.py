"""Windows over arange arrays: each value is its own row number, so that it proves where it came from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsforecast.series import windows
from tsforecast.series.windows import WindowIndex, batches, gather, gather_context, window_index

quick = settings(max_examples=60)


def offsets_of(lengths):
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def rows_of(lengths):
    return np.arange(sum(lengths), dtype=np.float32), np.ones(sum(lengths), bool)


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
    values, observed = rows_of(lengths)
    index = window_index(offsets, first, last, **sizes)
    batch = gather(values, observed, offsets, index, lookback=lookback, horizon=sizes["horizon"])
    start, end = offsets[index.series][:, None], offsets[index.series + 1][:, None]
    within = batch.target - start
    assert np.all(within >= first[index.series][:, None])
    assert np.all(within < last[index.series][:, None])
    assert np.all(batch.target < end)
    assert np.all(np.diff(batch.target, axis=1) == 1)
    assert np.all(batch.context >= start)
    assert np.all(batch.context < batch.target[:, :1])
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
    values, _ = rows_of(lengths)
    index = window_index(offsets, first, last, **sizes)
    context, mask = gather_context(values, offsets, index, lookback=lookback)
    wanted = index.origins[:, None] + np.arange(-lookback, 0)
    start = offsets[index.series][:, None]
    np.testing.assert_array_equal(mask, wanted >= start)
    np.testing.assert_array_equal(context[mask], wanted[mask])
    np.testing.assert_array_equal(context[~mask], np.broadcast_to(start, mask.shape)[~mask])
    assert np.all(mask[:, -1])


def test_one_window_by_hand():
    offsets = offsets_of([4, 6])
    index = WindowIndex(np.array([3, 8]), np.array([0, 1]))
    values, observed = rows_of([4, 6])
    observed[9] = False
    batch = gather(values, observed, offsets, index, lookback=5, horizon=1)
    np.testing.assert_array_equal(batch.context, [[0, 0, 0, 1, 2], [4, 4, 5, 6, 7]])
    np.testing.assert_array_equal(batch.mask, [[0, 0, 1, 1, 1], [0, 1, 1, 1, 1]])
    np.testing.assert_array_equal(batch.target, [[3], [8]])
    np.testing.assert_array_equal(batch.series, [0, 1])
    later = gather(values, observed, offsets, WindowIndex(np.array([8]), np.array([1])), lookback=1, horizon=2)
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
    offsets = offsets_of(lengths)
    values, observed = rows_of(lengths)
    shape = {"lookback": 3, "horizon": 2}
    index = window_index(offsets, *whole(lengths), horizon=2, min_context=1)
    parts = list(batches(values, observed, offsets, index, **shape))
    assert all(len(part.context) == batch_size for part in parts[:-1])
    together = gather(values, observed, offsets, index, **shape)
    for name in vars(together):
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(together, name))


def test_a_window_larger_than_a_batch_is_one(monkeypatch):
    monkeypatch.setattr(windows, "_BATCH_VALUES", 3)
    values, observed = rows_of([7])
    index = window_index(offsets_of([7]), *whole([7]), horizon=2, min_context=3)
    parts = batches(values, observed, offsets_of([7]), index, lookback=3, horizon=2)
    assert [len(part.context) for part in parts] == [1] * len(index)


def test_no_windows_make_no_batches():
    empty = WindowIndex(np.empty(0, np.int64), np.empty(0, np.int64))
    values, observed = rows_of([5])
    assert list(batches(values, observed, offsets_of([5]), empty, lookback=2, horizon=1)) == []
