"""`fit`: read, choose, train, score honestly, train again on everything, publish."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast import __version__
from tsforecast.files import check_folder
from tsforecast.io.forecasts import check_columns
from tsforecast.io.panels import Note, ReadOptions, ReadResult, read_panel
from tsforecast.models.calibration import Calibration
from tsforecast.models.choices import choose_basics, choose_plan
from tsforecast.models.config import FitOptions, check_options
from tsforecast.models.events import Message, Report
from tsforecast.models.inference import parameter_count
from tsforecast.models.learning import (
    Prepared,
    Trained,
    calibrate_model,
    can_fit_linear,
    predict_index,
    prepare,
    train_again,
    train_model,
)
from tsforecast.models.plan import Choice, Plan
from tsforecast.models.registry import BASELINES, get_model
from tsforecast.series import Panel
from tsforecast.split import Split, automatic_split, whole
from tsforecast.store.bundle import Bundle, Golden
from tsforecast.store.layout import check_name
from tsforecast.store.publish import model_name, publish
from tsforecast.windows import WindowIndex, gather_context
from tsforecast.workflows.evaluation import LEVELS, Entry, score_models, verdict

if TYPE_CHECKING:
    import pandas as pd

# Share of the time limit for the training that is scored; the rest is for the final one on all rows.
_FIRST_SHARE = 0.55
_GOLDEN_WINDOWS = 8
_COVERAGE_TOLERANCE = 0.15
_CONTEXT_HORIZONS = 2  # kept with the model beyond the lookback, for plots


@dataclass(frozen=True)
class FitResult:
    """What `fit` did.

    Args:
        name: of the model in the store.
        version: number of the version published.
        path: its folder.
        file: where the data came from.
        series: how many.
        rows: values used, over all series.
        frequency_name: in words.
        horizon: steps.
        lookback: steps.
        season_length: steps.
        choices: automatic decisions with their reasons.
        scores: metrics of every model on the held-out windows.
        verdict: the comparison in words.
        notes: what was found and repaired in the data.
        seconds: all of it.
        training_rows: what the published weights were trained on, in words.
        calibration: what the intervals rest on, in words.
        history: one dict per epoch.
    """

    name: str
    version: int
    path: str
    file: str
    series: int
    rows: int
    frequency_name: str
    horizon: int
    lookback: int
    season_length: int
    choices: tuple[Choice, ...]
    scores: dict[str, dict[str, float]]
    verdict: str
    notes: tuple[Note, ...]
    seconds: float
    training_rows: str
    calibration: str
    history: tuple[dict[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Evaluated:
    """A model trained on the training part only, the plan with what it chose, and honest scores of all models."""

    trained: Trained
    plan: Plan
    calibration: Calibration
    scores: dict[str, dict[str, float]]


def fit(
    source: str | Path | pd.DataFrame,
    *,
    options: FitOptions | None = None,
    reading: ReadOptions | None = None,
    store: str | Path = "models",
    name: str | None = None,
    report: Report = lambda event: None,
) -> FitResult:
    """Train a model on a table and publish it as a new version.

    Args:
        source: CSV or Parquet file, `-` for stdin, or a DataFrame.
        options: about the model; what is None is chosen from the data.
        reading: about the table.
        store: folder of all models.
        name: of the model; None takes the file's stem.
        report: receives messages and progress.

    Raises:
        TsforecastError: bad options (2), bad data (65), missing input (66), a store that cannot be written (73, 74).
    """
    began = time.monotonic()
    options = options or FitOptions()
    check_options(options)
    get_model(options.model)
    if name is not None:
        check_name(name)
    data = read_panel(source, reading or ReadOptions())
    for note in data.notes:
        report(Message(note.kind, note.text))
    name = name or model_name(Path(data.file).name.split(".")[0])
    check_columns(data.schema)
    check_folder(Path(store) / name)
    plan, split = make_plan(data.panel, options)
    for choice in plan.choices:
        report(Message("choice", f"{choice.name} {choice.value}: {choice.reason}"))
    limit = options.time_limit
    evaluated = evaluate(
        data.panel, split, plan, report, deadline=None if limit is None else began + _FIRST_SHARE * limit
    )
    plan = evaluated.plan
    for warning in _coverage_warnings(plan.model, evaluated):
        report(Message("warning", warning))
    everything = prepare(data.panel, whole(data.panel.lengths), plan)
    final = train_again(everything, plan, evaluated.trained, report, deadline=None if limit is None else began + limit)
    result = FitResult(
        name=name,
        version=0,
        path="",
        file=data.file,
        series=data.panel.n_series,
        rows=len(data.panel.values),
        frequency_name=data.panel.frequency.name,
        horizon=plan.horizon,
        lookback=plan.lookback,
        season_length=plan.season_length,
        choices=plan.choices,
        scores=evaluated.scores,
        verdict=verdict(plan.model, evaluated.scores),
        notes=data.notes,
        seconds=time.monotonic() - began,
        training_rows=_training_rows(data.panel, split, evaluated.trained),
        calibration=evaluated.calibration.method,
        history=(*evaluated.trained.history, *final.history),
    )
    bundle = _bundle(data, plan, evaluated, final, everything, result)
    published = publish(bundle, store=store, name=name)
    return replace(
        result,
        name=published.name,
        version=published.version,
        path=str(published.path),
        seconds=time.monotonic() - began,
    )


def make_plan(panel: Panel, options: FitOptions, split: Callable[[Panel], Split] | None = None) -> tuple[Plan, Split]:
    """Decide everything, and hold rows out.

    Args:
        panel: the series.
        options: what the user decided.
        split: borders to use in place of the automatic ones (benchmarks with a protocol of their own).
    """
    basics = choose_basics(panel, options)
    if split is None:
        parts = automatic_split(panel.lengths, horizon=basics.horizon, min_context=basics.min_context)
    else:
        parts = split(panel)
    return choose_plan(panel, parts, basics, options), parts


def evaluate(panel: Panel, split: Split, plan: Plan, report: Report, *, deadline: float | None = None) -> Evaluated:
    """Train on the training part, calibrate, and score with the simple models on windows that none has seen."""
    prepared = prepare(panel, split, plan)
    trained, plan = train_model(plan.model, prepared, plan, report, deadline=deadline)
    entries = {plan.model: Entry(trained, calibrate_model(trained, prepared, plan), prepared)}
    # The baselines are rules about values as they are, whatever transform suits the network.
    plain = prepared if plan.log == "none" else prepare(panel, split, replace(plan, log="none"))
    for simple in BASELINES:
        if simple in entries:
            continue
        space = prepared if simple == "linear" else plain
        if simple == "linear" and not can_fit_linear(space, plan):
            report(Message("warning", "no training window is complete, so there is no linear model to compare with"))
            continue
        model = train_model(simple, space, plan, report)[0]
        entries[simple] = Entry(model, calibrate_model(model, space, plan), space)
    return Evaluated(trained, plan, entries[plan.model].calibration, score_models(entries, plan))


def _coverage_warnings(model: str, evaluated: Evaluated) -> list[str]:
    """What to say of intervals that held far less on the test windows than they promise."""
    scores = evaluated.scores[model]
    return [
        f"the {level:g} % intervals held only {scores[f'coverage_{level:g}']:.0%} of the held-out values: the newest "
        f"rows behave unlike those that the intervals rest on"
        for level in LEVELS
        if scores[f"coverage_{level:g}"] < level / 100 - _COVERAGE_TOLERANCE
    ]


def _training_rows(panel: Panel, split: Split, trained: Trained) -> str:
    total = len(panel.values)
    scored = int(split.train_end.sum())
    text = (
        f"scored: a model trained on the first {scored:,} of {total:,} rows, chosen and calibrated on the next "
        f"{int((split.calibration_end - split.train_end).sum()):,}, tested on the last "
        f"{int((split.end - split.calibration_end).sum()):,}; published: "
    )
    if not trained.spec.network and trained.spec.name != "linear":
        return text + "a rule that learns nothing"
    counts = ", ".join(str(len(path)) for path in trained.paths)
    epochs = f" for {counts} epoch{'' if counts == '1' else 's'}" if counts else ""
    return text + f"trained anew on all {total:,} rows{epochs}"


def _bundle(
    data: ReadResult, plan: Plan, evaluated: Evaluated, final: Trained, prepared: Prepared, result: FitResult
) -> Bundle:
    panel, spec = data.panel, final.spec
    keep = spec.lookback + _CONTEXT_HORIZONS * plan.horizon
    facts = result.to_dict()
    for key in ("name", "version", "path", "history"):
        del facts[key]
    return Bundle(
        spec=spec,
        weights=final.weights,
        schema=data.schema,
        context=panel.between(panel.lengths - keep, panel.lengths),
        scaling=prepared.scaling,
        calibration=evaluated.calibration,
        golden=_golden(final, prepared),
        metrics=facts,
        history=list(result.history),
        provenance=_provenance(data, plan),
    )


def _golden(final: Trained, prepared: Prepared) -> Golden:
    """The windows before the last horizon of some of the series that are long enough, with their forecasts."""
    panel, spec = prepared.panel, final.spec
    usable = np.flatnonzero(panel.lengths > spec.horizon)
    series = usable[np.unique(np.linspace(0, len(usable) - 1, _GOLDEN_WINDOWS).astype(np.int64))]
    index = WindowIndex(panel.offsets[series + 1] - spec.horizon, series)
    context, mask = gather_context(prepared.values, panel.offsets, index, lookback=spec.lookback)
    return Golden(context, mask, index.series, predict_index(final, prepared, index))


def _provenance(data: ReadResult, plan: Plan) -> dict[str, Any]:
    import platform
    from importlib.metadata import version

    panel = data.panel
    last = int(np.argmax(panel.starts + panel.lengths))
    network = plan.network
    facts: dict[str, Any] = {
        "data_hash": data.data_hash,
        "data_rows": data.rows,
        "first": str(min(panel.stamps(i)[0] for i in range(min(panel.n_series, 1000)))),
        "last": str(panel.stamps(last)[-1]),
        "seed": plan.training.seed,
        "tsforecast": __version__,
        "python": platform.python_version(),
        "numpy": version("numpy"),
    }
    if network is not None:
        from tsforecast.models import engine

        facts["threads"] = engine.threads_used()
        facts["tensorflow"] = version("tensorflow")
        facts["keras"] = version("keras")
        facts["training"] = asdict(plan.training)
        facts["parameters"] = parameter_count(network) * plan.training.members
    return facts
