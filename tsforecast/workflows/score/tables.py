"""The metrics of forecasts that were really made: of all, by group, and how the error drifts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tsforecast import metrics
from tsforecast.arrays import Float64, Int64
from tsforecast.workflows.score.joined import Joined

Row = dict[str, Any]
_PERIODS = 10
_FEWEST_PERIODS = 4  # a newest one, and three before it that tell how much periods differ by chance
_DAY = 86_400
_AGES = (
    (1, "up to a day"),
    (7, "1 to 7 days"),
    (30, "7 to 30 days"),
    (90, "30 to 90 days"),
    (365, "90 days to a year"),
    (math.inf, "over a year"),
)


def scores_of(rows: Joined, which: Int64 | slice = slice(None)) -> dict[str, float]:
    """All metrics of some rows; an empty dict of none."""
    y_true, y_pred, scale = rows.y_true[which, None], rows.y_pred[which, None], rows.scale[which]
    if not len(y_true):
        return {}
    series, every = rows.series[which], np.ones(y_true.shape, dtype=bool)
    scaled = scale > 0  # every forecast is scaled by what was known before it
    kind = {"observed": every, "series": series}
    result = {
        "forecasts": len(y_true),
        "mae": metrics.mae(y_true, y_pred, **kind),
        "rmse": metrics.rmse(y_true, y_pred, **kind),
        "bias": metrics.bias(y_true, y_pred, **kind),
        "smape": metrics.smape(y_true, y_pred, **kind),
        "wape": metrics.wape(y_true, y_pred, observed=every),
        "mase": _mean(np.abs(y_true - y_pred)[scaled, 0] / scale[scaled]),
        "mase_left_out": int((~scaled).sum()),
    }
    for place, level in enumerate(rows.levels):
        lower, upper = rows.lower[which, place, None], rows.upper[which, place, None]
        kind = {"observed": np.isfinite(lower) & np.isfinite(upper), "series": series}
        result[f"coverage_{level:g}"] = metrics.coverage(y_true, lower, upper, **kind)
        result[f"interval_score_{level:g}"] = metrics.interval_score(y_true, lower, upper, level, **kind)
    return result


def by_step(rows: Joined) -> tuple[Row, ...]:
    """The metrics of each step of the horizon."""
    return tuple({"step": step, **scores_of(rows, which)} for step, which in _groups(rows.step))


def by_version(rows: Joined) -> tuple[Row, ...]:
    """The metrics of each version."""
    version = np.array([run.version for run in rows.runs], dtype=np.int64)
    models = {run.version: run.model for run in rows.runs}
    return tuple(
        {"version": number, "model": models[number], **scores_of(rows, which)}
        for number, which in _groups(version[rows.run])
    )


def by_age(rows: Joined) -> tuple[Row, ...]:
    """The metrics by the age that the version had when the forecast was made."""
    ages = [(run.made - run.published).total_seconds() / _DAY for run in rows.runs]
    group = np.searchsorted([most for most, _ in _AGES], ages)
    return tuple({"age": _AGES[place][1], **scores_of(rows, which)} for place, which in _groups(group[rows.run]))


def by_period(rows: Joined, times: Callable[[Int64], list[str]]) -> tuple[Row, ...]:
    """The metrics of at most ten periods of equal length, oldest first; the newest is a full one.

    Args:
        rows: the forecasts.
        times: writes ordinals.
    """
    table = []
    for _, which in reversed(list(_groups(_periods_back(rows)))):
        ordinals = rows.ordinal[which]
        first, last = times(np.array([ordinals.min(), ordinals.max()]))
        table.append({"from": first, "to": last, **scores_of(rows, which)})
    return tuple(table)


def by_series(rows: Joined) -> tuple[Row, ...]:
    """MAE and MASE of each series, the worst by MASE first, those without any last."""
    error, count = np.abs(rows.y_true - rows.y_pred), len(rows.ids)
    number = np.bincount(rows.series, minlength=count)
    scaled = rows.scale > 0
    mae = _of_groups(error, rows.series, count)
    mase = _of_groups(error[scaled] / rows.scale[scaled], rows.series[scaled], count)
    order = np.argsort(-np.nan_to_num(mase, nan=-1.0), kind="stable")
    return tuple(
        {"id": " / ".join(rows.ids[each]), "forecasts": int(number[each]), "mae": mae[each], "mase": mase[each]}
        for each in order.tolist()
        if number[each]
    )


def drift_of(rows: Joined) -> dict[str, float] | None:
    """The error of the newest period against those before it; None where there are too few periods.

    Errors count in multiples of the mean error of their step, so that periods with more far steps do not seem worse.
    The means of the periods before tell how much periods differ by chance: `p_value` is that of a newest one so much
    larger, by Student's t for a further observation.
    """
    if not len(rows):
        return None
    error = np.abs(rows.y_true - rows.y_pred)
    known = rows.scale > 0
    if known.any():
        error, back, step = error[known] / rows.scale[known], _periods_back(rows)[known], rows.step[known]
    else:
        back, step = _periods_back(rows), rows.step
    usual = _of_groups(error, step, int(step.max()) + 1)[step]
    means = _of_groups(np.divide(error, usual, out=np.ones_like(error), where=usual > 0), back, int(back.max()) + 1)
    newest, before = means[0], means[1:][np.isfinite(means[1:])]
    if not np.isfinite(newest) or len(before) < _FEWEST_PERIODS - 1 or not before.mean() > 0:
        return None
    from scipy.special import stdtr

    deviation = float(before.std(ddof=1)) * math.sqrt(1 + 1 / len(before))
    difference = float(newest - before.mean())
    p_value = float(stdtr(len(before) - 1, -difference / deviation)) if deviation > 0 else float(difference <= 0)
    return {"ratio": float(newest / before.mean()), "p_value": p_value, "periods": len(before) + 1}


def _mean(points: Float64) -> float:
    return float(points.mean()) if points.size else math.nan


def _periods_back(rows: Joined) -> Int64:
    """Number of each row's period, 0 for the newest."""
    if not len(rows):
        return rows.ordinal
    newest = int(rows.ordinal.max())
    length = max(1, -(-(newest - int(rows.ordinal.min()) + 1) // _PERIODS))
    return (newest - rows.ordinal) // length


def _groups(keys: Int64) -> Iterator[tuple[int, Int64]]:
    """The values of a column, ascending, each with the places of its rows."""
    order = np.argsort(keys, kind="stable")
    values, begins = np.unique(keys[order], return_index=True)
    yield from zip(values.tolist(), np.split(order, begins[1:]), strict=True) if len(values) else ()


def _of_groups(points: Float64, owner: Int64, count: int) -> Float64:
    """The mean of each group, NaN of an empty one, shape (count,)."""
    number = np.bincount(owner, minlength=count)
    return np.where(number > 0, np.bincount(owner, points, count) / np.maximum(number, 1), np.nan)
