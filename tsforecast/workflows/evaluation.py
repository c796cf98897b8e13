"""Scores on held-out windows: every model of the report on the same windows, in the user's units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.metrics import evaluate, seasonal_errors, skill
from tsforecast.models.calibration import Calibration
from tsforecast.models.forecasting import in_user_units
from tsforecast.models.learning import Prepared, Trained, predict_index, spread_index
from tsforecast.models.plan import Plan

LEVELS = (80.0, 95.0)
MAX_TEST = 10_000
_WORTH_SAYING = 0.005


@dataclass(frozen=True)
class Entry:
    """A model in the table of scores, with its intervals and the space it works in."""

    trained: Trained
    calibration: Calibration
    prepared: Prepared


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
        made = in_user_units(
            predict_index(entry.trained, entry.prepared, index),
            spread_index(entry.trained, entry.prepared, index),
            spec=entry.trained.spec,
            calibration=entry.calibration,
            scaling=entry.prepared.scaling,
            series=index.series,
            levels=LEVELS,
        )
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
