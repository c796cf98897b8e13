"""A table written as the table that it was made of: its delimiter, and cells as they stood."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from tsforecast.files import whole_file
from tsforecast.io.reading.text.sniff import TextFormat
from tsforecast.io.writing.tables import write_table

if TYPE_CHECKING:
    import pandas as pd


def same_text(frame: pd.DataFrame, form: TextFormat | None) -> str:
    """A table as text, with the delimiter that its file had; cells stand as they are, so that it reads as before."""
    stream = io.StringIO()
    delimiter = form.delimiter if form is not None and len(form.delimiter) == 1 else ","
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(frame.columns)
    missing = frame.isna().to_numpy()
    for row, empty in zip(frame.itertuples(index=False, name=None), missing, strict=True):
        writer.writerow(["" if lost else cell for cell, lost in zip(row, empty, strict=True)])
    return stream.getvalue()


def write_same(frame: pd.DataFrame, path: str | Path, form: TextFormat | None) -> None:
    """Write a table as a whole or not at all; a CSV file as `same_text`, others as any table.

    Raises:
        OptionError: an ending that says no format.
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    if Path(path).suffix.lower() != ".csv":
        write_table(frame, path)
        return
    with whole_file(path) as stream:
        stream.write(same_text(frame, form).encode())
