"""Forecasts as a table in the user's columns, written as CSV, Parquet or JSON Lines."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.files import whole_file, writing
from tsforecast.frequency import Frequency
from tsforecast.io.timestamps import format_stamps
from tsforecast.models.spec import Forecast
from tsforecast.series import Schema

FORECAST = "forecast"
_SIDES = ("lower", "upper")
# What a float32 model knows of a value, and what anyone needs to know of the width of an interval.
_DIGITS, _WIDTH_DIGITS = 7, 4
_EXACT = 22
_CHUNK = 100_000  # rows written at once
# A spreadsheet runs a cell that begins so as a formula (OWASP ASVS 1.2.10); a number such as -3.2 it does not.
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def forecast_frame(forecast: Forecast, schema: Schema, frequency: Frequency) -> pd.DataFrame:
    """A forecast as a table, the series one after the other.

    Args:
        forecast: in the user's units.
        schema: names of the columns, and how the stamps are written.
        frequency: of the series.

    Returns:
        The id columns and the time column as texts, `forecast`, and `lower_80`, `upper_80`, ... for each level, of
        shape (n_series * horizon, columns). Numbers carry the 7 significant digits that a model in float32 has, or
        more where the interval is narrow beside the value.

    Raises:
        DataError: a column of the data has the name of a column of the forecast.
    """
    check_columns(schema, forecast.levels)
    bounds = {f"{side}_{level:g}": (side, number) for number, level in enumerate(forecast.levels) for side in _SIDES}
    n_series, horizon = forecast.y_pred.shape
    columns: dict[str, Any] = {
        name: np.repeat(np.array([key[position] for key in forecast.ids], dtype=object), horizon)
        for position, name in enumerate(schema.key_columns)
    }
    # Series mostly end together: each stamp is formatted once.
    ordinals = (forecast.starts[:, None] + np.arange(horizon)).ravel()
    distinct, position_of = np.unique(ordinals, return_inverse=True)
    texts = format_stamps(frequency.stamps(distinct), schema, frequency)
    columns[schema.time_col] = np.array(texts, dtype=object)[position_of]
    width = (forecast.upper - forecast.lower).max(axis=2, initial=0.0)
    columns[FORECAST] = rounded(forecast.y_pred, width).ravel()
    for name, (side, number) in bounds.items():
        columns[name] = rounded(getattr(forecast, side)[:, :, number], width).ravel()
    return pd.DataFrame(columns, index=pd.RangeIndex(n_series * horizon))


def check_columns(schema: Schema, levels: tuple[float, ...] = (80, 95)) -> None:
    """Refuse a table whose id or time column is named like a column of the forecast.

    Raises:
        DataError: naming the column.
    """
    keys = (*schema.key_columns, schema.time_col)
    names = {FORECAST, *(f"{side}_{level:g}" for side in _SIDES for level in levels)}
    for key in keys:
        if key in names or keys.count(key) > 1:
            raise DataError(
                f"the column '{key}' cannot be told from another column of the forecast",
                hint="rename it in the data",
            )


def rounded(values: NDArray[np.float64], width: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values with 7 significant digits, and in any case with 4 of the width of their interval; shapes are equal."""
    with np.errstate(divide="ignore"):
        own = _DIGITS - 1 - np.floor(np.log10(np.abs(values)))
        of_width = _WIDTH_DIGITS - 1 - np.floor(np.log10(width))
    decimals = np.where(np.isfinite(of_width), np.maximum(own, of_width), own)
    # Powers of ten are exact up to the 22nd; one that is not would bring digits in instead of taking them away.
    usable = np.abs(decimals) <= _EXACT
    decimals = np.where(usable, decimals, 0.0)
    up, down = 10.0 ** np.maximum(decimals, 0.0), 10.0 ** np.maximum(-decimals, 0.0)
    return np.where(usable, np.round(values * up / down) / up * down, values)


def write_forecast(frame: pd.DataFrame, path: str | Path | None) -> None:
    """Write a forecast, as a whole or not at all.

    Args:
        frame: from `forecast_frame`.
        path: whose ending says how: .csv, .parquet, .jsonl or .ndjson; None or `-` is CSV on stdout.

    Raises:
        OptionError: another ending, or Parquet without pyarrow.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if path is None or str(path) == "-":
        with writing("stdout"):
            _to_csv(frame, sys.stdout)
            sys.stdout.flush()
        return
    write = _WRITERS.get(Path(path).suffix.lower())
    if write is None:
        raise OptionError(f"cannot tell how to write '{path}'", hint=f"use an ending of {', '.join(_WRITERS)}")
    if write is _write_parquet:
        _need_pyarrow()
    with whole_file(path) as stream:
        write(frame, stream)


def _to_csv(frame: pd.DataFrame, stream: TextIO) -> None:
    guarded = _guarded(frame)
    texts = guarded.select_dtypes(exclude="number")
    # The csv module takes a lone carriage return for an ordinary character, readers take it for the end of a row.
    breaks = any("\r" in text for name in texts for text in (name, *texts[name].unique()))
    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if breaks else csv.QUOTE_MINIMAL
    guarded.to_csv(stream, index=False, lineterminator="\n", quoting=quoting)


def _write_csv(frame: pd.DataFrame, stream: BinaryIO) -> None:
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    _to_csv(frame, text)
    text.detach()


def _write_parquet(frame: pd.DataFrame, stream: BinaryIO) -> None:
    frame.to_parquet(stream, engine="pyarrow", index=False)


def _write_json_lines(frame: pd.DataFrame, stream: BinaryIO) -> None:
    for begin in range(0, len(frame), _CHUNK):
        part = frame.iloc[begin : begin + _CHUNK]
        for row in zip(*(_json_cells(name, part[name]) for name in part.columns), strict=True):
            stream.write(f"{{{', '.join(row)}}}\n".encode())


def _json_cells(name: str, column: pd.Series[Any]) -> list[str]:
    """Key and value of each row as JSON, without a call of json.dumps for each row, which takes six times as long."""
    key = json.dumps(name, ensure_ascii=False)
    if pd.api.types.is_numeric_dtype(column):
        return [f"{key}: {value!r}" if math.isfinite(value) else f"{key}: null" for value in column.tolist()]
    texts = {text: f"{key}: {json.dumps(text, ensure_ascii=False)}" for text in column.unique()}
    return column.map(texts).tolist()


_WRITERS: dict[str, Callable[[pd.DataFrame, BinaryIO], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
}


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise OptionError("Parquet needs pyarrow", hint="pip install 'tsforecast[parquet]'") from error


def _guarded(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with a `'` before every text that a spreadsheet would take for a formula."""
    guarded = frame.rename(columns=_guard)
    for name in guarded.select_dtypes(exclude="number"):
        guarded[name] = guarded[name].map({text: _guard(text) for text in guarded[name].unique()})
    return guarded


def _guard(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
