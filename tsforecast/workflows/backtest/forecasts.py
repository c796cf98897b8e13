"""All forecasts of a backtest with what happened, as values and as a table in long form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.files import check_file
from tsforecast.fitting.backtest import Truth
from tsforecast.fitting.folds import Folds
from tsforecast.forecast import Forecast, Intervals
from tsforecast.io.times.datetimes import stamp_index
from tsforecast.io.times.formats import format_stamps, readable_stamps
from tsforecast.io.writing.columns import check_columns, forecast_frame
from tsforecast.io.writing.forecasts import format_of
from tsforecast.io.writing.tables import write_table
from tsforecast.series.panel import Panel, Schema

if TYPE_CHECKING:
    import pandas as pd

CUTOFF, MODEL, Y_TRUE = "cutoff", "model", "y_true"


@dataclass(frozen=True)
class Forecasts:
    """All forecasts of a backtest with what happened.

    Args:
        panel: all rows.
        schema: how times are written.
        folds: the windows.
        truth: what happened, a row for each series in each window.
        made: what each model forecast for these rows.
        levels: of the intervals, with those of the deciles.
    """

    panel: Panel
    schema: Schema
    folds: Folds
    truth: Truth
    made: dict[str, Intervals]
    levels: tuple[float, ...]


def cutoffs_of(forecasts: Forecasts) -> list[str]:
    """The last time known at each window, of the series that ends last, as texts."""
    frequency = forecasts.panel.frequency
    return readable_stamps(frequency.stamps(last_known(forecasts)), forecasts.schema, frequency)


def last_known(forecasts: Forecasts) -> Int64:
    """The ordinal of the last row known at each window, of the series that ends last, shape (windows,)."""
    panel, folds = forecasts.panel, forecasts.folds
    longest = int(np.argmax(panel.ends))
    return panel.starts[longest] + folds.cutoffs[:, longest] - folds.gap - 1


def check_forecasts_file(path: str | Path | None) -> None:
    """Refuse a file that the forecasts cannot be written into, before the long work.

    Raises:
        OptionError: an ending that says no format.
        OutputError: its folder cannot be written to.
    """
    if path is not None:
        format_of(path)
        check_file(path)


def check_long_form(schema: Schema, levels: tuple[float, ...]) -> None:
    """Refuse a table one of whose columns would stand twice in the long form.

    Raises:
        DataError: naming the column.
    """
    check_columns(schema, levels, besides=(CUTOFF, MODEL, Y_TRUE))


def write_forecasts(forecasts: Forecasts, levels: tuple[float, ...], path: str | Path) -> None:
    """Write all forecasts in long form, with times as texts.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    write_table(long_frame(forecasts, levels), path)


def long_frame(forecasts: Forecasts, levels: tuple[float, ...], *, stamps: bool = False) -> pd.DataFrame:
    """All forecasts in long form: ids, `cutoff`, time, `model`, `y_true`, `forecast` and bounds.

    `cutoff` is the last time that was known. What was not observed has no `y_true`.

    Args:
        forecasts: of all models.
        levels: of the intervals whose bounds are given.
        stamps: whether times are time stamps, in place of texts; where they have several columns they stay texts.
    """
    import pandas as pd

    frames = list(_frames(forecasts, tuple(sorted(levels)), stamps and len(forecasts.schema.time_cols) == 1))
    return pd.concat(frames, ignore_index=True)


def _frames(forecasts: Forecasts, levels: tuple[float, ...], stamps: bool) -> Iterator[pd.DataFrame]:
    """The rows of each window and model."""
    panel, schema, truth, folds = forecasts.panel, forecasts.schema, forecasts.truth, forecasts.folds
    places = [forecasts.levels.index(level) for level in levels]
    for window in range(len(folds)):
        rows = np.flatnonzero(truth.window == window)
        starts = truth.starts[rows]
        cutoff = _times(forecasts, np.repeat(starts - folds.gap - 1, folds.horizon), stamps)
        y_true = np.where(truth.observed[rows], truth.y_true[rows], np.nan).ravel()
        ids = tuple(panel.ids[number] for number in truth.series[rows].tolist())
        for name, made in forecasts.made.items():
            bounds = made.lower[rows][:, :, places], made.upper[rows][:, :, places]
            frame = forecast_frame(Forecast(ids, starts, made.y_pred[rows], levels, *bounds), schema, panel.frequency)
            if stamps:
                steps = (starts[:, None] + np.arange(folds.horizon)).ravel()
                frame[schema.time_cols[0]] = _times(forecasts, steps, stamps)
            at = len(schema.key_columns)
            frame.insert(at, CUTOFF, cutoff)
            frame.insert(at + 1 + len(schema.time_cols), MODEL, name)
            frame.insert(at + 2 + len(schema.time_cols), Y_TRUE, y_true)
            yield frame


def _times(forecasts: Forecasts, ordinals: Int64, stamps: bool) -> Any:
    """Times as time stamps, or as the texts of the user's columns, with a blank between them."""
    schema, frequency = forecasts.schema, forecasts.panel.frequency
    if stamps:
        return stamp_index(frequency.stamps(ordinals), schema, frequency)
    distinct, places = np.unique(ordinals, return_inverse=True)
    cells = zip(*format_stamps(frequency.stamps(distinct), schema, frequency), strict=True)
    return np.array([" ".join(each) for each in cells], dtype=object)[places]
