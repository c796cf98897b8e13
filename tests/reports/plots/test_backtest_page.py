"""The pages of backtests and comparisons: lines of each series, a menu between them, and the errors beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.reports.plots.test_interactive import drawn
from tests.workflows.conftest import sales
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.reports.plots.backtest import backtest_figure, draw_backtest
from tsforecast.reports.plots.compare import draw_comparison
from tsforecast.reports.plots.style import drawing
from tsforecast.reports.windows import largest_series
from tsforecast.workflows.backtest.compare import compare
from tsforecast.workflows.backtest.run import backtest
from tsforecast.workflows.backtest.settings import BacktestSettings

EVIL = "</script><img src=x onerror=alert(1)>"
GIVEN = {"settings": BacktestSettings(windows=4, refit="never"), "reading": ReadOptions()}


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    found = compare(sales(140, shops=("a", EVIL)), models=["linear", "drift"], options=FitOptions(horizon=7), **GIVEN)
    path = tmp_path_factory.mktemp("page") / "out.html"
    draw_comparison(*found, path)
    return *found, path.read_text()


def test_a_comparison_shows_all_models_of_a_series(compared):
    result, forecasts, page = compared
    traces, layout = drawn(page)
    (menu,) = layout["updatemenus"]
    assert len(menu["buttons"]) == 2 and "<img src=x" not in page
    largest = largest_series(forecasts)
    for number, button in enumerate(menu["buttons"]):
        shown = [trace for trace, on in zip(traces, button["args"][1], strict=True) if on]
        lines = {trace["name"]: trace for trace in shown if "name" in trace and "xaxis" not in trace}
        assert set(lines) == {"what happened", "80 % interval of linear", *result.scores}
        series = largest[number]
        rows = np.flatnonzero(forecasts.truth.series == series)
        points = [value for value in lines["drift"]["y"] if value is not None]
        assert points == forecasts.made["drift"].y_pred[rows].ravel().tolist()
        assert lines["drift"]["y"].count(None) == 3  # between four windows
        errors = {trace["name"]: trace["y"] for trace in shown if trace.get("xaxis") == "x2"}
        assert errors == {name: result.by_step[name]["mase"] for name in result.scores}
    assert [trace["visible"] for trace in traces] == menu["buttons"][0]["args"][1]


def test_a_comparison_ranks_its_models(compared):
    result, _, page = compared
    (bars,) = [trace for trace in drawn(page)[0] if trace["type"] == "bar"]
    assert bars["y"] == list(result.scores) and bars["text"][0].endswith(" best")
    assert bars["x"] == [row["mase"] for row in result.scores.values()]
    caption = drawn(page)[1]["title"]["text"].replace("</sup><br><sup>", " ")
    assert "4 windows of 7 steps" in caption and result.verdict in caption


def test_a_backtest_of_single_steps_is_one_line(tmp_path):
    found = backtest(
        sales(120, shops=("a",)).drop(columns="shop"), options=FitOptions(model="linear", horizon=1), **GIVEN
    )
    draw_backtest(*found, tmp_path / "out.html")
    traces, layout = drawn((tmp_path / "out.html").read_text())
    assert "updatemenus" not in layout and all(trace["visible"] for trace in traces)
    line = next(trace for trace in traces if trace["name"] == "linear" and "xaxis" not in trace)
    assert line["y"] == found[1].made["linear"].y_pred.ravel().tolist() and len(line["x"]) == 4
    assert "4 windows of 1 step." in layout["title"]["text"]


def test_mere_steps_have_numbers(tmp_path):
    frame = pd.DataFrame({"y": np.arange(90) % 7 + np.arange(90) / 10})
    given = GIVEN | {"reading": ReadOptions(no_time=True)}
    found = backtest(frame, options=FitOptions(model="drift", horizon=7), **given)
    draw_backtest(*found, tmp_path / "out.html")
    traces, _ = drawn((tmp_path / "out.html").read_text())
    assert next(trace["x"][-1] for trace in traces if trace["name"] == "what happened") == "90"
    with drawing():
        figure = backtest_figure(*found)
        figure.draw_without_rendering()
    axes = figure.axes[0]
    assert axes.get_lines()[0].get_xdata()[-1] == 90
    assert {label.get_text() for label in axes.get_xticklabels()} >= {"60", "80"}
