import numpy as np

from tests.models.local.series import aligned
from tsforecast.models.local.forms import MOST_FORMS, best_forms, forecast_forms

COLUMNS = 2


def constant(series, numbers, season, horizon):
    """A model whose forecast is its first number, whatever the series."""
    return np.tile(numbers[:, 0], (horizon, 1))


def forms(loss):
    """One series with a form for each loss, whose first number is its place."""
    numbers = np.arange(len(loss), dtype=float)[:, None, None] + np.zeros((1, 1, COLUMNS))
    return best_forms(np.array(loss, float)[:, None], numbers, np.full((1, COLUMNS), 9.0))


def test_the_best_are_kept_and_lose_a_factor_of_e_with_each_unit_of_loss():
    kept = forms([5, 2, 1, 3]).reshape(MOST_FORMS, 1 + COLUMNS)
    assert kept[:, 1].tolist() == [2, 1, 3]
    np.testing.assert_allclose(kept[:, 0], np.exp([0, -1, -2]) / np.exp([0, -1, -2]).sum())


def test_the_forecast_is_the_mean_by_the_shares():
    made = forecast_forms(constant, COLUMNS, aligned([1.0, 2.0]), forms([0, 0, 100]), 1, 3)
    np.testing.assert_allclose(made[:, 0], [0.5] * 3)


def test_what_a_series_cannot_have_gets_no_share():
    made = forms([np.inf, 1]).reshape(MOST_FORMS, 1 + COLUMNS)
    assert made[:, 0].tolist() == [1, 0, 0] and made[0, 1] == 1


def test_a_series_without_any_form_gets_the_simplest():
    made = forms([np.inf, np.inf]).reshape(MOST_FORMS, 1 + COLUMNS)
    assert made[:, 0].tolist() == [1, 0, 0] and made[0, 1] == 9


def test_numbers_without_shares_are_one_form():
    made = forecast_forms(constant, COLUMNS, aligned([1.0]), np.array([[4.0, 0.0]]), 1, 2)
    assert made.tolist() == [[4.0], [4.0]]
