"""The report of a comparison: the same numbers as its result, and which model is best where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.reports.pages import Page
from tests.workflows.conftest import sales
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.reports.comparison import comparison_report
from tsforecast.reports.html import page
from tsforecast.workflows.backtest.compare import compare
from tsforecast.workflows.backtest.settings import BacktestSettings

MODELS = ["drift", "linear", "naive"]


@pytest.fixture(scope="module")
def found():
    return compare(
        sales(140, shops=("<b>", "b", "c", "d", "e")),
        models=MODELS,
        settings=BacktestSettings(windows=4, refit="never"),
        options=FitOptions(horizon=7),
        reading=ReadOptions(),
    )


def sections(report):
    return {each.title: each for each in report.sections}


def test_numbers_are_those_of_the_result(found):
    result, _ = found
    told = sections(comparison_report(*found))
    board = told["Leaderboard"].blocks[0]
    assert [row[0] for row in board.rows] == list(result.scores) and board.rows[0][2] == "the best"
    assert [row[1].value for row in board.rows] == [row["mase"] for row in result.scores.values()]
    chart, table = told["Error by horizon"].blocks
    assert [curve.label for curve in chart.curves] == list(result.scores) == list(table.columns[1:])
    assert [row[1].value for row in table.rows] == result.by_step[result.best]["mase"]
    chart, table = told["Error by window"].blocks
    assert (
        [row[2].value for row in table.rows]
        == result.by_window[list(result.scores)[1]]["mase"]
        == list(chart.curves[1].y)
    )


def test_the_best_of_each_series(found):
    result, _ = found
    told = sections(comparison_report(*found))["Error by series"]
    rows = told.blocks[-1].rows
    assert [row[0] for row in rows] == [row["id"] for row in result.by_series[result.best]]
    for series, best, *errors in rows:
        known = {name: row["mase"] for name in result.scores for row in result.by_series[name] if row["id"] == series}
        assert best == min(known, key=known.get)
        assert [error.value for error in errors] == list(known.values())
        assert [error.best for error in errors] == [name == best for name in known]
    assert "of the 5 series" in told.blocks[0].text
    assert len(told.blocks[1].charts) == 5


def test_the_page(found):
    result, forecasts = found
    text = Page(page(comparison_report(result, forecasts))).text
    assert result.verdict in text and f"{result.test}." in text and "Drawn are the 4 largest of 5 series." in text
    assert "<b>" in text
    # A model behind is not said to be as good.
    assert "may be as good" not in Page(page(comparison_report(replace(result, level=(), verdict=""), forecasts))).text
