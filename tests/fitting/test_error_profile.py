"""Where a model errs: by step, by series, over time, and what its intervals held."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from tsforecast.fitting import error_profile as module
from tsforecast.fitting.error_profile import (
    Actuals,
    coverage_of,
    error_profile,
    errors_by_series,
    errors_by_step,
    residuals_over_time,
)
from tsforecast.forecast import Intervals
from tsforecast.json_output import json_bytes

COVERAGE = {"nominal": [0.8], "covered": [0.75]}


def actuals(rows=40, horizon=6, series=3, seed=0):
    rng = np.random.default_rng(seed)
    return Actuals(
        series=rng.integers(0, series, rows),
        starts=rng.integers(100, 130, rows),
        y_true=rng.normal(size=(rows, horizon)),
        observed=rng.random((rows, horizon)) < 0.8,
        scale=np.where(rng.random(rows) < 0.1, np.nan, 0.5 + rng.random(rows)),
    )


def test_means_are_those_of_one_loop():
    truth = actuals()
    y_pred = np.random.default_rng(1).normal(size=truth.y_true.shape)
    by_step, by_series, by_time = {}, {}, {}
    for row, column in np.ndindex(*truth.y_true.shape):
        if truth.observed[row, column] and truth.scale[row] > 0:
            residual = (truth.y_true[row, column] - y_pred[row, column]) / truth.scale[row]
            by_step.setdefault(column, []).append(abs(residual))
            by_series.setdefault(truth.series[row], []).append(abs(residual))
            by_time.setdefault(truth.starts[row] + column, []).append(residual)
    assert errors_by_step(truth, y_pred) == pytest.approx([np.mean(by_step[step]) for step in range(6)])
    assert errors_by_series(truth, y_pred) == pytest.approx([np.mean(by_series[number]) for number in range(3)])
    first, residuals = residuals_over_time(truth, y_pred, 6)
    assert first == min(by_time)
    found = {first + place: value for place, value in enumerate(residuals) if np.isfinite(value)}
    assert found == pytest.approx({time: np.mean(values) for time, values in by_time.items()})


def test_residuals_one_step_ahead_are_of_the_first_step_only():
    truth = Actuals(np.zeros(3, int), np.array([5, 6, 8]), np.ones((3, 2)), np.ones((3, 2), bool), np.ones(3))
    first, residuals = residuals_over_time(truth, np.array([[0.0, 9], [2, 9], [1, 9]]), 1)
    assert first == 5
    np.testing.assert_array_equal(residuals, [1, -1, np.nan, 0])


def test_coverage_counts_what_was_observed():
    truth = Actuals(
        np.zeros(2, int), np.arange(2), np.array([[0.0, 5], [1, 9]]), np.array([[1, 1], [1, 0]], bool), np.ones(2)
    )
    bounds = np.broadcast_to([1.0, 5.0], (2, 2, 2))
    found = coverage_of(truth, [(slice(None), Intervals(np.zeros((2, 2)), -bounds, bounds))], (50.0, 90.0))
    assert found == {"nominal": [0.5, 0.9], "covered": [pytest.approx(2 / 3), 1.0]}


def test_the_profile_of_a_panel_tells_the_worst_series_first():
    truth = actuals(rows=60)
    made = {"gru": truth.y_true + truth.series[:, None], "seasonal-naive": truth.y_true + 1}
    profile = error_profile(truth, made, COVERAGE, model="gru", usual="seasonal-naive")
    assert (profile.unit, profile.series, profile.steps) == ("mase", [2, 1, 0], [1, 2, 3, 4, 5, 6])
    assert profile.by_series["gru"] == sorted(profile.by_series["gru"], reverse=True)
    assert profile.by_series["gru"][-1] == 0 < profile.by_series["seasonal-naive"][-1]


def test_a_single_series_is_told_in_its_own_unit():
    truth = actuals(series=1)
    profile = error_profile(truth, {"gru": truth.y_true}, COVERAGE, model="gru", usual="gru")
    assert (profile.unit, profile.series, profile.by_series) == ("mae", [], {})


def test_what_is_stored_stays_small(monkeypatch):
    for name, value in (("MOST_STEPS", 3), ("MOST_SERIES", 4), ("MOST_TIMES", 5)):
        monkeypatch.setattr(module, name, value)
    truth = actuals(rows=300, horizon=20, series=30)
    y_pred = truth.y_true + np.where(truth.series == 7, 100, 1)[:, None]
    truth.y_true[truth.series == 3] += 1e6
    y_pred[truth.series == 3] += 1e6
    profile = error_profile(truth, {"gru": y_pred}, COVERAGE, model="gru", usual="gru", ahead=20)
    assert profile.steps == [1, 11, 20] and len(profile.by_step["gru"]) == 3
    assert len(profile.residuals) == 5
    assert len(profile.series) <= 4
    assert profile.series[0] == 7 and 3 in profile.series  # the worst and the largest


def test_nothing_observed_is_no_error():
    truth = Actuals(np.zeros(2, int), np.arange(2), np.ones((2, 3)), np.zeros((2, 3), bool), np.ones(2))
    profile = error_profile(truth, {"gru": np.ones((2, 3))}, COVERAGE, model="gru", usual="gru")
    assert profile.residuals == [] and np.isnan(profile.by_step["gru"]).all()


def test_the_largest_profile_leaves_room_in_its_file():
    """metrics.json has 1 MiB at most; what else it holds is small."""
    rng, rows, horizon = np.random.default_rng(0), 4000, 500
    y_true, everywhere = rng.normal(size=(rows, horizon)), np.ones((rows, horizon), bool)
    truth = Actuals(np.arange(rows), np.arange(rows), y_true, everywhere, np.ones(rows))
    made = dict.fromkeys(("auto", "linear", "seasonal-naive", "naive", "drift"), truth.y_true + 0.1)
    profile = error_profile(truth, made, COVERAGE, model="auto", usual="seasonal-naive", ahead=horizon)
    assert len(json_bytes(asdict(profile))) < 1 << 19
