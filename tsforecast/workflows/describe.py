"""`describe`: the profile of a table before anything is fitted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.errors import DataError
from tsforecast.io.panels import Note, ReadOptions, ReadResult, read_panel
from tsforecast.io.stamp_texts import format_stamps
from tsforecast.models.choices import choose_basics, lookback_candidates, season_strength
from tsforecast.models.config import FitOptions
from tsforecast.models.events import Report
from tsforecast.series import Panel
from tsforecast.split import automatic_split

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Description:
    """The profile of a table.

    Args:
        file: where it came from.
        rows: values, over all series, filled ones included.
        series: how many.
        frequency_name: in words.
        frequency_alias: pandas' name.
        season_length: steps.
        season_strength: autocorrelation of the longest series' differences at the season; None without one.
        first: first stamp of all.
        last: last stamp of all.
        time_col: name of the time column.
        id_cols: names of the id columns.
        target_cols: names of the value columns.
        time_zone: of the stamps.
        lengths: rows of the shortest, the median and the longest series.
        missing: values filled in.
        horizon: what `fit` would forecast.
        lookback: lookbacks that `fit` would try; empty where the rows are too few to fit anything.
        notes: what was found and repaired.
        profile: one dict per series.
    """

    file: str
    rows: int
    series: int
    frequency_name: str
    frequency_alias: str
    season_length: int
    season_strength: float | None
    first: str
    last: str
    time_col: str
    id_cols: tuple[str, ...]
    target_cols: tuple[str, ...]
    time_zone: str | None
    lengths: tuple[int, int, int]
    missing: int
    horizon: int
    lookback: tuple[int, ...]
    notes: tuple[Note, ...]
    profile: tuple[dict[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def describe(
    source: str | Path | pd.DataFrame,
    reading: ReadOptions | None = None,
    report: Report = lambda event: None,
) -> Description:
    """Profile the series of a table.

    Args:
        source: CSV or Parquet file, `-` for stdin, or a DataFrame.
        reading: about the table.
        report: is told how far a large file is read.

    Raises:
        DataError: the table cannot be read.
        InputMissingError: it does not exist.
    """
    data = read_panel(source, reading or ReadOptions(), report=report)
    panel, options = data.panel, FitOptions()
    basics = choose_basics(panel, options)
    try:
        split = automatic_split(panel.lengths, horizon=basics.horizon, min_context=basics.min_context)
        lookback = tuple(lookback_candidates(split, basics, options))
    except DataError:
        lookback = ()
    lengths = panel.lengths
    first, last = _range(data)
    return Description(
        file=data.file,
        rows=len(panel.values),
        series=panel.n_series,
        frequency_name=panel.frequency.name,
        frequency_alias=panel.frequency.alias,
        season_length=basics.season_length,
        season_strength=season_strength(panel.series(int(np.argmax(lengths))), basics.season_length),
        first=first,
        last=last,
        time_col=data.schema.time_col,
        id_cols=data.schema.id_cols,
        target_cols=data.schema.target_cols,
        time_zone=data.schema.time_zone,
        lengths=(int(lengths.min()), int(np.median(lengths)), int(lengths.max())),
        missing=int((~panel.observed).sum()),
        horizon=basics.horizon,
        lookback=lookback,
        notes=data.notes,
        profile=tuple(_profile(panel, number) for number in range(panel.n_series)),
    )


def _range(data: ReadResult) -> tuple[str, str]:
    panel = data.panel
    ends = panel.starts + panel.lengths - 1
    stamps = panel.frequency.stamps(np.array([panel.starts.min(), ends.max()]))
    first, last = format_stamps(stamps, data.schema, panel.frequency)
    return first, last


def _profile(panel: Panel, number: int) -> dict[str, Any]:
    rows = slice(panel.offsets[number], panel.offsets[number + 1])
    observed = panel.values[rows][panel.observed[rows]]
    return {
        "id": panel.label(number),
        "rows": int(panel.lengths[number]),
        "missing": int((~panel.observed[rows]).sum()),
        "mean": float(observed.mean()),
        "min": float(observed.min()),
        "max": float(observed.max()),
        "zeros": int((observed == 0).sum()),
    }
