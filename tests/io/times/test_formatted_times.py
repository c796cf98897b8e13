"""Numbers, weeks and quarters as time stamps, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sampling import examples
from tsforecast.errors import DataError
from tsforecast.io.column import code_texts, text_column
from tsforecast.io.messages import Place
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import format_stamps, readable_stamps, stamps_in_format
from tsforecast.io.times.parse import ParsedStamps, parse_stamps
from tsforecast.series.frequency import DAY, HOUR, MINUTE, Frequency
from tsforecast.series.panel import Schema

HOURLY, DAILY = Frequency("fixed", HOUR), Frequency("fixed", DAY)
EPOCHS = {"epoch-s": 1, "epoch-ms": 10**3, "epoch-us": 10**6, "epoch-ns": 10**9}


def parse(*texts: str, **options: str) -> ParsedStamps:
    place = Place("data.csv", np.arange(2, len(texts) + 2), "ds")
    return parse_stamps(text_column(place, code_texts(texts)), **options)


def stamps(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[us]")


def read(path: Path, name: str, times: list[str], **options: object) -> ReadResult:
    path.write_text(f"{name},y\n" + "".join(f"{time},{row / 7}\n" for row, time in enumerate(times)))
    return read_panel(path, ReadOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "expected", "text_format"),
    [
        (["2024W05", "2024w06"], ["2024-01-29", "2024-02-05"], "%GW%V"),
        (["2024-W01", "2020-W53"], ["2024-01-01", "2020-12-28"], "%G-W%V"),
        (["2021 W01"], ["2021-01-04"], "%G W%V"),
        (["2024-W05-1", "2024-W05-7"], ["2024-01-29", "2024-02-04"], "%G-W%V-%u"),
        (["Jan 1 2000", "Dec 31 2000"], ["2000-01-01", "2000-12-31"], "%b %-d %Y"),
        (["January 1 2000"], ["2000-01-01"], "%B %-d %Y"),
        (["1 Jan 2000"], ["2000-01-01"], "%-d %b %Y"),
        (["1 January 2000"], ["2000-01-01"], "%-d %B %Y"),
        (["Jan-2000"], ["2000-01-01"], "%b-%Y"),
        (["January-2000"], ["2000-01-01"], "%B-%Y"),
        (["January 2000"], ["2000-01-01"], "%B %Y"),
        (["1700000000", "999999999"], ["2023-11-14T22:13:20", "2001-09-09T01:46:39"], "epoch-s"),
        (["631152000000", "1700000000500"], ["1990-01-01", "2023-11-14T22:13:20.5"], "epoch-ms"),
        (["1700000000000001"], ["2023-11-14T22:13:20.000001"], "epoch-us"),
        (["1700000000000001000"], ["2023-11-14T22:13:20.000001"], "epoch-ns"),
        (["202401310600"], ["2024-01-31T06"], "%Y%m%d%H%M"),
        (["20240131060507"], ["2024-01-31T06:05:07"], "%Y%m%d%H%M%S"),
    ],
)
def test_formats(texts, expected, text_format):
    parsed = parse(*texts)
    np.testing.assert_array_equal(parsed.wall, stamps(*expected))
    epoch = text_format in EPOCHS
    assert (parsed.time_formats, parsed.time_zone) == ((text_format,), "UTC" if epoch else None)
    assert (parsed.instants is not None) == epoch
    assert parse(*texts, date_format=text_format).notes == ()


@pytest.mark.parametrize(
    ("texts", "row", "message", "hint"),
    [
        (["2024-W52", "2024-W53"], 3, "'2024-W53' is not a date", "52 or 53"),
        (["2024-W05", "2024-W00"], 3, "'2024-W00' is not a date", "52 or 53"),
        (["2024-W05", "2024-X06"], 3, "'2024-X06' is not a date", "write it like '2024-W05'"),
        (["2024-W05-1", "2024-W05-8"], 3, "'2024-W05-8' is not a date", ""),
        (["1700000000", "1700000000000"], 3, "'1700000000000' is written otherwise than '1700000000'", "in one way"),
        (["1700000000", "Total"], 3, "'Total' is written otherwise", "in one way"),
        (["1700000000", "", "1700000002"], 3, "the time is missing", "in one way"),
        (["1700000000", "4200000000"], 3, "'4200000000' is not a date in the format epoch-s", "1990 to 2100"),
        (["600000000"], 2, "'600000000' is not a date", "others with --date-format epoch-s"),
        (["2024010106", "2024010107"], 2, "fit epoch-s as well as %Y%m%d%H", "--date-format epoch-s"),
        (["45292", "45293"], 2, "'45292' is a number; as Excel counts days it is 2024-01-01", "--date-format excel"),
        (["45292.25"], 2, "as Excel counts days it is 2024-01-01", "--date-format excel"),
        (["12345", "12346"], 2, "'12345' is not a date", "2024-01-31"),
        (["1700000000000000001"], 2, "is not a date in the format epoch-ns", "since 1970"),
        (["2024-02-28", "2024-02-30"], 3, "'2024-02-30' is not a date that exists", ""),
        (["2024-01-01 23:00", "2024-01-01 24:30"], 3, "not a date that exists", "midnight is 00:00 of the next day"),
        (["2024-01-01", "0001-01-01"], 3, "the year of '0001-01-01' is not within 1700 to 2200", "correct it"),
        (["2024-01-01", "9999-12-31"], 3, "the year of '9999-12-31' is not within 1700 to 2200", "correct it"),
        (["2024-01-01", "2024/01/02"], 3, "'2024/01/02' is written otherwise than '2024-01-01'", "in one way"),
    ],
)
def test_what_is_refused(texts, row, message, hint):
    with pytest.raises(DataError) as caught:
        parse(*texts)
    assert message in caught.value.message
    assert (caught.value.row, caught.value.column) == (row, "ds")
    assert hint in caught.value.hint


def test_what_is_taken_for_granted_is_said():
    (count,) = parse("1700000000000").notes
    assert (count.kind, count.text) == (
        "warning",
        "numbers such as 1700000000000 are read as milliseconds since 1970 in UTC",
    )
    (compact,) = parse("202401310600").notes
    assert compact.text == "whole numbers such as 202401310600 are read as dates"
    (week,) = parse("2024-W05").notes
    assert (week.kind, week.text) == ("info", "weeks are those of ISO 8601 and stand for their Monday")


def test_days_of_excel():
    parsed = parse("45292", "45292.5", "45292.0416666667", date_format="excel")
    np.testing.assert_array_equal(parsed.wall, stamps("2024-01-01", "2024-01-01T12", "2024-01-01T01"))
    assert (parsed.time_formats, parsed.instants) == (("excel",), None)
    with pytest.raises(DataError, match="'60' is not a date in the format excel"):
        parse("45292", "60", date_format="excel")
    known = parse("45292", known_format="excel")
    assert (known.time_formats, known.notes) == (("excel",), ())


def test_a_format_that_was_given_for_a_model_is_known():
    np.testing.assert_array_equal(parse("2024_05", known_format="%Y_%m").wall, stamps("2024-05-01"))
    with pytest.raises(DataError, match="is not a date"):
        parse("2024_05", "2024-06", known_format="%Y_%m")
    both = parse("2024010106", known_format="%Y%m%d%H")
    np.testing.assert_array_equal(both.wall, stamps("2024-01-01T06"))


@pytest.mark.parametrize("text", ["", "-", "1.5", "1e9", "٣", "9" * 19, "9" * 40, "1700000000 "])
def test_no_count_since_1970(text):
    read_as = stamps_in_format([text, "0", "-1"], "epoch-ms")
    assert np.isnat(read_as[0])
    np.testing.assert_array_equal(read_as[1:], stamps("1970-01-01", "1969-12-31T23:59:59.999"))


@pytest.mark.parametrize(
    ("name", "others", "found"),
    [
        ("ts", "", True),
        ("timestamp", "other", True),
        ("a", "", True),
        ("a", "other", False),
        ("shop_id", "", False),
    ],
)
def test_counts_are_times_where_they_can_be_meant(name, others, found, tmp_path):
    rows = [f"{1_700_000_000 + 3600 * row}" for row in range(40)]
    path = tmp_path / "a.csv"
    before = [f"{row % 3}.5," if others else "" for row in range(40)]
    header = f"{others},{name},y" if others else f"{name},y"
    path.write_text(f"{header}\n" + "".join(f"{b}{time},1.5\n" for b, time in zip(before, rows, strict=True)))
    if found:
        assert read_panel(path).schema.time_cols == (name,)
    else:
        with pytest.raises(DataError, match="no column holds a date"):
            read_panel(path)


def test_a_real_date_goes_before_a_count(tmp_path):
    path = tmp_path / "a.csv"
    days = pd.date_range("2024-01-01", periods=20)
    path.write_text(
        "ts,day,y\n" + "".join(f"{1_700_000_000 + at},{day:%Y-%m-%d},{at}\n" for at, day in enumerate(days))
    )
    assert read_panel(path).schema.time_cols == ("day",)


def test_days_of_excel_are_found_where_they_are_asked_for(tmp_path):
    days = [str(45292 + row) for row in range(30)]
    with pytest.raises(DataError, match="as Excel counts days it is 2024-01-01") as caught:
        read(tmp_path / "a.csv", "date", days)
    assert (caught.value.row, caught.value.column) == (2, "date")
    result = read(tmp_path / "a.csv", "date", days, date_format="excel")
    assert (result.schema.time_cols, result.schema.target_cols) == (("date",), ("y",))
    assert format_stamps(result.panel.future_stamps(0, 2), result.schema, DAILY) == [["45322", "45323"]]
    assert readable_stamps(result.panel.stamps(0)[:1], result.schema, DAILY) == ["2024-01-01"]


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_counts_since_1970_of_days_begin_at_local_midnight(zone, tmp_path):
    days = pd.date_range("2024-03-20", periods=40, tz=zone or "UTC")
    counts = [str(int(day.timestamp())) for day in days]
    result = read(tmp_path / "a.csv", "ts", counts[:30], tz=zone)
    assert (result.panel.frequency, result.schema.time_formats) == (DAILY, ("epoch-s",))
    assert result.schema.time_zone == (zone or "UTC")
    assert format_stamps(result.panel.future_stamps(0, 10), result.schema, DAILY) == [counts[30:]]


@pytest.mark.parametrize(
    ("texts", "frequency", "ahead"),
    [
        (["2023-12-31", "2024-01-31", "2024-02-29"], Frequency("month", 1, day=31), ["2024-03-31", "2024-04-30"]),
        (["2023-11-30", "2024-02-29", "2024-05-31"], Frequency("month", 3, 1, 31), ["2024-08-31", "2024-11-30"]),
        (["2024-02-27", "2024-02-28", "2024-02-29"], DAILY, ["2024-03-01", "2024-03-02"]),
        (["2023-02-27", "2023-02-28", "2023-03-01"], DAILY, ["2023-03-02", "2023-03-03"]),
        (["2020-02-29", "2021-02-28", "2022-02-28"], Frequency("month", 12, 1, 31), ["2023-02-28", "2024-02-29"]),
        (["2024Q2", "2024Q3", "2024Q4"], Frequency("month", 3), ["2025Q1", "2025Q2"]),
        (["2020-W51", "2020-W52", "2020-W53"], None, ["2021-W01", "2021-W02"]),
        (["2024W50", "2024W51", "2024W52"], None, ["2025W01", "2025W02"]),
        (["Nov 2023", "Dec 2023", "Jan 2024"], Frequency("month", 1), ["Feb 2024", "Mar 2024"]),
        (["Dec 29 2023", "Dec 30 2023", "Dec 31 2023"], DAILY, ["Jan 01 2024", "Jan 02 2024"]),
    ],
)
def test_steps_on_the_calendar(texts, frequency, ahead, tmp_path):
    result = read(tmp_path / "a.csv", "ds", texts)
    found = result.panel.frequency
    assert found == (frequency or Frequency("fixed", 7 * DAY, phase=4 * DAY))
    assert result.panel.lengths.tolist() == [3]
    assert format_stamps(result.panel.future_stamps(0, 2), result.schema, found) == [ahead]


WRITTEN = st.sampled_from(
    [
        *((text_format, HOURLY) for text_format in EPOCHS),
        ("epoch-ms", Frequency("fixed", 250_000)),
        ("epoch-us", Frequency("fixed", 40)),
        ("epoch-s", DAILY),
        ("excel", DAILY),
        ("excel", Frequency("fixed", 5 * MINUTE)),
        ("%G-W%V", Frequency("fixed", 7 * DAY, phase=4 * DAY)),
        ("%GW%V", Frequency("fixed", 14 * DAY, phase=4 * DAY)),
        ("%G-W%V-%u", DAILY),
        ("%YQ%q", Frequency("month", 3)),
        ("%b %d %Y", DAILY),
        ("%B-%Y", Frequency("month", 1)),
        ("%d %B %Y", Frequency("business", 1)),
        ("%Y%m%d%H%M", HOURLY),
        ("%Y%m%d%H%M%S", HOURLY),
    ]
)


@examples(200)
@given(written=WRITTEN, start=st.datetimes(pd.Timestamp("1990-01-01"), pd.Timestamp("2089-01-01")))
def test_what_is_written_is_read_back(written, start):
    text_format, frequency = written
    first = frequency.ordinals(np.array([start], dtype="datetime64[us]"))[0] + 1
    expected = frequency.stamps(first + np.arange(40))
    (texts,) = format_stamps(expected, Schema(("ds",), (), ("y",), (text_format,)), frequency)
    given_format = {"date_format": text_format} if text_format == "excel" else {"known_format": text_format}
    parsed = parse(*texts, **given_format)
    np.testing.assert_array_equal(parsed.wall, expected)
    assert parsed.time_formats == (text_format,)
