"""From a panel to a model that is scored on rows it has not seen and trained again on all rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from tsforecast.errors import OptionError
from tsforecast.fitting.calibrate import calibrate_model
from tsforecast.fitting.choose import choose_basics, choose_plan
from tsforecast.fitting.error_profile import ErrorProfile
from tsforecast.fitting.final_widths import as_wide
from tsforecast.fitting.learn import networks_in_vain, train_again, train_model, train_simple
from tsforecast.fitting.newest_window import NewestWindow
from tsforecast.fitting.plan import Choice, Plan
from tsforecast.fitting.prepared import Prepared, can_fit_linear, prepare
from tsforecast.fitting.scores import LostTo, Scored, main_metric, score_models
from tsforecast.fitting.trained import Learned, Trained, ValidationPeriod
from tsforecast.models.calibration import Calibration
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import BASELINES, get_model
from tsforecast.models.training.config import TrainingConfig
from tsforecast.models.training.session import TrainingSession
from tsforecast.options import DEFAULT_LEVELS
from tsforecast.progress import Message
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.scaling import Scaling
from tsforecast.series.split import Split, all_training, automatic_split

_COVERAGE_TOLERANCE = 0.15
# Share of the time limit for the training that is scored; the rest is for the final one on all rows.
_FIRST_SHARE = 0.55


@dataclass(frozen=True)
class Simple:
    """A simple model beside the one that was asked for; none of the rows that it was trained on are kept.

    Args:
        plan: that it was trained by.
        trained: the model.
        calibration: of its intervals.
        scaling: of the series.
    """

    plan: Plan
    trained: Trained
    calibration: Calibration
    scaling: Scaling


@dataclass(frozen=True)
class Networks:
    """What the networks of a combination brought on the test windows.

    Args:
        metric: `mae`, or `mase` of several series.
        error_without: of the combination without them.
        error: with them.
        seconds: that their training took, of the model that is scored.
        kept: whether any has a share.
    """

    metric: str
    error_without: float
    error: float
    seconds: float
    kept: bool


@dataclass(frozen=True)
class Evaluated:
    """A model trained on the training part only.

    Args:
        name: that it is scored under: what was asked for, also where a simple model takes its place.
        trained: the model.
        plan: the final one.
        calibration: of its intervals.
        scores: metrics of all models.
        simple: the other models.
        errors: where the model errs; None where it was not scored.
        lost: the simple model that is better than the published one; None elsewhere.
        networks: what networks brought; None where that was not measured.
        by_series: rows with the scores of each of several series, the worst first; of what was asked for.
        newest: the newest window that was held out, of what was asked for; None where it was not scored.
    """

    name: str
    trained: Trained
    plan: Plan
    calibration: Calibration
    scores: dict[str, dict[str, float]]
    simple: dict[str, Simple]
    errors: ErrorProfile | None = None
    lost: LostTo | None = None
    networks: Networks | None = None
    by_series: tuple[dict[str, Any], ...] = ()
    newest: NewestWindow | None = None

    @property
    def forecaster(self) -> Forecaster:
        """The model with its intervals."""
        return self.trained.forecaster(self.calibration)


FirstLook = Callable[[Evaluated, Prepared], None]


def evaluate_plan(
    panel: Panel, split: Split, plan: Plan, session: TrainingSession, first: FirstLook | None = None
) -> Evaluated:
    """Train on the training part, calibrate, and score with the simple models on windows that none has seen.

    Args:
        panel: the series.
        split: the rows held out.
        plan: what was decided.
        session: the context of training.
        first: is given the model without its networks, if it has some, and its rows, before these are trained.
    """
    prepared = prepare(panel, split, plan)
    quick = train_simple(prepared, plan)
    # The baselines are rules about values as they are, whatever transform suits the network. Their center is taken out:
    # of a value that is large beside its movement, float32 would keep no digit that tells.
    as_they_are = replace(plan, log="none", scaler="standard")
    plain = prepared if (plan.log, plan.scaler) == ("none", "standard") else prepare(panel, split, as_they_are)
    beside = _simple_models(prepared, plain, plan, quick, session)
    before = None
    if quick is not None and first is not None and networks_in_vain(quick, plan) is None:
        before = _look(first, quick, beside, plan)
    learned = train_model(plan.model, prepared, plan, session, quick)
    models = {plan.model: _calibrated(learned), **beside}
    plan, asked = learned.plan, plan.model
    scored = score_models(models, plan)
    networks = _networks(before, scored, learned, several=panel.n_series > 1)
    lost = scored.lost
    if get_model(plan.model).kind == "combination" and lost is not None and lost.clearly:
        reason = f"{lost.reason}; chosen by these, so its own score there is a little too good"
        choice = Choice("model", lost.name, reason)
        plan = _instead(plan if lost.name == "linear" else as_they_are, plan, choice)
        session.report(Message("warning", f"{lost.name} is published in place of {asked}: {reason}"))
        learned, lost = models[plan.model][0], None
    return Evaluated(
        name=asked,
        trained=learned.trained,
        plan=plan,
        calibration=models[plan.model][1].calibration,
        scores=scored.scores,
        simple={name: _without_rows(*model) for name, model in models.items() if name != asked},
        errors=scored.errors,
        lost=lost,
        networks=networks,
        by_series=scored.by_series,
        newest=scored.newest,
    )


def _look(first: FirstLook, quick: Learned, beside: dict[str, tuple[Learned, Forecaster]], plan: Plan) -> Scored:
    """Score the model without its networks, and show it."""
    learned, forecaster = _calibrated(quick)
    scored = score_models({plan.model: (learned, forecaster), **beside}, plan)
    first(Evaluated(plan.model, quick.trained, quick.plan, forecaster.calibration, scored.scores, {}), quick.prepared)
    return scored


def _without_rows(learned: Learned, forecaster: Forecaster) -> Simple:
    return Simple(learned.plan, learned.trained, forecaster.calibration, learned.prepared.rows.scaling)


def _simple_models(
    prepared: Prepared, plain: Prepared, plan: Plan, quick: Learned | None, session: TrainingSession
) -> dict[str, tuple[Learned, Forecaster]]:
    """The models to compare with: those among the plan's candidates as they were learned, and the others."""
    known: dict[tuple[str, int], Learned] = {}
    if quick is not None:
        for number, one in enumerate(quick.periods[0].alone):
            part = one.spec.parts[0]
            if part == plan.simple(part.name):
                periods = tuple(ValidationPeriod(period.alone[number], period.prepared) for period in quick.periods)
                own = replace(plan, model=part.name, candidates=(part,))
                known[part.name, id(prepared)] = Learned(own, periods)
    models = {}
    for simple in BASELINES:
        if simple == plan.model:
            continue
        space = prepared if simple == "linear" else plain
        if simple == "linear" and not can_fit_linear(space, plan):
            warning = "no training window is complete, so there is no linear model to compare with"
            session.report(Message("warning", warning))
            continue
        learned = known.get((simple, id(space))) or train_model(simple, space, plan, session)
        models[simple] = _calibrated(learned)
    return models


def _networks(before: Scored | None, after: Scored, learned: Learned, *, several: bool) -> Networks | None:
    """What networks brought; None where none was trained, or nothing was scored without them."""
    name, metric = learned.plan.model, main_metric(2 if several else 1)
    if before is None or not learned.trained.epochs:
        return None
    kept = any(part.network for part in learned.trained.spec.parts)
    return Networks(metric, before.scores[name][metric], after.scores[name][metric], learned.trained.seconds, kept=kept)


def _instead(space: Plan, plan: Plan, choice: Choice) -> Plan:
    """The plan of a simple model in place of a combination, in the space that the simple model was trained in."""
    candidates = (space.simple(choice.value),)
    lookback = candidates[0].lookback
    return replace(space, model=choice.value, lookback=lookback, candidates=candidates, choices=(*plan.choices, choice))


def _calibrated(learned: Learned) -> tuple[Learned, Forecaster]:
    return learned, learned.trained.forecaster(calibrate_model(learned))


def coverage_warnings(model: str, evaluated: Evaluated) -> list[str]:
    """What to say of intervals that held far less on the test windows than they promise."""
    scores = evaluated.scores[model]
    return [
        f"the {level:g} % intervals held only {scores[f'coverage_{level:g}']:.0%} of the held-out values: the newest "
        f"rows behave unlike those that the intervals rest on"
        for level in DEFAULT_LEVELS
        if scores[f"coverage_{level:g}"] < level / 100 - _COVERAGE_TOLERANCE
    ]


@dataclass(frozen=True)
class Fitted:
    """A model scored on rows that it has not seen, and its like trained on all rows.

    Args:
        split: the rows held out.
        evaluated: the model of the training part, with the plan of both.
        everything: all rows in model space.
        final: the model of all rows.
        calibration: of its intervals.
    """

    split: Split
    evaluated: Evaluated
    everything: Prepared
    final: Trained
    calibration: Calibration

    @cached_property
    def forecaster(self) -> Forecaster:
        """The model of all rows with its intervals."""
        return self.final.forecaster_of(self.everything.rows, self.calibration)


def fit_panel(
    panel: Panel,
    options: FitOptions,
    session: TrainingSession,
    schema: Schema | None = None,
    first: FirstLook | None = None,
) -> Fitted:
    """Choose, train, score honestly, train again on everything: all that `fit` does between reading and publishing.

    Args:
        panel: the series.
        options: about the model; what is None is chosen from the data.
        session: the context of training; its budget is the time limit.
        schema: names of the columns of covariates, and the time zone.
        first: as for `evaluate_plan`.

    Raises:
        TsforecastError: bad options (2), bad data (65).
    """
    plan, split = make_plan(panel, options, schema=schema)
    for choice in plan.choices:
        session.report(Message("choice", f"{choice.name} {choice.value}: {choice.reason}"))
    evaluated = evaluate_plan(panel, split, plan, session.within(_FIRST_SHARE), first)
    for warning in coverage_warnings(evaluated.plan.model, evaluated):
        session.report(Message("warning", warning))
    everything = prepare(panel, all_training(panel.lengths), evaluated.plan)
    final = train_again(everything, evaluated.plan, evaluated.trained, session)
    calibration = evaluated.calibration
    if len(final.spec.quantiles) > 1:  # a point model has no spread of its own
        before, again = prepare(panel, split, evaluated.plan), final.forecaster(calibration)
        calibration = as_wide(evaluated.forecaster, before, again, everything, evaluated.plan)
    return Fitted(split, evaluated, everything, final, calibration)


def make_plan(
    panel: Panel,
    options: FitOptions,
    split: Callable[[Panel], Split] | None = None,
    schema: Schema | None = None,
) -> tuple[Plan, Split]:
    """Decide everything, and hold rows out.

    Args:
        panel: the series.
        options: what the user decided.
        split: borders to use in place of the automatic ones (benchmarks with a protocol of their own).
        schema: as for `fit_panel`.
    """
    options = for_means(options)
    basics = choose_basics(panel, options)
    if get_model(options.model).kind == "combination" and never_changes(panel):
        options = replace(options, model="naive")
        choice = Choice("model", "naive", "the values never change, so there is nothing to learn")
        basics = replace(basics, choices=(*basics.choices, choice))
    if split is None:
        parts = automatic_split(panel.lengths, horizon=basics.horizon, min_context=basics.min_context)
    else:
        parts = split(panel)
    return choose_plan(panel, parts, basics, options, schema), parts


def for_means(options: FitOptions) -> FitOptions:
    """The options under which models learn the mean, where that is asked for: of squared errors, without a logarithm.

    Raises:
        OptionError: an option that makes the forecast something else.
    """
    if options.point == "median":
        return options
    if options.transform == "log" or options.loss not in (TrainingConfig.loss, "mse"):
        what = "transform 'log'" if options.transform == "log" else f"loss '{options.loss}'"
        raise OptionError(f"with {what} a forecast is not the mean", hint="leave it out, or use --point median")
    return replace(options, transform="none", loss="mse")


def never_changes(panel: Panel) -> bool:
    """Whether each series holds one value only."""
    lows, highs = (edge.reduceat(panel.values, panel.offsets[:-1]) for edge in (np.minimum, np.maximum))
    return bool(np.all(lows == highs))
