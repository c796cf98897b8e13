"""The fits of a backtest as parts that are kept below STORE/.backtest/NAME until the whole backtest is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tsforecast.errors import ModelError, TsforecastError
from tsforecast.fitting.backtest import Backtested, Costs
from tsforecast.fitting.backtest_fits import KEEPS_NOTHING, Keeper
from tsforecast.fitting.folds import Folds
from tsforecast.forecast import Intervals
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import BASELINES
from tsforecast.progress import Report
from tsforecast.store.bundle.json_fields import Fields
from tsforecast.store.kept_parts import KeptParts, Part, keeping
from tsforecast.store.layout import BACKTEST, model_name
from tsforecast.workflows.backtest.settings import BacktestSettings
from tsforecast.workflows.provenance import fingerprint, training_facts

_ARRAYS = ("y_pred", "lower", "upper")


@contextmanager
def keeping_fits(
    store: str | Path | None,
    data: ReadResult,
    folds: Folds,
    levels: tuple[float, ...],
    several: Sequence[FitOptions],
    settings: BacktestSettings,
    reading: ReadOptions,
    report: Report,
) -> Iterator[list[Keeper]]:
    """Keep the fits of the body, as `kept_parts.keeping` does; gives what keeps those of each model.

    Args:
        store: folder of all models; None keeps nothing.
        data: the table.
        folds: the windows.
        levels: of the intervals that are forecast.
        several: options of the fits of each model.
        settings: of the backtest.
        reading: about the table.
        report: receives messages.
    """
    if store is None:
        yield [KEEPS_NOTHING for _ in several]
        return
    asked = {key: value for key, value in asdict(settings).items() if key not in ("jobs", "metric_season")}
    works = [
        fingerprint(training_facts(data.data_hash, options, reading) | {"backtest": asked, "levels": levels})
        for options in several
    ]
    path = Path(store) / BACKTEST / model_name(Path(data.file).name.split(".")[0])
    with keeping(path, works, report) as parts:
        yield [KeptFits(parts, work, folds, levels) for work in works]


class KeptFits:
    """The fits of one model."""

    def __init__(self, parts: KeptParts, work: str, folds: Folds, levels: tuple[float, ...]) -> None:
        self.parts, self.work, self.folds, self.levels = parts, work, folds, levels

    def find(self, windows: range) -> Backtested | None:
        shape = (sum(int((self.folds.known(window) > 0).sum()) for window in windows), self.folds.horizon)
        most = 8 * shape[0] * shape[1] * (1 + 2 * len(self.levels)) * (1 + len(BASELINES))
        part = self.parts.find(self.work, windows.start, most)
        if part is None:
            return None
        try:
            return _decode(part, windows, shape, len(self.levels))
        except (TsforecastError, KeyError) as error:
            self.parts.drop(self.work, windows.start, str(error))
            return None

    def keep(self, fit: Backtested) -> None:
        self.parts.keep(self.work, fit.windows.start, lambda: _encode(fit))


def _encode(fit: Backtested) -> Part:
    costs = [[name, *asdict(fit.costs[name]).values()] for name in fit.made]
    arrays = {f"{name}/{kind}": getattr(made, kind) for name, made in fit.made.items() for kind in _ARRAYS}
    return Part({"costs": costs}, arrays)


def _decode(part: Part, windows: range, shape: tuple[int, int], levels: int) -> Backtested:
    """What `_encode` made, for so many rows, steps and levels."""
    facts = Fields(part.facts, "its facts")
    costs = {
        name: Costs(float(fit), float(predict), parameters)
        for name, fit, predict, parameters in facts.each("costs", _is_cost, "a row for each model")
    }
    shapes = {"y_pred": shape, "lower": (*shape, levels), "upper": (*shape, levels)}
    for name in costs:
        for kind, expected in shapes.items():
            found = part.tensors[f"{name}/{kind}"]
            if found.shape != expected or found.dtype != np.float64:
                raise ModelError(f"'{name}/{kind}' has another shape or type")
    made = {name: Intervals(*(np.array(part.tensors[f"{name}/{kind}"]) for kind in _ARRAYS)) for name in costs}
    return Backtested(windows, made, costs)


def _is_cost(row: Any) -> bool:
    kinds = (str, float, float, int)
    return isinstance(row, list) and len(row) == len(kinds) and all(map(isinstance, row, kinds))
