"""`describe`: the profile of a table before anything is fitted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.fitting.choose import choose_basics, lookback_candidates
from tsforecast.fitting.tried_calendars import tried_calendars
from tsforecast.io.messages import Candidate, Note, warning
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import readable_stamps
from tsforecast.io.writing.series import check_series_file
from tsforecast.models.options import FitOptions
from tsforecast.progress import Report
from tsforecast.series.leaks import Leak
from tsforecast.series.panel import Panel
from tsforecast.series.seasons import Season, seasons_of_panel, strength_in_panel
from tsforecast.series.split import automatic_split
from tsforecast.series.strays import without_strays
from tsforecast.workflows.leaks import suspected_leaks
from tsforecast.workflows.written import Written, write_checked

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Gap:
    """A stretch of `steps` missing values of the series `id`, with the stamps of the first and the last."""

    id: str
    steps: int
    first: str
    last: str


@dataclass(frozen=True)
class Holidays:
    """The holidays of `countries`, or of those that `column` names for each series, and so many days `around` them."""

    countries: tuple[str, ...]
    column: str
    around: int
    version: str


@dataclass(frozen=True)
class Description:
    """The profile of a table.

    Args:
        text: how a text file is written: encoding, delimiter, decimal mark, quotes, line ends; None for other sources.
        columns: name and role of each column, and why one is not used.
        table_rows: rows of the table; `rows` counts the values of all series, filled ones included.
        repeats: rows of the table that repeat a time of their series.
        regular_share: share of neighbouring values that are one step apart; None without neighbours.
        season_strength: how much of the movement around the trend that season is, 0 to 1; None where it cannot be told.
        seasons: those that are found in the data, at most two.
        known_ahead: steps after the last value for which the future columns are known: the fewest and the most.
        lags: steps after which the values of past columns are known, where that is not at once.
        holidays: that are known; None where none are asked for.
        calendar: features of the calendar that `fit` would try.
        leaks: columns that are said to be known ahead, and look as if they were measured afterwards.
        lengths: rows of the shortest, the median and the longest series.
        missing: values that were filled in, in `gaps` stretches.
        lowest: smallest value of all series, `highest` the largest.
        horizon: the horizon that `fit` would choose.
        lookback: lookbacks that `fit` would try; empty where there are too few rows to fit anything.
        notes: what was understood, assumed, repaired and left out.
        profile: one dict per series.
        readings: the ways to read the table that were weighed, with their evidence.
        written: the file that the series were written into; None for none.
    """

    file: str
    text: dict[str, Any] | None
    columns: tuple[dict[str, str], ...]
    table_rows: int
    repeats: int
    rows: int
    series: int
    frequency_name: str
    frequency_alias: str
    regular_share: float | None
    season_length: int
    season_strength: float | None
    seasons: tuple[Season, ...]
    first: str
    last: str
    time_col: str
    id_cols: tuple[str, ...]
    target_cols: tuple[str, ...]
    past_cols: tuple[str, ...]
    future_cols: tuple[str, ...]
    static_cols: tuple[str, ...]
    category_cols: tuple[str, ...]
    known_ahead: tuple[int, int]
    lags: dict[str, int]
    holidays: Holidays | None
    calendar: tuple[str, ...]
    leaks: tuple[Leak, ...]
    time_zone: str | None
    lengths: tuple[int, int, int]
    missing: int
    gaps: int
    longest_gap: Gap | None
    lowest: float
    highest: float
    horizon: int
    lookback: tuple[int, ...]
    notes: tuple[Note, ...]
    profile: tuple[dict[str, Any], ...]
    readings: tuple[Candidate, ...] = ()
    written: Written | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def describe(
    source: str | Path | pd.DataFrame,
    reading: ReadOptions | None = None,
    report: Report = lambda event: None,
    *,
    write_to: str | Path | None = None,
) -> Description:
    """Profile the series of a table: a CSV or Parquet file, `-` for stdin, or a DataFrame.

    Args:
        source: as for `read_panel`.
        reading: about the table; None for the usual.
        report: receives progress of reading.
        write_to: a CSV file to write the series into as they were understood: ids, an ISO time and the values.

    Raises:
        DataError: the table cannot be read.
        InputMissingError: the file does not exist.
        OptionError: `write_to` does not end in .csv.
        OutputError: it cannot be created.
        StorageError: the disk is full or failed.
    """
    if write_to is not None:
        check_series_file(write_to)
    data = read_panel(source, reading or ReadOptions(), report=report)
    written = None if write_to is None else write_checked(data, write_to)
    profile = _profiles(data)
    return Description(
        **_of_table(data),
        **grid_profile(data),
        **_of_fit(data.panel),
        lowest=min(row["min"] for row in profile),
        highest=max(row["max"] for row in profile),
        profile=profile,
        written=written,
    )


def _of_table(data: ReadResult) -> dict[str, Any]:
    """What was understood of the table, and what of it was left out."""
    known = _of_covariates(data)
    return {
        **known,
        "file": data.file,
        "text": asdict(data.text) if data.text else None,
        "columns": tuple(asdict(column) for column in data.columns),
        "table_rows": data.rows,
        "repeats": data.repeats,
        "time_col": ",".join(data.schema.time_cols),
        "id_cols": data.schema.id_cols,
        "target_cols": data.schema.target_cols,
        "time_zone": data.schema.time_zone,
        "notes": (*data.notes, *(warning(leak.message) for leak in known["leaks"])),
        "readings": data.readings,
    }


def _of_covariates(data: ReadResult) -> dict[str, Any]:
    """What is known besides the values."""
    schema, panel = data.schema, data.panel
    tried = tried_calendars(FitOptions(), panel, schema)
    asked = Holidays(schema.holidays, schema.holidays_col, schema.holidays_around, schema.holidays_version)
    return {
        "past_cols": schema.past_cols,
        "future_cols": schema.future_cols,
        "static_cols": schema.static_cols,
        "category_cols": schema.category_cols,
        "known_ahead": (int(panel.known_ahead.min()), int(panel.known_ahead.max())),
        "lags": {name: lag for name, lag in zip(schema.past_cols, schema.lags, strict=False) if lag},
        "holidays": asked if schema.holidays_version else None,
        "calendar": tuple(dict.fromkeys(name for each in tried for name in each.names)),
        "leaks": suspected_leaks(panel, schema, FitOptions()),
    }


def grid_profile(data: ReadResult) -> dict[str, Any]:
    """The series as they lie on their grid: their lengths, their first and last times, and their gaps."""
    panel, lengths = data.panel, data.panel.lengths
    first, last = _stamp_texts(data, np.array([panel.starts.min(), panel.ends.max() - 1]))
    gaps, longest_gap = _gaps(data)
    return {
        "rows": len(panel.values),
        "series": panel.n_series,
        "frequency_name": panel.frequency.name,
        "frequency_alias": panel.frequency.alias,
        "regular_share": _regular_share(panel),
        "first": first,
        "last": last,
        "lengths": (int(lengths.min()), int(np.median(lengths)), int(lengths.max())),
        "missing": int((~panel.observed).sum()),
        "gaps": gaps,
        "longest_gap": longest_gap,
    }


def _of_fit(panel: Panel) -> dict[str, Any]:
    """What `fit` would choose."""
    options = FitOptions()
    basics = choose_basics(panel, options)
    try:
        split = automatic_split(panel.lengths, horizon=basics.horizon, min_context=basics.min_context)
        lookback = tuple(lookback_candidates(split, basics, options))
    except DataError:
        lookback = ()
    seen = without_strays(panel)
    return {
        "season_length": basics.season_length,
        "season_strength": strength_in_panel(seen, basics.season_length),
        "seasons": seasons_of_panel(seen),
        "horizon": basics.horizon,
        "lookback": lookback,
    }


def _regular_share(panel: Panel) -> float | None:
    """The share of neighbouring values of a series that are one step apart."""
    observed = panel.observed
    neighbours = int(observed.sum()) - panel.n_series
    if not neighbours:
        return None
    same = np.ones(len(observed) - 1, dtype=bool)
    same[panel.offsets[1:-1] - 1] = False
    return int((observed[1:] & observed[:-1] & same).sum()) / neighbours


def _gaps(data: ReadResult) -> tuple[int, Gap | None]:
    """The number of stretches of missing values, and the longest. No series begins with one."""
    panel = data.panel
    framed = np.concatenate([[True], panel.observed, [True]])
    edges = np.flatnonzero(framed[1:] != framed[:-1])
    firsts, ends = edges[::2], edges[1::2]
    if not firsts.size:
        return 0, None
    longest = int(np.argmax(ends - firsts))
    row, steps = int(firsts[longest]), int(ends[longest] - firsts[longest])
    number = int(np.searchsorted(panel.offsets, row, side="right")) - 1
    ordinal = panel.starts[number] + row - panel.offsets[number]
    first, last = _stamp_texts(data, np.array([ordinal, ordinal + steps - 1]))
    return int(firsts.size), Gap(panel.label(number), steps, first, last)


def _stamp_texts(data: ReadResult, ordinals: NDArray[np.int64]) -> list[str]:
    return readable_stamps(data.panel.frequency.stamps(ordinals), data.schema, data.panel.frequency)


def _profiles(data: ReadResult) -> tuple[dict[str, Any], ...]:
    panel = data.panel
    values, observed, starts = panel.values, panel.observed, panel.offsets[:-1]
    present = np.add.reduceat(observed, starts, dtype=np.int64)
    columns = {
        "id": [panel.label(number) for number in range(panel.n_series)],
        "rows": panel.lengths.tolist(),
        "first": _stamp_texts(data, panel.starts),
        "last": _stamp_texts(data, panel.starts + panel.lengths - 1),
        "missing": (panel.lengths - present).tolist(),
        "mean": (np.add.reduceat(np.where(observed, values, 0.0), starts) / present).tolist(),
        "min": (np.minimum.reduceat(np.where(observed, values, np.inf), starts) + 0.0).tolist(),  # -0.0 becomes 0.0
        "max": (np.maximum.reduceat(np.where(observed, values, -np.inf), starts) + 0.0).tolist(),
        "zeros": np.add.reduceat(observed & (values == 0), starts, dtype=np.int64).tolist(),
    }
    return tuple(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
