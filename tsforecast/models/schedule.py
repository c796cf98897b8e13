"""Learning rates over the epochs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tsforecast.models.config import TrainingConfig

_EXPONENTIAL = 0.7
_STEP_EVERY, _STEP_FACTOR = 3, 0.3
_COSINE_FLOOR = 0.01


def learning_rates(training: TrainingConfig, epoch: int, steps: int) -> NDArray[np.float32]:
    """The rate of each step of an epoch (from 1), shape (steps,).

    `plateau` and `constant` stay at the peak here; the plateau's halving depends on the validation loss and is
    applied by the training loop.
    """
    peak = training.learning_rate
    progress = epoch - 1 + np.arange(steps) / steps
    if training.schedule == "exponential":
        rates = np.full(steps, peak * _EXPONENTIAL ** (epoch - 1))
    elif training.schedule == "step":
        rates = np.full(steps, peak * _STEP_FACTOR ** ((epoch - 1) // _STEP_EVERY))
    elif training.schedule == "cosine":
        # Loshchilov and Hutter (2017), after a linear warm-up of half an epoch.
        wave = 0.5 * (1 + np.cos(np.pi * np.minimum(1.0, progress / training.epochs)))
        rates = peak * (_COSINE_FLOOR + (1 - _COSINE_FLOOR) * wave) * np.minimum(1.0, (progress + 0.02) / 0.5)
    else:
        rates = np.full(steps, peak)
    return rates.astype(np.float32)
