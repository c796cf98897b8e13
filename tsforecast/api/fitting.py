"""`fit`, `load`, `backtest` and `compare`: what trains, or gives a model that was trained."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Unpack

from tsforecast.api.keywords import BacktestKeywords, CompareKeywords, FitKeywords
from tsforecast.api.model import Model
from tsforecast.api.options import public, read_options, taken
from tsforecast.api.progress import telling
from tsforecast.api.tables import Table, as_table, with_given
from tsforecast.errors import OptionError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.options import DEFAULT_STORE
from tsforecast.progress import Report
from tsforecast.reports.frames import Backtest, Comparison
from tsforecast.store.store import Store
from tsforecast.workflows import fit as fitting
from tsforecast.workflows.backtest.compare import DEFAULT_MODELS
from tsforecast.workflows.backtest.compare import compare as comparing
from tsforecast.workflows.backtest.run import backtest as backtesting
from tsforecast.workflows.backtest.settings import BacktestSettings
from tsforecast.workflows.named import as_names


@public(FitOptions, ReadOptions)
def fit(
    data: Table,
    *,
    name: str = "model",
    store: str | Path = DEFAULT_STORE,
    publish: bool = True,
    report: Report | None = None,
    **options: Unpack[FitKeywords],
) -> Model:
    """Train a model on a table and publish it as a new version of `name` in `store`.

    Args:
        data: a data frame (long, wide or a single series) of pandas, polars, Arrow or another library, a series, an
            array, or the path of a file.
        name: of the model.
        store: folder of all models.
        publish: False to try only: the model has its scores and choices, and does not forecast.
        report: receives messages and progress (`tsforecast.progress`); None shows progress in a notebook, and logs
            elsewhere.
        **options: any option of `tsforecast fit` by its name with underscores, such as `horizon=24`, `model="gru"`,
            `time_col="date"`, `id_col="shop"`, `target_col=["sales"]`.

    Returns:
        The model: `predict()`, `plot()`, `scores` on held-out windows, `verdict`, `choices` and `notes`.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    given: dict[str, Any] = {**options}
    table, found = as_table(data)
    model = taken(FitOptions, given)
    reading = read_options(with_given(found, given), columns=True, others=(FitOptions,))
    with telling(report) as told:
        result = fitting.fit(
            table, options=model, reading=reading, store=store, name=name, publish=publish, report=told
        )
    return Model(result.name, result.version, result.path, store, result.to_dict())


@public()
def load(
    name: str | None = None,
    *,
    store: str | Path = DEFAULT_STORE,
    version: int | None = None,
    trusted: bool = False,
) -> Model:
    """A model that was fitted before.

    Args:
        name: of the model; None takes the one published last.
        store: folder of all models.
        version: None takes the one in service.
        trusted: use a model that somebody else could have changed.

    Raises:
        TsforecastError: there is none of that name or number, or it is damaged.
    """
    found = Store(store, trusted).find(name).describe(version)
    return Model(found.name, found.version, found.path, store, found.details["metrics"], trusted)


@public(BacktestSettings, FitOptions, ReadOptions)
def backtest(
    data: Table,
    *,
    forecasts: str | Path | None = None,
    store: str | Path | None = None,
    report: Report | None = None,
    **options: Unpack[BacktestKeywords],
) -> Backtest:
    """Score a model and the simple ones at cutoffs of the past, from what was known there; nothing is published.

    Args:
        data: as for `fit`.
        forecasts: file for all forecasts, in long form with `cutoff`, `model` and `y_true`; None for none.
        store: folder in which finished fits are kept until all are, so that the same call goes on where a killed one
            ended; None keeps nothing.
        report: receives messages and progress.
        **options: any option of `tsforecast backtest` by its name with underscores, such as `windows=12`,
            `refit="never"`, `model="gru"`, `id_col="shop"`.

    Returns:
        Data frames: `forecasts` in long form with `cutoff`, `model` and `y_true`; `scores` of all models over all
        windows, `by_step`, `by_window` and `by_series`. `verdict` says it in words, `plot()` draws it, `result` has
        the rest as plain values.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    given: dict[str, Any] = {**options}
    table, found = as_table(data)
    settings, model = taken(BacktestSettings, given), taken(FitOptions, given)
    reading = read_options(with_given(found, given), columns=True, others=(FitOptions, BacktestSettings))
    with telling(report) as told:
        result, made = backtesting(
            table,
            settings=settings,
            options=model,
            reading=reading,
            output=forecasts,
            store=store,
            report=told,
        )
    return Backtest(result, made, settings.levels)


@public(BacktestSettings, FitOptions, ReadOptions, without=("model",))
def compare(
    data: Table,
    *,
    models: Iterable[str] = DEFAULT_MODELS,
    forecasts: str | Path | None = None,
    store: str | Path | None = None,
    report: Report | None = None,
    **options: Unpack[CompareKeywords],
) -> Comparison:
    """Score several models on the same windows of the past; nothing is published.

    Args:
        data: as for `fit`.
        models: their names; the seasonal naive is always among those scored.
        forecasts: file for all forecasts of all models, in long form; None for none.
        store: folder in which finished fits are kept until all are, so that the same call goes on where a killed one
            ended; None keeps nothing.
        report: receives messages and progress.
        **options: any option of `tsforecast compare` by its name with underscores.

    Returns:
        Data frames: `scores` of all models, the best first, with the p-value of their being as good as the best;
        `forecasts`, `by_step`, `by_window` and `by_series` as of `backtest`. `best` is the name of the best, `verdict`
        says it in words, `plot()` draws it, `result` has the rest as plain values.

    Raises:
        TsforecastError: with the file, row and column where there is one.
    """
    given: dict[str, Any] = {**options}
    if "model" in given:
        raise OptionError("unknown option 'model'", hint="did you mean 'models'?")
    table, found = as_table(data)
    settings, model = taken(BacktestSettings, given), taken(FitOptions, given)
    reading = read_options(with_given(found, given), columns=True, others=(FitOptions, BacktestSettings))
    with telling(report) as told:
        result, made = comparing(
            table,
            models=as_names(models),
            settings=settings,
            options=model,
            reading=reading,
            output=forecasts,
            store=store,
            report=told,
        )
    return Comparison(result, made, settings.levels)
