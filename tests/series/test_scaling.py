from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.windows import panel_of
from tsforecast.errors import DataError, OptionError
from tsforecast.series.scaling import (
    Scaling,
    above_zero,
    apply_log,
    counts_of,
    fit_scaling,
    invert_log,
    log_kind,
    scaling_of_rows,
)
from tsforecast.series.windows import model_rows

METHODS = ["standard", "robust", "minmax", "none"]
quick = settings(max_examples=50)
numbers = st.integers(-(10**6), 10**6).map(lambda value: value / 1000)
panels = st.lists(st.lists(numbers, min_size=1, max_size=20), min_size=1, max_size=5)


def flat(panel):
    """Values, observed, offsets and the series of each row."""
    lengths = [len(series) for series in panel]
    values = np.concatenate([np.asarray(series, np.float64) for series in panel])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return values, np.ones(len(values), bool), offsets, np.repeat(np.arange(len(panel)), lengths)


def ragged(rng, lengths=(50, 7, 200, 1, 31)):
    return [rng.normal(10 * i, 1 + i, length) for i, length in enumerate(lengths)]


@pytest.mark.parametrize("method", ["standard", "robust", "minmax"])
def test_equals_scikit_learn_series_by_series(method, monkeypatch):
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

    monkeypatch.setattr("tsforecast.series.scaling._CHUNK", 2)
    values, observed, offsets, series = flat(ragged(np.random.default_rng(0)))
    ends = np.array([40, 7, 150, 1, 20])
    scaling = fit_scaling(panel_of(values, offsets, observed), ends, method=method)
    scaled = scaling.transform(values, series)
    assert scaled.dtype == np.float32
    for number, end in enumerate(ends):
        column = values[series == number][:, None]
        oracle = {"standard": StandardScaler, "robust": RobustScaler, "minmax": MinMaxScaler}[method]()
        expected = oracle.fit(column[:end]).transform(column)[:, 0]
        np.testing.assert_allclose(scaled[series == number], expected, rtol=1e-6, atol=1e-6)


@quick
@given(panels, st.sampled_from(METHODS))
def test_the_inverse_gives_the_values_back(panel, method):
    values, observed, offsets, series = flat(panel)
    scaling = fit_scaling(panel_of(values, offsets, observed), np.diff(offsets), method=method)
    back = scaling.inverse(scaling.transform(values, series), series)
    assert back.dtype == np.float64
    # What is lost is the last digit of the float32 between.
    lost = 1e-7 * np.abs(values - scaling.center[series]) + 1e-12 * np.abs(values)
    assert np.all(np.abs(back - values) <= lost)


@quick
@given(panels, st.sampled_from(METHODS))
def test_new_series_are_scaled_like_those_fitted(panel, method):
    values, observed, offsets, _ = flat(panel)
    fitted = fit_scaling(panel_of(values, offsets, observed), np.diff(offsets), method=method)
    new = scaling_of_rows(panel_of(values, offsets, observed), like=fitted, series=np.full(len(offsets) - 1, -1))
    assert (new.method, new.log) == (fitted.method, fitted.log)
    np.testing.assert_allclose(new.center, fitted.center, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(new.scale, fitted.scale, rtol=1e-9)


@quick
@given(panels, st.sampled_from(METHODS), st.data())
def test_rows_after_the_end_change_nothing(panel, method, data):
    values, observed, offsets, series = flat(panel)
    ends = np.array([data.draw(st.integers(0, len(rows))) for rows in panel])
    position = np.arange(len(values)) - offsets[series]
    later = position >= np.maximum(1, ends[series])
    changed = np.where(later, values * -7 + 12345, values)
    before = fit_scaling(panel_of(values, offsets, observed), ends, method=method)
    after = fit_scaling(panel_of(changed, offsets, observed), ends, method=method)
    np.testing.assert_array_equal(before.center, after.center)
    np.testing.assert_array_equal(before.scale, after.scale)


@pytest.mark.parametrize("method", METHODS)
def test_filled_rows_are_not_fitted_on(method):
    values, observed, offsets, _ = flat(ragged(np.random.default_rng(1)))
    observed[::5] = False
    ends = np.diff(offsets)
    before = fit_scaling(panel_of(values, offsets, observed), ends, method=method)
    after = fit_scaling(panel_of(np.where(observed, values, 1e6), offsets, observed), ends, method=method)
    known = np.array([observed[offsets[i] : offsets[i + 1]].any() for i in range(len(ends))])
    np.testing.assert_array_equal(before.center[known], after.center[known])
    np.testing.assert_array_equal(before.scale[known], after.scale[known])


@pytest.mark.parametrize("method", METHODS)
def test_series_that_are_known_keep_their_scale(method):
    values, observed, offsets, _ = flat([[4.0, 9.0, 1.0], [7.0, -9.0, 8.0]])
    fitted = fit_scaling(panel_of(values, offsets, observed), np.array([3, 3]), method=method)
    values, observed, offsets, _ = flat([[70.0, 80.0], [50.0], [5.0, -6.0, 7.0], [40.0, 10.0]])
    mixed = scaling_of_rows(panel_of(values, offsets, observed), like=fitted, series=np.array([1, -1, 0, 0]))
    np.testing.assert_array_equal(mixed.center[[0, 2, 3]], fitted.center[[1, 0, 0]])
    np.testing.assert_array_equal(mixed.scale[[0, 2, 3]], fitted.scale[[1, 0, 0]])
    assert mixed.center[1] == (0 if method in ("none", "scale") else 50)
    # One that was below zero once may be so again.
    assert mixed.nonnegative.tolist() == [False, True, False, True]


@pytest.mark.parametrize("method", METHODS)
def test_a_series_without_an_observed_row_before_its_end_takes_its_first(method):
    values, observed, offsets, _ = flat([[4.0, 9.0, 1.0], [7.0, 9.0, 8.0]])
    observed[:2] = False
    scaling = fit_scaling(panel_of(values, offsets, observed), np.array([2, 0]), method=method)
    np.testing.assert_array_equal(scaling.center, [0, 0] if method == "none" else [4, 7])
    np.testing.assert_array_equal(scaling.scale, [1, 1])
    observed[:] = False
    new = scaling_of_rows(panel_of(values, offsets, observed), like=scaling, series=np.full(len(offsets) - 1, -1))
    np.testing.assert_array_equal(new.center, scaling.center)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0.0, 0.1, -3.0, 1e9, 1e-9])
def test_a_constant_series_keeps_its_unit(method, value):
    values, observed, offsets, series = flat([[value] * 30])
    scaling = fit_scaling(panel_of(values, offsets, observed), np.array([30]), method=method)
    assert scaling.scale[0] == 1.0
    np.testing.assert_allclose(scaling.inverse(scaling.transform(values, series), series), values, rtol=1e-7)


@pytest.mark.parametrize("method", ["standard", "minmax"])
def test_the_unit_of_the_data_does_not_matter(method):
    values, observed, offsets, series = flat([np.random.default_rng(0).normal(5, 1, 40)])
    expected = fit_scaling(panel_of(values, offsets, observed), np.array([40]), method=method).transform(values, series)
    for unit in (1e-15, 1e15):
        scaling = fit_scaling(panel_of(unit * values, offsets, observed), np.array([40]), method=method)
        np.testing.assert_allclose(scaling.transform(unit * values, series), expected, rtol=1e-5, atol=1e-6)


def test_values_beyond_float32_are_refused():
    values, observed, offsets, _ = flat([[1.0, -1e200]])
    with pytest.raises(DataError, match="too large"):
        fit_scaling(panel_of(values, offsets, observed), np.array([2]), method="standard")


@quick
@given(st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=20), st.sampled_from(["none", "log", "log1p"]))
def test_logarithms_are_undone(values, log):
    array = np.array(values)
    np.testing.assert_allclose(invert_log(apply_log(array, log), log), array, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("log", ["log", "log1p"])
def test_the_logarithm_comes_before_the_scaler(log):
    values, observed, offsets, series = flat([np.random.default_rng(0).lognormal(3, 1, 60)])
    scaling = fit_scaling(panel_of(values, offsets, observed), np.array([60]), method="standard", log=log)
    scaled = scaling.transform(values, series)
    logs = np.log(values) if log == "log" else np.log1p(values)
    np.testing.assert_allclose(scaled, (logs - logs.mean()) / logs.std(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(scaling.inverse(scaled, series), values, rtol=1e-6)
    new = scaling_of_rows(panel_of(values, offsets, observed), like=scaling, series=np.full(len(offsets) - 1, -1))
    np.testing.assert_allclose([new.center, new.scale], [scaling.center, scaling.scale])


def test_zeros_take_log1p():
    assert log_kind(np.array([3.0, 0.5]), "log") == "log"
    assert log_kind(np.array([3.0, 0.0]), "log") == "log1p"
    assert log_kind(np.array([-3.0, 0.0]), "none") == "none"


def test_the_log_of_a_negative_value_is_refused():
    with pytest.raises(OptionError, match=r"negative value -2\.5") as error:
        log_kind(np.array([3.0, -2.5]), "log")
    assert "--transform none" in error.value.hint


def test_series_broadcasts_over_windows():
    scaling = Scaling("standard", "none", np.array([1.0, 10.0]), np.array([2.0, 5.0]), np.array([False, False]))
    windows = np.array([[1.0, 3.0], [10.0, 20.0]])
    series = np.array([[0], [1]])
    scaled = scaling.transform(windows, series)
    np.testing.assert_array_equal(scaled, [[0, 1], [0, 2]])
    np.testing.assert_array_equal(scaling.inverse(scaled, series), windows)


@pytest.mark.parametrize("log", ["log", "log1p"])
def test_values_too_low_for_the_logarithm_count_as_its_lowest(log):
    values, observed, offsets, series = flat([[1.0, 2.0, 4.0, 0.0, -3.0]])
    scaling = fit_scaling(panel_of(values, offsets, observed), np.array([3]), method="standard", log=log)
    scaled = scaling.transform(values, series)
    assert np.all(np.isfinite(scaled))
    assert scaled[3] == scaled[4] < scaled[0]
    np.testing.assert_allclose(scaling.inverse(scaled, series), [1, 2, 4, 0, 0], rtol=1e-6, atol=1e-6)


def test_a_zero_that_comes_after_the_logarithm_was_chosen_is_the_least_value_before_it():
    values, observed, offsets, _ = flat([[90.0, 80.0, 100.0, 0.0, 70.0, -1.0], [0.0, 5.0, 4.0], [0.0, 0.0], [3.0, 2.0]])
    panel = panel_of(values, offsets, observed)
    made = above_zero(panel, "log")
    assert made.values.tolist() == [90, 80, 100, 80, 70, 70, 5, 5, 4, 0, 0, 3, 2]
    assert above_zero(panel, "log1p") is panel is above_zero(panel, "none")
    assert above_zero(made.take(np.array([0, 1, 3])), "log").values.min() == 2
    scaled = model_rows(panel, fit_scaling(panel, np.array([6, 3, 2, 2]), method="standard", log="log")).values
    assert np.abs(scaled[:9]).max() < 3


@pytest.mark.parametrize("log", ["none", "log1p"])
def test_only_a_series_that_was_never_below_zero_comes_back_at_zero_or_above(log):
    values = np.array([0.0, 2.0, 4.0, -1.0 if log == "none" else 1.0, 2.0, 3.0])
    offsets, ends = np.array([0, 3, 6]), np.array([3, 3])
    scaling = fit_scaling(panel_of(values, offsets, np.ones(6, dtype=bool)), ends, method="standard", log=log)
    back = scaling.inverse(np.array([[-9.0], [-9.0]]), np.array([[0], [1]]))
    assert back[0, 0] == 0
    assert (back[1, 0] < 0) == (log == "none")


def test_rows_after_the_end_do_not_say_whether_a_series_can_be_negative():
    values, observed = np.array([1.0, 2.0, -5.0]), np.ones(3, dtype=bool)
    for end, expected in ((2, True), (3, False)):
        scaling = fit_scaling(panel_of(values, np.array([0, 3]), observed), np.array([end]), method="standard")
        assert scaling.nonnegative.tolist() == [expected]


@pytest.mark.parametrize("log", ["log", "log1p"])
def test_no_logarithm_is_too_large_to_come_back(log):
    with np.errstate(all="raise"):
        back = invert_log(np.array([1.0, 800.0, 1e30, -1e30 if log == "log1p" else 0.0]), log)
    assert np.all(np.isfinite(back)) and back[1] == back[2] > 1e300
    np.testing.assert_allclose(invert_log(np.log1p([5.0]), "log1p"), [5.0])


def test_counts_come_back_as_whole_numbers_and_nothing_else_does():
    counts, large, fractions, negative = [0.0, 3.0, 0.0, 1.0], [400.0, 500.0], [0.0, 0.5], [0.0, -1.0]
    values, observed, offsets, series = flat([counts, large, fractions, negative])
    scaling = fit_scaling(panel_of(values, offsets, observed), np.diff(offsets), method="standard", rounded=True)
    assert scaling.counts.tolist() == [True, False, False, False]
    y = np.array([0.4, 0.6, 2.5, 1.0, 400.4, 499.6, 0.2, 0.4, 0.3, -0.6])
    back = scaling.inverse(scaling.transform(y, series), series)
    np.testing.assert_allclose(back[:4], [0, 1, 3, 1])
    np.testing.assert_allclose(back[4:], y[4:], rtol=1e-5)
    assert scaling.take(np.array([1, 0])).counts.tolist() == [False, True]


def test_without_counts_nothing_is_kept_of_them():
    values, observed, offsets, _ = flat([[0.5, 1.0], [200.0, 300.0]])
    panel, ends = panel_of(values, offsets, observed), np.diff(offsets)
    assert fit_scaling(panel, ends, method="none", rounded=True).counts is None
    assert fit_scaling(panel_of(np.round(values), offsets, observed), ends, method="none").counts is None


def test_filled_rows_and_rows_after_the_end_do_not_say_whether_a_series_holds_counts():
    values, observed, offsets, _ = flat([[1.0, 1.5, 2.0, 0.5], [1.0, 1.5, 2.0, 3.0]])
    observed[1] = False
    panel = panel_of(values, offsets, observed)
    assert counts_of(panel, np.array([3, 3])).tolist() == [True, False]
    assert counts_of(panel, np.array([4, 4])).tolist() == [False, False]


def test_a_series_that_no_longer_holds_counts_is_no_longer_rounded():
    values, observed, offsets, _ = flat([[1.0, 2.0, 0.0], [3.0, 1.0, 0.0]])
    like = fit_scaling(panel_of(values, offsets, observed), np.array([3, 3]), method="standard", rounded=True)
    newer, observed, offsets, _ = flat([[1.0, 2.0, 0.0, 0.5], [3.0, 1.0, 0.0, 2.0], [4.0, 4.0], [4.5, 4.0]])
    panel = panel_of(newer, offsets, observed)
    scaling = scaling_of_rows(panel, like=like, series=np.array([0, 1, -1, -1]))
    assert scaling.counts.tolist() == [False, True, True, False]
    assert scaling_of_rows(panel, like=replace(like, counts=None), series=np.array([0, 1, -1, -1])).counts is None


@pytest.mark.parametrize("log", ["none", "log1p"])
def test_the_edges_of_a_count_are_what_is_rounded_to_it(log):
    values, observed, offsets, series = flat([[0.0, 3.0, 1.0], [0.5, 2.0, 7.0]])
    panel = panel_of(values, offsets, observed)
    scaling = fit_scaling(panel, np.diff(offsets), method="standard", log=log, rounded=True)
    y = scaling.transform(values, series).astype(np.float64)
    low, high = scaling.edges(y, series)
    assert low[0] == -np.inf
    np.testing.assert_allclose(scaling.inverse(low[1:3] + 1e-4, series[1:3]), [3, 1])
    np.testing.assert_allclose(scaling.inverse(high[:3] - 1e-4, series[:3]), [0, 3, 1])
    np.testing.assert_array_equal(low[3:], y[3:])
    np.testing.assert_array_equal(high[3:], y[3:])
    assert replace(scaling, counts=None).edges(y, series) is None
