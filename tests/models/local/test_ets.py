import numpy as np
import pytest

from tests.models.local.series import aligned, column, sales
from tsforecast.models.local.ets import COLUMNS, fit_ets, forecast_ets
from tsforecast.models.local.forms import MOST_FORMS, forecast_forms

NILE, TURNOVER = column("nile-yearly.csv"), column("elec-equip-monthly.csv")


def continued(series, season, horizon):
    return forecast_forms(forecast_ets, COLUMNS, series, fit_ets(series, season), season, horizon)


def best(series, season):
    """The parameters of the best form of each series."""
    return fit_ets(series, season)[:, 1 : 1 + COLUMNS]


# Forecasts of statsmodels 0.15.0: ETSModel with these smoothing parameters fixed, `initialization_method="estimated"`.
ORACLE = {
    "damped trend and season": (
        TURNOVER[:72],
        (0, 1, 0, 0.35, 0.14, 0.13, 0.97),
        12,
        [115.1893, 114.8817, 129.7946, 122.1560, 119.9008, 132.6960],
    ),
    "of logarithms": (
        TURNOVER[:72],
        (1, 1, 0, 0.35, 0.14, 0.13, 0.97),
        12,
        np.exp([4.6946, 4.6772, 4.8410, 4.7477, 4.7090, 4.8461]),
    ),
    "trend": (NILE[:60], (0, 0, 0, 0.2, 0.02, 0, 1), 1, [820.3558, 819.9077, 819.4596, 819.0115]),
    "level": (NILE[:60], (0, 0, 0, 0.3, 0, 0, 0), 1, [835.3562] * 4),
}


@pytest.mark.parametrize("values, parameters, season, expected", ORACLE.values(), ids=ORACLE)
def test_forecasts_are_those_of_statsmodels(values, parameters, season, expected):
    made = forecast_ets(aligned(values), np.array([parameters], float), season, len(expected))[:, 0]
    np.testing.assert_allclose(made, expected, rtol=1e-4)


def test_the_choice_is_close_to_that_of_a_search():
    # AutoETS of statsforecast 2.1.1 chooses ETS(A,N,A) for this series, with these forecasts.
    searched = [96.3994, 95.4628, 112.1446, 100.0155, 97.6080, 111.6405]
    series = aligned(TURNOVER[:120])
    np.testing.assert_allclose(forecast_ets(series, best(series, 12), 12, 6)[:, 0], searched, rtol=0.02)


def test_each_series_has_the_form_that_it_shows():
    rng = np.random.default_rng(0)
    t = np.arange(96)
    noise = rng.normal(size=96)
    added = 100 + 0.5 * t + 20 * np.sin(2 * np.pi * t / 12) + noise
    series = aligned(sales(rng, 96), added, 100 + noise, added - 500)
    forms = series.unordered(best(series, 12))
    assert forms[:, 0].tolist() == [1, 0, 0, 0]  # logarithms
    assert forms[:, 1].tolist() == [1, 1, 0, 1]  # season
    assert (forms[:, 6] > 0).tolist() == [True, True, False, True]  # trend


def test_forms_that_are_nearly_as_good_are_averaged():
    rng = np.random.default_rng(0)
    parameters = fit_ets(aligned(100 + rng.normal(0, 5, 15).cumsum()), 1).reshape(MOST_FORMS, 1 + COLUMNS)
    shares = parameters[:, 0]
    assert shares[0] < 0.95 and np.all(np.diff(shares) <= 0) and shares.sum() == pytest.approx(1)
    assert len(np.unique(parameters[:, [1, 2, 7]], axis=0)) == MOST_FORMS, "each is another form"


def test_series_beside_each_other_do_not_matter():
    rng = np.random.default_rng(1)
    several = [sales(rng, rows) for rows in (40, 97, 60, 12, 3, 1)]
    together = aligned(*several)
    made = together.unordered(continued(together, 12, 7).T)
    for own, forecast in zip(several, made, strict=True):
        alone = aligned(own)
        np.testing.assert_allclose(continued(alone, 12, 7)[:, 0], forecast, rtol=1e-6)


@pytest.mark.parametrize("season", [1, 4, 30])
@pytest.mark.parametrize(
    "values",
    [np.full(50, 7.0), np.zeros(50), np.array([3.0, 3.0, 3.0]), np.array([5.0])],
    ids=["constant", "zeros", "three", "one"],
)
def test_a_constant_stays(season, values):
    series = aligned(values)
    made = continued(series, season, 9)
    np.testing.assert_allclose(made[:, 0], values[0], atol=1e-9)


def test_a_long_season_is_removed_before():
    t = np.arange(240)
    series = aligned(50 + 10 * np.sin(2 * np.pi * t / 48) + 0.01 * np.random.default_rng(0).normal(size=240))
    assert best(series, 48)[0, 2] > 0
    ahead = 50 + 10 * np.sin(2 * np.pi * np.arange(240, 288) / 48)
    np.testing.assert_allclose(continued(series, 48, 48)[:, 0], ahead, atol=0.3)


def test_a_series_that_is_no_longer_positive_is_seen_as_it_is():
    series = aligned(sales(np.random.default_rng(0), 60))
    parameters = best(series, 12)
    assert parameters[0, 0] == 1
    lower = aligned(series.values[:, 0] - 150)
    assert np.isfinite(forecast_ets(lower, parameters, 12, 12)).all()


def test_a_value_near_zero_does_not_send_forecasts_of_logarithms_to_the_sky():
    values = np.concatenate([np.full(40, 5.0) + np.arange(40) % 3, [1e-3, 1e-2, 0.1, 1.0]])
    parameters = np.array([(1, 0, 0, 0.9, 0.36, 0, 1)], float)
    made = forecast_ets(aligned(values), parameters, 1, 96)[:, 0]
    assert np.isfinite(made).all()
    assert made.max() < 100 * values.max()
    assert made[0] > values[-1], "the trend goes on at first"


def test_steady_growth_goes_on():
    values = np.exp(0.1 * np.arange(30))
    made = forecast_ets(aligned(values), np.array([(1, 0, 0, 0.5, 0.05, 0, 1)], float), 1, 30)[:, 0]
    np.testing.assert_allclose(made, np.exp(0.1 * np.arange(30, 60)), rtol=1e-3)
