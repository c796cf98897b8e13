"""Who is promoted over days, in short: `tests/sweeps/test_promotion.py` has the long series of days."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workflows.days import (
    a_third_worse,
    as_retrained,
    champion_of,
    compared,
    first_days,
    learning_worse,
    next_ratio,
    panel_of,
    published,
    retrained,
    series,
)
from tsforecast.models.options import FitOptions
from tsforecast.workflows.retrain import challenger
from tsforecast.workflows.retrain.settings import PromotionRules

OPTIONS = FitOptions(model="linear", horizon=7)


def shifted(kind, begin, days, *, count=1, factor=1.8):
    level = np.where(np.arange(days) < begin, 1.0, factor)
    return panel_of([values * level for values in series(kind, days, seed=2, count=count)])


@pytest.mark.parametrize("kind", ["week and memory", "counts"])
def test_data_that_stay_as_they_are_promote_every_day(kind):
    panel = panel_of(series(kind, 430))
    nights = list(retrained(panel, champion_of(first_days(panel, 400), OPTIONS), OPTIONS, range(401, 417)))
    assert [night.status for night in nights] == ["waiting"] * 6 + ["promoted"] * 10
    assert nights[0].outcome.reason == "1 of 7 rows that the version in service has not learned from"
    # What is held out grows with what is unseen.
    assert [night.outcome.standings.rows for night in nights[6:]] == list(range(7, 17))


def test_a_third_worse_is_not_promoted(monkeypatch):
    panel = panel_of(series("week", 1400))
    champion = champion_of(first_days(panel, 400), OPTIONS)
    options = FitOptions(model="linear", horizon=7, lookback=champion.spec.lookback)
    monkeypatch.setattr(challenger, "fit_panel", learning_worse(a_third_worse(panel, champion, 400)))
    for rows in (500, 700, 900):
        version = as_retrained(champion, panel, rows - 1)
        outcome = compared(first_days(panel, rows), version, options, PromotionRules())
        assert not outcome.wins, outcome.reason


@pytest.mark.parametrize("kind", ["week", "week and memory"])
def test_a_champion_of_another_level_does_not_stay(kind):
    """Within two horizons and a season what is in service is as good as the seasonal naive, and stays so."""
    panel = shifted(kind, 420, 480)
    champion = champion_of(first_days(panel, 392), OPTIONS)
    nights = list(retrained(panel, champion, OPTIONS, range(415, 452, 3)))
    ratios = {night.rows - 420: next_ratio(panel, night.champion, night.rows) for night in nights}
    assert all(ratio < 1.5 for days, ratio in ratios.items() if days > 21), ratios
    assert all(night.status != "rejected" or night.rows > 441 for night in nights)


def test_a_simple_model_stands_in_and_says_so():
    panel = shifted("week", 420, 480)
    champion = champion_of(first_days(panel, 392), OPTIONS)
    # The model that is asked for has a window of 98 rows, which holds both levels for 98 days.
    options = FitOptions(model="linear", horizon=7, lookback=98)
    rules = PromotionRules(min_new_rows=1)
    long = champion_of(first_days(panel, 392), options)
    known = first_days(panel, 441)
    outcome = compared(known, long, options, rules)
    assert outcome.status == "stand-in" and outcome.standings.champion_fails, outcome.reason
    assert outcome.reason.startswith("the champion made ") and "; seasonal-naive takes its place (" in outcome.reason
    bundle = published(known, outcome)
    assert (bundle.spec.name, bundle.provenance["stands_in"]) == ("seasonal-naive", True)
    # From then on a challenger that is not ready yet is no news.
    outcome = compared(first_days(panel, 442), bundle, options, rules)
    assert outcome.status == "waiting"
    assert outcome.reason.endswith("; seasonal-naive, which stands in since another champion failed, stays")
    # Whoever does not want to be compared with it keeps the champion.
    kept = compared(known, long, options, PromotionRules(beat_naive=False, min_new_rows=1))
    assert kept.status != "stand-in" and kept.standings.champion_fails
    assert champion.provenance.get("stands_in") is None


def test_no_challenger_for_a_failed_champion_sees_the_hold_out(monkeypatch):
    panel = shifted("week", 420, 480)
    champion = champion_of(first_days(panel, 392), OPTIONS)
    learned, learn = [], challenger.fit_panel

    def noted(rows, *args, **keys):
        learned.append(int((rows.starts + rows.lengths).max()))
        return learn(rows, *args, **keys)

    monkeypatch.setattr(challenger, "fit_panel", noted)
    outcome = compared(first_days(panel, 438), champion, OPTIONS, PromotionRules())
    assert len(learned) >= 2
    assert outcome.unlearned >= 7
    assert max(learned) <= 438 - outcome.unlearned
