"""How training went, as CSV with fixed columns: history.csv has a row for each epoch of each member, gradients.csv one
for each step of the window after such an epoch.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from typing import Any

from tsforecast.errors import ModelError
from tsforecast.json_output import plain

HISTORY, GRADIENTS = "history.csv", "gradients.csv"


def _whole(text: str) -> int:
    return int(text)


def _number(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


# Numbers may be missing: there is no validation loss in the last fit, none at all after a diverged epoch, and no
# gradient at a step that is padded in every window.
COLUMNS: dict[str, dict[str, Callable[[str], Any]]] = {
    HISTORY: {
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
    },
    GRADIENTS: {
        "member": _whole,
        "phase": str,
        "epoch": _whole,
        "steps_back": _whole,
        "gradient_norm": _number,
    },
}


def encode_rows(rows: Sequence[dict[str, Any]], file: str) -> bytes:
    """The rows of `file` as CSV; None and NaN are empty cells."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS[file], lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain(row) for row in rows)
    return stream.getvalue().encode()


def decode_rows(data: bytes, file: str) -> list[dict[str, Any]]:
    """Read `file`.

    Raises:
        ModelError: naming the line.
    """
    columns = COLUMNS[file]
    rows = []
    line = 1
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
        if next(reader, None) != list(columns):
            raise ModelError(f"its columns are not {', '.join(columns)}", file=file)
        for cells in reader:
            line = reader.line_num
            rows.append({key: read(cell) for (key, read), cell in zip(columns.items(), cells, strict=True)})
    except (ValueError, csv.Error) as error:
        raise ModelError("holds a row that does not fit its columns", file=file, row=line) from error
    return rows
