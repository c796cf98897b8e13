"""Forecasts in blocks of series: the same as all at once, told as they are made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks import random_weights, small_parts
from tsforecast.forecast import joined
from tsforecast.models import forecaster
from tsforecast.models.calibration import PROBABILITIES, Calibration
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.spec import ModelSpec
from tsforecast.progress import SeriesForecast
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.scaling import Scaling, fit_scaling
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import ModelRows, model_rows

LOOKBACK, HORIZON = 12, 5


@dataclass
class Case:
    """A model in front of the rows that it continues."""

    forecaster: Forecaster
    rows: ModelRows
    horizon: int
    levels: tuple[float, ...]

    def blocks(self, report=lambda event: None):
        return self.forecaster.ahead(self.rows, self.horizon, self.levels, report)

    def forecast(self):
        return joined(list(self.blocks()))


def make_case(n_series=20, horizon=HORIZON, model="auto"):
    """Series of other lengths and ends, some shorter than the lookback, some unknown to the model."""
    rng = np.random.default_rng(0)
    parts = small_parts(model, lookback=LOOKBACK, horizon=HORIZON, series_vectors=3)
    recent = make_panel(
        [rng.normal(50, 5, size) for size in rng.integers(3, 30, n_series)],
        Frequency("fixed", DAY),
        starts=rng.integers(0, 50, n_series).tolist(),
    )
    scale = rng.uniform(1, 9, n_series)
    weights = random_weights(parts, HORIZON, rng)
    calibration = Calibration(np.sort(rng.normal(size=(HORIZON, len(PROBABILITIES))), axis=1), 50, "")
    scaling = Scaling("standard", "log1p", scale / 3, scale, rng.random(n_series) < 0.5)
    rows = model_rows(recent, scaling, rng.integers(-1, 3, n_series))
    return Case(Forecaster(ModelSpec(model, HORIZON, 4, parts), weights, calibration), rows, horizon, (50.0, 80.0))


@pytest.mark.parametrize("horizon", [2, HORIZON, 2 * HORIZON + 1])
def test_blocks_are_the_forecast(horizon, monkeypatch):
    made = make_case(horizon=horizon)
    whole = made.forecast()
    assert whole.y_pred.shape == (20, horizon) and whole.lower.shape == whole.upper.shape == (20, horizon, 2)
    assert np.all(np.isfinite(whole.y_pred))
    monkeypatch.setattr(forecaster, "CHUNK", 7)
    monkeypatch.setattr(forecaster, "_ROWS", 7 * horizon)
    blocks = list(made.blocks())
    assert [len(block.ids) for block in blocks] == [7, 7, 6]
    assert sum((block.ids for block in blocks), ()) == made.rows.panel.ids
    for name in ("y_pred", "lower", "upper"):
        together = np.concatenate([getattr(block, name) for block in blocks])
        np.testing.assert_allclose(together, getattr(whole, name), rtol=1e-5)


def test_a_forecast_starts_where_its_series_ends():
    made = make_case()
    panel = made.rows.panel
    starts = np.concatenate([block.starts for block in made.blocks()])
    np.testing.assert_array_equal(starts, panel.starts + np.diff(panel.offsets))


def test_it_is_told_how_far_it_is(monkeypatch):
    monkeypatch.setattr(forecaster, "CHUNK", 8)
    monkeypatch.setattr(forecaster, "_ROWS", 1)  # a block is one chunk at least
    events = []
    blocks = make_case().blocks(events.append)
    assert not events and next(blocks) and not events  # the first one may still have to be written
    assert len(list(blocks)) == 2
    assert events == [SeriesForecast(done, 20) for done in (8, 16, 20)]


def test_rows_before_the_lookback_play_no_part():
    made = make_case(model="gru")
    before = made.forecast()
    panel = made.rows.panel
    for number in range(panel.n_series):
        first, end = panel.offsets[number : number + 2]
        panel.values[first : max(first, end - LOOKBACK)] = 1e6
    after = made.forecast()
    for name in ("y_pred", "lower", "upper"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


LEVELS = [-1e6, 12_345.0, 1e9]
SCALE_FREE = ["naive", "seasonal-naive", "drift", "linear", "gru"]


def continued(model, values, horizon):
    """What a model of random weights makes of series, scaled as a fit scales them."""
    parts = small_parts(model, lookback=LOOKBACK, horizon=HORIZON)
    panel = make_panel(values, Frequency("fixed", DAY))
    scaling = fit_scaling(panel, panel.lengths, method="standard")
    rng = np.random.default_rng(1)
    weights = random_weights(parts, HORIZON, rng)
    calibration = Calibration(np.sort(rng.normal(size=(HORIZON, len(PROBABILITIES))), axis=1), 50, "")
    rows = model_rows(panel, replace(scaling, nonnegative=np.zeros(len(values), bool)))
    return Case(
        Forecaster(ModelSpec(model, HORIZON, 4, parts), weights, calibration), rows, horizon, (80.0,)
    ).forecast()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("model", SCALE_FREE)
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), n_series=st.integers(1, 3), horizon=st.sampled_from([3, HORIZON, 3 * HORIZON]))
def test_a_level_that_is_added_comes_out_again(model, level, seed, n_series, horizon):
    rng = np.random.default_rng(seed)
    # Of multiples of 2^-10 nothing is lost when the level is added.
    values = [np.round(rng.normal(0, 10, 60) * 1024) / 1024 for _ in range(n_series)]
    own = continued(model, values, horizon)
    raised = continued(model, [series + level for series in values], horizon)
    for name in ("y_pred", "lower", "upper"):
        # float32 knows seven digits of what moves by 10, and rounding is fed back.
        np.testing.assert_allclose(getattr(raised, name) - level, getattr(own, name), atol=2e-3)


def test_a_stray_value_does_not_move_the_forecast_of_its_series():
    rng = np.random.default_rng(0)
    values = [rng.normal(50, 5, 60) for _ in range(2)]
    parts = small_parts("linear", lookback=LOOKBACK)
    weights = random_weights(parts, HORIZON, np.random.default_rng(1))
    calibration = Calibration(np.zeros((HORIZON, len(PROBABILITIES))), 50, "")
    model = Forecaster(ModelSpec("linear", HORIZON, 4, parts), weights, calibration)
    scaling = Scaling("standard", "none", np.full(2, 50.0), np.full(2, 5.0), np.zeros(2, bool))
    made = {}
    for spoilt in (False, True):
        series = [one.copy() for one in values]
        series[0][-3] = 4294967295 if spoilt else series[0][-4]
        rows = model_rows(without_strays(make_panel(series, Frequency("fixed", DAY))), scaling)
        made[spoilt] = Case(model, rows, 2 * HORIZON, (80.0,)).forecast()
    np.testing.assert_array_equal(made[True].y_pred, made[False].y_pred)


def test_forecasts_that_run_away_are_held_and_counted(monkeypatch):
    monkeypatch.setattr(forecaster, "CHUNK", 8)
    monkeypatch.setattr(forecaster, "_ROWS", 1)
    blocks = list(running_away().blocks())
    assert sum(block.held for block in blocks) == 20
    assert all(np.isfinite(block.y_pred).all() and np.isfinite(block.upper).all() for block in blocks)


def running_away():
    """A linear model whose forecasts, fed back, grow without end."""
    made = make_case(horizon=40 * HORIZON, model="linear")
    kernel = np.zeros((LOOKBACK, HORIZON), np.float32)
    kernel[0] = -2  # the window's first value counts against its last, twice as much
    weights = {"part0/linear/kernel": kernel, "part0/linear/bias": np.zeros(HORIZON, np.float32)}
    return replace(made, forecaster=replace(made.forecaster, weights=weights))


def test_within_the_horizon_nothing_is_held():
    assert [block.held for block in make_case(horizon=HORIZON, model="linear").blocks()] == [0]
