"""Columns that are no series of their own but say what else is known: up to now, ahead, or of each series."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.errors import DataError, OptionError
from tsforecast.io.column import Column, TextColumn
from tsforecast.io.messages import Note, Place, counted, info, listed, of_series, warning
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.names import Names
from tsforecast.io.reading.columns.values import check_values, declared_missing
from tsforecast.io.reading.numbers import Content, is_missing
from tsforecast.io.reading.table import RawTable
from tsforecast.series.covariates import UNKNOWN_CATEGORY, Labels
from tsforecast.series.panel import Schema

SeriesOfRows = NDArray[np.integer[Any]]
_FEWEST_ROWS = 3  # of a series, in which a constant tells something
_MOST = 0.5
_MOST_OFFERED = 8
_HEAD = 1000
_COLUMN_OPTIONS = ("past_cols", "future_cols", "static_cols", "category_cols")


@dataclass(frozen=True)
class CovariateNames:
    """The columns of covariates by role, and the steps after which each past one is known; see `Schema`."""

    past: Names = ()
    future: Names = ()
    static: Names = ()
    categories: Names = ()
    lags: tuple[int, ...] = ()

    @property
    def numbers(self) -> Names:
        """The columns of numbers: no times and no ids."""
        return (*self.past, *self.future, *self.static)

    @property
    def all(self) -> Names:
        """The columns of all roles."""
        return (*self.numbers, *self.categories)


NO_NAMES = CovariateNames()


@dataclass(frozen=True)
class Known:
    """The cells of the columns of covariates; without any, arrays without rows.

    Args:
        names: of the columns.
        moving: of the past and the future columns, shape (rows, past + future); NaN where missing.
        static: shape (rows, static); NaN where missing.
        categories: of each category column.
    """

    names: CovariateNames = NO_NAMES
    moving: Float64 = field(default_factory=lambda: np.empty((0, 0)))
    static: Float64 = field(default_factory=lambda: np.empty((0, 0)))
    categories: tuple[TextColumn, ...] = ()


NOTHING_KNOWN = Known()


def covariate_names(options: ReadOptions, schema: Schema | None) -> CovariateNames:
    """The columns of the schema of a model, else those that the options name. A column with a lag is a past one.

    Raises:
        OptionError: a lag that is no whole number of steps, or of a column that is known ahead.
    """
    if schema is not None:
        return CovariateNames(
            schema.past_cols, schema.future_cols, schema.static_cols, schema.category_cols, schema.lags
        )
    if options.covariates == "none":
        return NO_NAMES
    lags = dict(map(_lag, options.lag))
    past = tuple(dict.fromkeys((*options.past_cols, *lags)))
    for name in lags:
        if name in (*options.future_cols, *options.static_cols):
            raise OptionError(
                f"column '{name}' has a lag, and is said to be known before", hint=f"name it with --past-col {name}"
            )
    categories = options.category_cols
    if options.holidays_col and options.holidays_col not in categories:
        categories = (*categories, options.holidays_col)
    steps = tuple(lags.get(name, 0) for name in past)
    return CovariateNames(past, options.future_cols, options.static_cols, categories, steps if any(steps) else ())


def _lag(text: str) -> tuple[str, int]:
    name, _, steps = text.rpartition("=")
    if not name or not steps.isdecimal() or len(steps) > 6:
        raise OptionError(f"the lag '{text}' is no column with steps", hint="write it like --lag wind=24")
    return name, int(steps)


def covariate_options(options: ReadOptions, schema: Schema) -> dict[str, Any]:
    """The options of a schema's covariates, where the options given name none; of others nothing is said then."""
    columns = _COLUMN_OPTIONS
    names = (*columns, "lag", "holidays", "holidays_col")
    if options.covariates == "none" or any(getattr(options, name) for name in names):
        return {}
    if not (schema.covariate_cols or schema.holidays):
        return {"covariates": "none"}
    lags = zip(schema.past_cols, schema.lags, strict=False)
    found: dict[str, Any] = {name: getattr(schema, name) for name in (*columns, "holidays", "holidays_around")}
    return found | {
        "lag": tuple(f"{name}={lag}" for name, lag in lags if lag),
        "holidays_col": schema.holidays_col or None,
    }


def named_columns(options: ReadOptions) -> set[str]:
    """The columns that the options name."""
    columns = (name for option in (*_COLUMN_OPTIONS, "id_cols", "target_cols") for name in getattr(options, option))
    lagged = (text.rpartition("=")[0] for text in options.lag)
    return {*columns, *lagged, options.time_col or "", options.holidays_col or ""} - {""}


def without_covariate(options: ReadOptions, name: str) -> ReadOptions:
    """The options without a column of covariates; as they are where they do not name it as one."""
    kept: dict[str, Any] = {
        option: tuple(each for each in getattr(options, option) if each != name) for option in _COLUMN_OPTIONS
    }
    lag = tuple(text for text in options.lag if text.rpartition("=")[0] != name)
    country = None if options.holidays_col == name else options.holidays_col
    return replace(options, **kept, lag=lag, holidays_col=country)


def read_known(table: RawTable, names: CovariateNames, contents: Mapping[str, Content]) -> tuple[Known, list[Note]]:
    """The cells of the columns of covariates, and notes on what was read in an unusual way.

    Raises:
        DataError: a column without a value, or with something else than numbers where it must hold some.
    """
    if not names.all:
        return NOTHING_KNOWN, []
    read = [_as_number(_content(table, name, contents)) for name in names.numbers]
    notes = check_values(read, table.number_format, fixed=table.decimal_is_given)
    columns = [content.numbers.values for content in read]
    values = np.column_stack(columns) if columns else np.empty((table.rows, 0))
    if table.number_format.missing and read:
        # A token that stands in none of these may stand among the values: it is spoken of there.
        values, _ = declared_missing(values, [content.column for content in read], table.number_format)
    moving = len(names.past) + len(names.future)
    texts = tuple(table.columns[name].texts for name in names.categories)
    for role, chosen in (
        ("known up to now", names.past),
        ("known ahead", names.future),
        ("the same for all rows of a series", names.static),
        ("a category of each series", names.categories),
    ):
        if chosen:
            word = "column" if len(chosen) == 1 else "columns"
            notes.insert(0, info(f"{word} {listed(chosen)} {'is' if len(chosen) == 1 else 'are'} {role}", "columns"))
    return Known(names, values[:, :moving], values[:, moving:], texts), notes


def _content(table: RawTable, name: str, contents: Mapping[str, Content]) -> Content:
    content = contents[name]
    if content.kind == "empty":
        raise DataError("the column has no value", hint="leave it out", file=table.file, column=name)
    if content.kind == "text":
        row = int(content.numbers.wrong[0])
        text = content.column.cell_text(row)
        hint = "write numbers or a few texts; texts that belong to a series are named with --category-col"
        raise content.column.error(row, f"'{text}' is no number, and there are too many texts for a column each", hint)
    return content


def _as_number(content: Content) -> Content:
    """A column of true and false as one of ones and zeros."""
    if content.kind != "flag":
        return content
    texts = [text.strip().lower() for text in content.column.texts.texts]
    numbers = np.array([np.nan if is_missing(text) else float(text == "true") for text in texts])
    values = numbers[content.column.texts.codes]
    read = replace(content.numbers, values=values, missing=np.isnan(values), wrong=np.empty(0, dtype=np.int64))
    return replace(content, kind="number", read=lambda: read)


def static_of_series(known: Known, series: SeriesOfRows, labels: Sequence[str], place: Place) -> Float64:
    """The numbers of each series, shape (n_series, static).

    Args:
        known: the cells.
        series: number of each row's series, shape (rows,).
        labels: of the series.
        place: of the rows.

    Raises:
        DataError: a series without a number, or with several.
    """
    found = np.empty((len(labels), known.static.shape[1]))
    for column, name in enumerate(known.names.static):
        values = known.static[:, column]
        present = np.flatnonzero(~np.isnan(values))
        found[:, column] = np.nan
        # Written from the last row to the first, the first row of each series remains.
        found[series[present[::-1]], column] = values[present[::-1]]
        _check_static(name, values, found[:, column], series, labels, place)
    return found


def _check_static(
    name: str, values: Float64, found: Float64, series: SeriesOfRows, labels: Sequence[str], place: Place
) -> None:
    place = replace(place, column=name)
    other = np.flatnonzero(~np.isnan(values) & (values != found[series]))
    if other.size:
        row = int(other[0])
        said = f"{values[row]:g} is not the {found[series[row]]:g} of earlier rows{of_series(labels[series[row]])}"
        hint = f"a column that varies within a series is named with --past-col {shlex.quote(name)}"
        raise place.error(row, f"{said}: a static column stays the same", f"{hint}, or --future-col if known ahead")
    without = np.flatnonzero(np.isnan(found))
    if without.size:
        raise place.error(None, f"no value for the series{of_series(labels[without[0]])}", "give each series its value")


def categories_of_series(
    known: Known, series: SeriesOfRows, labels: Sequence[str], place: Place
) -> tuple[Int64, Labels, list[Note]]:
    """The number of each series' label, shape (n_series, categories), the labels of each column, and notes.

    Raises:
        DataError: a series with several labels.
    """
    found = np.full((len(labels), len(known.categories)), UNKNOWN_CATEGORY, dtype=np.int64)
    names, notes = [], []
    for column, (name, cells) in enumerate(zip(known.names.categories, known.categories, strict=True)):
        texts = [text.strip() for text in cells.texts]
        wanted = tuple(sorted({text for text in texts if not is_missing(text)}))
        numbers = {text: number for number, text in enumerate(wanted)}
        codes = np.array([numbers.get(text, UNKNOWN_CATEGORY) for text in texts], dtype=np.int64)[cells.codes]
        present = np.flatnonzero(codes != UNKNOWN_CATEGORY)
        found[series[present[::-1]], column] = codes[present[::-1]]
        other = np.flatnonzero((codes != UNKNOWN_CATEGORY) & (codes != found[series, column]))
        if other.size:
            row = int(other[0])
            before = wanted[found[series[row], column]]
            said = f"'{cells.text(row)}' is not the '{before}' of earlier rows{of_series(labels[series[row]])}"
            hint = "write it as columns of 0 and 1, one for each text, and name them with --past-col or --future-col"
            raise replace(place, column=name).error(row, f"{said}: a category stays the same within a series", hint)
        without = int((found[:, column] == UNKNOWN_CATEGORY).sum())
        if without:
            notes.append(warning(f"{counted(without, 'series', 'series')} without a text in column '{name}': unknown"))
        names.append(wanted)
    return found, tuple(names), notes


def offers(
    contents: Mapping[str, Content],
    names: Sequence[str],
    targets: Sequence[Content],
    ids: Sequence[Column],
) -> dict[str, str]:
    """The likely role of each column of numbers that could be a covariate: `past`, `future` or `static`.

    Args:
        contents: of the columns, by name.
        names: of the columns that have no role.
        targets: contents of the value columns.
        ids: the id columns.
    """
    empty = np.all([content.numbers.missing for content in targets], axis=0)
    codes = [column.texts.codes for column in ids]
    found: dict[str, str] = {}
    for name in (name for name in names if contents[name].kind in ("number", "flag")):
        if len(found) < _MOST_OFFERED:
            role = _likely_role(_as_number(contents[name]).numbers.values, empty, codes)
            found |= {name: role} if role else {}
    return found


def offer_notes(offered: Mapping[str, str]) -> list[Note]:
    """A note on the columns that could be covariates, each with the flag of its likely role."""
    if not offered:
        return []
    flags = [f"--{role}-col {shlex.quote(name)}" for name, role in offered.items()]
    one = len(flags) == 1
    ahead = "; what is known ahead is named with --future-col" if "past" in offered.values() else ""
    return [
        info(
            f"{counted(len(flags), 'column')} of numbers could say more about the values and {'is' if one else 'are'} "
            f"not used; to use {'it' if one else 'them'} add {' '.join(flags)}{ahead}",
            "offered",
        )
    ]


def _likely_role(values: Float64, empty: Bool, ids: Sequence[NDArray[np.int32]]) -> str:
    """The role that numbers are likely to have; empty for numbers that never change.

    Args:
        values: NaN where missing, shape (rows,).
        empty: rows without any value to forecast, shape (rows,).
        ids: the number of each row's text in each id column.
    """
    present = ~np.isnan(values)
    if np.ptp(values[present]) == 0:
        return ""
    if ids and _is_static(values, ids):
        return "static"
    return "future" if empty.any() and np.mean(present[empty]) >= _MOST else "past"


def _is_static(values: Float64, ids: Sequence[NDArray[np.int32]]) -> bool:
    """Whether each series has one number; the first rows rule out most columns."""
    for rows in (slice(_HEAD), slice(None)):
        counts = pd.Series(values[rows]).groupby([codes[rows] for codes in ids]).nunique()
        if counts.max() > 1:
            return False
    return values.size >= _FEWEST_ROWS * counts.size
