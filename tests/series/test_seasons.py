"""Seasons are found where there are some, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.seasons import season_strength, seasons_of, seasons_of_panel, strength_in_panel

HOURLY, MONTHLY, COUNTED = Frequency("fixed", HOUR), Frequency("month", 1), Frequency("fixed", 1)


def wave(rows, season, noise=0.2, seed=0, trend=0.0):
    steps = np.arange(rows)
    return np.sin(2 * np.pi * steps / season) + trend * steps + noise * np.random.default_rng(seed).normal(size=rows)


def test_strength_is_the_share_of_the_season():
    assert season_strength(wave(480, 24, noise=0), 24) == pytest.approx(1)
    assert season_strength(wave(4800, 24, noise=np.sqrt(0.5)), 24) == pytest.approx(0.5, abs=0.05)
    assert season_strength(wave(480, 24, noise=0.1, trend=0.3), 24) > 0.9


@pytest.mark.parametrize("rows", [60, 200, 2000])
def test_noise_has_none(rows):
    random = np.random.default_rng(rows)
    assert season_strength(random.normal(size=rows), 12) < 0.2
    assert seasons_of(random.normal(size=rows), COUNTED) == ()
    assert seasons_of(random.normal(size=rows).cumsum(), MONTHLY) == ()


def test_a_season_that_drifts_is_a_strong_one():
    # 52 weeks are a day short of a year.
    assert season_strength(wave(2000, 52.18), 52) > 0.8


@pytest.mark.parametrize("values", [np.full(200, 1.0), 0.1 * np.arange(200), wave(70, 24)])
def test_where_nothing_can_be_measured(values):
    assert season_strength(values, 24) is None


def test_one_outlier_hides_no_season():
    values = wave(240, 12, noise=0.1)
    values[100] = 50
    assert season_strength(values, 12) > 0.8


def test_two_seasons_are_both_found():
    steps = np.arange(2000)
    found = seasons_of(wave(2000, 24) + (steps % 168 < 48), HOURLY)
    assert [season.length for season in found] == [24, 168]
    assert min(season.strength for season in found) > 0.6


def test_a_longer_season_that_only_repeats_a_shorter_one_is_none():
    assert [season.length for season in seasons_of(wave(2000, 24), HOURLY)] == [24]


def test_a_season_that_the_frequency_does_not_have():
    assert [season.length for season in seasons_of(wave(200, 9), COUNTED)] == [9]
    assert [season.length for season in seasons_of(wave(900, 30), Frequency("fixed", DAY))] == [30]


def test_most_series_of_a_panel_decide():
    rows = [wave(120, 12, seed=seed) for seed in range(3)] + [np.random.default_rng(9).normal(size=120)]
    panel = make_panel(rows, MONTHLY)
    assert [season.length for season in seasons_of_panel(panel)] == [12]
    assert strength_in_panel(panel, 12) > 0.8
    assert seasons_of_panel(make_panel([np.arange(5.0)], MONTHLY)) == ()
    assert strength_in_panel(make_panel([np.arange(5.0)], MONTHLY), 12) is None
