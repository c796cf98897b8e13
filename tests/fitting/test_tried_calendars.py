"""Which calendars are tried."""

from __future__ import annotations

import numpy as np
import pytest

from tests.covariates import with_columns
from tsforecast.errors import OptionError
from tsforecast.fitting.tried_calendars import tried_calendars
from tsforecast.models.options import FitOptions
from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.panel import Schema, make_panel

DAYS, HOURS, MONTHS, YEARS = (
    Frequency("fixed", DAY),
    Frequency("fixed", HOUR),
    Frequency("month", 1),
    Frequency("month", 12),
)
WAYS = (("day-of-year",), ("time-of-year",))


def rows(frequency, count):
    return make_panel([np.arange(count)], frequency, starts=[20_000 if frequency != MONTHS else 500])


def names(panel, options=None, schema=None):
    return tuple(each.names for each in tried_calendars(options or FitOptions(), panel, schema))


@pytest.mark.parametrize(
    ("frequency", "count", "tried"),
    [
        (DAYS, 1095, WAYS),
        (DAYS, 1094, ((),)),
        (HOURS, 3 * 8760, WAYS),
        (Frequency("fixed", 7 * DAY), 157, WAYS),
        (MONTHS, 100, ((),)),
        (YEARS, 100, ((),)),
        (Frequency("fixed", 1), 5000, ((),)),
    ],
)
def test_a_series_alone_has_only_the_time_of_the_year_to_try(frequency, count, tried):
    assert names(rows(frequency, count)) == tried


@pytest.mark.parametrize(
    ("frequency", "count", "tried"),
    [
        (DAYS, 1095, (("weekday", "day-of-month", "day-of-year"), ("weekday", "day-of-month", "time-of-year"))),
        (DAYS, 1094, (("weekday", "day-of-month"),)),
        (MONTHS, 36, (("month",),)),
        (YEARS, 100, ((),)),
    ],
)
def test_beside_columns_or_holidays_the_usual_features_are_tried_too(frequency, count, tried):
    panel = rows(frequency, count)
    assert names(with_columns(panel, past=np.arange(count))) == tried
    schema = Schema(("time",), (), ("y",), ("%Y-%m-%d",), holidays=("US",))
    found = tried_calendars(FitOptions(), panel, schema)
    assert tuple(each.names for each in found) == tried
    assert {each.holidays for each in found} == {("US",)}


def test_what_is_asked_for_is_tried_alone():
    panel = rows(DAYS, 1095)
    assert names(panel, FitOptions(calendar="none")) == ((),)
    assert names(panel, FitOptions(calendar="weekday, week,weekday")) == (("weekday", "week"),)
    with pytest.raises(OptionError, match="there is no calendar feature 'weekdy'"):
        tried_calendars(FitOptions(calendar="weekdy"), panel, None)
