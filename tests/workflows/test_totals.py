"""`predict --total` and `--above`: what the steps of a horizon bring together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.workflows.conftest import sales
from tsforecast.errors import OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.writing.forecasts import write_forecast
from tsforecast.models.options import FitOptions
from tsforecast.models.paths import MOST_EXAMPLES
from tsforecast.store.store import Store
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict

OLDER = Path(__file__).parents[1] / "store" / "bundle" / "fixtures" / "format-3"


def test_a_row_for_each_total_whose_forecast_lies_near_the_sum(fitted, store):
    steps, totals = predict(store=store), predict(store=store, total=True)
    assert list(totals.frame.columns) == ["shop", "date", "total", "lower_80", "upper_80", "lower_95", "upper_95"]
    assert totals.rows == len(totals.frame) == 2
    assert list(totals.frame["date"]) == ["2024-02-05"] * 2
    sums = steps.frame.groupby("shop")["forecast"].sum()
    assert np.allclose(totals.frame["total"], sums, rtol=0.02)
    assert np.all(np.diff(totals.frame[["lower_95", "lower_80", "total", "upper_80", "upper_95"]], axis=1) > 0)
    assert totals.forecast.horizon == steps.forecast.horizon, "the ledger and the pictures have the steps"
    pd.testing.assert_series_equal(steps.frame["forecast"], predict(store=store, above=1.0).frame["forecast"])


def test_totals_of_independent_errors_are_surer_than_their_steps_added_up(fitted, store):
    steps, total = predict(store=store).frame, predict(store=store, total=True).frame
    added = steps.groupby("shop")[["lower_80", "upper_80"]].sum()
    width = (total["upper_80"] - total["lower_80"]).to_numpy()
    assert np.all(width < 0.7 * (added["upper_80"] - added["lower_80"]).to_numpy())


def test_totals_without_intervals(fitted, store):
    made, with_intervals = predict(store=store, levels=(), total=True), predict(store=store, total=True)
    assert list(made.frame.columns) == ["shop", "date", "total"]
    assert np.allclose(made.frame["total"], with_intervals.frame["total"])
    assert (made.rows, made.steps) == (2, 14)


def test_how_likely_a_value_is_exceeded_agrees_with_the_intervals(fitted, store):
    frame = predict(store=store).frame
    middle, high = float(frame["forecast"].iloc[3]), float(frame["upper_80"].iloc[3])
    assert predict(store=store, above=middle).frame.iloc[3, -1] == pytest.approx(0.5, abs=0.02)
    made = predict(store=store, above=high).frame
    assert made.columns[-1] == f"above_{high:.15g}"
    assert made.iloc[3, -1] == pytest.approx(0.1, abs=0.02)
    assert set(predict(store=store, above=-1e9).frame["above_-1000000000"]) == {1.0}
    total = predict(store=store, total=True, above=0.0).frame
    assert list(total["above_0"]) == [1.0, 1.0]


def test_the_files_have_the_columns_of_the_frame(fitted, store, tmp_path):
    result = predict(store=store, total=True, above=700.0)
    for name in ("t.csv", "t.jsonl"):
        write_forecast(result.blocks(), result.schema, result.recent.frequency, tmp_path / name)
    written = pd.read_csv(tmp_path / "t.csv", dtype={"shop": str})
    pd.testing.assert_frame_equal(written, result.frame, check_dtype=False)
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert lines == result.to_dict()["forecast"]


def test_a_horizon_beyond_the_training_has_no_totals(fitted, store):
    with pytest.raises(OptionError, match="--total needs the errors of 40 steps together"):
        predict(store=store, horizon=40, total=True)
    with pytest.raises(OptionError, match="above is inf"):
        predict(store=store, above=float("inf"))


def test_versions_without_examples_say_that_totals_are_rather_too_uncertain(tmp_path):
    """Those of the fixture were written before there were examples."""
    shutil.copytree(OLDER, tmp_path / "models")
    steps, totals = predict(store=tmp_path / "models"), predict(store=tmp_path / "models", total=True)
    assert any("as if all steps err alike" in note.text for note in totals.notes)
    added = steps.forecast.upper[:, :, 0].sum(axis=1)
    assert np.allclose(totals.forecast.total.upper[:, 0, 0], added, rtol=0.05)


def test_a_fit_keeps_examples(fitted, store):
    examples = Store(store).find("sales").open().bundle.forecaster.calibration.examples
    assert 20 <= len(examples) <= MOST_EXAMPLES


def test_a_scenario_has_its_own_totals(tmp_path):
    price = np.random.default_rng(0).integers(0, 5, size=400)  # that the past does not tell
    table = sales(400, shops=("007",)).assign(price=price)
    table["sold"] += 10 * table["price"]
    reading = ReadOptions(target_cols=("sold",), id_cols=("shop",), future_cols=("price",))
    fit(table, options=FitOptions(model="linear", horizon=7), reading=reading, store=tmp_path / "m", name="sales")
    ahead = sales(407, shops=("007",))[["shop", "date"]].tail(7).assign(price=1.0)
    steps = predict(store=tmp_path / "m", future=ahead, what_if="price=+1")
    result = predict(store=tmp_path / "m", future=ahead, what_if="price=+1", total=True, above=0.0)
    made = result.frame
    assert result.to_dict()["notes"][-1] == steps.to_dict()["notes"][-1], "the effect is on the mean of the steps"
    assert made["what_if"].iloc[0] > made["total"].iloc[0] + 20
    assert list(made.columns[-6:]) == [
        "what_if", "what_if_lower_80", "what_if_upper_80", "what_if_lower_95", "what_if_upper_95", "what_if_above_0",
    ]  # fmt: skip
