"""Columns of durations are read as seconds, and times of day only where they are asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import Run
from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.durations import read_durations
from tsforecast.io.reading.panel import ReadResult, read_panel

SECONDS = 150 + 37 * np.arange(60) % 4000


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def read(tmp_path: Path, name: str, texts: list[str], target: str = "", **more: object) -> ReadResult:
    days = pd.date_range("2023-01-01", periods=len(texts)).strftime("%Y-%m-%d")
    pd.DataFrame({"day": days, name: texts, **more}).to_csv(tmp_path / "a.csv", index=False)
    return read_panel(tmp_path / "a.csv", ReadOptions(target_cols=(target,) if target else ()))


@pytest.mark.parametrize(
    "write",
    [
        clock,
        lambda seconds: str(pd.Timedelta(seconds, unit="s")),
        lambda seconds: pd.Timedelta(seconds, unit="s").isoformat(),
        lambda seconds: f"{seconds // 3600}h {seconds // 60 % 60}m {seconds % 60}s",
        lambda seconds: f"{seconds // 60} min {seconds % 60} sec",
    ],
)
def test_durations_are_seconds(tmp_path, write):
    texts = [write(int(seconds)) for seconds in SECONDS]
    found = read(tmp_path, "Avg. Session Duration", texts, visits=np.arange(60) ** 2 % 11 + 0.5)
    assert found.schema.target_cols == ("Avg. Session Duration", "visits")
    np.testing.assert_array_equal(found.panel.series(0), SECONDS)
    assert any(f"durations in seconds: {texts[0]} is 150" in note.text for note in found.notes)


def test_what_is_missing_among_durations(tmp_path):
    texts = [clock(int(seconds)) for seconds in SECONDS]
    texts[7] = ""
    found = read(tmp_path, "wait", texts)
    assert not found.panel.observed[7] and found.panel.observed.sum() == 59
    texts[9] = "long"
    with pytest.raises(DataError, match="line 11, column 'wait': 'long' is not a finite number"):
        read(tmp_path, "wait", texts)


def test_times_of_day_are_values_where_they_are_asked_for(tmp_path):
    texts = [clock(24_000 + 30 * row) for row in range(60)]
    values = np.arange(60) ** 2 % 11 + 0.5
    assert read(tmp_path, "sunrise", texts, visits=values).schema.target_cols == ("visits",)
    found = read(tmp_path, "sunrise", texts, "sunrise", visits=values)
    np.testing.assert_array_equal(found.panel.values, 24_000 + 30 * np.arange(60))
    assert read(tmp_path, "sunrise", texts).schema.target_cols == ("sunrise",)


def test_hours_beyond_a_day_are_no_time_of_day(tmp_path):
    texts = [clock(80_000 + 400 * row) for row in range(60)]
    assert read(tmp_path, "open", texts, visits=np.arange(60) ** 2 % 11 + 0.5).schema.target_cols == ("open", "visits")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1:00:00", 3600),
        ("-0:00:01", -1),
        ("-1 days +23:59:59", -1),
        ("2 days 00:00:00.500000", 172_800.5),
        ("1 day, 1:00:00", 90_000),
        ("P1DT1H", 90_000),
        ("-PT90S", -90),
        ("1h5m", 3900),
        ("2 hrs 30 sec", 7230),
    ],
)
def test_ways_of_writing(text, seconds):
    found = read_durations("x", [text])
    assert found is not None and found.seconds.tolist() == [seconds]


@pytest.mark.parametrize(
    "text", ["5m", "5 min", "12:30", "P", "PT", "", "1:60:00", "h", "3 days", f"{'9' * 5000}:00:00"]
)
def test_what_is_no_duration(text):
    assert read_durations("x", [text]) is None


def test_a_model_of_durations_continues_them(run: Run) -> None:
    days = pd.date_range("2023-01-01", periods=60).strftime("%Y-%m-%d")
    pd.DataFrame({"day": days, "wait": [clock(int(seconds)) for seconds in SECONDS]}).to_csv("a.csv", index=False)
    assert run("fit", "a.csv", "--model", "seasonal-naive", "--store", "s").exit_code == 0
    made = run("predict", "a.csv", "--horizon", "7", "--store", "s")
    assert made.exit_code == 0
    forecast = [float(line.split(",")[1]) for line in made.stdout.splitlines()[1:]]
    np.testing.assert_allclose(forecast, SECONDS[-7:])
