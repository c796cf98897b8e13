"""Repeated times, the regular grid, and fillings that never look ahead."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.sampling import examples
from tsforecast.io.reading.grid.build import fill_gaps, find_extents, regular_grid
from tsforecast.io.reading.grid.rows import GridPoints, merge_repeats, repeated_rows

NAN = np.nan


def fill(values: list[float], rule: str = "seasonal", season: int = 4) -> NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    return fill_gaps(array, np.array([0, array.size]), rule, season)


def points(*rows: tuple[int, int, float]) -> GridPoints:
    series, ordinals, values = zip(*rows, strict=True)
    distinct, times = np.unique(ordinals, return_inverse=True)
    return GridPoints(np.array(series), times, distinct, np.array(values, dtype=np.float64))


def test_repeats_are_found_within_series():
    days = np.array(["2024-01-01", "2024-01-01", "2024-01-01", "2024-01-02"], dtype="datetime64[us]")
    assert repeated_rows(np.array([0, 0, 1, 1]), days).tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("first", [[1, NAN], [4, 40], [5, NAN]]),
        ("last", [[3, 30], [4, 40], [NAN, NAN]]),
        ("mean", [[2, 25], [4, 40], [5, NAN]]),
    ],
)
def test_repeats_are_merged(rule, expected):
    values = np.array([[1, NAN], [2, 20], [3, 30], [4, 40], [5, NAN], [NAN, NAN]])
    repeats = np.array([False, True, True, False, False, True])
    np.testing.assert_allclose(merge_repeats(values, repeats, rule), expected)


def test_extents_trim_each_series_to_its_values():
    extents = find_extents(
        points((0, 3, NAN), (0, 4, 1.0), (0, 6, NAN), (0, 8, 2.0), (0, 9, NAN), (2, 5, NAN), (3, 7, 5.0))
    )
    assert extents.series.tolist() == [0, 3]
    assert extents.starts.tolist() == [4, 7]
    assert extents.lengths.tolist() == [5, 1]
    assert extents.observed.tolist() == [2, 1]
    assert extents.missing.tolist() == [3, 0]
    assert extents.trimmed.tolist() == [2, 0]


def test_grid_puts_values_at_their_ordinals():
    given_points = points((0, 4, 1.0), (0, 6, 2.0), (2, -3, 5.0), (2, -2, NAN), (2, 0, 6.0))
    values, offsets = regular_grid(given_points, find_extents(given_points))
    np.testing.assert_array_equal(values, [1, NAN, 2, 5, NAN, NAN, 6])
    assert offsets.tolist() == [0, 3, 7]


def test_no_values_at_all():
    assert find_extents(points((0, 1, NAN))).series.size == 0


def test_previous_and_zero():
    assert fill([1, NAN, NAN, 2, NAN, 3], "previous").tolist() == [1, 1, 1, 2, 2, 3]
    assert fill([1, NAN, NAN, 2, NAN, 3], "zero").tolist() == [1, 0, 0, 2, 0, 3]


def test_seasonal_repeats_the_season_shifted_by_the_change_of_level():
    history = [1, 2, 3, 4, 11, 12, 13, 14]
    assert fill([*history, NAN, NAN, 0]).tolist() == [*history, 21, 22, 0]


def test_gap_longer_than_a_season_is_shifted_once():
    history = [1, 2, 3, 4, 2, 3, 4, 5]
    assert fill([*history, *[NAN] * 6, 0])[8:14].tolist() == [3, 4, 5, 6, 3, 4]


def test_short_histories():
    assert fill([1, 2, 3, 4, NAN, NAN, 0]).tolist() == [1, 2, 3, 4, 1, 2, 0]
    assert fill([1, 2, 3, NAN, NAN, 0]).tolist() == [1, 2, 3, 3, 3, 0]
    assert fill([1, 5, NAN, 0], season=1).tolist() == [1, 5, 5, 0]


def test_falling_counts_stay_at_their_lowest():
    history = [9, 9, 9, 9, 2, 0, 2, 1]
    assert fill([*history, NAN, NAN, 5])[8:10].tolist() == [0, 0]
    below_zero = [value - 1 for value in history]
    assert fill([*below_zero, NAN, NAN, 5])[8:10].tolist() == [-6.75, -8.75]


def test_a_later_gap_builds_on_an_earlier_one():
    assert fill([1, 2, 3, 4, NAN, 2, 3, 4, NAN, 0], season=4).tolist() == [1, 2, 3, 4, 1, 2, 3, 4, 1, 0]


def test_series_do_not_fill_each_other():
    values = np.array([1, 2, 3, 4, 5, 7, NAN, 8.0])
    assert fill_gaps(values, np.array([0, 5, 8]), "seasonal", 2).tolist() == [1, 2, 3, 4, 5, 7, 7, 8]


GAPPY = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(NAN)), min_size=3, max_size=60).map(
    lambda inner: [1.0, *inner, 2.0]
)


@examples(300)
@given(
    values=GAPPY,
    rule=st.sampled_from(["seasonal", "previous", "zero"]),
    season=st.integers(1, 9),
    cutoff=st.integers(1, 60),
)
def test_no_filling_depends_on_later_values(values, rule, season, cutoff):
    whole = fill(values, rule, season)
    known = np.flatnonzero(np.isfinite(values))
    cutoff = int(known[min(cutoff, known.size - 1)])
    np.testing.assert_array_equal(whole[: cutoff + 1], fill(values[: cutoff + 1], rule, season))
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(whole[known], np.array(values)[known])


@given(values=GAPPY, other=GAPPY, season=st.integers(1, 9))
def test_series_are_filled_as_if_alone(values, other, season):
    both = fill_gaps(
        np.array([*values, *other]), np.array([0, len(values), len(values) + len(other)]), "seasonal", season
    )
    np.testing.assert_array_equal(both, np.concatenate([fill(values, season=season), fill(other, season=season)]))
