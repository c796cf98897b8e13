"""Ticks of times: round, few, and short to read."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.reports.times import TimeAxis, time_ticks
from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.panel import Schema

SCHEMA = Schema(("ds",), (), ("y",), ("%Y-%m-%d",))


def seconds(text: str) -> float:
    return float(np.datetime64(text, "s").astype(int))


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2024-01-01T10:00", "2024-01-01T10:01:30", ["10:00:00", "10:00:30", "10:01:00", "10:01:30"]),
        ("2024-01-01T22:00", "2024-01-02T03:00", ["22:00", "23:00", "02 Jan", "01:00", "02:00", "03:00"]),
        ("2024-03-01", "2024-03-05", ["01 Mar", "02 Mar", "03 Mar", "04 Mar", "05 Mar"]),
        ("2023-11-15", "2024-04-20", ["Dec 2023", "Jan 2024", "Feb 2024", "Mar 2024", "Apr 2024"]),
        ("1871-01-01", "1976-01-01", ["1880", "1900", "1920", "1940", "1960"]),
        ("0030-01-01", "0034-01-01", ["0030", "0031", "0032", "0033", "0034"]),
    ],
)
def test_ticks(first, last, expected):
    ticks = time_ticks(seconds(first), seconds(last))
    assert [text for _, text in ticks] == expected
    assert all(seconds(first) <= place <= seconds(last) for place, _ in ticks)


@pytest.mark.parametrize("span", [0, 1, 59, 3600, 1e5, 3e6, 1e8, 3e10, 6e10])
def test_there_are_few_ticks_for_any_span(span):
    first = seconds("1500-01-01")
    assert len(time_ticks(first, first + span)) <= 7


def test_times_are_those_of_the_clock_on_the_wall():
    zoned = Schema(("ds",), (), ("y",), ("%Y-%m-%dT%H:%M:%S%:z",), "Australia/Melbourne")
    hours = TimeAxis(Frequency("fixed", HOUR), zoned)
    assert hours.places(np.array([0])) == [10 * 3600.0]
    days = TimeAxis(Frequency("fixed", DAY), zoned)
    assert days.places(np.array([1])) == [86400.0]


def test_steps_without_a_time_are_counted():
    axis = TimeAxis(Frequency("fixed", 1), Schema(("t",), (), ("y",), ("step",)))
    places = axis.places(np.array([7, 8]))
    assert places.tolist() == [7, 8] and axis.ticks(places) == ()
