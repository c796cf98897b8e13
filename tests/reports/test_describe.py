"""The page of `describe`: sentences that fit the screen, and nothing said twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.conftest import make_series
from tests.tables.test_ordinary import KINDS
from tsforecast.io.options import ReadOptions
from tsforecast.reports.describe import page, series_table
from tsforecast.workflows.describe import Description, describe

WIDTH = 80


def described(tmp_path, text: str, **options) -> Description:
    path = tmp_path / "meters.csv"
    path.write_text(text, encoding="utf-8")
    return describe(path, ReadOptions(**options))


@pytest.fixture
def meters(tmp_path) -> Description:
    """Two meters, with what a table has that is no series."""
    rows = [
        f"{meter};{48.1 + level};Cellar of the house;{day:%d/%m/%Y} 00:00;{level + at % 7 + at / 8}".replace(".", ",")
        for meter, level in (("m1", 3), ("m2", 70))
        for at, day in enumerate(pd.date_range("2021-01-04", periods=60))
        if (meter, at) not in (("m1", 9), ("m1", 10))
    ]
    head = "Export of meters\n\nmeter;Latitude;place;when;kWh"
    return described(tmp_path, "\n".join([head, *rows, "Source: the grid operator", ""]))


def test_the_story(meters):
    assert page(meters, WIDTH) == [
        "meters.csv: 2 series of 60 steps, daily, from 04/01/2021 to 04/03/2021",
        "  time    'when': the only one that fits all rows",
        "  series  told apart by 'meter': times repeat, but not within these",
        "  values  'kWh'",
        "  text    utf-8; delimiter ;; decimal ,; no quotes; line ends LF",
        "",
        "Assumed",
        "  - Warning: numbers are read with a decimal comma",
        "  - Warning: the dates are read as %d/%m/%Y %H:%M, the only order that fits all",
        "    rows",
        "  - Warning: 2 of 120 values (1.7%) missing: filled from earlier values by the",
        "    seasonal rule",
        "",
        "Left out",
        "  - 'Latitude': is a coordinate",
        "  - 'place': text column",
        "  - 1 line above the header: 'Export of meters'",
        "  - 1 line below the rows: 'Source: the grid operator'",
        "  - 1 blank line skipped",
        "",
        "  rows    118",
        "  gaps    1, 2 steps (13/01/2021 to 14/01/2021) in 'm1'",
        "  range   3 to 82.875",
        "  season  7 steps, strength 1.00 of 1",
        "  fit     forecasts 14 steps from the last 9",
    ]


def test_the_readings(meters):
    lines = page(meters, WIDTH, explain=True)
    said = lines[lines.index("Readings considered") + 1 :]
    assert "    taken  ; between cells: 585 numbers or times in the sample" in said
    assert "    not    dates as %m/%d/%Y %H:%M: '15/01/2021 00:00' is no such date" in said
    assert "    taken  'meter': times repeat, but not within these" in said
    assert [line.strip() for line in said if not line.startswith("    ")] == [
        "the layout",
        "the numbers",
        "the time",
        "the series",
    ]


@pytest.mark.parametrize("kind", KINDS[::4], ids=lambda kind: kind.row)
def test_lines_fit_and_nothing_is_said_twice(kind, tmp_path):
    options = {"thousands": " ", "decimal": ","} if kind.flags else {}
    lines = page(described(tmp_path, kind.text, **options), WIDTH, explain=True)
    assert max(map(len, lines)) <= WIDTH
    story = lines[: lines.index("Readings considered")]
    said = [line for line in story if line.strip()]
    assert len(said) == len(set(said))


def test_hours_are_said_to_the_minute():
    (line, *_) = page(describe(make_series(48)), WIDTH)
    assert line == "data frame: 1 series of 48 steps, hourly, from 2024-01-01 00:00 to 2024-01-02"


def test_many_columns_are_counted():
    frame = make_series(48).assign(**{f"v{number}": make_series(48, seed=number)["y"] for number in range(30)})
    text = " ".join(page(describe(frame), WIDTH))
    assert "'v9' and 20 more" in " ".join(text.split())


def test_the_table_has_no_column_that_says_the_same_of_all(meters):
    header, rows = series_table(meters, 12)
    assert header == ("series", "missing", "mean", "min", "max")
    assert [row[0] for row in rows] == ["m1", "m2"]
    shorter = replace(meters, profile=({**meters.profile[0], "rows": 50}, meters.profile[1]))
    assert series_table(shorter, 1)[0][:2] == ("series", "rows")
    assert len(series_table(shorter, 1)[1]) == 1


def test_rows_that_repeat_a_time_are_counted():
    frame = pd.concat([make_series(50), make_series(2)])
    lines = page(describe(frame, ReadOptions(on_duplicate="first")), WIDTH)
    assert "  rows    52, 2 of a time that stands above" in lines


def test_too_few_rows_to_fit():
    assert "  fit     too few rows" in page(describe(make_series(3)), WIDTH)


def test_what_is_known_besides_the_values(tmp_path):
    """Roles, lags, holidays, the calendar, a suspect, and what could be used, each said once."""
    rng = np.random.default_rng(0)
    days, shops = pd.date_range("2023-01-01", periods=130), ("a", "b")
    tables = []
    for number, shop in enumerate(shops):
        sold = 50 + 5 * rng.normal(size=130).cumsum()
        columns = {"sold": sold, "price": rng.normal(size=130), "wind": rng.normal(size=130), "actual": sold + 1}
        tables.append(pd.DataFrame({"day": days, "shop": shop, **columns, "size": number + 1.0, "kind": f"k{number}"}))
        tables[-1].loc[120:, ["sold", "wind"]] = np.nan
    path = tmp_path / "shops.csv"
    pd.concat(tables).to_csv(path, index=False)
    named = {"target_cols": ("sold",), "id_cols": ("shop",), "future_cols": ("price", "actual"), "holidays": ("DE",)}
    result = describe(path, ReadOptions(**named, lag=("wind=3",), category_cols=("kind",), holidays_around=1))
    lines = page(result, WIDTH)
    begin = lines.index("Known besides the values")
    assert lines[begin + 1 : lines.index("", begin)] == [
        "  up to now   'wind' 3 steps late",
        "  ahead       'price', 'actual', for 10 steps after the last value; 'actual' may",
        "              be measured afterwards",
        "  categories  'kind'",
        "  holidays    of DE, with 1 day before and after",
        "  calendar    fit tries weekday, day-of-month",
        "  could be    --static-col size",
    ]
    text = "\n".join(lines)
    assert text.count("--static-col size") == 1
    assert "is known ahead" not in text
    document = result.to_dict()
    assert document["lags"] == {"wind": 3}
    assert document["holidays"]["countries"] == ("DE",)
    assert [leak["column"] for leak in document["leaks"]] == ["actual"]
    assert {column["name"]: column["likely"] for column in document["columns"]}["size"] == "static"


def test_a_table_without_covariates_says_nothing_of_them(meters):
    assert "Known besides the values" not in page(meters, WIDTH)
