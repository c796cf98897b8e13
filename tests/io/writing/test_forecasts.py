"""Tests of the forecast file: the user's columns, as many digits as are known, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError, OptionError, OutputError, StorageError
from tsforecast.forecast import Forecast
from tsforecast.io.writing.columns import check_columns, forecast_frame, rounded
from tsforecast.io.writing.forecasts import write_forecast
from tsforecast.safe_text import visible
from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.panel import Schema, make_panel

DAILY = Frequency("fixed", DAY)
SCHEMA = Schema(("day",), ("shop", "item"), ("sold",), ("%d.%m.%Y",))


def make_forecast(
    ids: list[tuple[str, ...]], levels: tuple[float, ...] = (80.0, 95.0), horizon: int = 3, first: int = 19_000
) -> Forecast:
    y_pred = 100.0 + np.arange(len(ids) * horizon, dtype=np.float64).reshape(len(ids), horizon)
    width = np.array(levels) / 10
    return Forecast(
        ids=tuple(ids),
        starts=np.arange(first, first + len(ids)),
        y_pred=y_pred,
        levels=levels,
        lower=y_pred[:, :, None] - width,
        upper=y_pred[:, :, None] + width,
    )


def write(forecast: Forecast, path: Path | str | None, schema: Schema = SCHEMA) -> None:
    write_forecast([forecast], schema, DAILY, path)


TWO_SERIES = make_forecast([("a", "x"), ("b", "y")])


def test_the_table_has_the_columns_of_the_user(tmp_path: Path) -> None:
    write(TWO_SERIES, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().decode() == (
        "shop,item,day,forecast,lower_80,upper_80,lower_95,upper_95\n"
        "a,x,08.01.2022,100.0,92.0,108.0,90.5,109.5\n"
        "a,x,09.01.2022,101.0,93.0,109.0,91.5,110.5\n"
        "a,x,10.01.2022,102.0,94.0,110.0,92.5,111.5\n"
        "b,y,09.01.2022,103.0,95.0,111.0,93.5,112.5\n"
        "b,y,10.01.2022,104.0,96.0,112.0,94.5,113.5\n"
        "b,y,11.01.2022,105.0,97.0,113.0,95.5,114.5\n"
    )


def test_a_single_series_has_no_id_column() -> None:
    frame = forecast_frame(make_forecast([()], levels=(97.5,)), Schema(("ds",), (), ("y",), ("%Y-%m-%d",)), DAILY)
    assert list(frame.columns) == ["ds", "forecast", "lower_97.5", "upper_97.5"]


def test_a_wide_table_names_its_series() -> None:
    schema = Schema(("ds",), (), ("north", "south"), ("%Y-%m-%d",))
    frame = forecast_frame(make_forecast([("north",), ("south",)]), schema, DAILY)
    assert list(frame.columns)[:3] == ["series", "ds", "forecast"]
    assert frame["series"].tolist() == ["north"] * 3 + ["south"] * 3


def test_a_forecast_without_levels_has_no_bounds() -> None:
    frame = forecast_frame(make_forecast([("a", "x")], levels=()), SCHEMA, DAILY)
    assert list(frame.columns) == ["shop", "item", "day", "forecast"]


def test_stamps_carry_the_offset_of_their_zone_through_a_clock_change() -> None:
    schema = Schema(("ts",), (), ("y",), ("%Y-%m-%dT%H:%M:%S%:z",), "Europe/Berlin")
    first = 475_511  # hours since 1970 in UTC; the clocks go forward two hours later
    frame = forecast_frame(make_forecast([()], first=first), schema, Frequency("fixed", HOUR))
    assert frame["ts"].tolist() == [
        "2024-03-31T00:00:00+01:00",
        "2024-03-31T01:00:00+01:00",
        "2024-03-31T03:00:00+02:00",
    ]


@pytest.mark.parametrize("column", ["forecast", "lower_80", "day"])
def test_a_column_with_the_name_of_another_is_refused(column: str) -> None:
    schema = Schema(("day",), ("shop", column), ("sold",), ("%Y-%m-%d",))
    with pytest.raises(DataError, match=f"the column '{column}'"):
        check_columns(schema)


def test_a_time_that_no_calendar_has_is_refused() -> None:
    with pytest.raises(DataError, match="beyond the year 9999"):
        forecast_frame(make_forecast([("a", "x")], first=2_932_895), SCHEMA, DAILY)


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [
        (123.456789012, 0, "123.4568"),
        (-0.000123456789, 0, "-0.0001234568"),
        (123456789.12, 0, "123456800.0"),
        (123456789.12, 20.0, "123456789.12"),
        (123456789.12, 3e6, "123456800.0"),
        (123456789.12, 3e4, "123456790.0"),
        (1.23456789e-20, 0, "1.23456789e-20"),
        (1e-12, 5.0, "1e-12"),
        (1.23456789e-12, 0, "1.234568e-12"),
        (9.9999999, 0, "10.0"),
        (0.0, 5.0, "0.0"),
        (0.0, 0.0, "0.0"),
        (1e300, 0, "1e+300"),
        (1.5e-310, 0, "1.5e-310"),
        (float(np.float32(0.1)), 0, "0.1"),
    ],
)
def test_numbers_have_the_digits_that_are_known(value: float, width: float, text: str) -> None:
    assert repr(float(rounded(np.array([value]), np.array([width]))[0])) == text


def test_rounding_is_exact_over_all_magnitudes() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=5000) * 10.0 ** rng.integers(-10, 20, size=5000)
    expected = [float(f"{value:.7g}") for value in values]
    found = rounded(values, np.zeros(5000))
    assert np.allclose(found, expected, rtol=1.1e-6 / 2, atol=0)
    assert (
        max(len(repr(value).replace(".", "").lstrip("-0").split("e")[0].rstrip("0")) for value in found.tolist()) <= 7
    )


def blocks_of(forecast: Forecast, size: int) -> Iterator[Forecast]:
    """The same forecast, some series at a time."""
    for begin in range(0, len(forecast.ids), size):
        part = slice(begin, begin + size)
        arrays = (forecast.y_pred[part], forecast.levels, forecast.lower[part], forecast.upper[part])
        yield Forecast(forecast.ids[part], forecast.starts[part], *arrays)


def many_series(count: int = 40) -> Forecast:
    """Numbers of all sizes, times that overlap, and a value that is missing."""
    rng = np.random.default_rng(0)
    y_pred = rng.normal(size=(count, 3)) * 10.0 ** rng.integers(-9, 17, size=(count, 1))
    y_pred[3, 1] = np.nan
    width = np.abs(y_pred)[:, :, None] * rng.uniform(0, 1, (count, 3, 2))
    starts = rng.integers(19_000, 19_010, size=count)
    ids = tuple((f"{number:03d}", 'ä, "b"') for number in range(count))
    return Forecast(ids, starts, y_pred, (80.0, 95.0), y_pred[:, :, None] - width, y_pred[:, :, None] + width)


@pytest.mark.parametrize("size", [1, 7, 40])
def test_a_file_is_the_table_whatever_the_blocks(tmp_path: Path, size: int) -> None:
    forecast = many_series()
    frame = forecast_frame(forecast, SCHEMA, DAILY)
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        write_forecast(blocks_of(forecast, size), SCHEMA, DAILY, tmp_path / name)
    assert (tmp_path / "out.csv").read_bytes().decode() == frame.to_csv(index=False, lineterminator="\n")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    assert lines == frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
    assert pd.read_parquet(tmp_path / "out.parquet").equals(frame)


@pytest.mark.parametrize("name", ["out.jsonl", "out.NDJSON"])
def test_json_lines_hold_one_object_per_row(tmp_path: Path, name: str) -> None:
    forecast = make_forecast([("ä", "x")], levels=(80.0,))
    forecast.y_pred[0] = [np.nan, np.inf, 1.5]
    write(forecast, str(tmp_path / name))
    lines = (tmp_path / name).read_text(encoding="utf-8").splitlines()
    first = '{"shop": "ä", "item": "x", "day": "08.01.2022", "forecast": null, "lower_80": 92.0, "upper_80": 108.0}'
    assert lines[0] == first
    assert [json.loads(line)["forecast"] for line in lines] == [None, None, 1.5]


def test_parquet_keeps_ids_as_they_are(tmp_path: Path) -> None:
    write(make_forecast([("=a", "@x")]), tmp_path / "out.parquet")
    assert pd.read_parquet(tmp_path / "out.parquet")[["shop", "item"]].to_numpy().tolist() == [["=a", "@x"]] * 3


def test_parquet_without_pyarrow_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OptionError, match=r"pip install pyarrow"):
        write(TWO_SERIES, tmp_path / "out.parquet")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("path", [None, "-"])
def test_stdout_is_csv(path: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    write(TWO_SERIES, path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "a,x,08.01.2022,100.0,92.0,108.0,90.5,109.5"
    assert len(lines) == 7


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.csv.gz"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match=r"\.csv, \.parquet, \.jsonl, \.ndjson"):
        write(TWO_SERIES, tmp_path / name)


def test_texts_that_a_spreadsheet_would_run_are_guarded(tmp_path: Path) -> None:
    texts = ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\tx", "\rx", "-3.2", "+4e5", "a=b", ""]
    schema = Schema(("=day",), ("shop", "item"), ("y",), ("%Y",))
    write(make_forecast([(text, "x") for text in texts], horizon=1), tmp_path / "out.csv", schema)
    header, *rows = csv.reader(io.StringIO((tmp_path / "out.csv").read_bytes().decode(), newline=""))
    assert header[2] == "'=day"
    guarded = ["'=1+1", "'+cmd", "'-cmd", "'@SUM(A1)", "'\tx", "'\rx", "-3.2", "+4e5", "a=b", ""]
    assert [row[0] for row in rows] == guarded


def test_a_negative_forecast_stays_a_number(tmp_path: Path) -> None:
    forecast = make_forecast([("a", "x")])
    forecast.y_pred[:] = -1.5
    write(forecast, tmp_path / "out.csv")
    assert pd.read_csv(tmp_path / "out.csv")["forecast"].eq(-1.5).all()


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_a_failure_half_way_leaves_the_old_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("old")

    def failing() -> Iterator[Forecast]:
        yield TWO_SERIES
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left"):
        write_forecast(failing(), SCHEMA, DAILY, tmp_path / name)
    assert (tmp_path / name).read_text() == "old"
    assert os.listdir(tmp_path) == [name]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write(TWO_SERIES, tmp_path / "missing" / "out.csv")


@pytest.mark.parametrize(
    "text", ["\x1b[31mred\x1b[0m", "a\0b", "\x7f\x9b1m", "a\u2028b\u2029c\x85d", "\ud800", "\ufffe"]
)
def test_an_id_with_control_characters_leaves_every_line_in_one_piece(text: str, tmp_path: Path) -> None:
    panel = make_panel([np.arange(30.0)], Frequency("fixed", 86_400_000_000), ids=[(text,)], starts=[19_000])
    y_pred = np.arange(3.0)[None]
    forecast = Forecast(panel.ids, panel.starts, y_pred, (80.0,), y_pred[:, :, None], y_pred[:, :, None])
    schema = Schema(("ds",), ("id",), ("y",), ("%Y-%m-%d",), None)
    for ending in (".jsonl", ".csv"):
        path = tmp_path / f"out{ending}"
        write_forecast([forecast], schema, panel.frequency, path)
        assert len(path.read_text(encoding="utf-8").splitlines()) == 3 + (ending == ".csv")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["id"] for row in rows} == {visible(text)}


def test_another_scenario_stands_behind_the_forecast(tmp_path):
    made = make_forecast([("a", "x")], levels=(80.0,))
    other = replace(made, y_pred=made.y_pred + 1, lower=made.lower + 1, upper=made.upper + 1)
    both = replace(made, what_if=other)
    frame = forecast_frame(both, SCHEMA, DAILY)
    names = ["forecast", "lower_80", "upper_80", "what_if", "what_if_lower_80", "what_if_upper_80"]
    assert list(frame.columns)[-6:] == names
    np.testing.assert_allclose(frame["what_if_upper_80"] - frame["upper_80"], 1, atol=1e-4)
    for name, read in (("f.csv", pd.read_csv), ("f.parquet", pd.read_parquet)):
        write_forecast([both], SCHEMA, DAILY, tmp_path / name)
        assert list(read(tmp_path / name).columns) == list(frame.columns)
    write_forecast([both], SCHEMA, DAILY, tmp_path / "f.jsonl")
    assert list(pd.read_json(tmp_path / "f.jsonl", lines=True).columns) == list(frame.columns)


def test_a_column_called_like_a_scenario_is_refused_where_there_is_one():
    schema = Schema(("day",), ("what_if",), ("y",), ("%Y-%m-%d",))
    check_columns(schema)
    with pytest.raises(DataError, match="the column 'what_if' cannot be told"):
        check_columns(schema, what_if=True)
