from pathlib import Path

import numpy as np
import pytest

from tsforecast.metrics import evaluate, seasonal_errors
from tsforecast.models.baselines import drift, is_seasonal, naive, naive2, seasonal_naive

M4 = Path(__file__).resolve().parents[3] / "shared" / "data" / "m4"
BASELINES = [naive, seasonal_naive, drift]


def windows(rows, lookback):
    """Contexts padded on the left with a value that must not be used."""
    context = np.full((len(rows), lookback), 1e6, np.float32)
    mask = np.zeros((len(rows), lookback), bool)
    for i, values in enumerate(rows):
        if values:
            context[i, -len(values) :] = values
            mask[i, -len(values) :] = True
    return context, mask


def test_naive_repeats_the_last_value():
    context, mask = windows([[1, 2, 3], [7]], lookback=4)
    np.testing.assert_array_equal(naive(context, mask, 2, 1), [[3, 3], [7, 7]])


def test_seasonal_naive_repeats_the_last_season():
    context, mask = windows([[9, 1, 2, 3]], lookback=4)
    np.testing.assert_array_equal(seasonal_naive(context, mask, 7, 3), [[1, 2, 3, 1, 2, 3, 1]])


@pytest.mark.parametrize("lookback", [2, 3, 5])
def test_seasonal_naive_takes_the_last_value_for_steps_before_the_window(lookback):
    context, mask = windows([[5, 6]], lookback)
    np.testing.assert_array_equal(seasonal_naive(context, mask, 5, 4), [[6, 6, 5, 6, 6]])


def test_drift_continues_the_line_from_first_to_last():
    context, mask = windows([[1, 5, 2, 7], [4, 2], [3]], lookback=4)
    np.testing.assert_array_equal(drift(context, mask, 3, 1), [[9, 11, 13], [0, -2, -4], [3, 3, 3]])


@pytest.mark.parametrize("baseline", BASELINES)
def test_padding_is_never_used(baseline):
    rows = [list(range(n)) for n in range(1, 7)]
    context, mask = windows(rows, lookback=6)
    other = np.where(mask, context, np.float32(-3))
    y_pred = baseline(context, mask, 9, 4)
    assert y_pred.shape == (6, 9)
    assert y_pred.dtype == np.float32
    np.testing.assert_array_equal(y_pred, baseline(other, mask, 9, 4))


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_window_without_a_value_has_no_forecast(baseline):
    context, mask = windows([[], [1, 2]], lookback=3)
    y_pred = baseline(context, mask, 4, 2)
    assert np.isnan(y_pred[0]).all()
    assert np.isfinite(y_pred[1]).all()


@pytest.mark.parametrize("season", [4, 5])
def test_naive2_continues_a_multiplicative_season_exactly(season):
    pattern = np.linspace(0.5, 1.5, season)
    history = 20 * np.resize(pattern, 6 * season + 2)
    future = 20 * np.resize(pattern, 7 * season + 2)[-season:]
    np.testing.assert_allclose(naive2(history, season, season), future)


def test_naive2_is_naive_without_a_season_or_with_values_that_have_no_ratios():
    noise = 10 + np.random.default_rng(0).random(60)
    seasonal = np.resize([-1.0, 2.0, 4.0], 60)
    assert is_seasonal(seasonal, 3)
    for history, season in ((noise, 1), (noise, 7), (np.full(60, 3.0), 7), (seasonal, 3)):
        np.testing.assert_array_equal(naive2(history, 3, season), np.full(3, history[-1]))


def test_seasonality_needs_three_seasons_and_an_autocorrelation_that_stands_out():
    history = np.resize([9.0] + 11 * [1.0], 36)
    assert is_seasonal(history, 12)
    assert not is_seasonal(history[:-1], 12)


def test_seasonality_follows_the_formula_of_m4():
    rng = np.random.default_rng(1)
    answers = []
    for _ in range(200):
        history = np.resize([0.0, 0.5, 1.0, 0.5], 36) + rng.normal(0, 0.55, 36)
        x = history - history.mean()
        acf = [np.sum(x[k:] * x[: 36 - k]) / np.sum(x**2) for k in range(5)]
        limit = 1.645 * np.sqrt((1 + 2 * (acf[1] ** 2 + acf[2] ** 2 + acf[3] ** 2)) / 36)
        answers.append(is_seasonal(history, 4))
        assert answers[-1] == (abs(acf[4]) > limit)
    assert 50 < sum(answers) < 150


def read_m4(name):
    lines = (M4 / name).read_text().splitlines()[1:]
    rows = [[cell.strip('"') for cell in line.split(",")[1:]] for line in lines]
    return [np.array([float(cell) for cell in row if cell not in ("", "NA")]) for row in rows]


@pytest.mark.skipif(not M4.is_dir(), reason="the M4 data are not beside the repository")
def test_published_floors_of_m4_hourly():
    train, future = read_m4("Hourly-train.csv"), np.array(read_m4("Hourly-test.csv"))
    lengths = np.array([len(values) for values in train])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = np.concatenate(train)
    scale = seasonal_errors(values, np.ones(len(values), bool), offsets, 24, lengths)
    context = np.array([history[-24:] for history in train], np.float32)
    forecasts = {
        "naive2": np.array([naive2(history, 48, 24) for history in train]),
        "snaive": seasonal_naive(context, np.ones(context.shape, bool), 48, 24),
    }
    known = {"observed": np.ones(future.shape, bool), "series": np.arange(len(train)), "seasonal_error": scale}
    scores = {name: evaluate(future, y_pred, **known) for name, y_pred in forecasts.items()}
    assert round(scores["naive2"]["smape"], 3) == 18.383
    assert round(scores["naive2"]["mase"], 3) == 2.395
    assert round(scores["snaive"]["smape"], 3) == 13.912
    assert round(scores["snaive"]["mase"], 3) == 1.193
