"""What one version of a model holds: everything that `predict` needs, with no other file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.models.calibration import Calibration
from tsforecast.models.network.weights import Weights
from tsforecast.models.spec import ModelSpec
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.scaling import Scaling

FORMAT_VERSION = 2


@dataclass(frozen=True)
class Golden:
    """A batch whose forecast is replayed whenever the version is loaded.

    Args:
        context: model space, shape (samples, lookback).
        mask: shape (samples, lookback).
        series: shape (samples,).
        expected: what `predict_windows` returned, shape (samples, horizon, levels).
    """

    context: NDArray[np.float32]
    mask: NDArray[np.bool_]
    series: NDArray[np.int64]
    expected: NDArray[np.float32]


@dataclass(frozen=True)
class Bundle:
    """A trained model with its surroundings.

    Args:
        spec: what the model is.
        weights: its tensors by name; empty for a baseline.
        schema: how the user's table is written.
        context: the last rows of every series, in the user's units.
        scaling: transform of every series in `context`, in the same order.
        calibration: of the intervals.
        golden: forecast replayed at loading.
        metrics: scores, splits and choices, as `fit` reports them.
        history: one dict per epoch.
        gradients: one dict per step of the window after an epoch.
        provenance: data hash and range, seed, threads, package versions, seconds.
    """

    spec: ModelSpec
    weights: Weights
    schema: Schema
    context: Panel
    scaling: Scaling
    calibration: Calibration
    golden: Golden
    metrics: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)
    gradients: list[dict[str, Any]] = field(default_factory=list)
    provenance: dict[str, Any] = field(default_factory=dict)
