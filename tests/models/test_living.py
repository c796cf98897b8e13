"""Intervals that learn from outcomes: what the definitions say, and what they hold once the world has changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tsforecast.models.calibration import Calibration, calibrate, conformal_scores, intervals, score_at
from tsforecast.models.living import RATES, Factors, newest_factors, track
from tsforecast.models.network.config import QUANTILES
from tsforecast.models.options import FitOptions
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.progress import Message
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.scaling import Scaling
from tsforecast.series.windows import model_rows
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict

LEVELS = (80.0, 95.0)


def one_by_one(sizes, level, step):
    """The factor of one series, step and level after each outcome, written down as the papers have it."""
    share, overlap, kinds = level / 100, step + 1, len(RATES)
    alpha = 1 - share
    eta = np.sqrt(3 / 100) * np.sqrt((np.log(kinds * 100) + 2) / (alpha**2 * share**3 + alpha**3 * share**2))
    sigma = 1 / 200 / overlap
    factors, weights, made = [1.0] * kinds, [1 / kinds] * kinds, [1.0]
    for size in sizes:
        if size is not None:
            size = min(size, 10 * made[-1])
            errors = [(size - factor) / made[-1] for factor in factors]
            losses = [share * error if error > 0 else (share - 1) * error for error in errors]
            weights = [w * np.exp(-eta / overlap * loss) for w, loss in zip(weights, losses, strict=True)]
            weights = [(1 - sigma) * w / sum(weights) + sigma / kinds for w in weights]
            factors = [
                factor * np.exp(rate / overlap * ((error > 0) - alpha))
                for factor, error, rate in zip(factors, errors, RATES, strict=True)
            ]
        made.append(sum(w * factor for w, factor in zip(weights, factors, strict=True)))
    return made


def test_factors_are_those_of_the_reference():
    rng = np.random.default_rng(0)
    sizes = rng.exponential(0.7, (40, 2, 3, 2))
    sizes[7, 0, 0, 0] = 1e9
    observed = rng.random((40, 2, 3)) < 0.8
    made = track(sizes, observed, LEVELS)
    assert made.shape == (41, 2, 3, 2)
    for series, step, place in np.ndindex(2, 3, 2):
        outcomes = zip(sizes[:, series, step, place], observed[:, series, step], strict=True)
        expected = one_by_one([size if known else None for size, known in outcomes], LEVELS[place], step)
        np.testing.assert_allclose(made[:, series, step, place], expected, rtol=1e-12)


def test_alike_series_have_the_factors_of_one_when_they_share_them():
    sizes = np.random.default_rng(0).exponential(0.7, (30, 1, 3, 2))
    observed = np.ones((30, 4, 3), bool)
    observed[:10, 1:] = False
    alone = track(sizes, observed[:, :1], LEVELS)
    shared = track(sizes.repeat(4, axis=1), observed, LEVELS, pooled=True)
    assert shared.shape == (31, 1, 3, 2)
    np.testing.assert_allclose(shared, alone, rtol=1e-12)


def held(scales, horizon=4, series=5, seed=0):
    """What fixed and living intervals held at each origin, shape (origins, levels); an outcome is known when it is."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_t(5, (len(scales) + horizon, series)) * np.pad(scales, (0, horizon), mode="edge")[:, None]
    steps = np.arange(len(scales))[:, None] + np.arange(horizon)
    scores = noise[steps].transpose(0, 2, 1)
    calibration = calibrate(rng.standard_t(5, (2000, horizon)), np.ones((2000, horizon), bool))
    promised = np.stack([score_at(calibration, 0.5 + level / 200) for level in LEVELS], axis=1)
    sizes = np.abs(scores)[..., None] / promised
    made = track(sizes, np.ones(scores.shape, bool), LEVELS)
    known = np.maximum(0, np.arange(len(scales))[:, None] - np.arange(horizon))
    factors = made[known, :, np.arange(horizon)].transpose(0, 2, 1, 3)
    return (sizes <= 1).mean(axis=(1, 2)), (sizes <= factors).mean(axis=(1, 2))


@pytest.mark.parametrize("scale", [3.0, 0.4])
def test_they_hold_what_they_promise_once_the_variance_has_changed(scale):
    scales = np.where(np.arange(900) < 200, 1.0, scale)
    fixed, living = held(scales)
    later = slice(350, None)
    np.testing.assert_allclose(living[:200].mean(axis=0), [0.8, 0.95], atol=0.015)
    np.testing.assert_allclose(living[later].mean(axis=0), [0.8, 0.95], atol=0.015)
    assert abs(fixed[later].mean(axis=0) - [0.8, 0.95]).max() > 0.15


def test_where_nothing_changes_they_stay_about_as_they_are():
    _, living = held(np.ones(600))
    np.testing.assert_allclose(living.mean(axis=0), [0.8, 0.95], atol=0.01)


@pytest.mark.parametrize("levels", [QUANTILES, (0.5,)])
def test_factors_multiply_the_scores_of_each_window(levels):
    rng = np.random.default_rng(0)
    quantiles = np.sort(rng.normal(size=(5, 3, len(levels))), axis=2)
    calibration, spread = calibrate(rng.normal(size=(500, 3)), np.ones((500, 3), bool)), rng.uniform(1, 2, (5, 1))
    factors = rng.uniform(0.5, 2, (5, 3, 2))
    lower, upper = intervals(calibration, quantiles, levels, spread, LEVELS, factors)
    for place, level in enumerate(LEVELS):
        expected = factors[:, :, place] * score_at(calibration, 0.5 + level / 200)
        np.testing.assert_allclose(conformal_scores(upper[:, :, place], quantiles, levels, spread), expected)
        np.testing.assert_allclose(conformal_scores(lower[:, :, place], quantiles, levels, spread), -expected)
    same = intervals(calibration, quantiles, levels, spread, LEVELS, np.ones((1, 3, 2)))
    np.testing.assert_allclose(same, intervals(calibration, quantiles, levels, spread, LEVELS), rtol=1e-12)
    # Beyond the calibrated horizon the last step's factor counts.
    longer = quantiles[:, [0, 1, 2, 2, 2]]
    wide = intervals(Calibration(calibration.scores, 1, ""), longer, levels, spread, LEVELS, factors)[1]
    np.testing.assert_array_equal(wide[:, :3], upper)


def test_series_have_their_own_factors_or_share_them():
    values = np.arange(12.0).reshape(2, 3, 2)
    series = np.array([1, 0, 1])
    np.testing.assert_array_equal(Factors(LEVELS, values, 1).of(series), values[series])
    assert Factors(LEVELS, values[:1], 1).of(series).shape == (1, 3, 2)


def test_many_series_share_the_factors_of_some_of_them():
    """Each of 60 series errs twice as far as promised; ten more have no new row."""
    rng, noise = np.random.default_rng(0), 2.0
    panel = make_panel([100 * n + noise * rng.normal(size=80) for n in range(70)], Frequency("fixed", DAY))
    ones = np.ones(70)
    scaling = Scaling("standard", "none", 100.0 * np.arange(70), ones, ones < 0)
    normal = calibrate(rng.normal(size=(2000, 3)), np.ones((2000, 3), bool))
    # A window of one value has a spread of 1.
    weights = {"part0/linear/kernel": np.zeros((1, 3), np.float32), "part0/linear/bias": np.zeros(3, np.float32)}
    spec = ModelSpec("linear", 3, 1, (Part("linear", 1.0, 1),))
    found = newest_factors(
        spec, weights, normal, model_rows(panel, scaling), np.where(np.arange(70) < 60, 50, 0), LEVELS
    )
    assert found.values.shape == (1, 3, 2) and found.origins == 50
    # The last value is repeated: its own noise comes on top.
    np.testing.assert_allclose(found.values, noise * np.sqrt(2), rtol=0.15)


def table(rows, noise, seed=0):
    """A steep line, so that the movement of a window says nothing of the noise, whose deviation is given per row."""
    rng, day = np.random.default_rng(seed), np.arange(rows)
    y = 100 + 10 * day + noise * rng.normal(size=rows)
    return pd.DataFrame({"day": pd.date_range("2022-01-01", periods=rows).strftime("%Y-%m-%d"), "y": y})


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    fit(table(300, np.ones(300)), options=FitOptions(model="linear", horizon=7, lookback=21), store=folder, name="m")
    return folder


def widths(made, level=95):
    return (made.frame[f"upper_{level}"] - made.frame[f"lower_{level}"]).to_numpy()


def test_a_forecast_of_newer_rows_learns_from_them(store):
    told = []
    wilder = table(500, np.where(np.arange(500) < 300, 1.0, 4.0))
    living, fixed = (predict(wilder, store=store, calibration=kind, report=told.append) for kind in ("living", "fixed"))
    np.testing.assert_array_equal(living.frame["forecast"], fixed.frame["forecast"])
    assert np.all(widths(living) > 2 * widths(fixed)) and np.all(widths(living, 80) < widths(living))
    (said,) = [event.text for event in told if isinstance(event, Message) and "newest origin" in event.text]
    assert "200 newest origins" in said and "--calibration fixed" in said
    # The rows before the fit, and a forecast that continues them, teach nothing that it did not know.
    for source in (wilder.head(300), None):
        again = predict(source, store=store)
        np.testing.assert_array_equal(widths(again), widths(predict(source, store=store, calibration="fixed")))


def test_a_few_new_rows_change_little(store):
    for more in (1, 3):
        data = table(300 + more, np.ones(300 + more))
        living, fixed = (widths(predict(data, store=store, calibration=kind)) for kind in ("living", "fixed"))
        np.testing.assert_allclose(living, fixed, rtol=0.25)


def test_what_happens_after_the_rows_changes_nothing_before(store):
    """Intervals of a forecast are those of the rows up to it, whatever comes later."""
    data = table(420, np.where(np.arange(420) < 300, 1.0, 3.0))
    spoiled = data.assign(y=np.where(np.arange(420) < 400, data["y"], 1e4))
    one, other = (predict(rows.head(400), store=store) for rows in (data, spoiled))
    pd.testing.assert_frame_equal(one.frame, other.frame)
