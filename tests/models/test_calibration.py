from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsforecast.models.calibration import (
    PROBABILITIES,
    Calibration,
    calibrate,
    conformal_scores,
    intervals,
    score_at,
    scores_between,
    scores_of_values,
    values_at,
)
from tsforecast.models.network.config import QUANTILES
from tsforecast.series.scaling import Scaling

quick = settings(max_examples=60)
POINT = (0.5,)
HORIZON = 8
Z = np.array([NormalDist().inv_cdf(level) for level in QUANTILES])
GROWTH = np.sqrt(np.arange(1, HORIZON + 1))


@st.composite
def forecasts(draw):
    """Quantiles of one window, equal neighbours among them, and its spread."""
    levels = draw(st.sampled_from([POINT, QUANTILES]))
    middle = draw(st.integers(-1000, 1000)) / 10
    gaps = draw(st.lists(st.integers(0, 50), min_size=len(levels), max_size=len(levels)))
    quantiles = middle + np.cumsum(gaps)[None, None] / 10
    return quantiles.astype(np.float64), levels, np.array([[draw(st.integers(1, 100)) / 10]])


@quick
@given(forecasts(), st.integers(-3000, 3000))
def test_values_have_scores_and_scores_have_values(forecast, tenths):
    quantiles, levels, spread = forecast
    y = np.array([[tenths / 10]])
    scores = conformal_scores(y, quantiles, levels, spread)
    np.testing.assert_allclose(values_at(scores, quantiles, levels, spread)[:, :, 0], y, rtol=1e-9, atol=1e-6)
    score = np.array([[tenths / 500]])
    values = values_at(score, quantiles, levels, spread)[:, :, 0]
    np.testing.assert_allclose(conformal_scores(values, quantiles, levels, spread), score, rtol=1e-6, atol=1e-6)


@quick
@given(forecasts(), st.lists(st.floats(-20, 20), min_size=2, max_size=10))
def test_scores_and_values_ascend_together(forecast, scores):
    quantiles, levels, spread = forecast
    ordered = np.sort(np.array(scores))
    values = values_at(ordered[None], quantiles, levels, spread)[0, 0]
    assert np.all(np.diff(values) >= 0)


def test_a_quantile_model_scores_its_own_levels_by_the_normal_scale():
    quantiles = np.broadcast_to(10 + 3 * Z, (1, 1, len(Z))).astype(np.float64)
    for level, value in zip(QUANTILES, quantiles[0, 0], strict=True):
        score = conformal_scores(np.array([[value]]), quantiles, QUANTILES, np.ones((1, 1)))
        assert score[0, 0] == pytest.approx(NormalDist().inv_cdf(level), abs=1e-3)


def test_a_point_model_scores_its_error_in_spreads():
    score = conformal_scores(np.array([[7.0]]), np.array([[[4.0]]]), POINT, np.array([[2.0]]))
    np.testing.assert_allclose(score, [[1.5]])


def worlds(rng, kind, samples):
    """Truths, forecasts, levels and spreads of exchangeable windows, whose errors grow with the step.

    `point` has one size of error, `heteroscedastic` one per window; `quantile` promises half the width it should, and
    its errors lean to one side.
    """
    spread = np.ones((samples, 1)) if kind == "point" else np.exp(rng.normal(size=(samples, 1)))
    if kind == "quantile":
        noise = rng.exponential(size=(samples, HORIZON)) - 1
        return spread * noise * GROWTH, 0.5 * spread[:, :, None] * GROWTH[:, None] * Z, QUANTILES, spread
    noise = rng.standard_t(4, (samples, HORIZON))
    return spread * noise * GROWTH, np.zeros((samples, HORIZON, 1)), POINT, spread


@pytest.mark.parametrize("kind", ["point", "heteroscedastic", "quantile"])
@pytest.mark.parametrize(("windows", "method"), [(5, "pooled"), (20, "pooled"), (100, "pooled"), (2000, "per step")])
def test_intervals_cover_what_they_promise(kind, windows, method):
    rng = np.random.default_rng(0)
    covered = {50: [], 80: [], 95: []}
    for _ in range(max(20, min(200, 6000 // windows))):
        y_true, quantiles, levels, spread = worlds(rng, kind, windows)
        calibration = calibrate(conformal_scores(y_true, quantiles, levels, spread), np.ones(y_true.shape, bool))
        assert method in calibration.method
        assert calibration.windows == windows
        y_true, quantiles, levels, spread = worlds(rng, kind, 300)
        lower, upper = intervals(calibration, quantiles, levels, spread, tuple(covered))
        inside = (lower <= y_true[:, :, None]) & (y_true[:, :, None] <= upper)
        for number, shares in enumerate(covered.values()):
            shares.append(inside[:, :, number].mean(axis=0))
    for level, shares in covered.items():
        assert np.mean(shares) == pytest.approx(level / 100, abs=0.02)
        if windows >= 100:  # with fewer, the sizes of neighbouring steps are mixed
            assert np.mean(shares, axis=0) == pytest.approx(level / 100, abs=0.03)


def test_very_few_errors_give_normal_tails_of_their_size():
    scores = np.array([[1.0, 2.0], [-1.0, -2.0], [1.0, 2.0]])
    calibration = calibrate(scores, np.ones(scores.shape, bool))
    assert "6 held-out errors: too few" in calibration.method
    expected = NormalDist().inv_cdf(0.9) * np.array([1.0, 2.0])
    # The sizes of neighbouring steps are mixed where windows are this few.
    np.testing.assert_allclose(score_at(calibration, 0.9), expected.mean(), rtol=0.2)
    np.testing.assert_allclose(score_at(calibration, 0.1), -score_at(calibration, 0.9))


def test_no_window_at_all_promises_the_scores_themselves():
    calibration = calibrate(np.empty((0, HORIZON)), np.empty((0, HORIZON), bool))
    np.testing.assert_allclose(score_at(calibration, 0.975), np.full(HORIZON, NormalDist().inv_cdf(0.975)))


@pytest.mark.parametrize("count", [40, 79, 399])
def test_finite_sample_ranks(count):
    scores = np.random.default_rng(0).permutation(np.arange(1.0, count + 1))[:, None]
    calibration = calibrate(scores, np.ones(scores.shape, bool))
    for probability, score in zip(PROBABILITIES, calibration.scores[0], strict=True):
        share = abs(2 * probability - 1)  # of the errors that the interval between the score and its mirror holds
        rank = np.clip(np.ceil(round((count + 1) * share, 6)), 1, count) if share else 0
        assert score == pytest.approx(np.sign(probability - 0.5) * rank)


def test_errors_on_one_side_widen_both_sides():
    scores = np.random.default_rng(0).uniform(1, 2, size=(200, 1))
    calibration = calibrate(scores, np.ones(scores.shape, bool))
    np.testing.assert_array_equal(calibration.scores, -calibration.scores[:, ::-1])


def test_beyond_the_horizon_no_interval_is_narrower_than_at_its_end():
    calibration = calibrate(np.random.default_rng(0).normal(size=(500, 2)), np.ones((500, 2), bool))
    # The fed back window looks calm: the model's own quantiles nearly meet.
    quantiles = np.array([[[-1.0, 0.0, 1.0]] * 2 + [[-0.1, 0.0, 0.1]] * 4])
    lower, upper = intervals(calibration, quantiles, (0.1, 0.5, 0.9), np.ones((1, 1)), (80,))
    width = (upper - lower)[0, :, 0]
    np.testing.assert_allclose(width[2:4], width[1] * np.sqrt(2))
    np.testing.assert_allclose(width[4:], width[1] * np.sqrt(3))


@quick
@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_scores_ascend_with_the_probability(samples, horizon, seed):
    rng = np.random.default_rng(seed)
    scores = rng.standard_cauchy((samples, horizon)).round(1)
    calibration = calibrate(scores, rng.random((samples, horizon)) < 0.8)
    assert calibration.scores.shape == (horizon, len(PROBABILITIES))
    assert np.all(np.isfinite(calibration.scores))
    assert np.all(np.diff(calibration.scores, axis=1) >= 0)


@quick
@given(forecasts(), st.integers(1, 500), st.integers(0, 2**32 - 1))
def test_intervals_are_nested(forecast, samples, seed):
    quantiles, levels, spread = forecast
    scores = np.random.default_rng(seed).normal(0.5, 2, (samples, 1))
    calibration = calibrate(scores, np.ones(scores.shape, bool))
    bounds = intervals(calibration, quantiles, levels, spread, (1, 50, 80, 91.3, 95, 99, 99.9))
    lower, upper = (bound[0, 0] for bound in bounds)
    assert np.all(np.diff(lower) <= 0)
    assert np.all(np.diff(upper) >= 0)
    assert np.all(lower <= upper)


def test_filled_values_are_not_calibrated_on():
    rng = np.random.default_rng(0)
    scores, observed = rng.normal(size=(100, HORIZON)), rng.random((100, HORIZON)) < 0.7
    calibration = calibrate(scores, observed)
    other = calibrate(np.where(observed, scores, 1e9), observed)
    np.testing.assert_array_equal(calibration.scores, other.scores)


def test_each_step_keeps_its_own_size_where_windows_are_few():
    rng = np.random.default_rng(0)
    size = np.linspace(1, 10, 30)
    for windows in (10, 50):
        scores = rng.normal(size=(windows, 30)) * size
        upper = score_at(calibrate(scores, np.ones(scores.shape, bool)), 0.9)
        np.testing.assert_allclose(upper[5:-5] / (1.2816 * size[5:-5]), 1, atol=0.35)
        assert np.corrcoef(upper, size)[0, 1] > 0.95


def test_between_stored_probabilities_scores_follow_the_normal_scale():
    normal = np.array([[NormalDist().inv_cdf(p) for p in PROBABILITIES]])
    calibration = Calibration(normal, 1, "")
    for probability in (0.0005, 0.037, 0.333, 0.5, 0.912, 0.9999):
        assert score_at(calibration, probability)[0] == pytest.approx(NormalDist().inv_cdf(probability))


@pytest.mark.parametrize("levels", [POINT, QUANTILES])
def test_intervals_widen_beyond_the_calibrated_horizon(levels):
    rng = np.random.default_rng(0)
    calibration = calibrate(rng.normal(size=(500, HORIZON)), np.ones((500, HORIZON), bool))
    offsets = np.zeros(1) if levels == POINT else Z
    quantiles = np.broadcast_to(5 + offsets, (1, 3 * HORIZON, len(levels))).astype(np.float64)
    lower, upper = intervals(calibration, quantiles, levels, np.ones((1, 1)), (80,))
    width = (upper - lower)[0, :, 0]
    within = intervals(calibration, quantiles[:, :HORIZON], levels, np.ones((1, 1)), (80,))
    np.testing.assert_array_equal(width[:HORIZON], (within[1] - within[0])[0, :, 0])
    np.testing.assert_allclose(width[HORIZON:] / width[HORIZON - 1], np.sqrt([2, 3]).repeat(HORIZON), rtol=1e-3)


def test_intervals_can_be_kept_from_becoming_narrower_than_the_models_own():
    scores = np.random.default_rng(0).normal(0, 0.1, (500, 2))
    scores[:, 1] *= 30
    observed = np.ones(scores.shape, dtype=bool)
    narrow, wide = calibrate(scores, observed), calibrate(scores, observed, at_least_own=True)
    own = NormalDist().inv_cdf(0.9)
    assert score_at(narrow, 0.9)[0] < 0.2 < own < score_at(narrow, 0.9)[1]
    assert score_at(wide, 0.9)[0] == pytest.approx(own)
    assert score_at(wide, 0.9)[1] == score_at(narrow, 0.9)[1]
    assert score_at(wide, 0.1)[0] == pytest.approx(-own)
    assert "never narrower" in wide.method


def test_one_forecast_that_ran_away_does_not_decide_for_all_intervals():
    """Its quantiles lie so far off that float64 cannot tell them apart: there the score was infinite, and then NaN."""
    rng = np.random.default_rng(0)
    y_true = rng.normal(size=(500, 4))
    quantiles = np.tile([-1.28, 0.0, 1.28], (500, 4, 1))
    probabilities, spread = (0.1, 0.5, 0.9), np.ones((500, 1))
    observed = np.ones(y_true.shape, dtype=bool)
    usual = calibrate(conformal_scores(y_true, quantiles, probabilities, spread), observed)
    quantiles[7] = [1e25, 1e25, 1e25]
    made = calibrate(conformal_scores(y_true, quantiles, probabilities, spread), observed)
    np.testing.assert_allclose(made.scores[:, 8:-8], usual.scores[:, 8:-8], atol=0.1)
    assert np.isfinite(made.scores).all()


def counts_and_quantiles(rng, rate, count):
    """Poisson values, and the quantiles of their distribution in model space, where a unit is a count."""
    quantiles = np.quantile(rng.poisson(rate, 200_000), QUANTILES, method="inverted_cdf").astype(float)
    return rng.poisson(rate, (count, 1)).astype(float), np.tile(quantiles, (count, 1, 1))


@pytest.mark.parametrize("rate", [0.3, 2.0])
def test_intervals_of_counts_end_at_the_quantiles_where_these_are_right(rate):
    rng = np.random.default_rng(5)
    y, quantiles = counts_and_quantiles(rng, rate, 4000)
    spread = np.ones((len(y), 1))
    scaling = Scaling("none", "none", np.zeros(1), np.ones(1), np.ones(1, bool), counts=np.ones(1, bool))
    scores = scores_of_values(y, quantiles, QUANTILES, spread, scaling, np.zeros(len(y), np.int64))
    calibration = calibrate(scores, np.ones(y.shape, bool))
    lower, upper = intervals(calibration, quantiles, QUANTILES, spread, (80.0,))
    np.testing.assert_array_equal(scaling.inverse(lower[0, 0], np.array([0])), quantiles[0, 0, [1]])
    np.testing.assert_array_equal(scaling.inverse(upper[0, 0], np.array([0])), quantiles[0, 0, [5]])


def test_many_zeros_do_not_widen_intervals_though_several_quantiles_are_zero():
    y, quantiles = counts_and_quantiles(np.random.default_rng(5), 0.3, 4000)
    spread, edges = np.ones((len(y), 1)), (np.where(y > 0, y - 0.5, -np.inf), y + 0.5)
    counted, plain = (
        calibrate(scores, np.ones(y.shape, bool))
        for scores in (
            scores_between(edges, quantiles, QUANTILES, spread),
            conformal_scores(y, quantiles, QUANTILES, spread),
        )
    )
    assert score_at(plain, 0.9)[0] > 1.2 * score_at(counted, 0.9)[0]


def test_scores_of_rounded_values_are_normal_where_the_quantiles_are_right():
    rng = np.random.default_rng(6)
    y = np.round(np.maximum(rng.normal(1.0, 1.5, (5000, 1)), 0.0))
    quantiles = np.tile(1.0 + 1.5 * Z, (5000, 1, 1))
    edges = np.where(y > 0, y - 0.5, -np.inf), y + 0.5
    scores = scores_between(edges, quantiles, QUANTILES, np.ones((5000, 1)))
    np.testing.assert_allclose(np.quantile(scores, QUANTILES), Z, atol=0.1)


def test_values_that_are_not_rounded_have_the_scores_that_they_had():
    rng = np.random.default_rng(7)
    y, quantiles = rng.normal(size=(50, 3)) * 8, np.tile(Z, (50, 3, 1))
    spread, series = np.ones((50, 1)), np.zeros(50, np.int64)
    plain = conformal_scores(y, quantiles, QUANTILES, spread)
    np.testing.assert_allclose(scores_between((y, y), quantiles, QUANTILES, spread), plain, atol=1e-3)
    scaling = Scaling("none", "none", np.zeros(1), np.ones(1), np.zeros(1, bool))
    np.testing.assert_array_equal(scores_of_values(y, quantiles, QUANTILES, spread, scaling, series), plain)
