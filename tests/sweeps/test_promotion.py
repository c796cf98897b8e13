"""A worse model is never promoted and a better one always: 30 bad challengers and 10 good ones on real data.

The bad ones have learned from rows that were spoilt: the rows themselves are as they are, so that the duel is honest.
The good ones challenge a champion that has seen ten rows, or one epoch.
The data have seasons or trends to be learned. Where there are hardly any, a spoilt model is no worse, and it wins
rightly: in daily weather, shuffled rain and wind teach a network as much as they are (1.227 MASE against 1.232), and
what learns from constants repeats the last value (0.796 against 0.881); so do ten rows of the smooth trends of
us-employment (0.041 against 0.060). The solar plant's winter, mostly zeros, is forecast best by the seasonal naive.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.workflows.cuts import ends, table, take, until
from tsforecast.frequency import season_length
from tsforecast.io.panels import ReadOptions, read_panel
from tsforecast.models.config import FitOptions
from tsforecast.workflows import contest as contest_module
from tsforecast.workflows.contest import challenger_bundle, compete
from tsforecast.workflows.fit import learn
from tsforecast.workflows.rules import PromotionRules

pytestmark = pytest.mark.sweep

DATASETS = Path(__file__).parents[2] / "datasets"
NAMES = (
    "aus-retail-monthly",
    "co2-weekly",
    "elec-equip-monthly",
    "elnino-monthly",
    "pedestrian-hourly",
    "peyton-manning-daily",
    "vic-elec-half-hourly until July",
    "solar-power-hourly until July",
    "us-gasoline-weekly",
    "vic-elec-half-hourly",
)
_MOST_ROWS, _MOST_SERIES = 1000, 4
SHORT = FitOptions(model="linear", horizon=3)  # ten rows are enough for it
GRU = FitOptions(model="gru", preset="fast", units=8, epochs=6, linear_skip="on", dropout=0.0, normalisation="last")


@cache
def panel_of(name):
    """Rows of some series of a data set."""
    options = ReadOptions(tz="Australia/Melbourne") if "pedestrian" in name else ReadOptions()
    panel = read_panel(DATASETS / f"{name.split()[0]}.csv", options).panel
    begin, end = ends(panel)
    if name.endswith("July"):
        end = begin + (end - begin) // 2
    panel = take(panel, range(min(panel.n_series, _MOST_SERIES)))
    return until(panel, end, window=_MOST_ROWS)


def options_of(name):
    """Half of the data sets have the linear model, half a small network."""
    season = season_length(panel_of(name).frequency)
    model = FitOptions(model="linear") if NAMES.index(name) % 2 else GRU
    return replace(model, horizon=min(12, season), lookback=min(48, 2 * season))


def hold(panel, champion, options):
    return compete(table(panel), champion, options, PromotionRules(), began=time.monotonic())


def trained(panel, options):
    contest = hold(panel, None, options)
    return challenger_bundle(table(panel), contest, name="m", began=time.monotonic())


def shuffled(panel):
    rng = np.random.default_rng(0)
    parts = [rng.permutation(panel.series(number)) for number in range(panel.n_series)]
    return replace(panel, values=np.concatenate(parts))


def ten_rows(panel):
    return panel.between(panel.lengths - 10, panel.lengths)


def constant(panel):
    means = np.array([panel.series(number).mean() for number in range(panel.n_series)])
    return replace(panel, values=means[panel.series_of_row])


def older(name):
    """What there was when the champion was trained: all but the newest 15 % of the time."""
    begin, end = ends(panel_of(name))
    return until(panel_of(name), begin + int(0.85 * (end - begin)))


@cache
def champion_of(name, options):
    return trained(older(name), options)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("spoil", [shuffled, ten_rows, constant])
def test_a_worse_model_is_not_promoted(spoil, name, monkeypatch):
    options = SHORT if spoil is ten_rows else options_of(name)
    champion = champion_of(name, options)
    monkeypatch.setattr(contest_module, "learn", lambda rows, *args, **keys: learn(spoil(rows), *args, **keys))
    contest = hold(panel_of(name), champion, options)
    assert contest.challenger is not None
    assert not contest.wins, contest.reason


@pytest.mark.parametrize("name", NAMES)
def test_a_better_model_is_promoted(name):
    options = options_of(name)
    if options.model == "gru":
        champion = champion_of(name, replace(options, epochs=1, linear_skip="off"))
    else:
        options = SHORT
        champion = trained(ten_rows(older(name)), options)
    contest = hold(panel_of(name), champion, options)
    assert contest.wins, contest.reason
