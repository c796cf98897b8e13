"""Rows of forecasts as bytes: what repeats is put into its text once, and the numbers column by column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from tsforecast.files import json_text
from tsforecast.frequency import Frequency
from tsforecast.io.forecast_columns import number_columns, number_names, stamp_texts
from tsforecast.io.formulas import guarded
from tsforecast.io.number_texts import number_rows
from tsforecast.io.time_formats import COUNTS
from tsforecast.models.spec import Forecast
from tsforecast.series import BETWEEN_COLUMNS, Schema

_SPECIAL = re.compile(r'[",\r\n]')


@dataclass(frozen=True)
class _Style:
    """How a row is put together.

    Args:
        ids: the texts of a series' id columns, up to the time.
        stamp: the text of a time, up to the first number.
        labels: what stands before each number.
        end: what stands behind the last one.
        not_finite: the text of a number that is not finite.
    """

    ids: Callable[[tuple[str, ...]], str]
    stamp: Callable[[str], str]
    labels: Sequence[str]
    end: str
    not_finite: Callable[[float], str]


def csv_rows(
    forecasts: Iterable[Forecast], schema: Schema, frequency: Frequency, *, raw_ids: bool = False
) -> Iterator[bytes]:
    """CSV: a header and the rows of each block; the texts of the user `guarded`, unless they are wanted as they are."""
    cell = _quoted if raw_ids else _cell
    for number, forecast in enumerate(forecasts):
        names = number_names(forecast.levels)
        if number == 0:
            yield f"{','.join(map(cell, (*schema.key_columns, *schema.time_cols, *names)))}\n".encode()
        style = _Style(
            ids=lambda key: "".join(f"{cell(text)}," for text in key),
            stamp=lambda text: "".join(f"{cell(part)}," for part in text.split(BETWEEN_COLUMNS)),
            labels=["", *[","] * (len(names) - 1)],
            end="\n",
            not_finite=lambda value: repr(value) if value == value else "",
        )
        yield _block(forecast, schema, frequency, style)


def json_rows(forecasts: Iterable[Forecast], schema: Schema, frequency: Frequency) -> Iterator[bytes]:
    """JSON Lines: an object for each row. What has no number is null, as JSON knows no other way."""
    columns = [f"{json_text(name)}: " for name in schema.key_columns]
    times = [f"{json_text(name)}: " for name in schema.time_cols]
    parts = schema.time_format.split(BETWEEN_COLUMNS) if len(times) > 1 else [""]

    def stamp(text: str) -> str:
        cells = zip(times, text.split(BETWEEN_COLUMNS), parts, strict=True)
        return "".join(f"{name}{cell if part in COUNTS else json_text(cell)}, " for name, cell, part in cells)

    for forecast in forecasts:
        first, *others = (f"{json_text(name)}: " for name in number_names(forecast.levels))
        style = _Style(
            ids=lambda key: (
                "{" + "".join(f"{name}{json_text(text)}, " for name, text in zip(columns, key, strict=True))
            ),
            stamp=stamp,
            labels=[first, *(f", {name}" for name in others)],
            end="}\n",
            not_finite=lambda value: "null",
        )
        yield _block(forecast, schema, frequency, style)


def _block(forecast: Forecast, schema: Schema, frequency: Frequency, style: _Style) -> bytes:
    horizon = forecast.horizon
    texts, begins = stamp_texts(forecast, schema, frequency)
    stamps = [style.stamp(text).encode() for text in texts]
    columns = list(number_columns(forecast).values())
    lines = number_rows(columns, style.labels, style.end, not_finite=style.not_finite).splitlines(keepends=True)
    pieces = [b""] * (3 * len(lines))
    pieces[::3] = chain.from_iterable(repeat(style.ids(key).encode(), horizon) for key in forecast.ids)
    pieces[1::3] = chain.from_iterable(stamps[begin : begin + horizon] for begin in begins)
    pieces[2::3] = lines
    return b"".join(pieces)


def _cell(text: str) -> str:
    return _quoted(guarded(text))


def _quoted(text: str) -> str:
    # The csv module takes a lone carriage return for an ordinary character, readers take it for the end of a row.
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _SPECIAL.search(text) else text
