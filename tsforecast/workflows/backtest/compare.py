"""Several models on the same windows: who is better, by how much, and whether chance may explain it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast import notebook
from tsforecast.errors import OptionError
from tsforecast.fitting.backtest import Backtested
from tsforecast.fitting.paired_test import LEVEL, ratio_of
from tsforecast.fitting.scores import NAIVE
from tsforecast.fitting.window_test import LEAST, NAME, differences, far_apart, holm, p_value, windows_together
from tsforecast.io.messages import Note, counted
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import BASELINES, get_model
from tsforecast.progress import Message, Report
from tsforecast.workflows.backtest.forecasts import (
    Forecasts,
    check_forecasts_file,
    check_long_form,
    cutoffs_of,
    write_forecasts,
)
from tsforecast.workflows.backtest.run import Planned, plan_backtest
from tsforecast.workflows.backtest.settings import BacktestSettings
from tsforecast.workflows.backtest.tables import Errors, by_series, by_step, by_window, scores_of

if TYPE_CHECKING:
    import pandas as pd

# Of the quantile loss of the best model, below which the intervals of another one are worth a word.
_CLEARLY = 0.95
_SHOWN = 0.1  # seconds, as they are written
_ALMOST = 1.1  # times the error of the best, above which it is no matter how quickly a model is trained
DEFAULT_MODELS = ("auto", "gru", "linear", NAIVE)


@dataclass(frozen=True)
class CompareResult:
    """How several models did on the same windows.

    Args:
        cutoffs: the last time known at each window, of the series that ends last.
        fits: how often each model was fitted.
        scores: metrics of every model, the least MASE first, with `fit_seconds`, `predict_seconds`, `parameters`,
            and, against the best, `ratio` of MASE and `p_value` of their being equally good, NaN without a test.
        by_step: MAE and MASE of every model at each step of the horizon.
        by_window: the same of each window.
        by_series: the same of each series, and its label.
        best: the model with the least MASE.
        level: models that chance may have put behind it.
        test: how that was told.
        verdict: the same in a sentence.
        notes: what was found and repaired in the data.
    """

    file: str
    series: int
    frequency_name: str
    horizon: int
    gap: int
    windows: int
    fits: int
    metric_season: int
    cutoffs: tuple[str, ...]
    scores: dict[str, dict[str, float]]
    by_step: Errors
    by_window: Errors
    by_series: dict[str, list[dict[str, Any]]]
    best: str
    level: tuple[str, ...]
    test: str
    verdict: str
    notes: tuple[Note, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def _repr_html_(self) -> str:
        """What notebooks show."""
        title = f"{self.series:,} series, {counted(self.windows, 'window')} of {counted(self.horizon, 'step')}"
        found = notebook.scores(self.scores, ("mase", "wql", "skill", "coverage_", "p_value"))
        return notebook.page(title, found, note=self.verdict)


def compare(
    source: str | Path | pd.DataFrame,
    *,
    models: Sequence[str],
    settings: BacktestSettings,
    options: FitOptions,
    reading: ReadOptions,
    output: str | Path | None = None,
    store: str | Path | None = None,
    report: Report = lambda event: None,
) -> tuple[CompareResult, Forecasts]:
    """Score several models at the same cutoffs of the past.

    Args:
        source: as for `read_panel`.
        models: names of the table of models; the seasonal naive is always among those scored.
        settings: which cutoffs, and what was known there.
        options: of all fits, but for the model.
        reading: about the table.
        output: file for the forecasts, in long form with cutoffs; None for none.
        store: as for `backtest`.
        report: receives messages and progress.

    Raises:
        TsforecastError: bad options (2), bad data (65), missing input (66), an output that cannot be written (73, 74).
    """
    began = time.monotonic()
    names = check_models(models)
    check_forecasts_file(output)
    planned = plan_backtest(source, settings, options, reading, report)
    if output is not None:
        check_long_form(planned.data.schema, settings.levels)
    # What needs no training is the same beside every other model; all else is fitted as it would be published.
    fitted = [name for name in names if get_model(name).kind != "baseline"] or [NAIVE]
    several = [replace(options, model=name) for name in fitted]
    fits: dict[str, list[Backtested]] = {}
    with planned.keeping(store, several, report) as keepers:
        for own, keeper in zip(several, keepers, strict=True):
            report(Message("info", f"{own.model}: fits and forecasts {counted(len(planned.folds), 'window')}"))
            found = planned.fits(own, keeper, report)
            beside = [name for name in BASELINES if name not in fitted]
            fits |= {name: found for name in (own.model, *beside) if name not in fits and name in found[0].made}
        fits = {name: fits[name] for name in dict.fromkeys((*names, NAIVE)) if name in fits}
        forecasts = _together(planned, fits)
        result = _result(planned, forecasts, fits)
        if output is not None:
            write_forecasts(forecasts, settings.levels, output)
    return replace(result, seconds=time.monotonic() - began), forecasts


def check_models(models: Sequence[str]) -> tuple[str, ...]:
    """The names without repeats.

    Raises:
        OptionError: fewer than two, or an unknown one.
    """
    names = tuple(dict.fromkeys(get_model(name).name for name in models))
    if len(names) < 2:
        raise OptionError("there is one model only", hint="name two or more, such as --models auto,linear")
    return names


def _together(planned: Planned, fits: Mapping[str, list[Backtested]]) -> Forecasts:
    """The forecasts of all models, each from its own fits."""
    several = [(name, planned.forecasts(found)) for name, found in fits.items()]
    return replace(several[0][1], made={name: each.made[name] for name, each in several})


def _result(planned: Planned, forecasts: Forecasts, fits: Mapping[str, list[Backtested]]) -> CompareResult:
    data, folds = planned.data, planned.folds
    scores = scores_of(forecasts, planned.settings.levels)
    for name, row in scores.items():
        costs = [fit.costs[name] for fit in fits[name]]
        row["fit_seconds"] = sum(cost.fit_seconds for cost in costs)
        row["predict_seconds"] = sum(cost.predict_seconds for cost in costs) / len(folds)
        row["parameters"] = float(costs[-1].parameters)
    known = [name for name in scores if math.isfinite(scores[name]["mase"])]
    order = sorted(known, key=lambda name: scores[name]["mase"]) + [name for name in scores if name not in known]
    best = order[0]
    told, windows = by_window(forecasts), windows_together(folds.horizon, folds.step)
    errors = {name: differences(np.array(told[name]["mase"]), np.array(told[best]["mase"]), windows) for name in order}
    p_values = holm({name: p_value(errors[name]) for name in order[1:]})
    for name in order:
        ratio = ratio_of(scores[name]["mase"], scores[best]["mase"])
        scores[name] |= {"ratio": ratio, "p_value": 1.0 if name == best else p_values[name]}
    tested = min(len(each) for each in errors.values())
    level = tuple(
        name for name in order[1:] if not (scores[name]["p_value"] < LEVEL or scores[name]["ratio"] > far_apart(tested))
    )
    return CompareResult(
        file=data.file,
        series=data.panel.n_series,
        frequency_name=data.panel.frequency.name,
        horizon=folds.horizon,
        gap=folds.gap,
        windows=len(folds),
        fits=len(folds.fits),
        metric_season=planned.metric_season,
        cutoffs=tuple(cutoffs_of(forecasts)),
        scores={name: scores[name] for name in order},
        by_step=by_step(forecasts),
        by_window=told,
        by_series=by_series(forecasts),
        best=best,
        level=level,
        test=_test(len(folds), windows, tested, len(order) - 1),
        verdict=_verdict(order, scores, level, len(folds), windows),
        notes=data.notes,
        seconds=0.0,
    )


def _test(windows: int, together: int, tested: int, models: int) -> str:
    """How it was told whether chance explains a difference."""
    overlap = f", because {together} at a time overlap and count as one" if together > 1 else ""
    if tested < LEAST and windows >= LEAST * together:
        return "no test: too few windows have errors that can be scaled"
    if tested < LEAST:
        are = "is" if windows == 1 else "are"
        return f"no test: {counted(windows, 'window')} {are} too few, {LEAST * together} are needed{overlap}"
    several = f"; p is corrected for {models} models (Holm)" if models > 1 else ""
    return f"{NAME}, over the mean errors of {windows} windows{overlap}{several}"


def _verdict(
    order: Sequence[str],
    scores: Mapping[str, Mapping[str, float]],
    level: Sequence[str],
    windows: int = LEAST,
    together: int = 1,
) -> str:
    best, row = order[0], scores[order[0]]
    if not math.isfinite(row["mase"]):
        return "no error can be scaled: what was known before each window is constant"
    text = f"{best} makes the least error, MASE {row['mase']:.3g}"
    more = {name: f"{scores[name]['ratio'] - 1:.0%}" for name in order[1:]}
    if level:
        equal = ", ".join(f"{name} ({more[name]} more)" for name in level)
        text += f"; {equal} may be as good: "
        if windows < LEAST * together:
            many = "1 window is" if windows == 1 else f"{windows} windows are"
            text += f"{many} too few to tell a difference from chance, {LEAST * together} are needed"
        else:
            text += "chance explains the difference"
    behind = [f"{name} {more[name]}" for name in order[1:] if name not in level]
    if behind:
        text += f"; the others make more: {', '.join(behind)}"
    sharp = min(order, key=lambda name: _wql(scores[name]))
    if _wql(scores[sharp]) < _CLEARLY * _wql(row):
        text += f". The intervals of {sharp} are better: WQL {_wql(scores[sharp]):.3g} in place of {_wql(row):.3g}"
    close = [name for name in level if scores[name]["ratio"] <= _ALMOST]
    quick = min(close, key=lambda name: scores[name]["fit_seconds"], default=best)
    if quick != best and row["fit_seconds"] >= 1 and 10 * scores[quick]["fit_seconds"] < row["fit_seconds"]:
        took = scores[quick]["fit_seconds"]
        short = f"{took:.1f} s" if took >= _SHOWN else f"less than {_SHOWN} s"
        text += f". {quick} is trained in {short} in place of {row['fit_seconds']:.1f} s"
    return f"{text}."


def _wql(row: Mapping[str, float]) -> float:
    """The quantile loss of a model, infinite where it has none."""
    return row["wql"] if math.isfinite(row["wql"]) else math.inf
