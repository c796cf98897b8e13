"""What a table of forecasts holds: the user's columns, then the numbers, rounded to what is known of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.forecast import Forecast
from tsforecast.io.times.formats import format_stamps, is_count
from tsforecast.options import DEFAULT_LEVELS
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Schema

if TYPE_CHECKING:
    import pandas as pd

FORECAST, TOTAL, WHAT_IF = "forecast", "total", "what_if"
_SIDES = ("lower", "upper")

# What a float32 model knows of a value, and what anyone needs to know of the width of an interval.
_DIGITS, _WIDTH_DIGITS = 7, 4
_EXACT = 22
_PROBABILITY_DECIMALS = 4


def forecast_frame(forecast: Forecast, schema: Schema, frequency: Frequency) -> pd.DataFrame:
    """A forecast as a table, whose columns are those of `forecast_columns`."""
    import pandas as pd

    columns = forecast_columns(forecast, schema, frequency)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(next(iter(columns.values())))))


def forecast_columns(forecast: Forecast, schema: Schema, frequency: Frequency) -> dict[str, NDArray[Any]]:
    """A forecast as the columns of a table, the series one after the other.

    Args:
        forecast: in the user's units.
        schema: names of the columns, and how the stamps are written.
        frequency: of the series.

    Returns:
        A row for each step, or one for the total of all of them where totals were asked for, whose time is that of the
        first step. The id columns and the time column as texts, `forecast` or `total`, and `lower_80`, `upper_80`, ...
        for each level, then the same of another scenario, where there is one. Numbers carry the 7 significant digits
        that a model in float32 has, or more where the interval is narrow beside the value.
    """
    shown = forecast.total or forecast
    columns: dict[str, Any] = {
        name: np.repeat(np.array([key[position] for key in shown.ids], dtype=object), shown.horizon)
        for position, name in enumerate(schema.key_columns)
    }
    times, begins = time_cells(shown, schema, frequency)
    rows = (np.array(begins)[:, None] + np.arange(shown.horizon)).ravel()
    for name, cells, count in zip(schema.time_cols, times, time_counts(schema), strict=True):
        columns[name] = np.array(cells, dtype=np.int64 if count else object)[rows]
    return columns | number_columns(forecast)


def time_counts(schema: Schema) -> list[bool]:
    """Which of several time columns hold whole numbers, such as years."""
    several = len(schema.time_cols) > 1
    return [several and is_count(text_format) for text_format in schema.time_formats]


def check_columns(
    schema: Schema,
    levels: tuple[float, ...] = DEFAULT_LEVELS,
    *,
    what_if: bool = False,
    above: float | None = None,
    besides: Sequence[str] = (),
) -> None:
    """Refuse a table whose id or time column is named like a column of the forecast, or like one of `besides`.

    Raises:
        DataError: naming the column.
    """
    keys = (*schema.key_columns, *schema.time_cols)
    names = {*number_names(levels, what_if=what_if, above=above), TOTAL, *besides}
    for key in keys:
        if key in names or keys.count(key) > 1:
            raise DataError(
                f"the column '{key}' cannot be told from another column of the forecast",
                hint="rename it in the data",
            )


def number_names(
    levels: tuple[float, ...], *, what_if: bool, above: float | None = None, point: str = FORECAST
) -> list[str]:
    """`forecast` or `total`, the bounds of each level, and how likely values lie above a threshold.

    For another scenario `what_if` and its own follow.
    """
    besides = [f"{side}_{level:g}" for level in levels for side in _SIDES]
    if above is not None:
        besides.append(f"above_{above:.15g}")
    return [point, *besides, *([WHAT_IF, *(f"{WHAT_IF}_{name}" for name in besides)] if what_if else ())]


def names_of(forecast: Forecast) -> list[str]:
    """The names of the columns of numbers of a forecast, or of its totals where it has some."""
    shown = forecast.total or forecast
    return number_names(
        shown.levels,
        what_if=shown.what_if is not None,
        above=shown.above.threshold if shown.above else None,
        point=TOTAL if forecast.total else FORECAST,
    )


def number_columns(forecast: Forecast) -> dict[str, NDArray[np.float64]]:
    """The numbers by the names of `number_names`, rounded, each of shape (n_series * horizon,)."""
    names, forecast = names_of(forecast), forecast.total or forecast
    numbers = [*_numbers(forecast), *(_numbers(forecast.what_if) if forecast.what_if else ())]
    return dict(zip(names, numbers, strict=True))


def _numbers(forecast: Forecast) -> list[NDArray[np.float64]]:
    made = as_written(forecast)
    bounds = (side[:, :, number] for number in range(len(made.levels)) for side in (made.lower, made.upper))
    above = [made.above.probability.round(_PROBABILITY_DECIMALS)] if made.above else []
    return [values.ravel() for values in (made.y_pred, *bounds, *above)]


def as_written(forecast: Forecast) -> Forecast:
    """A forecast with its numbers rounded as in files."""
    width = (forecast.upper - forecast.lower).max(axis=2, initial=0.0)
    lower, upper = (rounded(side, width[:, :, None]) for side in (forecast.lower, forecast.upper))
    return replace(forecast, y_pred=rounded(forecast.y_pred, width), lower=lower, upper=upper)


def rounded(values: NDArray[np.float64], width: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values with 7 significant digits, and in any case with 4 of the width of their interval."""
    with np.errstate(divide="ignore"):
        own = _DIGITS - 1 - np.floor(np.log10(np.abs(values)))
        of_width = _WIDTH_DIGITS - 1 - np.floor(np.log10(width))
    decimals = np.where(np.isfinite(of_width), np.maximum(own, of_width), own)
    # Powers of ten are exact up to the 22nd; one that is not would bring digits in instead of taking them away.
    usable = np.abs(decimals) <= _EXACT
    decimals = np.where(usable, decimals, 0.0)
    up, down = 10.0 ** np.maximum(decimals, 0.0), 10.0 ** np.maximum(-decimals, 0.0)
    return np.where(usable, np.round(values * up / down) / up * down, values)


def number_rows(table: NDArray[np.float64], not_finite: Callable[[float], str] = repr) -> list[bytes]:
    """The text of each row of a table of shape (rows, columns): numbers as `repr` writes them, with commas between.

    Args:
        table: the numbers.
        not_finite: the text of one that is not finite.
    """
    import orjson

    if not len(table):
        return []
    rows = orjson.dumps(table, option=orjson.OPT_SERIALIZE_NUMPY)[2:-2].split(b"],[")
    # What `repr` writes with an exponent, and what JSON does not know.
    size = np.abs(table)
    plain = (size >= 1e-4) & (size < 1e16) | (size == 0)
    for row in np.flatnonzero(~plain.all(axis=1)).tolist():
        texts = (repr(value) if math.isfinite(value) else not_finite(value) for value in table[row].tolist())
        rows[row] = ",".join(texts).encode()
    return rows


def time_cells(forecast: Forecast, schema: Schema, frequency: Frequency) -> tuple[list[list[str]], list[int]]:
    """The times of a forecast, each once, because series mostly end together.

    Returns:
        The cells of each time column, and for each series where its `horizon` times begin among them.
    """
    distinct = np.unique(np.unique(forecast.starts)[:, None] + np.arange(forecast.horizon))
    texts = format_stamps(frequency.stamps(distinct), schema, frequency)
    return texts, np.searchsorted(distinct, forecast.starts).tolist()
