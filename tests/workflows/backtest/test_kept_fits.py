"""A backtest or comparison that is interrupted and run again: what one without a break gives, to the last bit."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from tests.workflows.conftest import sales
from tsforecast.errors import Terminated
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.progress import Message, WindowsForecast
from tsforecast.workflows.backtest.compare import compare
from tsforecast.workflows.backtest.run import backtest
from tsforecast.workflows.backtest.settings import BacktestSettings

OPTIONS = FitOptions(model="linear", horizon=7)
SETTINGS = BacktestSettings(windows=4, gap=1)


class Watch:
    """Notes what is told, and interrupts when so many windows (over all models) are forecast."""

    def __init__(self, windows=10**6):
        self.left = windows
        self.texts, self.windows = [], []

    def __call__(self, event):
        if isinstance(event, Message):
            self.texts.append(event.text)
        if isinstance(event, WindowsForecast):
            self.windows.append((event.model, event.done))
            self.left -= event.done > 0
            if self.left == 0:
                raise Terminated(15)


def scored(store, watch, frame=None, settings=SETTINGS, options=OPTIONS):
    table = sales(130) if frame is None else frame
    return backtest(table, settings=settings, options=options, reading=ReadOptions(), store=store, report=watch)


def interrupted(store, windows, **given):
    watch = Watch(windows)
    with pytest.raises(Terminated):
        scored(store, watch, **given)
    return watch


def assert_same(found, expected):
    (result, made), (other, other_made) = found, expected
    for name in other_made.made:
        for bound in ("y_pred", "lower", "upper"):
            np.testing.assert_array_equal(getattr(made.made[name], bound), getattr(other_made.made[name], bound))
    timed = ("seconds", "fit_seconds", "predict_seconds")
    scores = [
        {n: {k: v for k, v in row.items() if k not in timed} for n, row in r.scores.items()} for r in (result, other)
    ]
    assert scores[0] == scores[1]
    assert list(result.scores) == list(other.scores)


def test_it_goes_on_and_gives_the_same(tmp_path):
    whole = scored(None, Watch())
    # A window is told of before its fit is kept: that fit is lost.
    interrupted(tmp_path, 2)
    second = interrupted(tmp_path, 3)
    assert "linear: goes on with an interrupted run, which has made 1 of 4 fits" in second.texts
    last = Watch()
    found = scored(tmp_path, last)
    assert last.windows == [("linear", 2), ("linear", 3), ("linear", 4)]
    assert_same(found, whole)
    assert os.listdir(tmp_path) == []


@pytest.mark.sweep
def test_it_goes_on_in_more_processes(tmp_path):
    interrupted(tmp_path, 2)
    last = Watch()
    assert_same(scored(tmp_path, last, settings=replace(SETTINGS, jobs=2)), scored(None, Watch()))
    assert last.windows[0] == ("linear", 1) and last.windows[-1] == ("linear", 4)


@pytest.mark.parametrize(
    "other",
    [
        {"frame": sales(131)},
        pytest.param({"options": replace(OPTIONS, lookback=20)}, marks=pytest.mark.sweep),
        {"settings": replace(SETTINGS, gap=0)},
        pytest.param({"settings": replace(SETTINGS, levels=(50.0,))}, marks=pytest.mark.sweep),
    ],
    ids=["data", "options", "gap", "levels"],
)
def test_another_backtest_starts_anew_and_says_so(tmp_path, other):
    interrupted(tmp_path, 3)
    watch = Watch()
    found = scored(tmp_path, watch, **other)
    assert "an interrupted run had other data, options or another version: this one starts anew" in watch.texts
    assert watch.windows[0] == ("linear", 0)
    assert_same(found, scored(None, Watch(), **other))


def test_another_version_starts_anew(tmp_path, monkeypatch):
    interrupted(tmp_path, 3)
    monkeypatch.setattr("tsforecast.workflows.provenance.__version__", "99")
    watch = Watch()
    scored(tmp_path, watch)
    assert watch.windows[0] == ("linear", 0)


def test_the_season_of_the_metric_may_be_another(tmp_path):
    interrupted(tmp_path, 3)
    watch = Watch()
    settings = replace(SETTINGS, metric_season=1)
    assert_same(scored(tmp_path, watch, settings=settings), scored(None, Watch(), settings=settings))
    assert watch.windows[0] == ("linear", 2)


def test_a_comparison_goes_on_with_each_model(tmp_path):
    def compared(store, watch):
        models, reading = ["linear", "seasonal-naive"], ReadOptions()
        options, settings = FitOptions(horizon=7), BacktestSettings(windows=3)
        table = sales(130)
        return compare(
            table, models=models, settings=settings, options=options, reading=reading, store=store, report=watch
        )[0]

    with pytest.raises(Terminated):
        compared(tmp_path, Watch(3))
    watch = Watch()
    found, whole = compared(tmp_path, watch), compared(None, Watch())
    assert watch.windows[0][1] == 2
    assert (found.best, found.level) == (whole.best, whole.level)
    for measured in ("mase", "wql", "p_value"):
        assert [row[measured] for row in found.scores.values()] == [row[measured] for row in whole.scores.values()]
    assert os.listdir(tmp_path) == []
