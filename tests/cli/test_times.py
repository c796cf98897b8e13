"""Times on the command line, from the table to the forecast: spread over columns, without offsets, in the future."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

LINEAR = ("--model", "linear", "--horizon", "24", "--lookback", "48", "--name", "load")


def write(path: Path, header: str, times: list[str]) -> str:
    wave = 100 + 10 * np.sin(np.arange(len(times)) * np.pi / 12)
    rows = [f"{time},{value:.3f}" for time, value in zip(times, wave, strict=True)]
    path.write_text("".join(f"{line}\n" for line in [header, *rows]))
    return path.name


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_parts_of_a_time_go_in_and_out(run, tmp_path):
    hours = pd.date_range("2023-12-01", periods=700, freq="h")
    table = write(tmp_path / "load.csv", "year,month,day,hour,y", [f"{hour:%Y,%-m,%-d,%-H}" for hour in hours])
    assert run("fit", table, *LINEAR, "-q").exit_code == 0
    result = run("predict", "--name", "load")
    assert result.exit_code == 0, result.output
    written = rows_of(result.stdout)
    assert list(written[0])[:5] == ["year", "month", "day", "hour", "forecast"]
    after = [hours[-1] + pd.Timedelta(hours=step) for step in range(1, 25)]
    assert [(row["year"], row["month"], row["day"], row["hour"]) for row in written] == [
        (str(hour.year), str(hour.month), str(hour.day), str(hour.hour)) for hour in after
    ]
    newer = write(tmp_path / "newer.csv", "y,hour,day,month,year", [])
    rows = [f"{row},{hour.hour},{hour.day},{hour.month},{hour.year}\n" for row, hour in enumerate(hours[24:])]
    (tmp_path / newer).write_text("y,hour,day,month,year\n" + "".join(rows))
    assert rows_of(run("predict", newer, "--name", "load").stdout)[0]["day"] == written[0]["day"]
    (tmp_path / "joined.csv").write_text("ds,y\n2024-01-01 00:00,1\n2024-01-01 01:00,2\n")
    refused = run("predict", "joined.csv", "--name", "load")
    assert refused.exit_code == 65
    assert "there is no column 'year'" in refused.stderr


def test_the_python_interface_has_the_same_columns(tmp_path):
    import tsforecast

    hours = pd.date_range("2023-12-01", periods=300, freq="h")
    write(tmp_path / "load.csv", "date,hour,y", [f"{hour:%Y-%m-%d,%H}" for hour in hours])
    store = tmp_path / "models"
    tsforecast.fit(tmp_path / "load.csv", model="linear", horizon=24, lookback=48, name="load", store=store)
    frame = tsforecast.predict(name="load", store=store)
    assert list(frame.columns[:3]) == ["date", "hour", "forecast"]
    assert (frame["date"].iloc[0], frame["hour"].iloc[0]) == ("2023-12-13", "12")


def test_time_col_takes_several_columns(run, tmp_path):
    hours = pd.date_range("2023-12-01", periods=100, freq="h")
    table = write(tmp_path / "a.csv", "Y,M,D,H,y", [f"{hour:%Y,%m,%d,%H}" for hour in hours])
    document = json.loads(run("describe", table, "--time-col", "Y,M,D,H", "--json").stdout)
    assert document["time_col"] == "Y,M,D,H"
    result = run("describe", table, "--time-col", "Y,M,X")
    assert result.exit_code == 65
    assert "there is no column 'X'" in result.stderr


def test_ambiguous_times_need_a_word(run, tmp_path):
    hours = pd.date_range("2024-10-20", periods=400, freq="h", tz="Europe/Berlin")
    table = write(tmp_path / "load.csv", "ds,y", [f"{hour:%Y-%m-%d %H:%M}" for hour in hours])
    refused = run("fit", table, *LINEAR, "--tz", "Europe/Berlin")
    assert refused.exit_code == 65
    assert "line 172, column 'ds': 2024-10-27 02:00 happens twice in Europe/Berlin" in " ".join(refused.stderr.split())
    assert "--ambiguous" in refused.stderr
    done = run("fit", table, *LINEAR, "--tz", "Europe/Berlin", "--ambiguous", "infer")
    assert done.exit_code == 0, done.output
    written = rows_of(run("predict", table, "--name", "load", "--ambiguous", "infer").stdout)
    assert written[0]["ds"] == f"{(hours[-1] + pd.Timedelta(hours=1)):%Y-%m-%d %H:%M}+01:00"
    alone = run("describe", table, "--ambiguous", "infer")
    assert alone.exit_code == 2
    assert "needs the zone" in alone.stderr


def test_times_in_the_future_are_said_when_fitting(run, tmp_path):
    past = [str(date(2020, 1, 1) + timedelta(days=row)) for row in range(400)]
    future = [str(date(2190, 1, 1) + timedelta(days=row)) for row in range(400)]
    said = run("fit", write(tmp_path / "a.csv", "ds,y", future), *LINEAR).stderr
    assert "steps in the future: are the years right?" in " ".join(said.split())
    assert "in the future" not in run("fit", write(tmp_path / "b.csv", "ds,y", past), *LINEAR).stderr
