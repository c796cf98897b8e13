"""Ages: of data in each kind of time, and in words."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tsforecast.errors import GateError
from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.panel import Schema, make_panel
from tsforecast.workflows.ages import age_text, check_data_age, future_notes, steps_ahead

SCHEMA = Schema(("ds",), (), ("y",), ("iso",))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (150, "2.5 min"), (7199, "120 min"), (7200, "2 h"), (93_600, "26 h"),
     (2 * 86_400, "2 days"), (400 * 86_400, "400 days")],
)  # fmt: skip
def test_ages_in_words(seconds, text):
    assert age_text(seconds) == text


def hourly(last: datetime):
    """Two hourly series, the second of which ends at `last`, given without a zone."""
    start = int((last - datetime(1970, 1, 1)).total_seconds()) // 3600 - 9
    return make_panel([np.ones(5), np.ones(10)], Frequency("fixed", HOUR), starts=[start, start])


def check(history, schema, hours):
    check_data_age(history, schema, hours * 3600)


@pytest.fixture
def now(freeze) -> datetime:
    """A quarter past an hour, without its zone, which is UTC; it stays so."""
    return freeze(datetime(2026, 3, 1, 20, 15, tzinfo=UTC)).replace(tzinfo=None)


def test_zoned_times_are_exact_and_the_newest_series_counts(now):
    history, zoned = hourly(now - timedelta(hours=5, minutes=15)), replace(SCHEMA, time_zone="Asia/Tokyo")
    check(history, zoned, 5.25)
    with pytest.raises(GateError, match=r"\+00:00, lies 5.25 h ago, the limit is 5.2 h; give newer data"):
        check(history, zoned, 5.2)


def test_days_of_a_zone_begin_at_its_midnight(now):
    yesterday = (now.date() - datetime(1970, 1, 1).date()).days - 1
    history = make_panel([np.ones(3)], Frequency("fixed", DAY), starts=[yesterday - 2])
    west = replace(SCHEMA, time_zone="Etc/GMT+12")  # its day began 12 hours after UTC's
    check(history, west, 20.25 + 24 - 12)
    with pytest.raises(GateError):
        check(history, west, 20.25 + 24 - 12 - 0.1)


def test_times_without_a_zone_are_those_of_the_machine(monkeypatch, now):
    history = hourly(now - timedelta(hours=5, minutes=15))
    monkeypatch.setenv("TZ", "XXX+3")  # three hours behind UTC: the same wall clock is three hours later
    time.tzset()
    try:
        check(history, SCHEMA, 3)
        with pytest.raises(GateError):
            check(history, SCHEMA, 2)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_steps_after_now():
    last = datetime(2024, 5, 1, 12)
    zoned, now = replace(SCHEMA, time_zone="Asia/Tokyo"), last.replace(tzinfo=UTC)
    assert steps_ahead(hourly(last), zoned, now) == 0
    assert steps_ahead(hourly(last), zoned, now + timedelta(hours=4)) == -4
    # A stamp may stand for the hour that is running, or for the end of it.
    assert future_notes(hourly(last), zoned, now - timedelta(hours=1)) == []
    (note,) = future_notes(hourly(last), zoned, now - timedelta(hours=2))
    assert note.kind == "warning"
    assert note.text == "the last time, 2024-05-01 12:00:00+00:00, lies 2 steps in the future: are the years right?"


def test_steps_after_now_on_the_calendar_of_the_zone():
    days = make_panel([np.ones(3)], Frequency("fixed", DAY), starts=[19_000])
    midnight = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=19_002)
    assert steps_ahead(days, replace(SCHEMA, time_zone="UTC"), midnight) == 0
    west = replace(SCHEMA, time_zone="America/New_York")
    assert steps_ahead(days, west, midnight) == 1
    assert steps_ahead(days, west, midnight - timedelta(days=1)) == 2
