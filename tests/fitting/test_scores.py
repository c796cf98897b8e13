"""What a fit is scored by, where numbers are hard: large levels, and values that are hardly measurements."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tsforecast.fitting import choose
from tsforecast.fitting.calibrate import predict_index
from tsforecast.fitting.fit_panel import Fitted, fit_panel
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.series.windows import WindowIndex

LEVEL = 1e9


def moving(n_series: int) -> list[np.ndarray]:
    """A weekly season and what is left of past shocks, around zero: the values move by 10."""
    rng = np.random.default_rng(7)
    made = []
    for _ in range(n_series):
        shocks = np.zeros(300)
        for step in range(1, 300):
            shocks[step] = 0.7 * shocks[step - 1] + rng.normal()
        made.append(5 * np.sin(2 * np.pi * np.arange(300) / 7) + shocks)
    return made


def fit_on(series: list[np.ndarray], model: str, transform: str = "auto") -> Fitted:
    options = FitOptions(
        model=model, horizon=7, season_length=7, preset="fast", units=4, epochs=2, lookback=21, transform=transform
    )
    return fit_panel(make_panel(series, Frequency("fixed", DAY)), options, TrainingSession())


@pytest.fixture(autouse=True)
def without_networks(monkeypatch):
    """`auto` of its simple parts alone: what networks make of a level, tests/models/test_continuation.py looks at."""
    monkeypatch.setattr(choose, "network_candidates", lambda *args: ())


@cache
def fitted(model: str, n_series: int, level: float, transform: str = "auto") -> Fitted:
    return fit_on([values + level for values in moving(n_series)], model, transform)


# A logarithm is no rule that a level leaves alone, but of values far from zero it is a line.
@pytest.mark.parametrize("n_series", [1, 3])
@pytest.mark.parametrize("model", ["naive", "seasonal-naive", "drift", "linear", "auto"])
def test_a_level_makes_no_model_worse(model, n_series):
    low, high = (fitted(model, n_series, level).evaluated for level in (0.0, LEVEL))
    assert low.scores.keys() == high.scores.keys()
    for name in low.scores:
        for metric in ("mae", "rmse", "mase", "interval_score_80", "interval_score_95"):
            assert high.scores[name][metric] == pytest.approx(low.scores[name][metric], rel=0.02)


def test_a_level_under_a_logarithm():
    low, high = (
        fitted("linear", 1, level, transform).evaluated.scores["linear"]["mae"]
        for level, transform in ((0.0, "none"), (LEVEL, "log"))
    )
    assert high == pytest.approx(low, rel=0.02)


def test_what_keeps_no_digit_is_not_chosen():
    """Dividing by the level leaves nothing of a billion that moves by 10."""
    plan = fitted("auto", 3, LEVEL).evaluated.plan
    assert (plan.scaler, plan.log) == ("standard", "none")
    chosen = {choice.name: choice.value for choice in plan.choices}
    assert chosen["normalisation"] != "mean-level"


SENTINELS = [4294967295.0, 1e12, -1e12, 1e15]


@pytest.mark.parametrize("sentinel", SENTINELS)
@pytest.mark.parametrize("model", ["seasonal-naive", "linear"])
def test_a_sentinel_leaves_all_other_forecasts_as_they_were(model, sentinel):
    series = [values + 100 for values in moving(2)]
    clean = fit_on(series, model)
    spoilt_series = [values.copy() for values in series]
    spoilt_series[0][120] = sentinel
    spoilt = fit_on(spoilt_series, model)
    ends = clean.split.end
    index = WindowIndex(clean.everything.panel.offsets[1:] - 7, np.arange(2))
    made = []
    for one in (clean, spoilt):
        rows = one.everything.rows
        made.append(rows.scaling.inverse(predict_index(one.final, rows, index)[:, :, 0], index.series[:, None]))
    assert np.abs(made[0] - made[1]).max() < 0.5
    for name in ("mae", "interval_score_80"):
        assert spoilt.evaluated.scores[model][name] == pytest.approx(clean.evaluated.scores[model][name], rel=0.05)
    # Metrics keep their definitions: the unit of MASE counts what stands in the training part.
    panel = spoilt.everything.panel
    unit, _ = seasonal_errors(panel, 7, ends)
    assert unit[0] > abs(sentinel) / 1000 > unit[1]


def test_a_sentinel_in_the_test_part_counts_as_an_error():
    series = [values + 100 for values in moving(1)]
    series[0][-2] = 1e12
    assert fit_on(series, "linear").evaluated.scores["linear"]["mae"] > 1e9


def test_sentinels_in_all_parts_spoil_neither_choice_nor_calibration():
    series = [values + 100 for values in moving(1)]
    clean = fit_on(series, "linear").evaluated
    split = fitted("linear", 1, 0.0).split
    for end in (split.train_end, split.validation_end, split.calibration_end):
        series[0][int(end[0]) - 3] = 1e12
    spoilt = fit_on(series, "linear").evaluated
    assert np.all(np.abs(spoilt.calibration.scores) < 3 * np.abs(clean.calibration.scores).max())
    # The test part has none.
    assert spoilt.scores["linear"]["mae"] == pytest.approx(clean.scores["linear"]["mae"], rel=0.1)
