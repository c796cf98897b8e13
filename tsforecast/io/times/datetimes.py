"""Time stamps of data frames and Parquet files, which are datetimes already: reading and writing them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tsforecast.io.messages import Place
from tsforecast.io.times.formats import STEP, UTC_ENDS
from tsforecast.io.times.parse import ParsedStamps, without_zone
from tsforecast.io.times.zones import UTC, find_zone, to_instants
from tsforecast.series.frequency import Frequency, Stamps
from tsforecast.series.panel import Schema


def typed_stamps(stamps: pd.Series, place: Place) -> ParsedStamps:
    """Read a column of a data frame or a Parquet file that already holds datetimes.

    Raises:
        DataError: the first row without a time.
    """
    if stamps.isna().any():
        raise place.error(int(stamps.isna().to_numpy().argmax()), "the time is missing")
    numbers, distinct = pd.factorize(stamps)
    codes, stamps = numbers.astype(np.int32), pd.Series(distinct)
    zone = str(stamps.dt.tz) if stamps.dt.tz is not None else None
    wall = without_zone(stamps.dt.tz_localize(None) if zone else stamps)
    clock = (wall - wall.astype("datetime64[D]")).astype(np.int64)
    if zone is None and not clock.any():
        return ParsedStamps(codes, wall, None, ("%Y-%m-%d",))
    fraction = ".%f" if np.any(clock % 1_000_000) else ""
    text_format = f"%Y-%m-%d %H:%M:%S{fraction}{'%:z' if zone else ''}"
    return ParsedStamps(codes, wall, without_zone(stamps) if zone else None, (text_format,), zone)


def stamp_index(stamps: Stamps, schema: Schema, frequency: Frequency) -> pd.Index:
    """Stamps of a panel, shape (n,), for a data frame: with a zone where the user wrote an offset; steps as numbers."""
    if schema.time_formats[0] == STEP:
        return pd.Index(stamps.astype("datetime64[us]").astype(np.int64))
    zone = schema.time_zone
    if zone is None or not (frequency.sub_daily or schema.time_formats[0].endswith(("%:z", *UTC_ENDS))):
        return pd.DatetimeIndex(stamps)
    instants = stamps if frequency.sub_daily else to_instants(stamps, zone)
    return pd.DatetimeIndex(instants).tz_localize(UTC).tz_convert(find_zone(zone))
