"""Features of holidays: the days of a calendar, those around them, and calendars by series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tsforecast.errors import OptionError
from tsforecast.series.covariates import Covariates
from tsforecast.series.frequency import DAY, HOUR, WEEK, Frequency
from tsforecast.series.holiday_features import (
    calendars_of_series,
    check_holidays,
    holiday_features,
    holiday_width,
    holidays_version,
)
from tsforecast.series.panel import Schema, make_panel

HOURLY, DAILY = Frequency("fixed", HOUR), Frequency("fixed", DAY)
SCHEMA = Schema(("ds",), ("shop",), ("y",), ("%Y-%m-%d",))


def ordinals(frequency: Frequency, first: str, count: int) -> np.ndarray:
    return frequency.ordinals(np.array([first], "datetime64[us]"))[0] + np.arange(count)


def test_days_on_before_and_after_a_holiday():
    found = holiday_features(DAILY, ordinals(DAILY, "2024-12-22", 9), ("DE",), around=2)
    assert found.dtype == np.float32
    assert found.shape == (9, holiday_width(2))
    assert found.T.tolist() == [
        [0, 0, 0, 1, 1, 0, 0, 0, 0],  # the 25th and the 26th
        [0, 0, 1, 1, 0, 0, 0, 0, 0],  # a day before
        [0, 1, 1, 0, 0, 0, 0, 0, 1],  # two days before, on the 30th before New Year
        [0, 0, 0, 0, 1, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 1, 1, 0, 0],
    ]


def test_a_part_of_a_country_has_holidays_of_its_own():
    day = ordinals(DAILY, "2024-01-06", 1)
    assert holiday_features(DAILY, day, ("DE-BY",)).item() == 1
    assert holiday_features(DAILY, day, ("DE-BE",)).item() == 0
    assert holiday_features(DAILY, day, ("DE-BE", "de-by")).item() == 1
    assert holiday_features(DAILY, day, ()).item() == 0
    assert holiday_features(DAILY, day[:0], ("DE",)).shape == (0, 1)


def test_hours_are_those_of_the_local_day():
    steps = ordinals(HOURLY, "2024-12-24T22:00", 4)  # the 25th begins at 23 o'clock UTC in Berlin
    assert holiday_features(HOURLY, steps, ("DE",), time_zone="Europe/Berlin").ravel().tolist() == [0, 1, 1, 1]
    assert holiday_features(HOURLY, steps, ("DE",)).ravel().tolist() == [0, 0, 1, 1]


def test_longer_steps_count_their_holidays():
    weekly = Frequency("fixed", WEEK, phase=4 * DAY)  # from Monday on
    assert holiday_features(weekly, ordinals(weekly, "2024-12-16", 3), ("DE",)).ravel().tolist() == [0, 2, 1]
    monthly = Frequency("month", 1)
    assert holiday_features(monthly, ordinals(monthly, "2024-11-01", 3), ("DE",)).ravel().tolist() == [0, 2, 1]
    ends = Frequency("month", 1, day=31)
    assert holiday_features(ends, ordinals(ends, "2024-11-30", 3), ("DE",)).ravel().tolist() == [0, 2, 1]


def test_exchanges_have_holidays_too():
    assert holiday_features(DAILY, ordinals(DAILY, "2024-07-04", 2), ("NYSE",)).ravel().tolist() == [1, 0]


def test_calendars_of_each_series():
    panel = make_panel([np.arange(3.0)] * 3, DAILY)
    known = Covariates(
        past=np.empty((9, 0)),
        future=np.empty((9, 0)),
        future_offsets=panel.offsets,
        static=np.empty((3, 0)),
        categories=np.array([[0, 1], [0, -1], [0, 0]]),
        labels=(("x",), ("DE", "FR")),
    )
    schema = replace(SCHEMA, category_cols=("kind", "country"), holidays=("US",), holidays_col="country")
    assert calendars_of_series(replace(panel, covariates=known), schema) == (("US", "FR"), ("US",), ("US", "DE"))
    assert calendars_of_series(panel, replace(SCHEMA, holidays=("DE",))) == (("DE",),) * 3


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("XX", "no holidays are known for 'XX'", "DE"),
        ("DE-XY", "no holidays are known for the part 'XY' of DE", "DE-BY"),
        ("Germany", "no holidays are known for 'Germany'", ""),
    ],
)
def test_an_unknown_calendar_is_refused(name, said, hint):
    with pytest.raises(OptionError, match=said) as error:
        check_holidays(("DE", name))
    assert hint in error.value.hint


def test_the_version_of_the_library_is_known():
    assert holidays_version()[0].isdigit()
