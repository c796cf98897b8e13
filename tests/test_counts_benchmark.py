"""The benchmark of counts: its scores by hand, its oracle, and what it refuses."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "examples" / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    modules = {}
    for name in ("common", "counts"):
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None and spec.loader is not None
        modules[name] = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, modules[name])
        spec.loader.exec_module(modules[name])
    return modules["counts"]


def test_scores_by_hand(script: ModuleType) -> None:
    quantiles = np.repeat(np.array([0.0, 4.0])[:, None, None], 11, axis=2)
    found = script.scores(np.array([[2.0], [1.0]]), quantiles, np.array([2.0, 3.0]))
    assert found["mase"] == pytest.approx((2 / 2 + 3 / 3) / 2)
    assert found["crps"] == pytest.approx((2 * 2 * 0.5 / 2 + 2 * 3 * 0.5 / 3) / 2)
    assert found["coverage_80"] == 0
    wide = np.linspace(0, 10, 11)[None, None]
    outside = script.scores(np.array([[0.5]]), wide, np.array([1.0]))
    assert (outside["coverage_80"], outside["coverage_95"]) == (0, 1)


def test_the_oracle_of_each_table_holds_what_it_promises(script: ModuleType) -> None:
    for name, table in script.TABLES.items():
        past, y_true, oracle = script.drawn(replace(table, series=30))
        assert len(past) == len(y_true) == len(oracle) >= 20, name
        assert all(row[0] > 0 for row in past)
        # Intervals of counts hold more than they promise; a few drifting series hold a little less by chance.
        assert script.scores(y_true, oracle, np.ones(len(past)))["coverage_80"] > 0.75, name


def test_a_model_beside_its_oracle(script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setitem(script.TABLES, "lumpy-month", replace(script.TABLES["lumpy-month"], series=20))
    monkeypatch.setattr(sys, "argv", ["counts", "lumpy-month", "--model", "seasonal-naive", "--json"])
    script.run(script.main)
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert set(rows) == {"lumpy-month, seasonal-naive", "lumpy-month, oracle"}
    assert rows["lumpy-month, oracle"]["crps"] < rows["lumpy-month, seasonal-naive"]["crps"]


def test_an_unknown_table_is_refused(script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["counts", "spare-parts"])
    with pytest.raises(SystemExit):
        script.run(script.main)
    assert "there is no table 'spare-parts'" in capsys.readouterr().err
