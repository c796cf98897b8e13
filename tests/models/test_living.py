"""Intervals that learn from outcomes: what the definitions say, and what they hold once the world has changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tsforecast.models.calibration import Calibration, calibrate, conformal_scores, intervals, score_at
from tsforecast.models.living import OWN, RATES, STEADY, Factors, newest_factors, track
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


def reference(sizes, observed, levels):
    """Factors of each origin written down as the papers have them, one outcome after the other."""
    origins, n_series, horizon, _ = sizes.shape
    made = np.ones((origins + 1, n_series, horizon, len(levels)))
    harmonic = sum(1 / (step + 1) for step in range(horizon))
    for place, level in enumerate(levels):
        share = level / 100
        alpha, kinds = 1 - share, len(RATES)
        eta = np.sqrt(3 / 100) * np.sqrt((np.log(kinds * 100) + 2) / (alpha**2 * share**3 + alpha**3 * share**2))
        logs, weights, steady, own = [0.0] * kinds, [1 / kinds] * kinds, 0.0, np.zeros((n_series, horizon))
        rated = [[1.0] * kinds]
        for row in range(origins):
            pushes, losses, all_pushes, seen = [0.0] * kinds, [0.0] * kinds, 0.0, False
            for step in range(min(row + 1, horizon)):
                origin = row - step
                told = [series for series in range(n_series) if observed[origin, series, step]]
                for series in told:
                    seen = True
                    counts = 1 / (step + 1) / len(told) / harmonic
                    size = min(sizes[origin, series, step, place] / made[origin, series, step, place], 10)
                    miss = (size > 1) - alpha
                    own[series, step] += OWN / (step + 1) * miss
                    all_pushes += counts * miss
                    for kind in range(kinds):
                        error = size - rated[origin][kind]
                        pushes[kind] += counts * ((error > 0) - alpha)
                        losses[kind] += counts * (share * error if error > 0 else (share - 1) * error)
            steady += STEADY * all_pushes
            if seen:
                weights = [w * np.exp(-eta * loss) for w, loss in zip(weights, losses, strict=True)]
                weights = [(1 - 1 / 200) * w / sum(weights) + 1 / 200 / kinds for w in weights]
            logs = [log + rate * push for log, rate, push in zip(logs, RATES, pushes, strict=True)]
            mixed = sum(w * np.exp(log) for w, log in zip(weights, logs, strict=True))
            made[row + 1, :, :, place] = np.exp(own + steady) * mixed
            rated.append([np.exp(log) / mixed for log in logs])
    return made


def test_factors_are_those_of_the_reference():
    rng = np.random.default_rng(0)
    sizes = rng.exponential(0.7, (40, 2, 3, 2))
    sizes[7, 0, 0, 0] = 1e9
    observed = rng.random((40, 2, 3)) < 0.8
    observed[20:24] = False
    np.testing.assert_allclose(track(sizes, observed, LEVELS), reference(sizes, observed, LEVELS), rtol=1e-12)


def test_factors_do_not_know_what_had_not_happened_yet():
    rng = np.random.default_rng(0)
    sizes, observed = rng.exponential(0.7, (30, 2, 4, 2)), np.ones((30, 2, 4), bool)
    origin, step = np.arange(30)[:, None], np.arange(4)
    later = np.where((origin + step >= 17)[:, None, :, None], 50.0, sizes)
    known, other = track(sizes, observed, LEVELS), track(later, observed, LEVELS)
    np.testing.assert_array_equal(known[:18], other[:18])
    assert np.all(known[18] != other[18])


def test_alike_series_have_the_factors_of_one_when_they_share_them():
    sizes = np.random.default_rng(0).exponential(0.7, (30, 1, 3, 2))
    observed = np.ones((30, 4, 3), bool)
    observed[:10, 1:] = False
    alone = track(sizes, observed[:, :1], LEVELS)
    shared = track(sizes.repeat(4, axis=1), observed, LEVELS, pooled=True)
    assert shared.shape == (31, 1, 3, 2)
    np.testing.assert_allclose(shared, alone, rtol=1e-12)


def held(scales, horizon=4, series=5, seed=0):
    """What fixed and living intervals held, shape (origins, steps, levels), and the factors, of series averaged."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_t(5, (len(scales) + horizon, series)) * np.pad(scales, (0, horizon), mode="edge")[:, None]
    steps = np.arange(len(scales))[:, None] + np.arange(horizon)
    scores = noise[steps].transpose(0, 2, 1)
    calibration = calibrate(rng.standard_t(5, (2000, horizon)), np.ones((2000, horizon), bool))
    promised = np.stack([score_at(calibration, 0.5 + level / 200) for level in LEVELS], axis=1)
    sizes = np.abs(scores)[..., None] / promised
    made = track(sizes, np.ones(scores.shape, bool), LEVELS)[:-1]
    return (sizes <= 1).mean(axis=1), (sizes <= made).mean(axis=1), made.mean(axis=1)


def over(values, rows):
    """The mean of some rows and all steps, by level."""
    return values[rows].mean(axis=(0, 1))


@pytest.mark.parametrize("scale", [3.0, 0.4])
def test_they_hold_what_they_promise_once_the_variance_has_changed(scale):
    scales = np.where(np.arange(900) < 200, 1.0, scale)
    fixed, living, factors = held(scales)
    later = slice(300, None)
    np.testing.assert_allclose(over(living, slice(0, 200)), [0.8, 0.95], atol=0.015)
    np.testing.assert_allclose(over(living, later), [0.8, 0.95], atol=0.015)
    np.testing.assert_allclose(over(factors, later), scale, rtol=0.15)
    assert abs(over(fixed, later) - [0.8, 0.95]).max() > 0.15


def test_far_steps_hold_soon_after_a_change_as_the_near_ones_tell_of_it():
    """Two horizons after the first outcome of a wilder world all quarters of the horizon hold about as they promise."""
    living = held(np.where(np.arange(400) < 200, 1.0, 3.0), horizon=48)[1]
    for quarter in np.array_split(np.arange(48), 4):
        np.testing.assert_allclose(living[296:, quarter].mean(axis=(0, 1)), [0.8, 0.95], atol=0.06)


def test_over_time_they_hold_while_the_variance_comes_and_goes():
    scales = np.exp(np.sin(2 * np.pi * np.arange(1200) / 300))
    fixed, living, _ = held(scales, horizon=12)
    np.testing.assert_allclose(over(living, slice(None)), [0.8, 0.95], atol=0.015)
    assert abs(over(fixed, slice(None)) - [0.8, 0.95]).max() > 0.03


@pytest.mark.parametrize("horizon", [4, 24])
def test_where_nothing_changes_they_stay_about_as_they_are(horizon):
    _, living, factors = held(np.ones(600), horizon=horizon)
    np.testing.assert_allclose(over(living, slice(None)), [0.8, 0.95], atol=0.01)
    np.testing.assert_allclose(over(factors, slice(None)), 1, atol=0.05)
    assert np.log(factors).std() < 0.15


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


def test_where_nothing_was_promised_nothing_is_learned():
    """A calibration on errors of zero at the first step: its factor stays, and those of the others are finite."""
    rng = np.random.default_rng(0)
    panel = make_panel([rng.normal(size=80)], Frequency("fixed", DAY))
    weights = {"part0/linear/kernel": np.zeros((1, 3), np.float32), "part0/linear/bias": np.zeros(3, np.float32)}
    spec = ModelSpec("linear", 3, 1, (Part("linear", 1.0, 1),))
    normal = calibrate(rng.normal(size=(2000, 3)), np.ones((2000, 3), bool))
    nothing = Calibration(normal.scores * np.array([[0.0], [1.0], [1.0]]), 2000, "")
    scaling = Scaling("standard", "none", np.zeros(1), np.ones(1), np.zeros(1, bool))
    found = newest_factors(spec, weights, nothing, model_rows(panel, scaling), np.array([60]), LEVELS)
    np.testing.assert_array_equal(found.values[0, 0], 1)
    # The last value is repeated: its own noise comes on top.
    np.testing.assert_allclose(found.values[0, 1:], np.sqrt(2), rtol=0.3)


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
