"""`retrain`: look at the data, train a challenger, and put it into service only if it beats the champion.

A run ends in one of these ways, and says so in the log, in the metrics file and in the store:

    promoted   0  the challenger is in service
    unchanged  0  data and configuration are those of the last run: nothing was trained
    waiting    0  too few new rows to compare on, or to tell which model is better: the champion stays
    skipped    0  another retraining holds the lock, and that was said to be no error
    rejected   3  the challenger is clearly worse: the champion stays
    stand-in   3  so it is, but the champion fails: a simple model is in service
    gate       4  the data are outside the limits: nothing was trained
    failed        with the exit status of the error

Whatever the end, the forecast file holds what the version in service forecasts from the newest rows, or the run says
how old it is.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tsforecast import clock
from tsforecast.errors import BusyError, ModelError, OptionError, TsforecastError, exit_code_of
from tsforecast.files import check_folder
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import ReadResult
from tsforecast.io.writing.columns import check_columns
from tsforecast.io.writing.forecasts import check_forecast_file
from tsforecast.models.options import FitOptions, check_finite, check_levels, check_options
from tsforecast.models.registry import get_model
from tsforecast.models.training.resume import NO_RECORDER, Recorder
from tsforecast.progress import Message, Report
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.checkpoint import drop_checkpoint, recording
from tsforecast.store.layout import DEFAULT_STORE, RETRAIN_LOCK, check_name, model_name
from tsforecast.store.lock import hold, network_filesystem
from tsforecast.store.model import StoredModel
from tsforecast.store.results import Published
from tsforecast.store.runs import LastRun, read_last_run
from tsforecast.store.store import Store
from tsforecast.workflows.ages import newest_text
from tsforecast.workflows.clashes import refuse_training_clashes, retrain_outputs
from tsforecast.workflows.provenance import fingerprint, training_facts
from tsforecast.workflows.retrain.contest import challenger_bundle, compete
from tsforecast.workflows.retrain.forecast_file import age_of, bring_up_to_date, known_file
from tsforecast.workflows.retrain.gate import Breach, check_limits, without_new_outliers
from tsforecast.workflows.retrain.gatekeeping import Ruling, can_be_continued, pass_gate, stay_shut
from tsforecast.workflows.retrain.held_out_rows import Contest
from tsforecast.workflows.retrain.new_data import read_new_data
from tsforecast.workflows.retrain.record import RetrainResult, last_run, record_run
from tsforecast.workflows.retrain.settings import GateLimits, PromotionRules, RetrainSettings, RunTargets

_EXIT = {"rejected": 3, "stand-in": 3, "gate": 4}
_WAY_OUT = "--accept goes on all the same, this once"

# After these a second run on the same data would come to the same end.
_SETTLED = ("promoted", "unchanged", "rejected", "stand-in", "waiting")


@dataclass(frozen=True)
class RetrainRun:
    """What one retraining was asked to do."""

    source: str
    options: FitOptions
    reading: ReadOptions
    store: Path
    name: str
    settings: RetrainSettings
    limits: GateLimits
    rules: PromotionRules
    report: Report
    began: float

    @property
    def model(self) -> StoredModel:
        """The model in the store."""
        return Store(self.store, self.settings.trusted).model(self.name)


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
    """Retrain a model, unattended.

    Args:
        source: CSV or Parquet file with all rows, old and new.
        options: about the model; what is None is chosen from the data.
        reading: about the table.
        store: folder of all models.
        name: of the model; None takes the file's stem.
        settings: how to go about it.
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
    began = time.monotonic()
    settings, targets = settings or RetrainSettings(), targets or RunTargets()
    order = RetrainRun(
        source=str(source),
        options=_in_time(options or FitOptions(), settings),
        reading=reading or ReadOptions(whole_lines=True),
        store=Path(store),
        name=name or model_name(Path(source).name.split(".")[0]),
        settings=settings,
        limits=limits or GateLimits(),
        rules=rules or PromotionRules(),
        report=report,
        began=began,
    )
    _check(order, targets)
    result = RetrainResult(order.name, status="failed")
    try:
        result = _locked(order)
    except BaseException as error:
        ended = reason(error)
        result = replace(result, exit_code=exit_code_of(ended), message=str(ended) or type(ended).__name__)
        # The error is what counts, also where the record cannot be written for the same reason.
        with suppress(TsforecastError, OSError):
            result = _with_age(order, replace(result, version=order.model.in_service_or_none()))
            _record(order, result, targets, locked_out=_is_locked_out(error))
        raise
    _record(order, result, targets, locked_out=result.status == "skipped")
    return result


def _in_time(options: FitOptions, settings: RetrainSettings) -> FitOptions:
    """The time limit of training under the deadline of the run: a tenth is left for what follows."""
    if settings.deadline is None:
        return options
    limits = [limit for limit in (options.time_limit, 0.9 * settings.deadline) if limit is not None]
    return replace(options, time_limit=min(limits))


def _check(order: RetrainRun, targets: RunTargets) -> None:
    """Refuse what can be refused before anything is read."""
    if order.source == "-":
        raise OptionError("a retraining cannot read standard input", hint="give a file")
    check_options(order.options)
    check_limits(order.limits)
    for settings in (order.settings, order.rules):
        check_finite(settings)
    check_levels(order.settings.levels)
    get_model(order.options.model)
    check_name(order.name)
    if order.settings.predict_to is not None:
        check_forecast_file(order.settings.predict_to)
    outputs = retrain_outputs(asdict(order.settings) | asdict(targets))
    refuse_training_clashes(order.source, outputs, store=order.store, name=order.name)


def _locked(order: RetrainRun) -> RetrainResult:
    if order.settings.predict_to is not None:
        check_folder(Path(order.settings.predict_to).parent)
    check_folder(order.model.folder)
    kind = network_filesystem(order.store)
    if kind:
        order.report(Message("warning", f"{order.store} lies on {kind}, where locks may not hold between machines"))
    try:
        with hold(order.model.folder / RETRAIN_LOCK, wait=order.settings.wait):
            return _retrain(order)
    except BusyError as error:
        if order.settings.if_locked != "skip" or not _is_locked_out(error):
            raise
        return RetrainResult(order.name, "skipped", str(error))


def _is_locked_out(error: BaseException) -> bool:
    """Whether another retraining is at it; an input that is still changing is another matter."""
    return isinstance(error, BusyError) and Path(error.file).name == RETRAIN_LOCK


def _retrain(order: RetrainRun) -> RetrainResult:
    champion, version = _champion(order)
    result = RetrainResult(order.name, version=version, champion=version)
    data = read_new_data(
        order.source, order.reading, champion, order.limits, accept=order.settings.accept, report=order.report
    )
    if isinstance(data, Breach):
        ruling = stay_shut(order.model, data, order.settings, report=order.report)
        return _with_age(order, _shut(result, ruling))
    check_columns(data.schema, order.settings.levels)
    result = replace(
        result,
        file=data.file,
        series=data.panel.n_series,
        rows=data.rows,
        last=newest_text(data.panel, data.schema),
        fingerprint=fingerprint(_facts(order, data)),
    )
    said = "" if champion is None else _nothing_new(result, champion, data, _settled_run(order, result))
    idle = bool(said) and not order.settings.force
    ruling = pass_gate(
        order.model, data, champion, order.settings, order.limits, known=bool(said), idle=idle, report=order.report
    )
    if ruling.stopping:
        return _with_old_forecast(order, _shut(result, ruling), champion, data, ruling)
    result = replace(result, accepted=ruling.accepted)
    if idle:
        return _with_forecast(order, replace(result, status="unchanged", message=said), data)
    contest = _compete(order, champion, data, version)
    result = _decided(order, result, contest, data)
    if not order.settings.dry_run:
        drop_checkpoint(order.model)
    return _with_forecast(order, result, data)


def _compete(order: RetrainRun, champion: Bundle | None, data: ReadResult, version: int | None) -> Contest:
    training = fingerprint(_facts(order, data) | {"champion": version})
    kept = recording(order.model, training, resume=order.settings.resume, report=order.report)
    with nullcontext(NO_RECORDER) if order.settings.dry_run else kept as recorder:
        contest = _against(order, champion, data, recorder)
        again = contest.waiting and order.settings.force
        return _against(order, None, data, recorder) if again else contest


def _against(order: RetrainRun, rival: Bundle | None, data: ReadResult, recorder: Recorder) -> Contest:
    return compete(
        data,
        rival,
        order.options,
        order.rules,
        warm=order.settings.warm,
        report=order.report,
        began=order.began,
        recorder=recorder,
    )


def _champion(order: RetrainRun) -> tuple[Bundle | None, int | None]:
    """The model in service; none before the first training."""
    if not order.model.has_served():
        return None, None
    opened = Store(order.store, order.settings.trusted).find(order.name).open()
    return opened.bundle, opened.version


def _nothing_new(result: RetrainResult, champion: Bundle, data: ReadResult, settled: LastRun | None) -> str:
    """Why there is nothing to do; empty where there is."""
    if settled is not None:
        when = f"{settled.finished:%Y-%m-%d %H:%M}"
        return f"data and configuration are those of the run of {when} UTC: {settled.message}"
    if champion.provenance.get("data_hash") == data.data_hash:
        return f"version {result.version} was trained on the same data"
    return ""


def _settled_run(order: RetrainRun, result: RetrainResult) -> LastRun | None:
    """The last run, if it had the same data and configuration, and came to an end that this one would come to."""
    try:
        last = read_last_run(order.model)
    except ModelError as error:
        # It is only news: the run goes on, and writes it anew.
        order.report(Message("warning", str(error)))
        return None
    same = last is not None and last.fingerprint == result.fingerprint and last.status in _SETTLED
    return last if same else None


def _decided(order: RetrainRun, result: RetrainResult, contest: Contest, data: ReadResult) -> RetrainResult:
    """What the comparison came to, with the challenger in service if it won."""
    if contest.waiting:
        return _ended(result, "waiting", contest.waiting)
    result = replace(result, metric=contest.metric, errors=dict(contest.errors))
    if not contest.wins:
        return _ended(result, "waiting" if contest.undecided else "rejected", contest.reason)
    status = "stand-in" if contest.stand_in else "promoted"
    if order.settings.dry_run:
        return _ended(result, status, contest.reason)
    published = _publish(order, result, contest, data)
    if published.problem:
        order.report(Message("warning", published.problem))
    return _ended(result, status, contest.reason, version=published.version)


def _publish(order: RetrainRun, result: RetrainResult, contest: Contest, data: ReadResult) -> Published:
    bundle = challenger_bundle(data, contest, name=order.name, began=order.began)
    facts = {"fingerprint": result.fingerprint, "champion": result.champion}
    bundle = replace(bundle, provenance=bundle.provenance | facts)
    return order.model.publish(bundle, keep=order.settings.keep)


def _with_forecast(order: RetrainRun, result: RetrainResult, data: ReadResult) -> RetrainResult:
    """Bring the forecast file up to date with whatever is in service now."""
    path = order.settings.predict_to
    if path is None or order.settings.dry_run or result.version is None:
        return result
    file, written = bring_up_to_date(order.model, path, data, order.settings, order.reading, report=order.report)
    return replace(result, forecast=path if written else "", forecast_file=file)


def _with_old_forecast(
    order: RetrainRun, result: RetrainResult, champion: Bundle | None, data: ReadResult, ruling: Ruling
) -> RetrainResult:
    """After the gate has shut: the version in service continues the new rows as far as they can be trusted."""
    if champion is None or not can_be_continued(data, champion, ruling):
        return _with_age(order, result)
    if ruling.stops_for("max_outlier"):
        data = without_new_outliers(data, champion, order.limits, ruling.seen)
    try:
        return _with_forecast(order, result, data)
    except TsforecastError as error:
        order.report(Message("warning", f"the forecast was not brought up to date: {error}"))
        return _with_age(order, result)


def _with_age(order: RetrainRun, result: RetrainResult) -> RetrainResult:
    """Say how old the forecast is that stays."""
    path = order.settings.predict_to
    if path is None or order.settings.dry_run:
        return result
    file = known_file(order.model, path, report=order.report)
    if file is None:
        return result
    return replace(result, message=f"{result.message}; the forecast in {path} {age_of(file)}", forecast_file=file)


def _facts(order: RetrainRun, data: ReadResult) -> dict[str, Any]:
    facts = training_facts(data.data_hash, order.options, order.reading)
    return facts | {"warm": order.settings.warm, "rules": asdict(order.rules)}


def _shut(result: RetrainResult, ruling: Ruling) -> RetrainResult:
    return _ended(result, "gate", "; ".join((*ruling.stopping, _WAY_OUT)), breaches=ruling.stopping)


def _ended(result: RetrainResult, status: str, message: str, **facts: Any) -> RetrainResult:
    return replace(result, status=status, message=message, exit_code=_EXIT.get(status, 0), **facts)


def _record(order: RetrainRun, result: RetrainResult, targets: RunTargets, *, locked_out: bool) -> None:
    """A dry run leaves no trace."""
    if order.settings.dry_run:
        return
    finished = clock.now()
    run_id = f"{finished:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    run = last_run(result, run_id=run_id, finished=finished, seconds=time.monotonic() - order.began)
    record_run(order.model, result, targets, run, locked_out=locked_out)
