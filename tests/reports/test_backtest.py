"""The report of a backtest: the same numbers as its result, and windows of the past."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.reports.pages import Page
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.reports.backtest import backtest_report
from tsforecast.reports.html import page
from tsforecast.workflows.backtest.run import backtest
from tsforecast.workflows.backtest.settings import BacktestSettings


def found(names, **settings):
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=120)
    parts = [
        pd.DataFrame({"shop": name, "ds": days, "y": 10 * level + rng.normal(size=120)})
        for level, name in enumerate(names, 1)
    ]
    options = FitOptions(model="linear", horizon=7)
    asked = BacktestSettings(refit="never", **settings)
    return backtest(pd.concat(parts), settings=asked, options=options, reading=ReadOptions())


def sections(report):
    return {each.title: each for each in report.sections}


@pytest.fixture(scope="module")
def panel():
    return found(["<b>", "b", "c", "d", "e"], windows=3)


def test_numbers_are_those_of_the_result(panel):
    result, forecasts = panel
    told = sections(backtest_report(result, forecasts))
    _, table = told["Error by horizon"].blocks
    assert [row[1].value for row in table.rows] == pytest.approx(result.by_step["linear"]["mase"], rel=1e-5)
    rows = told["Error by series"].blocks[-1].rows
    expected = result.by_series["linear"]
    assert [row[0] for row in rows] == [each["id"] for each in expected]
    assert [row[1].value for row in rows] == pytest.approx([each["mase"] for each in expected], rel=1e-5)
    assert [row[3].value for row in rows] == pytest.approx([each["mae"] for each in expected], rel=1e-5)
    calibration = told["Coverage of the intervals"].blocks[1].curves[1]
    assert dict(zip(calibration.x, calibration.y, strict=True))[80] == pytest.approx(
        100 * result.scores["linear"]["coverage_80"], abs=0.01
    )
    assert Page(page(backtest_report(result, forecasts))).text.count("<b>") >= 1


def test_windows_that_overlap_are_not_drawn_over_each_other():
    result, forecasts = found(["a"], windows=20, step=1)
    report = backtest_report(result, forecasts)
    (chart,) = [block for block in report.first if hasattr(block, "curves")]
    times = chart.curves[1].x
    assert np.all(np.diff(times[np.isfinite(times)]) > 0)
    titles = [each.title for each in sections(report)["Residuals"].blocks[0].charts]
    assert titles == ["Residuals over time", "Autocorrelation of the residuals"]


def test_residuals_of_whole_windows_have_no_autocorrelation_to_show(panel):
    titles = [each.title for each in sections(backtest_report(*panel))["Residuals"].blocks[0].charts]
    assert titles == ["Residuals over time"]
