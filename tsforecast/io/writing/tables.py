"""Any table as a file in one of the formats of forecasts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsforecast.files import whole_file
from tsforecast.io.writing.forecasts import format_of
from tsforecast.safe_text import guarded

if TYPE_CHECKING:
    import pandas as pd


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as a whole or not at all; where spreadsheets open the file, texts like formulas are guarded.

    Raises:
        OptionError: an ending that says no format.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    kind = format_of(path)
    if kind.in_spreadsheets:
        frame = _with_guards(frame)
    with whole_file(path) as stream:
        if kind.name == "Parquet":
            frame.to_parquet(stream, index=False)
        elif kind.name == "JSON Lines":
            frame.to_json(stream, orient="records", lines=True, double_precision=15)
        else:
            frame.to_csv(stream, index=False, lineterminator="\n")


def csv_text(frame: pd.DataFrame) -> str:
    """The same as a text, for stdout."""
    return str(_with_guards(frame).to_csv(index=False, lineterminator="\n"))


def _with_guards(frame: pd.DataFrame) -> pd.DataFrame:
    texts = frame.select_dtypes(exclude="number").columns
    return frame.assign(**{name: frame[name].map(_guarded) for name in texts}).rename(columns=_guarded)


def _guarded(cell: Any) -> Any:
    return guarded(cell) if isinstance(cell, str) else cell
