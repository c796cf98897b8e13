from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import random_weights, small_parts
from tests.sampling import examples
from tests.windows import windows_of
from tsforecast.errors import ModelError
from tsforecast.models import parts as model_parts
from tsforecast.models.baselines import seasonal_naive
from tsforecast.models.calibration import calibrate
from tsforecast.models.forecaster import REACH, Forecaster, Support, predict_ahead
from tsforecast.models.linear import predict_linear
from tsforecast.models.network.config import QUANTILES
from tsforecast.models.network.numpy_network import forward
from tsforecast.models.parts import combine, joined_weights, part_weights, predict_part, predict_windows
from tsforecast.models.registry import MODELS
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.series.panel import UNKNOWN_SERIES
from tsforecast.series.scaling import Scaling

LOOKBACK, HORIZON, SEASON = 12, 5, 4
quick = settings(deadline=None, max_examples=50)
# Bounds that hold everything, and bounds of next to nothing.
EVER, ZERO, ROW = np.full((1, 1), np.inf, np.float32), np.zeros((1, 1), np.float32), np.ones((1, 1), np.int64)
ANYTHING, NOTHING_KNOWN = Support(-EVER, EVER, ROW, EVER), Support(ZERO, ZERO, ROW, EVER)


def make_model(name, *, members=2, levels=QUANTILES, seed=0):
    """The spec of any model of the table, and random weights for it."""
    sizes = {"layers": 2, "units": 4, "segment": 3, "horizon": HORIZON, "quantiles": levels, "series_vectors": 3}
    parts = small_parts(name, lookback=LOOKBACK, members=members, normalisation="mean-std", dropout=0.2, **sizes)
    return ModelSpec(name, HORIZON, SEASON, parts), random_weights(parts, HORIZON, np.random.default_rng(seed), 3)


def make_windows(samples, *, seed=1):
    """Windows of three series and of one that is unknown, some of them padded."""
    rng = np.random.default_rng(seed)
    values = rng.normal(5, 2, (samples, LOOKBACK)).astype(np.float32)
    mask = np.arange(LOOKBACK) >= rng.integers(0, LOOKBACK, samples)[:, None] // 2
    return windows_of(values, mask, rng.integers(UNKNOWN_SERIES, 3, samples), HORIZON)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_the_table_forecasts(name):
    spec, weights = make_model(name)
    y_pred = predict_windows(spec, weights, make_windows(7))
    assert y_pred.shape == (7, HORIZON, len(spec.quantiles))
    assert y_pred.dtype == np.float32
    assert np.all(np.isfinite(y_pred))
    assert np.all(np.diff(y_pred, axis=2) >= 0)
    assert predict_windows(spec, weights, make_windows(0)).shape == (0, HORIZON, len(spec.quantiles))


@pytest.mark.parametrize("name", MODELS)
def test_chunks_change_nothing(name, monkeypatch):
    spec, weights = make_model(name)
    windows = make_windows(20)
    together = predict_windows(spec, weights, windows)
    monkeypatch.setattr(model_parts, "CHUNK", 7)
    np.testing.assert_allclose(predict_windows(spec, weights, windows), together, rtol=1e-5, atol=1e-6)


def test_the_same_forecast_twice_is_the_same_to_the_last_bit():
    spec, weights = make_model("auto")
    windows = make_windows(300)
    first, second = (predict_windows(spec, weights, windows) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", MODELS)
def test_a_window_is_forecast_alike_in_any_company(name):
    spec, weights = make_model(name)
    windows, order = make_windows(6), np.array([4, 2])
    together = predict_windows(spec, weights, windows)
    apart = predict_windows(spec, weights, windows.take(order))
    np.testing.assert_allclose(apart, together[order], rtol=1e-5, atol=1e-6)


def test_simple_models_are_those_of_their_modules():
    windows = make_windows(4)
    spec, weights = make_model("linear")
    expected = predict_linear(part_weights(weights, 0), windows)
    np.testing.assert_array_equal(predict_windows(spec, weights, windows)[:, :, 0], expected)
    spec, weights = make_model("seasonal-naive")
    expected = seasonal_naive(windows, HORIZON, SEASON)
    np.testing.assert_array_equal(predict_windows(spec, weights, windows)[:, :, 0], expected)


def test_an_unknown_model_is_a_damaged_file():
    spec = ModelSpec("prophet", HORIZON, SEASON, (Part("prophet", 1.0, LOOKBACK),))
    with pytest.raises(ModelError, match="'prophet' is not known"):
        predict_windows(spec, {}, make_windows(2))


@pytest.mark.parametrize("members", [1, 2, 3])
def test_an_ensemble_is_the_mean_of_its_members(members):
    spec, weights = make_model("gru", members=members)
    windows = make_windows(5)
    each = [forward(part.network, part_weights(weights, i), windows) for i, part in enumerate(spec.parts)]
    y_pred = predict_windows(spec, weights, windows)
    np.testing.assert_allclose(y_pred, np.mean(each, axis=0), rtol=1e-5, atol=1e-6)
    assert y_pred.dtype == np.float32


def test_weights_of_parts_come_back_under_their_own_names():
    parts = [{"a/b": np.full(2, number, np.float32)} for number in range(12)]
    together = joined_weights(parts)
    assert list(together)[:2] == ["part0/a/b", "part1/a/b"]
    for number in range(12):
        assert list(part_weights(together, number)) == ["a/b"]
        assert part_weights(together, number)["a/b"][0] == number


def test_a_part_without_weights_keeps_its_number():
    together = joined_weights([{}, {"a": np.ones(1, np.float32)}])
    assert list(together) == ["part1/a"]
    assert part_weights(together, 0) == {}


def test_each_part_sees_its_own_lookback():
    spec, weights = make_model("auto")
    assert [part.lookback for part in spec.parts] == [LOOKBACK - 3] * 3 + [LOOKBACK]
    assert spec.lookback == LOOKBACK
    windows = make_windows(5)
    outputs = [
        predict_part(part, spec, part_weights(weights, i), windows.newest(part.lookback))
        for i, part in enumerate(spec.parts)
    ]
    y_pred = predict_windows(spec, weights, windows)
    np.testing.assert_array_equal(y_pred, combine(spec, outputs, shares_of(spec)))
    # The three oldest steps reach the forecast through the seasonal naive alone.
    np.testing.assert_array_equal(outputs[3][:, :, 0], seasonal_naive(windows, HORIZON, SEASON))
    older = replace(windows, values=windows.values.copy())
    older.values[:, :3] += 100
    np.testing.assert_array_equal(predict_windows(spec, weights, older), y_pred)


def shares_of(spec):
    return np.array([[part.share] for part in spec.parts], np.float32)


def make_spec(*parts):
    """A combination of parts, each a share and the levels of its network; a point forecast without levels."""
    networks = [small_parts("gru", lookback=LOOKBACK, quantiles=levels)[0] if levels else None for _, levels in parts]
    made = [
        replace(part, share=share) if part else Part("naive", share, LOOKBACK)
        for (share, _), part in zip(parts, networks, strict=True)
    ]
    return ModelSpec("auto", HORIZON, SEASON, tuple(made))


def draw_outputs(spec, seed=0, samples=3):
    """What each part might say: quantiles in order, or points."""
    rng = np.random.default_rng(seed)
    widths = [len(part.network.quantiles) if part.network else 1 for part in spec.parts]
    return [np.sort(rng.normal(5, 3, (samples, HORIZON, width)), axis=2).astype(np.float32) for width in widths]


def test_a_combination_by_hand():
    spec = make_spec((0.5, (0.1, 0.5, 0.9)), (0.25, (0.1, 0.5, 0.9)), (0.25, None))
    outputs = [np.tile(np.array(values, np.float32), (1, 1, 1)) for values in ([1, 2, 4], [4, 8, 9], [12])]
    # The middle is 0.5 x 2 + 0.25 x 8 + 0.25 x 12 = 6; the networks' distances to their middles count 2 : 1.
    expected = [6 - (2 * 1 + 4) / 3, 6, 6 + (2 * 2 + 1) / 3]
    np.testing.assert_allclose(combine(spec, outputs, shares_of(spec)), [[expected]], rtol=1e-6)


def test_each_series_has_its_own_shares_and_a_new_one_those_of_all():
    spec, weights = make_model("auto")
    windows, own = make_windows(9), np.random.default_rng(2).dirichlet(np.ones(4), 3).astype(np.float32)
    made = predict_windows(replace(spec, by_series=True), {**weights, "shares": own}, windows)
    for number, shares in [(UNKNOWN_SERIES, [part.share for part in spec.parts]), *enumerate(own.tolist())]:
        parts = tuple(replace(part, share=share) for part, share in zip(spec.parts, shares, strict=True))
        alone = predict_windows(replace(spec, parts=parts), weights, windows)
        chosen = windows.categories[:, 0] == number
        assert chosen.any()
        np.testing.assert_allclose(made[chosen], alone[chosen], rtol=1e-5)


def test_a_series_whose_networks_have_no_share_still_has_their_spread():
    spec = make_spec((0.5, (0.1, 0.5, 0.9)), (0.5, None))
    outputs = draw_outputs(spec, samples=2)
    y_pred = combine(spec, outputs, np.array([[0.5, 0.0], [0.5, 1.0]], np.float32))
    np.testing.assert_allclose(y_pred[1, :, 1], outputs[1][1, :, 0], rtol=1e-6)
    spread = outputs[0][1] - outputs[0][1, :, 1:2]
    np.testing.assert_allclose(y_pred[1] - y_pred[1, :, 1:2], spread, rtol=1e-4, atol=1e-5)


def test_point_parts_alone_give_one_level():
    spec = make_spec((0.75, None), (0.25, None))
    outputs = draw_outputs(spec)
    y_pred = combine(spec, outputs, shares_of(spec))
    assert spec.quantiles == (0.5,)
    assert y_pred.shape == (3, HORIZON, 1)
    np.testing.assert_allclose(y_pred, 0.75 * outputs[0] + 0.25 * outputs[1], rtol=1e-6)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0.01, 1), st.booleans()), min_size=1, max_size=5),
    st.sampled_from([QUANTILES, (0.1, 0.5, 0.9), (0.5,), (0.5, 0.9)]),
    st.integers(0, 2**32 - 1),
)
def test_medians_are_averaged_and_quantiles_stay_in_order(parts, levels, seed):
    total = sum(share for share, _ in parts)
    spec = make_spec(*((share / total, levels if network else None) for share, network in parts))
    outputs = draw_outputs(spec, seed)
    y_pred = combine(spec, outputs, shares_of(spec))
    assert y_pred.shape == (3, HORIZON, len(spec.quantiles))
    assert y_pred.dtype == np.float32
    assert np.all(np.diff(y_pred, axis=2) >= -1e-5)
    middles = [y[:, :, levels.index(0.5) if part.network else 0] for part, y in zip(spec.parts, outputs, strict=True)]
    expected = sum(part.share * middle for part, middle in zip(spec.parts, middles, strict=True))
    np.testing.assert_allclose(y_pred[:, :, spec.median], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_within_the_horizon_ahead_is_the_forecast_itself(name):
    spec, weights = make_model(name)
    windows = make_windows(4)
    whole = predict_windows(spec, weights, windows)
    for horizon in (1, HORIZON - 1, HORIZON):
        y_pred, held = predict_ahead(spec, weights, windows, horizon, NOTHING_KNOWN)
        np.testing.assert_array_equal(y_pred, whole[:, :horizon])
        assert not held.any()


@pytest.mark.parametrize("horizon", [HORIZON + 1, 2 * HORIZON, 3 * HORIZON + 2])
@pytest.mark.parametrize("name", MODELS)
def test_beyond_the_horizon_medians_are_continued(name, horizon):
    spec, weights = make_model(name)
    windows = make_windows(4)
    y_pred, held = predict_ahead(spec, weights, windows, horizon, ANYTHING)
    assert not held.any()
    assert y_pred.shape == (4, horizon, len(spec.quantiles))
    known, seen, expected = windows.values, windows.mask, []
    for _ in range(0, horizon, HORIZON):
        block = predict_windows(
            spec, weights, windows_of(known[:, -LOOKBACK:], seen[:, -LOOKBACK:], windows.series, HORIZON)
        )
        known = np.concatenate([known, block[:, :, spec.median]], axis=1)
        seen = np.concatenate([seen, np.ones((4, HORIZON), bool)], axis=1)
        expected.append(block)
    np.testing.assert_array_equal(y_pred, np.concatenate(expected, axis=1)[:, :horizon])


def test_a_horizon_longer_than_the_lookback_continues_too():
    spec = ModelSpec("seasonal-naive", 6, SEASON, (Part("seasonal-naive", 1.0, 4),))
    y_pred, _ = predict_ahead(spec, {}, windows_of([[1, 2, 3, 4]]), 12, ANYTHING)
    # The second block sees the last four steps of the first: 3 4 1 2.
    np.testing.assert_array_equal(y_pred[0, :, 0], [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4])


def growing(factor, *, lookback=4, horizon=2):
    """A linear map that goes on with the factor-fold distance of the last value from the first of the window."""
    kernel = np.zeros((lookback, horizon), np.float32)
    kernel[0] = 1 - factor ** np.arange(1, horizon + 1)
    weights = {"part0/linear/kernel": kernel, "part0/linear/bias": np.zeros(horizon, np.float32)}
    return ModelSpec("linear", horizon, 1, (Part("linear", 1.0, lookback),)), weights


def test_forecasts_that_run_away_are_held_within_a_growing_bound():
    spec, weights = growing(3.0)
    known = Support(np.array([[0], [2]], np.float32), np.array([[1], [2]], np.float32), np.array([[10], [10]]), EVER)
    windows = windows_of([[0, 0, 0, 1], [2, 2, 2, 2]])
    free, _ = predict_ahead(spec, weights, windows, 60, ANYTHING)
    y_pred, held = predict_ahead(spec, weights, windows, 200, known)
    assert np.abs(free[0]).max() > 1e12
    assert held.tolist() == [True, False]
    np.testing.assert_array_equal(y_pred[1, :60], free[1])
    # The first block counts among what is known.
    low, high = min(0, free[0, :2].min()), max(1, free[0, :2].max())
    beyond = REACH * (high - low) * (1 + np.arange(200) / 10)
    assert np.all(y_pred[0, 2:, 0] <= (high + beyond)[2:] * (1 + 1e-6))
    assert np.all(y_pred[0, 2:, 0] >= (low - beyond)[2:] * (1 + 1e-6))
    np.testing.assert_array_equal(y_pred[0, :2], free[0, :2])


@examples(50)
@given(st.integers(0, 2**32 - 1), st.integers(12, 60), st.floats(-5, 5), st.floats(0, 1))
def test_trends_go_on_for_ever(seed, rows, slope, noise):
    """A drift, fed back for fifty times the known values."""
    spec = ModelSpec("drift", 3, 1, (Part("drift", 1.0, rows),))
    values = slope * np.arange(rows) + np.random.default_rng(seed).normal(0, noise, rows)
    windows = windows_of(values[None])
    low, high = windows.values.min(keepdims=True), windows.values.max(keepdims=True)
    known = Support(low, high, np.array([[rows]]), EVER)
    y_pred, held = predict_ahead(spec, {}, windows, 50 * rows, known)
    assert not held.any()
    np.testing.assert_array_equal(y_pred, predict_ahead(spec, {}, windows, 50 * rows, ANYTHING)[0])


@pytest.mark.parametrize("log", ["none", "log", "log1p"])
@pytest.mark.parametrize("levels", [QUANTILES, (0.5,)])
def test_intervals_in_user_units_bracket_the_median(levels, log):
    spec, _ = make_model("gru", levels=levels)
    rng = np.random.default_rng(0)
    quantiles = np.sort(rng.normal(size=(6, HORIZON, len(levels))), axis=2).astype(np.float32)
    scaling = Scaling("standard", log, np.array([3.0, 5.0]), np.array([0.5, 2.0]), np.array([False, False]))
    series = np.array([0, 1, 0, 1, 0, 1])
    # Scores that all lie above zero: without care the lower bound would be above the forecast.
    calibration = calibrate(1 + rng.random((50, HORIZON)), np.ones((50, HORIZON), bool))
    # Windows of a single value have a spread of 1.
    windows = windows_of(np.ones((6, 1)), series=series)
    made = Forecaster(spec, {}, calibration).calibrated(quantiles, windows, scaling, (50.0, 80.0, 95.0))
    median = quantiles[:, :, levels.index(0.5)]
    np.testing.assert_allclose(made.y_pred, scaling.inverse(median, series[:, None]))
    assert made.lower.shape == made.upper.shape == (6, HORIZON, 3)
    assert np.all(made.lower <= made.y_pred[:, :, None])
    assert np.all(made.y_pred[:, :, None] <= made.upper)
    assert np.all(np.diff(made.lower, axis=2) <= 0)
    assert np.all(np.diff(made.upper, axis=2) >= 0)
    if log == "log":
        assert np.all(made.lower > 0)
