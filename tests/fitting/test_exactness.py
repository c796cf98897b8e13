"""Another unit and another zero of the values change no forecast: f(a x + b) = a f(x) + b, but for rounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training_stub import FIXED
from tsforecast.fitting.backtest import ready_models
from tsforecast.fitting.fit_panel import fit_panel
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel

LEVELS = (50.0, 95.0)
# Digits that are left of the movement of the values: float32 has seven, and networks add up many.
CLOSE = {"baseline": 1e-6, "linear": 1e-4, "gru": 1e-4}


def movement(rows=160, seed=0):
    """Values that move by about 3 around zero, with a weekly season and a slow trend."""
    steps, rng = np.arange(rows), np.random.default_rng(seed)
    return 2 * np.sin(steps * 2 * np.pi / 7) + 0.01 * steps + rng.normal(0, 0.5, rows)


def forecasts(values, model, normalisation="last"):
    """What a model and the simple ones beside it make of a series, with their intervals."""
    options = FitOptions(model=model, **FIXED | {"normalisation": normalisation, "units": 4, "epochs": 1, "threads": 1})
    session = TrainingSession()
    fitted = fit_panel(make_panel([values], Frequency("fixed", DAY)), options, session)
    rows = fitted.everything.rows
    made = fitted.forecaster.quantiles(rows.newest_windows(np.zeros(1, np.int64), lookback=14, horizon=6))
    assert np.all(np.isfinite(made))
    (block,) = fitted.forecaster.ahead(rows, 13, LEVELS)
    names = [name for name, _ in ready_models(fitted, session)]
    return np.concatenate([block.y_pred[:, :, None], block.lower, block.upper], axis=2), set(names)


def unchanged(values, factor, offset, model, **options):
    """Compare with the forecast of other units, in units of the movement."""
    expected, names = forecasts(values, model, **options)
    found, others = forecasts(factor * values + offset, model, **options)
    assert names == others
    size = factor * np.std(values)
    close = CLOSE.get(model, CLOSE["baseline"])
    # A double of this size has no more digits.
    rounding = close + 50 * np.finfo(np.float64).eps * abs(offset) / size
    np.testing.assert_allclose((found - offset) / size, expected * factor / size, rtol=0, atol=10 * rounding)


@settings(max_examples=6)
@given(st.integers(-6, 6), st.sampled_from([0.0, 1e3, -1e6, 1e9]), st.integers(0, 99))
@pytest.mark.parametrize("model", ["naive", "seasonal-naive", "drift", "linear"])
def test_simple_models_do_not_mind_the_unit(model, power, offset, seed):
    # What never was below zero is raised to zero: no forecast comes near it, or all values are on both sides of it.
    unchanged(movement(seed=seed), 10.0**power, offset * 10.0 ** max(power, 0), model)


@pytest.mark.parametrize("normalisation", ["last", "mean-std"])
@pytest.mark.parametrize(("factor", "offset"), [(1e-3, 0.0), (1e6, -1e6), (1.0, 1e9), (0.01, 1e6)])
def test_networks_do_not_mind_the_unit(player, normalisation, factor, offset):
    player.scale = 0.3
    unchanged(movement(), factor, offset, "gru", normalisation=normalisation)


@pytest.mark.parametrize("model", ["linear", "seasonal-naive"])
def test_small_changes_of_a_large_value_are_seen(model):
    """Of 1e9 + changes of a thousandth, a float32 would see nothing."""
    values = 1e9 + np.round(0.001 * movement(), 6)
    made, _ = forecasts(values, model)
    season = made[0, :, 0] - made[0, :, 0].mean()
    assert np.corrcoef(season, np.sin(np.arange(160, 173) * 2 * np.pi / 7))[0, 1] > 0.9
    assert np.ptp(season) < 0.01
