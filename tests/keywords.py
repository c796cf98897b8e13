"""Writes tsforecast/api/keywords.py from the declarations of the options: python -m tests.keywords"""

from __future__ import annotations

from pathlib import Path

from tsforecast.api.options import options_of, python_name
from tsforecast.io.options import COLUMNS, KNOWN, ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.options import Option
from tsforecast.workflows.backtest.settings import BacktestSettings
from tsforecast.workflows.detect.settings import DetectSettings
from tsforecast.workflows.impute.settings import UNREAD, ImputeSettings
from tsforecast.workflows.score.settings import ScoreLimits, ScoreSettings

FILE = Path(__file__).resolve().parents[1] / "tsforecast" / "api" / "keywords.py"
HEAD = '''"""The types of the options as keyword arguments, for editors and type checkers.

Written by `python -m tests.keywords` from the dataclasses that declare the options; a test compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    import pandas as pd

    from tsforecast.progress import Report
    from tsforecast.workflows.what_if import Given
'''
# What has no declaration: arguments of the functions that methods of a model take as well.
TAIL = '''

class BacktestKeywords(FitKeywords, _Windows, total=False):
    """Options of `backtest`."""


class CompareKeywords(_Training, _Columns, ReadKeywords, _Windows, total=False):
    """Options of `compare`."""


class PredictKeywords(ReadKeywords, total=False):
    """Arguments of `predict` but for the place of the model."""

    horizon: int | None
    levels: tuple[float, ...]
    fallback: bool
    future: str | Path | pd.DataFrame | None
    what_if: Given | Sequence[Given] | None
    calibration: Literal["living", "fixed"]
    series: str | Sequence[str]
    total: bool
    above: float | None
    ledger: bool
    report: Report | None


class ScoreKeywords(ScoreOptions, total=False):
    """Arguments of `score` but for the place of the model."""

    forecasts: str | Path | None
    report: Report | None
'''


def text() -> str:
    """The whole file."""
    reading = options_of(ReadOptions, columns=False)
    columns = [each for each in options_of(ReadOptions) if each.section in (COLUMNS, KNOWN)]
    model = options_of(FitOptions)
    training = [each for each in model if each.name != "model"]
    chosen = [each for each in model if each.name == "model"]
    filling = [each for each in (*options_of(ImputeSettings), *columns, *reading) if each.name not in UNREAD]
    scored = options_of(ScoreSettings) + options_of(ScoreLimits)
    return (
        HEAD
        + _class("ReadKeywords(TypedDict", "Options of reading a table, but for those that name columns.", reading)
        + _class("_Columns(TypedDict", "Options that name columns.", columns)
        + _class("_Training(TypedDict", "Options of training.", training)
        + _class("FitKeywords(_Training, _Columns, ReadKeywords", "Options of `fit`.", chosen)
        + _class("_Windows(TypedDict", "Options of the windows that are scored.", options_of(BacktestSettings))
        + "    levels: tuple[float, ...]\n"
        + _class("ScoreOptions(ReadKeywords", "Options of `score`.", scored)
        + _class("DetectKeywords(_Columns, ReadKeywords", "Options of `detect`.", options_of(DetectSettings))
        + _class("ImputeKeywords(TypedDict", "Options of `impute`.", filling)
        + TAIL
    )


def _class(name: str, doc: str, options: list[Option]) -> str:
    lines = "".join(map(_line, options))
    return f'\n\nclass {name}, total=False):\n    """{doc}"""\n\n{lines}'


def _line(each: Option) -> str:
    line = f"    {python_name(each)}: {_type(each)}\n"
    if len(line) > 121:  # as ruff breaks it
        inside = "".join(f"        {_quoted(choice)},\n" for choice in each.choices)
        line = f"    {python_name(each)}: Literal[\n{inside}    ]\n"
    return line


def _type(each: Option) -> str:
    if each.many:
        return "str | Sequence[str]"
    kind = f"Literal[{', '.join(map(_quoted, each.choices))}]" if each.choices else each.kind.__name__
    return f"{kind} | None" if each.optional else kind


def _quoted(text: str) -> str:
    return f'"{text}"'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
