"""Texts to time stamps and back: formats, zones, and rows that are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sampling import examples
from tsforecast.errors import DataError, OptionError
from tsforecast.io.column import code_texts, text_column
from tsforecast.io.messages import Place
from tsforecast.io.times.clock import Clock, choose_clock, is_sub_daily, known_zone, rank_times
from tsforecast.io.times.datetimes import stamp_index, typed_stamps
from tsforecast.io.times.formats import STEP, format_stamps
from tsforecast.io.times.parse import ParsedStamps, parse_stamps
from tsforecast.io.times.zones import find_zone, to_instants, to_wall
from tsforecast.series.frequency import DAY, HOUR, MINUTE, Frequency
from tsforecast.series.infer_frequency import infer_frequency
from tsforecast.series.panel import Schema

HOURLY = Frequency("fixed", HOUR)
DAILY = Frequency("fixed", DAY)


def place(rows: int) -> Place:
    return Place("data.csv", np.arange(2, rows + 2), "ds")


def parse(*texts: str, **options: str) -> ParsedStamps:
    return parse_stamps(text_column(place(len(texts)), code_texts(texts)), **options)


def clock(*texts: str, tz: str | None = None, sub_daily: bool = True) -> Clock:
    return choose_clock(parse(*texts), np.zeros(len(texts), np.int32), tz, sub_daily, place(len(texts)))


def stamps(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[us]")


def schema(text_format: str, zone: str | None = None) -> Schema:
    return Schema(("ds",), (), ("y",), (text_format,), zone)


@pytest.mark.parametrize(
    ("texts", "expected", "text_format"),
    [
        (["2024-01-31", "2024-02-29"], ["2024-01-31", "2024-02-29"], "%Y-%m-%d"),
        (["2024-01-31 06:05"], ["2024-01-31T06:05"], "%Y-%m-%d %H:%M"),
        (["2024-01-31T06:05:07"], ["2024-01-31T06:05:07"], "%Y-%m-%dT%H:%M:%S"),
        (["2024-01-31 06:05:07.250"], ["2024-01-31T06:05:07.25"], "%Y-%m-%d %H:%M:%S.%3f"),
        ([" 2024-01-31 "], ["2024-01-31"], "%Y-%m-%d"),
        (["2024-1-5", "2024-11-15"], ["2024-01-05", "2024-11-15"], "%Y-%-m-%-d"),
        (["2024-1-5 7:30", "2024-11-15 10:30"], ["2024-01-05T07:30", "2024-11-15T10:30"], "%Y-%-m-%-d %-H:%M"),
        (["1949-01", "1949-02"], ["1949-01-01", "1949-02-01"], "%Y-%m"),
        (["2024/01"], ["2024-01-01"], "%Y/%m"),
        (["01/2024"], ["2024-01-01"], "%m/%Y"),
        (["1700", "2200"], ["1700-01-01", "2200-01-01"], "%Y"),
        (["20240131"], ["2024-01-31"], "%Y%m%d"),
        (["2012/01/31"], ["2012-01-31"], "%Y/%m/%d"),
        (["31/01/2024", "1/2/2024"], ["2024-01-31", "2024-02-01"], "%-d/%m/%Y"),
        (["01/31/2024", "02/01/2024"], ["2024-01-31", "2024-02-01"], "%m/%d/%Y"),
        (["31.01.2024 13:00"], ["2024-01-31T13:00"], "%d.%m.%Y %H:%M"),
        (["31-01-99"], ["1999-01-31"], "%d-%m-%y"),
        (["01/31/2024 1:05 PM"], ["2024-01-31T13:05"], "%m/%d/%Y %-I:%M %p"),
        (["Jan 2024", "May 2024"], ["2024-01-01", "2024-05-01"], "%b %Y"),
        (["January 2024", "May 2024"], ["2024-01-01", "2024-05-01"], "%B %Y"),
        (["May 2024", "May 2025"], ["2024-05-01", "2025-05-01"], "%b %Y"),
        (["2024 Jan"], ["2024-01-01"], "%Y %b"),
        (["Jan-24"], ["2024-01-01"], "%b-%y"),
        (["31 Jan 2024"], ["2024-01-31"], "%d %b %Y"),
        (["Jan 31, 2024"], ["2024-01-31"], "%b %d, %Y"),
        (["2024Q1", "2024Q4"], ["2024-01-01", "2024-10-01"], "%YQ%q"),
        (["1969 Q3"], ["1969-07-01"], "%Y Q%q"),
        (["2024-Q2"], ["2024-04-01"], "%Y-Q%q"),
        (["Q2 2024"], ["2024-04-01"], "Q%q %Y"),
    ],
)
def test_formats(texts, expected, text_format):
    parsed = parse(*texts)
    np.testing.assert_array_equal(parsed.wall, stamps(*expected))
    assert (parsed.instants, parsed.time_formats, parsed.time_zone) == (None, (text_format,), None)


@pytest.mark.parametrize(
    ("texts", "row", "message"),
    [
        (["2024-01-31", "Total"], 3, "'Total' is not a date"),
        (["2024-01-31", "", "2024-02-01"], 3, "the time is missing"),
        (["2024-02-28", "2024-02-30"], 3, "'2024-02-30' is not a date that exists"),
        (["2024-01-01 23:00", "2024-01-01 24:30"], 3, "not a date that exists"),
        (["2024-01-01", "2024-01-02", "01/03/2024"], 4, "'01/03/2024' is written otherwise than '2024-01-01'"),
        (["13/01/2024", "01/13/2024"], 3, "'01/13/2024' is not a date in the format %d/%m/%Y"),
        (["2024Q1", "2024Q5"], 3, "not a date in the format %YQ%q"),
        (["Jan 2024", "Sum 2024"], 3, "not a date in the format %b %Y"),
        (["2024-01-01T00:00Z", "2024-01-01T01:00"], 3, "'2024-01-01T01:00' has no offset from UTC"),
        (["2024-01-01 00:00", "2024-01-01 01:00+01:00"], 3, "'2024-01-01 01:00[+]01:00' has an offset"),
        (["1700-01-01", "1699-12-31"], 3, "the year of '1699-12-31' is not within 1700 to 2200"),
        (["2200", "9999"], 3, "the year of '9999' is not within"),
        (["01/02/2024", "03/04/2024"], 2, "fit %d/%m/%Y as well as %m/%d/%Y"),
        (["2024-01-01T00:00+99:00"], 2, "not a date that exists"),
        (["٢٠٢٤-01-01"], 2, "is not a date"),
    ],
)
def test_first_wrong_row_is_named(texts, row, message):
    with pytest.raises(DataError, match=message) as caught:
        parse(*texts)
    assert (caught.value.file, caught.value.row, caught.value.column) == ("data.csv", row, "ds")


def test_the_row_named_is_the_first_of_its_text():
    with pytest.raises(DataError) as caught:
        parse("2024-01-01", "2024-01-01", "bad", "2024-01-02", "bad")
    assert caught.value.row == 4


def test_order_of_day_and_month():
    ambiguous = ("01/02/2024", "01/03/2024")
    month_first = parse(*ambiguous, date_format="%m/%d/%Y")
    np.testing.assert_array_equal(month_first.wall, stamps("2024-01-02", "2024-01-03"))
    as_fitted = parse(*ambiguous, known_format="%d/%m/%Y")
    np.testing.assert_array_equal(as_fitted.wall, stamps("2024-02-01", "2024-03-01"))
    with pytest.raises(DataError, match="as well as") as caught:
        parse(*ambiguous, known_format="%Y-%m-%d")
    assert "--date-format" in caught.value.hint
    (note,) = parse("13/01/2024", "01/02/2024").notes
    assert (note.kind, note.text) == ("warning", "the dates are read as %d/%m/%Y, the only order that fits all rows")


def test_given_format():
    assert parse("2024_05", date_format="%Y_%m").time_formats == ("%Y_%m",)
    with pytest.raises(DataError, match="'2024-05' is not a date in the format %Y_%m"):
        parse("2024-05", date_format="%Y_%m")
    with pytest.raises(OptionError, match="%J is not a date format"):
        parse("2024", date_format="%J")
    for with_offset in ("%Y%z", "%Y %Z", "%Y-%m-%dT%H:%M%:z", "%Y-%m-%dT%H:%MZ"):
        with pytest.raises(OptionError, match="has an offset"):
            parse("2024", date_format=with_offset)


def test_dates_among_times_are_midnight_and_said():
    parsed = parse("2015-01-01", "2015-01-01 01:00:00", "2015-01-02")
    np.testing.assert_array_equal(parsed.wall, stamps("2015-01-01", "2015-01-01T01", "2015-01-02"))
    assert parsed.time_formats == ("%Y-%m-%d %H:%M:%S",)
    assert [note.text for note in parsed.notes] == ["2 dates without a time of day: read as midnight"]


@pytest.mark.parametrize(
    ("texts", "zone", "text_format"),
    [
        (["2024-01-01T06:00Z", "2024-01-01T07:00Z"], "UTC", "%Y-%m-%dT%H:%MZ"),
        (["2024-01-01 06:00:00+00:00"], "UTC", "%Y-%m-%d %H:%M:%S%:z"),
        (["2024-01-01T11:30:00+05:30"], "UTC+05:30", "%Y-%m-%dT%H:%M:%S%:z"),
        (["2024-01-01T11:30:00+0530"], "UTC+05:30", "%Y-%m-%dT%H:%M:%S%:z"),
        (["2024-01-01T03:00:00-03"], "UTC-03:00", "%Y-%m-%dT%H:%M:%S%:z"),
        (["2024-01-01T07:00+01:00", "2024-07-01T07:00+02:00"], None, "%Y-%m-%dT%H:%M%:z"),
    ],
)
def test_offsets(texts, zone, text_format):
    parsed = parse(*texts)
    assert parsed.instants is not None
    assert parsed.instants[0] == np.datetime64("2024-01-01T06:00")
    assert parsed.wall[0] == np.datetime64(texts[0][:16])
    assert (parsed.time_zone, parsed.time_formats) == (zone, (text_format,))


def test_zone_of_times_without_offset():
    read = clock("2024-03-31 01:00", "2024-03-31 03:00", tz="Europe/Paris")
    np.testing.assert_array_equal(read.stamps, stamps("2024-03-31T00", "2024-03-31T01"))
    assert (read.time_formats, read.time_zone) == (("%Y-%m-%d %H:%M%:z",), "Europe/Paris")
    assert clock("13/01/2024 10:00", tz="Europe/Paris").time_formats == ("%Y-%m-%d %H:%M:%S%:z",)
    assert clock("2024-01-01", tz="Europe/Paris", sub_daily=False).time_formats == ("%Y-%m-%d",)
    unzoned = clock("2024-03-31 01:00")
    assert (unzoned.time_formats, unzoned.time_zone) == (("%Y-%m-%d %H:%M",), None)


@pytest.mark.parametrize(
    ("text", "message"),
    [("2024-03-31 02:30", "does not exist in Europe/Paris"), ("2024-10-27 02:30", "happens twice in Europe/Paris")],
)
def test_clock_changes_without_offset_are_refused(text, message):
    with pytest.raises(DataError, match=message) as caught:
        clock("2024-01-01 00:00", text, tz="Europe/Paris")
    assert caught.value.row == 3


def test_days_across_a_clock_change_are_counted_on_the_wall():
    texts = ("2024-03-30T00:00+01:00", "2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00")
    named = clock(*texts, tz="Europe/Paris", sub_daily=False)
    np.testing.assert_array_equal(named.stamps, stamps("2024-03-30", "2024-03-31", "2024-04-01"))
    assert named.time_zone == "Europe/Paris"
    unnamed = clock(*texts, sub_daily=False)
    np.testing.assert_array_equal(unnamed.stamps, named.stamps)
    assert (unnamed.time_formats, unnamed.time_zone) == (("%Y-%m-%dT%H:%M",), None)
    assert "--tz" in unnamed.notes[0].text


def test_hours_with_different_offsets_are_utc():
    read = clock("2024-03-31T01:00+01:00", "2024-03-31T03:00+02:00")
    np.testing.assert_array_equal(read.stamps, stamps("2024-03-31T00", "2024-03-31T01"))
    assert (read.time_zone, read.notes[0].kind) == ("UTC", "warning")


def test_written_zone_may_be_changed():
    read = clock("2024-01-01T06:00Z", tz="Asia/Kolkata")
    assert (read.time_formats, read.time_zone) == (("%Y-%m-%dT%H:%M%:z",), "Asia/Kolkata")
    assert format_stamps(read.stamps, schema(*read.time_formats, read.time_zone), HOURLY)[0] == [
        "2024-01-01T11:30+05:30"
    ]


def test_unknown_zone_names_the_nearest():
    with pytest.raises(OptionError, match="no time zone 'Europe/Pari'") as caught:
        clock("2024-01-01", tz="Europe/Pari")
    assert caught.value.hint == "did you mean 'Europe/Paris'?"
    with pytest.raises(OptionError):
        find_zone("../etc/passwd")


def test_zone_of_new_data_for_a_model():
    plain, zoned = parse("2024-01-01 00:00"), parse("2024-01-01T00:00Z")
    assert known_zone(zoned, schema("", "Europe/Paris"), True, place(1)) == ("Europe/Paris", None)
    assert known_zone(plain, schema(""), True, place(1)) == (None, None)
    zone, note = known_zone(plain, schema("", "Europe/Paris"), True, place(1))
    assert zone == "Europe/Paris"
    assert note is not None and note.kind == "warning"
    assert known_zone(zoned, schema(""), False, place(1)) == (None, None)
    for parsed, fitted in ((plain, "UTC"), (plain, "UTC+05:30"), (zoned, None)):
        with pytest.raises(DataError, match="fitted on"):
            known_zone(parsed, schema("", fitted), True, place(1))


def sub_daily(series: list[int], *texts: str) -> bool:
    distinct, codes = np.unique(stamps(*texts), return_inverse=True)
    return is_sub_daily(np.array(series, np.int32), rank_times(codes.astype(np.int32), distinct))


def test_sub_daily_is_judged_within_series():
    days = ("2024-01-01", "2024-01-02", "2024-01-03")
    assert not sub_daily([0, 0, 0, 1, 1, 1], *days, *days)
    assert not sub_daily([0, 1, 0, 1, 0, 1], *np.repeat(days, 2).tolist())
    assert sub_daily([0, 0, 0], "2024-01-01T00", "2024-01-01T12", "2024-01-02T00")
    assert not sub_daily([0, 0], "2024-03-30T23", "2024-03-31T22")
    assert not sub_daily([0], "2024-03-30T23")


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 200)), min_size=1, max_size=40),
    st.booleans(),
)
def test_sub_daily_is_a_matter_of_the_median(rows, grouped):
    rows = sorted(rows) if grouped else rows
    hours = np.array([hour for _, hour in rows])
    numbers = np.unique([series for series, _ in rows], return_inverse=True)[1]
    steps = np.concatenate([np.diff(np.sort(hours[numbers == number])) for number in range(3)])
    expected = bool((steps > 0).any()) and bool(np.median(steps[steps > 0]) < 23)
    times = rank_times(
        *reversed(np.unique(hours.astype("datetime64[h]").astype("datetime64[us]"), return_inverse=True))
    )
    assert is_sub_daily(numbers.astype(np.int32), times) == expected


def test_typed_columns():
    naive = typed_stamps(pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"])), place(2))
    assert (naive.time_formats, naive.instants) == (("%Y-%m-%d",), None)
    fine = typed_stamps(pd.Series(pd.to_datetime(["2024-01-01 00:00:00.5"])), place(1))
    assert fine.time_formats == ("%Y-%m-%d %H:%M:%S.%f",)
    paris = typed_stamps(pd.Series(pd.to_datetime(["2024-01-01 06:00"]).tz_localize("Europe/Paris")), place(1))
    assert (paris.time_zone, paris.time_formats) == ("Europe/Paris", ("%Y-%m-%d %H:%M:%S%:z",))
    np.testing.assert_array_equal(paris.wall, stamps("2024-01-01T06"))
    np.testing.assert_array_equal(paris.instants, stamps("2024-01-01T05"))
    with pytest.raises(DataError, match="missing") as caught:
        typed_stamps(pd.Series(pd.to_datetime(["2024-01-01", None])), place(2))
    assert caught.value.row == 3


def test_both_clock_changes_are_written_with_their_offset():
    (written,) = format_stamps(
        stamps("2024-10-27T00:00", "2024-10-27T01:00"), schema("%Y-%m-%d %H:%M%:z", "Europe/Paris"), HOURLY
    )
    assert written == ["2024-10-27 02:00+02:00", "2024-10-27 02:00+01:00"]
    (days,) = format_stamps(stamps("2024-03-31", "2024-04-01"), schema("%Y-%m-%dT%H:%M%:z", "Europe/Paris"), DAILY)
    assert days == ["2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00"]
    assert format_stamps(stamps("2024-01-01"), schema("%Y-%m-%dT%H:%M%:z", "UTC"), HOURLY)[0] == [
        "2024-01-01T00:00+00:00"
    ]


def test_stamps_for_a_data_frame():
    hours = stamps("2024-10-27T00:00", "2024-10-27T01:00")
    zoned = stamp_index(hours, schema("%Y-%m-%d %H:%M%:z", "Europe/Paris"), HOURLY)
    assert [str(stamp) for stamp in zoned] == ["2024-10-27 02:00:00+02:00", "2024-10-27 02:00:00+01:00"]
    days = stamp_index(stamps("2024-03-31"), schema("%Y-%m-%d %H:%M%:z", "Europe/Paris"), DAILY)
    assert str(days[0]) == "2024-03-31 00:00:00+01:00"
    assert stamp_index(stamps("2024-03-31"), schema("%Y-%m-%d", "Europe/Paris"), DAILY).tz is None
    assert stamp_index(hours, schema("%Y-%m-%d %H:%M"), HOURLY).tz is None
    steps = np.array([3, 4], dtype="datetime64[us]")
    assert list(stamp_index(steps, schema(STEP), DAILY)) == [3, 4]


def test_skipped_and_repeated_hours_of_a_wall_clock():
    wall = stamps("2024-03-31T02:30", "2024-10-27T02:30")
    instants = to_instants(wall, "Europe/Paris")
    np.testing.assert_array_equal(instants, stamps("2024-03-31T01:00", "2024-10-27T00:30"))
    np.testing.assert_array_equal(to_wall(instants, "Europe/Paris"), stamps("2024-03-31T03:00", "2024-10-27T02:30"))


WRITTEN = st.sampled_from(
    [
        ("%Y-%m-%d", Frequency("fixed", DAY)),
        ("%d/%m/%Y", Frequency("fixed", DAY)),
        ("%m/%d/%Y", Frequency("business", 1)),
        ("%Y%m%d", Frequency("fixed", 7 * DAY, phase=3 * DAY)),
        ("%Y-%m-%dT%H:%M", Frequency("fixed", 30 * MINUTE)),
        ("%d.%m.%Y %H:%M:%S", Frequency("fixed", 1_000_000)),
        ("%m/%d/%Y %I:%M %p", HOURLY),
        ("%Y-%m-%d %H:%M:%S.%f", Frequency("fixed", 250_000)),
        ("%Y-%m", Frequency("month", 1)),
        ("%b %Y", Frequency("month", 1)),
        ("%Y Q%q", Frequency("month", 3)),
        ("%Y-%m-%d", Frequency("month", 1, day=31)),
        ("%Y", Frequency("month", 12)),
    ]
)


@examples(150)
@given(written=WRITTEN, start=st.datetimes(pd.Timestamp("1710-01-01"), pd.Timestamp("2150-01-01")))
def test_what_is_written_is_read_back(written, start):
    text_format, frequency = written
    first = frequency.ordinals(np.array([start], dtype="datetime64[us]"))[0]
    expected = frequency.stamps(first + np.arange(40))
    (texts,) = format_stamps(expected, schema(text_format), frequency)
    parsed = parse(*texts, date_format=None, known_format=text_format)
    np.testing.assert_array_equal(parsed.wall, expected)
    assert parsed.time_formats == (text_format,)
    inferred = infer_frequency([parsed.wall])
    assert inferred.ordinals(expected)[1].all()
    np.testing.assert_array_equal(np.diff(inferred.ordinals(expected)[0]), 1)


@examples(100)
@given(
    zone=st.sampled_from(["UTC", "UTC+05:30", "UTC-03:00", "Europe/Paris", "Australia/Lord_Howe", "America/St_Johns"]),
    start=st.datetimes(pd.Timestamp("1975-01-01"), pd.Timestamp("2036-01-01")),
    separator=st.sampled_from("T "),
)
def test_zoned_hours_are_read_back(zone, start, separator):
    first = HOURLY.ordinals(np.array([start], dtype="datetime64[us]"))[0]
    instants = HOURLY.stamps(first + np.arange(24 * 40) * 7)
    fitted = schema(f"%Y-%m-%d{separator}%H:%M:%S%:z", zone)
    parsed = parse(*format_stamps(instants, fitted, HOURLY)[0])
    np.testing.assert_array_equal(parsed.instants, instants)
    read = choose_clock(parsed, np.zeros(instants.size, np.int32), zone, True, place(instants.size))
    np.testing.assert_array_equal(read.stamps, instants)
    assert (read.time_formats, read.time_zone) == (fitted.time_formats, zone)
