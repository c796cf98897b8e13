"""Warm start: a trained model is trained further on newer rows, starting from its weights.

Each network repeats the last quarter of the schedule, where the rates are low: enough to follow the data, too little to
forget. Its linear skip is part of its weights. The linear model is solved anew, with the strength that validation
chooses.
"""

from __future__ import annotations

import math
from dataclasses import replace

from tsforecast.fitting.architecture import choose_training
from tsforecast.fitting.choose import choose_basics
from tsforecast.fitting.learn import train_again, train_model
from tsforecast.fitting.plan import Choice, Plan
from tsforecast.fitting.prepared import Prepared, prepare
from tsforecast.fitting.quick_linear import least_context
from tsforecast.fitting.trained import Recipe, Trained
from tsforecast.models.linear import DEFAULT_RIDGE
from tsforecast.models.network.config import QUANTILES, NetworkConfig
from tsforecast.models.network.weights import Weights
from tsforecast.models.options import FitOptions
from tsforecast.models.parts import WEEK, part_weights
from tsforecast.models.spec import NO_INPUTS, ModelSpec
from tsforecast.models.training.config import AUTO, TrainingConfig
from tsforecast.models.training.patience import EpochRate, Path
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import Scaling
from tsforecast.series.split import Split, all_training
from tsforecast.series.windows import window_index

_LAST_SHARE = 0.25

# Schedules that stay at their peak are repeated at this share of it: the rate after two falls.
_CONSTANT, _FACTOR = ("constant", "plateau"), 1 / 16

# Options that must agree with every network of the model.
_OF_NETWORKS = ("lookback", "units", "layers", "activation", "segment", "strategy", "normalisation", "dropout")


def warm_start_obstacle(
    spec: ModelSpec, scaling: Scaling, trained_on: Panel, panel: Panel, asked: FitOptions
) -> str | None:
    """Why a model cannot be trained further, as half a sentence; None if it can.

    Args:
        spec: the model.
        scaling: its scaling.
        trained_on: newest rows of the series that it was trained on.
        panel: newer rows, with older ones.
        asked: what the user decided; None and `auto` agree with any model.
    """
    networks = [part.network for part in spec.parts if part.network]
    if not networks:
        return f"the model in service, {spec.name}, has no network to go on with"
    wanted = {"model": asked.model, "horizon": asked.horizon, "season_length": asked.season_length}
    there = {"model": spec.name, "horizon": spec.horizon, "season_length": spec.season_length}
    for name, value in wanted.items():
        if value not in (None, there[name]):
            return f"{name} {value} was asked for; the model in service has {there[name]}"
    for name in _OF_NETWORKS:
        value = getattr(asked, name)
        for network in networks:
            if value not in (None, AUTO, getattr(network, name)):
                return f"{name} {value} was asked for; the model in service has {getattr(network, name)}"
    return _other_space(networks, scaling, asked) or _other_series(networks, scaling, trained_on, panel)


def _other_space(networks: list[NetworkConfig], scaling: Scaling, asked: FitOptions) -> str | None:
    head = "student-t" if asked.loss == "student-t" else "quantile"
    quantiles = QUANTILES if asked.loss in ("quantile", "student-t") else (0.5,)
    if any((network.head, network.quantiles) != (head, quantiles) for network in networks):
        return f"loss {asked.loss} was asked for; the model in service was trained for another"
    if asked.linear_skip != AUTO and any(network.linear_skip != (asked.linear_skip == "on") for network in networks):
        return f"linear_skip {asked.linear_skip} was asked for; the model in service has it otherwise"
    if asked.transform != AUTO and (asked.transform == "none") != (scaling.log == "none"):
        return f"transform {asked.transform} was asked for; the model in service has {scaling.log}"
    if asked.scaler not in (AUTO, scaling.method):
        return f"scaler {asked.scaler} was asked for; the model in service has {scaling.method}"
    return None


def _other_series(networks: list[NetworkConfig], scaling: Scaling, trained_on: Panel, panel: Panel) -> str | None:
    widths = [network.inputs.category_widths for network in networks]
    if any(any(each[:1]) for each in widths) and trained_on.ids != panel.ids:
        return "the series are others, and the model in service has learned a vector for each of its own"
    if any(any(each[1:]) for each in widths) and trained_on.covariates.labels != panel.covariates.labels:
        return "the categories are others, and the model in service has learned a vector for each of its own"
    least = float(panel.values.min(initial=1.0))
    if (scaling.log == "log" and least <= 0) or (scaling.log == "log1p" and least < 0):
        return f"the data hold {least:g} now, of which the model in service cannot take the logarithm"
    return None


def last_quarter(training: TrainingConfig) -> Path:
    """The last quarter of the epochs of a schedule, at least one."""
    factor = _FACTOR if training.schedule in _CONSTANT else 1.0
    count = max(1, math.ceil(_LAST_SHARE * training.epochs))
    return tuple(EpochRate(epoch, factor) for epoch in range(training.epochs - count + 1, training.epochs + 1))


def plan_like(spec: ModelSpec, scaling: Scaling, panel: Panel, split: Split, asked: FitOptions) -> Plan:
    """The plan to train a model further: the model stays as it is, its training follows the options.

    Args:
        spec: the model.
        scaling: its scaling; one of the same kind is fitted anew.
        panel: the rows.
        split: the parts of the panel.
        asked: what the user decided.
    """
    network = next(part.network for part in spec.parts if part.network)
    basics = choose_basics(panel, like_trained(asked, spec))
    min_context = least_context(split, basics, network.lookback)
    first, last = split.borders("train")
    windows = window_index(panel.offsets, first, last, horizon=spec.horizon, min_context=min_context)
    return Plan(
        model=spec.name,
        horizon=spec.horizon,
        lookback=network.lookback,
        season_length=spec.season_length,
        min_context=min_context,
        log=scaling.log,
        scaler=scaling.method,
        candidates=spec.parts,
        training=choose_training(replace(asked, units=network.units), len(windows)),
        choices=(Choice("model", spec.name, "that of the version in service, whose networks are trained on"),),
        calendar=spec.calendar,
        inputs=next((part.inputs for part in spec.parts if part.inputs.covariates), NO_INPUTS),
        week=max(part.week for part in spec.parts),
        unread=(scaling.past.unread, scaling.future.unread),
    )


def like_trained(asked: FitOptions, spec: ModelSpec) -> FitOptions:
    """The options with a model's own horizon and season."""
    return replace(asked, horizon=spec.horizon, season_length=spec.season_length)


def train_on(
    panel: Panel,
    split: Split,
    plan: Plan,
    spec: ModelSpec,
    weights: Weights,
    session: TrainingSession,
) -> tuple[Trained, Prepared]:
    """Train a model further on all rows of a panel.

    Args:
        panel: the rows.
        split: its parts, by which the strength of a linear part is chosen.
        plan: from `plan_like`.
        spec: the model.
        weights: its weights.
        session: the context of training.

    Returns:
        The model and the rows in its space.
    """
    ridge = DEFAULT_RIDGE
    if any(part.name == "linear" for part in spec.parts):
        ridge = train_model("linear", prepare(panel, split, plan), plan, session).trained.recipes[0].ridge
    path = last_quarter(plan.training)
    recipes: list[Recipe] = []
    for number, part in enumerate(spec.parts):
        if part.network is None:
            recipes.append(Recipe(ridge=ridge))
            continue
        # Members are equal networks with different seeds.
        member = sum(other.network == part.network for other in spec.parts[:number])
        start = {name: value for name, value in part_weights(weights, number).items() if name != WEEK}
        recipes.append(Recipe(member, path, start=start))
    everything = prepare(panel, all_training(panel.lengths), plan)
    before = Trained(spec, weights, tuple(recipes))
    trained = train_again(everything, plan, before, session, phase="training on")
    return trained, everything
