"""The public functions: what the commands `fit` and `predict` do, on DataFrames and from Python."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsforecast.errors import OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.io.times.datetimes import stamp_index
from tsforecast.models.options import DEFAULT_LEVELS, FitOptions
from tsforecast.progress import Report
from tsforecast.store.layout import DEFAULT_STORE
from tsforecast.workflows import fit as fitting
from tsforecast.workflows import predict as predicting

if TYPE_CHECKING:
    import pandas as pd

FitResult = fitting.FitResult


def fit(
    data: pd.DataFrame | str | Path,
    *,
    name: str = "model",
    store: str | Path = DEFAULT_STORE,
    report: Report = lambda event: None,
    **options: Any,
) -> FitResult:
    """Train a model on a table and publish it as a new version of `name` in `store`.

    Args:
        data: a DataFrame (long, wide or a single series), or the path of a CSV or Parquet file.
        name: of the model.
        store: folder of all models.
        report: receives messages and progress (tsforecast.models.events).
        **options: any option of `tsforecast fit` by its name with underscores, such as `horizon=24`, `model="gru"`,
            `time_col="date"`, `id_col="shop"`, `target_col=["sales"]`.

    Returns:
        What was decided, the scores of the model and of the simple models on held-out windows, and the version.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    model_options, reading = _options(options)
    return fitting.fit(
        data, options=FitOptions(**model_options), reading=ReadOptions(**reading), store=store, name=name, report=report
    )


def predict(
    data: pd.DataFrame | str | Path | None = None,
    *,
    name: str | None = None,
    store: str | Path = DEFAULT_STORE,
    version: int | None = None,
    horizon: int | None = None,
    levels: tuple[float, ...] = DEFAULT_LEVELS,
    fallback: bool = False,
    trusted: bool = False,
    report: Report = lambda event: None,
    **reading: Any,
) -> pd.DataFrame:
    """Forecast with a published model.

    Args:
        data: newer rows in the columns the model was fitted on; None continues the data it was fitted on.
        name: of the model; None takes the one published last.
        store: folder of all models.
        version: None takes the one in service.
        horizon: steps; None takes the one the model was trained for.
        levels: of the intervals, in percent.
        fallback: take the newest older version that is sound if the one that is meant is damaged.
        trusted: use a model that somebody else could have changed.
        report: receives messages.
        **reading: options of reading, such as `delimiter=";"`.

    Returns:
        The user's id columns and time column (as time stamps; as they were, where its parts have columns of their own),
        `forecast`, and `lower_80`, `upper_80`, ...

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    result = predicting.predict(
        data,
        name=name,
        store=store,
        version=version,
        horizon=horizon,
        levels=levels,
        reading=ReadOptions(**_named(reading, _READING - _COLUMNS)),
        fallback=fallback,
        trusted=trusted,
        report=report,
    )
    frame = result.frame.copy()
    if len(result.schema.time_cols) > 1:
        return frame
    steps = result.forecast.starts[:, None] + range(result.forecast.horizon)
    frame[result.schema.time_cols[0]] = stamp_index(
        result.recent.frequency.stamps(steps.ravel()), result.schema, result.recent.frequency
    )
    return frame


_READING = {field.name for field in fields(ReadOptions)}

# A published model knows its columns.
_COLUMNS = {"time_col", "target_cols", "id_cols"}
_MODEL = {field.name for field in fields(FitOptions)}

# On the command line these can be given several times, and are named for one.
_PLURAL = {"target_col": "target_cols", "id_col": "id_cols"}
_LISTS = {*_PLURAL.values(), "missing"}


def _options(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options split into those of the model and those of reading."""
    model = {key: value for key, value in options.items() if key in _MODEL}
    rest = {key: value for key, value in options.items() if key not in _MODEL}
    return model, _named(rest, _READING)


def _named(options: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """Options of reading under the names of ReadOptions; one column name stands for a list of one."""
    named: dict[str, Any] = {}
    for key, value in options.items():
        field = _PLURAL.get(key, key)
        if field not in known:
            names = known | {one for one, many in _PLURAL.items() if many in known}
            close = get_close_matches(key, names | _MODEL if _COLUMNS.issubset(known) else names, n=1)
            raise OptionError(f"unknown option '{key}'", hint=f"did you mean '{close[0]}'?" if close else "")
        if field in _LISTS:
            value = (value,) if isinstance(value, str) else tuple(value)
        named[field] = value
    return named
