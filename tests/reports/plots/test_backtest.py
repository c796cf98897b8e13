"""The picture of a backtest: forecasts at the cutoffs over what happened, and the error at each step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.conftest import make_series
from tsforecast.errors import OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.reports.plots.backtest import backtest_figure, check_drawn, draw_backtest
from tsforecast.reports.plots.style import drawing
from tsforecast.workflows.backtest.run import backtest
from tsforecast.workflows.backtest.settings import BacktestSettings

HORIZON, WINDOWS = 6, 3


def backtested(windows=WINDOWS, **settings):
    parts = [
        make_series(200, seed=seed).assign(shop=name, y=lambda t, k=seed: t["y"] * (k + 1)) for seed, name in SHOPS
    ]
    return backtest(
        pd.concat(parts),
        settings=BacktestSettings(windows=windows, refit="never", **settings),
        options=FitOptions(model="seasonal-naive", horizon=HORIZON),
        reading=ReadOptions(),
    )


SHOPS = [(0, "a"), (1, "b"), (2, "c"), (3, "d")]


@pytest.fixture(scope="module")
def found():
    return backtested()


def figure_of(found, **which):
    with drawing():
        return backtest_figure(*found, **which)


def test_what_is_drawn(found):
    result, forecasts = found
    *panels, steps = figure_of(found).axes
    assert [axes.get_title(loc="left") for axes in panels] == ["d", "c", "b"]
    happened, *made = (line for line in panels[0].get_lines() if len(line.get_xdata()) != 2)
    rows = np.flatnonzero(forecasts.truth.series == 3)
    assert [line.get_ydata().tolist() for line in made] == forecasts.made["seasonal-naive"].y_pred[rows].tolist()
    for line, row in zip(made, rows, strict=True):
        at = np.searchsorted(happened.get_xdata(), line.get_xdata())
        assert happened.get_ydata()[at].tolist() == forecasts.truth.y_true[row].tolist()
    drawn = {text.get_text() for text in steps.texts}
    assert drawn == set(result.scores)
    curves = [line.get_ydata().tolist() for line in steps.get_lines()]
    assert result.by_step["seasonal-naive"]["mase"] in curves


def test_which_series(found):
    titles = [axes.get_title(loc="left") for axes in figure_of(found, names=["b"]).axes]
    assert titles == ["b", "MASE by step"]
    figure = figure_of(found, pick="worst")
    worst = [row["id"] for row in found[0].by_series["seasonal-naive"][:3]]
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == worst
    assert figure.get_supxlabel() == "The worst 3 of 4 series."


def test_what_cannot_be_drawn(found):
    panel, folds = found[1].panel, found[1].folds
    check_drawn(panel, folds, ["d", "b", "a"])
    with pytest.raises(OptionError, match="no series 'e'"):
        check_drawn(panel, folds, ["e"])
    with pytest.raises(OptionError, match="name 3 at most"):
        check_drawn(panel, folds, ["a", "b", "c", "d"])
    late = replace(folds, cutoffs=np.where(np.arange(4) == 2, 0, folds.cutoffs))
    with pytest.raises(OptionError, match="'c' had not begun at any cutoff"):
        check_drawn(panel, late, ["d", "c"])


def test_many_windows_are_thinned_out():
    figure = figure_of(backtested(windows=80, step=1, levels=(50.0,)), names=["a"])
    assert figure.get_supxlabel() == "60 of 80 windows are drawn, all are scored."
    lines = [line for line in figure.axes[0].get_lines() if len(line.get_xdata()) == HORIZON]
    assert len(lines) == 60


def test_a_file(found, tmp_path):
    draw_backtest(*found, tmp_path / "out.png")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
