"""Looks for anomalies in the new rows of a table, where the data gate is asked to."""

from __future__ import annotations

from tsforecast.io.messages import counted
from tsforecast.io.reading.panel import ReadResult
from tsforecast.safe_text import shown
from tsforecast.series.windows import Rows
from tsforecast.workflows.detect.run import detect_in
from tsforecast.workflows.detect.settings import DetectSettings
from tsforecast.workflows.retrain.breach import Breach
from tsforecast.workflows.retrain.settings import GateLimits

LIMIT = "fail_on_anomaly"


def check_anomalies(data: ReadResult, new: Rows, limits: GateLimits) -> Breach | None:
    """The breach of new rows that are unlike the rest, as `detect` finds them with its own budget of false alarms.

    Args:
        data: the table.
        new: newest rows of each series that the run before has not seen, shape (n_series,).
        limits: of the data gate.
    """
    if not limits.fail_on_anomaly or not new.any():
        return None
    result, _ = detect_in(data, DetectSettings(newest=int(new.max())))
    if not result.anomalies:
        return None
    worst = result.anomalies[0]
    where = f" of {shown(worst.id)}" if worst.id else ""
    text = (
        f"{counted(len(result.anomalies), 'anomaly', 'anomalies')} in the new rows, the least likely{where} at "
        f"{worst.peak} ({worst.value:,.6g}, by chance once in {worst.chance_rows:,.0f} rows): --no-fail-on-anomaly"
    )
    return Breach(LIMIT, text)
