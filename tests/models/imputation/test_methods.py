"""The methods: planted truths, observed values bit for bit, and gaps at both ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tsforecast.arrays import Float64
from tsforecast.models.imputation.gaps import class_of, find_gaps
from tsforecast.models.imputation.linear import linear
from tsforecast.models.imputation.methods import Form, forms
from tsforecast.models.imputation.names import METHODS
from tsforecast.models.imputation.regression import regression
from tsforecast.models.imputation.seasonal import season_shape

FORMS = forms(tuple(METHODS), (24,))  # all but the network, which has a test of its own
ROWS = np.arange(480)


def named(form: Form) -> str:
    return form.name


def cut(truth: Float64, *gaps: tuple[int, int]) -> Float64:
    values = truth.copy()
    for first, end in gaps:
        values[first:end] = np.nan
    return values


def test_gaps_are_runs_between_values_or_at_an_edge() -> None:
    values = np.array([[np.nan, 1.0], [2.0, np.nan], [np.nan, np.nan], [np.nan, 3.0], [5.0, 4.0], [np.nan, 5.0]])
    assert [tuple(gap) for gap in find_gaps(values)] == [
        (0, 0, 1, "begin"),
        (0, 2, 4, "inner"),
        (0, 5, 6, "end"),
        (1, 1, 3, "inner"),
    ]
    inside = np.ones(values.shape, bool)
    inside[5, 0] = False
    assert len(find_gaps(values, inside)) == 3
    assert find_gaps(np.full((3, 1), np.nan)) == []


@pytest.mark.parametrize(("length", "number"), [(1, 0), (2, 1), (3, 1), (4, 2), (24, 4), (5000, 8)])
def test_lengths_fall_into_classes(length: int, number: int) -> None:
    assert class_of(length) == number


@pytest.mark.parametrize("form", FORMS, ids=named)
def test_a_line_is_filled_by_a_line(form: Form) -> None:
    truth = (3.0 + 0.5 * ROWS)[:, None]
    filled = form.fill(cut(truth, (100, 112), (300, 301)))
    assert np.abs(filled - truth)[[100, 105, 111, 300]].max() < (0.2 if form.method == "regression" else 1e-3)


@pytest.mark.parametrize("form", [form for form in FORMS if form.name not in ("linear", "kalman")], ids=named)
def test_a_season_is_filled_better_than_by_a_line(form: Form) -> None:
    truth = 10 + np.sin(2 * np.pi * ROWS / 24)[:, None] + 0.01 * np.random.default_rng(0).normal(size=(480, 1))
    values = cut(truth, (200, 224))
    error, line = (np.abs(made - truth)[200:224].mean() for made in (form.fill(values), linear(values)))
    assert error < 0.2 * line


def test_a_column_helps_another_that_it_is_a_copy_of() -> None:
    walk = np.cumsum(np.random.default_rng(1).normal(size=480))
    truth = np.stack([walk, 3 * walk + 7], axis=1)
    values = truth.copy()
    values[100:130, 0] = np.nan
    made = regression(values, 1, free=False), linear(values)
    error, line = (np.abs(each - truth)[100:130, 0].mean() for each in made)
    assert error < 0.1 * line


def test_the_shape_of_a_season_leaves_the_row_itself_out() -> None:
    values = np.tile(np.arange(4.0), 5)[:, None]
    values[9] = 100.0
    shape = season_shape(values, 4)
    assert shape[9, 0] == 1.0
    assert shape[5, 0] != 1.0
    assert not season_shape(values, 30).any()


@pytest.mark.parametrize("form", FORMS, ids=named)
@given(data=st.data())
@settings(max_examples=10)
def test_observed_values_stay_and_all_others_become_numbers(form: Form, data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 60)), data.draw(st.integers(1, 3))
    cells = st.one_of(st.just(np.nan), st.floats(-1e6, 1e6))
    values = data.draw(arrays(np.float64, (rows, columns), elements=cells))
    filled = form.fill(values)
    seen = ~np.isnan(values)
    assert np.array_equal(filled[seen], values[seen])
    assert np.isfinite(filled[:, seen.any(axis=0)]).all()
    assert filled.shape == values.shape
