"""Columns that are said to be known ahead and are measured afterwards: planted ones are found, honest ones are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tsforecast.series.covariates import no_covariates
from tsforecast.series.frequency import HOUR, Frequency
from tsforecast.series.leaks import find_leaks, moves_together
from tsforecast.series.panel import Panel, make_panel

HORIZON, SEASON, ROWS = 24, 24, 2000
SEASONAL = 10 * np.sin(2 * np.pi * np.arange(ROWS) / SEASON)


def with_future(values: list[np.ndarray], columns: list[np.ndarray]) -> Panel:
    panel = make_panel(values, Frequency("fixed", HOUR))
    future = np.concatenate(columns)
    return replace(panel, covariates=replace(no_covariates(panel.offsets), future=future.reshape(len(future), -1)))


def values_of(kind: str, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(size=ROWS)
    ar = np.zeros(ROWS)
    for step in range(1, ROWS):
        ar[step] = 0.8 * ar[step - 1] + noise[step]
    return {"walk": np.cumsum(noise), "seasonal": SEASONAL + ar, "noise": noise + 5}[kind]


@pytest.mark.parametrize("kind", ["walk", "seasonal", "noise"])
@pytest.mark.parametrize(
    "leak",
    [
        lambda values, rng: values,
        lambda values, rng: -3 * values + 7,
        lambda values, rng: np.exp(values / 200),
        lambda values, rng: values + 0.1 * np.std(values[24:] - values[:-24]) * rng.normal(size=len(values)),
    ],
    ids=["itself", "linear", "curved", "with noise"],
)
def test_a_column_made_of_the_values_is_found(kind, leak):
    rng = np.random.default_rng(1)
    values = values_of(kind, rng)
    if kind == "noise":
        values = 3 * values
    (found,) = find_leaks(with_future([values], [leak(values, rng)]), ("actual",), HORIZON, SEASON)
    assert found.column == "actual"
    assert abs(found.now) > 0.95 > 0.6 > abs(found.before)
    assert "column 'actual'" in found.message
    assert "--past-col" in found.message


@pytest.mark.parametrize("kind", ["walk", "seasonal", "noise"])
@pytest.mark.parametrize(
    "honest",
    [
        lambda values, rng: rng.normal(size=len(values)),
        lambda values, rng: SEASONAL,
        lambda values, rng: (np.arange(len(values)) % SEASON == 9).astype(float),
        lambda values, rng: np.roll(values, HORIZON),  # the last value known a horizon ago
        lambda values, rng: values + np.std(values) * rng.normal(size=len(values)),  # a fair forecast
        lambda values, rng: np.full(len(values), 3.0),
    ],
    ids=["unrelated", "season", "hour", "yesterday", "forecast", "constant"],
)
def test_an_honest_column_is_not(kind, honest):
    rng = np.random.default_rng(2)
    values = values_of(kind, rng)
    assert not find_leaks(with_future([values], [honest(values, rng)]), ("known",), HORIZON, SEASON)


def test_a_season_that_both_follow_is_no_leak_whatever_the_horizon():
    panel = with_future([SEASONAL], [SEASONAL])
    for horizon in (1, 7, 24, 30):
        assert not find_leaks(panel, ("season",), horizon, SEASON)


def test_a_column_that_drives_the_values_by_half_is_no_leak():
    rng = np.random.default_rng(3)
    promotion = (rng.random(ROWS) < 0.2).astype(float)
    values = 5 + 3 * promotion + rng.normal(size=ROWS)
    assert not find_leaks(with_future([values], [promotion]), ("promotion",), HORIZON, SEASON)


def test_only_the_columns_that_leak_are_named_over_several_series():
    rng = np.random.default_rng(4)
    series = [np.cumsum(rng.normal(size=length)) for length in (400, 300, 5)]
    columns = [np.column_stack([rng.normal(size=len(values)), values + 1]) for values in series]
    found = find_leaks(with_future(series, columns), ("fair", "leak"), 10)
    assert [leak.column for leak in found] == ["leak"]


def test_filled_values_and_short_series_tell_nothing():
    values = np.arange(20.0)
    assert moves_together(values, values, 3) is None
    assert moves_together(values, values, 30) is None
    walk = np.cumsum(np.random.default_rng(5).normal(size=300))
    panel = with_future([walk], [walk])
    panel.observed[:] = False
    assert not find_leaks(panel, ("x",), 5)
