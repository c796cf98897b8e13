"""Times that are spread over columns: found, read, refused with their row, and written back as they came."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sampling import examples
from tsforecast.errors import DataError, OptionError
from tsforecast.forecast import Forecast
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import format_stamps
from tsforecast.io.writing.columns import check_columns, forecast_frame
from tsforecast.io.writing.forecasts import write_forecast
from tsforecast.series.frequency import DAY, HOUR, MINUTE, Frequency
from tsforecast.series.panel import Schema

HOURS = pd.date_range("2023-12-27 20:00", periods=60, freq="h")


def read(path: Path, header: str, rows: list[str], **options: object) -> ReadResult:
    path.write_text("".join(f"{line}\n" for line in [header, *rows]))
    return read_panel(path, ReadOptions(**options))  # type: ignore[arg-type]


def hourly(written: str) -> list[str]:
    return [f"{hour.strftime(written)},{row}" for row, hour in enumerate(HOURS)]


@pytest.mark.parametrize(
    ("header", "written", "time_col", "text_format"),
    [
        ("year,month,day,hour,y", "%Y,%-m,%-d,%-H", "year,month,day,hour", "%Y\t%-m\t%-d\t%-H"),
        ("Year,Month,Day,Hour,y", "%Y,%m,%d,%H", "Year,Month,Day,Hour", "%Y\t%m\t%d\t%H"),
        ("hour,day,month,year,y", "%-H,%-d,%-m,%Y", "year,month,day,hour", "%Y\t%-m\t%-d\t%-H"),
        ("year,month,day,hour,minute,y", "%Y,%-m,%-d,%-H,%-M", "year,month,day,hour,minute", None),
        ("year,month,day,hour,y", "%Y,%b,%-d,%-H", "year,month,day,hour", "%Y\t%b\t%-d\t%-H"),
        ("date,time,y", "%Y-%m-%d,%H:%M", "date,time", "%Y-%m-%d\t%H:%M"),
        ("Date,Time,y", "%d/%m/%Y,%H:%M:%S", "Date,Time", "%d/%m/%Y\t%H:%M:%S"),
        ("time,day,y", "%I:%M %p,%d.%m.%Y", "day,time", "%d.%m.%Y\t%I:%M %p"),
        ("date,hour,y", "%Y-%m-%d,%-H", "date,hour", "%Y-%m-%d\t%-H"),
        ("date,hour,y", "%Y-%m-%d 00:00:00,%-H", "date,hour", "%Y-%m-%d 00:00:00\t%-H"),
        ("date,time,y", "%m/%d/%Y 12:00 AM,%H:%M", "date,time", "%m/%d/%Y 12:00 AM\t%H:%M"),
    ],
)
def test_parts_are_found_and_written_back(header, written, time_col, text_format, tmp_path):
    rows = hourly(written)
    result = read(tmp_path / "a.csv", header, rows)
    np.testing.assert_array_equal(result.panel.stamps(0), HOURS.to_numpy("datetime64[us]"))
    assert (result.schema.time_cols, result.schema.target_cols) == (tuple(time_col.split(",")), ("y",))
    assert text_format in (None, "\t".join(result.schema.time_formats))
    said = [note.text for note in result.notes]
    assert any(text.startswith("the times are put together from the columns") for text in said)
    texts = format_stamps(result.panel.stamps(0), result.schema, result.panel.frequency)
    names = header.split(",")
    order = [names.index(name) for name in result.schema.time_cols]
    assert texts == [[row.split(",")[place] for row in rows] for place in order]
    again = read_panel(tmp_path / "a.csv", ReadOptions(), schema=result.schema, frequency=result.panel.frequency)
    assert again.schema == result.schema


@pytest.mark.parametrize(
    ("header", "written", "alias", "frequency"),
    [
        ("year,month,y", "%Y,%-m", "MS", Frequency("month", 1)),
        ("year,month,y", "%Y,%B", "MS", Frequency("month", 1)),
        ("year,month,day,y", "%Y,%m,%d", "D", Frequency("fixed", DAY)),
        ("year,month,day,y", "%Y,%-m,%-d", "ME", Frequency("month", 1, day=31)),
    ],
)
def test_longer_steps(header, written, alias, frequency, tmp_path):
    stamps = pd.date_range("2023-12-01", periods=30, freq=alias)
    result = read(tmp_path / "a.csv", header, [f"{stamp.strftime(written)},{at}.5" for at, stamp in enumerate(stamps)])
    assert (result.panel.frequency, result.panel.n_series) == (frequency, 1)
    np.testing.assert_array_equal(result.panel.stamps(0), stamps.to_numpy("datetime64[us]"))


def test_quarters(tmp_path):
    rows = [f"{2000 + row // 4},{row % 4 + 1},{row}.5" for row in range(30)]
    result = read(tmp_path / "a.csv", "year,quarter,y", rows)
    assert (result.panel.frequency, result.schema.time_formats) == (Frequency("month", 3), ("%Y", "%q"))
    ahead = format_stamps(result.panel.future_stamps(0, 3), result.schema, result.panel.frequency)
    assert ahead == [["2007", "2007", "2008"], ["3", "4", "1"]]


def test_columns_are_named_on_request(tmp_path):
    rows = [row.replace(",", ",x,", 1) for row in hourly("%Y,%-m,%-d,%-H")]
    result = read(tmp_path / "a.csv", "Y,what,M,D,H,y", rows, time_col="Y, M,D,H")
    assert (result.schema.time_cols, result.panel.lengths.tolist()) == (("Y", "M", "D", "H"), [60])
    split = read(tmp_path / "b.csv", "a,b,y", hourly("%Y%m%d,%H"), time_col="a,b")
    np.testing.assert_array_equal(split.panel.stamps(0), HOURS.to_numpy("datetime64[us]"))
    given = read(tmp_path / "c.csv", "a,b,y", hourly("%m_%d_%Y,%H:%M"), time_col="a,b", date_format="%m_%d_%Y")
    assert given.schema.time_formats == ("%m_%d_%Y", "%H:%M")


def test_a_column_whose_name_has_a_comma_is_one_column(tmp_path):
    days = pd.date_range("2024-01-01", periods=20)
    result = read(tmp_path / "a.csv", '"day, local",y', [f"{day:%Y-%m-%d},{day.day}.5" for day in days])
    assert result.schema.time_cols == ("day, local",)
    named = read_panel(tmp_path / "a.csv", ReadOptions(time_col="day, local"))
    assert named.schema == result.schema
    assert read_panel(tmp_path / "a.csv", schema=result.schema, frequency=result.panel.frequency).rows == 20


def test_a_date_column_goes_before_parts(tmp_path):
    rows = [f"{hour.isoformat()},{hour.strftime('%Y,%-m,%-d,%-H')},{row}.5" for row, hour in enumerate(HOURS)]
    result = read(tmp_path / "a.csv", "ds,year,month,day,hour,y", rows)
    assert (result.schema.time_cols, result.schema.target_cols) == (("ds",), ("y",))
    years = read(tmp_path / "b.csv", "year,day,y", [f"{1990 + row},7,{row}.5" for row in range(20)])
    assert years.schema.time_cols == ("year",)
    months = pd.date_range("2020-01-01", periods=20, freq="MS")
    monthly = read(tmp_path / "c.csv", "year,month,y", [f"{month:%Y,%Y-%m},{month.month / 7}" for month in months])
    assert monthly.schema.time_cols == ("month",)


def test_ids_are_told_from_times_of_day(tmp_path):
    rows = [f"{shop},{row}" for shop in ("007", "7") for row in hourly("%Y-%m-%d,%H:%M")]
    result = read(tmp_path / "a.csv", "shop,date,time,y", rows)
    assert (result.schema.id_cols, result.panel.ids) == (("shop",), (("007",), ("7",)))
    named = read_panel(tmp_path / "a.csv", ReadOptions(time_col="date,time", id_cols=("shop",)))
    np.testing.assert_array_equal(named.panel.values, result.panel.values)
    with pytest.raises(DataError, match="the dates of 'date' repeat, and 'time' holds times of day") as caught:
        read_panel(tmp_path / "a.csv", ReadOptions(time_col="date"))
    assert "--time-col 'date,time'" in caught.value.hint
    as_id = read_panel(tmp_path / "a.csv", ReadOptions(time_col="date", id_cols=("shop", "time")))
    assert as_id.panel.n_series == 2 * 24
    sunrise = [f"{day:%Y-%m-%d},06:{day.day:02d},{day.day}.5" for day in pd.date_range("2024-01-01", periods=20)]
    assert read(tmp_path / "b.csv", "date,sunrise,y", sunrise).schema.time_cols == ("date",)


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ("2023,2,29,0,1", "day", "2023-02 has no day 29"),
        ("2023,13,1,0,1", "month", "'13' is not a month from 1 to 12"),
        ("2023,0,1,0,1", "month", "'0' is not a month"),
        ("2023,1,32,0,1", "day", "'32' is not a day from 1 to 31"),
        ("2023,1,1,25,1", "hour", "'25' is not an hour from 0 to 24"),
        ("1,1,1,0,1", "year", "'1' is not a year from 1700 to 2200"),
        ("9999,1,1,0,1", "year", "'9999' is not a year"),
        ("2023.0,1,1,0,1", "year", "'2023.0' is not a year"),
        ("2023,,1,0,1", "month", "the month is missing"),
        ("2023,Jan,1,0,1", "month", "'Jan' is not a month from 1 to 12"),
        ("2023,1,-1,0,1", "day", "'-1' is not a day"),
    ],
)
def test_parts_that_are_no_time_are_refused(row, column, message, tmp_path):
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path / "a.csv", "year,month,day,hour,y", [*hourly("%Y,%-m,%-d,%-H"), row])
    assert (caught.value.row, caught.value.column) == (62, column)


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ("2024-01-05,24:30,1", "time", "'24:30' is not a time of day like the rest"),
        ("2024-01-05,7,1", "time", "'7' is not a time of day"),
        ("2024-01-05,,1", "time", "the time of day is missing"),
        ("2024-02-30,07:00,1", "date", "'2024-02-30' is not a date that exists"),
        ("2024-01-05 07:00,07:00,1", "date", "'2024-01-05 07:00' is more than a date"),
    ],
)
def test_dates_beside_times_of_day_that_are_refused(row, column, message, tmp_path):
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path / "a.csv", "date,time,y", [*hourly("%Y-%m-%d,%H:%M"), row], time_col="date,time")
    assert (caught.value.row, caught.value.column) == (62, column)


def test_columns_that_make_no_time(tmp_path):
    rows = hourly("%Y,%-m,%-d,%-H")
    with pytest.raises(OptionError, match="'year', 'month', 'hour' make no time"):
        read(tmp_path / "a.csv", "year,month,day,hour,y", rows, time_col="year,month,hour")
    with pytest.raises(OptionError, match="column 'year' is named twice"):
        read(tmp_path / "a.csv", "year,month,day,hour,y", rows, time_col="year,month,day,year")
    with pytest.raises(DataError, match="there is no column 'mnth'") as caught:
        read(tmp_path / "a.csv", "year,month,day,hour,y", rows, time_col="year,mnth,day,hour")
    assert caught.value.hint == "did you mean 'month'?"
    with pytest.raises(OptionError, match="4 columns beside a date make no time"):
        read(tmp_path / "a.csv", "a,b,c,d,y", hourly("%Y-%m-%d,%-H,%-M,%-S"), time_col="a,b,c,d,y")


def test_a_time_that_stands_twice_is_shown_as_it_stands(tmp_path):
    rows = hourly("%Y,%-m,%-d,%-H")
    with pytest.raises(DataError, match="the time '2023 12 27 22' stands in line 4 already") as caught:
        read(tmp_path / "a.csv", "year,month,day,hour,y", [*rows, f"{rows[2]}9"])
    assert caught.value.row == 62


def test_the_forecast_has_the_same_columns(tmp_path):
    schema = Schema(("year", "month", "day", "time"), ("shop",), ("y",), ("%Y", "%-m", "%d", "%H:%M"))
    y_pred = np.array([[1.0, 2.0]])
    first = Frequency("fixed", HOUR).ordinals(np.array(["2024-03-09T23"], dtype="datetime64[us]"))[0]
    forecast = Forecast((("7",),), first, y_pred, (), np.empty((1, 2, 0)), np.empty((1, 2, 0)))
    step = Frequency("fixed", HOUR)
    write_forecast([forecast], schema, step, tmp_path / "f.csv")
    assert (tmp_path / "f.csv").read_text() == (
        "shop,year,month,day,time,forecast\n7,2024,3,09,23:00,1.0\n7,2024,3,10,00:00,2.0\n"
    )
    write_forecast([forecast], schema, step, tmp_path / "f.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "f.jsonl").read_text().splitlines()]
    assert rows[1] == {"shop": "7", "year": 2024, "month": 3, "day": "10", "time": "00:00", "forecast": 2.0}
    write_forecast([forecast], schema, step, tmp_path / "f.parquet")
    frame = pd.read_parquet(tmp_path / "f.parquet")
    assert frame.to_dict(orient="records") == rows
    pd.testing.assert_frame_equal(forecast_frame(forecast, schema, step), frame, check_dtype=False)
    with pytest.raises(DataError, match="'forecast' cannot be told"):
        check_columns(Schema(("year", "forecast"), (), ("y",), ("%Y", "%m")))


def test_a_data_frame_of_whole_numbers(tmp_path):
    frame = pd.DataFrame({"year": HOURS.year, "month": HOURS.month, "day": HOURS.day, "hour": HOURS.hour})
    result = read_panel(frame.assign(y=np.arange(60) / 7))
    np.testing.assert_array_equal(result.panel.stamps(0), HOURS.to_numpy("datetime64[us]"))


def test_a_data_frame_of_dates_and_times_of_day():
    frame = pd.DataFrame({"date": HOURS.normalize(), "time": HOURS.time, "y": np.arange(60) / 7})
    for times in (frame["time"], frame["time"].astype(str)):
        result = read_panel(frame.assign(time=times))
        assert (result.schema.time_cols, result.panel.n_series) == (("date", "time"), 1)
        np.testing.assert_array_equal(result.panel.stamps(0), HOURS.to_numpy("datetime64[us]"))
    hours = read_panel(frame.assign(time=HOURS.hour).rename(columns={"time": "hour"}))
    assert hours.schema.time_cols == ("date", "hour")


def test_a_date_column_but_for_one_row_is_not_passed_over(tmp_path):
    rows = [f"{hour:%Y-%m-%d %H:%M},{hour:%Y,%-m,%-d,%-H},{at}.5" for at, hour in enumerate(HOURS)]
    with pytest.raises(DataError, match="'soon' is not a date") as caught:
        read(tmp_path / "a.csv", "ds,year,month,day,hour,y", [*rows[:-1], "soon" + rows[-1][16:]])
    assert (caught.value.row, caught.value.column) == (61, "ds")
    counted = [f"{45000 + at},{hour:%Y,%-m,%-d,%-H},{at}.5" for at, hour in enumerate(HOURS)]
    assert read(tmp_path / "b.csv", "no,year,month,day,hour,y", counted).schema.time_cols == (
        "year",
        "month",
        "day",
        "hour",
    )


@examples(60)
@given(
    text_format=st.sampled_from(
        ["%Y\t%-m\t%-d\t%-H\t%-M", "%Y\t%m\t%d\t%H\t%M", "%Y-%m-%d\t%H:%M", "%d %b %Y\t%I:%M %p", "%Y%m%d\t%H:%M:%S"]
    ),
    start=st.datetimes(pd.Timestamp("1710-01-01"), pd.Timestamp("2150-01-01")),
)
def test_what_is_written_is_read_back(text_format, start, tmp_path_factory):
    frequency = Frequency("fixed", 30 * MINUTE)
    first = frequency.ordinals(np.array([start], dtype="datetime64[us]"))[0]
    stamps = frequency.stamps(first + np.arange(5000))
    names = ",".join(("year", "month", "day", "hour", "minute")[: text_format.count("\t") + 1])
    if text_format.count("\t") == 1:
        names = "date,time"
    schema = Schema(tuple(names.split(",")), (), ("y",), tuple(text_format.split("\t")))
    rows = [f"{','.join(cells)},1" for cells in zip(*format_stamps(stamps, schema, frequency), strict=True)]
    result = read(tmp_path_factory.mktemp("a") / "a.csv", f"{names},y", rows)
    np.testing.assert_array_equal(result.panel.stamps(0), stamps)
    assert result.schema == schema
