"""The picture of a comparison: bars of skill, and which models are a tie."""

from __future__ import annotations

import math

from matplotlib.colors import to_hex

from tsforecast.reports.plots.compare import comparison_figure
from tsforecast.reports.plots.style import ACCENT, TINTS, drawing
from tsforecast.workflows.backtest.compare import CompareResult


def result_of(**skills: tuple[float, float]) -> CompareResult:
    """A result with the skill and the p-value of each model, the best first."""
    scores = {
        name.replace("_", "-"): {"skill": skill, "p_value": p, "mase": 1 - skill} for name, (skill, p) in skills.items()
    }
    level = tuple(name for name in list(scores)[1:] if scores[name]["p_value"] >= 0.05)
    return CompareResult(
        file="/data/sales<b>.csv",
        series=1,
        frequency_name="daily",
        horizon=7,
        gap=0,
        windows=5,
        fits=1,
        metric_season=7,
        cutoffs=("2024-01-01",),
        scores=scores,
        by_step={},
        by_window={},
        by_series={},
        best=next(iter(scores)),
        level=level,
        test="Diebold-Mariano",
        verdict="auto makes the least error.",
        notes=(),
        seconds=1.0,
    )


def figure_of(result: CompareResult):
    with drawing():
        return comparison_figure(result)


def test_bars_and_words():
    figure = figure_of(result_of(auto=(0.3, 1.0), gru=(0.28, 0.4), seasonal_naive=(0.0, 0.001), drift=(-2.0, 0.0)))
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["auto", "gru", "seasonal-naive", "drift"]
    assert [bar.get_width() for bar in axes.patches] == [30.0, 28.000000000000004, 0.0, -100.0]
    assert [to_hex(bar.get_facecolor()) for bar in axes.patches] == [ACCENT, TINTS[0], "#c4c4c4", "#c4c4c4"]
    assert [text.get_text() for text in axes.texts] == [
        "+30.0 %   MASE 0.7   best",
        "+28.0 %   MASE 0.72   tie with auto (p 0.40)",
        "+0.0 %   MASE 1   behind (p 0.001)",
        "-200.0 %   MASE 3   behind (p 0.000)",
    ]
    assert figure.get_supxlabel().endswith("Bars end at -100 %.")
    low, high = axes.get_xlim()
    assert low < -100 and high > 30


def test_words_stay_on_the_picture():
    figure = figure_of(result_of(auto=(0.3, 1.0), seasonal_naive=(0.0, 0.4)))
    figure.draw_without_rendering()
    for text in (*figure.axes[0].texts, *figure.texts):
        assert text.get_window_extent().x1 <= figure.bbox.x1


def test_no_error_that_can_be_scaled():
    figure = figure_of(result_of(auto=(math.nan, math.nan), naive=(math.nan, math.nan)))
    assert {text.get_text() for text in figure.axes[0].texts} == {"no error can be scaled"}
