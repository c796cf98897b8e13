"""Which unit suits the errors of a point model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training_stub import QUIET, make_plan, make_rows
from tsforecast.fitting.calibrate import calibrate_model
from tsforecast.fitting.held_out_errors import HeldOutErrors, choose_unit, held_out_errors
from tsforecast.fitting.learn import train_model
from tsforecast.models.error_unit import Spreads
from tsforecast.series.scaling import Scaling

SAMPLES, HORIZON = 400, 12
USUAL = np.array([0.5, 1.0, 4.0])


def held_out(cause: str, samples: int = SAMPLES, log: str = "none") -> HeldOutErrors:
    """Errors whose size follows one of the spreads."""
    rng = np.random.default_rng(0)
    series = rng.integers(0, len(USUAL), samples)
    window = np.exp(rng.normal(size=(samples, 1)))
    phase = np.exp(rng.normal(size=(samples, HORIZON)))
    spreads = Spreads(window, phase, USUAL[series][:, None])
    y_true = rng.normal(size=(samples, HORIZON)) * vars(spreads)[cause]
    nothing = np.zeros(len(USUAL))
    scaling = Scaling("standard", log, nothing, nothing + 1, nothing.astype(bool))
    observed = np.ones(y_true.shape, bool)
    seasonal = nothing + 1
    return HeldOutErrors(y_true, np.zeros(y_true.shape), observed, spreads, series, scaling, seasonal, samples)


@pytest.mark.parametrize(("cause", "powers"), [("window", (1, 0)), ("phase", (0, 1)), ("usual", (0, 0))])
def test_the_spread_that_errors_follow_is_chosen(cause, powers):
    unit = choose_unit([held_out(cause)], USUAL)
    assert (unit.window, unit.phase) == powers
    np.testing.assert_array_equal(unit.usual, USUAL if cause == "usual" else [])
    assert np.std(held_out(cause).scores(unit)) == pytest.approx(1, abs=0.05)


def test_what_was_not_observed_and_series_without_a_seasonal_error_do_not_count():
    errors = held_out("phase")
    observed = np.zeros(errors.observed.shape, bool)
    observed[::2] = True
    wrong = replace(errors, y_true=np.where(observed, errors.y_true, 1e6), observed=observed)
    assert choose_unit([wrong], USUAL).phase == 1
    constant = replace(errors, seasonal_errors=np.array([np.nan, 1, 1]))
    assert choose_unit([constant], USUAL).phase == 1
    unknown = replace(errors, seasonal_errors=np.full(3, np.nan))
    assert choose_unit([unknown], USUAL).window == 1


def test_a_few_windows_choose_nothing():
    assert choose_unit([held_out("phase", 9)], USUAL).window == 1
    assert choose_unit([], USUAL).window == 1
    assert choose_unit([held_out("phase", 5)] * 2, USUAL).phase > 0


def test_scores_are_those_of_the_users_units():
    """Under a logarithm, an interval that misses by as much costs more where values are large."""
    unit = choose_unit([held_out("phase")], USUAL)
    plain, log = held_out("phase", log="none"), held_out("phase", log="log")
    shifted = replace(log, y_true=log.y_true + 3, y_pred=log.y_pred + 3)
    calibration = calibrate_model(train("linear"))
    calibration = replace(calibration, scores=np.resize(calibration.scores, (HORIZON, calibration.scores.shape[1])))
    score = {
        name: each.interval_scores(unit, calibration, 80.0).mean() for name, each in [("plain", plain), ("log", log)]
    }
    assert score["log"] != pytest.approx(score["plain"])
    larger = shifted.interval_scores(unit, calibration, 80.0)
    np.testing.assert_allclose(larger, np.exp(3) * log.interval_scores(unit, calibration, 80.0))


def train(model):
    prepared, plan = make_plan(make_rows((400, 300)), horizons=3.0, model=model)
    return train_model(model, prepared, plan, QUIET)


def test_errors_on_windows_are_gathered_with_their_spreads():
    learned = train("linear")
    period = learned.periods[0]
    index = period.prepared.windows("calibration", learned.plan)
    found = held_out_errors(period, index)
    assert found.y_true.shape == found.y_pred.shape == found.observed.shape == found.spreads.phase.shape
    usual, errors = period.prepared.usual_moves(learned.plan.season_length)
    np.testing.assert_array_equal(found.spreads.usual[:, 0], usual[index.series])
    np.testing.assert_array_equal(found.seasonal_errors, errors)
    rows = index.origins[:, None] + np.arange(learned.plan.horizon)
    counts = np.bincount(index.series)
    assert found.apart == sum(-(-count // learned.plan.horizon) for count in counts.tolist())
    np.testing.assert_array_equal(found.y_true, period.prepared.rows.values[rows].astype(np.float64))


def test_models_with_quantiles_keep_the_unit_of_the_window(player):
    learned = train("gru")
    assert calibrate_model(learned).unit.window == 1
