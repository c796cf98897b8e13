"""Features of the calendar: what the wall clock says of each step."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.errors import OptionError
from tsforecast.series.calendar_features import CALENDAR, calendar_features, calendar_width, usual_calendar
from tsforecast.series.frequency import DAY, HOUR, MINUTE, WEEK, Frequency

HOURLY, DAILY = Frequency("fixed", HOUR), Frequency("fixed", DAY)
FINE = Frequency("fixed", 5 * MINUTE)


def ordinals(frequency: Frequency, first: str, count: int) -> np.ndarray:
    return frequency.ordinals(np.array([first], "datetime64[us]"))[0] + np.arange(count)


@pytest.mark.parametrize("name", list(CALENDAR))
def test_every_feature_has_its_width_and_stays_in_range(name):
    found = calendar_features(FINE, ordinals(FINE, "2023-12-01", 288 * 400), (name,))
    assert found.dtype == np.float32
    assert found.shape == (288 * 400, calendar_width((name,)))
    assert found.min() >= -1
    assert found.max() <= 1
    assert np.ptp(found, axis=0).min() > 0.05  # every column says something


def test_features_stand_one_after_the_other():
    steps = ordinals(DAILY, "2024-02-26", 9)
    both = calendar_features(DAILY, steps, ("weekend", "weekday"))
    assert both[:, 0].tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0]
    assert both[:, 1:].argmax(axis=1).tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    assert calendar_features(DAILY, steps, ()).shape == (9, 0)
    assert calendar_features(DAILY, steps[:0], ("weekend",), "Europe/Berlin").shape == (0, 1)


def test_features_are_those_of_local_time_on_both_sides_of_a_clock_change():
    steps = ordinals(HOURLY, "2024-03-30T11:00", 48)  # the clocks of Berlin change after 14 of them
    found = calendar_features(HOURLY, steps, ("hour",), "Europe/Berlin").argmax(axis=1)
    assert found[0] == 12
    assert found[14:17].tolist() == [3, 4, 5]  # two o'clock is skipped
    assert found[23] == 12
    assert calendar_features(HOURLY, steps, ("hour",)).argmax(axis=1)[0] == 11


def test_days_of_a_zoned_table_are_days_on_the_wall():
    steps = ordinals(DAILY, "2024-01-01", 1)
    assert calendar_features(DAILY, steps, ("weekday",), "America/New_York").argmax() == 0


def test_months_and_quarters():
    monthly = Frequency("month", 1, day=31)
    assert calendar_features(monthly, ordinals(monthly, "2024-01-31", 13), ("month",)).argmax(axis=1).tolist() == [
        *range(12),
        0,
    ]
    quarterly = Frequency("month", 3, phase=2, day=31)
    found = calendar_features(quarterly, ordinals(quarterly, "2024-03-31", 5), ("quarter",)).argmax(axis=1)
    assert found.tolist() == [0, 1, 2, 3, 0]


def test_cycles_come_back_and_differ_in_between():
    found = calendar_features(HOURLY, ordinals(HOURLY, "1969-12-31", 49), ("time-of-day",))
    np.testing.assert_allclose(found[:24], found[24:48], atol=1e-6)
    assert len(np.unique(found[:24].round(5), axis=0)) == 24


@pytest.mark.parametrize(
    ("frequency", "names"),
    [
        (FINE, ("time-of-day", "weekday", "day-of-year")),
        (DAILY, ("weekday", "day-of-month", "day-of-year")),
        (Frequency("business", 1), ("weekday", "day-of-month", "day-of-year")),
        (Frequency("fixed", WEEK), ("day-of-year",)),
        (Frequency("month", 1), ("month",)),
        (Frequency("month", 3), ("quarter",)),
        (Frequency("month", 6), ("month",)),
        (Frequency("month", 12), ()),
        (Frequency("fixed", 1), ()),
    ],
)
def test_the_usual_features_of_a_frequency(frequency, names):
    assert usual_calendar(frequency) == names


def test_an_unknown_name_is_refused():
    with pytest.raises(OptionError, match="no calendar feature 'weekdy'") as error:
        calendar_features(DAILY, np.arange(3), ("weekdy",))
    assert "weekday" in error.value.hint
