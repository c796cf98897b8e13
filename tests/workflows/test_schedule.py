"""When a job runs, also in the nights in which the clocks change."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from tsforecast.workflows.schedule import clock_changes, make_timetable, next_runs

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
SPRING, AUTUMN = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)


def shown(runs):
    return [f"{run.moment:%m-%d %H:%M %z}" for run in runs]


def test_daily_across_the_spring_night():
    runs = next_runs(make_timetable("day", "03:17", None), SPRING, BERLIN)
    assert shown(runs) == ["03-29 03:17 +0200", "03-30 03:17 +0200", "03-31 03:17 +0200"]
    assert not any(run.problem for run in runs)


def test_a_time_that_does_not_exist_is_said():
    runs = next_runs(make_timetable("day", "02:30", None), SPRING, BERLIN)
    assert [run.problem for run in runs] == ["02:30 does not exist on 2026-03-29", None, None]
    assert shown(runs) == ["03-29 03:00 +0200", "03-30 02:30 +0200", "03-31 02:30 +0200"]


def test_a_time_that_comes_twice_is_said_once():
    runs = next_runs(make_timetable("day", "02:30", None), AUTUMN, BERLIN)
    assert [run.problem for run in runs] == ["02:30 comes twice on 2026-10-25", None, None]
    assert shown(runs) == ["10-25 02:30 +0200", "10-26 02:30 +0100", "10-27 02:30 +0100"]


@pytest.mark.parametrize("begin", [SPRING, AUTUMN])
@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), UTC])
def test_hourly_runs_are_an_hour_apart(begin, zone):
    runs = next_runs(make_timetable("hour", ":17", None), begin, zone, most=48)
    steps = {after.moment.astimezone(UTC) - run.moment.astimezone(UTC) for run, after in pairwise(runs)}
    allowed = {timedelta(hours=1)}
    if str(zone) == "Australia/Lord_Howe":  # its clocks change by half an hour, a week before or after
        allowed |= {timedelta(minutes=30), timedelta(minutes=90)}
    assert steps <= allowed
    assert len({run.moment.astimezone(UTC) for run in runs}) == 48


def test_weeks_and_months():
    now = datetime(2026, 1, 30, 12, tzinfo=UTC)
    assert shown(next_runs(make_timetable("week", None, "fri"), now, UTC)) == [
        "02-06 03:17 +0000", "02-13 03:17 +0000", "02-20 03:17 +0000",
    ]  # fmt: skip
    assert shown(next_runs(make_timetable("month", "12:30", "28"), now, UTC)) == [
        "02-28 12:30 +0000", "03-28 12:30 +0000", "04-28 12:30 +0000",
    ]  # fmt: skip


def test_a_run_of_today_that_is_over_is_not_next():
    now = datetime(2026, 1, 30, 3, 17, tzinfo=UTC)
    assert shown(next_runs(make_timetable("day", None, None), now, UTC, most=1)) == ["01-31 03:17 +0000"]
    assert shown(next_runs(make_timetable("day", None, None), now - timedelta(seconds=1), UTC, most=1)) == [
        "01-30 03:17 +0000"
    ]


def test_changes_of_the_clock_within_a_year():
    night = [run.problem for run in clock_changes(make_timetable("day", "02:30", None), SPRING, BERLIN)]
    assert night == ["02:30 does not exist on 2026-03-29", "02:30 comes twice on 2026-10-25",
                     "02:30 does not exist on 2027-03-28"]  # fmt: skip
    assert clock_changes(make_timetable("day", None, None), SPRING, BERLIN) == []
    assert clock_changes(make_timetable("day", "02:30", None), SPRING, UTC) == []
    assert clock_changes(make_timetable("hour", None, None), SPRING, BERLIN) == []


@pytest.fixture
def in_new_york(monkeypatch):
    """The machine's clock."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_clock_of_the_machine(in_new_york):
    runs = next_runs(make_timetable("day", "02:30", None), datetime(2026, 3, 7, 12, tzinfo=UTC))
    assert shown(runs) == ["03-08 03:00 -0400", "03-09 02:30 -0400", "03-10 02:30 -0400"]
    assert runs[0].problem == "02:30 does not exist on 2026-03-08"


@pytest.mark.parametrize("table", [make_timetable("hour", ":17", None), make_timetable("day", "01:30", None)])
@pytest.mark.parametrize("minutes", [-90, -20, 40, 100])
def test_the_clock_of_the_machine_is_that_of_its_zone(in_new_york, table, minutes):
    for change in (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)):
        now = change + timedelta(minutes=minutes)
        runs = next_runs(table, now, most=5)
        assert shown(runs) == shown(next_runs(table, now, NEW_YORK, most=5))
        assert min(run.moment for run in runs) > now


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, ZoneInfo("Asia/Beirut"), ZoneInfo("Australia/Lord_Howe")])
@pytest.mark.parametrize("at", ["00:05", "01:45", "02:30", "03:00"])
@pytest.mark.parametrize(("every", "on"), [("day", None), ("week", "sun"), ("month", "28")])
def test_cron_starts_them_at_the_same_moments(zone, at, every, on):
    table, now = make_timetable(every, at, on), datetime(2026, 1, 1, tzinfo=UTC)
    runs = next_runs(table, now, zone, most=370 if every == "day" else 60)
    assert [run.moment for run in runs] == list(islice(CronSim(table.cron, now.astimezone(zone)), len(runs)))


def test_a_time_that_has_come_once_does_not_come_again():
    """At 02:15, an hour after 02:15, the run of 02:30 is over."""
    now = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert shown(next_runs(make_timetable("day", "02:30", None), now, BERLIN, most=1)) == ["10-26 02:30 +0100"]
