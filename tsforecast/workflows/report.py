"""`report`: all that is known of a version, with its forecast, as values for a report."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.errors import TsforecastError
from tsforecast.forecast import Forecast, joined
from tsforecast.io.messages import counted, listed
from tsforecast.options import DEFAULT_LEVELS, DEFAULT_STORE
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import model_rows
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.model import StoredModel
from tsforecast.store.results import VersionDetails
from tsforecast.store.runs import LastRun, read_last_run
from tsforecast.store.store import Store
from tsforecast.workflows.known_ahead import future_read
from tsforecast.workflows.score.summary import LedgerSummary, ledger_summary

_LARGEST, _WORST = 4, 6  # series that are drawn


@dataclass(frozen=True)
class Ahead:
    """The forecast of a version.

    Args:
        forecast: of the series that are drawn.
        largest: their numbers in the model, the largest series first.
        worst: likewise, the largest error first.
        means: mean forecast of every series over the horizon, shape (n_series,).
        before: mean of as many rows before it, shape (n_series,).
    """

    forecast: Forecast
    largest: tuple[int, ...]
    worst: tuple[int, ...]
    means: Float64
    before: Float64

    def row(self, series: int) -> int:
        """The row of a series in `forecast`."""
        return sorted({*self.largest, *self.worst}).index(series)


@dataclass(frozen=True)
class VersionFacts:
    """All that is known of a version.

    Args:
        details: what its files say.
        bundle: the model with the rows that it continues.
        ahead: its forecast; None where there is none.
        problem: why there is none, or why it is short; empty for a whole one.
        previous: what the version before it says of itself; None where there is none.
        last_run: the retraining that published it; None where that is not known.
        ledger: the forecasts of the model that were noted; None where none was.
    """

    details: VersionDetails
    bundle: Bundle
    ahead: Ahead | None
    problem: str
    previous: VersionDetails | None
    last_run: LastRun | None
    ledger: LedgerSummary | None = None


def version_facts(
    name: str | None = None,
    *,
    store: str | Path = DEFAULT_STORE,
    version: int | None = None,
    levels: tuple[float, ...] = DEFAULT_LEVELS,
    trusted: bool = False,
) -> VersionFacts:
    """Gather what is known of a version, and forecast with it.

    Args:
        name: name of the model; None takes the one published last.
        store: folder of all models.
        version: number of the version; None takes the one in service.
        levels: levels of the intervals, in percent.
        trusted: whether to use a model that other users could have changed.

    Raises:
        TsforecastError: a model that cannot be used (65), missing input (66), or that others could have changed (77).
    """
    model = Store(store, trusted).find(name)
    opened = model.open(version)
    details = model.describe(opened.version)
    horizon, problem = _known_steps(opened.bundle)
    ahead = _ahead(opened.bundle, details.details["metrics"], horizon, levels) if horizon else None
    return VersionFacts(
        details=details,
        bundle=opened.bundle,
        ahead=ahead,
        problem=problem,
        previous=_previous(model, opened.version),
        last_run=_last_run(model, opened.version),
        ledger=ledger_summary(model.name, store=store, trusted=trusted),
    )


def _known_steps(bundle: Bundle) -> tuple[int, str]:
    """Steps that can be forecast from the rows kept with the model, and why they are fewer than usual."""
    spec, columns = bundle.spec, future_read(bundle)
    if not columns:
        return spec.horizon, ""
    known = min(spec.horizon, int(bundle.recent.known_ahead.min()))
    if known == spec.horizon:
        return known, ""
    names = listed(columns)
    begun = f"only {counted(known, 'step')}" if known else "no forecast"
    verb = "is" if len(columns) == 1 else "are"
    return known, f"{begun} can be shown: {names} {verb} not known further with this version"


def _ahead(bundle: Bundle, metrics: dict[str, Any], horizon: int, levels: tuple[float, ...]) -> Ahead:
    recent = bundle.recent
    rows = model_rows(without_strays(recent), bundle.scaling, calendar=bundle.spec.calendar)
    before = _newest_means(bundle, horizon)
    largest = tuple(np.argsort(-np.abs(np.nan_to_num(before)), kind="stable")[:_LARGEST].tolist())
    worst = _worst(metrics.get("errors"), recent.n_series)
    drawn = sorted({*largest, *worst})
    means, blocks, begin = [], [], 0
    for block in bundle.forecaster.ahead(rows, horizon, levels):
        means.append(block.y_pred.mean(axis=1))
        chosen = [number - begin for number in drawn if begin <= number < begin + len(block.ids)]
        blocks.append(_rows_of(block, chosen))
        begin += len(block.ids)
    made = joined(blocks)
    forecast = Forecast(
        tuple(recent.ids[number] for number in drawn), recent.ends[drawn], made.y_pred, levels, made.lower, made.upper
    )
    return Ahead(forecast, largest, worst, np.concatenate(means), before)


def _rows_of(block: Forecast, chosen: list[int]) -> Forecast:
    ids = tuple(block.ids[row] for row in chosen)
    return Forecast(
        ids, block.starts[chosen], block.y_pred[chosen], block.levels, block.lower[chosen], block.upper[chosen]
    )


def _newest_means(bundle: Bundle, rows: int) -> Float64:
    """The mean of the newest observed rows of each series, NaN where there are none."""
    newest = bundle.recent.newest(np.minimum(bundle.recent.lengths, rows))
    owner, seen = newest.series_of_row, newest.observed
    count = np.bincount(owner[seen], minlength=newest.n_series)
    total = np.bincount(owner[seen], newest.values[seen], newest.n_series)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _worst(errors: dict[str, Any] | None, n_series: int) -> tuple[int, ...]:
    if not errors or n_series <= _LARGEST or not errors["series"]:
        return ()
    own = errors["by_series"][errors["model"]]
    known = [(error, series) for series, error in zip(errors["series"], own, strict=True) if error is not None]
    known.sort(key=lambda each: (-each[0], each[1]))
    return tuple(series for _, series in known[:_WORST])


def _previous(model: StoredModel, version: int) -> VersionDetails | None:
    """The version before one; None for the first, and where the one before cannot be read."""
    older = [number for number in model.numbers() if number < version]
    with suppress(TsforecastError):
        return model.describe(older[-1]) if older else None
    return None


def _last_run(model: StoredModel, version: int) -> LastRun | None:
    """How the last retraining ended, where it published this version."""
    with suppress(TsforecastError):
        run = read_last_run(model)
        return run if run is not None and run.version == version and run.status in ("promoted", "stand-in") else None
    return None
