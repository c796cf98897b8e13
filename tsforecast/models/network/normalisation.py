"""Per-window normalisation in NumPy, which lets one network fit windows of any level.

`last` subtracts the window's last value (SegRNN, Lin et al. 2023), `mean-std` its mean and divides by its deviation
(RevIN without learned weights, Kim et al. 2022), `mean-level` divides by the mean magnitude (for positive panels of
many scales). Padded positions are zero afterwards. keras_network.py has the twin.
"""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Bool, Float32

VARIANCE_FLOOR = 1e-5

# In deviations of the series: a window of zeros must not turn one sale into the largest error of all.
LEVEL_FLOOR = 0.1


def statistics(context: Float32, mask: Bool, method: str) -> tuple[Float32, Float32]:
    """Center and scale of each window, both of shape (samples, 1).

    Args:
        context: shape (samples, lookback).
        mask: shape (samples, lookback), False where padded.
        method: one of NORMALISATIONS.
    """
    if method == "last":
        center = context[:, -1:]
        return center, np.ones_like(center)
    if method == "none":
        return np.zeros_like(context[:, -1:]), np.ones_like(context[:, -1:])
    count = mask.sum(axis=1, keepdims=True).astype(np.float32)
    kept = np.where(mask, context, np.float32(0))
    if method == "mean-level":
        level = np.abs(kept).sum(axis=1, keepdims=True) / count
        return np.zeros_like(level), np.maximum(level, np.float32(LEVEL_FLOOR))
    mean = kept.sum(axis=1, keepdims=True) / count
    variance = (np.where(mask, context - mean, np.float32(0)) ** 2).sum(axis=1, keepdims=True) / count
    return mean, np.sqrt(variance + np.float32(VARIANCE_FLOOR))


def normalise(context: Float32, mask: Bool, center: Float32, scale: Float32) -> Float32:
    """(context - center) / scale, zero where padded, shape (samples, lookback)."""
    return np.where(mask, (context - center) / scale, np.float32(0))
