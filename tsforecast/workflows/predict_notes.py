"""What `predict` says of a forecast: of its horizon, of totals, and of what had to be held."""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.errors import OptionError
from tsforecast.forecast import NOTHING_JOINT, Forecast, Joint
from tsforecast.io.messages import Note, counted, listed
from tsforecast.series.panel import Panel
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.workflows.known_ahead import check_known_ahead, past_read


def joint_notes(joint: Joint, bundle: Bundle, steps: int) -> list[Note]:
    """What is said of totals and probabilities.

    Raises:
        OptionError: the horizon is longer than the model's, so that nothing is known of how its errors go together.
    """
    if joint == NOTHING_JOINT:
        return []
    if steps > bundle.spec.horizon:
        flag = "--total" if joint.total else "--above"
        raise OptionError(
            f"{flag} needs the errors of {steps} steps together, and the model was trained for {bundle.spec.horizon}",
            hint=f"use --horizon {bundle.spec.horizon} or less, or fit with --horizon {steps}",
        )
    notes = []
    if joint.total:
        text = f"each total is of {counted(steps, 'step')}, from the time beside it on; its forecast is the median"
        notes.append(Note("info", text))
        if not len(bundle.forecaster.calibration.examples):
            text = "too few held-out windows show how the errors of steps go together: "
            notes.append(Note("warning", text + "intervals of totals are as wide as if all steps err alike"))
    return notes


def horizon_notes(bundle: Bundle, recent: Panel, steps: int) -> list[Note]:
    """What is said of the horizon, and of how far the columns reach that the model reads."""
    notes = [*_feedback_notes(bundle.spec.horizon, steps), *check_known_ahead(recent, bundle, steps)]
    if steps > bundle.spec.horizon and (columns := past_read(bundle)):
        verb = "stays as it was" if len(columns) == 1 else "stay as they were"
        notes.append(Note("warning", f"there {listed(columns)} {verb} last"))
    return notes


def _feedback_notes(trained: int, steps: int) -> list[Note]:
    if steps <= trained:
        return []
    text = (
        f"the model was trained for {trained} steps; from there on its forecasts are fed back to reach {steps}, "
        "and intervals widen by a rule, not by calibration"
    )
    return [Note("warning", text)]


def tally_of(forecast: Forecast | None) -> Float64:
    """Series whose forecasts, and others whose intervals were held, and the sum of all forecasts."""
    return np.zeros(3) if forecast is None else np.array([forecast.held, forecast.far, forecast.y_pred.sum()])


def held_notes(tally: Float64) -> list[Note]:
    """What is said of forecasts and intervals that were held, by the number of series."""
    held, far = (int(count) for count in tally[:2])
    notes = [Note("warning", _held_in_words(held))] if held else []
    if far:
        text = (
            f"the intervals of {far:,} series reached further than their values support and were held there: the model "
            "has hardly learned them; fit with more epochs or time, or with --transform none"
        )
        notes.append(Note("warning", text))
    return notes


def _held_in_words(series: int) -> str:
    """What is said of forecasts that were held."""
    return (
        f"fed back, the forecasts of {series:,} series ran away from all known values: they were held within a few "
        "times the span of these; fit with a longer --horizon"
    )
