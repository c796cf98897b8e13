"""What one version of a model holds: everything that `predict` needs, with no other file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tsforecast.arrays import Float32
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.spec import ModelSpec
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.scaling import Scaling
from tsforecast.series.sentinels import held_values
from tsforecast.series.windows import Windows

HELD = "held"  # in the provenance: values of the data that look like missing ones


@dataclass(frozen=True)
class Golden:
    """A batch whose forecast is replayed whenever the version is loaded.

    Args:
        windows: in model space.
        expected: quantiles that the model forecast, shape (samples, horizon, quantiles).
    """

    windows: Windows
    expected: Float32


@dataclass(frozen=True)
class Bundle:
    """A trained model with its surroundings.

    Args:
        forecaster: the model with its intervals; a baseline has no weights.
        schema: how the user's table is written.
        recent: the last rows of every series, in the user's units.
        scaling: transform of every series in `recent`, in the same order.
        golden: forecast replayed at loading.
        metrics: scores, splits and choices, as `fit` reports them.
        epochs: one dict per epoch.
        gradients: one dict per step of the window after an epoch.
        by_series: one dict per series with its scores, the worst first; empty for a single series.
        provenance: data hash and range, seed, threads, package versions, seconds.
    """

    forecaster: Forecaster
    schema: Schema
    recent: Panel
    scaling: Scaling
    golden: Golden
    metrics: dict[str, Any]
    epochs: list[dict[str, Any]] = field(default_factory=list)
    gradients: list[dict[str, Any]] = field(default_factory=list)
    by_series: list[dict[str, Any]] = field(default_factory=list)
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def held(self) -> frozenset[float]:
        """Values such as -9999 that the data of the model held, and that therefore mean no missing value."""
        stated = self.provenance.get(HELD, ())
        numbers = [value for value in stated if isinstance(value, int | float)] if isinstance(stated, list) else []
        return frozenset((*held_values(self.recent), *numbers))

    @property
    def spec(self) -> ModelSpec:
        """What the model is."""
        return self.forecaster.spec
