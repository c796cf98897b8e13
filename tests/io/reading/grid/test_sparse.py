"""Tables in which most steps have no row: zeros, days that are closed, orders, and steps that are too short."""

from __future__ import annotations

import re
import shlex

import numpy as np
import pandas as pd
import pytest

from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.workflows.fit import FitOptions, fit
from tsforecast.workflows.predict import predict


def warnings(result: ReadResult) -> list[str]:
    return [note.text for note in result.notes if note.kind == "warning"]


def demand(days: int = 500, share: float = 0.4, seed: int = 3) -> pd.DataFrame:
    """Whole numbers on days, of which this share is zero."""
    random = np.random.default_rng(seed)
    values = np.where(random.random(days) < share, 0, random.integers(3, 9, days))
    values[[0, -1]] = 4
    return pd.DataFrame({"ds": pd.date_range("2022-01-01", periods=days), "y": values.astype(float)})


def advised(frame: pd.DataFrame, **options: object) -> ReadResult:
    """Read a table as the hint of its refusal says."""
    with pytest.raises(DataError) as caught:
        read_panel(frame, ReadOptions(**options))  # type: ignore[arg-type]
    found = re.search(r"--freq \S+ --(aggregate|fill-gaps) \w+", caught.value.hint)
    assert found, caught.value.hint
    words = shlex.split(found[0])
    return read_panel(
        frame, ReadOptions(**options | {words[0][2:]: words[1], words[2][2:].replace("-", "_"): words[3]})
    )


def test_zero_means_observed_zeros():
    written = demand()
    rows = written[written["y"] > 0]
    assert "if a time without a row means zero, add --fill-gaps zero" in warnings(read_panel(rows))[0]
    result = read_panel(rows, ReadOptions(fill_gaps="zero"))
    np.testing.assert_array_equal(result.panel.values, written["y"])
    assert result.panel.observed.all()
    (said,) = warnings(result)
    assert said.endswith("missing: taken as observed zeros, trained on and scored")


@pytest.mark.parametrize(("step", "said"), [("YS", "year"), ("MS", "month")])
def test_the_hint_on_sparse_years_and_months_names_them(step, said):
    times = pd.date_range("1900-01-01", periods=60, freq=step)
    frame = pd.DataFrame({"ds": times, "y": 1.0 + np.arange(60) % 5})[np.arange(60) ** 2 % 11 < 4]
    with pytest.raises(DataError) as caught:
        read_panel(frame)
    assert (
        caught.value.hint
        == f"if a {said} without a row means zero, add --freq {step} --fill-gaps zero; else correct the times"
    )
    assert advised(frame).panel.frequency.step == {"YS": 12, "MS": 1}[step]


def test_there_may_be_any_share_of_zeros():
    written = demand(share=0.8)
    rows = written[written["y"] > 0]
    np.testing.assert_array_equal(read_panel(rows, ReadOptions(fill_gaps="zero")).panel.values, written["y"])
    np.testing.assert_array_equal(advised(rows).panel.values, written["y"])


def test_hours_without_a_row_may_be_zero():
    random = np.random.default_rng(2)
    written = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=900, freq="h"), "y": 0.0})
    written["y"] = np.where(random.random(900) < 0.7, 0, random.integers(1, 5, 900))
    written.loc[[0, 899], "y"] = 1
    panel = read_panel(written[written["y"] > 0], ReadOptions(fill_gaps="zero")).panel
    assert panel.frequency.alias == "h"
    np.testing.assert_array_equal(panel.values, written["y"])


def test_a_forecast_of_zeros_left_out_is_that_of_zeros_written(tmp_path):
    written = demand(900)
    means = []
    for frame, rule in ((written, "seasonal"), (written[written["y"] > 0], "zero")):
        store = tmp_path / rule
        options = FitOptions(model="linear", horizon=14)
        fit(frame, options=options, reading=ReadOptions(fill_gaps=rule), store=store)  # type: ignore[arg-type]
        means.append(predict(store=store).frame["forecast"].mean())
    assert means[0] == pytest.approx(means[1])


def test_orders_are_summed_and_days_without_one_are_zero():
    random = np.random.default_rng(7)
    days = np.sort(random.choice(400, 300))
    days[[0, -1]] = 0, 399
    frame = pd.DataFrame({"ds": pd.Timestamp("2023-01-01") + pd.to_timedelta(days, unit="D"), "y": 2.0})
    expected = np.bincount(days, minlength=400) * 2.0
    for options in ({}, {"freq": "D"}):
        result = read_panel(frame, ReadOptions(aggregate="sum", **options))
        np.testing.assert_array_equal(result.panel.values, expected)
        assert result.panel.observed.all()
        assert any("repeat a time of the same series: all of them count" in note.text for note in result.notes)
    mean = read_panel(frame, ReadOptions(freq="D", aggregate="mean", fill_gaps="previous"))
    assert not mean.panel.observed.all()
    with pytest.raises(DataError, match="stands in line"):
        read_panel(frame.assign(y=random.normal(size=len(frame))))


def test_an_outage_of_a_meter_is_no_zero():
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=24 * 30, freq="h"), "y": 1.0})
    result = read_panel(frame.drop(index=range(240, 288)), ReadOptions(freq="D", aggregate="sum"))
    assert (~result.panel.observed).sum() == 2 and set(result.panel.values) == {24.0}
    with pytest.raises(OptionError, match="add --freq"):
        read_panel(frame, ReadOptions(aggregate="sum"))


def test_days_on_which_one_of_many_is_closed_are_named():
    days = pd.date_range("2024-01-01", periods=200)
    frame = pd.concat([pd.DataFrame({"id": name, "ds": days, "y": np.arange(200.0) % 11}) for name in ("a", "b")])
    frame = frame[(frame["id"] == "a") | (frame["ds"].dt.day_of_week < 6)]
    result = read_panel(frame, ReadOptions(id_cols=("id",)))
    assert result.panel.frequency.alias == "D"
    assert any(
        text.startswith("'b' has hardly any value on Sunday: these days") and text.endswith("add --fill-gaps zero")
        for text in warnings(result)
    )


def test_series_that_end_early_are_named():
    days = pd.date_range("2024-01-01", periods=200)
    parts = {"a": 200, "b": 150, "c": 195, "d": 60}
    frame = pd.concat([pd.DataFrame({"id": key, "ds": days[:n], "y": np.arange(n) % 7}) for key, n in parts.items()])
    (said,) = warnings(read_panel(frame))
    assert said.startswith("2 series end well before the newest, the first of them 'd' 140 steps before it")
    (said,) = warnings(read_panel(frame[frame["id"] != "d"]))
    assert said.startswith("1 series ends well before the newest: 'b' 50 steps before it")


def test_series_on_different_weekdays_are_brought_onto_common_weeks():
    parts = [
        pd.DataFrame({"id": name, "ds": pd.date_range(first, periods=60, freq="7D"), "y": np.arange(60.0)})
        for name, first in (("a", "2024-01-01"), ("b", "2024-01-06"), ("c", "2024-01-07"))
    ]
    result = advised(pd.concat(parts), id_cols=("id",))
    assert (result.panel.frequency.alias, result.panel.lengths.tolist()) == ("W-MON", [60, 60, 60])
    assert all(result.panel.series(number).tolist() == list(range(60)) for number in range(3))


@pytest.mark.parametrize(("second", "alias"), [("MS", "MS"), ("ME", "ME")])
def test_twice_a_month(second, alias):
    middle = pd.date_range("2020-01-01", periods=48, freq="MS") + pd.Timedelta(days=14)
    both = middle.append(pd.date_range("2020-01-01", periods=48, freq=second)).sort_values()
    frame = pd.DataFrame({"ds": both, "y": np.arange(96) + 0.5})
    result = advised(frame)
    assert result.panel.frequency.alias == alias
    np.testing.assert_array_equal(result.panel.values, frame["y"].to_numpy().reshape(48, 2).sum(axis=1))


def test_months_of_four_and_five_weeks():
    fridays = pd.date_range("2019-01-01", "2023-12-31", freq="W-FRI").to_series()
    last = fridays.groupby(fridays.dt.to_period("M")).last().to_numpy()
    frame = pd.DataFrame({"ds": last, "y": np.arange(60) * 1.5})
    result = advised(frame)
    assert result.panel.frequency.alias == "ME"
    np.testing.assert_array_equal(result.panel.values, frame["y"])


def test_hours_of_a_market():
    hours = pd.date_range("2024-01-01", periods=24 * 300, freq="h")
    frame = pd.DataFrame({"ds": hours, "y": 50 + np.cumsum(np.random.default_rng(0).normal(size=len(hours)))})
    frame = frame[frame["ds"].dt.hour.between(9, 16) & (frame["ds"].dt.day_of_week < 5)]
    result = advised(frame)
    assert result.panel.frequency.alias == "B"
    last = frame.groupby(frame["ds"].dt.date)["y"].last()
    np.testing.assert_allclose(result.panel.values, last.to_numpy())


def test_minutes_most_of_which_are_missing():
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=6000, freq="min"), "y": 100.0})
    frame["y"] += np.cumsum(random.normal(size=6000))
    frame.loc[random.random(6000) < 0.65, "y"] = np.nan
    result = advised(frame, target_cols=("y",))
    assert result.panel.frequency.alias in ("5min", "10min", "15min")
    assert result.panel.observed.mean() > 0.9


def test_readings_at_any_time_are_averaged():
    random = np.random.default_rng(1)
    seconds = np.sort(random.integers(0, 30 * 86400, 9000))
    frame = pd.DataFrame({"ds": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.unique(seconds), unit="s")})
    frame["y"] = np.round(20 + 5 * np.sin(np.arange(len(frame)) / 900))
    result = advised(frame)
    assert result.panel.values.min() > 14 and result.panel.values.max() < 26


def test_weeks_of_several_series_under_each_other_are_no_chosen_weekdays():
    parts = [pd.DataFrame({"ds": pd.date_range(day, periods=60, freq="7D")}) for day in ("2024-01-01", "2024-01-06")]
    frame = pd.concat(parts, ignore_index=True).assign(y=np.arange(120.0))
    with pytest.raises(DataError) as caught:
        read_panel(frame)
    assert "--id-col" in caught.value.hint
    assert read_panel(frame.sort_values("ds", ascending=False)).panel.frequency.alias == "Mon,Sat"


def orders(share: float, *, decimals: bool = False) -> pd.DataFrame:
    """Several orders on some of 400 days."""
    random = np.random.default_rng(5)
    days = np.sort(np.concatenate([random.choice(400, int(400 * share)), random.choice(400, int(400 * share))]))
    days[[0, -1]] = 0, 399
    amounts = random.lognormal(3, 1, days.size).round(2) if decimals else random.integers(1, 9, days.size)
    dates = pd.Timestamp("2023-01-01") + pd.to_timedelta(days, unit="D")
    return pd.DataFrame({"date": dates, "item": random.choice(list("abc"), days.size), "sold": amounts})


@pytest.mark.parametrize(("share", "decimals"), [(0.4, False), (0.4, True), (1.5, False), (1.5, True)])
def test_the_hint_on_orders_sums_them(share, decimals):
    frame = orders(share, decimals=decimals)
    result = advised(frame)
    assert (result.panel.frequency.alias, result.panel.n_series, result.panel.values.size) == ("D", 1, 400)
    assert result.panel.values.sum() == pytest.approx(frame["sold"].sum())
    with pytest.raises(DataError) as caught:
        read_panel(frame, ReadOptions(freq="D"))
    assert "add --aggregate sum" in caught.value.hint and "--freq" not in caught.value.hint
    with pytest.raises(DataError) as caught:
        read_panel(frame, ReadOptions(id_cols=("item",)))
    assert "--freq D --aggregate sum" in caught.value.hint and "--id-col" not in caught.value.hint


def test_equal_lines_of_orders_all_count():
    frame = pd.concat([orders(1.5), orders(1.5)[:30]])
    frame = frame[frame["item"] == "a"]
    result = read_panel(frame, ReadOptions(freq="D", aggregate="sum"))
    assert result.panel.values.sum() == frame["sold"].sum()
    assert any("all of them count, also" in note.text and "exact copies" in note.text for note in result.notes)


def test_hints_repeat_no_option_that_was_given():
    rows = demand(share=0.8).query("y > 0")
    for options in ({"freq": "D"}, {}):
        with pytest.raises(DataError) as caught:
            read_panel(rows, ReadOptions(**options))
        assert ("--freq D" in caught.value.hint) == (not options)
        assert "--fill-gaps zero" in caught.value.hint


def test_series_of_different_steps_are_brought_onto_the_longest():
    months = pd.date_range("2012-01-01", periods=120, freq="MS")
    wave = 50 + 5 * np.sin(np.arange(120))
    for rule, quarters in (("sum", wave.reshape(40, 3).sum(axis=1)), ("mean", wave.reshape(40, 3).mean(axis=1))):
        slow = pd.DataFrame({"id": "slow", "ds": months[::3], "y": quarters})
        frame = pd.concat([pd.DataFrame({"id": "fast", "ds": months, "y": wave}), slow])
        with pytest.raises(DataError) as caught:
            read_panel(frame)
        assert f"--freq QS --aggregate {rule}, or leave such series out with --on-bad-series skip" in caught.value.hint
        panel = read_panel(frame, ReadOptions(freq="QS", aggregate=rule)).panel
        np.testing.assert_allclose(panel.series(0), panel.series(1))
        assert read_panel(frame, ReadOptions(on_bad_series="skip")).panel.ids == (("fast",),)


def test_seasons_with_long_pauses_may_be_zero_between():
    weeks = [f"{year}-W{week:02d}" for year in (2021, 2022, 2023) for week in range(1, 13)]
    frame = pd.DataFrame({"week": weeks, "sold": np.arange(36) % 9 + 1})
    with pytest.raises(DataError) as caught:
        read_panel(frame)
    assert caught.value.hint == "if a time without a row means zero, add --fill-gaps zero; else correct the times"
    panel = read_panel(frame, ReadOptions(fill_gaps="zero")).panel
    assert (panel.values > 0).sum() == 36 and panel.values.size > 110


def test_jittered_readings_keep_short_steps():
    random = np.random.default_rng(3)
    seconds = 10 * np.arange(3000) + random.normal(0, 0.4, 3000)
    stamps = pd.Timestamp("2024-01-01") + pd.to_timedelta((seconds * 1000).round(), unit="ms")
    result = advised(pd.DataFrame({"ds": stamps, "y": 20 + np.sin(np.arange(3000) / 200)}))
    assert result.panel.frequency.alias == "30s" and result.panel.observed.all()


def test_a_single_time_asks_for_the_step():
    rows = pd.DataFrame({"store": [1, 2, 3], "day": "2024-03-03", "y": [4.5, 2.5, 7.5]})
    with pytest.raises(DataError, match="single time stamp") as caught:
        read_panel(rows)
    assert "--freq D" in caught.value.hint
    assert read_panel(rows, ReadOptions(freq="D")).panel.ids == (("1",), ("2",), ("3",))


def test_zeros_reach_the_newest_step_of_all():
    frame = pd.DataFrame(
        {
            "sku": ["a"] * 40 + ["b"] * 20,
            "day": [
                *(pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(40) ** 2 // 13, unit="D")),
                *pd.date_range("2024-01-20", periods=20),
            ],
            "sold": 1.5,
        }
    )
    result = read_panel(frame, ReadOptions(id_cols=("sku",), freq="D", aggregate="sum", fill_gaps="zero"))
    assert result.panel.ends.tolist() == [result.panel.ends[0]] * 2
    assert result.panel.lengths.tolist() == [118, 99]
    assert "1 series ended before the newest step: zeros are added up to it, 79 steps in 'b'" in warnings(result)
