import numpy as np
import pytest

from tests.windows import windows_of
from tsforecast.models.baselines import drift, naive, seasonal_naive

BASELINES = [naive, seasonal_naive, drift]


def windows(rows, lookback):
    """Windows padded on the left with a value that must not be used."""
    context = np.full((len(rows), lookback), 1e6, np.float32)
    mask = np.zeros((len(rows), lookback), bool)
    for i, values in enumerate(rows):
        if values:
            context[i, -len(values) :] = values
            mask[i, -len(values) :] = True
    return windows_of(context, mask)


def test_naive_repeats_the_last_value():
    made = windows([[1, 2, 3], [7]], lookback=4)
    np.testing.assert_array_equal(naive(made, 2, 1), [[3, 3], [7, 7]])


def test_seasonal_naive_repeats_the_last_season():
    made = windows([[9, 1, 2, 3]], lookback=4)
    np.testing.assert_array_equal(seasonal_naive(made, 7, 3), [[1, 2, 3, 1, 2, 3, 1]])


@pytest.mark.parametrize("lookback", [2, 3, 5])
def test_seasonal_naive_takes_the_last_value_for_steps_before_the_window(lookback):
    made = windows([[5, 6]], lookback)
    np.testing.assert_array_equal(seasonal_naive(made, 5, 4), [[6, 6, 5, 6, 6]])


def test_drift_continues_the_line_from_first_to_last():
    made = windows([[1, 5, 2, 7], [4, 2], [3]], lookback=4)
    np.testing.assert_array_equal(drift(made, 3, 1), [[9, 11, 13], [0, -2, -4], [3, 3, 3]])


@pytest.mark.parametrize("baseline", BASELINES)
def test_padding_is_never_used(baseline):
    rows = [list(range(n)) for n in range(1, 7)]
    made = windows(rows, lookback=6)
    other = windows_of(np.where(made.mask, made.values, np.float32(-3)), made.mask)
    y_pred = baseline(made, 9, 4)
    assert y_pred.shape == (6, 9)
    assert y_pred.dtype == np.float32
    np.testing.assert_array_equal(y_pred, baseline(other, 9, 4))


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_window_without_a_value_has_no_forecast(baseline):
    made = windows([[], [1, 2]], lookback=3)
    y_pred = baseline(made, 4, 2)
    assert np.isnan(y_pred[0]).all()
    assert np.isfinite(y_pred[1]).all()
