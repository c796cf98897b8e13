"""`compare`: the best model by its scores, and what chance may explain."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.workflows.conftest import sales
from tsforecast.errors import OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.workflows.backtest.compare import _verdict as verdict_of
from tsforecast.workflows.backtest.compare import compare
from tsforecast.workflows.backtest.run import backtest
from tsforecast.workflows.backtest.settings import BacktestSettings


def compared(models, frame=None, **settings):
    result, _ = compare(
        sales(160) if frame is None else frame,
        models=models,
        settings=BacktestSettings(**{"windows": 6} | settings),
        options=FitOptions(horizon=7),
        reading=ReadOptions(),
    )
    return result


def test_the_best_is_named_and_what_is_clearly_worse():
    result = compared(["drift", "linear"])
    assert list(result.scores) == ["linear", "seasonal-naive", "drift"]  # the seasonal naive is always there
    assert result.best == "linear" and "drift" not in result.level
    assert result.verdict.startswith("linear makes the least error, MASE 0.")
    row = result.scores["linear"]
    assert (row["ratio"], row["p_value"]) == (1, 1)
    assert row["parameters"] > 0 and row["fit_seconds"] > 0 and row["predict_seconds"] > 0
    assert result.scores["drift"]["p_value"] < 0.05 and result.scores["drift"]["ratio"] > 1.5


def test_models_that_forecast_alike_are_level():
    constant = sales(160, shops=("a",)).drop(columns="shop")
    constant["sold"] = np.random.default_rng(1).normal(50, 5, 160)
    result = compared(["naive", "drift"], constant)
    assert {result.best, *result.level} >= {"naive", "drift"}
    assert "chance explains the difference" in result.verdict


def test_too_few_windows_are_said_to_be_too_few():
    result = compared(["linear", "drift"], windows=3)
    assert result.test == "no test: 3 windows are too few, 4 are needed"
    assert math.isnan(result.scores["seasonal-naive"]["p_value"])
    assert result.level == ("seasonal-naive",)  # drift errs twice as much and more
    overlapping = compared(["linear", "drift"], windows=8, step=3)
    assert overlapping.test == (
        "no test: 8 windows are too few, 12 are needed, because 3 at a time overlap and count as one"
    )
    assert "8 windows are too few to tell a difference from chance, 12 are needed" in overlapping.verdict
    constant = compared(["naive", "drift"], sales(160).assign(sold=5.0))
    assert constant.test == "no test: too few windows have errors that can be scaled"
    assert constant.verdict.startswith("no error can be scaled")
    tested = compared(["linear", "drift"])
    assert tested.test.startswith("Diebold-Mariano") and "mean errors of 6 windows" in tested.test


def test_a_model_has_its_own_fits_and_the_same_windows(tmp_path):
    alone, beside = compared(["linear", "naive"]), compared(["naive", "linear", "drift"])
    assert alone.cutoffs == beside.cutoffs
    for name in ("linear", "naive"):
        assert alone.scores[name]["mase"] == beside.scores[name]["mase"]
    # As it would be published, and not with the choices that suit another model.
    by_itself, _ = backtest(
        sales(160),
        settings=BacktestSettings(windows=6),
        options=FitOptions(model="linear", horizon=7),
        reading=ReadOptions(),
    )
    assert alone.scores["linear"]["mase"] == by_itself.scores["linear"]["mase"]


def test_the_verdict_in_words():
    rows = {
        "gru": {"mase": 0.4265, "wql": 0.0130, "ratio": 1.0, "fit_seconds": 100.0},
        "auto": {"mase": 0.4366, "wql": 0.0131, "ratio": 1.02, "fit_seconds": 200.0},
        "linear": {"mase": 0.5619, "wql": 0.0092, "ratio": 1.317, "fit_seconds": 0.1},
    }
    assert verdict_of(["gru", "auto", "linear"], rows, ()) == (
        "gru makes the least error, MASE 0.426; the others make more: auto 2%, linear 32%. "
        "The intervals of linear are better: WQL 0.0092 in place of 0.013."
    )
    assert verdict_of(["gru", "auto"], rows, ("auto",)) == (
        "gru makes the least error, MASE 0.426; auto (2% more) may be as good: chance explains the difference."
    )
    assert verdict_of(["gru", "auto", "linear"], rows, ("auto",), windows=3).startswith(
        "gru makes the least error, MASE 0.426; auto (2% more) may be as good: 3 windows are too few to tell a "
        "difference from chance, 4 are needed; the others make more: linear 32%."
    )
    rows["linear"] |= {"wql": float("nan"), "ratio": 1.05}
    assert verdict_of(["gru", "linear"], rows, ("linear",)).endswith("linear is trained in 0.1 s in place of 100.0 s.")
    rows["linear"]["fit_seconds"] = 0.01
    assert verdict_of(["gru", "linear"], rows, ("linear",)).endswith("in less than 0.1 s in place of 100.0 s.")


def test_refused():
    with pytest.raises(OptionError, match="one model only"):
        compared(["linear", "linear"])
    with pytest.raises(OptionError, match="unknown model 'gruu'"):
        compared(["gruu", "linear"])
