"""Trains a challenger and decides whether it replaces the champion, if there are enough new rows to tell.

The hold-out is a tenth of the typical series, at least one horizon, at most four (or a season, or 28 rows, if that is
more), and never more than the champion has not learned from. Where that is less than a horizon, as after a `fit`, the
run waits: fewer rows cannot tell a challenger that is a third worse. With more rows held out, the weights in service
would know too little of the present. What was compared is published: nothing is trained after the comparison.

Where champion or challenger is clearly worse than the seasonal naive, the world has changed, or the training rows are
spoilt. Then another challenger is trained that does not mix the levels before and after the last change of level, since
a model learns the change from windows across it. Its window is the shortest that is ever chosen. Its rows are those
since the change where they are enough, or else those before it. The hold-out is shortened so that its windows begin
after the change as far as a horizon allows. (With windows of 98 rows, a linear model was 5 times worse than the
seasonal naive for ten weeks after the level rose to 1.8 times what it was.) Where that challenger loses too, and the
champion is what fails, the best simple model takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tsforecast.errors import DataError, GateError
from tsforecast.fitting.choose import choose_basics, shortest_lookback
from tsforecast.fitting.fit_panel import Fitted
from tsforecast.fitting.plan import FixedChoices
from tsforecast.fitting.prepared import prepare
from tsforecast.fitting.scores import NAIVE
from tsforecast.io.reading.panel import ReadResult
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import BASELINES
from tsforecast.models.training.resume import NO_RECORDER
from tsforecast.progress import Message
from tsforecast.series.panel import Panel
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.workflows.fit import describe_fit
from tsforecast.workflows.provenance import make_bundle
from tsforecast.workflows.retrain.challenger import Training
from tsforecast.workflows.retrain.comparison import (
    Outcome,
    Standings,
    champion_error,
    compare_challenger,
    compare_scores,
    decide,
)
from tsforecast.workflows.retrain.data_checks import way_to
from tsforecast.workflows.retrain.drift import rows_since_change
from tsforecast.workflows.retrain.held_out import (
    CHALLENGER,
    UNLEARNED,
    HeldOut,
    held_out_rows,
    hold_out,
    typical_rows,
    unseen_rows,
)
from tsforecast.workflows.retrain.settings import STANDS_IN, PromotionRules

_HELD_OUT_SHARE, _MAX_HORIZONS, _ENOUGH_ROWS = 0.1, 4, 28

# Rows since a change of level that suffice to train on alone, as a multiple of the rows that any model needs.
_ENOUGH = 3


@dataclass(frozen=True)
class Waiting:
    """Nothing was trained: there are too few new rows. `reason` says so in words."""

    reason: str


def train_and_compare(
    data: ReadResult, champion: Bundle | None, training: Training, rules: PromotionRules
) -> Waiting | Outcome:
    """Train a challenger and compare it with the champion on rows that neither has learned from.

    Args:
        data: the table, older rows and new ones.
        champion: the version in service; None where there is none, or where it is replaced without a comparison.
        training: how the challenger is trained.
        rules: that decide.

    Raises:
        TsforecastError: bad options (2), data of another frequency than the champion's (4), bad data (65).
    """
    panel = data.panel
    if champion is None:
        return _first(training.train(panel), rules)
    _check_frequency(panel, champion)
    basics = choose_basics(panel, training.options)
    horizon = min(basics.horizon, champion.spec.horizon)
    numbers, most = panel.numbers_in(champion.recent.ids), _most_held_out(panel, basics)
    new, unseen = panel.rows_after(numbers, champion.recent.ends), unseen_rows(panel, numbers, champion)
    begins = hold_out(panel, unseen, most)
    wanted = max(1, basics.horizon // 4 if rules.min_new_rows is None else rules.min_new_rows)
    if (count := typical_rows(new, numbers, champion)) < wanted:
        return Waiting(f"{count} of {wanted} new rows")
    if (count := typical_rows(unseen, numbers, champion)) < (least := min(horizon, most)):
        return Waiting(f"{count} of {least} rows that the version in service has not learned from")
    if not panel.between(begins, panel.lengths).observed.any():
        return Waiting("none of the newest rows has a value")
    held_out = held_out_rows(panel, begins, horizon=horizon, season_length=basics.season_length, champion=champion)
    before = held_out.before()
    warm = training.continue_from(champion, before) if training.warm else None
    outcome = compare_challenger(held_out, warm or training.train(before), rules, warm=warm is not None)
    one_fails = outcome.standings.champion_fails or outcome.standings.challenger_fails
    if outcome.wins or not rules.beat_naive or not one_fails:
        return outcome
    return _replace_failed(outcome, held_out, champion, basics, training, rules)


def challenger_bundle(data: ReadResult, outcome: Outcome, *, name: str, began: float) -> Bundle:
    """The challenger as it was compared, ready to be published; the hold-out joins the rows that it forecasts from.

    Args:
        data: the table that `train_and_compare` was given.
        outcome: what it returned.
        name: of the model in the store.
        began: moment on time.monotonic() from which the seconds count.
    """
    fitted = outcome.challenger
    facts = describe_fit(data, fitted, name=name, began=began, training_rows=outcome.training_rows).to_dict()
    bundle = make_bundle(data, fitted, facts)
    told = {UNLEARNED: outcome.unlearned} | ({STANDS_IN: True} if outcome.status == "stand-in" else {})
    return replace(bundle, provenance=bundle.provenance | told)


def _first(fitted: Fitted, rules: PromotionRules) -> Outcome:
    """Without a champion: a fit, which must not be clearly worse than the seasonal naive on its test windows."""
    panel, plan, scores = fitted.everything.panel, fitted.evaluated.plan, fitted.evaluated.scores
    begins, season = fitted.split.calibration_end, plan.season_length
    held_out = held_out_rows(panel, begins, horizon=plan.horizon, season_length=season, champion=None)
    own = held_out.scorer.score(fitted.evaluated.forecaster, prepare(panel, fitted.split, plan).rows.scaling)
    # The errors are those that the fit reports, the test is made on its windows and those that reach into them.
    metrics = {CHALLENGER: scores[plan.model], NAIVE: scores[NAIVE]}
    standings = compare_scores(held_out, own, metrics, rules)
    return Outcome(*decide(standings, rules), fitted, standings)


def _check_frequency(panel: Panel, champion: Bundle) -> None:
    step = champion.recent.frequency
    if panel.frequency != step:
        raise GateError(
            f"the data are {panel.frequency.name} ({panel.frequency.alias}); the model in service was fitted on "
            f"{step.name} ones ({step.alias})",
            hint=way_to(panel.frequency, step),
        )


def _most_held_out(panel: Panel, basics: FixedChoices) -> int:
    """Rows to hold out at most, so that enough rows are left to learn from."""
    lengths, needed = panel.lengths, basics.min_context + 2 * basics.horizon  # to learn anything
    longest = int(lengths.max(initial=0))
    typical = int(np.median(lengths[lengths >= needed])) if longest >= needed else longest
    horizon = basics.horizon
    # A model may do well at night and badly by day: up to a whole season is held out.
    most = max(_MAX_HORIZONS * horizon, basics.season_length, _ENOUGH_ROWS)
    wanted = int(np.clip(_HELD_OUT_SHARE * typical, horizon, most))
    return max(1, min(wanted, longest - needed))


def _replace_failed(
    lost: Outcome,
    held_out: HeldOut,
    champion: Bundle,
    basics: FixedChoices,
    training: Training,
    rules: PromotionRules,
) -> Outcome:
    """Find another challenger, or a simple model in the place of a champion that fails.

    The change of level is looked for in all rows: it decides where training begins or ends and how much is held out,
    for all models alike. What is learned from still ends before the hold-out. `lost` is what the comparison of the
    ordinary challenger on `held_out` decided.
    """
    panel, needed = held_out.panel, basics.min_context + 2 * basics.horizon
    since = rows_since_change(panel, max(basics.season_length, basics.horizon))
    rows = min(held_out.rows, max(held_out.horizon, since - needed))
    if rows < held_out.rows:
        begins = np.maximum(held_out.begins, panel.lengths - rows)
        horizon, season = held_out.horizon, basics.season_length
        held_out = held_out_rows(panel, begins, horizon=horizon, season_length=season, champion=champion)
    lookback = training.options.lookback or shortest_lookback(basics)
    session = replace(training.session, recorder=NO_RECORDER, graphs={})
    training = replace(training, options=replace(training.options, lookback=lookback), session=session, warm=False)
    session.report(Message("info", f"the challenger lost; another is trained, as the level changed {since} rows ago"))
    standings = lost.standings
    try:
        second = compare_challenger(held_out, training.train(_training_panel(held_out, since, rows, needed)), rules)
    except DataError as error:
        session.report(Message("warning", f"it could not be trained: {error}"))
    else:
        if second.wins:
            return second
        standings = second.standings
    if standings.champion_fails:
        return _stand_in(lost, standings, held_out, training, rules)
    if champion.provenance.get(STANDS_IN) is True:
        # The run in which it took the place said so: that no model is ready yet is no news.
        stays = f"{lost.reason}; {champion.spec.name}, which stands in since another champion failed, stays"
        return replace(lost, status="waiting", reason=stays)
    if lost.standings.champion_fails:
        stays = f"{lost.reason}; {champion_error(lost.standings)}, but not on the newest rows, and stays"
        return replace(lost, reason=stays)
    return lost


def _training_panel(held_out: HeldOut, since: int, rows: int, needed: int) -> Panel:
    """The rows since the change where they are enough, those before it where they are not; all without a change."""
    lengths = held_out.panel.lengths
    if since - rows >= _ENOUGH * needed:
        return held_out.before(first=lengths - since)
    if since <= rows:
        return held_out.before()
    return held_out.panel.between(np.zeros_like(lengths), np.maximum(np.minimum(1, lengths), lengths - since))


def _stand_in(
    lost: Outcome, standings: Standings, held_out: HeldOut, training: Training, rules: PromotionRules
) -> Outcome:
    """The best simple model in the champion's place: the seasonal naive unless another is clearly better."""
    asked = training.options
    best: Outcome | None = None
    for name in BASELINES:
        if name == asked.model:
            continue
        options = FitOptions(model=name, horizon=asked.horizon, season_length=asked.season_length, seed=asked.seed)
        try:
            fitted = replace(training, options=options).train(held_out.before())
        except DataError:
            continue
        made = compare_challenger(held_out, fitted, rules)
        if not made.wins or (best is not None and not made.standings.against[NAIVE].clearly_better):
            continue
        if best is None or made.standings.errors[CHALLENGER] < best.standings.errors[CHALLENGER]:
            best = made
    why = f"{champion_error(standings)} in this comparison"
    if best is None:
        return replace(lost, reason=f"{lost.reason}; {why}, and no simple model could take its place")
    name = best.challenger.final.spec.name
    return replace(best, status="stand-in", reason=f"{why}; {name} takes its place ({best.reason})")
