"""The anomalies, and the scores of all rows, as data frames in the columns of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.io.times.datetimes import stamp_index
from tsforecast.io.times.formats import format_stamps, readable_stamps
from tsforecast.workflows.detect.run import (
    ALARM,
    END,
    P_VALUE,
    PEAK,
    ROWS,
    SCORE,
    START,
    VALUE,
    DetectResult,
    Scored,
)

if TYPE_CHECKING:
    import pandas as pd


def anomaly_frame(result: DetectResult, scored: Scored, *, stamps: bool = False) -> pd.DataFrame:
    """A row for each anomaly, the least likely first: the id columns, `start`, `end`, `peak`, `rows`, `value`, ...

    Args:
        stamps: whether times are time stamps, in place of texts.
    """
    import pandas as pd

    panel = scored.panel
    found = sorted(scored.found, key=lambda one: _order(scored, *one))
    numbers = np.array([number for number, _ in found], dtype=np.int64)
    columns = _ids(scored, numbers)
    for name, place in ((START, "first"), (END, "last"), (PEAK, "peak")):
        rows = [each.end - 1 if place == "last" else getattr(each, place) for _, each in found]
        ordinals = panel.starts[numbers] + np.array(rows, dtype=np.int64)
        moments = panel.frequency.stamps(ordinals)
        if stamps:
            columns[name] = stamp_index(moments, scored.schema, panel.frequency)
        else:
            columns[name] = readable_stamps(moments, scored.schema, panel.frequency)
    for name in (ROWS, VALUE, SCORE, P_VALUE, "chance_rows"):
        columns[name] = [getattr(each, name) for each in result.anomalies]
    return pd.DataFrame(columns)


def score_frame(scored: Scored, *, stamps: bool = False) -> pd.DataFrame:
    """A row for each row of the series: the id columns, the time, `value`, `score`, `p_value` and `alarm`.

    A value that was filled in is missing here, and has no score.
    """
    import pandas as pd

    panel, schema = scored.panel, scored.schema
    columns = _ids(scored, panel.series_of_row)
    ordinals = panel.starts[panel.series_of_row] + np.arange(len(panel.values)) - panel.offsets[panel.series_of_row]
    if stamps and len(schema.time_cols) == 1:
        columns[schema.time_cols[0]] = stamp_index(panel.frequency.stamps(ordinals), schema, panel.frequency)
    else:
        distinct, places = np.unique(ordinals, return_inverse=True)
        texts = format_stamps(panel.frequency.stamps(distinct), schema, panel.frequency)
        for name, cells in zip(schema.time_cols, texts, strict=True):
            columns[name] = np.array(cells, dtype=object)[places]
    columns[VALUE] = np.where(panel.observed, panel.values, np.nan)
    columns |= {SCORE: scored.scores, P_VALUE: scored.p_values, ALARM: scored.alarms.astype(np.int64)}
    return pd.DataFrame(columns)


def _ids(scored: Scored, numbers: Int64) -> dict[str, Any]:
    ids = scored.panel.ids
    return {
        name: np.array([key[place] for key in ids], dtype=object)[numbers]
        for place, name in enumerate(scored.schema.key_columns)
    }


def _order(scored: Scored, number: int, each: Any) -> tuple[float, float]:
    row = scored.panel.offsets[number] + each.peak
    return float(scored.p_values[row]), -float(scored.scores[row])
