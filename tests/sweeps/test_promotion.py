"""Promotion over days, and of bad and good challengers on real data.

Days of retraining of ten kinds of daily series, alone and six together, for horizons of 7 and 14 days: stationary data
bring a rejection on at most 2 % of the nights, a challenger that is truly a third worse wins at most 5 % of its
contests, and a champion of another level is replaced within two horizons and a season.

Of all this a sample is tried, and everything with `--all`. With 400 nights, 2 % are 8: data that brought a rejection on
5 % of them would pass once in 600 times. With 60 contests right after a fit and 140 later, 5 % are 3 and 7: a worse
challenger that won 15 % of them would pass once in 60 and once in 2,000 times.

Bad challengers, 10 of them and 30 with `--all`, are never promoted, and 10 good ones always. The bad ones have learned
from rows that were spoilt: the rows themselves are as they are, so that the comparison is honest.
The good ones challenge a champion that has seen ten rows, or one epoch.
The data have seasons or trends to be learned. Where there are hardly any, a spoilt model is no worse, and it wins
rightly: in daily weather, shuffled rain and wind teach a network as much as they are (1.227 MASE against 1.232), and
what learns from constants repeats the last value (0.796 against 0.881); so do ten rows of the smooth trends of
us-employment (0.041 against 0.060). The solar plant's winter, mostly zeros, is forecast best by the seasonal naive.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.sampling import sampled, usual
from tests.workflows.cuts import ends, take, until
from tests.workflows.days import (
    KINDS,
    a_third_worse,
    as_retrained,
    compared,
    first_days,
    learning_worse,
    next_ratio,
    published,
    retrained,
    series,
)
from tests.workflows.days import (
    champion_of as fitted_champion,
)
from tests.workflows.days import (
    panel_of as panel_of_days,
)
from tsforecast.fitting.fit_panel import fit_panel
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.options import FitOptions
from tsforecast.series.frequency import season_length
from tsforecast.workflows.retrain import challenger
from tsforecast.workflows.retrain.comparison import Outcome
from tsforecast.workflows.retrain.settings import PromotionRules

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
_LINEAR = usual(4, full=2)  # one in so many data sets has a network, the others the linear model
NIGHTS = usual(20, full=60)
SHIFTED = ["week", "week and memory", "trend", "year", "growth", "counts"]
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
    """Some of the data sets have a small network, the others the linear model."""
    season = season_length(panel_of(name).frequency)
    model = FitOptions(model="linear") if NAMES.index(name) % _LINEAR else GRU
    return replace(model, horizon=min(12, season), lookback=min(48, 2 * season))


def hold(panel, champion, options):
    return compared(panel, champion, options, PromotionRules())


def trained(panel, options):
    return published(panel, hold(panel, None, options))


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


@pytest.mark.parametrize(("spoil", "name"), sampled(3, [shuffled, ten_rows, constant], NAMES))
def test_a_worse_model_is_not_promoted(spoil, name, monkeypatch):
    options = SHORT if spoil is ten_rows else options_of(name)
    champion = champion_of(name, options)
    # The seasonal naive may well be better than both; here nothing but the spoilt model may win.
    rules = PromotionRules(beat_naive=False)
    monkeypatch.setattr(challenger, "fit_panel", lambda rows, *args, **keys: fit_panel(spoil(rows), *args, **keys))
    outcome = compared(panel_of(name), champion, options, rules)
    assert outcome.challenger and not outcome.wins, outcome.reason


@pytest.mark.parametrize("name", NAMES)
def test_a_better_model_is_promoted(name):
    options = options_of(name)
    if options.model == "gru":
        champion = champion_of(name, replace(options, epochs=1, linear_skip="off"))
    else:
        options = SHORT
        champion = trained(ten_rows(older(name)), options)
    outcome = hold(panel_of(name), champion, options)
    assert outcome.wins, outcome.reason


def tally(nights):
    return Counter(night.status for night in nights)


def test_data_that_stay_as_they_are_bring_hardly_a_rejection():
    """20 nights of each kind, alone and six together: 400 runs."""
    seen = Counter()
    for number, (kind, count) in enumerate(product(KINDS, (1, 6))):
        horizon = (7, 14)[(number + number // 2) % 2]  # each kind alone and together, each with one of the horizons
        panel, options = (
            panel_of_days(series(kind, 460, seed=1, count=count)),
            FitOptions(model="linear", horizon=horizon),
        )
        champion = fitted_champion(first_days(panel, 400 - horizon), options)
        seen += tally(retrained(panel, champion, options, range(400, 400 + NIGHTS)))
    assert seen["rejected"] <= 0.02 * seen.total(), seen
    assert seen["promoted"] >= 0.9 * seen.total(), seen


def test_a_challenger_a_third_worse_hardly_ever_wins(monkeypatch):
    """Right after a fit, when a horizon or little more is unseen, and later, when four are: 200 contests."""
    wins, contests, learned = {"fit": 0, "retrained": 0}, {"fit": 0, "retrained": 0}, challenger.fit_panel
    for kind, count, horizon in sampled(2, KINDS, (1, 6), (7, 14)):
        panel = panel_of_days(series(kind, 1400, seed=10, count=count))
        monkeypatch.setattr(challenger, "fit_panel", learned)
        champion = fitted_champion(first_days(panel, 400), FitOptions(model="linear", horizon=horizon))
        options = FitOptions(model="linear", horizon=horizon, lookback=champion.spec.lookback)
        monkeypatch.setattr(challenger, "fit_panel", learning_worse(a_third_worse(panel, champion, 400)))
        cases = [("fit", 400 + horizon + later) for later in (0, 4, 8)]
        cases += [("retrained", rows) for rows in range(460, 1300, 120)]
        for when, rows in cases:
            rival = champion if when == "fit" else as_retrained(champion, panel, rows - 1)
            outcome = compared(first_days(panel, rows), rival, options, PromotionRules())
            wins[when] += isinstance(outcome, Outcome) and outcome.wins
            contests[when] += 1
    assert all(wins[when] <= 0.05 * contests[when] for when in wins), wins


@pytest.mark.parametrize(("kind", "sizes"), sampled(4, SHIFTED, [(1, 7), (6, 14), (1, 14), (6, 7)]))
def test_a_champion_of_another_level_is_replaced(kind, sizes):
    count, horizon = sizes
    days, begin, options = 420 + 5 * horizon, 420, FitOptions(model="linear", horizon=horizon)
    level = np.where(np.arange(days + 2 * horizon) < begin, 1.0, 1.8)
    made = series(kind, days + 2 * horizon, seed=2, count=count)
    panel = panel_of_days([values * level for values in made])
    champion = fitted_champion(first_days(panel, begin - 4 * horizon), options)
    late = begin + 2 * horizon + 7
    for night in retrained(panel, champion, options, range(begin - 1, days)):
        if night.rows > late:
            assert next_ratio(panel, night.champion, night.rows) < 1.5, (night.rows - begin, night.outcome.reason)
