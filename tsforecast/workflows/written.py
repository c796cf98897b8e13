"""The series of a table written as a plain file, which is read again to see that it holds the same ones."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tsforecast.errors import DataError, OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import STEP
from tsforecast.io.writing.series import write_series, written_columns
from tsforecast.series.panel import Panel

Attempt = tuple[bool, ReadOptions, str]


@dataclass(frozen=True)
class Written:
    """A file with the series of a table.

    Args:
        file: its path.
        options: with which it reads as the same series, as they are typed; empty where it does so by itself.
        same: whether it reads as the same series at all.
    """

    file: str
    options: str
    same: bool = True


def write_checked(data: ReadResult, path: str | Path) -> Written:
    """Write the series, in the first form that reads as the same ones with as few options as can be.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    form = None
    for long, options, typed in _attempts(data):
        if long is not form:
            write_series(data.panel, data.schema, path, long=long)
            form = long
        if _reads_as(data.panel, path, options):
            return Written(str(path), typed)
    return Written(str(path), "", same=False)


def _attempts(data: ReadResult) -> Iterator[Attempt]:
    """The forms to write in and the options to read them with: the plainest first."""
    schema, freq = data.schema, data.panel.frequency.alias
    forms = (False, True) if len(schema.target_cols) > 1 else (False,)
    if schema.time_formats == (STEP,):
        yield from ((long, ReadOptions(no_time=True), "--no-time") for long in forms)
        return
    yield from ((long, ReadOptions(), "") for long in forms)
    yield from ((long, ReadOptions(freq=freq), f"--freq {freq}") for long in forms)
    for long in forms:
        ids, time, values = written_columns(schema, long=long)
        options = ReadOptions(time_col=time, id_cols=ids, target_cols=values, freq=freq)
        named = [("time", time), *(("id", name) for name in ids), *(("target", name) for name in values)]
        typed = " ".join(f"--{role}-col {shlex.quote(name)}" for role, name in named)
        yield long, options, f"{typed} --freq {freq}"


def _reads_as(panel: Panel, path: str | Path, options: ReadOptions) -> bool:
    try:
        again = read_panel(path, options).panel
    except (DataError, OptionError):
        return False
    return (
        again.ids == panel.ids
        and again.frequency == panel.frequency
        and np.array_equal(again.starts, panel.starts)
        and np.array_equal(again.observed, panel.observed)
        and np.array_equal(again.values[again.observed], panel.values[panel.observed])
    )
