"""`fit`: read, choose, train, score honestly, train again on everything, publish."""

from __future__ import annotations

import shlex
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast import clock
from tsforecast.errors import TsforecastError
from tsforecast.files import check_folder
from tsforecast.fitting.error_profile import ErrorProfile
from tsforecast.fitting.fit_panel import Evaluated, Fitted, Networks, fit_panel
from tsforecast.fitting.newest_window import NewestWindow
from tsforecast.fitting.plan import Brought, Choice
from tsforecast.fitting.prepared import Prepared
from tsforecast.fitting.scores import main_metric, verdict
from tsforecast.io.messages import Note, tell
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.writing.columns import check_columns
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import get_model
from tsforecast.models.training.gradient_flow import GradientFlow, gradient_flow
from tsforecast.models.training.session import Budget, TrainingSession
from tsforecast.options import DEFAULT_STORE
from tsforecast.progress import Message, Report
from tsforecast.safe_text import shown
from tsforecast.series.panel import Panel
from tsforecast.series.seasons import strength_in_panel
from tsforecast.series.strays import without_strays
from tsforecast.store.checkpoint import drop_checkpoint, recording
from tsforecast.store.layout import check_name, model_name
from tsforecast.store.model import StoredModel
from tsforecast.store.store import Store
from tsforecast.workflows.ages import future_notes
from tsforecast.workflows.clashes import refuse_training_clashes
from tsforecast.workflows.continued import low_notes
from tsforecast.workflows.describe import grid_profile
from tsforecast.workflows.expected import Expected, expected
from tsforecast.workflows.fit_words import error_in_words, expected_in_words
from tsforecast.workflows.leaks import leak_notes
from tsforecast.workflows.provenance import fingerprint, make_bundle, training_facts

if TYPE_CHECKING:
    import pandas as pd

_WORSE = 1.02  # times the error of the version in service, from which it is said that this one was better
_MOST_WORST = 10


@dataclass(frozen=True)
class FitResult:
    """What `fit` did. `horizon`, `lookback` and `season_length` are in steps, `seconds` is the time of all of it.

    Args:
        path: folder of the version published.
        file: where the data came from.
        rows: values used, over all series.
        choices: automatic decisions with their reasons.
        scores: metrics of every model on the held-out windows.
        verdict: comparison of the models, in words.
        notes: what was found and repaired in the data.
        training_rows: rows that the published weights were trained on, in words.
        calibration: how the intervals were calibrated, in words.
        history: one dict per epoch.
        gradient_flow: how far back the published weights learn from; None for a model without a network.
        brought: what each of the covariates brings, the calendar and the holidays.
        errors: where the scored model errs; None where it was not scored.
        profile: lengths, first and last times, and gaps of the series.
        target_cols: columns of the values.
        id_cols: columns that tell series apart.
        worst: scores of the ten series with the largest errors in units of their seasonal change; empty for one series.
        networks: what the networks of a combination brought; None where none was trained.
        model: its row in the table of models, a key of `scores`.
        expected: what the model expects of the next steps; None where it needs columns that are not known so far ahead.
        newest: the newest window that was held out, with its forecast; None where none was scored.
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
    gradient_flow: GradientFlow | None
    brought: tuple[Brought, ...] = ()
    errors: ErrorProfile | None = None
    profile: dict[str, Any] = field(default_factory=dict)
    target_cols: tuple[str, ...] = ()
    id_cols: tuple[str, ...] = ()
    expected: Expected | None = None
    model: str = ""
    networks: Networks | None = None
    worst: tuple[dict[str, Any], ...] = ()
    newest: NewestWindow | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def fit(
    source: str | Path | pd.DataFrame,
    *,
    options: FitOptions | None = None,
    reading: ReadOptions | None = None,
    store: str | Path = DEFAULT_STORE,
    name: str | None = None,
    resume: bool = False,
    publish: bool = True,
    report: Report = lambda event: None,
) -> FitResult:
    """Train a model on a table and publish it as a new version.

    Args:
        source: CSV or Parquet file, `-` for stdin, or a DataFrame.
        options: about the model; what is None is chosen from the data.
        reading: about the table.
        store: folder of all models.
        name: of the model; None takes the file's stem.
        resume: whether to go on with an interrupted training of the same data and options, if there is one.
        publish: whether the model enters service; a result that is not published has version 0 and no path.
        report: receives messages and progress.

    Raises:
        TsforecastError: bad options (2), bad data (65), missing input (66), a store that cannot be written (73, 74).
    """
    began = time.monotonic()
    options, reading = options or FitOptions(), reading or ReadOptions()
    budget = Budget(options.time_limit).start()
    data, name = _read(source, options, reading, store, name, report)
    model, training = Store(store).model(name), fingerprint(training_facts(data.data_hash, options, reading))
    with recording(model, training, resume=resume, report=report) as recorder:
        session = TrainingSession(report, recorder, budget=budget)
        fitted = fit_panel(data.panel, options, session, data.schema, lambda *made: _first_look(data, report, *made))
    data = _with_low_notes(data, fitted.evaluated.plan.log, report)
    result = describe_fit(data, fitted, name=name, began=began)
    if (lost := fitted.evaluated.lost) is not None:
        worse = f"{fitted.evaluated.plan.model} does worse than {lost.name}: {lost.reason}"
        report(Message("urgent" if lost.clearly else "warning", f"{worse}; consider --model {lost.name}"))
    if not publish:
        drop_checkpoint(model)
        return replace(result, seconds=time.monotonic() - began)
    if worse := worse_than_before(result, model, store):
        report(Message("urgent", worse))
    published = model.publish(make_bundle(data, fitted, result.to_dict()))
    if published.problem:
        report(Message("warning", published.problem))
    drop_checkpoint(model)
    return replace(result, version=published.version, path=str(published.path), seconds=time.monotonic() - began)


def worse_than_before(result: FitResult, model: StoredModel, store: str | Path) -> str:
    """What to say where a model makes more error than the one that it replaces; empty elsewhere."""
    try:
        before = model.describe()
    except TsforecastError:  # none is in service, or it cannot be read: then there is nothing to lose
        return ""
    facts = before.details["metrics"]
    alike = (facts.get("target_cols"), facts.get("horizon"), (facts.get("series") or 1) > 1)
    if alike != (list(result.target_cols), result.horizon, result.series > 1):
        return ""
    key = main_metric(result.series)
    old = (facts.get("scores") or {}).get(facts.get("model"), {}).get(key)
    new = result.scores[result.model][key]
    if old is None or not np.isfinite(new) or new <= _WORSE * old:
        return ""
    words = ["tsforecast", "models", "rollback", result.name]
    words += [] if str(store) == DEFAULT_STORE else ["--store", str(store)]
    return (
        f"version {before.version} of {result.name}, which this one replaces, had {key.upper()} {old:.4g} on its "
        f"newest rows where this one has {new:.4g}; {shlex.join(words)} takes it back"
    )


def describe_fit(
    data: ReadResult, fitted: Fitted, *, name: str, began: float, training_rows: str | None = None
) -> FitResult:
    """The facts of a trained model before it is published, so that version and path are missing.

    Args:
        data: the table that the model was trained on.
        fitted: the model.
        name: name of the model in the store.
        began: moment on time.monotonic() from which the seconds count.
        training_rows: rows that the weights were trained on, in words; None for a model of all rows.
    """
    evaluated, plan, final = fitted.evaluated, fitted.evaluated.plan, fitted.final
    return FitResult(
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
        training_rows=training_rows or rows_in_words(fitted),
        calibration=evaluated.calibration.method,
        history=(*evaluated.trained.epochs, *final.epochs),
        gradient_flow=gradient_flow(final.gradients, final.spec),
        brought=plan.brought,
        errors=evaluated.errors,
        profile=_profile(data, plan.season_length),
        target_cols=data.schema.target_cols,
        id_cols=data.schema.id_cols,
        model=plan.model,
        networks=evaluated.networks,
        worst=tuple(row | {"series": shown(row["series"])} for row in evaluated.by_series[:_MOST_WORST]),
        newest=evaluated.newest,
        expected=expected(fitted.forecaster, fitted.everything.rows, data),
    )


def _profile(data: ReadResult, season_length: int) -> dict[str, Any]:
    """What is told of the data beside the counts that every result has."""
    panel, found = data.panel, grid_profile(data)
    gap = found["longest_gap"]
    return {key: found[key] for key in ("first", "last", "lengths", "missing", "gaps")} | {
        "longest_gap": None if gap is None else asdict(gap) | {"id": shown(gap.id)},
        "season_strength": strength_in_panel(without_strays(panel), season_length),
        "zeros": int(((panel.values == 0) & panel.observed).sum()),
        "lowest": float(panel.values[panel.observed].min()),
        "highest": float(panel.values[panel.observed].max()),
    }


def _read(
    source: str | Path | pd.DataFrame,
    options: FitOptions,
    reading: ReadOptions,
    store: str | Path,
    name: str | None,
    report: Report,
) -> tuple[ReadResult, str]:
    """The table and the model's name, after every check that can be made before the long work."""
    if name is not None:
        check_name(name)
    if isinstance(source, str | Path):
        refuse_training_clashes(source, (), store=store, name=name)
    data = read_panel(source, reading, report=report)
    found = (*future_notes(data.panel, data.schema, clock.now()), *leak_notes(data.panel, data.schema, options))
    data = replace(data, notes=(*data.notes, *found))
    if options.point == "median":
        data = replace(data, notes=(*data.notes, *intermittent_notes(data.panel)))
    tell(data.notes, report)
    name = name or model_name(Path(data.file).name.split(".")[0])
    check_columns(data.schema)
    check_folder(Path(store) / name)
    return data, name


def _first_look(data: ReadResult, report: Report, evaluated: Evaluated, prepared: Prepared) -> None:
    """Say what the models make that take no time, before networks are trained."""
    found = expected(evaluated.forecaster, prepared.rows, data)
    plan, several = evaluated.plan, data.panel.n_series > 1
    texts = [
        found and expected_in_words(found, plan.horizon, data.schema.target_cols),
        error_in_words(plan.model, evaluated.scores, several=several, season_length=plan.season_length),
    ]
    said = " ".join(text for text in texts if text)
    report(Message("info", f"First forecast, before networks are trained: {said[:1].lower()}{said[1:]}"))


def _with_low_notes(data: ReadResult, log: str, report: Report) -> ReadResult:
    """The table with what is said of zeros in the held-out rows, on which the logarithm was not chosen."""
    why = "the model takes logarithms, because older values are all above zero,"
    found = low_notes(data.panel, log, why, "if zeros stay, use --transform none")
    tell(found, report)
    return replace(data, notes=(*data.notes, *found))


def intermittent_notes(panel: Panel) -> list[Note]:
    """What is said of series that are zero most of the time, whose median says little."""
    zeros = np.add.reduceat((panel.values == 0) & panel.observed, panel.offsets[:-1])
    lows, highs = (edge.reduceat(panel.values, panel.offsets[:-1]) for edge in (np.minimum, np.maximum))
    mostly = np.flatnonzero((2 * zeros > panel.lengths) & (lows < highs))
    if not mostly.size:
        return []
    label = panel.label(int(mostly[0]))
    which = f"{mostly.size:,} series are zero most of the time{f' (first {label!r})' if label else ''}"
    if panel.n_series == 1:
        which = f"{zeros[0] / panel.lengths[0]:.0%} of the values are zero"
    text = f"{which}: the forecast is a median, near zero there, and does not add up to a total; --point mean does"
    return [Note("warning", text)]


def rows_in_words(fitted: Fitted) -> str:
    """The rows that the scored model and the published one were trained on, in words."""
    split, trained = fitted.split, fitted.evaluated.trained
    total = len(fitted.everything.panel.values)
    scored = int(split.train_end.sum())
    text = (
        f"scored: a model trained on the first {scored:,} of {total:,} rows, chosen and calibrated on the next "
        f"{int((split.calibration_end - split.train_end).sum()):,}, tested on the last "
        f"{int((split.end - split.calibration_end).sum()):,}; published: "
    )
    parts = trained.spec.parts
    if all(get_model(part.name).kind == "baseline" for part in parts):
        return text + "a rule that learns nothing"
    counts = ", ".join(str(len(recipe.path)) for recipe in trained.recipes if recipe.path)
    epochs = f" for {counts} {'epoch' if counts == '1' else 'epochs'}" if counts else ""
    return text + f"trained anew on all {total:,} rows{epochs}"
