"""Tests of the report of a fit: what it says, and that nothing of the data can break it."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tsforecast.errors import OutputError
from tsforecast.fitting.plan import Brought
from tsforecast.metrics import METRICS
from tsforecast.reports.fit import write_report
from tsforecast.reports.markdown import markdown as markdown_of
from tsforecast.reports.version import fit_report

INF = float("inf")


@dataclass(frozen=True)
class Choice:
    name: str
    value: str
    reason: str


@dataclass(frozen=True)
class Note:
    kind: str
    text: str


WORST = {"series": "S7", "values": 48, "mae": 9.5, "rmse": 11.0, "bias": -2.5, "mase": 3.25, "skill": -0.1}
WORST |= {"coverage_80": 0.5}


@dataclass(frozen=True)
class Result:
    name: str = "sales"
    version: int = 3
    path: str = "models/sales/versions/000003"
    file: str = "sales_2024.csv"
    series: int = 1200
    rows: int = 1_234_567
    frequency_name: str = "hourly"
    horizon: int = 48
    lookback: int = 336
    season_length: int = 24
    choices: tuple[Choice, ...] = (Choice("segment", "24", "a day"),)
    brought: tuple[Brought, ...] = (
        Brought("temp", "known ahead", 0.5, 1.0),
        Brought("wind", "known up to now", 0.5, INF),
    )
    verdict: str = "gru makes 12% less error than the seasonal naive."
    notes: tuple[Note, ...] = (Note("info", "the time column is 'ds'"), Note("warning", "3 gaps were filled"))
    seconds: float = 61.5
    training_rows: str = "trained anew on all 1234567 rows for 7 epochs"
    worst: tuple[dict[str, Any], ...] = (WORST,)
    calibration: str = "conformal quantiles of 900 held-out windows, per step"

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        own = {"mae": 12.3456, "bias": -0.5, "mase": float("nan"), "skill": 0.123, "coverage_80": 0.791}
        naive = {"mae": 14.07, "bias": 0.25, "mase": 1.0, "skill": 0.0, "coverage_80": 0.912}
        return {
            "gru": own | {"interval_score_80": 52_000.4, "seconds": 60.2},
            "seasonal-naive": naive | {"interval_score_80": 61_000.4, "seconds": 0.0},
        }

    @property
    def history(self) -> tuple[dict[str, Any], ...]:
        row = {"phase": "training", "member": 0, "epoch": 1, "loss": 0.51239, "val_loss": 0.6, "learning_rate": 1e-3}
        return (row, row | {"phase": "final", "epoch": 2, "val_loss": None})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"scores": self.scores, "history": list(self.history)}


def markdown(result: Any) -> str:
    return markdown_of(fit_report(result))


def test_both_files_are_written(tmp_path: Path) -> None:
    write_report(Result(), tmp_path / "new" / "report")
    assert sorted(os.listdir(tmp_path / "new" / "report")) == ["metrics.json", "report.md"]
    metrics = json.loads((tmp_path / "new" / "report" / "metrics.json").read_text())
    assert metrics["scores"]["gru"] == Result().scores["gru"] | {"mase": None}
    assert metrics["choices"] == [{"name": "segment", "value": "24", "reason": "a day"}]
    assert (tmp_path / "new" / "report" / "report.md").read_text(encoding="utf-8") == markdown(Result())


@pytest.mark.parametrize(
    "line",
    [
        "# sales, version 3",
        "**gru makes 12% less error than the seasonal naive.**",
        "| rows | 1,234,567 |",
        "| lookback | 336 steps |",
        "- the time column is 'ds'",
        "- **warning**: 3 gaps were filled",
        "| segment | 24 | a day |",
        "| temp | known ahead | 1 | +50.0 % |",
        "| wind | known up to now | – | – |",  # noqa: RUF001
        "| metric | gru | seasonal-naive |",
        "| MAE | **12.35** | 14.07 |",
        "| bias | -0.5 | 0.25 |",
        "| MASE | – | **1** |",  # noqa: RUF001
        "| skill | **12.3 %** | 0.0 % |",
        "| interval score, 80 % | **52,000** | 61,000 |",
        "| seconds of training | 60.2 | 0.0 |",
        "| 80 % | 79.1 % | 91.2 % |",
        "| S7 | 3.25 | 9.5 | -2.5 | -10.0 % | 50.0 % |",
        "trained anew on all 1234567 rows for 7 epochs",
        "Intervals: conformal quantiles of 900 held-out windows, per step.",
        "| phase | member | epoch | loss | validation loss | learning rate |",
        "| training | 0 | 1 | 0.5124 | 0.6 | 0.001 |",
        "| final | 0 | 2 | 0.5124 | – | 0.001 |",  # noqa: RUF001
    ],
)
def test_the_report_says(line: str) -> None:
    assert line in markdown(Result()).splitlines()


def test_every_metric_shown_is_defined_and_no_other() -> None:
    section = markdown(Result()).partition("## What the numbers mean")[2]
    defined = re.findall(r"^- \*\*(.+?)\*\*: ", section, flags=re.MULTILINE)
    assert defined == [METRICS[key].name for key in ("mae", "bias", "mase", "coverage", "interval_score", "skill")]


def test_every_row_of_a_table_has_as_many_cells() -> None:
    widths = set()
    for block in markdown(Result()).split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        widths |= {len({line.count("|") for line in rows})} if rows else set()
    assert widths == {1}


def test_texts_of_the_data_are_not_markdown() -> None:
    nasty = "a|b\n# <script> `x` [link](y) *z*"
    text = markdown(replace(Result(), file=nasty, notes=(Note("info", nasty),)))
    assert "<script>" not in text.replace("\\<", "")
    assert not re.search(r"^# \\?<", text, flags=re.MULTILINE)
    assert "| data | a\\|b # \\<script> \\`x\\` \\[link](y) \\*z\\* |" in text


def test_a_baseline_has_no_epochs_and_no_choices() -> None:
    class Bare(Result):
        history = ()

    text = markdown(Bare(choices=(), notes=(), brought=()))
    assert "covariates brought" not in text
    assert "Epochs" not in text
    assert "chosen" not in text
    assert "found in the data" not in text


def test_a_fit_without_intervals_has_no_coverage() -> None:
    class Points(Result):
        scores = {"naive": {"mae": 1.0}}  # noqa: RUF012

    assert "Coverage" not in markdown(Points())


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(Result(), tmp_path / "report")
