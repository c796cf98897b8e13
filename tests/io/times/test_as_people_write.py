"""Times as people write them, through the whole reader: the times they stand for, and the way they are written back."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import format_stamps
from tsforecast.series.frequency import DAY, Frequency

DAYS = pd.date_range("2021-02-24", periods=70)
HOURS = pd.date_range("2022-10-04", periods=150, freq="h")
WEEKS = pd.date_range("2014-12-01", periods=75, freq="W-MON")
MONTHS = pd.date_range("2003-06-01", periods=50, freq="MS")
QUARTERS = pd.date_range("1994-04-01", periods=40, freq="QS")
HALVES = pd.date_range("1987-07-01", periods=24, freq="6MS")
YEARS = pd.date_range("1968-01-01", periods=30, freq="YS")
AHEAD = 4
Stamp = pd.Timestamp
FULL = {
    "de": ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
    "fr": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    "es": ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
    "it": ["lun", "mar", "mer", "gio", "ven", "sab", "dom"],
    "pt": ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"],
    "nl": ["ma", "di", "wo", "do", "vr", "za", "zo"],
}
FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()  # noqa: SIM905


def read(path: Path, texts: list[str], name: str = "when", **options: object) -> ReadResult:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [[name, "y"], *([text, f"{row % 9 + row / 7:.3f}"] for row, text in enumerate(texts))]
        )
    return read_panel(path, ReadOptions(**options))  # type: ignore[arg-type]


def written(result: ReadResult, stamps: np.ndarray) -> list[str]:
    return format_stamps(stamps, result.schema, result.panel.frequency)[0]


def check(folder: Path, texts: list[str], stamps: pd.DatetimeIndex | None = None, **options: object) -> ReadResult:
    """All but the last texts are read, written back, continued by the last, and these are read by the same schema."""
    known, ahead = texts[:-AHEAD], texts[-AHEAD:]
    result = read(folder / "a.csv", known, **options)
    panel = result.panel
    if stamps is not None:
        np.testing.assert_array_equal(panel.stamps(0), stamps.to_numpy("datetime64[us]")[:-AHEAD])
    assert written(result, panel.stamps(0)) == known
    future = panel.future_stamps(0, AHEAD)
    assert written(result, future) == ahead
    rows = "".join(f'"{text}",1.5\n' for text in ahead)
    (folder / "b.csv").write_text(f"{result.schema.time_cols[0]},y\n{rows}", encoding="utf-8")
    new = read_panel(folder / "b.csv", ReadOptions(), schema=result.schema, frequency=panel.frequency)
    np.testing.assert_array_equal(new.panel.stamps(0), future)
    return result


def warnings(result: ReadResult) -> list[str]:
    return [note.text for note in result.notes if note.kind == "warning"]


Way = Callable[[Stamp], str]


def in_format(text_format: str) -> Way:
    return lambda day: day.strftime(text_format)


def year_and(text_format: str, part: Callable[[Stamp], int]) -> Way:
    return lambda day: text_format.format(y=day.year, yy=day.year % 100, part=part(day), end=(day.year + 1) % 100)


def quarter(text_format: str) -> Way:
    return year_and(text_format, lambda day: (day.month + 2) // 3)


def half(text_format: str) -> Way:
    return year_and(text_format, lambda day: 1 if day.month == 1 else 2)


def week(text_format: str) -> Way:
    def way(day: Stamp) -> str:
        year, number, _ = day.isocalendar()
        return text_format.format(y=year, yy=year % 100, part=number)

    return way


def decimal_year(decimals: int, phase: float, parts: int = 12) -> Way:
    return lambda day: f"{day.year + ((day.month - 1) * parts // 12 + phase) / parts:.{decimals}f}"


@pytest.mark.parametrize(
    ("stamps", "way"),
    [
        (DAYS, in_format("%a %d/%m/%Y")),
        (DAYS, in_format("%A, %B %-d, %Y")),
        (DAYS, lambda day: day.strftime("%a %d-%b-%Y").upper()),
        (DAYS, lambda day: f"{FULL['de'][day.weekday()]}, {day:%d.%m.%Y}"),
        (DAYS, lambda day: f"{FULL['de'][day.weekday()][:2]}., {day.day}. {day.month}. {day.year}"),
        (DAYS, lambda day: f"{FULL['fr'][day.weekday()]} {day.day} {FRENCH[day.month - 1]} {day.year}"),
        (DAYS, lambda day: f"{FULL['fr'][day.weekday()][:3]}. {day:%d/%m/%Y}"),
        (DAYS, lambda day: f"{FULL['es'][day.weekday()]}, {day:%d/%m/%Y}"),
        (DAYS, lambda day: f"{FULL['it'][day.weekday()]} {day:%d-%m-%Y}"),
        (DAYS, lambda day: f"{FULL['pt'][day.weekday()]}, {day:%d/%m/%Y}"),
        (DAYS, lambda day: f"{FULL['nl'][day.weekday()]} {day:%d-%m-%Y}"),
        (DAYS, in_format("%a %Y-%m-%d")),
        (HOURS, in_format("%a %b %d %H:%M:%S %Y")),
        (HOURS, in_format("%a %b %e %H:%M:%S %Y")),
        (HOURS, in_format("%A, %-d %B %Y %-I:%M %p")),
        (DAYS, lambda day: f"{day.year}年{day.month}月{day.day}日"),
        (HOURS, lambda day: f"{day:%Y}年{day:%m}月{day:%d}日 {day:%H:%M}"),
        (MONTHS, lambda day: f"{day.year}年{day.month}月"),
        (DAYS, in_format("%Y-%j")),
        (DAYS, in_format("%Y%j")),
        *((HALVES, half(way)) for way in ("{y}H{part}", "{y}-H{part}", "H{part} {y}", "{y}-S{part}", "{part}H{y}")),
        *(
            (QUARTERS, quarter(way))
            for way in ("{part}Q{yy:02d}", "{part}Q{y}", "Q{part}-{yy:02d}", "Q{part}'{yy:02d}")
        ),
        *((QUARTERS, quarter(way)) for way in ("{y}T{part}", "T{part} {y}", "{y}K{part}", "{part}. Quartal {y}")),
        *((YEARS, quarter(way)) for way in ("FY{y}", "FY{yy:02d}", "FY {y}", "FY{y}/{end:02d}", "fy{y}-{end:02d}")),
        *((WEEKS, week(way)) for way in ("KW {part:02d}/{y}", "{y}-KW{part:02d}", "W{part:02d} {y}", "{y}{part:02d}")),
        *((WEEKS, week(way)) for way in ("{y}-{part:02d}", "KW{part} {y}", "Week {part}, {y}", "{y}-W{part}")),
        *((WEEKS, week(way)) for way in ("{part:02d}/{y}", "{y}/{part}", "CW{part:02d}/{yy:02d}", "{y}-S{part:02d}")),
        (MONTHS, decimal_year(4, 0.5)),
        (MONTHS, decimal_year(2, 0.0)),
        (MONTHS, decimal_year(6, 0.0)),
        (QUARTERS, decimal_year(2, 0.0, 4)),
        (QUARTERS, lambda day: f"{day.year + (day.month - 1) / 12:g}"),
        (HALVES, lambda day: f"{day.year + (day.month - 1) / 12:.1f}"),
        (MONTHS, lambda day: f"{day.year + (day.month - 1) / 12:.11g}"),
        (MONTHS, lambda day: f"{day.year + (day.day_of_year - 1) / (366 if day.is_leap_year else 365):.4f}"),
        (WEEKS, lambda day: f"{day.year + (day.day_of_year - 1) / (366 if day.is_leap_year else 365):.4f}"),
        *((MONTHS, in_format(way)) for way in ("0%m.%Y", "0%m/%Y", "%Y0%m")),
        (HOURS, in_format("%-m/%-d/%Y, %-I:%M:%S %p")),
        (HOURS, in_format("%-m/%-d/%Y, %-I:%M:%S\u202f%p")),
    ],
)
def test_read_and_written_back(stamps, way, tmp_path):
    check(tmp_path, [way(stamp) for stamp in stamps], stamps)


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("%d.%m.%Y", " %H:%M"),
        ("%m/%d/%Y", " %H:%M:%S"),
        ("%-m/%-d/%Y", " %-I:%M %p"),
        ("%Y/%m/%d", " %H:%M"),
        ("%d-%b-%y", " %H:%M"),
        ("%a %d/%m/%Y", ", %H:%M"),
    ],
)
def test_midnight_is_a_bare_date(day, clock, tmp_path):
    result = check(tmp_path, [hour.strftime(day + clock if hour.hour else day) for hour in HOURS], HOURS)
    assert any("midnight" in note.text for note in result.notes)
    timed = [hour.strftime(day + clock) for hour in HOURS if hour.hour]
    named = read(
        tmp_path / "c.csv", [hour.strftime(day + clock if hour.hour else day) for hour in HOURS], tz="Asia/Tokyo"
    )
    assert named.schema.time_zone == "Asia/Tokyo" and timed


def test_the_weekday_tells_the_order_of_day_and_month(tmp_path):
    days = pd.date_range("2021-05-01", periods=12)
    for text_format in ("%a %d/%m/%Y", "%a %m/%d/%Y"):
        result = check(tmp_path, [day.strftime(text_format) for day in days], days)
        assert result.schema.time_formats == (text_format,)
    texts = [day.strftime("%a %d/%m/%Y") for day in days]
    texts[5] = texts[5].replace("Thu", "Fri")
    with pytest.raises(DataError, match="'Fri 06/05/2021' is not a date in the format %a %d/%m/%Y") as caught:
        read(tmp_path / "a.csv", texts)
    assert "weekday" in caught.value.hint and caught.value.row == 7


@pytest.mark.parametrize("name", ["period", "week", "yearweek", "Semaine", "KW"])
@pytest.mark.parametrize("text_format", ["{y}{part:02d}", "{y}-{part:02d}", "{part:02d}/{y}"])
def test_numbers_up_to_twelve_are_weeks_only_in_a_column_called_so(name, text_format, tmp_path):
    weeks = pd.date_range("2019-01-07", periods=10, freq="W-MON")
    result = read(tmp_path / "a.csv", [week(text_format)(monday) for monday in weeks], name)
    weekly = Frequency("fixed", 7 * DAY, phase=4 * DAY)
    assert result.panel.frequency == (Frequency("month", 1) if name == "period" else weekly)


def test_a_month_beyond_twelve_is_no_week_among_months(tmp_path):
    months = [f"{month:%Y-%m}" for month in MONTHS]
    months[11] = "2004-14"
    with pytest.raises(DataError, match="'2004-14' is not a date in the format %Y-%m"):
        read(tmp_path / "a.csv", months)


def test_periods_beside_dates_may_name_the_series(tmp_path):
    for names in (["FY2019", "FY2020"], ["KW 1/2020", "KW 2/2020"], ["2019H1", "2019H2"], ["1Q19", "2Q19"]):
        rows = [f"{name},{day:%Y-%m-%d},{day.day}.5\n" for name in names for day in DAYS]
        (tmp_path / "a.csv").write_text(f"cohort,day,y\n{''.join(rows)}")
        result = read_panel(tmp_path / "a.csv")
        assert (result.schema.time_cols, result.schema.id_cols) == (("day",), ("cohort",))


def test_periods_of_closing_entries_are_refused(tmp_path):
    months = [f"{month:0%m.%Y}" for month in MONTHS]
    for late in ("013.2003", "016.2003"):
        with pytest.raises(DataError) as caught:
            read(tmp_path / "a.csv", [*months[:7], late, *months[7:]], "period")
        assert f"'{late}'" in caught.value.hint and "closing entries" in caught.value.hint


def test_what_looks_like_codes_is_a_time_only_where_no_other_is(tmp_path):
    days = [f"{day:%Y-%m-%d}" for day in DAYS]
    for name, code in (("order", "2021-001"), ("period", "2019001"), ("year", "1990.25")):
        rows = "".join(f"{code},{day},{row}.5\n" for row, day in enumerate(days))
        (tmp_path / "a.csv").write_text(f"{name},day,y\n{rows}")
        assert read_panel(tmp_path / "a.csv").schema.time_cols == ("day",)
    rows = "".join(f"{month:%Y},{month:%m},{decimal_year(4, 0.5)(month)},{month.month}.5\n" for month in MONTHS)
    (tmp_path / "a.csv").write_text(f"year,month,decimal date,y\n{rows}")
    assert read_panel(tmp_path / "a.csv").schema.time_cols == ("year", "month")


@pytest.mark.parametrize("texts", [["1990.0417", "1991.3", "1991.84", "1992.1"], ["1850.31", "1902.77", "1822.4"] * 9])
def test_numbers_that_follow_no_step_are_no_years(texts, tmp_path):
    with pytest.raises(DataError, match="no column holds a date"):
        read(tmp_path / "a.csv", texts)


def with_marks(zone: str, text_format: str, winter: str, summer: str, start: str, count: int = 2000) -> list[str]:
    hours = pd.date_range(start, periods=count, freq="h", tz=zone)
    return [hour.strftime(text_format) + (summer if hour.dst() else winter) for hour in hours]


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("Europe/Berlin", " CET", " CEST"),
        ("Europe/Berlin", " MEZ", " MESZ"),
        ("America/New_York", " EST", " EDT"),
        ("America/Chicago", " CST", " CDT"),
        ("Europe/London", " GMT", " BST"),
        ("Europe/Berlin", "", " DST"),
        ("America/New_York", " ST", " DST"),
    ],
)
@pytest.mark.parametrize("start", ["2021-02-20", "2021-09-20"])
def test_marks_of_summer_time(zone, winter, summer, start, tmp_path):
    texts = with_marks(zone, "%m/%d/%Y %H:%M", winter, summer, start)
    result = check(tmp_path, texts)
    assert (result.schema.time_zone, result.panel.frequency.name) == (zone, "hourly")
    assert result.panel.lengths.tolist() == [len(texts) - AHEAD]
    first = pd.Timestamp(start, tz=zone).tz_convert("UTC").tz_localize(None)
    assert result.panel.stamps(0)[0] == first.to_datetime64()


def test_one_mark_all_the_year_is_a_fixed_offset(tmp_path):
    hours = pd.date_range("2021-02-20", periods=3000, freq="h")
    assert check(tmp_path, [f"{hour:%Y-%m-%d %H:%M} EST" for hour in hours]).schema.time_zone == "UTC-05:00"


def test_a_mark_that_names_no_zone(tmp_path):
    summer = with_marks("Europe/Berlin", "%d-%m-%Y %H:%M", "", " DST", "2021-05-20", 400)
    result = check(tmp_path, summer)
    assert result.schema.time_zone is None and any("'DST'" in text for text in warnings(result))
    assert read(tmp_path / "a.csv", summer, tz="Europe/Rome").schema.time_zone == "Europe/Rome"
    unknown = with_marks("Asia/Tehran", "%d-%m-%Y %H:%M", "", " DST", "2021-02-20")
    with pytest.raises(DataError, match="no zone that is known") as caught:
        read(tmp_path / "a.csv", unknown)
    assert "--tz" in caught.value.hint
    check(tmp_path, unknown, tz="Asia/Tehran")
    with pytest.raises(DataError, match="do not change where the mark"):
        read(tmp_path / "a.csv", unknown, tz="Europe/Berlin")


def test_years_and_months_without_a_century_are_refused_with_a_hint_that_works(tmp_path):
    texts = [f"{year}-{month:02d}" for year in (1, 2, 3) for month in range(1, 13)]
    with pytest.raises(DataError, match="no column holds a date") as caught:
        read(tmp_path / "a.csv", texts, "Month")
    assert "'1-01'" in caught.value.hint and "--start 2001-01-01 --freq MS" in caught.value.hint
    started = read(tmp_path / "a.csv", texts, "Month", start="2001-01-01", freq="MS")
    assert (started.panel.lengths.tolist(), started.schema.id_cols) == ([36], ())
    both = "".join(f"{shop},{text},{row}.5\n" for shop in "AB" for row, text in enumerate(texts))
    (tmp_path / "b.csv").write_text(f"shop,Month,y\n{both}")
    two = read_panel(tmp_path / "b.csv", ReadOptions(start="2001-01-01", freq="MS"))
    assert (two.panel.lengths.tolist(), two.schema.id_cols) == ([36, 36], ("shop",))


@pytest.mark.parametrize(
    ("way", "text_format"),
    [
        ("Stand %d/%m/%Y", "Stand %d/%m/%Y"),
        ("%Y_%m_%d", "%Y_%m_%d"),
        ("%m~%d~%Y", "%m~%d~%Y"),
        ("%Y %b %d @ %Hh%M", "%Y %b %d @ %Hh%M"),
        ("week ending %d %B %Y", "week ending %d %b %Y"),
    ],
)
def test_a_column_that_looks_like_dates_is_shown_with_a_format_that_reads_it(way, text_format, tmp_path):
    texts = [day.strftime(way) for day in DAYS]
    with pytest.raises(DataError, match="no column holds a date") as caught:
        read(tmp_path / "a.csv", texts)
    assert (
        caught.value.hint
        == f"column 'when' looks like dates, such as '{texts[0]}': add --date-format \"{text_format}\""
    )
    result = read(tmp_path / "a.csv", texts, date_format=text_format)
    np.testing.assert_array_equal(result.panel.stamps(0), DAYS.to_numpy("datetime64[us]"))


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([f"{day:%d~%b~%Y} no {row * 7}" for row, day in enumerate(DAYS)], "the part '0' is not understood"),
        ([f"issue {'abc'[row % 3]} of {day:%Y}" for row, day in enumerate(DAYS)], "the part 'a' is not understood"),
        ([f"{day:%d~%b~%Y}" if row % 2 else f"{day:%Y~%b~%d}" for row, day in enumerate(DAYS)], "the part '2021'"),
        ([f"{day:%b} no. {day.day}" for day in DAYS], "the year is missing"),
        ([f"0{day.day % 9 + 1}_0{day.day % 7 + 1}_{day:%Y}" for day in DAYS], 'or --date-format "%m_%d_%Y"'),
    ],
)
def test_what_is_not_understood_of_dates_is_said(texts, said, tmp_path):
    with pytest.raises(DataError, match="no column holds a date") as caught:
        read(tmp_path / "a.csv", texts)
    assert "column 'when' looks like dates, such as" in caught.value.hint and said in caught.value.hint


STORED = [
    ("%m/%d/%Y %H:%M", ["01/02/2024 13:00", "01/02/2024 14:00"], "2024-01-02T13", "hourly"),
    ("%d.%m.%Y %H:%M", ["01.02.2024 13:00", "01.02.2024 14:00"], "2024-02-01T13", "hourly"),
    ("%m/%d/%Y %I:%M %p", ["1/2/2024 1:00 PM", "1/2/2024 2:00 PM"], "2024-01-02T13", "hourly"),
    ("%b %Y", ["Jan 2024", "Feb 2024"], "2024-01-01", "monthly"),
    ("%B-%y", ["January-24", "February-24"], "2024-01-01", "monthly"),
    ("%G-W%V", ["2024-W05", "2024-W06"], "2024-01-29", "weekly"),
    ("%GW%V", ["2024W05", "2024W06"], "2024-01-29", "weekly"),
    ("%YQ%q", ["2024Q1", "2024Q2"], "2024-01-01", "quarterly"),
    ("%Y-%m", ["2024-01", "2024-02"], "2024-01-01", "monthly"),
    ("%Y%m", ["202401", "202402"], "2024-01-01", "monthly"),
    ("%Y-%+y", ["2023-24", "2024-25"], "2023-01-01", "yearly"),
    ("%Y.0", ["2023.0", "2024.0"], "2023-01-01", "yearly"),
    ("%{JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC} %Y", ["JAN 2024", "FEB 2024"], "2024-01-01", "monthly"),
]
STEPS = {
    "hourly": Frequency("fixed", DAY // 24),
    "weekly": Frequency("fixed", 7 * DAY, phase=4 * DAY),
    "monthly": Frequency("month", 1),
    "quarterly": Frequency("month", 3),
    "yearly": Frequency("month", 12),
}


@pytest.mark.parametrize(("stored", "texts", "first", "step"), STORED)
def test_formats_that_older_models_hold_read_new_rows(stored, texts, first, step, tmp_path):
    fitted = read(tmp_path / "a.csv", [f"{day:%Y-%m-%d}" for day in DAYS])
    schema = replace(fitted.schema, time_formats=(stored,))
    rows = "".join(f"{text},{row}.5\n" for row, text in enumerate(texts))
    (tmp_path / "b.csv").write_text(f"when,y\n{rows}")
    new = read_panel(tmp_path / "b.csv", ReadOptions(), schema=schema, frequency=STEPS[step])
    assert new.panel.stamps(0)[0] == np.datetime64(first) and new.schema == schema
    unpadded = stored == "%m/%d/%Y %I:%M %p"
    assert unpadded or format_stamps(new.panel.stamps(0), new.schema, STEPS[step]) == [texts]


def test_months_in_a_column_of_their_own_that_older_models_hold(tmp_path):
    names = "names|" + "|".join(["ENE", "FEB", "MAR", "ABR", "MAY", "JUN", "JUL", "AGO", "SEP", "OCT", "NOV", "DIC"])
    rows = "".join(f"{2020 + row // 12},{names.split('|')[row % 12 + 1]},{row}.5\n" for row in range(30))
    (tmp_path / "a.csv").write_text(f"year,month,y\n{rows}")
    fitted = read_panel(tmp_path / "a.csv")
    schema = replace(fitted.schema, time_formats=("%Y", names))
    new = read_panel(tmp_path / "a.csv", ReadOptions(), schema=schema, frequency=STEPS["monthly"])
    ahead = new.panel.future_stamps(0, 2)
    assert format_stamps(ahead, schema, STEPS["monthly"]) == [["2022", "2022"], ["JUL", "AGO"]]
    assert format_stamps(ahead, fitted.schema, STEPS["monthly"]) == [["2022", "2022"], ["JUL", "AGO"]]
