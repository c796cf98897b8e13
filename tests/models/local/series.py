"""Series for the tests of local models."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.models.local.aligned import Aligned, aligned_windows

_DATASETS = Path(__file__).parents[3] / "datasets"


def column(name: str) -> Float64:
    """The last column of one of the data sets."""
    with (_DATASETS / name).open() as file:
        return np.array([float(row[-1]) for row in list(csv.reader(file))[1:]])


def aligned(*series: Float64) -> Aligned:
    """Series side by side."""
    most = max(len(each) for each in series)
    values, mask = np.full((len(series), most), 1e9), np.zeros((len(series), most), bool)
    for number, each in enumerate(series):
        values[number, most - len(each) :] = each
        mask[number, most - len(each) :] = True
    return aligned_windows(values, mask)


def sales(rng: np.random.Generator, rows: int, season: int = 12, growth: float = 0.01) -> Float64:
    """Growth times a season times noise."""
    t = np.arange(rows)
    return np.asarray(100 * np.exp(growth * t + 0.3 * np.sin(2 * np.pi * t / season) + 0.02 * rng.normal(size=rows)))
