"""Whether models learn from the values without the usual week of each series: where a linear model errs less so."""

from __future__ import annotations

import numpy as np

from tsforecast.fitting.choose_covariates import KnownBesides
from tsforecast.fitting.plan import Choice
from tsforecast.fitting.quick_linear import QuickLinear, Space
from tsforecast.models.network.config import MAX_STEPS
from tsforecast.models.options import FitOptions
from tsforecast.models.training.config import AUTO
from tsforecast.series.panel import Schema
from tsforecast.series.weekly_cycle import steps_in_week

_LEAST_WEEKS = 16  # of the typical series; means of fewer are chance
_MOST_NUMBERS = 1_000_000  # in the weeks of all series, which every part of a model holds
_CLEAR = 0.02  # share of the validation error; less was often none on newer rows


def choose_week(
    quick: QuickLinear, options: FitOptions, space: Space, besides: KnownBesides, schema: Schema | None
) -> tuple[int, tuple[Choice, ...]]:
    """Steps of the usual week to learn without, 0 for none, and the choice if there was one.

    Args:
        quick: linear models.
        options: what the user decided; a calendar that was asked for is all that is read.
        space: under what to compare.
        besides: what is read besides the values; beside covariates and calendar nothing more is learned of the week.
        schema: with the time zone; None for times without one.
    """
    steps = steps_in_week(quick.panel.frequency)
    possible = 0 < steps <= MAX_STEPS and steps * quick.panel.n_series <= _MOST_NUMBERS
    enough = _LEAST_WEEKS * steps <= np.median(quick.split.train_end)
    if not possible or not enough or options.calendar != AUTO or besides.inputs.past:
        return 0, ()
    zone = schema.time_zone if schema else None
    without, usual = (quick.error(space.lookback, space.log, space.normalisation, week, zone) for week in (0, steps))
    if not usual < without * (1 - _CLEAR):
        return 0, ()
    reason = f"forecast apart from the rest, which takes a linear model from {without:.3g} to {usual:.3g} on validation"
    return steps, (Choice("usual week", f"{steps} steps", reason),)
