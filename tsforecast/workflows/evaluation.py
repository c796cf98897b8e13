"""Scores on held-out windows: every model of the report on the same windows, in the user's units."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tsforecast.metrics import evaluate, seasonal_errors, skill
from tsforecast.models.calibration import Calibration
from tsforecast.models.checkpoints import NO_RECORDER, Recorder
from tsforecast.models.events import Message, Report
from tsforecast.models.held_out import calibrate_model, intervals_index
from tsforecast.models.learning import train_model
from tsforecast.models.plan import Plan
from tsforecast.models.preparation import Prepared, can_fit_linear, prepare
from tsforecast.models.registry import BASELINES
from tsforecast.models.trained import Trained
from tsforecast.series import Panel
from tsforecast.split import Split

if TYPE_CHECKING:
    from tsforecast.models.training import Graphs

LEVELS = (80.0, 95.0)
MAX_TEST = 10_000
_WORTH_SAYING = 0.005
_COVERAGE_TOLERANCE = 0.15


@dataclass(frozen=True)
class Entry:
    """A model in the table of scores, with its intervals and the space it works in."""

    trained: Trained
    calibration: Calibration
    prepared: Prepared


@dataclass(frozen=True)
class Evaluated:
    """A model trained on the training part only, the plan with what it chose, and honest scores of all models."""

    trained: Trained
    plan: Plan
    calibration: Calibration
    scores: dict[str, dict[str, float]]


def evaluate_plan(
    panel: Panel,
    split: Split,
    plan: Plan,
    report: Report,
    *,
    deadline: float = math.inf,
    graphs: Graphs | None = None,
    recorder: Recorder = NO_RECORDER,
) -> Evaluated:
    """Train on the training part, calibrate, and score with the simple models on windows that none has seen.

    `graphs` are those that are traced already; new ones are added. `recorder` keeps what the networks come to.
    """
    prepared = prepare(panel, split, plan)
    learned = train_model(plan.model, prepared, plan, report, deadline=deadline, graphs=graphs, recorder=recorder)
    entries = {plan.model: Entry(learned.trained, calibrate_model(learned), prepared)}
    # The baselines are rules about values as they are, whatever transform suits the network. Their center is taken out:
    # of a value that is large beside its movement, float32 would keep no digit that tells.
    as_they_are = replace(plan, log="none", scaler="standard")
    plain = prepared if (plan.log, plan.scaler) == ("none", "standard") else prepare(panel, split, as_they_are)
    for simple in BASELINES:
        if simple in entries:
            continue
        space = prepared if simple == "linear" else plain
        if simple == "linear" and not can_fit_linear(space, plan):
            report(Message("warning", "no training window is complete, so there is no linear model to compare with"))
            continue
        other = train_model(simple, space, plan, report)
        entries[simple] = Entry(other.trained, calibrate_model(other), space)
    plan = learned.plan
    return Evaluated(learned.trained, plan, entries[plan.model].calibration, score_models(entries, plan))


def score_models(entries: dict[str, Entry], plan: Plan) -> dict[str, dict[str, float]]:
    """All metrics of METRICS.md for each model on the windows of the test part, and its skill."""
    prepared = entries[plan.model].prepared
    panel = prepared.panel
    index = prepared.windows("test", plan, MAX_TEST)
    rows = index.origins[:, None] + np.arange(plan.horizon)
    y_true, observed = panel.values[rows], panel.observed[rows]
    seasonal_error = seasonal_errors(
        panel.values, panel.observed, panel.offsets, plan.season_length, prepared.split.train_end
    )
    scores = {}
    for name, entry in entries.items():
        made = intervals_index(entry.trained, entry.calibration, entry.prepared, index, LEVELS)
        scores[name] = evaluate(
            y_true,
            made.y_pred,
            observed=observed,
            series=index.series,
            seasonal_error=seasonal_error,
            lower=made.lower,
            upper=made.upper,
            levels=LEVELS,
        )
    key = "mase" if panel.n_series > 1 else "mae"
    for row in scores.values():
        row["skill"] = skill(row[key], scores["seasonal-naive"][key])
    for name, entry in entries.items():
        scores[name]["seconds"] = entry.trained.seconds
        scores[name]["windows"] = float(len(index))
    return scores


def verdict(model: str, scores: dict[str, dict[str, float]]) -> str:
    """In words: how the model compares with the seasonal naive and with the best simple model."""
    own = scores[model]["skill"]
    simple = {name: row["skill"] for name, row in scores.items() if name != model}
    best = max(simple, key=lambda name: simple[name])
    if not np.isfinite(own) or not np.isfinite(simple[best]):
        return "no skill can be given: the seasonal naive makes no error, or the past is constant."
    text = f"{model} makes {_compared(own, 0.0)} the seasonal naive"
    if best == "seasonal-naive":
        return text + (" and no simple model is better." if own >= 0 else ": use --model seasonal-naive.")
    text += f" and {_compared(own, simple[best])} the best simple model, {best}"
    better = 1 - (1 - own) / (1 - simple[best]) if simple[best] < 1 else 0.0
    if better < -_WORTH_SAYING:
        return f"{text}: it is not worth its cost here; use --model {best}."
    return f"{text}."


def _compared(skill_of_one: float, skill_of_other: float) -> str:
    share = 1 - (1 - skill_of_one) / (1 - skill_of_other) if skill_of_other < 1 else -np.inf
    if abs(share) < _WORTH_SAYING:
        return "the same error as"
    return f"{abs(share):.0%} {'less' if share > 0 else 'more'} error than"


def coverage_warnings(model: str, evaluated: Evaluated) -> list[str]:
    """What to say of intervals that held far less on the test windows than they promise."""
    scores = evaluated.scores[model]
    return [
        f"the {level:g} % intervals held only {scores[f'coverage_{level:g}']:.0%} of the held-out values: the newest "
        f"rows behave unlike those that the intervals rest on"
        for level in LEVELS
        if scores[f"coverage_{level:g}"] < level / 100 - _COVERAGE_TOLERANCE
    ]
