"""Sub-sequence PCA: what the leading patterns of all windows do not explain of one.

Windows are points in a space of as many dimensions as a window has rows; principal components are the shapes that most
windows are made of (Aggarwal, Outlier Analysis, 2017, chapter 3). The score of a window is its squared distance to the
leading components, which explain 70 % of the variance. It is the best of 40 methods on TSB-AD-U (Liu and Paparrizos,
The Elephant in the Room, NeurIPS 2024). It looks at the whole series: it is not on-line.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tsforecast.arrays import Float64
from tsforecast.models.anomaly.windows import of_rows

_EXPLAINED = 0.7
_CHUNK = 4096  # windows at once


def subpca(values: Float64, window: int) -> Float64:
    """Squared distance of the windows of each row to the leading components, shape (rows,)."""
    scaled = (values - values.mean()) / (values.std() or 1.0)
    windows = sliding_window_view(scaled, window)
    center = windows.mean(axis=0)
    chunks = [slice(begin, begin + _CHUNK) for begin in range(0, len(windows), _CHUNK)]
    gram = np.zeros((window, window))
    for chunk in chunks:
        moved = windows[chunk] - center
        gram += moved.T @ moved
    variances, components = np.linalg.eigh(gram)
    variances = np.maximum(variances[::-1], 0.0)
    explained = np.cumsum(variances) / (variances.sum() or 1.0)
    leading = components[:, ::-1][:, : int(np.searchsorted(explained, _EXPLAINED)) + 1]
    scores = np.empty(len(windows))
    for chunk in chunks:
        moved = windows[chunk] - center
        scores[chunk] = (moved**2).sum(axis=1) - ((moved @ leading) ** 2).sum(axis=1)
    return of_rows(np.maximum(scores, 0.0), window)
