"""Tables whose forecasts were wrong, or whose new rows were lost: fitted and forecast with quick models."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from tests.conftest import Run
from tests.tables.kit import series, stamps, table, wave

DAY = "%Y-%m-%d"
DAYS = stamps(160, "D", DAY)
QUICK = ("--horizon", "7", "--lookback", "14", "-q")


def fit(run: Run, text: str, model: str = "seasonal-naive", *flags: str) -> str:
    """Fit a model to a table, and return what was said."""
    with open("table.csv", "w", encoding="utf-8") as file:
        file.write(text)
    done = run("fit", "table.csv", "--model", model, *QUICK[: 4 if flags else 5], *flags)
    assert done.exit_code == 0, done.stderr
    return done.stderr


def forecast(run: Run, text: str = "", *flags: str) -> tuple[list[dict[str, str]], str]:
    """The rows of a forecast, of new data where there are any, and what was said."""
    with open("new.csv", "w", encoding="utf-8") as file:
        file.write(text)
    done = run("predict", *(["new.csv"] if text else []), *flags)
    assert done.exit_code == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout))), done.stderr


def test_16_bounds_of_rare_demand(run: Run) -> None:
    values = [3 if row % 11 == 4 else 0 for row in range(160)]
    fit(run, table("day,sold", zip(DAYS, values, strict=True)), "linear")
    rows, _ = forecast(run)
    assert max(float(row["upper_95"]) for row in rows) < 30


def test_17_a_level_that_shifts(run: Run) -> None:
    values = [wave(row) + (900 if row >= 140 else 0) for row in range(160)]
    fit(run, table("day,sold", zip(DAYS, values, strict=True)), "linear")
    rows, _ = forecast(run)
    assert np.mean([float(row["forecast"]) for row in rows]) == pytest.approx(980, rel=0.2)


def test_18_another_column_of_numbers(run: Run) -> None:
    fit(run, series("day,sold", DAYS[:150]))
    plain, _ = forecast(run, series("day,sold", DAYS))
    promoted = table("day,sold,promo", [(day, wave(row), row % 2) for row, day in enumerate(DAYS)])
    assert forecast(run, promoted)[0] == plain
    assert plain[0]["day"] == "2021-08-08"


def test_51_rare_demand_is_forecast_by_its_mean_on_request(run: Run) -> None:
    weeks = stamps(160, "7D", DAY, "2018-01-01")
    said = fit(
        run, table("week,sold", [(week, 40 if row % 3 == 1 else 0) for row, week in enumerate(weeks)]), "naive", "-v"
    )
    assert "--point mean" in said


@pytest.mark.parametrize("value", [0, 6.25])
def test_52_values_that_never_change(value: float, run: Run) -> None:
    fit(run, table("day,sold", [(day, value) for day in DAYS]), "linear")
    rows, _ = forecast(run)
    assert {float(cell) for row in rows for name, cell in row.items() if name != "day"} == {value}


def test_54_new_rows_after_a_gap(run: Run) -> None:
    fit(run, series("day,sold", DAYS[:120]))
    later = table("day,sold", [(day, wave(row)) for row, day in enumerate(DAYS)][150:153])
    rows, said = forecast(run, later)
    assert rows[0]["day"] == "2021-08-01"
    assert "30" in said and "''" not in said


@pytest.mark.parametrize("text_format", ["%-m/%-d/%y", "%Y-%m-%dT%H:%M:%S.000Z", "%d%b%Y"])
def test_55_times_come_back_as_they_are_written(text_format: str, run: Run) -> None:
    written = stamps(167, "D", text_format)
    written = [text.upper() if text_format == "%d%b%Y" else text for text in written]
    fit(run, series("day,sold", written[:160]))
    assert [row["day"] for row in forecast(run)[0]] == written[160:]


def test_55_months_come_back_as_they_are_written(run: Run) -> None:
    written = stamps(127, "MS", "%-m/%Y", "2010-01-01")
    fit(run, series("month,sold", written[:120]))
    assert [row["month"] for row in forecast(run)[0]] == written[120:]
