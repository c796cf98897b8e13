import numpy as np
import pytest

from tests.windows import panel_of
from tsforecast.series.seasonal_errors import seasonal_errors

SEASON = 4


def test_seasonal_errors_read_the_training_part_only():
    rng = np.random.default_rng(3)
    lengths, ends = np.array([20, 0, 13]), np.array([15, 0, 9])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = rng.normal(size=33)
    absolute, root = seasonal_errors(panel_of(values, offsets), SEASON, ends)
    for i in (0, 2):
        difference = values[offsets[i] + SEASON : offsets[i] + ends[i]] - values[offsets[i] :][: ends[i] - SEASON]
        assert absolute[i] == pytest.approx(np.abs(difference).mean())
        assert root[i] == pytest.approx(np.sqrt((difference**2).mean()))
    assert np.isnan(absolute[1])
    later = values.copy()
    later[15:20], later[29:] = 1e9, np.nan
    np.testing.assert_array_equal(absolute, seasonal_errors(panel_of(later, offsets), SEASON, ends)[0])


def test_seasonal_errors_use_pairs_of_observed_values():
    values, observed = np.array([1.0, 2.0, 99.0, 6.0]), np.array([True, True, False, True])
    absolute, root = seasonal_errors(panel_of(values, [0, 4], observed), 2, np.array([4]))
    assert absolute[0] == root[0] == 4


def test_seasonal_errors_fall_back_to_lag_one_then_to_nan():
    seasonal, constant, short = [1.0, 2.0, 4.0, 1.0, 2.0, 4.0], [5.0] * 6, [1.0, 3.0]
    values = np.array(seasonal + constant + short)
    offsets = np.array([0, 6, 12, 14])
    absolute, root = seasonal_errors(panel_of(values, offsets), 3, np.diff(offsets))
    np.testing.assert_allclose(absolute, [9 / 5, np.nan, 2])
    np.testing.assert_allclose(root, [np.sqrt(19 / 5), np.nan, 2])
