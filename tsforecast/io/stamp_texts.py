"""Time stamps as texts, written the way the user wrote them: the inverse of `parse_stamps`, without pandas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from tsforecast.errors import DataError
from tsforecast.frequency import Frequency, Stamps
from tsforecast.io import zones
from tsforecast.series import Schema

_QUARTER_MARK, _OFFSET_MARK = "\1", "\2"


def format_stamps(stamps: Stamps, schema: Schema, frequency: Frequency) -> list[str]:
    """Write stamps as the user wrote them.

    Args:
        stamps: as a panel counts them, shape (n,): UTC for sub-daily steps of a zoned table, else the wall clock.
        schema: format and zone.
        frequency: the panel's.

    Raises:
        DataError: a stamp lies beyond the year 9999.
    """
    zone, marked = schema.time_zone, schema.time_format.replace("%q", _QUARTER_MARK).replace("%:z", _OFFSET_MARK)
    moments = stamps.astype("datetime64[us]").tolist()
    if not all(isinstance(moment, datetime) for moment in moments):
        raise DataError("the times go beyond the year 9999", hint="forecast fewer steps")
    offsets: Sequence[timedelta | None] = [None] * len(moments)
    if zone and frequency.sub_daily:
        clocks = [moment.replace(tzinfo=UTC).astimezone(zones.find_zone(zone)) for moment in moments]
        moments, offsets = [clock.replace(tzinfo=None) for clock in clocks], [clock.utcoffset() for clock in clocks]
    elif zone and _OFFSET_MARK in marked:
        offsets = (stamps - zones.to_instants(stamps, zone)).tolist()
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
