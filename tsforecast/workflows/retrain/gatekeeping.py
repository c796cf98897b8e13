"""The data gate from run to run: which breaches stop a retraining, which are accepted, and since when they last.

A breach stops the run. It is accepted when the operator says so, once, or when it may be a lasting change of the world
(series that come and go, another level, a shorter table) and has held for long enough. Damage, such as missing values,
outliers, a feed that stands still or a clock that is wrong, is never accepted by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tsforecast import clock
from tsforecast.errors import ModelError
from tsforecast.io.reading.panel import ReadResult
from tsforecast.progress import Message, Report
from tsforecast.series.panel import Panel
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.model import StoredModel
from tsforecast.store.runs import GateState, OpenBreach, Seen, read_gate_state, write_gate_state
from tsforecast.workflows.retrain.gate import Breach, check_clock, check_gate, seen_in
from tsforecast.workflows.retrain.settings import AcceptAfter, GateLimits, RetrainSettings

# A season of more steps than a horizon would shut a weekly feed for a year.
_LEAST_STEPS, _LEAST_RUNS = 2, 2


@dataclass(frozen=True)
class Ruling:
    """What the gate decided.

    Args:
        stopping: breaches that end the run, in words with since when they last; empty where it may go on.
        accepted: breaches that were accepted, in words.
        state: to be remembered.
        seen: the table that this one was compared with; None for that of the version in service.
    """

    stopping: tuple[str, ...]
    accepted: tuple[str, ...]
    state: GateState
    seen: Seen | None = None

    def stops_for(self, *limits: str) -> bool:
        """Whether one of these limits ends the run."""
        return bool(self.stopping) and any(breach.limit in limits for breach in self.state.breaches)


def pass_gate(
    model: StoredModel,
    data: ReadResult,
    champion: Bundle | None,
    settings: RetrainSettings,
    limits: GateLimits,
    *,
    known: bool,
    idle: bool,
    report: Report,
) -> Ruling:
    """Look at the data, decide, and remember it before anything is trained.

    Args:
        model: the model in the store.
        data: the table.
        champion: the version in service; None before the first.
        settings: of the retraining; a dry run remembers nothing.
        limits: to be kept.
        known: whether the data are those of the last run or of the version in service.
        idle: whether therefore nothing will be trained: then all but the clock has been looked at before.
        report: receives messages.
    """
    now, state = clock.now(), _read_state(model, report)
    seen = _comparable(state, model) if champion is not None else None
    if idle:
        breaches = check_clock(data, limits, now)
    else:
        # A run that is told to go on though nothing is new is not held up by that.
        wanted = replace(limits, require_advance=False) if known else limits
        breaches = check_gate(data, champion, wanted, now=now, seen=seen)
    ruling = rule(
        breaches,
        state,
        moment=now,
        end=_newest_end(data.panel),
        accept=settings.accept,
        after=settings.accept_after,
        season=least_season(champion.spec.season_length, champion.spec.horizon) if champion else 1,
    )
    after = ruling.state
    if not ruling.stopping and not idle:
        after = replace(after, seen=seen_in(data, champion), version=model.in_service_or_none())
    if not settings.dry_run and after != state:
        write_gate_state(model, after)
    for text in ruling.accepted:
        report(Message("warning", text))
    return replace(ruling, state=after, seen=seen)


def stay_shut(model: StoredModel, breach: Breach, settings: RetrainSettings, *, report: Report) -> Ruling:
    """The decision on a table that cannot be read by the columns of the version in service, remembered as any other."""
    state = _read_state(model, report)
    end = max(state.seen.ends, default=0) if state.seen else 0
    ruling = rule((breach,), state, moment=clock.now(), end=end, accept=False, after=None, season=1)
    if not settings.dry_run:
        write_gate_state(model, ruling.state)
    return ruling


def can_be_continued(data: ReadResult, champion: Bundle, ruling: Ruling) -> bool:
    """Whether the version in service can forecast from a table that the gate has refused.

    Not from other columns or steps, nor from rows of the future; and an older table would bring the forecast back.
    """
    return not ruling.stops_for("same_schema", "max_ahead") and _newest_end(data.panel) >= _newest_end(champion.recent)


def _read_state(model: StoredModel, report: Report) -> GateState:
    try:
        return read_gate_state(model)
    except ModelError as error:
        # It is only news: the data are compared with the version in service.
        report(Message("warning", str(error)))
        return GateState()


def _comparable(state: GateState, model: StoredModel) -> Seen | None:
    """The table that was accepted last, unless a newer version has been fitted on another one since."""
    newer = (model.in_service_or_none() or 0) > (state.version or 0)
    return None if newer else state.seen


def _newest_end(panel: Panel) -> int:
    return int((panel.starts + panel.lengths).max())


def rule(
    breaches: Sequence[Breach],
    before: GateState,
    *,
    moment: datetime,
    end: int,
    accept: bool,
    after: AcceptAfter | None,
    season: int,
) -> Ruling:
    """Decide on the breaches of one run.

    Args:
        breaches: that `check_gate` found.
        before: what the gate remembers.
        moment: of this run, in UTC.
        end: ordinal after the newest row.
        accept: whether the operator accepts whatever there is.
        after: for how long a change has to hold to be accepted; None for ever.
        season: steps that a change has to hold where `after` does not say anything else.
    """
    known = {breach.limit: breach for breach in before.breaches}
    lasting = [_go_on(breach, known.get(breach.limit), moment, end) for breach in breaches]
    if not breaches:
        return Ruling((), (), GateState(before.seen, before.version))
    texts = [_in_words(breach, state) for breach, state in zip(breaches, lasting, strict=True)]
    held = [
        breach.change and after is not None and _has_held(state, after, moment, end, season)
        for breach, state in zip(breaches, lasting, strict=True)
    ]
    if accept or all(held):
        why = "accepted by --accept" if accept else "accepted, because it has held for long enough"
        return Ruling((), tuple(f"{why}: {text}" for text in texts), GateState(before.seen, before.version))
    return Ruling(tuple(texts), (), GateState(before.seen, before.version, tuple(lasting)))


def least_season(season_length: int, horizon: int) -> int:
    """Steps that a change has to hold by default: a season, but at most a horizon."""
    return max(_LEAST_STEPS, min(season_length, horizon))


def _go_on(breach: Breach, before: OpenBreach | None, moment: datetime, end: int) -> OpenBreach:
    if before is None:
        return OpenBreach(breach.limit, moment, 1, end)
    return OpenBreach(breach.limit, before.since, before.runs + 1, before.first_end)


def _has_held(state: OpenBreach, after: AcceptAfter, moment: datetime, end: int, season: int) -> bool:
    if after.runs is not None:
        return state.runs >= after.runs
    if after.seconds is not None:
        return (moment - state.since).total_seconds() >= after.seconds
    return state.runs >= _LEAST_RUNS and end - state.first_end + 1 >= season


def _in_words(breach: Breach, state: OpenBreach) -> str:
    if state.runs == 1:
        return breach.text
    return f"{breach.text} (since {state.since:%Y-%m-%d %H:%M} UTC, in {state.runs} runs)"
