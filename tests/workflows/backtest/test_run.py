"""`backtest` as a workflow: what it returns, and the forecasts that it writes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.workflows.conftest import sales
from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import BASELINES
from tsforecast.progress import WindowsForecast
from tsforecast.workflows.backtest.forecasts import long_frame
from tsforecast.workflows.backtest.run import backtest
from tsforecast.workflows.backtest.settings import BacktestSettings

OPTIONS = FitOptions(model="linear", horizon=7)


def scored(frame, output=None, options=OPTIONS, report=lambda event: None, **settings):
    return backtest(
        frame,
        settings=BacktestSettings(**settings),
        options=options,
        reading=ReadOptions(),
        output=output,
        report=report,
    )


def test_what_is_found():
    result, made = scored(sales(120), windows=3)
    assert (result.windows, result.fits, result.horizon, result.forecasts, result.series) == (3, 3, 7, 6, 2)
    assert result.cutoffs == ("2023-04-09", "2023-04-16", "2023-04-23")
    assert set(result.scores) == set(BASELINES)
    assert result.scores["seasonal-naive"]["skill"] == 0
    assert result.scores["linear"]["skill"] > 0.1
    assert result.verdict.startswith("linear makes")
    assert len(result.by_step["linear"]["mae"]) == 7 and len(result.by_window["linear"]["mase"]) == 3
    worst, best = result.by_series["linear"]
    assert worst["mase"] >= best["mase"] and {worst["id"], best["id"]} == {"007", "7"}
    assert made.made["linear"].y_pred.shape == (6, 7)


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_the_forecasts_in_long_form(tmp_path, ending):
    frame = sales(100)
    _, made = scored(frame, tmp_path / f"made.{ending}", windows=2, gap=1)
    path = tmp_path / f"made.{ending}"
    if ending == "csv":
        table = pd.read_csv(path, dtype={"shop": str})
    else:
        table = pd.read_parquet(path) if ending == "parquet" else pd.read_json(path, lines=True, dtype=False)
    bounds = ["lower_80", "upper_80", "lower_95", "upper_95"]
    assert list(table.columns) == ["shop", "cutoff", "date", "model", "y_true", "forecast", *bounds]
    assert len(table) == 2 * 2 * len(BASELINES) * 7
    known = frame.set_index(["shop", "date"])["sold"]
    np.testing.assert_allclose(table["y_true"], known.loc[list(zip(table["shop"], table["date"], strict=True))])
    behind = pd.to_datetime(table["date"]) - pd.to_datetime(table["cutoff"])
    assert (behind.min(), behind.max()) == (pd.Timedelta("2D"), pd.Timedelta("8D"))
    own = table[(table["model"] == "linear") & (table["shop"] == "7")]["forecast"].to_numpy()
    np.testing.assert_allclose(own, made.made["linear"].y_pred[made.truth.series == 1].ravel(), rtol=1e-6)


def test_a_column_that_would_stand_twice_is_refused_before_the_work(tmp_path):
    frame = sales(100).rename(columns={"shop": "model"})
    events = []
    with pytest.raises(DataError, match="the column 'model' cannot be told"):
        scored(frame, tmp_path / "made.csv", windows=1, report=events.append)
    assert not any(isinstance(event, WindowsForecast) for event in events)
    scored(frame, windows=1)


def test_the_frame_has_time_stamps():
    _, made = scored(sales(100), windows=2)
    frame = long_frame(made, (80.0,), stamps=True)
    texts = long_frame(made, (80.0,))
    assert frame["date"].dtype == frame["cutoff"].dtype == "datetime64[us]"
    assert list(frame["date"].dt.strftime("%Y-%m-%d")) == list(texts["date"])
    assert list(frame["cutoff"].dt.strftime("%Y-%m-%d")) == list(texts["cutoff"])
    pd.testing.assert_frame_equal(frame.drop(columns=["date", "cutoff"]), texts.drop(columns=["date", "cutoff"]))


def test_what_was_not_observed_has_no_truth(tmp_path):
    frame = sales(100, shops=("a",)).drop(columns="shop").drop(index=97)
    scored(frame, tmp_path / "made.csv", windows=1)
    table = pd.read_csv(tmp_path / "made.csv")
    assert set(table[table["y_true"].isna()]["date"]) == {"2023-04-08"}


def test_columns_known_ahead_help_and_those_known_up_to_now_are_cut():
    frame = sales(150, shops=("a",)).drop(columns="shop")
    price = np.random.default_rng(5).normal(size=150)
    # Today's visitors buy in a week.
    frame = frame.assign(sold=frame["sold"] + 30 * price, price=price, visitors=np.roll(price, -7))

    def found(table, **columns):
        reading = ReadOptions(target_cols=("sold",), **columns)
        options = FitOptions(model="linear", horizon=7, calendar="weekday")
        return backtest(table, settings=BacktestSettings(windows=2), options=options, reading=reading)

    known, _ = found(frame, future_cols=("price",))
    assert known.scores["linear"]["mae"] < 0.5 * found(frame)[0].scores["linear"]["mae"]
    later = frame.assign(visitors=frame["visitors"] + (np.arange(150) >= 136))
    one, other = (found(table, past_cols=("visitors",))[1] for table in (frame, later))
    np.testing.assert_array_equal(one.made["linear"].y_pred[0], other.made["linear"].y_pred[0])
    assert np.any(one.made["linear"].y_pred[1] != other.made["linear"].y_pred[1])


def test_refused():
    with pytest.raises(OptionError, match="refit is 'often'"):
        BacktestSettings(refit="often")
    with pytest.raises(DataError, match="windows reach 700 rows back"):
        scored(sales(100), windows=100)
    with pytest.raises(DataError, match=r"before window 1 of 13: the longest series has 9 rows.*fewer --windows"):
        scored(sales(100), windows=13)
    with pytest.raises(OptionError, match="cannot tell how to write"):
        scored(sales(100), "made.txt")
