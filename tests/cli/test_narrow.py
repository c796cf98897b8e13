"""Tables on a terminal of 80 columns: nothing is wider, no name, number or date is broken, and no table falls apart."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import make_series
from tests.reports.plots.test_forecast import SCHEMA, make_forecast, make_history
from tests.store.conftest import build
from tests.store.test_last_run import RUN
from tsforecast.cli import main
from tsforecast.cli.console import Console
from tsforecast.cli.drawn import show_table
from tsforecast.cli.score_tables import show_backtest, show_comparison, show_scores
from tsforecast.cli.text import moment, same_decimals
from tsforecast.models.registry import MODELS
from tsforecast.reports.plots.predicted import Kept
from tsforecast.store.runs import write_last_run
from tsforecast.store.store import Store

NAMES = ("aus-retail-monthly-turnover", "sales")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch):
    """`screen(function)`: the lines that it shows on a terminal of 80 columns."""
    for name, value in {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("rich.console.Console.is_terminal", False)  # letters only

    def show(function) -> list[str]:
        out = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", out)
            function()
        return [line.rstrip() for line in out.getvalue().splitlines()]

    return show


@pytest.fixture
def typed(screen):
    """`typed(words)`: what a command shows."""

    def show(*words: str) -> list[str]:
        return screen(lambda: main(list(words), prog_name="tsforecast", standalone_mode=False))

    return show


def whole(lines: list[str], *texts: str) -> None:
    assert max(map(len, lines)) <= 80, lines
    for text in texts:
        assert any(text in line for line in lines), (text, lines)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, freeze) -> Path:
    monkeypatch.chdir(tmp_path)
    freeze(datetime(2026, 3, 1, 6, tzinfo=UTC))
    for name in NAMES:
        Store("models").model(name).publish(build("linear"))
    return tmp_path


def test_status(store, typed):
    write_last_run(Store("models").model("sales"), RUN)
    lines = typed("status")
    whole(lines, *NAMES, "promoted")
    assert RUN.message in " ".join(" ".join(lines).split())
    assert len([line for line in lines if line.startswith("name")]) == 1
    assert "checked (UTC)" not in "\n".join(lines)


def test_models_list_and_show(store, typed):
    lines = typed("models", "list")
    whole(lines, *NAMES, "1 of 1", "+37.5%", "2026-03-01")
    assert len([line for line in lines if line.startswith("name")]) == 1
    whole(typed("models", "show", "sales"), "2026-03-01 06:00 UTC")


def test_describe(tmp_path, typed, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = make_series(300, "D").rename(columns={"y": "a_column_with_a_long_name_of_values"})
    table.assign(other=table["a_column_with_a_long_name_of_values"] * 1e6).to_csv("wide.csv", index=False)
    lines = typed("describe", "wide.csv")
    whole(lines, "2024-01-01", "other")
    assert "00:00:00" not in "\n".join(lines)


@pytest.mark.parametrize("show", [show_backtest, show_comparison], ids=["backtest", "comparison"])
def test_scores(screen, show):
    keys = ("mae", "rmse", "mase", "wql", "smape", "skill", "coverage_80", "coverage_95", "seconds", "p_value")
    row = dict.fromkeys(keys, -12345.678) | dict.fromkeys(("skill",), -2.1234) | {"coverage_80": 0.8123}
    row |= {"coverage_95": 1.0, "seconds": 1234.56, "p_value": 0.001, "mase": 12.3456, "wql": 0.12345}
    row |= {"fit_seconds": 123.45, "predict_seconds": 0.123, "parameters": 123456}
    lines = screen(lambda: show(Console(), dict.fromkeys(MODELS, row), 12))
    whole(lines, "seasonal-naive", "-212.3%", "MASE")
    assert len([line for line in lines if line.startswith("model")]) == 1


def test_scores_of_a_fit(screen):
    row = {"mae": 12345.6, "rmse": 123456.7, "mase": 1.23456, "smape": 123.456, "skill": -2.1234}
    row |= {"coverage_80": 0.8123, "coverage_95": 1.0, "seconds": 123.4}
    whole(screen(lambda: show_scores(Console(), dict.fromkeys(MODELS, row), err=False)), "seasonal-naive", "-212.3%")


def test_a_forecast(screen):
    history = make_history(["a", "b"])
    result = Kept("shop", 1, "gru", 10, history, make_forecast(history), SCHEMA)
    object.__setattr__(result, "rows", 20)
    lines = screen(lambda: show_table(Console(), result))  # type: ignore[arg-type]
    whole(lines, "series", "2022-04-21", "lower 80", "upper 95", "1,100")
    assert len(lines) == 2 + 20
    one = screen(lambda: show_table(Console(), result, ("a",)))  # type: ignore[arg-type]
    assert len(one) == 2 + 10 + 1 and one[-1] == "10 of 20 rows are shown"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2016-05-01T00:00:00.000000", "2016-05-01"),
        ("2016-12-31T12:00:00Z", "2016-12-31 12:00 UTC"),
        ("2026-11-29T20:57:11.744371+00:00", "2026-11-29 20:57:11 UTC"),
        ("2016-12-31 12:00:00+01:00", "2016-12-31 12:00+01:00"),
        ("step 7", "step 7"),
    ],
)
def test_moments(text, shown):
    assert moment(text) == shown


def test_numbers_below_each_other():
    assert same_decimals([109.73, 9.5, -0.25]) == ["109.7", "9.5", "-0.2"]
    assert same_decimals([143191.2, np.nan]) == ["143,191", "-"]
    assert same_decimals([0.00123]) == ["0.001230"]
    assert same_decimals([0.0, 0.0]) == ["0", "0"] and same_decimals([]) == []
