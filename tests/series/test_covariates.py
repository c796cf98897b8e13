"""Covariates: absent ones have a width of zero, and all of them are cut with the panel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsforecast.series.covariates import NO_COVARIATES, Covariates
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import Panel, make_panel

DAILY = Frequency("fixed", DAY)


def make(lengths: list[int], ahead: list[int]) -> Panel:
    """Series whose values, past and future count rows: series i, row j is 100 i + j, and negative in `future`."""
    rows = [100.0 * number + np.arange(length) for number, length in enumerate(lengths)]
    known = [-100.0 * number - np.arange(sum(pair)) for number, pair in enumerate(zip(lengths, ahead, strict=True))]
    count = len(lengths)
    covariates = Covariates(
        past=np.add.outer(np.concatenate(rows), [0.25, 0.5]),
        future=np.concatenate(known)[:, None],
        future_offsets=np.cumsum([0, *np.add(lengths, ahead)]),
        static=np.arange(count, dtype=float)[:, None],
        categories=np.arange(count)[:, None] % 2,
        labels=(("even", "odd"),),
    )
    return replace(make_panel(rows, DAILY), covariates=covariates)


def check(part: Panel, numbers: list[int], firsts: list[int], ends: list[int]) -> None:
    """The covariates of a part that holds the rows firsts:... of the series `numbers`, known up to `ends`."""
    found = part.covariates
    np.testing.assert_array_equal(found.past, np.add.outer(part.values, [0.25, 0.5]))
    for place, (number, first, end) in enumerate(zip(numbers, firsts, ends, strict=True)):
        future = found.future[found.future_offsets[place] : found.future_offsets[place + 1], 0]
        np.testing.assert_array_equal(future, -100 * number - np.arange(first, end))
    assert found.static[:, 0].tolist() == numbers
    assert [found.labels[0][code] for code in found.categories[:, 0]] == [("even", "odd")[n % 2] for n in numbers]


def test_a_panel_without_covariates_has_some_of_width_zero():
    panel = make_panel([np.arange(5.0), np.arange(3.0)], DAILY)
    for part, rows, series in (
        (panel, 8, 2),
        (panel.between(np.array([1, 2]), np.array([3, 3])), 3, 2),
        (panel.take(np.array([1])), 3, 1),
        (panel.followed_by(panel), 16, 4),
    ):
        found = part.covariates
        assert found.absent
        assert found.past.shape == found.future.shape == (rows, 0)
        assert found.static.shape == found.categories.shape == (series, 0)
        assert found.labels == ()
        np.testing.assert_array_equal(found.future_offsets, part.offsets)
        assert not part.known_ahead.any()
    assert NO_COVARIATES.past.shape == (0, 0)


@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=5),
    ahead=st.lists(st.integers(0, 4), min_size=5, max_size=5),
    bounds=st.lists(st.tuples(st.integers(-2, 12), st.integers(-2, 12)), min_size=5, max_size=5),
)
def test_between_cuts_the_past_and_keeps_the_future(lengths, ahead, bounds):
    panel = make(lengths, ahead[: len(lengths)])
    first, last = np.array(bounds[: len(lengths)]).T
    part = panel.between(first, last)
    firsts = np.clip(first, 0, lengths)
    ends = np.add(lengths, ahead[: len(lengths)])
    check(part, list(range(len(lengths))), firsts.tolist(), ends.tolist())
    np.testing.assert_array_equal(part.known_ahead, ends - firsts - part.lengths)


@given(
    changed=st.integers(0, 19),
    cutoff=st.integers(0, 10),
)
def test_the_past_after_a_cutoff_does_not_matter(changed, cutoff):
    panel = make([10, 10], [0, 3])
    past = panel.covariates.past.copy()
    past[changed] = 1e9
    other = replace(panel, covariates=replace(panel.covariates, past=past))
    parts = [each.between(np.zeros(2, int), np.full(2, cutoff)) for each in (panel, other)]
    same = np.array_equal(parts[0].covariates.past, parts[1].covariates.past)
    assert same == (changed % 10 >= cutoff)


def test_take_and_followed_by():
    panel = make([4, 0, 3], [1, 2, 0])
    check(panel.take(np.array([2, 0])), [2, 0], [0, 0], [3, 5])
    both = panel.take(np.array([1])).followed_by(panel.take(np.array([2, 0])))
    check(both, [1, 2, 0], [0, 0, 0], [2, 3, 5])
    assert both.known_ahead.tolist() == [2, 0, 1]


def test_labels_that_only_the_others_have_are_added():
    panel = make([1, 1], [0, 0])
    other = replace(panel, covariates=replace(panel.covariates, labels=(("none", "even"),)))
    both = panel.followed_by(other).covariates
    assert both.labels == (("even", "odd", "none"),)
    assert both.categories[:, 0].tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize(("codes", "numbers"), [([0, 1, -1], [2, -1, -1]), ([1, 1, 0], [-1, -1, 2])])
def test_a_label_that_training_did_not_have_is_unknown(codes, numbers):
    panel = make([1, 1, 1], [0, 0, 0])
    found = replace(panel.covariates, categories=np.array(codes)[:, None]).labelled((("a", "b", "even"),))
    assert found.categories[:, 0].tolist() == numbers
    assert found.labels == (("a", "b", "even"),)
