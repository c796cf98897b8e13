"""The step that the rows of a table are counted in: found, stated by the user, or that of a model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.io.messages import Place
from tsforecast.io.reading.grid.rows import Rows
from tsforecast.io.times.clock import Clock
from tsforecast.io.times.zones import to_wall
from tsforecast.series.frequency import Frequency, Stamps
from tsforecast.series.infer_frequency import REGULAR_HINT, commonest, infer_frequency
from tsforecast.series.parse_frequency import StatedFrequency, state_frequency

# A step that holds in the longest series holds in all of them.
_FREQUENCY_SERIES = 50


def stated_step(freq: str | None, aggregated: bool, known: Frequency | None) -> StatedFrequency | None:
    """The step that the user states, None where none is.

    Args:
        freq: what the user wrote.
        aggregated: whether values are to be brought onto it.
        known: the step of a model that is to be continued.

    Raises:
        OptionError: no such frequency, values to be brought onto none, or another step than the model's.
    """
    if freq is None:
        if aggregated and known is None:
            raise OptionError("values can be brought onto a step only if there is one", hint="add --freq, such as D")
        return None
    stated = state_frequency(freq)
    if known is not None and not stated.matches(known):
        raise OptionError(
            f"the frequency '{freq}' is not that of the model, which is {known.name} ({known.alias})",
            hint="leave --freq out; --aggregate alone brings finer rows onto the steps of the model",
        )
    return stated


def find_step(
    rows: Rows, stated: StatedFrequency | None, aggregated: bool, clock: Clock, sub_daily: bool, place: Place
) -> Frequency:
    """The step of the rows.

    Args:
        rows: sorted.
        stated: what the user says of it.
        aggregated: whether values are brought onto it, so that it is the calendar that gives the grid.
        clock: of the rows.
        sub_daily: whether that counts in UTC where there is a zone.
        place: of the time column.

    Raises:
        DataError: no regular frequency, with the first row that differs from the commonest step.
    """
    if stated is None:
        return _inferred(rows, place)
    if not aggregated:
        return stated.on(_on_clock_of(rows.stamps, clock, stated.sub_daily, sub_daily))
    offset = np.timedelta64(0, "us")
    if clock.time_zone is not None and sub_daily:
        offset = to_wall(rows.stamps[:1], clock.time_zone)[0] - rows.stamps[0]
    return stated.calendar(int(offset.astype(np.int64)))


def clock_of_step(stamps: Stamps, clock: Clock, step: Frequency, sub_daily: bool) -> Stamps:
    """Stamps of rows on the clock that a step is counted on: the local one for days and longer steps."""
    return _on_clock_of(stamps, clock, step.sub_daily, sub_daily)


def _on_clock_of(stamps: Stamps, clock: Clock, step_sub_daily: bool, sub_daily: bool) -> Stamps:
    if clock.time_zone is None or not sub_daily or step_sub_daily:
        return stamps
    return to_wall(stamps, clock.time_zone)


def _inferred(rows: Rows, place: Place) -> Frequency:
    """The step that the longest series follow."""
    bounds = np.flatnonzero(rows.series[1:] != rows.series[:-1]) + 1
    edges = np.concatenate([[0], bounds, [rows.series.size]])
    longest = np.sort(np.argsort(-np.diff(edges), kind="stable")[:_FREQUENCY_SERIES])
    slices = [slice(edges[number], edges[number + 1]) for number in longest]
    parts = [rows.stamps[rows.times[part]] for part in slices]
    try:
        return infer_frequency(parts)
    except DataError as error:
        odd = _first_odd(parts, slices)
        if odd is None:
            raise DataError(error.message, hint=error.hint, file=place.file, column=place.column) from None
        row = int(rows.in_table(np.array([odd]))[0])
        raise place.error(row, f"{error.message}; the first other step ends here", REGULAR_HINT) from None


def _first_odd(parts: list[Stamps], slices: list[slice]) -> int | None:
    """The first row that comes after another step than the commonest; None where there are no two rows."""
    steps: list[NDArray[np.int64]] = [np.diff(part).astype(np.int64) for part in parts]
    every = np.concatenate(steps)
    if not every.size:
        return None
    usual = commonest(every)
    for part, own in zip(slices, steps, strict=True):
        if np.any(own != usual):
            return int(part.start + 1 + np.argmax(own != usual))
    return None
