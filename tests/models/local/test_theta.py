import numpy as np
import pytest

from tests.models.local.series import aligned, column, sales
from tsforecast.models.local.decomposition import ADDED, MULTIPLIED, NO_SEASON
from tsforecast.models.local.theta import fit_theta, forecast_theta

NILE, TURNOVER = column("nile-yearly.csv"), column("elec-equip-monthly.csv")

# DynamicOptimizedTheta of statsforecast 2.1.1: what it finds (season, alpha, 1 - 1/theta), and its forecasts.
ORACLE = {
    "factors": (TURNOVER[:120], 12, (MULTIPLIED, 0.65215789, 1 - 1 / 1.37242682),
                [96.5858, 95.4212, 113.0734, 100.6544, 97.1803, 111.4848]),
    "no season": (NILE[:80], 1, (NO_SEASON, 0.27113261, 0), [866.7542] * 6),
}  # fmt: skip


@pytest.mark.parametrize("values, season, parameters, expected", ORACLE.values(), ids=ORACLE)
def test_forecasts_are_those_of_statsforecast(values, season, parameters, expected):
    made = forecast_theta(aligned(values), np.array([parameters], float), season, 6)[:, 0]
    np.testing.assert_allclose(made, expected, rtol=3e-4)


@pytest.mark.parametrize("values, season, parameters, expected", ORACLE.values(), ids=ORACLE)
def test_what_is_found_is_close_to_it(values, season, parameters, expected):
    series = aligned(values)
    found = fit_theta(series, season)
    assert found[0, 0] == parameters[0]
    np.testing.assert_allclose(forecast_theta(series, found, season, 6)[:, 0], expected, rtol=0.01)


def test_a_line_is_continued():
    series = aligned(5 + 2.0 * np.arange(40))
    made = forecast_theta(series, fit_theta(series, 1), 1, 5)[:, 0]
    np.testing.assert_allclose(made, 5 + 2.0 * np.arange(40, 45), rtol=1e-3)


def test_the_season_is_a_factor_of_positive_values_and_else_a_summand():
    rng = np.random.default_rng(0)
    positive = sales(rng, 72)
    series = aligned(positive, positive - 200, rng.normal(size=72), positive[:24])
    assert series.unordered(fit_theta(series, 12))[:, 0].tolist() == [MULTIPLIED, ADDED, NO_SEASON, NO_SEASON]


def test_series_beside_each_other_do_not_matter():
    rng = np.random.default_rng(1)
    several = [sales(rng, rows) for rows in (40, 97, 60, 12, 3, 1)]
    together = aligned(*several)
    made = together.unordered(forecast_theta(together, fit_theta(together, 12), 12, 7).T)
    for own, forecast in zip(several, made, strict=True):
        alone = aligned(own)
        np.testing.assert_allclose(forecast_theta(alone, fit_theta(alone, 12), 12, 7)[:, 0], forecast, rtol=1e-9)


@pytest.mark.parametrize("values", [[7.0] * 50, [0.0] * 50, [3.0, 3.0, 3.0], [5.0]])
def test_a_constant_stays(values):
    series = aligned(np.array(values))
    np.testing.assert_allclose(forecast_theta(series, fit_theta(series, 4), 4, 9)[:, 0], values[0], atol=1e-9)
