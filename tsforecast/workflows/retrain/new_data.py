"""The table of a retraining, read by the columns of the version in service: what was added upstream is left alone."""

from __future__ import annotations

from dataclasses import replace

from tsforecast.errors import MissingColumnError
from tsforecast.io.messages import listed
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.roles import UNNAMED
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.progress import Message, Report
from tsforecast.series.panel import Schema
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.workflows.retrain.gate import Breach, lost_column
from tsforecast.workflows.retrain.settings import GateLimits


def read_new_data(
    source: str, reading: ReadOptions, champion: Bundle | None, limits: GateLimits, *, accept: bool, report: Report
) -> ReadResult | Breach:
    """Read the table.

    Args:
        source: CSV or Parquet file.
        reading: how to read it; columns that are named there are taken whatever the version in service knows.
        champion: the version in service; None before the first.
        limits: of the data gate; without `same_schema` the columns are those that are found.
        accept: whether another table is accepted.
        report: receives messages and progress.

    Returns:
        The table, or the breach where it has lost a column.

    Raises:
        TsforecastError: as `read_panel` does.
    """
    by_schema = reading if champion is None or not limits.same_schema else _by_schema(reading, champion.schema)
    try:
        data = read_panel(source, by_schema, report=report)
    except MissingColumnError as error:
        if by_schema == reading:
            raise
        if not accept:
            return lost_column(error)
        data = read_panel(source, reading, report=report)
    for note in data.notes:
        report(Message(note.kind, note.text))
    unknown = tuple(column.name for column in data.columns if column.why == UNNAMED)
    if unknown and not reading.target_cols:
        text = f"not used, because the version in service does not know it: {listed(unknown)}"
        report(Message("info", f"{text}; --no-same-schema takes the columns as they are found"))
    return data


def _by_schema(reading: ReadOptions, schema: Schema) -> ReadOptions:
    """The columns of the version in service, where none are asked for."""
    return replace(
        reading,
        time_col=reading.time_col or ",".join(schema.time_cols),
        id_cols=reading.id_cols or schema.id_cols,
        target_cols=reading.target_cols or schema.target_cols,
    )
