"""What is known about the columns of a table before it is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from tsforecast.io.reading.columns.covariates import NO_NAMES, CovariateNames
from tsforecast.io.reading.columns.names import Names


@dataclass(frozen=True)
class ColumnRequest:
    """What is known about the columns beforehand; None or empty for what is to be found."""

    time_cols: Names = ()  # the time column, or the columns of its parts
    id_cols: Names = ()  # the id columns
    target_cols: Names = ()  # the value columns
    date_format: str | None = None  # format of the times
    known_formats: Names = ()  # formats of the times of the data that a model was fitted on; empty without a model
    freq: str | None = None  # the step, where the user states it
    tz: str | None = None  # zone of the times, where the user names it or a model was fitted on times of one
    known: CovariateNames = NO_NAMES  # the columns of covariates
    offer: bool = False  # whether columns that could be covariates are spoken of

    @property
    def numbers(self) -> Names:
        """The columns that hold numbers, so that they are no times and no ids."""
        return (*self.target_cols, *self.known.numbers)
