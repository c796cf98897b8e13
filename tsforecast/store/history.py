"""history.csv: one row per epoch of each member, with fixed columns."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from typing import Any

from tsforecast.errors import ModelError
from tsforecast.files import plain

FILE = "history.csv"


def _whole(text: str) -> int:
    return int(text)


def _number(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


# Numbers may be missing: there is no validation loss in the last fit, and none at all after a diverged epoch.
COLUMNS: dict[str, Callable[[str], Any]] = {
    "member": _whole,
    "phase": str,
    "epoch": _whole,
    "loss": _number,
    "val_loss": _number,
    "learning_rate": _number,
    "clipped_share": _number,
    "gradient_norm": _number,
    "seconds": _number,
    "windows_per_second": _number,
}


def encode_history(rows: Sequence[dict[str, Any]]) -> bytes:
    """The rows as CSV; None and NaN are empty cells."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain(row) for row in rows)
    return stream.getvalue().encode()


def decode_history(data: bytes) -> list[dict[str, Any]]:
    """Read history.csv.

    Raises:
        ModelError: naming the line.
    """
    rows = []
    line = 1
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
        if next(reader, None) != list(COLUMNS):
            raise ModelError(f"its columns are not {', '.join(COLUMNS)}", file=FILE)
        for cells in reader:
            line = reader.line_num
            rows.append({key: read(cell) for (key, read), cell in zip(COLUMNS.items(), cells, strict=True)})
    except (ValueError, csv.Error) as error:
        raise ModelError("holds a row that is not one of an epoch", file=FILE, row=line) from error
    return rows
