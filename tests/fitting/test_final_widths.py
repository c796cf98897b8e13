"""The intervals of the model that is trained on all rows are as wide as those that were calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training_stub import FIXED, Player, make_rows
from tsforecast.fitting.final_widths import as_wide
from tsforecast.fitting.fit_panel import fit_panel
from tsforecast.fitting.prepared import prepare
from tsforecast.models.calibration import PROBABILITIES
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession

# Below zero too: what is raised to zero has no width of its own.
PANEL = replace(make_rows(), values=make_rows().values - 12)
OPTIONS = FitOptions(model="gru", **FIXED, units=4, epochs=1, threads=1)
SESSION = TrainingSession()
LEVELS = (80.0, 95.0)


class OtherAtLast(Player):
    """Networks whose final training gives weights of another size, and so quantiles that lie further apart."""

    def __call__(self, data, network, training, run, session, *, device):
        self.scale = 0.6 if run.replay else 0.2
        return super().__call__(data, network, training, run, session, device=device)


def widths(forecaster, rows, index):
    (batch,) = rows.batches(index, lookback=forecaster.spec.lookback, horizon=forecaster.spec.horizon)
    made = forecaster.intervals(batch.windows, rows.scaling, LEVELS)
    return made.upper - made.lower


@pytest.fixture
def fitted(monkeypatch, player):
    from tsforecast.models.training import loop

    monkeypatch.setattr(loop, "train", OtherAtLast())
    return fit_panel(PANEL, OPTIONS, SESSION)


def test_widths_are_those_that_were_calibrated(fitted):
    plan, panel = fitted.evaluated.plan, fitted.everything.panel
    before = prepare(panel, fitted.split, plan)
    index = before.windows("test", plan)
    wanted = np.median(np.log(widths(fitted.evaluated.forecaster, before.rows, index)), axis=0)
    made = np.median(np.log(widths(fitted.forecaster, fitted.everything.rows, index)), axis=0)
    np.testing.assert_allclose(made, wanted, atol=0.2)
    plain = fitted.final.forecaster_of(fitted.everything.rows, fitted.evaluated.calibration)
    other = np.median(np.log(widths(plain, fitted.everything.rows, index)), axis=0)
    assert np.median(np.abs(other - wanted)) > 0.3
    assert fitted.forecaster.calibration.method.endswith("of the model trained on all rows, as wide as these")


def test_scores_are_symmetric_and_ascend(fitted):
    scores = fitted.forecaster.calibration.scores
    assert scores.shape == (OPTIONS.horizon, len(PROBABILITIES))
    assert np.all(np.diff(scores, axis=1) >= 0)
    np.testing.assert_array_equal(scores, -scores[:, ::-1])


def test_the_same_model_keeps_its_calibration(fitted):
    plan, evaluated = fitted.evaluated.plan, fitted.evaluated
    rows = prepare(fitted.everything.panel, fitted.split, plan)
    same = as_wide(evaluated.forecaster, rows, evaluated.forecaster, rows, plan)
    np.testing.assert_allclose(same.scores, evaluated.calibration.scores, rtol=1e-6, atol=1e-9)
    tripled = replace(evaluated.calibration, scores=3 * evaluated.calibration.scores)
    again = as_wide(evaluated.forecaster, rows, replace(evaluated.forecaster, calibration=tripled), rows, plan)
    np.testing.assert_allclose(again.scores, evaluated.calibration.scores, rtol=0.1, atol=1e-3)


def test_point_models_keep_theirs():
    fitted = fit_panel(PANEL, replace(OPTIONS, model="seasonal-naive"), SESSION)
    assert fitted.forecaster.calibration.scores is fitted.evaluated.calibration.scores
