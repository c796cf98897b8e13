"""Times written as numbers that count: seconds and their fractions since 1970 in UTC, and the days of Excel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from tsforecast.series.frequency import DAY, SECOND, Stamps

EXCEL = "excel"
EPOCH_DECIMAL = "epoch-s.0"  # seconds with one decimal

# Nanoseconds in the unit of each kind of number since 1970.
EPOCHS = {"epoch-s": 10**9, EPOCH_DECIMAL: 10**9, "epoch-ms": 10**6, "epoch-us": 10**3, "epoch-ns": 1}

# Before March 1900 Excel counts a 29 February that did not exist.
_EXCEL_ORIGIN, _FIRST_EXCEL_DAY, _LAST_EXCEL_DAY, _EXCEL_DECIMALS = datetime(1899, 12, 30), 61, 2_958_465, 10
_LAST_SECOND = 253_402_300_799  # of the year 9999
_NOT_A_TIME = np.datetime64("NaT", "us")


def write_since_1970(instants: Stamps, text_format: str) -> list[str]:
    """Instants in UTC as numbers in one of EPOCHS."""
    micros = instants.astype("datetime64[us]").astype(np.int64)
    if text_format == EPOCH_DECIMAL:
        return [f"{count // SECOND}.{count % SECOND * 10 // SECOND}" for count in micros.tolist()]
    return [str(count * 1000 // EPOCHS[text_format]) for count in micros.tolist()]


def write_excel_days(moments: Sequence[datetime]) -> list[str]:
    """Moments as the days of Excel, with as many decimals as they need."""
    days = [(moment - _EXCEL_ORIGIN) / timedelta(microseconds=DAY) for moment in moments]
    return [f"{day:.{_EXCEL_DECIMALS}f}".rstrip("0").rstrip(".") for day in days]


def stamps_since_1970(texts: list[str], unit: int) -> Stamps:
    """Whole numbers of `unit` nanoseconds; what is finer than a microsecond is no time that is known here."""
    import pandas as pd

    if unit == EPOCHS["epoch-s"] and any("." in text for text in texts):
        return _stamps_with_decimals(texts, unit)
    whole = np.array([text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 20 for text in texts])
    numbers = pd.Series(np.where(whole, texts, "0"), dtype=object).map(int)
    largest = min(_LAST_SECOND * (SECOND * 1000 // unit), np.iinfo(np.int64).max)
    known = whole & (numbers.abs() <= largest).to_numpy(dtype=bool)
    counts = numbers.where(known, 0).to_numpy(np.int64)
    micros, rest = (counts * (unit // 1000), 0 * counts) if unit >= 1000 else np.divmod(counts, 1000 // unit)
    return np.where(known & (rest == 0), micros.astype("datetime64[us]"), _NOT_A_TIME)


def _stamps_with_decimals(texts: list[str], unit: int) -> Stamps:
    """Numbers with decimals of `unit` nanoseconds, to the microsecond."""
    parts = [text.partition(".") for text in texts]
    stamps = stamps_since_1970([whole for whole, _, _ in parts], unit)
    fraction = [int(f"{part[:6]:0<6}") if part.isdecimal() and part.isascii() else 0 for _, _, part in parts]
    good = np.array([not point or (part.isdecimal() and part.isascii()) for _, point, part in parts], dtype=bool)
    good &= np.array([not whole.startswith("-") for whole, _, _ in parts], dtype=bool)
    micros = np.array(fraction, dtype=np.int64) * unit // 10**9
    return np.where(good, stamps + micros.astype("timedelta64[us]"), _NOT_A_TIME)


def stamps_of_excel_days(texts: list[str]) -> Stamps:
    """Days since 1899-12-30, to the second, which is as much as their decimals hold."""
    import pandas as pd

    days = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(np.float64)
    known = (days >= _FIRST_EXCEL_DAY) & (days <= _LAST_EXCEL_DAY)
    seconds = np.round(np.where(known, days, 0.0) * (DAY // SECOND)).astype(np.int64)
    return np.where(
        known, np.datetime64(_EXCEL_ORIGIN, "us") + (seconds * SECOND).astype("timedelta64[us]"), _NOT_A_TIME
    )
