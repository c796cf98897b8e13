import numpy as np
import pytest

from tests.models.local.series import aligned, sales
from tsforecast.models.local.forms import forecast_forms
from tsforecast.models.local.seasonal_shape import COLUMNS, fit_seasonal_shape, forecast_seasonal_shape


def continued(series, season, horizon):
    parameters = fit_seasonal_shape(series, season, horizon)
    return forecast_forms(forecast_seasonal_shape, COLUMNS, series, parameters, season, horizon)


def test_a_shape_times_a_level_is_continued():
    shape = np.array([1.0, 3.0, 2.0, 0.0])
    levels = 10 * 1.1 ** np.arange(12)
    made = continued(aligned(np.outer(levels, shape).ravel()), 4, 8)[:, 0]
    np.testing.assert_allclose(made, np.outer(10 * 1.1 ** np.arange(12, 14), shape).ravel(), rtol=0.02)


def test_a_shape_is_added_where_values_are_below_zero():
    shape = np.array([-4.0, 1.0, 2.0, 1.0])
    made = continued(aligned(np.tile(shape, 12)), 4, 6)[:, 0]
    np.testing.assert_allclose(made, np.resize(shape, 6), atol=1e-9)


def test_the_week_of_hours_is_found():
    rng = np.random.default_rng(0)
    day = 2 + np.sin(2 * np.pi * np.arange(24) / 24)
    week = np.concatenate([day * factor for factor in (1, 1, 1, 1, 1, 0.2, 0.1)])
    series = aligned(np.tile(week, 4) * np.exp(0.01 * rng.normal(size=672)))
    assert fit_seasonal_shape(series, 24, 48)[0, 1] == 7
    np.testing.assert_allclose(continued(series, 24, 168)[:, 0], week, rtol=0.1)


def test_series_beside_each_other_do_not_matter():
    rng = np.random.default_rng(1)
    several = [sales(rng, rows) for rows in (40, 97, 60, 12, 3, 1)]
    together = aligned(*several, np.arange(30.0) - 9)
    made = together.unordered(continued(together, 12, 7).T)
    for own, forecast in zip((*several, np.arange(30.0) - 9), made, strict=True):
        np.testing.assert_allclose(continued(aligned(own), 12, 7)[:, 0], forecast, rtol=1e-9)


@pytest.mark.parametrize("values", [[7.0] * 50, [0.0] * 50, [-3.0] * 50, [3.0, 3.0, 3.0], [5.0]])
def test_a_constant_stays(values):
    np.testing.assert_allclose(continued(aligned(np.array(values)), 4, 9)[:, 0], values[0], atol=1e-9)


def test_a_shape_that_grows_with_the_level_is_a_factor_and_one_that_does_not_is_added():
    rng = np.random.default_rng(2)
    shape, levels = np.array([0.5, 1.5, 1.2, 0.8]), 20 * 1.08 ** np.arange(20)
    grows = (np.outer(levels, shape) * np.exp(0.01 * rng.normal(size=(20, 4)))).ravel()
    stays = (np.arange(40, 140, 5)[:, None] + 10 * shape + 0.1 * rng.normal(size=(20, 4))).ravel()
    series = aligned(grows, stays)
    assert series.unordered(fit_seasonal_shape(series, 4, 8))[:, 3].tolist() == [1, 0]


def test_a_factor_does_not_explode_where_values_have_fallen_below_zero():
    shape = np.array([1.0, 3.0, 2.0, 0.5])
    numbers = np.zeros((1, COLUMNS))
    numbers[0, :3] = 1, 2, 1  # a factor, as it was when the model was fitted
    lower = np.tile(shape, 12) - 1.7
    made = forecast_seasonal_shape(aligned(lower), numbers, 4, 8)[:, 0]
    np.testing.assert_allclose(made, np.resize(shape, 8) - 1.7, atol=1e-9)
