"""From a panel and a plan to a trained model: every candidate is trained, and validation decides what each counts.

Rows after the validation part of the given split are not looked at.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from tsforecast.fitting.calibrate import ENOUGH_HORIZONS, predict_index
from tsforecast.fitting.candidate_words import combination_choice
from tsforecast.fitting.combination import HeldOut, choose_shares, mean_error, shares_of_series
from tsforecast.fitting.plan import Choice, Plan
from tsforecast.fitting.prepared import Prepared, can_fit_linear, prepare
from tsforecast.fitting.trained import Learned, Trained, ValidationPeriod, together, with_records
from tsforecast.fitting.trainer import MAX_VALIDATION, Trainer
from tsforecast.io.messages import counted
from tsforecast.models.parts import SHARES
from tsforecast.models.registry import LOCAL
from tsforecast.models.spec import Part
from tsforecast.models.training.session import TrainingSession
from tsforecast.progress import Message, TrainingPlanned
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.series.split import shifted_back

_MAX_PERIODS = 3
_WORTH_IT = 4  # a network whose time does not suffice for this part of its epochs is left out
_LEAST_TIME = 10.0  # seconds for TensorFlow to start, and for a small network
# Fewer training windows are too few for any network, or for one where a local model makes so much less error than the
# linear one.
_LEAST_WINDOWS, _FEW_WINDOWS, _CLEAR_MARGIN = 20, 500, 0.9
_MAX_WINDOWS = 20_000  # with more training windows, earlier periods take too long to train for


def train_model(
    model: str, prepared: Prepared, plan: Plan, session: TrainingSession, simple: Learned | None = None
) -> Learned:
    """Train any model of the table; if it has several candidates, combine them.

    Args:
        model: its name; the plan's own model has the plan's candidates, any other is a simple one.
        prepared: the data; candidates learn from windows of the training part, those of the validation part choose.
        plan: what was decided.
        session: the context of training; its budget is shared by the networks.
        simple: what `train_simple` has learned of them, which is not learned again.

    Returns:
        The model, the plan with the combination that was chosen, and the periods it was chosen by.
    """
    began = time.monotonic()
    if model != plan.model:
        plan = replace(plan, model=model, candidates=(plan.simple(model),))
    simple = simple or train_simple(prepared, plan)
    candidates = _candidates(prepared, plan)
    rows = [period.prepared for period in simple.periods] if simple else [prepared, *_earlier(prepared, plan)]
    without = (networks_in_vain(simple, plan) or _no_time(session)) if simple else None
    if without is not None:
        plan = _decided(plan, without, session)
        candidates = [(part, member) for part, member in candidates if part.network is None]
    known: list[dict[Part, Trained]] = [{} for _ in rows]
    if simple is not None:
        known = [{one.spec.parts[0]: one for one in period.alone} for period in simple.periods]
    runs = _count_networks(candidates)
    if runs:
        session.report(TrainingPlanned(runs * (len(rows) + 1)))
    least = plan.training.epochs // _WORTH_IT if simple and math.isfinite(session.budget.seconds) else 0
    trainer = Trainer(prepared, plan, session, phase="training", runs=len(rows), traced=runs, least=least)
    kept, newest = _learned_in_time(trainer, candidates, known[0], len(rows))
    if len(kept) < len(candidates):
        networks = counted(len(candidates) - len(kept), "network")
        plan = _decided(plan, Choice("left out", networks, "the time limit has no room for more"), session)
    rounds = [newest]
    for number, earlier in enumerate(rows[1:], 2):
        phase, left = f"period {number} of {len(rows)}", len(rows) + 1 - number
        trainer = Trainer(earlier, plan, session, phase=phase, runs=_count_networks(kept) * left)
        rounds.append(
            [
                known[number - 1].get(part) or trainer.learn(one.spec.parts[0], 0, one.recipes[0])
                for (part, _), one in zip(kept, newest, strict=True)
            ]
        )
    return _combined(model, plan, kept, rows, rounds, session, began)


def _count_networks(candidates: list[tuple[Part, int]]) -> int:
    return sum(part.network is not None for part, _ in candidates)


def _decided(plan: Plan, choice: Choice, session: TrainingSession) -> Plan:
    """The plan with one more choice, which is told."""
    session.report(Message("choice", f"{choice.name} {choice.value}: {choice.reason}"))
    return replace(plan, choices=(*plan.choices, choice))


def _learned_in_time(
    trainer: Trainer, candidates: list[tuple[Part, int]], known: dict[Part, Trained], periods: int
) -> tuple[list[tuple[Part, int]], list[Trained]]:
    """The candidates for which there is time, and what they have learned of the newest period.

    Where time is short, networks are left out: those that are trained are trained as they should be.
    """
    kept, learned = [], []
    for part, member in candidates:
        if part.network is not None and trainer.too_late(periods):
            continue
        one = known.get(part) or trainer.learn(part, member)
        trainer.runs_left = periods
        if part.network is None or not len(one.epochs) == 1 < trainer.least:
            kept.append((part, member))
            learned.append(one)
    return kept, learned


def train_simple(prepared: Prepared, plan: Plan) -> Learned | None:
    """The plan's model without its networks, in no time; None where it has no networks, or nothing but networks."""
    quick = tuple(part for part in plan.candidates if part.network is None)
    if not quick or len(quick) == len(plan.candidates):
        return None
    return train_model(plan.model, prepared, replace(plan, candidates=quick), TrainingSession())


def _combined(
    model: str,
    plan: Plan,
    candidates: list[tuple[Part, int]],
    rows: list[Prepared],
    rounds: list[list[Trained]],
    session: TrainingSession,
    began: float,
) -> Learned:
    """The candidates, each trained for every period, as one model."""
    shares: tuple[float, ...] = (1.0,)
    of_series = None
    if len(candidates) > 1:
        folds = [_held_out(each, plan, learned) for each, learned in zip(rows, rounds, strict=True)]
        shares = choose_shares(folds)
        of_series = shares_of_series(folds, shares)
        choice = combination_choice(candidates, plan, shares, folds, by_series=of_series is not None)
        plan = _decided(plan, choice, session)
    periods = [
        ValidationPeriod(together(model, learned, shares, of_series), each, tuple(learned))
        for learned, each in zip(rounds, rows, strict=True)
    ]
    trained = with_records(periods[0].trained, [one for learned in rounds for one in learned], began)
    return Learned(plan, (replace(periods[0], trained=trained), *periods[1:]))


def train_again(
    prepared: Prepared,
    plan: Plan,
    before: Trained,
    session: TrainingSession,
    *,
    phase: str = "final training on all rows",
) -> Trained:
    """Train the parts of a model on all training rows of `prepared` as their recipes say, without validation."""
    began = time.monotonic()
    parts = before.spec.parts
    runs = sum(part.network is not None for part in parts)
    if runs:
        session.report(TrainingPlanned(runs, last=True))
    trainer = Trainer(prepared, plan, session, phase=phase, runs=runs, measured=True)
    learned = [trainer.learn(part, 0, recipe) for part, recipe in zip(parts, before.recipes, strict=True)]
    trained = together(before.spec.name, learned, tuple(part.share for part in parts), before.weights.get(SHARES))
    return with_records(trained, learned, began)


def _candidates(prepared: Prepared, plan: Plan) -> list[tuple[Part, int]]:
    """The plan's candidates, each with its members' numbers; without linear ones if no window is complete."""
    parts = plan.candidates
    if not can_fit_linear(prepared, plan):
        without = tuple(
            part for part in parts if part.name != "linear" and not (part.network and part.network.linear_skip)
        )
        # If only networks with a skip were asked for, solving for the skip will raise the error.
        networks = any(part.network for part in parts)
        parts = without if without and any(part.network for part in without) == networks else parts
    return [(part, member) for part in parts for member in range(plan.training.members if part.network else 1)]


def networks_in_vain(simple: Learned, plan: Plan) -> Choice | None:
    """The choice to train no network: where there is next to nothing to train one on, or little and a local model wins.

    From few windows a network learns hardly more than the linear model does: where this one loses clearly to a model of
    each series alone, the minutes of networks, and the seconds until TensorFlow has started, are spent in vain.
    """
    windows = len(simple.prepared.windows("train", plan))
    few = f"{counted(windows, 'training window')} {'is' if windows == 1 else 'are'}"
    if windows < _LEAST_WINDOWS:
        return Choice("networks", "none", f"{few} too few to train one on; --model gru trains one")
    if windows >= _FEW_WINDOWS or not any(part.name in LOCAL for part in plan.candidates):
        return None
    folds = [_held_out(period.prepared, plan, list(period.alone)) for period in simple.periods]
    errors: dict[str, float] = {}
    for number, one in enumerate(simple.periods[0].alone):
        error = mean_error(folds, [fold.forecasts[number] for fold in folds])
        errors[one.spec.name] = min(error, errors.get(one.spec.name, np.inf))
    local = {name: error for name, error in errors.items() if name in LOCAL and np.isfinite(error)}
    best = min(local, key=lambda name: local[name], default="")
    if not best or "linear" not in errors or local[best] > _CLEAR_MARGIN * errors["linear"]:
        return None
    reason = (
        f"{few} few, and {best} makes {local[best]:.3g} on the validation windows where the linear model makes "
        f"{errors['linear']:.3g}; --model gru trains one"
    )
    return Choice("networks", "none", reason)


def _no_time(session: TrainingSession) -> Choice | None:
    """The choice to train no network where the time that is left is hardly enough to start TensorFlow."""
    left = session.budget.left()
    if left >= _LEAST_TIME:
        return None
    return Choice(
        "networks", "none", f"the time limit leaves {max(left, 0):.0f} s for them, and they need {_LEAST_TIME:.0f}"
    )


def _earlier(prepared: Prepared, plan: Plan) -> list[Prepared]:
    """The rows with earlier splits, so many that all validation parts together span enough horizons."""
    split = prepared.split
    windows = len(prepared.windows("train", plan))
    rows = split.validation_end - split.train_end
    if not np.any(rows) or windows > _MAX_WINDOWS:
        return []
    wanted = math.ceil(ENOUGH_HORIZONS * plan.horizon / float(np.median(rows[rows > 0])))
    periods: list[Prepared] = []
    for number in range(1, min(_MAX_PERIODS, wanted)):
        period = prepare(prepared.panel, shifted_back(split, number), plan)
        if 2 * len(period.windows("train", plan)) < windows or not can_fit_linear(period, plan):
            break
        periods.append(period)
    return periods


def _held_out(prepared: Prepared, plan: Plan, learned: list[Trained]) -> HeldOut:
    """What each model forecasts for the validation windows, in the user's units."""
    index = prepared.windows("validation", plan, MAX_VALIDATION)
    rows = index.origins[:, None] + np.arange(plan.horizon)
    unit, _ = seasonal_errors(prepared.rows.panel, plan.season_length, prepared.split.train_end)
    return HeldOut(
        y_true=prepared.panel.values[rows],
        observed=prepared.rows.observed[rows],
        series=index.series,
        origins=index.origins,
        unit=np.where(unit > 0, unit, np.nan),
        forecasts=tuple(predict_index(one, prepared.rows, index)[:, :, one.spec.median] for one in learned),
        scaling=prepared.rows.scaling,
        squared=plan.training.loss == "mse",
    )
