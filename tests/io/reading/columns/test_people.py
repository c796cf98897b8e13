"""Tables as people have them: times in several columns, ids that no time shows, numbers that are no values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import format_stamps
from tsforecast.series.frequency import HOUR, MINUTE, Frequency

FIRST_DAY = pd.Timestamp("2022-03-01")


def read(folder: Path, header: str, rows: list[str], **options: object) -> ReadResult:
    (folder / "a.csv").write_text("".join(f"{line}\n" for line in [header, *rows]))
    return read_panel(folder / "a.csv", ReadOptions(**options))  # type: ignore[arg-type]


def level(row: int) -> str:
    return f"{20 + row % 7 * 1.5 + row % 11:.1f}"


def day_and(parts: list[str], days: int = 8) -> list[str]:
    dates = pd.date_range(FIRST_DAY, periods=days)
    return [f"{day:%Y-%m-%d},{part}" for day in dates for part in parts]


HE = [str(hour) for hour in range(1, 25)]
CLOCKS_TO_24 = [f"{hour:02d}:00" for hour in range(1, 25)]


@pytest.mark.parametrize(
    ("columns", "parts", "step", "first"),
    [
        ("day,Uhrzeit", [f"{hour:02d}.00.00" for hour in range(24)], HOUR, "2022-03-01T00"),
        ("day,reading", [f"{hour:02d}00" for hour in range(24)], HOUR, "2022-03-01T00"),
        (
            "day,Time",
            [str(100 * hour + minute) for hour in range(24) for minute in (0, 30)],
            HOUR // 2,
            "2022-03-01T00",
        ),
        ("day,hr", [str(hour) for hour in range(24)], HOUR, "2022-03-01T00"),
        ("day,HE", HE, HOUR, "2022-03-01T01"),
        ("day,Hour", HE, HOUR, "2022-03-01T01"),
        ("day,HourEnding", CLOCKS_TO_24, HOUR, "2022-03-01T01"),
        ("day,Settlement Period", [str(number) for number in range(1, 49)], HOUR // 2, "2022-03-01T00"),
        ("day,quarter_hour", [str(number) for number in range(1, 97)], 15 * MINUTE, "2022-03-01T00"),
        ("day,hour,minute", [f"{hour},{m}" for hour in range(24) for m in (0, 20, 40)], HOUR // 3, "2022-03-01T00"),
    ],
)
def test_times_of_day_beside_a_date(columns, parts, step, first, tmp_path):
    rows = day_and(parts)
    result = read(tmp_path, f"{columns},load", [f"{row},{level(at)}" for at, row in enumerate(rows)])
    panel = result.panel
    assert (result.schema.id_cols, result.schema.target_cols, panel.n_series) == ((), ("load",), 1)
    assert panel.frequency == Frequency("fixed", step)
    assert panel.stamps(0)[0] == np.datetime64(first)
    # What was read is written back as it stood, and so are the steps that follow.
    texts = format_stamps(panel.stamps(0), result.schema, panel.frequency)
    assert [",".join(cells) for cells in zip(*texts, strict=True)] == rows
    ahead = format_stamps(panel.future_stamps(0, len(parts)), result.schema, panel.frequency)
    assert [",".join(cells) for cells in zip(*ahead, strict=True)] == day_and(parts, 9)[-len(parts) :]
    again = read_panel(tmp_path / "a.csv", ReadOptions(), schema=result.schema, frequency=panel.frequency)
    np.testing.assert_array_equal(again.panel.stamps(0), panel.stamps(0))


def test_new_rows_are_read_like_those_of_the_model(tmp_path):
    fitted = read(tmp_path, "day,Hour,load", [f"{row},{level(at)}" for at, row in enumerate(day_and(HE))])
    few = [f"2022-03-09,{hour},{hour}.5" for hour in range(1, 6)]
    (tmp_path / "b.csv").write_text("\n".join(["day,Hour,load", *few, ""]))
    new = read_panel(tmp_path / "b.csv", ReadOptions(), schema=fitted.schema, frequency=fitted.panel.frequency)
    assert new.panel.stamps(0)[0] == np.datetime64("2022-03-09T01")


def test_an_hour_that_ends_a_day_belongs_to_it(tmp_path):
    rows = [f"{row},1.0" for row in day_and(HE)]
    result = read(tmp_path, "day,HE,load", rows, freq="D", aggregate="sum")
    assert (result.panel.stamps(0)[0], result.panel.values.size) == (np.datetime64("2022-03-01"), 8)
    assert set(result.panel.values.tolist()) == {24.0}


def test_more_periods_than_a_day_has_are_refused(tmp_path):
    rows = [f"{row},{level(at)}" for at, row in enumerate([*day_and(list(map(str, range(1, 49)))), "2022-03-09,50"])]
    with pytest.raises(DataError, match="'50' is not a period of the day") as caught:
        read(tmp_path, "day,period,load", rows)
    assert "--tz Europe/London" in caught.value.hint


def counted_days(zone: str, step: str, first: str, days: int) -> tuple[pd.DatetimeIndex, list[str]]:
    """Steps of a zone, and the date and the number of each among those of its local day."""
    begin = pd.Timestamp(first, tz=zone)
    times = pd.date_range(begin, begin + pd.DateOffset(days=days), freq=step, inclusive="left")
    numbers = (times - times.normalize()) // pd.Timedelta(1, "h" if step == "h" else "min") // int(
        step.strip("minh") or 1
    ) + 1
    return times, [f"{time:%d-%b-%Y},{number}" for time, number in zip(times, numbers, strict=True)]


@pytest.mark.parametrize(
    ("zone", "step", "column", "first", "counts"),
    [
        ("Europe/London", "30min", "SETTLEMENT_PERIOD", "2022-03-01", "46 parts"),
        ("Europe/London", "30min", "PERIOD", "2022-10-01", "50 parts"),
        ("Europe/London", "30min", "PERIOD", "2022-01-01", "46 and 50 parts"),
        ("Europe/Berlin", "15min", "quarter_hour", "2022-01-01", "92 and 100 parts"),
        ("Europe/Berlin", "h", "hour", "2022-01-01", "23 and 25 parts"),
        ("America/New_York", "h", "HE", "2022-01-01", "23 and 25 parts"),
    ],
)
def test_parts_of_days_on_which_clocks_change(zone, step, column, first, counts, tmp_path):
    times, rows = counted_days(zone, step, first, 330 if first == "2022-01-01" else 45)
    result = read(tmp_path, f"DATE,{column},load", [f"{row},{level(at)}" for at, row in enumerate(rows)])
    panel = result.panel
    assert (result.schema.time_zone, panel.n_series, bool(panel.observed.all())) == (zone, 1, True)
    late = times + pd.Timedelta(hours=1) if step == "h" else times
    np.testing.assert_array_equal(panel.stamps(0), late.tz_convert(None).to_numpy("datetime64[us]"))
    assert any(f"days of {counts} are those on which the clocks of {zone} change" in note.text for note in result.notes)
    texts = format_stamps(panel.stamps(0), result.schema, panel.frequency)
    assert [",".join(cells) for cells in zip(*texts, strict=True)] == rows
    again = read_panel(tmp_path / "a.csv", ReadOptions(), schema=result.schema, frequency=panel.frequency)
    np.testing.assert_array_equal(again.panel.stamps(0), panel.stamps(0))
    # A few new rows without a change are read in the same way, and a lost last hour is no change.
    some = [f"{row},1.5" for row in counted_days(zone, step, "2022-12-01", 2)[1]]
    (tmp_path / "b.csv").write_text("\n".join([f"DATE,{column},load", *some, ""]))
    new = read_panel(tmp_path / "b.csv", ReadOptions(), schema=result.schema, frequency=panel.frequency)
    begin = pd.Timestamp("2022-12-01", tz=zone).tz_convert(None) + (late[0] - times[0])
    assert new.panel.stamps(0)[0] == begin.to_numpy()


def test_days_that_are_cut_are_no_change_of_clocks(tmp_path):
    rows = [row for row in day_and(list(map(str, range(1, 49))), 40) if row[:10] != "2022-03-10" or int(row[11:]) < 47]
    result = read(tmp_path, "day,period,load", [f"{row},{level(at)}" for at, row in enumerate(rows)])
    assert result.schema.time_zone is None and (~result.panel.observed).sum() == 2
    header, cells = (
        "day,period,load",
        [f"{row},1.5" for row in counted_days("Europe/London", "30min", "2022-03-20", 12)[1]],
    )
    (tmp_path / "b.csv").write_text("\n".join([header, *cells, ""]))
    with pytest.raises(DataError, match="the model knows of no zone"):
        read_panel(tmp_path / "b.csv", ReadOptions(), schema=result.schema, frequency=result.panel.frequency)
    utc = [f"{row},1.5" for row in counted_days("UTC", "30min", "2022-03-20", 12)[1]]
    assert read(tmp_path, header, utc).schema.time_zone is None
    with pytest.raises(DataError, match="'47' is not a period of the day, of which there are 46"):
        read(tmp_path, header, utc, tz="Europe/London")


def test_midnight_as_24_in_one_column(tmp_path):
    hours = pd.date_range(FIRST_DAY, periods=96, freq="h")
    written = [
        f"{hour - pd.Timedelta(days=1):%Y-%m-%d} 24:00" if hour.hour == 0 else f"{hour:%Y-%m-%d %H:%M}"
        for hour in hours
    ]
    result = read(tmp_path, "time,load", [f"{text},{level(at)}" for at, text in enumerate(written)])
    np.testing.assert_array_equal(result.panel.stamps(0), hours.to_numpy("datetime64[us]"))
    assert format_stamps(result.panel.stamps(0), result.schema, result.panel.frequency) == [written]


@pytest.mark.parametrize(
    ("columns", "written", "alias", "unit"),
    [
        ("Year,Period", "%Y,M%m", "MS", "month"),
        ("YEAR,MONTH", "%Y,%B", "MS", "month"),
        ("Jahr,Monat", "%Y,%-m", "MS", "month"),
        ("ANO,MES,DIA", "%Y,%-m,%-d", "D", "fixed"),
        ("Year,Week", "%G,%-V", "W-MON", "fixed"),
        ("year,week_no", "%G,W%V", "W-MON", "fixed"),
    ],
)
def test_years_with_what_divides_them(columns, written, alias, unit, tmp_path):
    stamps = pd.date_range("2019-11-04" if alias != "MS" else "2019-11-01", periods=70, freq=alias)
    rows = [stamp.strftime(written) for stamp in stamps]
    result = read(tmp_path, f"{columns},sales", [f"{row},{level(at)}" for at, row in enumerate(rows)])
    assert (result.panel.n_series, result.panel.frequency.kind, result.schema.id_cols) == (1, unit, ())
    np.testing.assert_array_equal(result.panel.stamps(0), stamps.to_numpy("datetime64[us]"))
    texts = format_stamps(result.panel.stamps(0), result.schema, result.panel.frequency)
    assert [",".join(cells) for cells in zip(*texts, strict=True)] == rows


@pytest.mark.parametrize(
    "months",
    [
        "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(),  # noqa: SIM905
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),  # noqa: SIM905
        "Jan Feb Mar Apr May June July Aug Sept Oct Nov Dec".split(),  # noqa: SIM905
        "jan fev mar abr mai jun jul ago set out nov dez".split(),  # noqa: SIM905
    ],
)
def test_months_by_name(months, tmp_path):
    rows = [f"{2015 + at // 12},{months[at % 12]}" for at in range(48)]
    result = read(tmp_path, "year,month,y", [f"{row},{level(at)}" for at, row in enumerate(rows)])
    assert result.panel.frequency == Frequency("month", 1)
    texts = format_stamps(result.panel.stamps(0), result.schema, result.panel.frequency)
    assert [",".join(cells) for cells in zip(*texts, strict=True)] == rows


def two_series(names: tuple[str, str], later: pd.Timedelta, step: str = "D") -> list[str]:
    stamps = pd.date_range(FIRST_DAY, periods=60, freq=step)
    rows = [(stamp, f"{stamp:%Y-%m-%d %H:%M},{names[0]},{level(at)}") for at, stamp in enumerate(stamps)]
    rows += [
        (stamp + later, f"{stamp + later:%Y-%m-%d %H:%M},{names[1]},9{level(at)}") for at, stamp in enumerate(stamps)
    ]
    return [text for _, text in sorted(rows)]


@pytest.mark.parametrize("column", ["unique_id", "sku", "sensor", "store_nbr", "product"])
def test_series_one_after_the_other_by_name(column, tmp_path):
    result = read(tmp_path, f"ds,{column},y", two_series(("3", "8"), pd.Timedelta(days=200)))
    assert (result.schema.id_cols, result.panel.n_series, result.schema.target_cols) == ((column,), 2, ("y",))


def test_series_whose_regular_times_never_meet(tmp_path):
    rows = two_series(("north", "south"), pd.Timedelta(days=1), step="3D")
    result = read(tmp_path, "ds,part,y", rows, freq="W", aggregate="mean")
    assert (result.schema.id_cols, result.panel.n_series) == (("part",), 2)
    ids = {(reading.reading, reading.taken) for reading in result.readings if reading.part == "ids"}
    assert ids == {("'part'", True), ("one series", False)}


def test_a_name_that_changes_at_random_makes_no_series(tmp_path):
    days = pd.date_range(FIRST_DAY, periods=120)
    suppliers = np.random.default_rng(0).choice(["a", "b", "c"], size=120)
    rows = [f"{day:%Y-%m-%d},{who},{level(at)}" for at, (day, who) in enumerate(zip(days, suppliers, strict=True))]
    assert read(tmp_path, "ds,supplier_id,y", rows).schema.id_cols == ()
    open_days = [day for day in days if day.day_name() in ("Tuesday", "Thursday", "Saturday")]
    rows = [f"{day:%Y-%m-%d},{day:%A},{level(at)}" for at, day in enumerate(open_days)]
    assert read(tmp_path, "ds,which,y", rows, freq="W", aggregate="sum").schema.id_cols == ()


def test_texts_and_whole_numbers_together_are_ids(tmp_path):
    rows = [
        f"{4 * at + number},{day:%Y-%m-%d},{shop},{family},{level(at + number)},{at % 3 // 2}"
        for at, day in enumerate(pd.date_range(FIRST_DAY, periods=60))
        for number, (shop, family) in enumerate([(1, "bread"), (1, "milk"), (2, "bread"), (2, "milk")])
    ]
    result = read(tmp_path, "row,date,shop_no,family,sales,promo", rows)
    assert (result.schema.id_cols, result.panel.n_series) == (("shop_no", "family"), 4)
    assert "promo" in {column.name for column in result.columns if "0 and 1" in column.why}


def test_numbers_that_are_no_quantities_are_left_out_with_their_reasons(tmp_path):
    days = pd.date_range(FIRST_DAY, periods=90)
    rows = [
        f"{7 + 3 * at},{day:%Y-%m-%d},48.1,11.6,520,{day.year + (day.day_of_year - 0.5) / 365:.4f},"
        f"{int(day.day_of_week == 6)},{'0a'[day.day == 1]},{level(at)}"
        for at, day in enumerate(days)
    ]
    header = "Unnamed: 0,date,lat,lon,elevation,decimal date,sunday,holiday,temp"
    result = read(tmp_path, header, rows)
    assert result.schema.target_cols == ("temp",)
    why = {column.name: column.why for column in result.columns if column.role == "unused"}
    assert why == {
        "Unnamed: 0": "is an index without a name",
        "lat": "is a coordinate",
        "lon": "is a coordinate",
        "elevation": "is the same in all rows of a series",
        "decimal date": "only restates the time as a decimal year",
        "sunday": "only says yes or no, as 0 and 1",
        "holiday": "holds marks such as 'a'",
    }


def test_exact_copies_of_rows_are_kept_once(tmp_path):
    rows = [f"{day:%Y-%m-%d},{level(at)}" for at, day in enumerate(pd.date_range(FIRST_DAY, periods=50))]
    result = read(tmp_path, "date,y", [*rows, *rows[10:30]])
    assert (result.panel.values.size, result.repeats) == (50, 20)
    said = "20 rows are exact copies of others: kept once; if each counts by itself, as orders do, add --aggregate sum"
    assert said in [note.text for note in result.notes]
    with pytest.raises(DataError, match="stands in line 12 already, with other values"):
        read(tmp_path, "date,y", [*rows, *rows[5:9], f"{rows[10]}7"])


def test_what_restates_the_calendar_is_no_value_while_others_are(tmp_path):
    hours = pd.date_range("2011-01-01", periods=24 * 100, freq="h")
    rows = [
        f"{hour:%F},{1 + (hour.day_of_year > 79)},0,"
        f"{hour.hour},0,{(hour.day_of_week + 1) % 7},{level(at)},{at * 37 % 90}"
        for at, hour in enumerate(hours)
    ]
    result = read(tmp_path, "dteday,season,yr,hr,holiday,weekday,temp,cnt", rows)
    assert result.schema.target_cols == ("temp", "cnt")
    why = {column.name: column.why for column in result.columns if column.role == "unused"}
    assert why["season"] == "only restates the calendar" and "0 and 1" in why["yr"] and "0 and 1" in why["holiday"]
    assert read(tmp_path, "dteday,season,yr,hr,holiday,weekday,temp,cnt", rows, target_cols=("yr",)).panel.n_series == 1
    days = [f"{day:%Y-%m-%d},{int(day.day_of_week < 2)}" for day in pd.date_range(FIRST_DAY, periods=60)]
    assert read(tmp_path, "day,holiday", days).schema.target_cols == ("holiday",)
