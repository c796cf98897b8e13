"""What is drawn of a forecast, as plain values: recent rows of some series, and what continues them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.errors import DataError
from tsforecast.forecast import Forecast
from tsforecast.io.times.formats import STEP
from tsforecast.io.times.shown import own_texts
from tsforecast.safe_text import printable
from tsforecast.series.frequency import Frequency, Stamps
from tsforecast.series.panel import Panel, Schema

_HISTORY_HORIZONS, _LEAST_HISTORY = 4, 24
_LAST_DAY = np.datetime64("9001-01-01")  # matplotlib's dates, with a margin, end with the year 9999


@dataclass(frozen=True)
class Clock:
    """How times are shown: on the clock of a zone, None for times without one, or as the numbers of mere steps.

    Args:
        zone: of the clock.
        counts: whether steps have numbers and no times.
        table: how the user's table writes times; None where that is not known.
    """

    zone: tzinfo | None = None
    counts: bool = False
    table: tuple[Schema, Frequency] | None = None


@dataclass(frozen=True)
class Curve:
    """One series to draw.

    `future`, `y_pred` and the bounds begin with the last point of the past, so that the lines meet.

    Args:
        label: name of the series; empty for a single one.
        past: times of the recent rows, shape (rows,).
        values: shape (rows,).
        observed: False where a value was filled in, shape (rows,).
        future: times of the forecast, shape (steps + 1,).
        y_pred: shape (steps + 1,).
        lower: bounds of the intervals, shape (levels, steps + 1).
        upper: likewise.
        what_if: the forecast in another scenario, shape (steps + 1,); None for none.
    """

    label: str
    past: Stamps
    values: Float64
    observed: Bool
    future: Stamps
    y_pred: Float64
    lower: Float64
    upper: Float64
    what_if: Float64 | None = None


@dataclass(frozen=True)
class Picture:
    """Some series of a forecast.

    Args:
        title: above all.
        unit: name of the values; empty where each series has its own.
        curves: the series.
        levels: of the intervals in percent, ascending.
        clock: how times are shown.
        caption: which series these are, where there are more, and what the model reads besides the values.
        what_if: what the other scenario is called, where there is one.
        source: what made the forecast.
    """

    title: str
    unit: str
    curves: tuple[Curve, ...]
    levels: tuple[float, ...]
    clock: Clock
    caption: str = ""
    what_if: str = ""
    source: str = ""


def picture_of(
    history: Panel,
    forecast: Forecast,
    schema: Schema,
    numbers: Int64,
    *,
    title: str,
    caption: str = "",
    what_if: str = "",
    source: str = "",
) -> Picture:
    """What is drawn of some series.

    Args:
        history: rows that the forecast continues; its series are those of the forecast, in the same order.
        forecast: in the user's units.
        schema: for the name of the values and the zone of the stamps.
        numbers: of the series.
        title: above the picture.
        caption: below the picture.
        what_if: what the scenario is called that the forecast has beside it, where it has one.
        source: what made the forecast.

    Raises:
        DataError: times beyond the year 9000.
    """
    return Picture(
        title=printable(title),
        unit=printable(schema.target_cols[0]) if len(schema.target_cols) == 1 else "",
        curves=tuple(_curve(history, forecast, number) for number in numbers.tolist()),
        levels=forecast.levels,
        clock=shown_clock(history, schema),
        caption=caption,
        what_if=printable(what_if),
        source=printable(source),
    )


def shown_clock(panel: Panel, schema: Schema) -> Clock:
    """The user's clock, where steps are shorter than a day, and counted in UTC."""
    from tsforecast.io.times.zones import find_zone

    if schema.time_formats[0] == STEP:
        return Clock(counts=True)
    zone = find_zone(schema.time_zone) if schema.time_zone and panel.frequency.sub_daily else None
    return Clock(zone, table=(schema, panel.frequency))


def clock_texts(stamps: Stamps, clock: Clock) -> list[str]:
    """Times in the order of ISO 8601: dates where all are midnights, else with the time of day; or numbers of steps."""
    if clock.counts:
        return [str(number) for number in step_numbers(stamps)]
    moments = stamps.astype("datetime64[us]").tolist()
    if clock.zone is not None:
        moments = [moment.replace(tzinfo=UTC).astimezone(clock.zone) for moment in moments]
    days = all((each.hour, each.minute, each.second) == (0, 0, 0) for each in moments)
    seconds = any(each.second for each in moments)
    style = "%Y-%m-%d" if days else "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return [each.strftime(style) for each in moments]


def own_clock_texts(stamps: Stamps, clock: Clock) -> list[str]:
    """Times as the user's table writes them where that is short, else as `clock_texts` does."""
    own = own_texts(stamps, *clock.table) if clock.table else None
    return own or clock_texts(stamps, clock)


def step_numbers(stamps: Stamps) -> Int64:
    """The numbers of steps that have no time."""
    return stamps.astype("datetime64[us]").astype(np.int64)


def check_years(stamps: Stamps) -> Stamps:
    """The same times.

    Raises:
        DataError: some lie beyond the year 9000.
    """
    if stamps.size and stamps[-1] >= _LAST_DAY:
        raise DataError("a picture cannot show times beyond the year 9000", hint="forecast fewer steps")
    return stamps


def _curve(history: Panel, forecast: Forecast, number: int) -> Curve:
    horizon = forecast.horizon
    kept = slice(-max(_HISTORY_HORIZONS * horizon, _LEAST_HISTORY), None)
    rows = slice(history.offsets[number], history.offsets[number + 1])
    past, values = history.stamps(number)[kept], history.values[rows][kept]
    future = check_years(history.frequency.stamps(forecast.starts[number] + np.arange(horizon)))
    last = np.broadcast_to(values[-1:], (len(forecast.levels), len(values[-1:])))
    return Curve(
        label=printable(history.label(number)),
        past=past,
        values=values,
        observed=history.observed[rows][kept],
        future=np.concatenate([past[-1:], future]),
        y_pred=np.concatenate([values[-1:], forecast.y_pred[number]]),
        lower=np.concatenate([last, forecast.lower[number].T], axis=1),
        upper=np.concatenate([last, forecast.upper[number].T], axis=1),
        what_if=np.concatenate([values[-1:], forecast.what_if.y_pred[number]]) if forecast.what_if else None,
    )
