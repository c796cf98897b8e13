"""The calibration of a version: keys of model.json, and tensors beside the last rows of the series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsforecast.errors import ModelError
from tsforecast.models.calibration import PROBABILITIES, Calibration
from tsforecast.models.error_unit import WINDOW_UNIT, ErrorUnit
from tsforecast.models.paths import MOST_EXAMPLES
from tsforecast.store.bundle.formats import RECENT
from tsforecast.store.bundle.json_fields import Fields
from tsforecast.store.bundle.tensors import Shapes, Tensor

_MOST_WINDOWS = 2**40


@dataclass(frozen=True)
class CalibrationKeys:
    """What model.json says of a calibration.

    Args:
        method: how the intervals were calibrated, in words.
        windows: held-out windows that they rest on.
        examples: of errors that are stored.
        window: power of the window's spread in the unit of errors.
        phase: power of the spread at a phase of the season.
    """

    method: str
    windows: int
    examples: int
    window: float
    phase: float

    @property
    def usual(self) -> bool:
        """Whether the usual spread of each series is stored."""
        return self.window + self.phase < 1


def calibration_key(calibration: Calibration) -> dict[str, Any]:
    """What stands under `calibration` in model.json."""
    unit, examples = calibration.unit, len(calibration.examples)
    return {
        "method": calibration.method,
        "windows": calibration.windows,
        **({"examples": examples} if examples else {}),
        **({} if _powers(unit) == _powers(WINDOW_UNIT) else {"unit": _powers(unit)}),
    }


def read_calibration_keys(document: Fields) -> CalibrationKeys:
    """What stands there."""
    fields = document.fields("calibration", ("method", "windows"), {"examples": 0, "unit": _powers(WINDOW_UNIT)})
    unit = fields.fields("unit", tuple(_powers(WINDOW_UNIT)))
    window = unit.number("window", 0, 1)
    return CalibrationKeys(
        fields.text("method"),
        fields.integer("windows", 0, _MOST_WINDOWS),
        fields.integer("examples", 0, MOST_EXAMPLES),
        window,
        unit.number("phase", 0, 1 - window),
    )


def calibration_tensors(calibration: Calibration) -> dict[str, Tensor]:
    """The tensors of a calibration."""
    examples, usual = calibration.examples, calibration.unit.usual
    return {
        "scores": np.asarray(calibration.scores, np.float64),
        **({"examples": np.asarray(examples, np.float32)} if len(examples) else {}),
        **({"usual_spreads": np.asarray(usual, np.float64)} if len(usual) else {}),
    }


def calibration_shapes(keys: CalibrationKeys, horizon: int, n_series: int) -> Shapes:
    """The types and shapes of these tensors."""
    return {
        "scores": ("float64", (horizon, len(PROBABILITIES))),
        **({"examples": ("float32", (keys.examples, horizon))} if keys.examples else {}),
        **({"usual_spreads": ("float64", (n_series,))} if keys.usual else {}),
    }


def read_calibration(keys: CalibrationKeys, tensors: Mapping[str, Tensor]) -> Calibration:
    """The calibration of keys and tensors.

    Raises:
        ModelError: scores that do not ascend, spreads that are not above zero.
    """
    scores, usual = tensors["scores"], tensors.get("usual_spreads", np.empty(0))
    if np.any(np.diff(scores, axis=1) < 0):
        raise ModelError("'scores' does not ascend", file=RECENT)
    if np.any(usual <= 0):
        raise ModelError("'usual_spreads' holds a number that is not above zero", file=RECENT)
    examples = tensors.get("examples", np.empty((0, len(scores)))).astype(np.float64)
    unit = ErrorUnit(keys.window, keys.phase, usual)
    return Calibration(scores, keys.windows, keys.method, examples, unit)


def _powers(unit: ErrorUnit) -> dict[str, float]:
    return {"window": unit.window, "phase": unit.phase}
