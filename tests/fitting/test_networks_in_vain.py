"""Where there is little to train a network on and a local model is clearly better, none is trained."""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.local.series import sales
from tsforecast.fitting import learn
from tsforecast.fitting.fit_panel import fit_panel
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import LOCAL
from tsforecast.models.training.session import TrainingSession
from tsforecast.progress import Message
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import make_panel


class TrainedError(Exception):
    """A network would have been trained."""


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def train(*arguments):
        raise TrainedError

    monkeypatch.setattr(learn.Trainer, "_learn_network", train)


def months(rows, seed=0):
    return make_panel([sales(np.random.default_rng(seed), rows)], Frequency("month", 1))


def test_few_windows_and_a_better_local_model():
    told = []
    session = TrainingSession(lambda event: told.append(event.text) if isinstance(event, Message) else None)
    fitted = fit_panel(months(120), FitOptions(transform="none"), session)
    plan, parts = fitted.evaluated.plan, fitted.final.spec.parts
    assert plan.model == fitted.final.spec.name == "auto"
    assert any(part.name in LOCAL for part in parts) and not any(part.network for part in parts)
    (choice,) = (choice for choice in plan.choices if choice.name == "networks")
    assert choice.value == "none" and f"networks none: {choice.reason}" in told
    assert "training windows are few" in choice.reason and "where the linear model makes" in choice.reason


def test_next_to_no_windows(monkeypatch):
    monkeypatch.setattr(learn, "_CLEAR_MARGIN", 0.0)
    fitted = fit_panel(months(60), FitOptions(transform="none"), TrainingSession())
    (choice,) = (choice for choice in fitted.evaluated.plan.choices if choice.name == "networks")
    assert choice.reason == "1 training window is too few to train one on; --model gru trains one"
    assert not any(part.network for part in fitted.final.spec.parts)


def test_a_local_model_that_is_not_clearly_better(monkeypatch):
    monkeypatch.setattr(learn, "_CLEAR_MARGIN", 0.0)
    with pytest.raises(TrainedError):
        fit_panel(months(120), FitOptions(transform="none"), TrainingSession())


def test_many_windows(monkeypatch):
    monkeypatch.setattr(learn, "_FEW_WINDOWS", 10)
    with pytest.raises(TrainedError):
        fit_panel(months(120), FitOptions(transform="none"), TrainingSession())


def test_a_network_that_was_asked_for_is_trained():
    with pytest.raises(TrainedError):
        fit_panel(months(120), FitOptions(model="gru", transform="none"), TrainingSession())
