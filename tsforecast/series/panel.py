"""The panel: many series of one frequency in flat arrays, and how their table was written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.series.covariates import NO_COVARIATES, Covariates, no_covariates, rows_between, rows_of
from tsforecast.series.frequency import Frequency, Stamps

SERIES_COLUMN = "series"
UNKNOWN_SERIES = -1  # the number of a series among others that it does not belong to


@dataclass(frozen=True)
class Schema:
    """How the user's table names and writes things, so that forecasts come back the same way.

    Args:
        time_cols: names of the columns that hold the time: one, or one for each of its parts, such as year and month.
        id_cols: names of the id columns; empty for a single series and for a wide table.
        target_cols: names of the value columns; several make each column a series of its own.
        time_formats: format of each time column, in the notation of io/times/formats.py.
        time_zone: IANA zone or `UTC` of zoned stamps, None for stamps without a zone.
        past_cols: names of the columns known up to now.
        future_cols: names of the columns known ahead.
        static_cols: names of the columns of numbers that belong to a series.
        category_cols: names of the columns of texts that belong to a series.
        lags: steps after which a value of each past column is known; empty where all are known at once. A panel holds
            the values of such a column at the steps at which they are known.
        holidays: calendars whose holidays are known, such as `DE` or `DE-BY`.
        holidays_col: the category column that names the calendar of each series; empty for none.
        holidays_around: days before and after a holiday that are features of their own.
        holidays_version: of the library that knows the holidays; empty where none are asked for.
    """

    time_cols: tuple[str, ...]
    id_cols: tuple[str, ...]
    target_cols: tuple[str, ...]
    time_formats: tuple[str, ...]
    time_zone: str | None = None
    past_cols: tuple[str, ...] = ()
    future_cols: tuple[str, ...] = ()
    static_cols: tuple[str, ...] = ()
    category_cols: tuple[str, ...] = ()
    lags: tuple[int, ...] = ()
    holidays: tuple[str, ...] = ()
    holidays_col: str = ""
    holidays_around: int = 0
    holidays_version: str = ""

    @property
    def covariate_cols(self) -> tuple[str, ...]:
        """All columns of covariates."""
        return (*self.past_cols, *self.future_cols, *self.static_cols, *self.category_cols)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are read."""
        return (*self.time_cols, *self.id_cols, *self.target_cols, *self.covariate_cols)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Columns that name a series in a forecast file: the ids, then the target when there are several."""
        if len(self.target_cols) == 1:
            return self.id_cols
        name = SERIES_COLUMN
        while name in (*self.time_cols, *self.id_cols):
            name += "_"
        return (*self.id_cols, name)


@dataclass(frozen=True)
class Panel:
    """Many regular series of one frequency, one after the other in flat arrays.

    Args:
        ids: one tuple of texts per series, as many as the schema has key columns.
        values: float64, shape (rows,); gaps are filled.
        observed: bool, shape (rows,); False where a value was filled in.
        offsets: int64, shape (n_series + 1,); series i is rows offsets[i]:offsets[i + 1].
        starts: int64, shape (n_series,); ordinal of the first stamp of each series.
        frequency: the step between rows.
        covariates: what else is known; where there is nothing, arrays of width zero and the length of the panel.
    """

    ids: tuple[tuple[str, ...], ...]
    values: Float64
    observed: Bool
    offsets: Int64
    starts: Int64
    frequency: Frequency
    covariates: Covariates = NO_COVARIATES

    def __post_init__(self) -> None:
        if self.covariates.absent:
            object.__setattr__(self, "covariates", no_covariates(self.offsets))

    @property
    def n_series(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> Int64:
        """Rows of each series, shape (n_series,)."""
        return np.diff(self.offsets)

    @property
    def ends(self) -> Int64:
        """Ordinal after the last stamp of each series, shape (n_series,)."""
        return self.starts + self.lengths

    @property
    def known_ahead(self) -> Int64:
        """Steps after the last row of each series for which the future covariates are known, shape (n_series,)."""
        return self.covariates.future_lengths - self.lengths

    @property
    def series_of_row(self) -> Int64:
        """Number of the series that each row belongs to, shape (rows,)."""
        return np.repeat(np.arange(self.n_series), self.lengths)

    def series(self, index: int) -> Float64:
        """Values of one series, a view of shape (length,)."""
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def stamps(self, index: int) -> Stamps:
        """Time stamps of one series, shape (length,)."""
        return self.frequency.stamps(self.starts[index] + np.arange(self.lengths[index]))

    def future_stamps(self, index: int, horizon: int) -> Stamps:
        """The `horizon` stamps that follow one series."""
        end = self.starts[index] + self.lengths[index]
        return self.frequency.stamps(end + np.arange(horizon))

    def label(self, index: int) -> str:
        """The series' name for messages and plots; empty for a single series without an id."""
        return " / ".join(self.ids[index])

    def numbers_in(self, ids: tuple[tuple[str, ...], ...]) -> Int64:
        """Each series' number among `ids`, UNKNOWN_SERIES where it is not there, shape (n_series,)."""
        known = {key: number for number, key in enumerate(ids)}
        return np.array([known.get(key, UNKNOWN_SERIES) for key in self.ids], dtype=np.int64)

    def rows_after(self, numbers: Int64, ends: Int64) -> Int64:
        """Rows of each series after those that are known, shape (n_series,); all rows of a series that is not known.

        Args:
            numbers: of each series among the known ones, UNKNOWN_SERIES for others, shape (n_series,).
            ends: ordinal after the last known row of each known series.
        """
        return np.where(numbers == UNKNOWN_SERIES, self.lengths, np.clip(self.ends - ends[numbers], 0, self.lengths))

    def take(self, numbers: Int64) -> Panel:
        """Some of the series, in the given order."""
        lengths = self.lengths[numbers]
        rows = rows_of(numbers, self.offsets)
        return Panel(
            ids=tuple(self.ids[number] for number in numbers),
            values=self.values[rows],
            observed=self.observed[rows],
            offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            starts=self.starts[numbers],
            frequency=self.frequency,
            covariates=self.covariates.take(numbers, self.offsets),
        )

    def followed_by(self, other: Panel) -> Panel:
        """These series and then those of another panel of the same frequency."""
        return Panel(
            (*self.ids, *other.ids),
            np.concatenate([self.values, other.values]),
            np.concatenate([self.observed, other.observed]),
            np.concatenate([self.offsets, self.offsets[-1] + other.offsets[1:]]),
            np.concatenate([self.starts, other.starts]),
            self.frequency,
            self.covariates.followed_by(other.covariates),
        )

    def between(self, first: Int64, last: Int64) -> Panel:
        """Rows first:last of each series (row numbers within the series), as a new panel.

        A series that keeps no row stays, with length zero, so that series numbers do not change.
        """
        first = np.clip(first, 0, self.lengths)
        last = np.clip(last, first, self.lengths)
        keep = rows_between(first, last, self.lengths)
        return Panel(
            ids=self.ids,
            values=self.values[keep],
            observed=self.observed[keep],
            offsets=np.concatenate([[0], np.cumsum(last - first)]).astype(np.int64),
            starts=self.starts + first,
            frequency=self.frequency,
            covariates=self.covariates.between(first, last, self.offsets),
        )

    def newest(self, rows: Int64) -> Panel:
        """The newest `rows` rows of each series, shape (n_series,), as a new panel."""
        return self.between(self.lengths - rows, self.lengths)


def make_panel(
    series: list[Float64],
    frequency: Frequency,
    *,
    ids: list[tuple[str, ...]] | None = None,
    starts: list[int] | None = None,
) -> Panel:
    """A panel of complete series, for tests, benchmarks and callers that hold arrays."""
    lengths = [len(values) for values in series]
    values = np.concatenate(series).astype(np.float64) if series else np.empty(0)
    return Panel(
        ids=tuple(ids or [(str(i),) for i in range(len(series))]),
        values=values,
        observed=np.isfinite(values),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        starts=np.asarray(starts if starts is not None else [0] * len(series), dtype=np.int64),
        frequency=frequency,
    )
