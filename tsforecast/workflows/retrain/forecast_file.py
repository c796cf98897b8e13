"""Keeps the forecast file of a retraining up to date: it holds what the version in service forecasts now.

The store remembers what each file was made of. A file that was made of anything else, or that has been changed, is
written again, also where there was nothing to train.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict

from tsforecast import clock
from tsforecast._version import __version__
from tsforecast.errors import TsforecastError
from tsforecast.io.messages import listed, tell
from tsforecast.io.reading.panel import ReadResult
from tsforecast.io.writing.forecasts import guarded_notes, write_forecast
from tsforecast.progress import Message
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
from tsforecast.workflows.retrain.data_checks import covariate_layout
from tsforecast.workflows.retrain.settings import RetrainRun
from tsforecast.workflows.score.noting import note_forecast


def update_forecast(run: RetrainRun, path: str, data: ReadResult) -> tuple[ForecastFile, bool]:
    """Write the forecast of the version in service, and note it if asked to, unless the file holds it already.

    Args:
        run: with the settings of the forecast.
        path: of the forecast file.
        data: the rows to forecast from.

    Returns:
        What the file is, and whether it was written.

    Raises:
        TsforecastError: as `predict` and `write_forecast` do.
    """
    model, settings = run.model, run.settings
    facts = {
        "version": model.in_service(),
        "data_hash": data.data_hash,
        "missing": int((~data.panel.observed).sum()),
        "levels": sorted(set(settings.levels)),
        "ended_after": settings.ended_after,
        "calibration": settings.calibration,
        "reading": asdict(run.reading),
        "tsforecast": __version__,
    }
    made_of = fingerprint(facts)
    files = known_files(run)
    known = files.get(file_key(path))
    if known is not None and known.made_of == made_of and known.sha256 == file_hash(path):
        return known, False
    source = data if _has_columns_of_model(run, data) else run.source
    made = predict(
        source,
        reading=run.reading,
        store=run.store.folder,
        name=run.name,
        levels=settings.levels,
        ended_after=settings.ended_after,
        calibration=settings.calibration,
        trusted=model.trusted,
    )
    notes = (*made.notes, *guarded_notes(made.recent.ids, path))
    tell((note for note in notes if note not in data.notes), run.report)
    if settings.ledger:
        note_forecast(made, store=run.store.folder, trusted=model.trusted)
    blocks = [made.forecast] if settings.ledger else made.blocks(run.report)
    write_forecast(blocks, made.schema, made.recent.frequency, path)
    until = newest_text(data.panel, data.schema)
    written = ForecastFile(file_key(path), made_of, made.version, until, clock.now(), file_hash(path))
    write_forecast_files(model, (*(one for one in files.values() if one.path != written.path), written))
    return written, True


def _has_columns_of_model(run: RetrainRun, data: ReadResult) -> bool:
    """Whether the table was read by the columns of the version in service; if not, this is said.

    A run that takes columns as they are found may train on more of them than the version that stays in service knows.
    """
    found, known = data.schema, run.model.open().bundle.schema
    columns = (*found.id_cols, *found.target_cols), (*known.id_cols, *known.target_cols)
    if columns[0] == columns[1]:
        if covariate_layout(found) == covariate_layout(known):
            return True
        besides = listed(known.covariate_cols) if known.covariate_cols else "nothing"
        text = f"the forecast is made by the version in service, which reads {besides} besides the values"
        run.report(Message("warning", text))
        return False
    text = f"the forecast is of the columns that the version in service knows, {listed(columns[1])}"
    extra = [name for name in columns[0] if name not in columns[1]]
    if extra:
        flags = " ".join(f"--target-col {shlex.quote(name)}" for name in known.target_cols)
        text += f"; not of {listed(extra)}, which {flags} leaves out of training too"
    run.report(Message("warning", text))
    return False


def known_files(run: RetrainRun) -> dict[str, ForecastFile]:
    """What the store knows of the model's forecast files, by `file_key`; nothing where that is damaged."""
    try:
        return {file.path: file for file in read_forecast_files(run.model)}
    except TsforecastError as error:
        # Without it, the forecast is written again.
        run.report(Message("warning", str(error)))
        return {}


def age_of(file: ForecastFile) -> str:
    """How old a forecast file is, in words."""
    seconds = max(0.0, (clock.now() - file.written).total_seconds())
    return f"is {age_text(seconds)} old, of version {file.version} and data until {file.until}"
