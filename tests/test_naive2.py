"""Naive2 and the test for seasonality, by their formulas and by the figures that M4 published."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.windows import panel_of, windows_of
from tsforecast.metrics import evaluate
from tsforecast.models.baselines import seasonal_naive
from tsforecast.series.seasonal_errors import seasonal_errors

ROOT = Path(__file__).resolve().parents[1]
M4 = ROOT.parent / "shared" / "data" / "m4"

sys.path.insert(0, str(ROOT / "examples" / "benchmarks"))
from naive2 import is_seasonal, naive2  # noqa: E402

sys.path.pop(0)


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
    scale = seasonal_errors(panel_of(values, offsets), 24, lengths)
    windows = windows_of([history[-24:] for history in train])
    forecasts = {
        "naive2": np.array([naive2(history, 48, 24) for history in train]),
        "snaive": seasonal_naive(windows, 48, 24),
    }
    known = {"observed": np.ones(future.shape, bool), "series": np.arange(len(train)), "seasonal_error": scale}
    scores = {name: evaluate(future, y_pred, **known) for name, y_pred in forecasts.items()}
    assert round(scores["naive2"]["smape"], 3) == 18.383
    assert round(scores["naive2"]["mase"], 3) == 2.395
    assert round(scores["snaive"]["smape"], 3) == 13.912
    assert round(scores["snaive"]["mase"], 3) == 1.193
