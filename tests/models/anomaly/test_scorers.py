"""Each scorer finds what it is made for, and those that only look back do so."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.arrays import Float64
from tsforecast.models.anomaly.discord import left_profile
from tsforecast.models.anomaly.methods import SCORERS, score_rows
from tsforecast.models.anomaly.names import METHODS, NAMES
from tsforecast.models.anomaly.residuals import forecast_errors
from tsforecast.models.anomaly.windows import find_window, of_rows, smoothed

SEASON, ROWS = 24, 960


def season_with_noise(seed: int = 0, rows: int = ROWS) -> Float64:
    noise = np.random.default_rng(seed).normal(0, 0.2, rows)
    return 10 + 3 * np.sin(2 * np.pi * np.arange(rows) / SEASON) + noise


def with_shape() -> Float64:
    """A day without its season."""
    values = season_with_noise()
    values[700 : 700 + SEASON] = 10 + np.random.default_rng(1).normal(0, 0.2, SEASON)
    return values


def with_spike() -> Float64:
    values = season_with_noise()
    values[712] += 9
    return values


def with_level() -> Float64:
    values = season_with_noise()
    values[700:748] += 8
    return values


PLANTED = {"shape": with_shape, "spike": with_spike, "level": with_level}
# A line says nothing of a season that is missing, and a level between two steps is one spike to forecasts.
BLIND = {("polynomial", "shape")}


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("method", NAMES)
def test_the_highest_score_is_where_something_was_planted(method: str, planted: str) -> None:
    scores = score_rows(PLANTED[planted](), SEASON, method)
    assert scores.shape == (ROWS,)
    assert np.isfinite(scores).all()
    if (method, planted) not in BLIND:
        assert 700 - SEASON <= np.argmax(scores) <= 748 + SEASON


@pytest.mark.parametrize("method", [name for name, each in METHODS.items() if each.online])
def test_a_method_that_looks_back_only_does_not_change_with_later_rows(method: str) -> None:
    values, border = with_spike(), 800
    later = values.copy()
    later[border:] = np.random.default_rng(2).normal(50, 20, ROWS - border)
    one, other = (np.atleast_2d(SCORERS[method](each, SEASON)) for each in (values, later))
    np.testing.assert_allclose(one[:, : border - SEASON + 1], other[:, : border - SEASON + 1], rtol=1e-9, atol=1e-9)
    assert np.abs(one[:, border:] - other[:, border:]).max() > 1


def test_appended_rows_do_not_change_what_looks_back_either() -> None:
    values = season_with_noise(rows=1200)
    for method in ("discord", "residuals"):
        long, short = (np.atleast_2d(SCORERS[method](each, SEASON)) for each in (values, values[:-100]))
        np.testing.assert_allclose(
            long[:, 200 : 1100 - SEASON], short[:, 200 : 1100 - SEASON], rtol=1e-9, atol=1e-9, err_msg=method
        )


def test_the_left_profile_is_the_least_distance_to_an_earlier_window() -> None:
    values, window = np.random.default_rng(3).normal(5, 2, 90), 8
    windows = np.lib.stride_tricks.sliding_window_view(values, window)
    windows = windows - windows.mean(axis=1, keepdims=True)
    expected = np.zeros(len(windows))
    for row in range(3 * window, len(windows)):
        expected[row] = np.linalg.norm(windows[: row - window // 2 + 1] - windows[row], axis=1).min()
    np.testing.assert_allclose(left_profile(values, window), expected, atol=1e-8)


def test_a_forecast_error_belongs_to_its_row_and_lead() -> None:
    values = season_with_noise()
    clean, values[600] = forecast_errors(values, SEASON, 5), values[600] + 50
    moved = np.abs(forecast_errors(values, SEASON, 5) - clean)
    assert (moved[600] > 10).all()
    assert moved[:600].max() < 1e-6
    assert (np.abs(forecast_errors(season_with_noise(), SEASON, 5)[-1]) > 0).all(), "the newest row has errors too"


@pytest.mark.parametrize("method", NAMES)
@pytest.mark.parametrize(
    "values",
    [np.full(100, 7.0), np.arange(40.0), np.where(np.arange(200) == 150, 1e9, 0.0), 1e15 + season_with_noise()],
    ids=["constant", "line", "one value", "huge level"],
)
def test_degenerate_series_have_finite_scores(method: str, values: Float64) -> None:
    with np.errstate(all="raise", under="ignore"):
        scores = score_rows(values, find_window(values, SEASON), method)
    assert np.isfinite(scores).all()


def test_the_window_is_the_season_or_what_repeats() -> None:
    values = season_with_noise()
    assert find_window(values, SEASON) == SEASON
    assert abs(find_window(values, 7) - SEASON) <= 1
    assert find_window(np.random.default_rng(0).normal(size=2000), 1) >= 4
    assert find_window(values[:40], SEASON) <= 10


def test_rows_have_the_mean_of_the_windows_that_hold_them() -> None:
    assert of_rows(np.array([1.0, 3.0, 5.0]), 2).tolist() == [1, 2, 4, 5]
    assert smoothed(np.array([0.0, 3.0, 6.0, 0.0]), 3).tolist() == [1.5, 3, 3, 3]


def test_a_long_series_is_compared_with_its_newest_windows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    values, window = np.random.default_rng(3).normal(5, 2, 200), 8
    monkeypatch.setattr("tsforecast.models.anomaly.discord._FURTHEST", 50)
    windows = np.lib.stride_tricks.sliding_window_view(values, window)
    windows = windows - windows.mean(axis=1, keepdims=True)
    for row in (60, 120, len(windows) - 1):
        earlier = windows[max(0, row - 50) : row - window // 2 + 1]
        expected = np.linalg.norm(earlier - windows[row], axis=1).min()
        assert left_profile(values, window)[row] == pytest.approx(expected, abs=1e-8)
