"""What the benchmark of filled gaps takes out of windows."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "examples" / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    modules = {}
    for name in ("common", "imputation"):
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None and spec.loader is not None
        modules[name] = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, modules[name])
        spec.loader.exec_module(modules[name])
    return modules["imputation"]


def test_shares_of_points_and_blocks(script: ModuleType) -> None:
    points, blocks = (
        script.taken_out((300, 48, 7), pattern, np.random.default_rng(0)) for pattern in ("point 10 %", "block 50 %")
    )
    assert 0.09 < points.mean() < 0.11
    assert 0.45 < blocks.mean() < 0.55
    # A hidden cell is never alone: five more rows of its column are hidden with it.
    first = np.flatnonzero(blocks[:, :, 3].any(axis=1))[0]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], blocks[first, :, 3].astype(int), [0]])))
    assert (np.diff(edges)[::2] >= 6).all()


def test_a_file_is_cut_and_filled(script: ModuleType) -> None:
    rows = np.arange(400)
    table = pd.DataFrame(
        {"s0": np.sin(2 * np.pi * rows / 24)}, index=pd.date_range("2024-01-01", periods=400, freq="h", name="time")
    )
    error, line, cells, inside_80, inside_95, bounded, _ = script.cut_and_filled(table, 6, 0)
    assert error < 0.2 * line
    assert cells == 18 and bounded == 18
    assert inside_80 <= inside_95 <= cells
