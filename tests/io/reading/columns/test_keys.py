"""What the time is where several columns could be it, and which columns tell series apart whose times never meet."""

from __future__ import annotations

import re
import shlex

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.series.frequency import HOUR, MINUTE, Frequency

FIRST = pd.Timestamp("2023-04-03")


def level(rows: int, of: float = 20.0, seed: int = 0) -> np.ndarray:
    return np.round(of + np.cumsum(np.random.default_rng(seed).normal(0, 0.2, rows)), 2)


def write(frame: pd.DataFrame, tmp_path) -> str:
    frame.to_csv(tmp_path / "a.csv", index=False)
    return str(tmp_path / "a.csv")


def read(frame: pd.DataFrame, tmp_path, **options: object) -> ReadResult:
    return read_panel(write(frame, tmp_path), ReadOptions(**options))  # type: ignore[arg-type]


def why(result: ReadResult) -> dict[str, str]:
    return {column.name: column.why for column in result.columns if column.role == "unused"}


@pytest.mark.parametrize(
    ("begin", "end", "swapped"),
    [
        ("START TIME", "END TIME", False),
        ("START TIME", "END TIME", True),
        ("von", "bis", True),
        ("from", "to", False),
        ("a", "b", False),
        ("a", "b", True),
    ],
)
def test_of_two_clocks_the_beginning_is_the_time(begin, end, swapped, tmp_path):
    times = pd.date_range(FIRST, periods=96 * 9, freq="15min")
    clocks = {begin: times.strftime("%H:%M"), end: (times + pd.Timedelta(minutes=14)).strftime("%H:%M")}
    if swapped:
        clocks = dict(reversed(clocks.items()))
    usage = level(len(times))
    frame = pd.DataFrame(
        {"TYPE": "meter", "DATE": times.strftime("%Y-%m-%d"), **clocks, "USAGE": usage, "UNITS": "kWh"}
    )
    result = read(frame, tmp_path)
    assert (result.schema.time_cols, result.schema.id_cols) == (("DATE", begin), ())
    assert result.panel.frequency == Frequency("fixed", 15 * MINUTE)
    np.testing.assert_array_equal(result.panel.stamps(0), times.to_numpy("datetime64[us]"))
    np.testing.assert_array_equal(result.panel.values, usage)
    assert why(result)[end] == f"is the end of what '{begin}' begins"


@pytest.mark.parametrize(
    ("begin", "end", "swapped"),
    [("Start", "End", False), ("Start", "End", True), ("from", "to", True), ("one", "two", True)],
)
def test_of_two_times_the_beginning_is_the_time(begin, end, swapped, tmp_path):
    times = pd.date_range(FIRST, periods=200, freq="h")
    stamps = {begin: times, end: times + pd.Timedelta(hours=1)}
    frame = pd.DataFrame({**(dict(reversed(stamps.items())) if swapped else stamps), "kWh": level(200)})
    result = read(frame, tmp_path)
    assert result.schema.time_cols == (begin,)
    assert result.panel.stamps(0)[0] == np.datetime64(FIRST)
    assert why(result) == {end: f"is the end of what '{begin}' begins"}


def test_a_clock_beside_whole_times_is_no_id(tmp_path):
    times = pd.date_range(FIRST, periods=400, freq="30min")
    frame = pd.DataFrame(
        {"start": times, "till": (times + pd.Timedelta(minutes=30)).strftime("%H:%M"), "y": level(400)}
    )
    result = read(frame.assign(y=level(400)), tmp_path)
    assert (result.schema.time_cols, result.panel.n_series) == (("start",), 1)


def towns(column: str = "town") -> pd.DataFrame:
    days = {"Leeds": "2023-01-02", "York": "2023-01-07", "Hull": "2023-01-08"}
    parts = [
        pd.DataFrame({column: name, "week": pd.date_range(day, periods=50, freq="7D"), "sold": level(50, 30 * at + 20)})
        for at, (name, day) in enumerate(days.items())
    ]
    return pd.concat(parts)


def rooms() -> pd.DataFrame:
    parts = [
        pd.DataFrame({"time": pd.date_range(start, periods=300, freq="h"), "place": name, "temp": level(300, of)})
        for name, start, of in (("cold", "2023-04-03 00:00", 8), ("warm", "2023-04-03 00:30", 21))
    ]
    return pd.concat(parts)


def test_blocks_of_rows_that_go_back_in_time_are_series(tmp_path):
    assert read(rooms(), tmp_path, freq="h", aggregate="last").schema.id_cols == ("place",)
    with pytest.raises(DataError, match="in 2 series") as caught:
        read(towns(), tmp_path)
    assert "--freq W --aggregate sum" in caught.value.hint
    result = read(towns(), tmp_path, freq="W", aggregate="sum")
    assert (result.schema.id_cols, result.panel.n_series) == (("town",), 3)


@pytest.mark.parametrize(
    ("frame", "name", "time"), [(towns(), "town", "week"), (rooms(), "place", "time")], ids=["towns", "rooms"]
)
def test_rows_in_between_each_other_are_asked_about(frame, name, time, tmp_path):
    frame = frame.sort_values(time)
    with pytest.raises(DataError, match=f"in '{name}' may name series whose times never meet") as caught:
        read(frame, tmp_path)
    each, single = re.findall(r"add (--[^;]+)", caught.value.hint)
    assert read(frame, tmp_path, freq=shlex.split(single)[1]).panel.n_series == 1
    _, column, _, step, _, rule = shlex.split(each)
    assert read(frame, tmp_path, id_cols=(column,), freq=step, aggregate=rule).panel.n_series == frame[name].nunique()
    with pytest.raises(DataError, match=r"off the .* grid") as caught:
        read(frame, tmp_path, id_cols=(name,))
    assert "--aggregate" in caught.value.hint


def test_whole_numbers_and_pairs_that_make_times_regular_are_ids(tmp_path):
    minutes = {(1, "in"): 3, (1, "out"): 17, (4, "in"): 31, (4, "out"): 44}
    parts = [
        pd.DataFrame({"time": pd.date_range(FIRST, periods=90, freq="h") + pd.Timedelta(minutes=late)}).assign(
            box=box, way=way, y=level(90, late)
        )
        for (box, way), late in minutes.items()
    ]
    frame = pd.concat(parts).sort_values("time")
    result = read(frame, tmp_path, freq="h", aggregate="mean")
    assert (result.schema.id_cols, result.panel.n_series) == (("box", "way"), 4)
    some = frame[frame["way"] == "in"].drop(columns="way")
    result = read(some, tmp_path, freq="h", aggregate="mean")
    assert (result.schema.id_cols, result.panel.frequency.step) == (("box",), HOUR)


def test_what_describes_regular_rows_names_no_series(tmp_path):
    days = pd.date_range(FIRST, periods=210)
    wind = np.resize(["N", "SE", "W"], 210)
    frame = pd.DataFrame({"day": days, "weekday": days.day_name(), "wind": wind, "y": level(210)})
    result = read(frame, tmp_path)
    assert (result.panel.n_series, result.schema.id_cols) == (1, ())


def local_parts(zone: str, **more: object) -> pd.DataFrame:
    """Hours of a year in UTC, beside what clocks of a zone show."""
    times = pd.date_range("2023-01-01", periods=8000, freq="h", tz="UTC")
    there = times.tz_convert(zone)
    parts = {"Hour": there.hour, "dow": there.day_of_week + 1, "Month": there.month, "mday": there.day}
    return pd.DataFrame({"at": times.strftime("%Y-%m-%dT%H:%M:%SZ"), **parts, "count": level(8000), **more})


@pytest.mark.parametrize("zone", ["Australia/Melbourne", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
def test_the_calendar_of_another_zone_is_no_value(zone, tmp_path):
    result = read(local_parts(zone), tmp_path)
    assert result.schema.target_cols == ("count",)
    assert why(result)["Hour"] == "only restates the hour of another time zone"
    assert {name: text.split()[-1] for name, text in why(result).items()}.keys() == {"Hour", "dow", "Month", "mday"}


def test_hours_that_clocks_show_nowhere_are_values(tmp_path):
    rng = np.random.default_rng(0)
    frame = local_parts("UTC", open=rng.integers(0, 24, 8000), floor=rng.integers(1, 8, 8000))
    frame.loc[frame.index[4000:], "Hour"] = (frame["Hour"][4000:] + 5) % 24
    assert read(frame, tmp_path).schema.target_cols == ("Hour", "count", "open", "floor")


def test_a_text_with_blank_cells_is_an_id_only_where_no_other_does(tmp_path):
    rows = [
        (f"{day:%Y-%m-%d}", plan, about, code, row % 7 + 0.5)
        for plan in ("basic", "premium")
        for about, code in (("bread", "A1"), ("milk", "A2"), ("", "B1"))
        for row, day in enumerate(pd.date_range("2023-01-01", periods=60))
    ]
    frame = pd.DataFrame(rows, columns=["day", "plan", "about", "code", "sold"])
    result = read(frame, tmp_path)
    assert result.schema.id_cols == ("plan", "code") and result.panel.n_series == 6
    assert why(result) == {"about": "text column"}
    with pytest.raises(DataError, match="the id is empty"):
        read(frame.drop(columns="code"), tmp_path)
