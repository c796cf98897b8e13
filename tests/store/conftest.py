"""Small bundles made by hand: random weights, and the forecast that the model gives with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.networks import random_weights, small_parts
from tests.windows import windows_of
from tsforecast.models.calibration import PROBABILITIES, Calibration
from tsforecast.models.error_unit import ErrorUnit
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.spec import ModelSpec
from tsforecast.series.frequency import HOUR, Frequency
from tsforecast.series.panel import Panel, Schema, make_panel
from tsforecast.series.scaling import Scaling
from tsforecast.store.bundle.bundle import Bundle, Golden

LOOKBACK, HORIZON, SEASON = 12, 5, 4
MakeBundle = Callable[..., Bundle]


@pytest.fixture(scope="session", autouse=True)
def _unsynced() -> Iterator[None]:
    """Nothing waits for the disk: no test can see whether it did, and thousands of times it would take minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="session")
def make_bundle() -> MakeBundle:
    """Builds a bundle of any model of the table."""
    return build


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """A GRU of two series."""
    return build("gru")


def build(model: str = "gru", *, members: int = 1, series_vectors: int = 2, seed: int = 0, **options: Any) -> Bundle:
    rng = np.random.default_rng(seed)
    sizes = {"layers": 2, "horizon": HORIZON, "dropout": 0.1, "series_vectors": series_vectors, "linear_skip": True}
    parts = small_parts(model, lookback=LOOKBACK, members=members, **{**sizes, **options})
    spec = ModelSpec(model, HORIZON, SEASON, parts)
    weights = random_weights(parts, HORIZON, rng)
    scores = np.sort(rng.normal(size=(HORIZON, len(PROBABILITIES))), axis=1)
    examples = rng.normal(size=(3, HORIZON)).astype(np.float32).astype(np.float64)
    unit = ErrorUnit(0.25, 0.5, rng.uniform(1, 2, size=2))
    calibration = Calibration(scores, 120, "conformal quantiles of 120 held-out windows", examples, unit)
    forecaster = Forecaster(spec, weights, calibration)
    metrics: dict[str, Any] = {"scores": {model: {"mae": 1.25, "skill": 0.375}}, "verdict": "good"}
    row = {"member": 0, "phase": "training", "epoch": 1, "loss": 0.1, "val_loss": None, "learning_rate": 1e-3}
    row |= {"clipped_share": 0.25, "gradient_norm": 1 / 3, "seconds": 2.5, "windows_per_second": 1e4}
    step = {"member": 0, "phase": "training", "epoch": 1, "steps_back": 0, "gradient_norm": 0.125}
    return Bundle(
        forecaster=forecaster,
        schema=Schema(("zeit",), ("Filiale", "Größe"), ("umsatz",), ("%d.%m.%Y %H:%M",), "Europe/Berlin"),
        recent=_panel(rng),
        scaling=Scaling("standard", "log1p", rng.normal(size=2), rng.uniform(1, 2, size=2), np.array([True, False])),
        golden=_golden(forecaster, rng),
        metrics=metrics,
        epochs=[row],
        gradients=[step, step | {"steps_back": 1, "gradient_norm": None}],
        provenance={"data_hash": "00ff", "seed": 0, "threads": 2},
    )


def _panel(rng: np.random.Generator) -> Panel:
    panel = make_panel(
        [rng.normal(100, 10, size=20), rng.normal(50, 5, size=15)],
        Frequency("fixed", HOUR),
        ids=[("Nord", 'ä, "b"'), ("Süd", "\n")],
        starts=[-7, 400_000],
    )
    panel.observed[3] = False
    return panel


def _golden(forecaster: Forecaster, rng: np.random.Generator) -> Golden:
    values = rng.normal(size=(3, LOOKBACK)).astype(np.float32)
    mask = np.ones(values.shape, dtype=bool)
    mask[0, :4] = False
    windows = windows_of(values, mask, [-1, 0, 1], HORIZON)
    return Golden(windows, forecaster.quantiles(windows))
