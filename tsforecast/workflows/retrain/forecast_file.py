"""The forecast file of a retraining: what the version in service forecasts now, whatever the run came to.

The store remembers what each file was made of. A file that is made of anything else, or that is not as it was written,
is written anew, also where there was nothing to train.
"""

from __future__ import annotations

from dataclasses import asdict

from tsforecast import clock
from tsforecast._version import __version__
from tsforecast.errors import TsforecastError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult
from tsforecast.io.writing.forecasts import write_forecast
from tsforecast.io.writing.spreadsheet import guarded_notes
from tsforecast.progress import Message, Report
from tsforecast.store.model import StoredModel
from tsforecast.store.runs import (
    ForecastFile,
    file_hash,
    file_key,
    read_forecast_files,
    write_forecast_files,
)
from tsforecast.workflows.ages import age_text, newest_text
from tsforecast.workflows.predict import predict
from tsforecast.workflows.provenance import fingerprint
from tsforecast.workflows.retrain.settings import RetrainSettings


def bring_up_to_date(
    model: StoredModel, path: str, data: ReadResult, settings: RetrainSettings, reading: ReadOptions, *, report: Report
) -> tuple[ForecastFile, bool]:
    """Write the forecast of the version in service, unless the file holds it already.

    Args:
        model: the model in the store.
        path: of the forecast file.
        data: the rows to continue.
        settings: of the retraining.
        reading: how the table was read.
        report: receives messages and progress.

    Returns:
        What the file is, and whether it was written.

    Raises:
        TsforecastError: as `predict` and `write_forecast` do.
    """
    facts = {
        "version": model.in_service(),
        "data_hash": data.data_hash,
        "missing": int((~data.panel.observed).sum()),
        "levels": sorted(set(settings.levels)),
        "ended_after": settings.ended_after,
        "reading": asdict(reading),
        "tsforecast": __version__,
    }
    made_of = fingerprint(facts)
    known = known_file(model, path, report=report)
    if known is not None and known.made_of == made_of and known.sha256 == file_hash(path):
        return known, False
    made = predict(
        data,
        store=model.folder.parent,
        name=model.name,
        levels=settings.levels,
        ended_after=settings.ended_after,
        trusted=model.trusted,
    )
    for note in [*made.notes, *guarded_notes(made.recent.ids, path)]:
        if note not in data.notes:
            report(Message(note.kind, note.text))
    write_forecast(made.blocks(report), made.schema, made.recent.frequency, path)
    until = newest_text(data.panel, data.schema)
    written = ForecastFile(file_key(path), made_of, made.version, until, clock.now(), file_hash(path))
    others = _read(model, report=lambda event: None)
    write_forecast_files(model, (*(one for one in others if one.path != written.path), written))
    return written, True


def known_file(model: StoredModel, path: str, *, report: Report) -> ForecastFile | None:
    """What the store knows of a forecast file; None where it knows nothing, or what it knows is damaged."""
    key = file_key(path)
    return next((one for one in _read(model, report=report) if one.path == key), None)


def age_of(file: ForecastFile) -> str:
    """How old a forecast file is, in words."""
    seconds = max(0.0, (clock.now() - file.written).total_seconds())
    return f"is {age_text(seconds)} old, of version {file.version} and data until {file.until}"


def _read(model: StoredModel, *, report: Report) -> tuple[ForecastFile, ...]:
    try:
        return read_forecast_files(model)
    except TsforecastError as error:
        # It is only news: without it, the forecast is written anew.
        report(Message("warning", str(error)))
        return ()
