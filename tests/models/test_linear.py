from dataclasses import replace

import numpy as np
import pytest

from tests.windows import windows_of
from tsforecast.errors import DataError
from tsforecast.models.linear import DEFAULT_RIDGE, RIDGES, fit_linear, predict_linear
from tsforecast.series.windows import Batch

LOOKBACK, HORIZON = 6, 3
NORMALISATIONS = ["last", "mean-std", "mean-level", "none"]


def make_batch(rng, samples, kernel, *, noise=0.0):
    """Windows whose target is a linear map of the context less its last value."""
    context = rng.normal(size=(samples, LOOKBACK)).cumsum(axis=1)
    last = context[:, -1:]
    target = (context - last) @ kernel + 0.5 + last + noise * rng.normal(size=(samples, HORIZON))
    return Batch(windows_of(context), target.astype(np.float32), np.ones(target.shape, bool))


@pytest.fixture
def kernel():
    kernel = np.random.default_rng(0).normal(size=(LOOKBACK, HORIZON))
    kernel[-1] = 0  # the last value less itself: always zero, so that its weights are zero
    return kernel


@pytest.fixture
def train(kernel):
    rng = np.random.default_rng(1)
    return [make_batch(rng, 200, kernel) for _ in range(3)]


def changed(batch, *, values=None, mask=None, **others):
    """The same batch with some arrays replaced."""
    own = batch.windows
    values, mask = own.values if values is None else values, own.mask if mask is None else mask
    return replace(batch, windows=windows_of(values, mask), **others)


def test_recovers_a_linear_map(train, kernel):
    weights, ridge = fit_linear(iter(train), LOOKBACK, HORIZON, ridge=1e-9)
    assert ridge == 1e-9
    assert {name: (value.shape, value.dtype) for name, value in weights.items()} == {
        "linear/kernel": ((LOOKBACK, HORIZON), np.float32),
        "linear/bias": ((HORIZON,), np.float32),
    }
    np.testing.assert_allclose(weights["linear/kernel"], kernel, atol=1e-4)
    np.testing.assert_allclose(weights["linear/bias"], 0.5, atol=1e-4)
    y_pred = predict_linear(weights, train[0].windows)
    assert y_pred.dtype == np.float32
    np.testing.assert_allclose(y_pred, train[0].target, atol=1e-3)


def test_equals_scikit_learn(kernel):
    from sklearn.linear_model import Ridge

    batch = make_batch(np.random.default_rng(2), 100, kernel, noise=1.0)
    weights, _ = fit_linear([batch], LOOKBACK, HORIZON, ridge=0.1)
    x = (batch.windows.values - batch.windows.values[:, -1:]).astype(np.float64)
    y = (batch.target - batch.windows.values[:, -1:]).astype(np.float64)
    oracle = Ridge(alpha=0.1 * (x**2).sum(axis=0).mean()).fit(x, y)
    np.testing.assert_allclose(weights["linear/kernel"], oracle.coef_.T, atol=1e-5)
    np.testing.assert_allclose(weights["linear/bias"], oracle.intercept_, atol=1e-5)


def test_the_size_of_the_batches_does_not_matter(train):
    values = np.concatenate([batch.windows.values for batch in train])
    target = np.concatenate([batch.target for batch in train])
    whole = Batch(windows_of(values), target, np.ones(target.shape, bool))
    parts, together = (fit_linear(batches, LOOKBACK, HORIZON)[0] for batches in (train, [whole]))
    for name in parts:
        np.testing.assert_allclose(parts[name], together[name], atol=1e-6)


def test_a_shift_of_the_level_shifts_the_forecast(train):
    weights, _ = fit_linear(train, LOOKBACK, HORIZON)
    values = train[0].windows.values
    lifted = predict_linear(weights, windows_of(values + np.float32(64)))
    np.testing.assert_allclose(lifted, predict_linear(weights, windows_of(values)) + 64, atol=1e-3)
    shifted = [changed(b, values=b.windows.values + np.float32(64), target=b.target + np.float32(64)) for b in train]
    again, _ = fit_linear(shifted, LOOKBACK, HORIZON)
    np.testing.assert_allclose(again["linear/kernel"], weights["linear/kernel"], atol=1e-3)


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_padding_is_never_used(train, normalisation):
    mask = np.arange(LOOKBACK) >= np.arange(200)[:, None] % LOOKBACK
    results = []
    for padding in (0, 1e6):
        padded = [changed(b, values=np.where(mask, b.windows.values, np.float32(padding)), mask=mask) for b in train]
        weights, _ = fit_linear(padded, LOOKBACK, HORIZON, validation=padded, normalisation=normalisation)
        results.append(predict_linear(weights, padded[0].windows, normalisation=normalisation))
    np.testing.assert_array_equal(*results)
    assert np.isfinite(results[0]).all()


def test_padding_continues_the_first_value_to_the_left(train):
    weights, _ = fit_linear(train, LOOKBACK, HORIZON)
    full, part = np.array([[4, 4, 4, 5, 7, 6]], np.float32), np.array([[0, 0, 4, 5, 7, 6]], np.float32)
    padded = predict_linear(weights, windows_of(part, np.array([[False, False, True, True, True, True]])))
    np.testing.assert_array_equal(padded, predict_linear(weights, windows_of(full)))


def test_windows_with_an_unobserved_target_step_or_no_context_are_left_out(train):
    expected, _ = fit_linear(train, LOOKBACK, HORIZON)
    spoilt = changed(train[0], target=train[0].target + np.float32(1000))
    gap = np.ones((200, HORIZON), bool)
    gap[:, 1] = False
    empty = changed(spoilt, mask=np.zeros((200, LOOKBACK), bool))
    weights, _ = fit_linear([*train, changed(spoilt, observed=gap), empty], LOOKBACK, HORIZON)
    np.testing.assert_array_equal(weights["linear/kernel"], expected["linear/kernel"])


def test_no_complete_window_is_an_error(train):
    gap = changed(train[0], observed=np.zeros((200, HORIZON), bool))
    for batches in ([], [gap]):
        with pytest.raises(DataError, match="3 target steps"):
            fit_linear(batches, LOOKBACK, HORIZON)


def test_validation_chooses_the_strength(train, kernel):
    rng = np.random.default_rng(4)
    _, weak = fit_linear(train, LOOKBACK, HORIZON, validation=iter(train))
    assert weak == min(RIDGES)
    nothing = [make_batch(rng, 20, np.zeros_like(kernel), noise=5.0)]
    held_out = [make_batch(rng, 500, np.zeros_like(kernel))]
    weights, strong = fit_linear(nothing, LOOKBACK, HORIZON, validation=iter(held_out))
    assert strong == max(RIDGES)
    alone, _ = fit_linear(nothing, LOOKBACK, HORIZON, ridge=strong)
    np.testing.assert_array_equal(weights["linear/kernel"], alone["linear/kernel"])


def test_validation_reads_observed_points_only(train):
    wild = [changed(b, target=b.target + np.float32(1e4), observed=np.zeros((200, HORIZON), bool)) for b in train]
    assert fit_linear(train, LOOKBACK, HORIZON, validation=wild)[1] == DEFAULT_RIDGE
    assert fit_linear(train, LOOKBACK, HORIZON, validation=[*wild, train[0]])[1] == min(RIDGES)


def test_constant_series_are_continued(train):
    constant = changed(
        train[0],
        values=np.full((200, LOOKBACK), 7, np.float32),
        target=np.full((200, HORIZON), 7, np.float32),
    )
    weights, _ = fit_linear([constant], LOOKBACK, HORIZON)
    np.testing.assert_array_equal(predict_linear(weights, constant.windows), constant.target)


def test_mean_level_lets_one_map_serve_series_of_every_size(train):
    positive = [changed(b, values=np.abs(b.windows.values) + 1, target=np.abs(b.target) + 1) for b in train]
    weights, _ = fit_linear(positive, LOOKBACK, HORIZON, normalisation="mean-level")
    values = positive[0].windows.values
    small = predict_linear(weights, windows_of(values), normalisation="mean-level")
    large = predict_linear(weights, windows_of(values * np.float32(1000)), normalisation="mean-level")
    np.testing.assert_allclose(large, small * 1000, rtol=1e-3)


def test_a_window_without_a_value_has_no_forecast(train):
    weights, _ = fit_linear(train, LOOKBACK, HORIZON)
    mask = np.zeros((2, LOOKBACK), bool)
    mask[1, -1] = True
    y_pred = predict_linear(weights, windows_of(np.ones((2, LOOKBACK)), mask))
    assert np.isnan(y_pred[0]).all()
    assert np.isfinite(y_pred[1]).all()
