"""`detect`: the anomalies of a table."""

from __future__ import annotations

from typing import Any, Unpack

from tsforecast.api.keywords import DetectKeywords
from tsforecast.api.options import public, read_options, taken
from tsforecast.api.progress import telling
from tsforecast.api.tables import Table, as_table, with_given
from tsforecast.io.options import ReadOptions
from tsforecast.progress import Report
from tsforecast.reports.detection import Detection
from tsforecast.workflows.detect.run import detect as detecting
from tsforecast.workflows.detect.settings import DetectSettings


@public(DetectSettings, ReadOptions)
def detect(data: Table, *, report: Report | None = None, **options: Unpack[DetectKeywords]) -> Detection:
    """Find the anomalies of a table, without labels and within a budget of false alarms.

    Args:
        data: a data frame (long, wide or a single series), a series, an array, or the path of a file.
        report: receives messages and progress; None shows progress in a notebook, and logs elsewhere.
        **options: any option of `tsforecast detect` by its name with underscores, such as `method="discord"`,
            `false_alarm_every="30d"`, `newest=24`, `id_col="shop"`.

    Returns:
        Data frames: `anomalies` holds each with start, end, peak, score and p-value, `scores` every row. `verdict` says
        it in words, `plot()` draws it, `result` has the rest as plain values.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    given: dict[str, Any] = {**options}
    table, found = as_table(data)
    settings = taken(DetectSettings, given)
    reading = read_options(with_given(found, given), columns=True, others=(DetectSettings,))
    with telling(report) as told:
        result, scored = detecting(table, settings=settings, reading=reading, report=told)
    return Detection(result, scored)
