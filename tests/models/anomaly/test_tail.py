"""Chances of scores, alarms within a budget, and segments."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.arrays import Float64
from tsforecast.models.anomaly.segments import Stretch, stretches_above
from tsforecast.models.anomaly.tail import find_peaks, fit_tail, surprise

WINDOW = 12


def waves(seed: int, rows: int = 20_000) -> Float64:
    """Scores that change slowly, as those of overlapping windows do."""
    noise = np.random.default_rng(seed).exponential(size=rows + WINDOW)
    return np.convolve(noise, np.ones(WINDOW) / WINDOW, "valid")[:rows]


@pytest.mark.parametrize("steps", [200, 1000, 4000])
def test_as_many_alarms_as_the_budget_allows(steps: int) -> None:
    alarms = 0
    for seed in range(8):
        scores = waves(seed)
        alarms += len(stretches_above(scores, fit_tail(scores, WINDOW).alarm_level(steps), WINDOW))
    assert 0.7 <= alarms / (8 * 20_000 / steps) <= 1.3


def test_the_level_of_a_few_rows_holds_for_those_that_follow() -> None:
    alarms = 0
    for seed in range(40):
        scores = waves(seed)
        level = fit_tail(scores[:1500], WINDOW).alarm_level(1500)
        alarms += len(stretches_above(scores[1500:], level, WINDOW))
    assert 0.6 <= alarms / (40 * 18_500 / 1500) <= 1.6


def test_true_anomalies_do_not_hide_each_other() -> None:
    clean = waves(0)
    dirty = clean.copy()
    dirty[1000:19_000:1500] += 20
    one, other = (fit_tail(surprise(each), WINDOW).alarm_level(5000) for each in (clean, dirty))
    assert other < one * 1.3
    assert fit_tail(dirty, WINDOW).p_values(np.array([25.0]))[0] < 0.002


def test_chances_fall_with_the_score_and_agree_with_the_level() -> None:
    tail = fit_tail(waves(0), WINDOW)
    scores = np.linspace(0, 10, 500)
    chances = tail.p_values(scores)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (np.diff(chances) <= 0).all()
    for steps in (50, 500, 50_000):
        rate = tail.rates(np.array([tail.alarm_level(steps)]))[0]
        assert rate == pytest.approx(1 / steps, rel=0.2)


def test_a_surprise_is_the_logarithm_of_a_rank_and_goes_on_beyond_it() -> None:
    scores = np.random.default_rng(0).pareto(2, 10_000) + 1
    told = surprise(scores)
    assert (np.diff(told[np.argsort(scores)]) >= 0).all()
    assert told[np.argsort(scores)[-100]] == pytest.approx(np.log(100), abs=0.5)
    scores[7] = 1e6
    assert surprise(scores)[7] > 20
    assert np.isfinite(surprise(np.zeros(50))).all()


def test_few_peaks_are_not_judged() -> None:
    assert not fit_tail(waves(0, 60), WINDOW).judged
    assert fit_tail(waves(0, 2000), WINDOW).judged
    constant = fit_tail(np.ones(100), WINDOW)
    assert np.isfinite(constant.alarm_level(1000))
    assert not stretches_above(np.ones(100), constant.alarm_level(1000), WINDOW)


def test_a_peak_is_the_highest_within_a_window() -> None:
    scores = np.array([0.0, 1, 0, 0, 3, 2, 0, 0, 0, 5, 5, 0])
    assert find_peaks(scores, 2).tolist() == [1, 4, 9]


def test_what_lies_close_together_is_one_segment() -> None:
    scores = np.array([0.0, 2, 3, 0, 2, np.nan, 0, 0, 0, 0, 9, 0])
    assert stretches_above(scores, 1, 3) == (Stretch(1, 5, 2), Stretch(10, 11, 10))
    assert stretches_above(scores, 1, 9) == (Stretch(1, 11, 10),)
    assert stretches_above(scores, 10, 3) == ()
