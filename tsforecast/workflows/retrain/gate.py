"""The data gate: reads the new table, checks it, and decides which breaches stop a retraining.

A breach stops the run. It is accepted when the operator says so, once, or when it may be a lasting change of the world
(series that come and go, another level, a shorter table) and has lasted long enough. Damage, such as missing values,
outliers, a feed that stands still or a wrong clock, is never accepted by itself. The gate remembers from run to run
which table it accepted last, and since when each limit has been exceeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tsforecast import clock
from tsforecast.errors import MissingColumnError, ModelError, TsforecastError
from tsforecast.io.messages import listed, tell
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.columns.covariates import covariate_options, named_columns, without_covariate
from tsforecast.io.reading.columns.targets import UNNAMED
from tsforecast.io.reading.panel import ReadResult, read_panel
from tsforecast.io.times.formats import STEP
from tsforecast.progress import Message
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.runs import GateState, OpenBreach, Seen, read_gate_state, write_gate_state
from tsforecast.workflows.retrain.breach import Breach, limit_of
from tsforecast.workflows.retrain.data_checks import check_clock, check_data, lost_column, seen_in
from tsforecast.workflows.retrain.settings import AcceptAfter, RetrainRun

# A season of more steps than a horizon would stop a weekly feed for a year.
_LEAST_STEPS, _LEAST_RUNS = 2, 2


@dataclass(frozen=True)
class GateDecision:
    """What the gate decided.

    Args:
        stopping: breaches that end the run, in words with the time since when they last; empty where it may continue.
        accepted: breaches that were accepted, in words.
        state: what the gate remembers from now on.
        seen: the table that this one was compared with; None for that of the version in service.
        final: whether accepting would not help.
    """

    stopping: tuple[str, ...]
    accepted: tuple[str, ...]
    state: GateState
    seen: Seen | None = None
    final: bool = False

    def stops_for(self, *limits: str) -> bool:
        """Whether one of these limits ends the run."""
        return bool(self.stopping) and any(limit_of(breach.limit) in limits for breach in self.state.breaches)


def read_new_data(run: RetrainRun, champion: Bundle | None) -> ReadResult | Breach:
    """Read the table by the columns of the version in service: columns that were added upstream are left alone.

    Columns that the run names are used whatever the version in service knows; without the limit `same_schema` the
    columns are those that are found.

    Returns:
        The table, or the breach where it has lost a column.

    Raises:
        TsforecastError: as `read_panel` does.
    """
    reading = by_schema = run.reading
    if champion is not None and run.limits.same_schema:
        by_schema = replace(
            reading,
            time_col=reading.time_col or ",".join(champion.schema.time_cols),
            id_cols=reading.id_cols or champion.schema.id_cols,
            target_cols=reading.target_cols or champion.schema.target_cols,
            no_time=reading.no_time or champion.schema.time_formats == (STEP,),
            **covariate_options(reading, champion.schema),
        )
    report, held = run.report, frozenset() if champion is None else champion.held
    try:
        data = read_panel(run.source, by_schema, held=held, report=report)
    except MissingColumnError as error:
        if champion is None or not run.limits.same_schema or error.missing not in champion.schema.columns:
            raise
        if not run.settings.accept:
            return lost_column(error, champion)
        data = _read_without(run, by_schema, error, held)
    if champion is not None and reading.freq is None:
        data = _in_known_steps(run, by_schema, data, champion)
    tell(data.notes, report)
    unknown = tuple(column.name for column in data.columns if column.why == UNNAMED)
    if unknown and not reading.target_cols:
        text = f"not used, because the version in service does not know it: {listed(unknown)}"
        report(Message("info", f"{text}; --no-same-schema takes the columns as they are found"))
    return data


def _in_known_steps(run: RetrainRun, reading: ReadOptions, data: ReadResult, champion: Bundle) -> ReadResult:
    """The table in the steps of the version in service, where its rows lie on them: days without a Sunday are days."""
    step = champion.recent.frequency
    if data.panel.frequency == step:
        return data
    try:
        again = read_panel(run.source, replace(reading, freq=step.alias), held=champion.held)
    except TsforecastError:
        return data
    if again.panel.frequency != step:
        return data
    text = f"the rows look like {data.panel.frequency.name} and are read in the steps of the version in service"
    run.report(Message("info", f"{text}: --freq {step.alias}"))
    return again


def _read_without(
    run: RetrainRun, by_schema: ReadOptions, error: MissingColumnError, held: frozenset[float]
) -> ReadResult:
    """The table without covariates that it has lost; where it has lost another column, the columns as they are found.

    Raises:
        MissingColumnError: the run itself names the column.
    """
    if error.missing in named_columns(run.reading):
        raise error
    without = without_covariate(by_schema, error.missing)
    if without == by_schema:
        return read_panel(run.source, run.reading, held=held, report=run.report)
    try:
        return read_panel(run.source, without, held=held, report=run.report)
    except MissingColumnError as another:
        return _read_without(run, without, another, held)


def pass_gate(run: RetrainRun, data: ReadResult, champion: Bundle | None, *, known: bool, idle: bool) -> GateDecision:
    """Check the data, decide, and remember the decision before anything is trained; a dry run remembers nothing.

    Args:
        run: with the limits.
        data: the table.
        champion: the version in service; None before the first.
        known: whether the data are those of the last run or of the version in service.
        idle: whether therefore nothing will be trained: then all but the clock has been checked before.
    """
    now, state, settings = clock.now(), _read_state(run), run.settings
    # A newer version has been fitted on another table since.
    newer = (run.model.in_service_or_none() or 0) > (state.version or 0)
    seen = None if champion is None or newer else state.seen
    if idle:
        breaches = check_clock(data, run.limits, now)
    else:
        # A forced run on known data is not stopped because nothing is new.
        limits = replace(run.limits, require_advance=False) if known else run.limits
        breaches = check_data(data, champion, limits, now=now, seen=seen)
    decision = decide_on(
        breaches,
        state,
        moment=now,
        end=int(data.panel.ends.max()),
        accept=settings.accept,
        after=settings.accept_after,
        season=least_season(champion.spec.season_length, champion.spec.horizon) if champion else 1,
    )
    after = decision.state
    if not decision.stopping and not idle:
        after = replace(after, seen=seen_in(data, champion), version=run.model.in_service_or_none())
    if not settings.dry_run and after != state:
        write_gate_state(run.model, after)
    for text in decision.accepted:
        run.report(Message("warning", text))
    return replace(decision, state=after, seen=seen)


def refuse_table(run: RetrainRun, breach: Breach) -> GateDecision:
    """The decision on a table that cannot be read by the champion's columns, remembered as any other."""
    state = _read_state(run)
    end = max(state.seen.ends, default=0) if state.seen else 0
    decision = decide_on((breach,), state, moment=clock.now(), end=end, accept=False, after=None, season=1)
    if not run.settings.dry_run:
        write_gate_state(run.model, decision.state)
    return decision


def can_forecast_from(data: ReadResult, champion: Bundle, decision: GateDecision) -> bool:
    """Whether the version in service can forecast from a table that the gate has refused.

    It cannot from other columns or steps, nor from rows of the future; and from an older table the forecast would go
    back in time.
    """
    older = data.panel.ends.max() < champion.recent.ends.max()
    return not older and not decision.stops_for("same_schema", "max_ahead")


def _read_state(run: RetrainRun) -> GateState:
    try:
        return read_gate_state(run.model)
    except ModelError as error:
        # Without it, the data are compared with the version in service.
        run.report(Message("warning", str(error)))
        return GateState()


def decide_on(
    breaches: Sequence[Breach],
    before: GateState,
    *,
    moment: datetime,
    end: int,
    accept: bool,
    after: AcceptAfter | None,
    season: int,
) -> GateDecision:
    """Decide on the breaches of one run.

    Args:
        breaches: that `check_data` found.
        before: what the gate remembers.
        moment: of this run, in UTC.
        end: ordinal after the newest row.
        accept: whether the operator accepts whatever there is.
        after: how long a change has to last to be accepted; None for ever.
        season: steps that a change has to last where `after` does not say anything else.
    """
    known = {breach.limit: breach for breach in before.breaches}
    lasting = [
        replace(known[breach.key], runs=known[breach.key].runs + 1)
        if breach.key in known
        else OpenBreach(breach.key, moment, 1, end)
        for breach in breaches
    ]
    texts = tuple(_in_words(breach, state) for breach, state in zip(breaches, lasting, strict=True))
    lasted = [
        breach.change and after is not None and _has_lasted(state, after, moment, end, season)
        for breach, state in zip(breaches, lasting, strict=True)
    ]
    final = any(breach.final for breach in breaches)
    if (accept or all(lasted)) and not final:
        why = "accepted by --accept" if accept else "accepted, because it has held for long enough"
        return GateDecision((), tuple(f"{why}: {text}" for text in texts), replace(before, breaches=()))
    return GateDecision(texts, (), replace(before, breaches=tuple(lasting)), final=final)


def least_season(season_length: int, horizon: int) -> int:
    """Steps that a change has to last by default: a season, but at most a horizon."""
    return max(_LEAST_STEPS, min(season_length, horizon))


def _has_lasted(state: OpenBreach, after: AcceptAfter, moment: datetime, end: int, season: int) -> bool:
    if after.runs is not None:
        return state.runs >= after.runs
    if after.seconds is not None:
        return (moment - state.since).total_seconds() >= after.seconds
    return state.runs >= _LEAST_RUNS and end - state.first_end + 1 >= season


def _in_words(breach: Breach, state: OpenBreach) -> str:
    if state.runs == 1:
        return breach.text
    return f"{breach.text} (since {state.since:%Y-%m-%d %H:%M} UTC, in {state.runs} runs)"
