"""What a network reads in training is what it reads in forecasting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.covariates import with_columns
from tests.networks import small_network
from tests.windows import panel_of
from tsforecast.models.network.config import Inputs
from tsforecast.series.scaling import fit_scaling
from tsforecast.series.windows import Calendar, model_rows, window_index


@pytest.mark.parametrize("full", [False, True])
def test_training_gathers_the_covariates_of_the_windows(full):
    from tsforecast.models.training import runtime

    runtime.start(1)
    import tensorflow as tf

    from tsforecast.models.training.known import Known

    rng, offsets = np.random.default_rng(0), np.array([0, 30, 70])
    panel = with_columns(
        replace(panel_of(rng.normal(size=70), offsets), starts=np.array([7, 19_000])),
        past=rng.normal(size=70),
        future=rng.normal(size=(78, 2)),
        ahead=4,
        static=[[1.0], [2.5]],
        categories=[[1], [-1]],
        labels=(("DE", "FR"),),
    )
    scaling = fit_scaling(panel, np.array([20, 30]), method="standard")
    calendar = Calendar(("weekday", "month"), holidays=("US",), holidays_from=0, around=1)
    rows = model_rows(panel, scaling, calendar=calendar)
    inputs = Inputs(1 + 2 + calendar.width, 2 + calendar.width, 1, (2, 2), (2, 1), 19)
    network = small_network("gru", inputs=inputs)
    least = network.lookback if full else 1
    index = window_index(offsets, np.zeros(2, int), panel.lengths, horizon=network.horizon, min_context=least)
    known = Known(rows, network)
    starts = tf.constant(offsets[:-1])
    categories, made = known.gather(tf.constant(index.origins), tf.constant(index.series), starts)
    expected = rows.windows(index, lookback=network.lookback, horizon=network.horizon)
    np.testing.assert_array_equal(categories.numpy(), expected.categories)
    for name in ("past", "future", "static"):
        np.testing.assert_array_equal(getattr(made, name).numpy(), getattr(expected, name))
    known.assign(rows)
