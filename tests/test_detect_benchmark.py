"""VUS-PR of the benchmark of anomalies: by hand, and as the package `vus` 0.0.6 gives it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from tests.workflows.detect.test_detect import PLANTED, with_anomaly

SCRIPTS = Path(__file__).resolve().parents[1] / "examples" / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    modules = {}
    for name in ("common", "detect"):
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None and spec.loader is not None
        modules[name] = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, modules[name])
        spec.loader.exec_module(modules[name])
    return modules["detect"]


def test_the_score_of_nab_by_hand(script: ModuleType) -> None:
    labels = np.zeros(100, bool)
    labels[40:51] = labels[80:91] = True

    def score(*rows: int) -> float:
        return script.nab_score(labels, np.array(rows, dtype=np.int64))

    assert score(40, 80) == score(40, 45, 80) == pytest.approx(100)
    assert score() == pytest.approx(0)
    assert score(40) == pytest.approx(50)
    # A false alarm weighs 0.11 of a label: all of it where no label came before, hardly any right after one.
    assert score(10) == pytest.approx(100 * -0.11 / 4)
    assert score(10, 40, 80) < score(40, 60, 80) < score(40, 51, 80) < 100
    # Late in a label: 2 / (1 + exp(5 x -1/11)) - 1 over the most, 2 / (1 + exp(-5)) - 1.
    last = (2 / (1 + np.exp(-5 / 11)) - 1) / (2 / (1 + np.exp(-5)) - 1)
    assert score(50) == pytest.approx(100 * (1 + last) / 4)


def test_by_hand(script: ModuleType) -> None:
    labels = np.array([False, False, True, False, False])
    assert script.vus_pr(labels, np.array([0.0, 1, 3, 2, 0]), 2) == pytest.approx(1)
    # The neighbour comes first. Without a buffer: precision 1/2 at all of the recall. With one of 1 on each side, whose
    # rows weigh sqrt(1/2): recall .7071 / 1.3536 at precision .7071, then 1 at 1.7071 / 2.
    one = 0.7071068 / 1.3535534
    assert script.vus_pr(labels, np.array([0.0, 0, 2, 3, 0]), 0) == pytest.approx(0.5)
    with_buffer = one * 0.7071068 + (1 - one) * 0.8535534
    assert script.vus_pr(labels, np.array([0.0, 0, 2, 3, 0]), 2) == pytest.approx((0.5 + 0.5 + with_buffer) / 3)


# Seed, what is special, and `RangeAUC_volume_opt(labels, scores, 40)[-1]` of vus 0.0.6.
FROM_THE_PACKAGE = [
    (0, "", 0.747775304687059),
    (1, "begins with a label", 0.8043330934166699),
    (2, "ends with a label", 0.7580133095497489),
    (3, "ties", 0.7351346890902014),
    (5, "", 0.6775280924196643),
]


@pytest.mark.parametrize(("seed", "special", "expected"), FROM_THE_PACKAGE)
def test_as_the_package_has_it(script: ModuleType, seed: int, special: str, expected: float) -> None:
    random, labels = np.random.default_rng(seed), np.zeros(400)
    for begin in random.integers(5, 360, 4):
        labels[begin : begin + random.integers(1, 25)] = 1
    labels[:8] += special == "begins with a label"
    labels[-6:] += special == "ends with a label"
    labels = np.minimum(labels, 1)
    scores = random.random(400) + labels * random.random(400)
    scores = np.round(scores, 1) if special == "ties" else scores
    assert script.vus_pr(labels > 0, scores, 40) == pytest.approx(expected, abs=1e-12)


def test_a_file_is_scored_by_its_labels_or_by_stretches(script: ModuleType, tmp_path: Path) -> None:
    table = with_anomaly()
    labelled = table.assign(label=0)
    labelled.loc[PLANTED : PLANTED + 11, "label"] = 1
    labelled.to_csv(tmp_path / "labelled.csv", index=False)
    table.to_csv(tmp_path / "plain.csv", index=False)
    stretch = [str(table["time"][PLANTED]), str(table["time"][PLANTED + 11])]
    files = [str(tmp_path / name) for name in ("labelled.csv", "plain.csv")]
    found = script.accuracy(files, {"plain.csv": [stretch]}, ["subpca"])
    assert found["labelled"] == found["plain"] == found["mean"]
    assert found["mean"]["subpca"] > 0.8
    assert not script.labels_of(pd.read_csv(files[1]), []).any()
