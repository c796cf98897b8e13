"""Backtests: nothing of a window's future is used, processes change nothing, and the metrics are what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import utilsforecast.losses as oracle

from tsforecast import metrics
from tsforecast.fitting.backtest import truth_of
from tsforecast.fitting.backtest_fits import backtest_fits
from tsforecast.fitting.backtest_scores import DECILE_LEVELS, deciles, errors_by, errors_by_step, score
from tsforecast.fitting.folds import rolling_folds
from tsforecast.forecast import Intervals, joined
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel

LEVELS = (*DECILE_LEVELS, 95.0)
TENTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SIMPLE = ("linear", "seasonal-naive", "naive", "drift")


@pytest.fixture
def panel():
    random = np.random.default_rng(3)
    days = np.arange(140)
    series = [50 + 10 * np.sin(2 * np.pi * days / 7) + random.normal(0, 2, 140), 5 + random.normal(0, 1, 90)]
    return make_panel(series, Frequency("fixed", DAY))


def made(panel, folds, model="linear", jobs=1, **options):
    fits = backtest_fits(panel, folds, FitOptions(model=model, horizon=7, **options), LEVELS, TrainingSession(), jobs)
    return {name: joined([fit.made[name] for fit in fits]) for name in fits[0].made}


def with_later_rows(panel, window, folds, value):
    """The panel with another value in every row from a window's cutoff on, the rows that were not known among them."""
    row = np.arange(len(panel.values)) - panel.offsets[panel.series_of_row]
    later = row >= folds.known(window)[panel.series_of_row]
    return replace(panel, values=np.where(later, value, panel.values))


@pytest.mark.parametrize("model", SIMPLE)
@pytest.mark.parametrize("transform", ["none", "log"])
def test_a_spike_in_the_future_changes_no_window_before_it(panel, model, transform):
    folds = rolling_folds(panel.lengths, horizon=7, windows=3, gap=1)
    before, truth = made(panel, folds, model, transform=transform), truth_of(panel, folds, 7)
    after = made(with_later_rows(panel, 1, folds, 1e5), folds, model, transform=transform)
    early, late = truth.window <= 1, truth.window > 1
    assert set(before) == set(SIMPLE)
    for name in before:
        for bound in ("y_pred", "lower", "upper"):
            np.testing.assert_array_equal(getattr(after[name], bound)[early], getattr(before[name], bound)[early])
        assert np.any(after[name].y_pred[late] != before[name].y_pred[late])


def test_nothing_is_carried_from_one_fit_to_the_next(panel):
    folds = rolling_folds(panel.lengths, horizon=7, windows=3)
    alone = rolling_folds(panel.lengths, horizon=7, windows=1)
    rows = truth_of(panel, folds, 7).window == 2
    np.testing.assert_array_equal(made(panel, folds)["linear"].y_pred[rows], made(panel, alone)["linear"].y_pred)


def test_processes_change_nothing(panel):
    folds = rolling_folds(panel.lengths, horizon=7, windows=2)
    one, two = made(panel, folds), made(panel, folds, jobs=2)
    for name in one:
        np.testing.assert_array_equal(one[name].y_pred, two[name].y_pred)


def test_a_model_that_is_never_fitted_again_learns_from_before_the_first_window(panel):
    folds = rolling_folds(panel.lengths, horizon=7, windows=3, refit=0)
    shared = made(panel, folds)["linear"]
    changed = made(with_later_rows(panel, 0, folds, 60.0), folds)["linear"]
    first = truth_of(panel, folds, 7).window == 0
    np.testing.assert_array_equal(shared.y_pred[first], changed.y_pred[first])
    assert np.any(shared.y_pred[~first] != changed.y_pred[~first])  # they see the rows known by then


def test_a_series_that_had_not_begun_is_not_scored():
    panel = make_panel([np.arange(60.0) % 7, np.arange(8.0)], Frequency("fixed", DAY))
    folds = rolling_folds(panel.lengths, horizon=5, windows=2)
    truth = truth_of(panel, folds, 7)
    assert (truth.window.tolist(), truth.series.tolist()) == ([0, 1, 1], [0, 0, 1])
    np.testing.assert_array_equal(truth.y_true[2], np.arange(3.0, 8.0))
    np.testing.assert_allclose(made(panel, folds, "naive")["naive"].y_pred[2], 2.0, rtol=1e-6)


def test_metrics_against_one_line_twins(panel):
    folds = rolling_folds(panel.lengths, horizon=7, windows=3)
    truth, random = truth_of(panel, folds, 7), np.random.default_rng(0)
    y_pred = truth.y_true + random.normal(0, 3, truth.y_true.shape)
    half = np.array(LEVELS) / 10
    bounds = Intervals(y_pred, y_pred[:, :, None] - half, y_pred[:, :, None] + half)
    found = score(truth, bounds, LEVELS, (80.0, 95.0))
    error = np.abs(truth.y_true - y_pred)
    scales = [
        np.mean(np.abs(known[7:] - known[:-7]))
        for window, series in zip(truth.window, truth.series, strict=True)
        for known in [panel.series(series)[: folds.cutoffs[window, series]]]
    ]
    np.testing.assert_allclose(truth.scale, scales)
    assert found["mase"] == pytest.approx(np.mean(error.mean(axis=1) / scales))
    assert found["mae"] == pytest.approx(np.mean([error[truth.series == number].mean() for number in range(2)]))
    nine = np.stack([y_pred - w for w in half[3::-1]] + [y_pred] + [y_pred + w for w in half[:4]], axis=2)
    np.testing.assert_allclose(deciles(bounds, LEVELS), nine)
    levels = np.arange(1, 10) / 10
    gap = truth.y_true[:, :, None] - nine
    loss = 2 * np.maximum(levels * gap, (levels - 1) * gap)
    assert found["wql"] == pytest.approx(loss.sum() / 9 / np.abs(truth.y_true).sum())
    assert found["sql"] == pytest.approx(np.mean(loss.mean(axis=(1, 2)) / scales))
    assert found["coverage_80"] == pytest.approx(
        np.mean([(error <= 8)[truth.series == number].mean() for number in range(2)])
    )
    np.testing.assert_allclose(errors_by_step(truth, bounds)["mae"], error.mean(axis=0))
    by_window = errors_by(truth, bounds, truth.window, 3)
    np.testing.assert_allclose(by_window["mase"][1], (error.mean(axis=1) / scales)[truth.window == 1].mean())


def test_metrics_equal_utilsforecast(panel):
    """Each window of a series is a series of its own there, whose training rows are those known before the window."""
    folds = rolling_folds(panel.lengths, horizon=7, windows=3, gap=2)
    truth, random = truth_of(panel, folds, 7), np.random.default_rng(0)
    y_pred = truth.y_true + random.normal(0, 3, truth.y_true.shape)
    half = random.uniform(0.5, 1.5, (*y_pred.shape, 1)) * np.array(LEVELS) / 20
    bounds = Intervals(y_pred, y_pred[:, :, None] - half, y_pred[:, :, None] + 1.3 * half)
    found = score(truth, bounds, LEVELS, (80.0, 95.0))

    names = [f"q{number}" for number in range(1, 10)]
    rows = np.repeat(np.arange(len(truth)), 7)
    data = {"unique_id": rows, "ds": np.tile(np.arange(7), len(truth)) + 1000, "y": truth.y_true.ravel()}
    data |= {"m": y_pred.ravel(), "m-lo-80": bounds.lower[:, :, 3].ravel(), "m-hi-80": bounds.upper[:, :, 3].ravel()}
    data |= dict(zip(names, deciles(bounds, LEVELS).reshape(-1, 9).T, strict=True))
    frame = pd.DataFrame(data)
    train = pd.concat(
        pd.DataFrame({"unique_id": row, "ds": np.arange(len(known)), "y": known})
        for row, (window, series) in enumerate(zip(truth.window, truth.series, strict=True))
        for known in [panel.series(series)[: folds.known(window)[series]]]
    )

    def by_series(result, column="m"):
        """The mean of windows of a series, which are equally many, and of series."""
        return result[column].mean()

    assert found["mae"] == pytest.approx(by_series(oracle.mae(frame, ["m"])))
    assert found["smape"] == pytest.approx(200 * by_series(oracle.smape(frame, ["m"])))
    assert found["mase"] == pytest.approx(by_series(oracle.mase(frame, ["m"], seasonality=7, train_df=train)))
    assert found["coverage_80"] == pytest.approx(by_series(oracle.coverage(frame, ["m"], level=80)))
    assert found["interval_score_80"] == pytest.approx(by_series(oracle.winkler_score(frame, ["m"], level=80)))
    losses = [
        2 * by_series(oracle.quantile_loss(frame, {q: q}, q=level), q) for q, level in zip(names, TENTHS, strict=True)
    ]
    assert found["wql"] == pytest.approx(np.mean(losses) / np.abs(truth.y_true).mean())
    scaled = [
        2 * by_series(oracle.scaled_quantile_loss(frame, {q: q}, seasonality=7, train_df=train, q=level), q)
        for q, level in zip(names, TENTHS, strict=True)
    ]
    assert found["sql"] == pytest.approx(np.mean(scaled))
    per_series = frame.assign(unique_id=truth.series[rows])
    assert found["rmse"] == pytest.approx(by_series(oracle.rmse(per_series, ["m"])))


def test_the_scaled_quantile_loss_of_the_median_is_mase():
    y_true, y_pred = np.array([[1.0, 5.0]]), np.array([[2.0, 3.0]])
    settings = {"observed": np.ones((1, 2), bool), "series": np.zeros(1, int)}
    scale = np.array([2.0])
    assert metrics.sql(y_true, y_pred[..., None], np.array([0.5]), scale, **settings) == metrics.mase(
        y_true, y_pred, scale, **settings
    )


def test_intervals_learn_from_the_windows_since_the_fit():
    """A steep line whose noise grows after the fit: a window's movement says nothing of it."""
    rng, day = np.random.default_rng(0), np.arange(400)
    values = 10 * day + np.where(day < 200, 1.0, 6.0) * rng.normal(size=400)
    panel = make_panel([values], Frequency("fixed", DAY))
    folds = rolling_folds(panel.lengths, horizon=7, windows=26, refit=0)
    truth, held = truth_of(panel, folds, 7), {}
    for living in (True, False):
        options = FitOptions(model="linear", horizon=7, lookback=14)
        (fit,) = backtest_fits(panel, folds, options, LEVELS, TrainingSession(), living=living)
        bounds = fit.made["linear"]
        inside = (bounds.lower[:, :, -1] <= truth.y_true) & (truth.y_true <= bounds.upper[:, :, -1])
        held[living] = inside[8:].mean()
    assert held[True] > 0.9 > 0.75 > held[False]
