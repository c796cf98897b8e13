from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsforecast.errors import DataError
from tsforecast.series.split import SUBSETS, all_training, automatic_split, shifted_back, split_rows
from tsforecast.series.windows import window_index

quick = settings(max_examples=60)
lengths_of_series = st.lists(st.integers(1, 120), min_size=1, max_size=6)


def sizes(split, series=0):
    """Rows of each part of one series."""
    return {part: int(last[series] - first[series]) for part in SUBSETS for first, last in [split.borders(part)]}


@quick
@given(lengths_of_series, st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_parts_follow_each_other_and_fill_the_series(lengths, validation, calibration, test):
    split = split_rows(np.array(lengths), validation=validation, calibration=calibration, test=test)
    borders = [split.borders(part) for part in SUBSETS]
    np.testing.assert_array_equal(borders[0][0], 0)
    np.testing.assert_array_equal(borders[-1][1], lengths)
    for (_, end), (begin, _) in pairwise(borders):
        np.testing.assert_array_equal(end, begin)
    for first, last in borders:
        assert np.all(first <= last)


def test_the_newest_rows_of_each_series_are_held_out():
    split = split_rows(np.array([100, 30, 7]), validation=5, calibration=10, test=15)
    assert sizes(split, 0) == {"train": 70, "validation": 5, "calibration": 10, "test": 15}
    assert sizes(split, 1) == {"train": 0, "validation": 5, "calibration": 10, "test": 15}
    assert sizes(split, 2) == {"train": 0, "validation": 0, "calibration": 0, "test": 7}


@quick
@given(lengths_of_series, st.integers(1, 10), st.integers(1, 25))
def test_no_training_window_reaches_a_held_out_part(lengths, horizon, min_context):
    lengths = np.array(lengths)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    try:
        split = automatic_split(lengths, horizon=horizon, min_context=min_context)
    except DataError:
        return
    targets = {}
    for part in SUBSETS:
        index = window_index(offsets, *split.borders(part), horizon=horizon, min_context=min_context)
        targets[part] = set((index.origins[:, None] + np.arange(horizon)).ravel().tolist())
    assert targets["train"]
    assert targets["test"]
    for number, part in enumerate(SUBSETS):
        for later in SUBSETS[number + 1 :]:
            assert not targets[part] & targets[later]
    held_out = np.concatenate(
        [
            offsets[i] + np.arange(first[i], last[i])
            for part in SUBSETS[1:]
            for first, last in [split.borders(part)]
            for i in range(len(lengths))
        ]
    )
    assert not targets["train"] & set(held_out.tolist())


def test_a_tenth_is_held_out_three_times():
    split = automatic_split(np.array([1000]), horizon=24, min_context=48)
    assert sizes(split) == {"train": 700, "validation": 100, "calibration": 100, "test": 100}


def test_at_least_one_and_at_most_twenty_horizons_are_held_out():
    assert sizes(automatic_split(np.array([200]), horizon=24, min_context=24))["test"] == 24
    assert sizes(automatic_split(np.array([10_000]), horizon=4, min_context=24))["test"] == 80


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (40, {"train": 10, "validation": 10, "calibration": 10, "test": 10}),
        (39, {"train": 19, "validation": 10, "calibration": 0, "test": 10}),
        (30, {"train": 10, "validation": 10, "calibration": 0, "test": 10}),
        (29, {"train": 19, "validation": 0, "calibration": 0, "test": 10}),
    ],
)
def test_few_rows_make_fewer_parts(rows, expected):
    # 10 rows of training are one window: a context of 0 would be none, so a context of c asks for c rows more.
    split = automatic_split(np.array([rows + 6]), horizon=10, min_context=6)
    assert sizes(split) == {**expected, "train": expected["train"] + 6}


def test_the_typical_series_among_those_long_enough_decides():
    split = automatic_split(np.array([3, 3, 3, 500, 600, 700]), horizon=10, min_context=20)
    assert sizes(split, 4)["test"] == 60
    assert sizes(split, 0) == {"train": 0, "validation": 0, "calibration": 0, "test": 3}


@pytest.mark.parametrize("lengths", [[25], [25, 3], [0], []])
def test_too_few_rows_are_refused_with_what_is_needed(lengths):
    with pytest.raises(DataError) as error:
        automatic_split(np.array(lengths, np.int64), horizon=8, min_context=10)
    assert f"the longest series has {max(lengths, default=0)} rows" in str(error.value)
    assert "need 26" in str(error.value)
    assert "--horizon" in error.value.hint


def test_the_final_fit_trains_on_everything():
    assert sizes(all_training(np.array([12]))) == {"train": 12, "validation": 0, "calibration": 0, "test": 0}


def test_an_earlier_split_is_moved_back_by_its_validation_part():
    split = split_rows(np.array([100, 60]), validation=10, calibration=15, test=20)
    assert sizes(shifted_back(split, 1)) == {"train": 45, "validation": 10, "calibration": 0, "test": 0}
    assert sizes(shifted_back(split, 2), 1) == {"train": 0, "validation": 5, "calibration": 0, "test": 0}
    assert sizes(shifted_back(split, 9), 1) == {"train": 0, "validation": 0, "calibration": 0, "test": 0}


@quick
@given(lengths_of_series, *(st.integers(0, 40) for _ in range(3)), st.integers(1, 3))
def test_an_earlier_split_holds_nothing_that_came_later(lengths, validation, calibration, test, times):
    split = split_rows(np.array(lengths), validation=validation, calibration=calibration, test=test)
    before, moved = split, shifted_back(split, times)
    for number in range(1, times + 1):
        now = shifted_back(split, number)
        np.testing.assert_array_equal(now.validation_end, before.train_end if number > 1 else split.train_end)
        before = now
    assert np.all(moved.train_end >= 0) and np.all(moved.train_end <= moved.validation_end)
    np.testing.assert_array_equal(moved.calibration_end, moved.validation_end)
    np.testing.assert_array_equal(moved.end, moved.validation_end)
