from __future__ import annotations

import numpy as np
from scipy.stats import t

from tsforecast.models.network.config import QUANTILES
from tsforecast.models.network.student_t import FREEDOM_FLOOR, SCALE_FLOOR, quantiles


def test_quantiles_are_those_of_the_distribution():
    y = np.random.default_rng(0).normal(0, 5, (4, 3, 3)).astype(np.float32)
    location, scale, freedom = y[:, :, :1], np.logaddexp(0, y[:, :, 1:2]), np.logaddexp(0, y[:, :, 2:])
    made = quantiles(y, QUANTILES)
    expected = t.ppf(QUANTILES, freedom + FREEDOM_FLOOR, location, scale + SCALE_FLOOR)
    assert (made.shape, made.dtype) == ((4, 3, len(QUANTILES)), np.float32)
    np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-5)


def test_the_median_is_the_location():
    y = np.random.default_rng(0).normal(0, 5, (4, 3, 3)).astype(np.float32)
    np.testing.assert_array_equal(quantiles(y, QUANTILES)[:, :, QUANTILES.index(0.5)], y[:, :, 0])
    np.testing.assert_array_equal(quantiles(y, (0.5,)), y[:, :, :1])


def test_extreme_outputs_stay_finite_and_ascend():
    y = np.array([[[7.0, low, high] for low in (-200, 200) for high in (-200, 200)]], np.float32)
    made = quantiles(y, QUANTILES)
    assert np.all(np.isfinite(made))
    assert np.all(np.diff(made, axis=2) > 0)
