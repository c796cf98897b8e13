"""Nights in which the clocks change: what is read, what is refused, and what is written across them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sampling import examples
from tsforecast.errors import DataError, OptionError
from tsforecast.io.messages import Place
from tsforecast.io.options import AmbiguousRule, ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.clock import skipped_hours_note
from tsforecast.io.times.formats import format_stamps
from tsforecast.io.times.zones import WallClock, resolve, to_wall
from tsforecast.series.frequency import DAY, HOUR, MINUTE, Frequency, Stamps

HALF_HOURLY = Frequency("fixed", 30 * MINUTE)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
# The last 48 hours before each change, in UTC.
AUTUMN = {"Europe/Berlin": "2024-10-26", "America/New_York": "2024-11-02", "Australia/Lord_Howe": "2024-04-05T12"}
SPRING = {"Europe/Berlin": "2024-03-30", "America/New_York": "2024-03-09", "Australia/Lord_Howe": "2024-10-05"}


def half_hours(start: str, count: int = 96) -> Stamps:
    first = HALF_HOURLY.ordinals(np.array([start], dtype="datetime64[us]"))[0]
    return HALF_HOURLY.stamps(first + np.arange(count))


def as_wall(instants: Stamps, zone: str) -> list[str]:
    """What a clock on the wall shows, without an offset."""
    return [str(stamp)[:16].replace("T", " ") for stamp in to_wall(instants, zone)]


def resolved(texts: list[str], zone: str, rule: AmbiguousRule, series: list[int] | None = None) -> Stamps:
    numbers, wall = pd.factorize(np.array(texts))
    place = Place("data.csv", np.arange(2, len(texts) + 2), "ds")
    of_row = np.array(series or [0] * len(texts), np.int32)
    found = resolve(WallClock(wall.astype("datetime64[us]"), numbers.astype(np.int32), of_row, place), zone, rule)
    return found.instants[found.codes]


def read(path: Path, times: list[str], *, per_line: int = 1, **options: object) -> ReadResult:
    header = "ds," + ",".join(f"v{number}" for number in range(per_line))
    lines = [f"{time},{','.join([str(row)] * per_line)}" for row, time in enumerate(times)]
    path.write_text("\n".join([header, *lines, ""]))
    return read_panel(path, ReadOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("season", [AUTUMN, SPRING])
def test_a_wall_clock_is_read_across_a_change(zone, season):
    instants = half_hours(season[zone])
    texts = as_wall(instants, zone)
    changes = np.diff(instants) - np.diff(to_wall(instants, zone))
    assert np.count_nonzero(changes) == 1
    np.testing.assert_array_equal(resolved(texts, zone, "infer"), instants)
    np.testing.assert_array_equal(resolved(texts[::-1], zone, "infer"), instants[::-1])
    twice = pd.Series(texts).duplicated(keep=False).to_numpy()
    assert twice.sum() == (0 if season is SPRING else 2 if "Lord" in zone else 4)


@pytest.mark.parametrize("zone", ZONES)
def test_the_first_and_the_last_of_the_two(zone):
    instants = half_hours(AUTUMN[zone])
    texts = pd.Series(as_wall(instants, zone))
    once = ~texts.duplicated().to_numpy()
    np.testing.assert_array_equal(resolved(texts[once].tolist(), zone, "first"), instants[once])
    late = ~texts.duplicated(keep="last").to_numpy()
    np.testing.assert_array_equal(resolved(texts[late].tolist(), zone, "last"), instants[late])


def test_each_series_has_both_of_the_two():
    one = ["2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 02:00", "2024-10-27 03:00"]
    utc = ["2024-10-26T23", "2024-10-27T00", "2024-10-27T01", "2024-10-27T02"]
    apart = resolved(one + one[::-1], "Europe/Berlin", "infer", [1] * 4 + [0] * 4)
    np.testing.assert_array_equal(apart, np.array(utc + utc[::-1], dtype="datetime64[us]"))
    mixed = resolved(list(np.repeat(one, 2)), "Europe/Berlin", "infer", [0, 1] * 4)
    np.testing.assert_array_equal(mixed, np.array(list(np.repeat(utc, 2)), dtype="datetime64[us]"))


@pytest.mark.parametrize(
    ("texts", "rule", "row", "message"),
    [
        (["2024-10-27 01:00", "2024-10-27 02:00"], "error", 3, "happens twice in Europe/Berlin"),
        (["2024-10-27 01:00", "2024-10-27 02:00"], "infer", 3, "stands only once"),
        (["2024-10-27 02:00"] * 3, "infer", 2, "stands 3 times"),
        (["2024-03-31 01:00", "2024-03-31 02:00"], "first", 3, "does not exist in Europe/Berlin"),
        (["2024-10-27 02:00", "2024-03-31 02:00"], "last", 3, "does not exist in Europe/Berlin"),
    ],
)
def test_what_cannot_be_told_is_refused(texts, rule, row, message):
    with pytest.raises(DataError, match=message) as caught:
        resolved(texts, "Europe/Berlin", rule)
    assert (caught.value.row, caught.value.column) == (row, "ds")
    assert "offset" in caught.value.hint
    assert ("--ambiguous" in caught.value.hint) == ("exist" not in message)


@examples(60)
@given(
    zone=st.sampled_from([*ZONES, "America/St_Johns", "Asia/Kolkata", "Pacific/Chatham"]),
    start=st.datetimes(pd.Timestamp("1990-01-01"), pd.Timestamp("2036-01-01")),
    backwards=st.booleans(),
)
def test_a_whole_year_of_a_wall_clock_is_read_back(zone, start, backwards):
    instants = half_hours(np.datetime64(start, "us"), 48 * 366)[:: -1 if backwards else 1]
    np.testing.assert_array_equal(resolved(as_wall(instants, zone), zone, "infer"), instants)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("season", [AUTUMN, SPRING])
def test_tables_across_a_change_are_written_as_they_came(zone, season, tmp_path):
    instants = half_hours(season[zone])
    result = read(tmp_path / "a.csv", as_wall(instants, zone), tz=zone, ambiguous="infer")
    np.testing.assert_array_equal(result.panel.stamps(0), instants)
    (ahead,) = format_stamps(result.panel.future_stamps(0, 5000), result.schema, result.panel.frequency)
    again = read_panel(_table(tmp_path / "b.csv", ahead), ReadOptions(tz=zone))
    np.testing.assert_array_equal(again.panel.stamps(0), result.panel.future_stamps(0, 5000))
    assert len(set(ahead)) == 5000


def _table(path: Path, times: list[str]) -> Path:
    path.write_text("ds,y\n" + "".join(f"{time},{row}\n" for row, time in enumerate(times)))
    return path


def test_what_was_taken_for_granted_is_said(tmp_path):
    times = as_wall(half_hours(AUTUMN["Europe/Berlin"]), "Europe/Berlin")
    said = [note.text for note in read(tmp_path / "a.csv", times, tz="Europe/Berlin", ambiguous="infer").notes]
    assert (
        "4 rows lie in hours that the clocks of Europe/Berlin repeat: which of the two each is, the order of the rows "
        "tells"
    ) in said
    spread = [time.replace(" ", ",") for time in times]
    path = tmp_path / "b.csv"
    path.write_text("date,time,y\n" + "".join(f"{time},{row}\n" for row, time in enumerate(spread)))
    result = read_panel(path, ReadOptions(tz="Europe/Berlin", ambiguous="infer"))
    assert "times are written without an offset: an hour that Europe/Berlin repeats is written twice" in [
        note.text for note in result.notes
    ]
    stamps = half_hours(AUTUMN["Europe/Berlin"])
    np.testing.assert_array_equal(result.panel.stamps(0), stamps)
    dates, clocks = format_stamps(stamps, result.schema, result.panel.frequency)
    assert [",".join(cells) for cells in zip(dates, clocks, strict=True)] == spread


def test_a_rule_for_what_happens_twice_needs_a_zone(tmp_path):
    times = as_wall(half_hours("2024-01-01"), "UTC")
    with pytest.raises(OptionError, match="--ambiguous infer needs the zone") as caught:
        read(tmp_path / "a.csv", times, ambiguous="infer")
    assert "--tz" in caught.value.hint
    with_offset = read(tmp_path / "a.csv", [f"{time}+01:00" for time in times], ambiguous="infer")
    assert with_offset.schema.time_zone == "UTC+01:00"


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("ending", [0, 30])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Chicago", "Australia/Sydney"])
def test_repeated_hours_tell_a_zone(zone, ending, backwards, tmp_path):
    instants = half_hours("2023-02-01", 48 * 400)
    step = np.timedelta64(ending, "m")
    times = [str(stamp)[:16].replace("T", " ") for stamp in to_wall(instants - step, zone) + step]
    result = read(tmp_path / "a.csv", times[::-1] if backwards else times)
    panel = result.panel
    assert (panel.lengths.tolist(), panel.observed.all()) == ([instants.size], True)
    np.testing.assert_array_equal(panel.values, np.arange(instants.size)[:: -1 if backwards else 1])
    (said,) = [note.text for note in result.notes if note.text.startswith("times stand twice just where the clocks of")]
    assert ("ends of 30min" in said) == bool(ending)
    assert format_stamps(panel.stamps(0), result.schema, panel.frequency) == [times]
    again = read(tmp_path / "b.csv", times[4000:4100]).schema
    later = read_panel(tmp_path / "b.csv", schema=result.schema, frequency=panel.frequency)
    assert again.time_zone is None
    np.testing.assert_array_equal(later.panel.starts - panel.starts, [4000])


def test_repeated_hours_of_rows_in_blocks():
    """The years of a table stand in another order than the hours of each."""
    instants = half_hours("2022-01-01", 48 * 730)
    texts = as_wall(instants, "America/New_York")
    blocks = [np.arange(17520)[::-1], np.arange(17520, instants.size)]
    order = np.concatenate([blocks[1], blocks[0]])
    made = resolved([texts[row] for row in order], "America/New_York", "infer")
    np.testing.assert_array_equal(made, instants[order])


def test_a_repeated_hour_without_a_zone_is_refused_with_the_way_out(tmp_path):
    times = as_wall(half_hours(AUTUMN["Europe/Berlin"]), "Europe/Berlin")
    assert read(tmp_path / "a.csv", times).schema.time_zone == "Europe/Berlin"
    once = next(row for row, time in enumerate(times) if times.count(time) == 2)
    times = times[:once] + times[once + 1 :]
    with pytest.raises(DataError, match="stands in line") as caught:
        read(tmp_path / "a.csv", times)
    assert caught.value.hint.startswith("where clocks go back, add --tz with the zone of the times and --ambiguous")
    other = [*times[:40], times[39], *times[40:60]]
    with pytest.raises(DataError, match="stands in line") as caught:
        read(tmp_path / "a.csv", other)
    assert "--tz" not in caught.value.hint


def test_a_skipped_hour_without_a_zone_is_said(tmp_path):
    times = as_wall(half_hours(SPRING["Europe/Berlin"]), "Europe/Berlin")
    warned = [note.text for note in read(tmp_path / "a.csv", times).notes if "Sunday" in note.text]
    (text,) = warned
    assert text.startswith("1 Sunday lacks an hour of the night, the first at 2024-03-31 02:00, as where clocks")
    with_zone = read(tmp_path / "a.csv", times, tz="Europe/Berlin").notes
    assert not any("Sunday" in note.text for note in with_zone)
    hourly = half_hours("2024-01-01", 400)[::2]
    assert skipped_hours_note(hourly, Frequency("fixed", HOUR)) == []
    a_monday = np.delete(hourly, 26)
    assert skipped_hours_note(a_monday, Frequency("fixed", HOUR)) == []
    assert skipped_hours_note(hourly[::24], Frequency("fixed", DAY)) == []


@pytest.mark.parametrize("zone", ZONES)
def test_days_begin_at_local_midnight_across_both_changes(zone, tmp_path):
    days = pd.date_range("2024-01-01", "2024-12-31", freq="D", tz=zone)
    texts = [day.isoformat() for day in days]
    result = read(tmp_path / "a.csv", texts, tz=zone)
    assert result.panel.frequency == Frequency("fixed", DAY)
    (ahead,) = format_stamps(result.panel.future_stamps(0, 366), result.schema, result.panel.frequency)
    assert ahead == [day.isoformat() for day in pd.date_range("2025-01-01", periods=366, freq="D", tz=zone)]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_days_of_23_and_25_hours(zone, tmp_path):
    hours = pd.date_range("2024-01-01", "2024-12-31 23:00", freq="h", tz=zone)
    per_day = pd.Series(1, index=hours).groupby(hours.date).sum()
    assert sorted(per_day.unique()) == [23, 24, 25]
    result = read(tmp_path / "a.csv", [hour.isoformat() for hour in hours], tz=zone)
    assert (result.panel.frequency, result.panel.lengths.tolist()) == (Frequency("fixed", HOUR), [len(hours)])
    expected = pd.date_range(hours[-1], periods=24 * 366 + 1, freq="h")[1:]
    (ahead,) = format_stamps(result.panel.future_stamps(0, 24 * 366), result.schema, result.panel.frequency)
    assert ahead == [hour.isoformat() for hour in expected]
