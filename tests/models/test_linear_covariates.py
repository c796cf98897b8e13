"""The linear model with covariates."""

from __future__ import annotations

import numpy as np
import pytest

from tests.covariates import driven_panel
from tsforecast.models.linear import fit_linear, predict_linear
from tsforecast.models.network import linear_inputs
from tsforecast.models.network.config import Inputs
from tsforecast.models.network.linear_inputs import linear_width
from tsforecast.series.scaling import fit_scaling
from tsforecast.series.windows import NO_CALENDAR, Calendar, model_rows, window_index


def batches_of(panel, first, last, calendar, *, lookback=24, horizon=6):
    scaling = fit_scaling(panel, np.full(panel.n_series, 300), method="standard")
    rows = model_rows(panel, scaling, calendar=calendar)
    edges = (np.full(panel.n_series, edge) for edge in (first, last))
    index = window_index(panel.offsets, *edges, horizon=horizon, min_context=lookback)
    return list(rows.batches(index, lookback=lookback, horizon=horizon))


def error_of(panel, inputs, calendar=NO_CALENDAR, **shape):
    lookback, horizon = shape.get("lookback", 24), shape.get("horizon", 6)
    weights, _ = fit_linear(batches_of(panel, 0, 300, calendar, **shape), lookback, horizon, inputs=inputs)
    assert weights["linear/kernel"].shape == (linear_width(inputs, lookback, horizon), horizon)
    made = [
        np.abs(predict_linear(weights, batch.windows, inputs=inputs) - batch.target)
        for batch in batches_of(panel, 300, 400, calendar, **shape)
    ]
    return float(np.concatenate(made).mean())


def test_a_column_known_ahead_explains_what_it_drives():
    panel = driven_panel()
    without, with_it = error_of(panel, Inputs()), error_of(panel, Inputs(past=1, future=1))
    assert with_it < without / 4


def test_only_what_is_known_ahead_helps_here():
    panel = driven_panel()
    assert error_of(panel, Inputs(past=1)) > error_of(panel, Inputs(past=1, future=1)) * 4


def test_many_steps_are_read_as_means(monkeypatch):
    panel = driven_panel()
    monkeypatch.setattr(linear_inputs, "_MOST", 12)
    inputs = Inputs(past=1, future=1)
    assert linear_width(inputs, 24, 6) == 24 + 12 + 6
    assert linear_width(inputs, 25, 6) == 25 + 9 + 6
    assert error_of(panel, inputs) < error_of(panel, Inputs()) / 4
    error_of(panel, inputs, lookback=25)


@pytest.mark.parametrize("steps", [4, 5, 6, 7])
def test_means_of_neighbouring_steps(monkeypatch, steps):
    monkeypatch.setattr(linear_inputs, "_MOST", 4)
    columns = np.random.default_rng(0).normal(size=(3, steps, 2)).astype(np.float32)
    size = linear_inputs.block_of(steps, 2)
    expected = np.stack([columns[:, i : i + size].mean(axis=1) for i in range(0, steps, size)], axis=1)
    np.testing.assert_allclose(linear_inputs._means(columns), expected, rtol=1e-6)


def test_the_calendar_counts_once():
    calendar = Calendar(("weekday",))
    inputs = Inputs(past=8, future=8, calendar=7)
    assert linear_width(inputs, 24, 6) == 24 + 24 + 6 + 7
    assert error_of(driven_panel(), inputs, calendar) < error_of(driven_panel(), Inputs()) / 4
