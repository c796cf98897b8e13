"""Texts as datetimes by pandas, alike in all its releases.

Pandas 2 counts nanoseconds, and knows no date before 1678 and none after 2261. What it does not know would be called
no date at all, where the year is what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import numpy as np
import pandas as pd

ISO8601 = "ISO8601"
_FAR = re.compile(r"(?<!\d)(?:0\d{3}|1[0-6]\d\d|2[3-9]\d\d|[3-9]\d{3})(?!\d)")


def to_datetimes(texts: Sequence[str | None], text_format: str, *, utc: bool = False) -> pd.Series:
    """Texts in a strftime format, or in that of ISO 8601, as datetimes; NaT for what is not one.

    Raises:
        ValueError: pandas does not know the format.
    """
    parsed = pd.to_datetime(pd.Series(list(texts), dtype=object), format=text_format, errors="coerce", utc=utc)
    if parsed.dt.unit != "ns":
        return parsed
    far = [at for at in np.flatnonzero(parsed.isna()).tolist() if _FAR.search(texts[at] or "")]
    if far:
        parsed = parsed.dt.as_unit("us").copy()
    for at in far:
        with suppress(ValueError):
            found = _read(str(texts[at]), text_format)
            parsed.iloc[at] = pd.Timestamp(np.datetime64(found.replace(tzinfo=None), "us"), tz="UTC" if utc else None)
    return parsed


def _read(text: str, text_format: str) -> datetime:
    return datetime.fromisoformat(text) if text_format == ISO8601 else datetime.strptime(text, text_format)
