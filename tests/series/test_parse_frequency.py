"""Frequencies as users state them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.series.test_frequency import ANY, dates, stamps
from tsforecast.errors import OptionError
from tsforecast.series.frequency import DAY, HOUR, MINUTE, MONTH_END, Frequency, on_weekdays
from tsforecast.series.parse_frequency import state_frequency


@pytest.mark.parametrize(
    ("texts", "kind", "step"),
    [
        (("250ms",), "fixed", 250_000),
        (("min", "minutely", "1min", "every minute"), "fixed", MINUTE),
        (("15min", "15 minutes", "every 15 minutes", "15-minute", "quarter-hourly"), "fixed", 15 * MINUTE),
        (("30min", "half-hourly"), "fixed", 30 * MINUTE),
        (("h", "H", "hourly"), "fixed", HOUR),
        (("4h", "every 4 hours"), "fixed", 4 * HOUR),
        (("D", "d", "daily", "1D"), "fixed", DAY),
        (("10D",), "fixed", 10 * DAY),
        (("B", "business days", "business"), "business", 1),
        (("W", "weekly", "W-SUN", "W-MON"), "fixed", 7 * DAY),
        (("2W", "fortnightly", "2 weeks"), "fixed", 14 * DAY),
        (("MS", "ME", "monthly"), "month", 1),
        (("QS", "QE", "quarterly", "QS-FEB", "QE-DEC"), "month", 3),
        (("YS", "YE", "yearly", "annual", "YE-JUN"), "month", 12),
        (("half-yearly", "6MS"), "month", 6),
    ],
)
def test_names(texts, kind, step):
    for text in texts:
        stated = state_frequency(text)
        assert (stated.kind, stated.step, stated.sub_daily) == (kind, step, kind == "fixed" and step < DAY)


@pytest.mark.parametrize(
    "text", ["", "m", "M", "0h", "2B", "W-JAN", "QS-MON", "D-MON", "-5min", "5", "12345min", "1.5h"]
)
def test_names_that_are_none(text):
    with pytest.raises(OptionError, match=f"there is no frequency '{text}'"):
        state_frequency(text)


def test_a_slip_is_named():
    with pytest.raises(OptionError, match="did you mean 'hourly'"):
        state_frequency("horly")


@given(frequency=ANY, first=st.integers(-300, 300))
def test_the_alias_of_a_frequency_states_it(frequency, first):
    made = frequency.stamps(np.arange(first, first + 40))
    if frequency.kind == "month" and frequency.day not in (1, MONTH_END):
        return
    stated = state_frequency(frequency.alias)
    assert stated.matches(frequency)
    assert stated.on(made).ordinals(made)[1].all()
    assert stated.on(made).step == frequency.step


def test_the_grid_is_that_of_most_stamps():
    made = np.append(dates("2024-01-01 00:20", 10, "h"), stamps("2024-01-01 00:30"))
    assert state_frequency("h").on(made).ordinals(made)[1].sum() == 10
    wednesdays = dates("2024-01-03", 10, "7D")
    assert state_frequency("W").on(wednesdays).alias == "W-WED"
    assert not state_frequency("W-MON").on(wednesdays).ordinals(wednesdays)[1].any()
    assert state_frequency("monthly").on(dates("2024-01-31", 5, "ME")).day == MONTH_END
    assert state_frequency("monthly").on(stamps("2024-01-15", "2024-02-15", "2024-03-15")).day == 15
    assert not state_frequency("MS").on(stamps("2024-01-15", "2024-02-15")).ordinals(stamps("2024-01-15"))[1].any()


def test_what_is_stated_is_compared_with_a_model():
    monday = Frequency("fixed", 7 * DAY, phase=4 * DAY)
    assert monday.alias == "W-MON"
    assert state_frequency("weekly").matches(monday)
    assert state_frequency("W-MON").matches(monday)
    assert not state_frequency("W-SUN").matches(monday)
    assert not state_frequency("D").matches(monday)
    assert state_frequency("monthly").matches(Frequency("month", 1, day=MONTH_END))
    assert not state_frequency("MS").matches(Frequency("month", 1, day=MONTH_END))
    assert not state_frequency("QS-FEB").matches(Frequency("month", 3, phase=0))


@pytest.mark.parametrize(
    ("text", "stamp", "start"),
    [
        ("h", "2024-05-15 10:37", "2024-05-15 10:00"),
        ("D", "2024-05-15 23:59", "2024-05-15"),
        ("W", "2024-05-15", "2024-05-13"),
        ("W-SUN", "2024-05-15", "2024-05-12"),
        ("B", "2024-05-18 12:00", "2024-05-17"),
        ("B", "2024-05-20", "2024-05-20"),
        ("MS", "2024-05-31 23:00", "2024-05-01"),
        ("ME", "2024-05-31 23:00", "2024-05-01"),
        ("QS", "2024-05-15", "2024-04-01"),
        ("QE", "2024-05-15", "2024-04-01"),
        ("QE-FEB", "2024-05-15", "2024-03-01"),
        ("YE", "2024-05-15", "2024-01-01"),
        ("YS", "2024-05-15", "2024-01-01"),
    ],
)
def test_buckets_of_the_calendar(text, stamp, start):
    grid = state_frequency(text).calendar()
    number = grid.buckets(stamps(stamp))
    assert grid.bucket_starts(number)[0] == np.datetime64(start)
    assert grid.buckets(grid.bucket_starts(number))[0] == number[0]
    assert grid.buckets(grid.bucket_starts(number + 1) - np.timedelta64(1, "us"))[0] == number[0]


@given(frequency=ANY, micros=st.integers(-(10**16), 10**16))
def test_every_moment_lies_in_one_bucket(frequency, micros):
    moment = np.array([micros]).astype("datetime64[us]")
    number = frequency.buckets(moment)
    assert frequency.bucket_starts(number)[0] <= moment[0] < frequency.bucket_starts(number + 1)[0]


def test_buckets_of_half_an_hour_off():
    kolkata = state_frequency("h").calendar(offset=int(5.5 * HOUR))
    assert kolkata.bucket_starts(kolkata.buckets(stamps("2024-01-01 00:00")))[0] == np.datetime64("2023-12-31 23:30")


@pytest.mark.parametrize(
    ("freq", "words"),
    [
        ("30min", "half-hourly"),
        ("15min", "15-minute"),
        ("min", "1-minute"),
        ("h", "hourly"),
        ("4h", "4-hour"),
        ("D", "daily"),
        ("10D", "10-day"),
        ("B", "business-day"),
        ("W-MON", "weekly"),
        ("14D", "2-week"),
        ("MS", "monthly"),
        ("2MS", "2-month"),
        ("QS-JAN", "quarterly"),
        ("6MS", "half-yearly"),
        ("YE-DEC", "yearly"),
    ],
)
def test_adjectives(freq, words):
    from tsforecast.series.infer_frequency import infer_frequency

    assert infer_frequency([pd.date_range("2024-01-01", periods=40, freq=freq).to_numpy()]).adjective == words


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("Mon-Sat", "Mon-Sat"),
        ("tue, thu,SAT", "Tue,Thu,Sat"),
        ("Monday-Friday", "B"),
        ("sat-mon", "Sat-Mon"),
        ("Mon-Sun", "D"),
        ("Sunday", "W-SUN"),
        ("BME", "BME"),
        ("BMS", "BMS"),
        ("2bqs", "2BQS-JAN"),
    ],
)
def test_chosen_weekdays(text, alias):
    stated = state_frequency(text)
    assert stated.calendar().alias == alias
    assert stated.matches(stated.calendar())
    assert not state_frequency("B").matches(on_weekdays([0, 1]))


@pytest.mark.parametrize("text", ["Mon-Xyz", "Mon-Tue-Wed", ",", "Mon,", "2Mon"])
def test_texts_that_are_no_weekdays(text):
    with pytest.raises(OptionError, match="no frequency"):
        state_frequency(text)
