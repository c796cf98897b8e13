"""Time stamps as texts, written the way the user wrote them: the inverse of `parse_stamps`, without pandas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from tsforecast.errors import DataError
from tsforecast.frequency import DAY, Frequency, Stamps
from tsforecast.io import zones
from tsforecast.io.time_formats import EPOCHS, EXCEL
from tsforecast.series import BETWEEN_COLUMNS, Schema

_QUARTER_MARK, _OFFSET_MARK = "\1", "\2"
_EXCEL_ORIGIN = datetime(1899, 12, 30)
# Of the days of Excel: a day has 86,400 seconds.
_EXCEL_DECIMALS = 10


def format_stamps(stamps: Stamps, schema: Schema, frequency: Frequency) -> list[str]:
    """Write stamps as the user wrote them.

    Args:
        stamps: as a panel counts them, shape (n,): UTC for sub-daily steps of a zoned table, else the wall clock.
        schema: format and zone.
        frequency: the panel's.

    Returns:
        A text for each; where the parts of the time have columns of their own, a tab stands between them.

    Raises:
        DataError: a stamp lies beyond the year 9999.
    """
    zone, marked = schema.time_zone, schema.time_format.replace("%q", _QUARTER_MARK).replace("%:z", _OFFSET_MARK)
    moments = stamps.astype("datetime64[us]").tolist()
    if not all(isinstance(moment, datetime) for moment in moments):
        raise DataError("the times go beyond the year 9999", hint="forecast fewer steps")
    if marked in EPOCHS:
        return _since_1970(stamps if frequency.sub_daily or not zone else zones.to_instants(stamps, zone), marked)
    offsets: Sequence[timedelta | None] = [None] * len(moments)
    if zone and frequency.sub_daily:
        clocks = [moment.replace(tzinfo=UTC).astimezone(zones.find_zone(zone)) for moment in moments]
        moments, offsets = [clock.replace(tzinfo=None) for clock in clocks], [clock.utcoffset() for clock in clocks]
    elif zone and _OFFSET_MARK in marked:
        offsets = (stamps - zones.to_instants(stamps, zone)).tolist()
    if marked == EXCEL:
        return [_excel_day(moment) for moment in moments]
    texts = [moment.strftime(marked) for moment in moments]
    if _QUARTER_MARK in marked:
        quarters = [str((moment.month + 2) // 3) for moment in moments]
        texts = [text.replace(_QUARTER_MARK, quarter) for text, quarter in zip(texts, quarters, strict=True)]
    if _OFFSET_MARK in marked and zone:
        texts = [
            text.replace(_OFFSET_MARK, zones.offset_name(np.timedelta64(offset)).removeprefix(zones.UTC) or "+00:00")
            for text, offset in zip(texts, offsets, strict=True)
        ]
    return texts


def readable_stamps(stamps: Stamps, schema: Schema, frequency: Frequency) -> list[str]:
    """Write stamps for a message: as the user wrote them, or as dates where these were numbers or several columns."""
    text_format = schema.time_format
    if BETWEEN_COLUMNS in text_format or text_format == EXCEL or text_format in EPOCHS:
        clock = " %H:%M:%S" if frequency.sub_daily else ""
        schema = replace(schema, time_format=f"%Y-%m-%d{clock}")
    return format_stamps(stamps, schema, frequency)


def _since_1970(instants: Stamps, text_format: str) -> list[str]:
    unit = EPOCHS[text_format]
    return [str(micros * 1000 // unit) for micros in instants.astype("datetime64[us]").astype(np.int64).tolist()]


def _excel_day(moment: datetime) -> str:
    days = (moment - _EXCEL_ORIGIN) / timedelta(microseconds=DAY)
    return f"{days:.{_EXCEL_DECIMALS}f}".rstrip("0").rstrip(".")
