"""`compare`: the best model by its scores, and what chance may explain."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workflows.conftest import sales
from tsforecast.errors import OptionError
from tsforecast.fitting.backtest import Truth
from tsforecast.fitting.backtest_scores import errors_by_row
from tsforecast.fitting.folds import rolling_folds
from tsforecast.forecast import Intervals
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.workflows.backtest.compare import _verdict as verdict_of
from tsforecast.workflows.backtest.compare import compare
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


def test_a_model_has_its_own_fits_and_the_same_windows(tmp_path):
    alone, beside = compared(["linear", "naive"]), compared(["naive", "linear", "drift"])
    assert alone.cutoffs == beside.cutoffs
    for name in ("linear", "naive"):
        assert alone.scores[name]["mase"] == beside.scores[name]["mase"]


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
    rows["linear"]["wql"] = float("nan")
    assert verdict_of(["gru", "linear"], rows, ("linear",)).endswith("linear is trained in 0.1 s in place of 100.0 s.")


def test_refused():
    with pytest.raises(OptionError, match="one model only"):
        compared(["linear", "linear"])
    with pytest.raises(OptionError, match="unknown model 'gruu'"):
        compared(["gruu", "linear"])


def test_errors_by_row_are_means_over_the_windows_that_forecast_it():
    folds = rolling_folds(np.array([20]), horizon=3, windows=2, step=2)
    y_true, observed = np.zeros((2, 3)), np.array([[True, True, True], [True, True, False]])
    nothing = np.array([0, 0])
    truth = Truth(np.array([0, 1]), nothing, nothing, y_true, observed, np.array([2.0, 2.0]), np.ones(2))
    y_pred = np.array([[2.0, 4.0, 6.0], [2.0, 8.0, 9.0]])
    made = Intervals(y_pred, y_pred[:, :, None], y_pred[:, :, None])
    np.testing.assert_array_equal(errors_by_row(truth, made, folds), [1.0, 2.0, (3.0 + 1.0) / 2, 4.0, np.nan])
