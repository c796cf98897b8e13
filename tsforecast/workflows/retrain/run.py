"""Runs one retraining, unattended: the steps that the package describes, in order, under the lock of the model."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tsforecast.errors import BusyError, ModelError, OptionError, TsforecastError, exit_code_of
from tsforecast.files import check_file, check_folder
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult
from tsforecast.io.writing.columns import check_columns
from tsforecast.io.writing.forecasts import format_of
from tsforecast.models.options import FitOptions
from tsforecast.models.training.resume import NO_RECORDER
from tsforecast.models.training.session import Budget, TrainingSession
from tsforecast.options import DEFAULT_STORE, check_levels
from tsforecast.progress import Message, Report
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.checkpoint import drop_checkpoint, recording
from tsforecast.store.layout import RETRAIN_LOCK, check_name, model_name
from tsforecast.store.lock import hold, network_filesystem
from tsforecast.store.runs import file_key, read_last_run
from tsforecast.store.store import Store
from tsforecast.workflows.ages import newest_text
from tsforecast.workflows.clashes import refuse_training_clashes, retrain_outputs
from tsforecast.workflows.provenance import fingerprint, training_facts
from tsforecast.workflows.retrain.breach import Breach
from tsforecast.workflows.retrain.challenger import Training
from tsforecast.workflows.retrain.comparison import Outcome
from tsforecast.workflows.retrain.data_checks import covariate_layout, without_new_outliers
from tsforecast.workflows.retrain.forecast_file import age_of, known_files, update_forecast
from tsforecast.workflows.retrain.gate import GateDecision, can_forecast_from, pass_gate, read_new_data, refuse_table
from tsforecast.workflows.retrain.promotion import Waiting, challenger_bundle, train_and_compare
from tsforecast.workflows.retrain.record import RetrainResult, record_run
from tsforecast.workflows.retrain.settings import GateLimits, PromotionRules, RetrainRun, RetrainSettings, RunTargets

_EXIT = {"rejected": 3, "stand-in": 3, "gate": 4}

# After these a second run on the same data would come to the same end.
_SETTLED = ("promoted", "unchanged", "rejected", "stand-in", "waiting")


def retrain(
    source: str | Path,
    *,
    options: FitOptions | None = None,
    reading: ReadOptions | None = None,
    store: str | Path = DEFAULT_STORE,
    name: str | None = None,
    settings: RetrainSettings | None = None,
    limits: GateLimits | None = None,
    rules: PromotionRules | None = None,
    targets: RunTargets | None = None,
    report: Report = lambda event: None,
    reason: Callable[[BaseException], BaseException] = lambda error: error,
) -> RetrainResult:
    """Retrain a model, unattended, as the package describes.

    Args:
        source: CSV or Parquet file with all rows, old and new.
        options: of the model; what is None is chosen from the data.
        reading: how to read the table.
        store: folder of all models.
        name: of the model; None takes the file's stem.
        settings: how the run works.
        limits: of the data gate.
        rules: by which the challenger wins.
        targets: where the run is recorded.
        report: receives messages and progress.
        reason: tells what an exception comes from: an import that a signal breaks off fails in many ways.

    Returns:
        How it ended. A run that cannot end in one of these ways raises, and is recorded all the same.

    Raises:
        TsforecastError: bad options (2), bad data or champion (65), missing input (66), a store that cannot be written
            (73, 74), another retraining (75), an untrusted store (77).
    """
    settings, targets = settings or RetrainSettings(), targets or RunTargets()
    options = _in_time(options or FitOptions(), settings)
    run = RetrainRun(
        source=str(source),
        options=options,
        reading=reading or ReadOptions(whole_lines=True),
        store=Store(store, settings.trusted),
        name=name or model_name(Path(source).name.split(".")[0]),
        settings=settings,
        limits=limits or GateLimits(),
        rules=rules or PromotionRules(),
        report=report,
        began=time.monotonic(),
        budget=Budget(options.time_limit).start(),
    )
    _check(run, targets)
    result = RetrainResult(run.name, status="failed")
    try:
        result = _under_lock(run)
    except BaseException as error:
        ended = reason(error)
        result = replace(result, exit_code=exit_code_of(ended), message=str(ended) or type(ended).__name__)
        # The error is what counts, also where the record cannot be written for the same reason.
        with suppress(TsforecastError, OSError):
            result = _with_age(run, replace(result, version=run.model.in_service_or_none()))
            record_run(run, result, targets, locked_out=_is_locked_out(error))
        raise
    record_run(run, result, targets, locked_out=result.status == "skipped")
    return result


def _in_time(options: FitOptions, settings: RetrainSettings) -> FitOptions:
    """The time limit of training under the deadline of the run: a tenth is left for what follows."""
    if settings.deadline is None:
        return options
    limits = [limit for limit in (options.time_limit, 0.9 * settings.deadline) if limit is not None]
    return replace(options, time_limit=min(limits))


def _check(run: RetrainRun, targets: RunTargets) -> None:
    """Refuse what can be refused before anything is read."""
    if run.source == "-":
        raise OptionError("a retraining cannot read standard input", hint="give a file")
    check_levels(run.settings.levels)
    check_name(run.name)
    if run.settings.predict_to is not None:
        format_of(run.settings.predict_to)
    elif run.settings.ledger:
        raise OptionError("there is no forecast to note in the ledger", hint="name its file by --predict-to")
    outputs = retrain_outputs(asdict(run.settings) | asdict(targets))
    refuse_training_clashes(run.source, outputs, store=run.store.folder, name=run.name)


def _under_lock(run: RetrainRun) -> RetrainResult:
    if run.settings.predict_to is not None:
        check_file(run.settings.predict_to)
    check_folder(run.model.folder)
    kind = network_filesystem(run.store.folder)
    if kind:
        run.report(Message("warning", f"{run.store.folder} lies on {kind}, where locks may not hold between machines"))
    try:
        with hold(run.model.folder / RETRAIN_LOCK, wait=run.settings.wait):
            return _retrain(run)
    except BusyError as error:
        if run.settings.if_locked != "skip" or not _is_locked_out(error):
            raise
        return RetrainResult(run.name, "skipped", str(error))


def _is_locked_out(error: BaseException) -> bool:
    """Whether another retraining holds the lock, unlike an input that is still changing."""
    return isinstance(error, BusyError) and Path(error.file).name == RETRAIN_LOCK


def _retrain(run: RetrainRun) -> RetrainResult:
    opened = run.store.find(run.name).open() if run.model.has_served() else None
    champion, version = (None, None) if opened is None else (opened.bundle, opened.version)
    result = RetrainResult(run.name, version=version, champion=version)
    data = read_new_data(run, champion)
    if isinstance(data, Breach):
        return _with_age(run, _stopped(result, refuse_table(run, data)))
    check_columns(data.schema, run.settings.levels)
    result = replace(
        result,
        file=data.file,
        series=data.panel.n_series,
        rows=data.rows,
        last=newest_text(data.panel, data.schema),
        fingerprint=fingerprint(_facts(run, data)),
    )
    nothing_new = None if champion is None else _nothing_new(run, result, champion, data)
    idle = nothing_new is not None and not run.settings.force
    decision = pass_gate(run, data, champion, known=nothing_new is not None, idle=idle)
    if decision.stopping:
        return _with_champion_forecast(run, _stopped(result, decision), champion, data, decision)
    result = replace(result, accepted=decision.accepted)
    if nothing_new is not None and idle:
        return _with_forecast(run, replace(result, status="unchanged", message=nothing_new), data)
    result = _decided(run, result, _compare(run, champion, data, version), data)
    if not run.settings.dry_run:
        drop_checkpoint(run.model)
    return _with_forecast(run, result, data)


def _facts(run: RetrainRun, data: ReadResult) -> dict[str, Any]:
    facts = training_facts(data.data_hash, run.options, run.reading)
    return facts | {"warm": run.settings.warm, "rules": asdict(run.rules)}


def _nothing_new(run: RetrainRun, result: RetrainResult, champion: Bundle, data: ReadResult) -> str | None:
    """Why there is nothing to train; None where there is something."""
    last = None
    try:
        last = read_last_run(run.model)
    except ModelError as error:
        # The run continues without it, and writes it again.
        run.report(Message("warning", str(error)))
    if last is not None and last.fingerprint == result.fingerprint and last.status in _SETTLED:
        when = f"{last.finished:%Y-%m-%d %H:%M}"
        return f"data and configuration are those of the run of {when} UTC: {last.message}"
    if champion.provenance.get("data_hash") == data.data_hash:
        return f"version {result.version} was trained on the same data"
    return None


def _compare(run: RetrainRun, champion: Bundle | None, data: ReadResult, version: int | None) -> Waiting | Outcome:
    settings = run.settings
    training = fingerprint(_facts(run, data) | {"champion": version})
    kept = recording(run.model, training, resume=settings.resume, report=run.report)
    with nullcontext(NO_RECORDER) if settings.dry_run else kept as recorder:
        session = TrainingSession(run.report, recorder, budget=run.budget)
        challenger = Training(run.options, session, warm=settings.warm, schema=data.schema)
        if champion is not None and covariate_layout(champion.schema) != covariate_layout(data.schema):
            text = "the version in service reads other columns and cannot be compared: to beat the naive is enough"
            run.report(Message("warning", text))
            champion = None
        outcome = train_and_compare(data, champion, challenger, run.rules)
        if isinstance(outcome, Waiting) and settings.force:
            outcome = train_and_compare(data, None, challenger, run.rules)
        return outcome


def _decided(run: RetrainRun, result: RetrainResult, outcome: Waiting | Outcome, data: ReadResult) -> RetrainResult:
    """What the comparison decided, with the challenger in service if it won."""
    if isinstance(outcome, Waiting):
        return _ended(result, "waiting", outcome.reason)
    result = replace(result, metric=outcome.standings.metric, errors=outcome.standings.errors)
    if outcome.wins and not run.settings.dry_run:
        bundle = challenger_bundle(data, outcome, name=run.name, began=run.began)
        facts = {"fingerprint": result.fingerprint, "champion": result.champion}
        bundle = replace(bundle, provenance=bundle.provenance | facts)
        published = run.model.publish(bundle, keep=run.settings.keep)
        if published.problem:
            run.report(Message("warning", published.problem))
        result = replace(result, version=published.version)
    return _ended(result, outcome.status, outcome.reason)


def _stopped(result: RetrainResult, decision: GateDecision) -> RetrainResult:
    way = () if decision.final else ("--accept goes on all the same, this once",)
    message = "; ".join((*decision.stopping, *way))
    return _ended(replace(result, breaches=decision.stopping), "gate", message)


def _ended(result: RetrainResult, status: str, message: str) -> RetrainResult:
    return replace(result, status=status, message=message, exit_code=_EXIT.get(status, 0))


def _with_forecast(run: RetrainRun, result: RetrainResult, data: ReadResult) -> RetrainResult:
    """Bring the forecast file up to date with whatever is in service now."""
    path = run.settings.predict_to
    if path is None or run.settings.dry_run or result.version is None:
        return result
    file, written = update_forecast(run, path, data)
    return replace(result, forecast=path if written else "", forecast_file=file)


def _with_champion_forecast(
    run: RetrainRun, result: RetrainResult, champion: Bundle | None, data: ReadResult, decision: GateDecision
) -> RetrainResult:
    """After the gate has refused the data: forecast from them with the champion as far as they can be trusted."""
    if champion is None or not can_forecast_from(data, champion, decision):
        return _with_age(run, result)
    if decision.stops_for("max_outlier"):
        data = without_new_outliers(data, champion, run.limits, decision.seen)
    try:
        return _with_forecast(run, result, data)
    except TsforecastError as error:
        run.report(Message("warning", f"the forecast was not brought up to date: {error}"))
        return _with_age(run, result)


def _with_age(run: RetrainRun, result: RetrainResult) -> RetrainResult:
    """Say how old the forecast is that stays."""
    path = run.settings.predict_to
    file = None if path is None or run.settings.dry_run else known_files(run).get(file_key(path))
    if file is None:
        return result
    return replace(result, message=f"{result.message}; the forecast in {path} {age_of(file)}", forecast_file=file)
