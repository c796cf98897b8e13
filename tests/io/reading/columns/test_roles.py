"""Which column is the time, which the id, which a value, and what is said about the rest."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError, OptionError
from tsforecast.io.column import code_texts
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.request import ColumnRequest
from tsforecast.io.reading.columns.roles import Roles, find_columns
from tsforecast.io.reading.grid.rows import number_series
from tsforecast.io.reading.table import RawTable, frame_table, text_table

DAYS = [f"2024-01-{day:02d}" for day in range(1, 13)]
WAVE = ["1.5", "2.5", "0.5", "3.5"] * 3


def table(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype=str)


def find(source: pd.DataFrame | RawTable, **request: Any) -> Roles:
    """The roles of the columns of a typed table, or of texts as they would stand in a file."""
    if isinstance(source, pd.DataFrame):
        source = text_table(source.to_csv(index=False).encode(), "data.csv", ReadOptions(delimiter=",", decimal="."))
    return find_columns(source, ColumnRequest(**request))


def texts(roles: Roles) -> list[str]:
    return [note.text for note in roles.notes]


def panel(*keys: list[str], **values: list[str]) -> pd.DataFrame:
    """Rows for every day of every combination of keys, in columns k1, k2, ..."""
    rows = list(product(*keys, DAYS))
    columns = {f"k{number}": [row[number - 1] for row in rows] for number in range(1, len(keys) + 1)}
    repeated = {name: (cells * len(rows))[: len(rows)] for name, cells in values.items()}
    return table(**columns, ds=[row[-1] for row in rows], **repeated)


def test_single_series():
    roles = find(table(date=DAYS, y=WAVE))
    assert (roles.time_cols, roles.id_cols, roles.target_cols) == (("date",), (), ("y",))
    assert roles.values.shape == (12, 1)
    assert texts(roles) == ["value column 'y'"]


def test_wide_table():
    roles = find(table(a=WAVE, date=DAYS, b=WAVE[::-1]))
    assert (roles.time_cols, roles.target_cols) == (("date",), ("a", "b"))
    assert roles.values.shape == (12, 2)
    assert texts(roles) == ["2 value columns, each a series of its own: 'a', 'b'"]


def test_text_under_which_times_repeat_is_the_id():
    roles = find(panel(["a", "b"], y=WAVE))
    assert roles.id_cols == ("k1",)
    assert texts(roles)[0] == "id column 'k1'"


def test_first_text_that_alone_tells_the_series_apart():
    source = panel(["x"], ["a", "b"], y=WAVE)
    source.insert(0, "other", source["k2"].str.upper())
    assert find(source).id_cols == ("other",)


def test_smallest_leading_set_of_texts():
    source = panel(["a", "b"], ["x", "y"], y=WAVE)
    source["k3"] = "same"
    assert find(source).id_cols == ("k1", "k2")


def test_ids_and_several_values():
    roles = find(panel(["a", "b"], y=WAVE, z=WAVE[::-1]))
    assert (roles.id_cols, roles.target_cols) == (("k1",), ("y", "z"))
    assert "each a series of its own for every id" in texts(roles)[1]


@pytest.mark.parametrize("keys", [["007", "7"], ["NA", "None"], ["1e5", "100000"]])
def test_ids_that_look_like_numbers_or_nothing_stay_text(keys):
    source = panel(keys, y=WAVE)
    source.columns = pd.Index(["store_id", "ds", "y"])
    roles = find(source)
    assert roles.id_cols == ("store_id",)
    assert set(roles.ids[0].texts) == set(keys)


def test_leading_zeros_make_codes():
    assert find(panel(["007", "011"], y=WAVE)).id_cols == ("k1",)


def test_a_few_repeated_times_are_no_ids():
    cells = [f"2024-{month:02d}-{day:02d}" for month in (1, 2, 3, 4) for day in range(1, 29)]
    source = table(ds=[*cells, cells[5]], y=["1.5"] * 113, weather=["sun", "rain"] * 56 + ["rain"])
    roles = find(source)
    assert roles.id_cols == ()
    assert roles.repeat_hint == ""


def test_a_few_repeated_times_within_ids():
    source = panel(["a", "b", "c"], y=WAVE)
    source.loc[7, "ds"] = source.loc[6, "ds"]
    roles = find(source)
    assert roles.id_cols == ("k1",)
    assert roles.repeat_hint == ""


def test_remarks_are_no_ids():
    source = panel(["a", "b"], y=WAVE)
    source.insert(0, "remark", [f"remark {row}" for row in range(24)])
    assert find(source).id_cols == ("k1",)


def test_whole_numbers_are_ids_where_they_make_series_regular():
    roles = find(panel(["1", "2"], ["5", "6"], y=WAVE))
    assert (roles.id_cols, roles.repeat_hint, roles.target_cols) == (("k1", "k2"), "", ("y",))
    named = find(panel(["1", "2"], ["5", "6"], y=WAVE), id_cols=("k1", "k2"))
    assert (named.id_cols, named.target_cols) == (("k1", "k2"), ("y",))


def test_empty_id_is_refused():
    with pytest.raises(DataError, match="the id is empty") as caught:
        find(panel(["a", ""], y=WAVE))
    assert (caught.value.row, caught.value.column) == (14, "k1")


def test_time_column_is_the_one_whose_times_do_not_repeat():
    hours = [f"{day} {hour:02d}:00" for day in DAYS for hour in range(24)]
    roles = find(table(date=[hour[:10] for hour in hours], ts=hours, y=["1.5", "2.5"] * 144))
    assert roles.time_cols == ("ts",)
    assert "date column 'date' is not used" in texts(roles)


def test_first_of_two_time_columns():
    assert find(table(ordered=DAYS, shipped=DAYS[::-1], y=WAVE)).time_cols == ("ordered",)


@pytest.mark.parametrize(("name", "position"), [("y1", 0), ("year", 1), ("obsYear", 1), ("ds", 1)])
def test_years_where_they_can_be_meant(name, position):
    columns = {"y": WAVE}
    items = list(columns.items())
    items.insert(position, (name, [str(2000 + row) for row in range(12)]))
    assert find(table(**dict(items))).time_cols == (name,)


def test_days_written_as_whole_numbers():
    assert find(table(y=WAVE, no=[day.replace("-", "") for day in DAYS])).time_cols == ("no",)
    with pytest.raises(DataError, match="no column holds a date"):
        find(table(y=WAVE, no=[str(20241301 + row) for row in range(12)]))


def test_whole_numbers_that_are_no_years():
    with pytest.raises(DataError, match="no column holds a date"):
        find(table(a=WAVE, b=[str(2000 + row) for row in range(12)]))
    with pytest.raises(DataError, match="no column holds a date"):
        find(table(year=[str(5000 + row) for row in range(12)], y=WAVE))
    with pytest.raises(DataError, match="no column holds a date"):
        find(table(a=WAVE, b=[f"{2000 + row}.0" for row in range(12)]))
    assert find(table(year=[f"{2000 + row}.0" for row in range(12)], y=WAVE)).time_cols == ("year",)


def test_time_column_of_a_given_format():
    source = table(y=WAVE, odd=[f"{day}th of May 2024" for day in range(1, 13)])
    assert find(source, date_format="%dth of May %Y").time_cols == ("odd",)
    with pytest.raises(DataError, match="no column holds a date"):
        find(source, date_format="%Y-%m-%d")
    with pytest.raises(OptionError, match="%J is not a date format"):
        find(source, date_format="%J")


def test_real_dates_come_before_whole_numbers():
    assert find(table(year=[str(2000 + row) for row in range(12)], day=DAYS, y=WAVE)).time_cols == ("day",)


def test_date_in_parts_is_put_together():
    days = [str(day) for day in range(1, 13)]
    roles = find(table(Year=["2024"] * 12, month=["1"] * 12, day=days, y=WAVE))
    assert roles.time_cols == ("Year", "month", "day")
    assert (roles.target_cols, roles.stamps.time_formats) == (("y",), ("%Y", "%-m", "%-d"))
    with pytest.raises(DataError, match="'32' is not a day from 1 to 31"):
        find(table(Year=["2024"] * 12, month=["1"] * 12, day=[*days[:-1], "32"], y=WAVE))
    with pytest.raises(DataError, match="no column holds a date"):
        find(table(year_total=WAVE, x=WAVE))


def test_the_row_that_spoils_the_time_column_is_named():
    with pytest.raises(DataError, match="'soon' is not a date") as caught:
        find(table(ds=[*DAYS[:-1], "soon"], y=WAVE))
    assert (caught.value.row, caught.value.column) == (13, "ds")


@pytest.mark.parametrize("part", ["hour", "minute", "day", "month", "year", "day_of_week", "day_of_year", "quarter"])
def test_calendar_columns_are_not_values(part):
    stamps = pd.date_range("2023-05-30 17:15", periods=1000, freq="7h45min")
    roles = find(
        table(
            ds=stamps.strftime("%Y-%m-%d %H:%M").tolist(), part=list(map(str, getattr(stamps, part))), y=["0.5"] * 1000
        )
    )
    assert roles.target_cols == ("y",)
    assert any(text.startswith("column 'part' only restates the ") for text in texts(roles))


def test_row_numbers_that_begin_anywhere():
    days = pd.date_range("2024-01-01", periods=60).strftime("%Y-%m-%d").tolist()
    rows = [str(number) for number in range(3507, 3567)]
    found = find(table(row=rows, ds=days, y=["0.5", "2"] * 30))
    assert found.target_cols == ("y",) and "column 'row' only counts the rows and is not used" in texts(found)
    assert find(table(ds=days, members=rows)).target_cols == ("members",)


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("first", [0, 1])
def test_weekdays_from_monday_and_sunday(shift, first):
    stamps = pd.date_range("2024-01-01", periods=60)
    weekday = (stamps.day_of_week + shift) % 7 + first
    roles = find(table(ds=stamps.strftime("%Y-%m-%d").tolist(), part=weekday.astype(str).tolist(), y=["0.5"] * 60))
    assert "column 'part' only restates the weekday and is not used" in texts(roles)


def test_constant_is_calendar_only_by_name():
    year = ["2024"] * 12
    assert find(table(ds=DAYS, year=year, y=WAVE)).target_cols == ("y",)
    assert find(table(ds=DAYS, level=year, y=WAVE)).unused == {"level": "is the same in all rows of a series"}


@pytest.mark.parametrize("first", [0, 1])
def test_row_numbers_are_not_values_unless_alone(first):
    count = [str(row + first) for row in range(12)]
    roles = find(table(no=count, ds=DAYS, y=WAVE))
    assert roles.target_cols == ("y",)
    assert "column 'no' only counts the rows and is not used" in texts(roles)
    assert find(table(ds=DAYS, y=count)).target_cols == ("y",)
    assert find(table(ds=DAYS, month=["1"] * 12, y=count)).target_cols == ("y",)


def test_named_targets_are_taken_as_they_are():
    roles = find(table(ds=DAYS, no=[str(row) for row in range(12)], y=WAVE), target_cols=("no",))
    assert roles.target_cols == ("no",)
    assert texts(roles) == ["value column 'no'"]


def test_unused_columns_are_said():
    roles = find(table(ds=DAYS, y=WAVE, w=["sun", "rain"] * 6, f=["True", "FALSE"] * 6, e=["", "NA"] * 6))
    assert texts(roles)[1:] == [
        "text column 'w' is not used",
        "true/false column 'f' is not used",
        "empty column 'e' is not used",
    ]


@pytest.mark.parametrize(
    ("cells", "value", "hint"),
    [
        ([*WAVE[:-1], "?5"], "'[?]5' is not a finite number", "--target-col"),
        ([*WAVE[:-2], "x", "y"], "'x' is not a finite number .and 1 more cell", "--target-col"),
        ([*WAVE[:-1], "1,234"], "'1,234' is not", "--thousands ,"),
        ([*WAVE[:-1], "True"], "'True' is not", "1 and 0"),
        (["inf"] * 12, "'inf' is not a finite number", "leave the cell empty"),
    ],
)
def test_text_among_the_values_is_refused(cells, value, hint):
    with pytest.raises(DataError, match=value) as caught:
        find(table(ds=DAYS, y=cells))
    assert caught.value.column == "y"
    assert hint in caught.value.hint


def test_text_in_a_column_that_is_not_forecast_is_no_error():
    assert find(table(ds=DAYS, y=WAVE, z=[*WAVE[:-1], "?!"]), target_cols=("y",)).target_cols == ("y",)


def test_no_values():
    with pytest.raises(DataError, match="no column holds numbers to forecast; the columns are ds, a, b"):
        find(table(ds=DAYS, a=["x"] * 12, b=["y"] * 12))
    with pytest.raises(DataError, match="no column holds a date") as caught:
        find(table(ds=DAYS, y=WAVE), target_cols=("ds",))
    assert "--time-col" in caught.value.hint
    stamps = pd.DataFrame({"ds": pd.to_datetime(DAYS), "d": pd.to_datetime(DAYS)})
    with pytest.raises(DataError, match="'2024-01-01 00:00:00' is not a finite number"):
        find(frame_table(stamps), time_cols=("ds",), target_cols=("d",))


def test_unknown_and_repeated_names():
    source = table(ds=DAYS, sales=WAVE)
    for request in ({"time_cols": ("sale",)}, {"id_cols": ("sale",)}, {"target_cols": ("sale",)}):
        with pytest.raises(DataError, match="no column 'sale'; the columns are ds, sales") as caught:
            find(source, **request)
        assert caught.value.hint == "did you mean 'sales'?"
    with pytest.raises(DataError) as caught:
        find(source, time_cols=("qqq",))
    assert caught.value.hint == "name one of these columns"
    with pytest.raises(OptionError, match="'sales' is named twice"):
        find(source, id_cols=("sales",), target_cols=("sales",))


def test_frames_keep_their_types():
    frame = pd.DataFrame(
        {
            "shop": pd.Categorical(["a"] * 12 + ["b"] * 12),
            "ds": pd.to_datetime(DAYS * 2),
            "y": np.arange(24) % 5,
            "z": pd.array([1, None, 3] * 8, dtype="Int64"),
            "open": [True, False] * 12,
        }
    )
    roles = find(frame_table(frame))
    assert (roles.time_cols, roles.id_cols, roles.target_cols) == (("ds",), ("shop",), ("y", "z"))
    assert "true/false column 'open' is not used" in texts(roles)
    np.testing.assert_array_equal(roles.values[:2, 1], [1, np.nan])


def test_frames_with_infinite_values_and_texts():
    frame = pd.DataFrame({"ds": DAYS, "y": [1.0, np.inf] * 6})
    with pytest.raises(DataError, match="'inf' is not a finite number"):
        find(frame_table(frame))
    years = pd.DataFrame({"year": np.arange(2000, 2012), "y": np.linspace(0, 1, 12)})
    assert find(frame_table(years)).time_cols == ("year",)
    assert find(frame_table(years.assign(y="1.5"))).values[0, 0] == 1.5
    numbered = pd.DataFrame({"id": [1] * 12 + [2] * 12, "ds": DAYS * 2, "y": np.linspace(0, 1, 24)})
    roles = find(frame_table(numbered))
    assert roles.id_cols == ("id",)
    assert set(roles.ids[0].texts) == {"1", "2"}


def test_series_are_numbered_in_the_order_of_their_ids():
    first = code_texts(["b", "a", "b", "a"])
    second = code_texts(["2", "10", "1", "10"])
    series, names = number_series([first, second], 4)
    assert names == [("a", "10"), ("b", "1"), ("b", "2")]
    assert series.tolist() == [2, 0, 1, 0]
    assert number_series([], 3)[1] == [()]
