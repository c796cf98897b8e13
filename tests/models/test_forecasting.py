from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.networks import small_network
from tsforecast.errors import ModelError
from tsforecast.models import forecasting
from tsforecast.models.baselines import seasonal_naive
from tsforecast.models.calibration import calibrate
from tsforecast.models.config import QUANTILES
from tsforecast.models.forecasting import (
    ensemble_weights,
    in_user_units,
    member_weights,
    predict_ahead,
    predict_windows,
)
from tsforecast.models.inference import UNKNOWN_SERIES, forward, weight_shapes
from tsforecast.models.linear import predict_linear
from tsforecast.models.registry import MODELS
from tsforecast.models.spec import ModelSpec
from tsforecast.scaling import Scaling

LOOKBACK, HORIZON, SEASON = 12, 5, 4


def make_model(name, *, members=2, levels=QUANTILES, seed=0):
    """The spec of any model of the table, and random weights for it."""
    spec = ModelSpec(name, LOOKBACK, HORIZON, SEASON)
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.normal(0, 0.3, shape).astype(np.float32)

    info = MODELS[name]
    if info.kind == "linear":
        return spec, {"linear/kernel": draw(LOOKBACK, HORIZON), "linear/bias": draw(HORIZON)}
    if info.kind == "baseline":
        return spec, {}
    network = small_network(
        name,
        layers=2,
        units=4,
        segment=3,
        lookback=LOOKBACK,
        horizon=HORIZON,
        normalisation="mean-std",
        dropout=0.2,
        levels=levels,
        series_vectors=3,
    )
    weights = [{key: draw(*shape) for key, shape in weight_shapes(network).items()} for _ in range(members)]
    return replace(spec, levels=levels, members=members, network=network), ensemble_weights(weights)


def make_windows(samples, *, seed=1):
    """Windows of three series and of one that is unknown, some of them padded."""
    rng = np.random.default_rng(seed)
    context = rng.normal(5, 2, (samples, LOOKBACK)).astype(np.float32)
    mask = np.arange(LOOKBACK) >= rng.integers(0, LOOKBACK, samples)[:, None] // 2
    return context, mask, rng.integers(UNKNOWN_SERIES, 3, samples)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_the_table_forecasts(name):
    spec, weights = make_model(name)
    y_pred = predict_windows(spec, weights, *make_windows(7))
    assert y_pred.shape == (7, HORIZON, len(spec.levels))
    assert y_pred.dtype == np.float32
    assert np.all(np.isfinite(y_pred))
    assert np.all(np.diff(y_pred, axis=2) >= 0)
    assert predict_windows(spec, weights, *make_windows(0)).shape == (0, HORIZON, len(spec.levels))


@pytest.mark.parametrize("name", MODELS)
def test_chunks_change_nothing(name, monkeypatch):
    spec, weights = make_model(name)
    windows = make_windows(20)
    together = predict_windows(spec, weights, *windows)
    monkeypatch.setattr(forecasting, "_CHUNK", 7)
    np.testing.assert_allclose(predict_windows(spec, weights, *windows), together, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_a_window_is_forecast_alike_in_any_company(name):
    spec, weights = make_model(name)
    context, mask, series = make_windows(6)
    together = predict_windows(spec, weights, context, mask, series)
    order = np.array([4, 2])
    apart = predict_windows(spec, weights, context[order], mask[order], series[order])
    np.testing.assert_allclose(apart, together[order], rtol=1e-5, atol=1e-6)


def test_simple_models_are_those_of_their_modules():
    context, mask, series = make_windows(4)
    spec, weights = make_model("linear")
    expected = predict_linear(weights, context, mask)
    np.testing.assert_array_equal(predict_windows(spec, weights, context, mask, series)[:, :, 0], expected)
    spec, weights = make_model("seasonal-naive")
    expected = seasonal_naive(context, mask, HORIZON, SEASON)
    np.testing.assert_array_equal(predict_windows(spec, weights, context, mask, series)[:, :, 0], expected)


def test_an_unknown_model_is_a_damaged_file():
    with pytest.raises(ModelError, match="'prophet' is not known"):
        predict_windows(ModelSpec("prophet", LOOKBACK, HORIZON, SEASON), {}, *make_windows(2))


@pytest.mark.parametrize("members", [1, 2, 3])
def test_an_ensemble_is_the_median_of_its_members(members):
    spec, weights = make_model("gru", members=members)
    windows = make_windows(5)
    each = [forward(spec.network, member_weights(weights, member), *windows) for member in range(members)]
    y_pred = predict_windows(spec, weights, *windows)
    np.testing.assert_allclose(y_pred, np.median(each, axis=0), rtol=1e-6)
    assert y_pred.dtype == np.float32


def test_weights_of_members_come_back_under_their_own_names():
    members = [{"a/b": np.full(2, number, np.float32)} for number in range(12)]
    together = ensemble_weights(members)
    assert list(together)[:2] == ["member0/a/b", "member1/a/b"]
    for number in range(12):
        assert list(member_weights(together, number)) == ["a/b"]
        assert member_weights(together, number)["a/b"][0] == number


@pytest.mark.parametrize("name", MODELS)
def test_within_the_horizon_ahead_is_the_forecast_itself(name):
    spec, weights = make_model(name)
    windows = make_windows(4)
    whole = predict_windows(spec, weights, *windows)
    for horizon in (1, HORIZON - 1, HORIZON):
        np.testing.assert_array_equal(predict_ahead(spec, weights, *windows, horizon), whole[:, :horizon])


@pytest.mark.parametrize("horizon", [HORIZON + 1, 2 * HORIZON, 3 * HORIZON + 2])
@pytest.mark.parametrize("name", MODELS)
def test_beyond_the_horizon_medians_are_continued(name, horizon):
    spec, weights = make_model(name)
    context, mask, series = make_windows(4)
    y_pred = predict_ahead(spec, weights, context, mask, series, horizon)
    assert y_pred.shape == (4, horizon, len(spec.levels))
    known, seen, expected = context, mask, []
    for _ in range(0, horizon, HORIZON):
        block = predict_windows(spec, weights, known[:, -LOOKBACK:], seen[:, -LOOKBACK:], series)
        known = np.concatenate([known, block[:, :, spec.levels.index(0.5)]], axis=1)
        seen = np.concatenate([seen, np.ones((4, HORIZON), bool)], axis=1)
        expected.append(block)
    np.testing.assert_array_equal(y_pred, np.concatenate(expected, axis=1)[:, :horizon])


def test_a_horizon_longer_than_the_lookback_continues_too():
    spec, _ = make_model("seasonal-naive")
    spec = replace(spec, lookback=4, horizon=6)
    context = np.array([[1, 2, 3, 4]], np.float32)
    y_pred = predict_ahead(spec, {}, context, np.ones((1, 4), bool), np.zeros(1, np.int64), 12)
    # The second block sees the last four steps of the first: 3 4 1 2.
    np.testing.assert_array_equal(y_pred[0, :, 0], [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4])


@pytest.mark.parametrize("log", ["none", "log", "log1p"])
@pytest.mark.parametrize("levels", [QUANTILES, (0.5,)])
def test_intervals_in_user_units_bracket_the_median(levels, log):
    spec, _ = make_model("gru", levels=levels)
    rng = np.random.default_rng(0)
    quantiles = np.sort(rng.normal(size=(6, HORIZON, len(levels))), axis=2).astype(np.float32)
    scaling = Scaling("standard", log, np.array([3.0, 5.0]), np.array([0.5, 2.0]))
    series = np.array([0, 1, 0, 1, 0, 1])
    # Scores that all lie above zero: without care the lower bound would be above the forecast.
    calibration = calibrate(1 + rng.random((50, HORIZON)), np.ones((50, HORIZON), bool))
    made = in_user_units(
        quantiles,
        np.ones((6, 1)),
        spec=spec,
        calibration=calibration,
        scaling=scaling,
        series=series,
        levels=(50.0, 80.0, 95.0),
    )
    median = quantiles[:, :, levels.index(0.5)]
    np.testing.assert_allclose(made.y_pred, scaling.inverse(median, series[:, None]))
    assert made.lower.shape == made.upper.shape == (6, HORIZON, 3)
    assert np.all(made.lower <= made.y_pred[:, :, None])
    assert np.all(made.y_pred[:, :, None] <= made.upper)
    assert np.all(np.diff(made.lower, axis=2) <= 0)
    assert np.all(np.diff(made.upper, axis=2) >= 0)
    if log == "log":
        assert np.all(made.lower > 0)
