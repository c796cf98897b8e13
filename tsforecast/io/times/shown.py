"""Times on a terminal: as the user's table writes them, where that is short and is no form of ISO 8601."""

from __future__ import annotations

from tsforecast.io.times.counts import EPOCHS, EXCEL
from tsforecast.io.times.day_parts import ENDS
from tsforecast.io.times.formats import STEP, format_stamps
from tsforecast.io.times.notation import INTERVAL
from tsforecast.series.frequency import Frequency, Stamps
from tsforecast.series.panel import Schema

_ISO_DAY = "%Y-%m-%d"
_MOST_LETTERS = 20  # such as `Fri 31.12.2024 23:30`; longer ones leave no room for the numbers beside them


def own_texts(stamps: Stamps, schema: Schema, frequency: Frequency) -> list[str] | None:
    """Stamps as the table writes them, such as `31.12.2024` or `Jan 2024`, shape (n,).

    Returns:
        The texts; None where times are read better as those of ISO 8601: where they stand so in the table, with seconds
        and offsets, in several columns, as counts since a moment, or in long texts.

    Raises:
        DataError: a stamp lies beyond the year 9999.
    """
    text_format = schema.time_formats[0]
    if len(schema.time_formats) > 1 or text_format in (STEP, EXCEL) or text_format in EPOCHS:
        return None
    if text_format.startswith((_ISO_DAY, ENDS)) or INTERVAL in text_format:
        return None
    texts = format_stamps(stamps, schema, frequency)[0]
    return texts if max(map(len, texts), default=0) <= _MOST_LETTERS else None
