"""Tables of scores fit a terminal of 80 columns, with every model and every size of numbers."""

from __future__ import annotations

import pytest

from tsforecast.cli import score_tables
from tsforecast.cli.console import Console
from tsforecast.cli.text import Line, cell_text, column_blocks, short_number, whole_percent
from tsforecast.models.registry import MODELS


class Kept(Console):
    """Keeps the table in place of showing it."""

    lines: list[Line]

    def table(self, header, rows, *, err=False, title=""):
        self.lines = [[cell_text(cell, False) for cell in row] for row in (header, *rows)]
        assert len(title) <= 80


@pytest.fixture(params=[1e-7, 0.012345, 123.456, 12345.6, 999_999.0, 99_999_999.0, 1.2345e15])
def scores(request):
    row = dict.fromkeys(("mae", "rmse", "mase", "smape"), request.param)
    row |= {"skill": -request.param, "coverage_80": 1.0, "coverage_95": 1.0, "seconds": 86_399.9}
    return dict.fromkeys(MODELS, row)


def test_they_fit(scores):
    console = Kept()
    for show in (
        lambda: score_tables.show_scores(console, scores, err=True),
        lambda: score_tables.show_errors(console, scores, "auto", several=True),
    ):
        show()
        widths = [max(map(len, column)) for column in zip(*console.lines, strict=True)]
        assert sum(widths) + 2 * (len(widths) - 1) <= 80
        assert len(column_blocks(console.lines, 80)) == 1


def test_the_least_error_comes_first():
    console = Kept()
    scores = {"gru": {"mae": 2.0}, "ets": {"mae": 1.0}, "naive": {"mae": float("nan")}, "drift": {}}
    score_tables.show_errors(console, scores, "gru", several=False)
    assert [(line[0], line[-1]) for line in console.lines[1:]] == [
        ("ets", "best"), ("gru", "this model"), ("naive", ""), ("drift", ""),
    ]  # fmt: skip


def test_numbers_are_short():
    values = (None, 0.0, 1.23456e-7, 0.012345, 0.5, 12_345.6, 123_456.0, 999_960.0, 12_345_678.0, 1.2345e9, -2e12)
    assert [short_number(value) for value in values] == [
        "-", "0", "1.2e-7", "0.0123", "0.5", "12,346", "123.5k", "1M", "12.35M", "1.2e9", "-2.0e12",
    ]  # fmt: skip
    shares = [whole_percent(value, "+") for value in (None, 0.213, -12.345, -5000.0)]
    assert shares == ["-", "+21.3%", "-1234%", "<-999x"]
