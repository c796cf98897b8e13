"""What a table says besides the values, put beside them: covariates onto the panel, their names into the schema."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from tsforecast.arrays import Bool
from tsforecast.io.messages import Note
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.covariates import CovariateNames, Known, categories_of_series, static_of_series
from tsforecast.io.reading.grid.build import Grid
from tsforecast.io.reading.grid.covariates import OfSeries, add_covariates
from tsforecast.io.reading.grid.rows import RowOrigin, Rows
from tsforecast.io.times.formats import readable_stamps
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Panel, Schema


def with_known(
    panel: Panel, schema: Schema, known: Known, rows: Rows, grid: Grid, origin: RowOrigin
) -> tuple[Panel, Schema, Bool, list[Note]]:
    """Add the covariates to a panel, and their names to its schema; both as they are where there are none.

    The third is where the past columns have a value of their own, shape (rows, past).

    Args:
        panel: the series on their grid.
        schema: its columns.
        known: the cells of the covariates.
        rows: in the order of time.
        grid: of the series.
        origin: of the rows in the table.

    Raises:
        DataError: a column that a model could not rely on: with holes ahead, or one of a series that varies.
    """
    if not known.names.all:
        return panel, schema, np.empty((len(panel.values), 0), dtype=bool), []
    of_series, notes = _of_series(known, origin)
    schema = _with_covariates(schema, known.names)
    when = partial(_time_of_step, schema=schema, frequency=grid.frequency)
    panel, observed, known_notes = add_covariates(panel, rows, grid, origin, known, of_series, when)
    return panel, schema, observed, [*notes, *known_notes]


def _of_series(known: Known, origin: RowOrigin) -> tuple[OfSeries, list[Note]]:
    labels = [" / ".join(key) for key in origin.ids]
    static = static_of_series(known, origin.series, labels, origin.place)
    categories, texts, notes = categories_of_series(known, origin.series, labels, origin.place)
    return OfSeries(static, categories, texts), notes


def _with_covariates(schema: Schema, names: CovariateNames) -> Schema:
    return replace(
        schema,
        past_cols=names.past,
        future_cols=names.future,
        static_cols=names.static,
        category_cols=names.categories,
        lags=names.lags,
    )


def with_holidays(schema: Schema, panel: Panel, options: ReadOptions) -> Schema:
    """The schema with the calendars that the options name, all of which are known.

    Raises:
        OptionError: an unknown calendar.
    """
    if options.covariates == "none" or not (options.holidays or options.holidays_col):
        return schema
    from tsforecast.series.holiday_features import calendars_of_series, check_holidays, holidays_version

    # A name is taken in another letter case too.
    named = (options.holidays_col or "").strip().lower()
    schema = replace(
        schema,
        holidays=options.holidays,
        holidays_col=next((name for name in schema.category_cols if name.lower() == named), ""),
        holidays_around=options.holidays_around,
        holidays_version=holidays_version(),
    )
    for calendars in dict.fromkeys(calendars_of_series(panel, schema)):
        check_holidays(calendars)
    return schema


def _time_of_step(ordinal: int, schema: Schema, frequency: Frequency) -> str:
    (text,) = readable_stamps(frequency.stamps(np.array([ordinal])), schema, frequency)
    return text
