"""Columns that may hold dates, judged by a sample of their cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.column import Column, is_id_name, words
from tsforecast.io.times.formats import (
    COMPACT_DAY,
    EPOCHS,
    EXCEL,
    YEAR,
    common_number_formats,
    formats_of,
    is_code,
    shapes,
    stamps_in_format,
    within_counted_years,
)

_DATE_SHARE = 0.5
_TIME_WORDS = frozenset({"year", "date", "time", "ds", "period", "timestamp", "datetime", "epoch", "unix", "ts"})


def may_hold_dates(column: Column, *, first: bool, date_format: str | None) -> bool:
    """Judge a sample of a column by the shapes of its cells."""
    name, typed, plain = column.name, column.typed, column.plain
    meant = first or bool(words(name) & _TIME_WORDS)
    if typed is not None:
        if pd.api.types.is_datetime64_any_dtype(typed.dtype):
            return True
        if pd.api.types.is_float_dtype(typed.dtype) or pd.api.types.is_bool_dtype(typed.dtype):
            return False
        sample = [str(cell).strip() for cell in typed.iloc[column.sample_rows]]
    elif plain is not None and not (
        date_format or plain.zero_led or _date_sized(plain.values[column.sample_rows], meant)
    ):
        return False
    else:
        sample = column.sample()
    if date_format in (EXCEL, *EPOCHS):
        return meant and _share_of_dates(sample, str(date_format)) >= _DATE_SHARE
    if date_format:
        return bool(np.isnat(stamps_in_format(sample, date_format)).mean() <= 1 - _DATE_SHARE)
    sample_shapes = shapes(sample)
    # The code RET01 has the shape of Dec01, and names no month.
    formats = [() if is_code(text) else formats_of(shape) for text, shape in zip(sample, sample_shapes, strict=True)]
    if set(formats) == {(YEAR,)}:
        return meant
    if not any(formats) or (YEAR,) in formats:
        counts = common_number_formats(sample_shapes) if meant and not is_id_name(name) else ()
        return any(_share_of_dates(sample, text_format) == 1 for text_format in counts)
    if (COMPACT_DAY,) in formats:
        return set(formats) == {(COMPACT_DAY,)}
    return sum(map(bool, formats)) >= _DATE_SHARE * len(sample)


def _share_of_dates(texts: list[str], text_format: str) -> float:
    """The share of numbers that are dates in the years in which numbers are taken for dates."""
    return float(within_counted_years(stamps_in_format(texts, text_format), text_format).mean())


def _date_sized(values: NDArray[np.float64], meant: bool) -> bool:
    """Whether at least half of the numbers are as large as those of a compact date; where meant, of any date."""
    compact = (values >= 1e7) & (values < 1e8)
    month = (values < 13) & (values % 1 >= 0.18) & (values % 1 <= 0.21) | (values >= 180001) & (values <= 210053)
    month |= (values >= 1800001) & (values <= 2100366)
    dated = (values >= 1e3) & (values < 1e5) | (values >= 1e7) | month if meant else compact
    return bool(np.mean(dated) >= _DATE_SHARE)
