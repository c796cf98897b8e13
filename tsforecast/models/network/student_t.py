"""The Student-t head in NumPy (the distribution of DeepAR in GluonTS, Alexandrov et al. 2020): heavy tails, learned.

The network puts out three numbers for each step: the location, and through softplus the scale and the degrees of
freedom. keras_network.py has the twin.
"""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Float32

# In the normalised space. Without a floor the likelihood of a constant series has no upper bound.
SCALE_FLOOR = 1e-3

# At 2 degrees of freedom and below the variance is infinite.
FREEDOM_FLOOR = 2.0


def quantiles(y: Float32, probabilities: tuple[float, ...]) -> Float32:
    """Quantiles of the distributions that a network puts out.

    Args:
        y: location, and scale and degrees of freedom before softplus, shape (samples, horizon, 3).
        probabilities: of the quantiles.

    Returns:
        Shape (samples, horizon, quantiles).
    """
    from scipy.special import stdtrit  # the inverse distribution function; only this head waits for SciPy

    location = y[:, :, :1]
    scale, freedom = np.logaddexp(np.float32(0), y[:, :, 1:2]), np.logaddexp(np.float32(0), y[:, :, 2:])
    standard = stdtrit(freedom.astype(np.float64) + FREEDOM_FLOOR, np.array(probabilities))
    return location + (scale + np.float32(SCALE_FLOOR)) * standard.astype(np.float32)
