"""Which unit suits the errors of a point model."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.fitting.held_out_errors import HeldOutErrors, choose_unit, joined, no_errors
from tsforecast.models.error_unit import Spreads

SAMPLES, HORIZON = 400, 12
USUAL = np.array([0.5, 1.0, 4.0])


def held_out(cause: str, samples: int = SAMPLES) -> HeldOutErrors:
    """Errors whose size follows one of the spreads."""
    rng = np.random.default_rng(0)
    series = rng.integers(0, len(USUAL), samples)
    window = np.exp(rng.normal(size=(samples, 1)))
    phase = np.exp(rng.normal(size=(samples, HORIZON)))
    spreads = Spreads(window, phase, USUAL[series][:, None])
    errors = rng.normal(size=(samples, HORIZON)) * vars(spreads)[cause]
    return HeldOutErrors(errors, np.ones(errors.shape, bool), spreads)


@pytest.mark.parametrize(("cause", "powers"), [("window", (1, 0)), ("phase", (0, 1)), ("usual", (0, 0))])
def test_the_spread_that_errors_follow_is_chosen(cause, powers):
    unit = choose_unit(held_out(cause), USUAL)
    assert (unit.window, unit.phase) == powers
    np.testing.assert_array_equal(unit.usual, USUAL if cause == "usual" else [])
    scores = held_out(cause).scores(unit)
    assert np.std(scores) == pytest.approx(1, abs=0.05)


def test_what_was_not_observed_does_not_count():
    errors = held_out("phase")
    observed = np.zeros(errors.observed.shape, bool)
    observed[::2] = True
    wrong = np.where(observed, errors.errors, 1e6)
    half = HeldOutErrors(wrong, observed, errors.spreads)
    assert choose_unit(half, USUAL).phase == 1


def test_a_few_windows_choose_nothing():
    unit = choose_unit(held_out("phase", 7), USUAL)
    assert (unit.window, unit.phase) == (1, 0)
    assert choose_unit(held_out("phase", 8), USUAL).phase > 0


def test_pools_are_joined_in_their_order():
    first, nothing = held_out("phase", 3), no_errors(HORIZON)
    both = joined([nothing, first, first])
    assert len(both) == 6
    np.testing.assert_array_equal(both.spreads.usual[3:], first.spreads.usual)
    assert len(joined([nothing, nothing])) == 0
