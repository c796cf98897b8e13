"""The grid of a table: what is stated, what is refused, and series that cannot be used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel


def table(**series: dict[str, object]) -> pd.DataFrame:
    """One series per name: `freq`, `start`, `periods` of its stamps; values count up."""
    parts = [
        pd.DataFrame({"id": name, "ds": pd.date_range(**how), "y": np.arange(how["periods"], dtype=float)})
        for name, how in series.items()
    ]
    return pd.concat(parts, ignore_index=True)


def warnings(result: ReadResult) -> list[str]:
    return [note.text for note in result.notes if note.kind == "warning"]


HOURS = {"start": "2024-01-01", "periods": 30, "freq": "h"}


def test_a_series_on_another_phase_is_refused_or_left_out():
    frame = table(a=HOURS, b=HOURS, c=HOURS | {"start": "2024-01-01 00:30"})
    with pytest.raises(DataError, match=r"30 of 90 stamps are off the hourly grid in 1 series, the first") as caught:
        read_panel(frame)
    assert caught.value.row == 62
    assert "--on-bad-series skip" in caught.value.hint
    result = read_panel(frame, ReadOptions(on_bad_series="skip"))
    assert result.panel.ids == (("a",), ("b",))
    assert warnings(result) == ["1 series with times off the hourly grid left out: 'c'"]
    aligned = read_panel(frame, ReadOptions(freq="h", aggregate="mean"))
    assert aligned.panel.n_series == 3


def test_a_stray_stamp_is_named():
    frame = table(a=HOURS)
    frame.loc[7, "ds"] += pd.Timedelta(minutes=7)
    with pytest.raises(
        DataError, match="1 of 30 stamps is off the hourly grid, the first is '2024-01-01 07:07"
    ) as caught:
        read_panel(frame)
    assert (caught.value.row, "--freq" in caught.value.hint) == (9, True)


def test_a_stray_saturday_does_not_turn_business_days_into_days():
    days = pd.bdate_range("2024-01-01", periods=100).append(pd.DatetimeIndex(["2024-02-03"]))
    frame = pd.DataFrame({"ds": days, "y": np.arange(101.0)})
    with pytest.raises(
        DataError, match="1 of 101 stamps is off the business-day grid, the first is '2024-02-03"
    ) as caught:
        read_panel(frame)
    assert caught.value.row == 102
    assert read_panel(frame, ReadOptions(freq="D")).panel.frequency.alias == "D"


def test_holidays_are_gaps_of_business_days():
    frame = pd.DataFrame({"ds": pd.bdate_range("2024-01-01", periods=60), "y": np.arange(60.0)}).drop(index=[10, 30])
    result = read_panel(frame)
    assert (result.panel.frequency.alias, int((~result.panel.observed).sum())) == ("B", 2)


def test_six_days_a_week_are_steps_of_these_days():
    days = pd.date_range("2024-01-01", periods=70)
    frame = pd.DataFrame({"ds": days, "y": np.arange(70.0)})[days.day_of_week < 6]
    result = read_panel(frame)
    assert (result.panel.frequency.alias, result.panel.observed.all(), warnings(result)) == ("Mon-Sat", True, [])
    assert all(np.is_busday(day, weekmask="1111110") for day in result.panel.future_stamps(0, 100).astype("M8[D]"))
    assert read_panel(frame, ReadOptions(freq="mon-sat")).panel.frequency == result.panel.frequency
    assert read_panel(frame, ReadOptions(freq="D")).panel.frequency.alias == "D"


def test_a_series_of_longer_steps_is_no_series_with_gaps():
    frame = table(a=HOURS | {"periods": 400}, b={"start": "2024-01-01", "periods": 10, "freq": "D"})
    named = ReadOptions(id_cols=("id",))
    with pytest.raises(DataError, match="207 of 217 steps of 'b' are missing on the hourly grid") as caught:
        read_panel(frame, named)
    assert "--freq D --aggregate mean, or leave such series out with --on-bad-series skip" in caught.value.hint
    assert read_panel(frame, replace(named, freq="D", aggregate="mean")).panel.lengths.tolist() == [17, 10]
    result = read_panel(frame, replace(named, on_bad_series="skip"))
    assert result.panel.ids == (("a",),)
    assert warnings(result) == ["1 series with more than half of the steps missing left out: 'b'"]
    assert read_panel(frame, replace(named, fill_gaps="zero")).panel.n_series == 2


def test_series_of_a_single_value_are_left_out_only_on_demand():
    frame = table(a=HOURS, b=HOURS | {"periods": 1})
    assert read_panel(frame, ReadOptions(id_cols=("id",))).panel.n_series == 2
    result = read_panel(frame, ReadOptions(id_cols=("id",), on_bad_series="skip"))
    assert warnings(result) == ["1 series of a single value left out: 'b'"]


def test_twenty_of_many_are_named():
    frame = table(a=HOURS, **{f"b{number:02d}": HOURS | {"periods": 1} for number in range(30)})
    (text,) = warnings(read_panel(frame, ReadOptions(id_cols=("id",), on_bad_series="skip")))
    assert text.startswith("30 series of a single value left out: 'b00', 'b01'")
    assert text.endswith("'b18' and 11 more")


def test_a_table_of_bad_series_only():
    frame = table(a=HOURS).assign(ds=lambda rows: rows["ds"].where(rows.index < 2, rows["ds"] + pd.Timedelta(days=9)))
    with pytest.raises(DataError, match="no series is left: 1 series with more than half of the steps missing"):
        read_panel(frame, ReadOptions(on_bad_series="skip"))


def test_the_stated_step_is_taken():
    frame = table(a=HOURS)
    frame = frame[frame.index % 5 != 1]
    assert read_panel(frame, ReadOptions(freq="hourly")).panel.values.size == 30
    with pytest.raises(DataError, match=r"22 of 24 stamps are off the daily grid.*--aggregate mean"):
        read_panel(frame, ReadOptions(freq="D"))
    with pytest.raises(OptionError, match="no frequency 'sometimes'"):
        read_panel(frame, ReadOptions(freq="sometimes"))


def test_a_single_row_has_the_stated_step():
    frame = table(a=HOURS | {"periods": 1})
    with pytest.raises(DataError, match="single time stamp"):
        read_panel(frame)
    assert read_panel(frame, ReadOptions(freq="D")).panel.values.tolist() == [0]


@pytest.mark.parametrize(
    ("days", "alias"),
    [
        (["2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"], "ME"),
        (["2023-12-31", "2024-01-30", "2024-02-29", "2024-03-30", "2024-04-29", "2024-05-29"], "30D"),
        (["2020-02-29", "2021-02-28", "2022-02-28", "2023-02-28", "2024-02-29"], "YE-FEB"),
        (["2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31"], "QE-MAR"),
        (["2024-01-01", "2024-04-01", "2024-07-01", "2025-01-01"], "QS-JAN"),
        (["2024-01-01", "2024-01-15", "2024-01-29", "2024-02-26"], "2W-MON"),
        (["2024-01-01", "2024-01-11", "2024-01-21", "2024-02-10"], "10D"),
    ],
)
def test_calendar_steps_with_gaps(days, alias):
    frame = pd.DataFrame({"ds": days, "y": np.arange(len(days)) * 1.5})
    assert read_panel(frame).panel.frequency.alias == alias


def test_constant_series_are_named():
    frame = table(a=HOURS, b=HOURS, c=HOURS)
    frame.loc[frame["id"] != "a", "y"] = 4.0
    assert warnings(read_panel(frame)) == ["2 series never change: 'b', 'c'"]
    alone = frame[frame["id"] == "b"].drop(columns="id")
    assert warnings(read_panel(alone)) == ["the values never change: the forecast will not either"]


def test_limits():
    frame = table(a=HOURS, b=HOURS)
    assert read_panel(frame, ReadOptions(max_rows=60, max_series=2)).panel.n_series == 2
    with pytest.raises(DataError, match=r"60 rows; at most 59 are allowed; .*--max-rows"):
        read_panel(frame, ReadOptions(max_rows=59))
    with pytest.raises(DataError, match=r"2 series; at most 1 are allowed; .*--max-series"):
        read_panel(frame, ReadOptions(max_series=1))


@pytest.mark.parametrize(("rule", "value"), [("first", 1), ("last", 9), ("mean", 4), ("sum", 12)])
def test_repeats_with_equal_and_other_values(rule, value):
    frame = table(a=HOURS).drop(columns="id")
    same, other = frame.iloc[[4]], frame.iloc[[1]].assign(y=9.0)
    assert "1 row is an exact copy of another: kept once" in warnings(read_panel(pd.concat([frame, same])))
    with pytest.raises(DataError, match="with other values"):
        read_panel(pd.concat([frame, other]))
    result = read_panel(pd.concat([frame, other, same.assign(y=4.0)]), ReadOptions(on_duplicate=rule))
    assert any(
        "2 rows repeated a time of the same series, 1 of them with other values" in text for text in warnings(result)
    )
    twice = read_panel(pd.concat([frame, frame.iloc[[1]].assign(y=2.0), other]), ReadOptions(on_duplicate=rule))
    assert twice.panel.values[1] == value
