"""The usual week: how it is learned, where a step stands in it, and that rows and windows lose the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.windows import unscaled
from tsforecast.series.frequency import DAY, HOUR, MINUTE, WEEK, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.weekly_cycle import (
    steps_in_week,
    weekly_calendar,
    weekly_cycles,
    windows_without_cycles,
    without_cycles,
)
from tsforecast.series.windows import WindowIndex, model_rows

HOURS, STEPS = Frequency("fixed", HOUR), 168
SHAPE = 10 * np.sin(np.arange(STEPS)) ** 3
SHAPE -= SHAPE.mean()


def rows_of(*series, frequency=HOURS, start=0, zone=None, trained_as=None):
    starts = [start] * len(series)
    panel = make_panel(list(series), frequency, ids=[(str(i),) for i in range(len(series))], starts=starts)
    return model_rows(panel, unscaled(len(series)), trained_as, weekly_calendar(zone))


def weeks(count, noise=0.0, seed=0):
    steps = np.arange(count * STEPS)
    return 0.01 * steps + SHAPE[steps % STEPS] + np.random.default_rng(seed).normal(0, 1, len(steps)) * noise


@pytest.mark.parametrize(
    ("frequency", "steps"),
    [
        (HOURS, 168),
        (Frequency("fixed", 30 * MINUTE), 336),
        (Frequency("fixed", 12 * HOUR), 14),
        (Frequency("fixed", 5 * HOUR), 0),
        (Frequency("fixed", DAY), 0),
        (Frequency("fixed", WEEK), 0),
        (Frequency("month", 1), 0),
    ],
)
def test_a_week_has_steps_where_they_are_shorter_than_a_day_and_fill_it(frequency, steps):
    assert steps_in_week(frequency) == steps


def test_the_week_is_found_on_top_of_a_trend():
    rows = rows_of(weeks(30))
    (cycle,) = weekly_cycles(rows, np.array([30 * STEPS]), STEPS, None)
    # The first step is Thursday, 1 January 1970, three days after a Monday.
    assert np.roll(cycle, -3 * 24) == pytest.approx(SHAPE, abs=0.05)


def test_only_rows_before_the_end_are_learned_from_and_missing_ones_are_not():
    values = weeks(12)
    spoilt = values.copy()
    spoilt[10 * STEPS :] += 1000 * (np.arange(2 * STEPS) % 7 == 0)
    ends = np.array([10 * STEPS])
    plain = weekly_cycles(rows_of(values), ends, STEPS, None)
    assert weekly_cycles(rows_of(spoilt), ends, STEPS, None) == pytest.approx(plain)
    rows = rows_of(values)
    observed = np.ones(len(values), bool)
    observed[5 * STEPS + 60] = False
    gap = replace(rows, panel=replace(rows.panel, observed=observed, values=np.where(observed, values, 0.0)))
    assert weekly_cycles(gap, ends, STEPS, None) == pytest.approx(plain, abs=0.1)


def test_what_is_chance_shrinks_and_a_short_series_has_no_week():
    noise = np.random.default_rng(0).normal(0, 1, 10 * STEPS)
    cycles = weekly_cycles(rows_of(noise, weeks(10), weeks(1)), np.array([10, 10, 1]) * STEPS, STEPS, None)
    assert np.abs(cycles[0]).max() < 0.3
    assert cycles[1].std() > 0.9 * SHAPE.std()
    assert not cycles[2].any()


def test_a_constant_series_has_no_week():
    assert not weekly_cycles(rows_of(np.full(5 * STEPS, 3.0)), np.array([5 * STEPS]), STEPS, None).any()


def test_the_week_follows_the_clock_on_the_wall():
    zone = "Europe/Paris"
    begin = (np.datetime64("2024-02-05T00") - np.datetime64("1970-01-01T00")).astype(int)
    summer = (np.datetime64("2024-03-31T01") - np.datetime64("2024-02-05T00")).astype(int)  # in UTC
    count = 12 * STEPS
    wall = np.arange(count) + 1 + (np.arange(count) >= summer)
    rows = rows_of(SHAPE[wall % STEPS], start=begin, zone=zone)
    (cycle,) = weekly_cycles(rows, np.array([count]), STEPS, zone)
    assert cycle == pytest.approx(SHAPE, abs=0.2)
    (blurred,) = weekly_cycles(rows, np.array([count]), STEPS, None)
    assert np.abs(np.roll(blurred, 1) - SHAPE).max() > 1


@pytest.mark.parametrize("minutes", [0, 15, 30, 45])
def test_steps_that_begin_past_the_hour_each_have_a_place_of_their_own(minutes):
    frequency = Frequency("fixed", HOUR, phase=minutes * MINUTE)
    (cycle,) = weekly_cycles(rows_of(weeks(20), frequency=frequency), np.array([20 * STEPS]), STEPS, None)
    assert sorted(cycle) == pytest.approx(sorted(SHAPE), abs=0.05)


def test_windows_lose_what_rows_lose_also_where_they_are_padded():
    rows = rows_of(weeks(4), weeks(4, seed=1)[::-1])
    cycles = np.random.default_rng(0).normal(0, 1, (2, STEPS)).astype(np.float32)
    bare, taken = without_cycles(rows, cycles, None)
    index = WindowIndex(np.array([300, 20, rows.offsets[1] + 500]), np.array([0, 0, 1]))
    windows, ahead = windows_without_cycles(rows.windows(index, lookback=48, horizon=24), cycles)
    assert windows.values == pytest.approx(bare.windows(index, lookback=48, horizon=24).values, abs=1e-5)
    assert np.array_equal(ahead, taken[index.origins[:, None] + np.arange(24)])
    assert bare.values == pytest.approx(rows.values - taken)


def test_a_series_that_was_not_in_training_takes_the_mean_of_all_weeks():
    rows = rows_of(weeks(4), weeks(4), trained_as=np.array([1, -1]))
    cycles = np.stack([np.zeros(STEPS), SHAPE]).astype(np.float32)
    index = WindowIndex(np.array([200, rows.offsets[1] + 200]), np.array([0, 1]))
    _, ahead = windows_without_cycles(rows.windows(index, lookback=5, horizon=9), cycles)
    assert ahead[1] == pytest.approx(ahead[0] / 2)
    assert ahead[0].any()


def test_some_series_and_newest_windows_lose_what_all_rows_lose():
    rows = rows_of(weeks(20), weeks(25, 0.5), weeks(22, 1.0))
    cycles = weekly_cycles(rows, rows.panel.lengths, STEPS, None)
    whole, _ = without_cycles(rows, cycles, None)
    numbers = np.array([2, 0])
    some = whole.take(numbers)
    assert not np.allclose(some.values, rows.take(numbers).values)
    for place, number in enumerate(numbers):
        own = slice(whole.offsets[number], whole.offsets[number + 1])
        np.testing.assert_array_equal(some.values[some.offsets[place] : some.offsets[place + 1]], whole.values[own])
    index = WindowIndex(whole.offsets[1:], np.arange(3))
    newest = whole.newest_windows(np.arange(3), lookback=200, horizon=1)
    np.testing.assert_array_equal(newest.values, whole.windows(index, lookback=200, horizon=1).values)
