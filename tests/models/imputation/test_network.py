"""The network: what is known stays, hidden patterns teach it, and the same seed gives the same."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.arrays import Float64
from tsforecast.models.imputation import network
from tsforecast.models.imputation.gaps import find_gaps
from tsforecast.models.imputation.linear import linear
from tsforecast.models.imputation.methods import Fill

pytestmark = pytest.mark.usefixtures("shared_graphs")


def waves() -> tuple[Float64, Float64]:
    """A wave beside its square, and both with gaps."""
    rows = np.arange(500)
    wave = np.sin(2 * np.pi * rows / 30) + 0.05 * np.random.default_rng(0).normal(size=500)
    truth = np.stack([wave, wave**2], axis=1)
    values = truth.copy()
    for first in range(20, 480, 40):
        values[first : first + 5, first // 40 % 2] = np.nan
    return truth, values


def trained(values: Float64, monkeypatch: pytest.MonkeyPatch) -> Fill:
    monkeypatch.setattr(network, "EPOCHS", 2)
    monkeypatch.setattr(network, "_UNITS", 8)
    epochs: list[int] = []
    made = network.train(values, find_gaps(values), 1, seed=3, threads=1, told=lambda: epochs.append(1))
    assert made is not None and len(epochs) == 2
    return made


def test_gaps_are_filled_by_what_hidden_values_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, values = waves()
    missing = np.isnan(values)
    first, again = (trained(values, monkeypatch)(values) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.array_equal(first[~missing], values[~missing])
    assert np.isfinite(first).all()
    errors = [np.abs(made - truth)[missing].mean() for made in (first, linear(values))]
    assert errors[0] < errors[1]


def test_a_few_rows_teach_nothing() -> None:
    values = np.arange(40.0)[:, None]
    values[10] = np.nan
    assert network.train(values, find_gaps(values), 1, seed=0, threads=1, told=lambda: None) is None
