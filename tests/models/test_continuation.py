"""Forecasts in blocks of series: the same as all at once, told as they are made."""

from __future__ import annotations

import numpy as np
import pytest

from tests.networks import random_weights, small_parts
from tsforecast.frequency import DAY, Frequency
from tsforecast.models import continuation
from tsforecast.models.calibration import PROBABILITIES, Calibration
from tsforecast.models.continuation import Continuation
from tsforecast.models.events import SeriesForecast
from tsforecast.models.spec import ModelSpec
from tsforecast.scaling import Scaling
from tsforecast.series import make_panel

LOOKBACK, HORIZON = 12, 5


def make_continuation(n_series=20, horizon=HORIZON, model="auto"):
    """Series of other lengths and ends, some shorter than the lookback, some unknown to the model."""
    rng = np.random.default_rng(0)
    parts = small_parts(model, lookback=LOOKBACK, horizon=HORIZON, series_vectors=3)
    history = make_panel(
        [rng.normal(50, 5, size) for size in rng.integers(3, 30, n_series)],
        Frequency("fixed", DAY),
        starts=rng.integers(0, 50, n_series).tolist(),
    )
    scale = rng.uniform(1, 9, n_series)
    return Continuation(
        ModelSpec(model, HORIZON, 4, parts),
        random_weights(parts, HORIZON, rng),
        Calibration(np.sort(rng.normal(size=(HORIZON, len(PROBABILITIES))), axis=1), 50, ""),
        history,
        Scaling("standard", "log1p", scale / 3, scale, rng.random(n_series) < 0.5),
        rng.integers(-1, 3, n_series),
        horizon,
        (50.0, 80.0),
    )


@pytest.mark.parametrize("horizon", [2, HORIZON, 2 * HORIZON + 1])
def test_blocks_are_the_forecast(horizon, monkeypatch):
    made = make_continuation(horizon=horizon)
    whole = made.forecast()
    assert whole.y_pred.shape == (20, horizon) and whole.lower.shape == whole.upper.shape == (20, horizon, 2)
    assert np.all(np.isfinite(whole.y_pred))
    monkeypatch.setattr(continuation, "CHUNK", 7)
    monkeypatch.setattr(continuation, "_ROWS", 7 * horizon)
    blocks = list(made.blocks())
    assert [len(block.ids) for block in blocks] == [7, 7, 6]
    assert sum((block.ids for block in blocks), ()) == whole.ids == made.history.ids
    np.testing.assert_array_equal(np.concatenate([block.starts for block in blocks]), whole.starts)
    for name in ("y_pred", "lower", "upper"):
        together = np.concatenate([getattr(block, name) for block in blocks])
        np.testing.assert_allclose(together, getattr(whole, name), rtol=1e-5)


def test_a_forecast_starts_where_its_series_ends():
    made = make_continuation()
    np.testing.assert_array_equal(made.forecast().starts, made.history.starts + np.diff(made.history.offsets))


def test_it_is_told_how_far_it_is(monkeypatch):
    monkeypatch.setattr(continuation, "CHUNK", 8)
    monkeypatch.setattr(continuation, "_ROWS", 1)  # a block is one chunk at least
    events = []
    blocks = make_continuation().blocks(events.append)
    assert not events and next(blocks) and not events  # the first one may still have to be written
    assert len(list(blocks)) == 2
    assert events == [SeriesForecast(done, 20) for done in (8, 16, 20)]


def test_rows_before_the_lookback_play_no_part():
    made = make_continuation(model="gru")
    before = made.forecast()
    history = made.history
    for number in range(history.n_series):
        history.values[
            history.offsets[number] : max(history.offsets[number], history.offsets[number + 1] - LOOKBACK)
        ] = 1e6
    after = made.forecast()
    for name in ("y_pred", "lower", "upper"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
