"""Which method fills gaps of which length: the one with the least error in artificial gaps.

Another method than a line must beat the line there by more than chance explains; where too few gaps can be judged it is
the line. Gaps that overlap tell little more than one: a column counts for as many gaps as it has room for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.models.imputation.artificial import Trial, edge_trial, inner_trial
from tsforecast.models.imputation.gaps import Gap, class_of
from tsforecast.models.imputation.linear import linear
from tsforecast.models.imputation.methods import Form
from tsforecast.workflows.impute.groups import Group

Kind = tuple[bool, int]  # whether a gap lies between two values, and the class of its length
_SURE = 2.0  # standard errors by which a method must be better than a line
_FEWEST = 4  # gaps, below which nothing is chosen
_ROWS = 20_000  # cells of a group, above which fewer trials are enough
_TRIALS, _FEW_TRIALS = 6, 2


def kind_of(gap: Gap) -> Kind:
    """What gaps are judged together."""
    return gap.kind == "inner", class_of(gap.length)


@dataclass(frozen=True)
class Judged:
    """Errors of one form in an artificial gap, in units of the scale of its column, shape (length,)."""

    gap: Gap
    form: int
    errors: Float64
    most: float  # such gaps that the group has room for


@dataclass(frozen=True)
class Choice:
    """What fills the gaps of a kind.

    Args:
        form: number of the form.
        gaps: artificial ones that were judged.
        error: mean absolute error of the form in these, in units of the mean move of a column in a step.
        line: that of a line.
        judged: whether the gaps were enough to choose by.
    """

    form: int
    gaps: int
    error: float
    line: float
    judged: bool


def fill(form: Form, values: Float64) -> Float64:
    """Fill by a form: nothing but numbers, in reach of the values, and not below zero where these are not."""
    with np.errstate(all="ignore"):
        filled = form.fill(values)
        low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    least = np.where(low >= 0, np.maximum(low - (high - low), 0.0), low - (high - low))
    made = np.clip(np.where(np.isfinite(filled), filled, linear(values)), least, high + (high - low))
    return np.where(np.isnan(values), made, values)


def trials_of(group: Group, gaps: list[Gap], rng: np.random.Generator) -> list[Trial]:
    """Artificial gaps in a group like those that it has; in some trials, as few may be hidden at once."""
    count = _TRIALS if group.values.size <= _ROWS else _FEW_TRIALS
    found = []
    if any(gap.kind == "inner" for gap in gaps):
        found += [inner_trial(group.values, gaps, rng) for _ in range(count)]
    if any(gap.kind != "inner" for gap in gaps):
        found += [edge_trial(group.values, gaps, rng) for _ in range(count)]
    return [trial for trial in found if trial.gaps]


def judge(group: Group, trials: Sequence[Trial], forms: Sequence[Form], told: Callable[[], None]) -> list[Judged]:
    """The errors of the forms in artificial gaps; `told` is called after each form of each trial."""
    found, values = [], float((~np.isnan(group.values)).sum())
    for trial in trials:
        known = np.where(trial.hidden, np.nan, group.values)
        for number, form in enumerate(forms):
            made = fill(form, known)
            for gap in trial.gaps:
                cells = slice(gap.first, gap.end), gap.column
                off = (made[cells] - group.values[cells]) / group.scales[gap.column]
                found.append(Judged(gap, number, off, values / gap.length))
            told()
    return found


def choose(judged: Sequence[Judged], forms: Sequence[Form], line: int | None) -> dict[Kind, Choice]:
    """The form for each kind of gap that could be judged.

    Args:
        judged: errors of all forms.
        forms: what was tried.
        line: number of the form that is a line; None where none is tried, and the best form wins as it is.
    """
    kinds: dict[Kind, list[list[float]]] = {}
    rooms: dict[Kind, float] = {}
    for each in judged:
        kind = kind_of(each.gap)
        kinds.setdefault(kind, [[] for _ in forms])[each.form].append(float(np.abs(each.errors).mean()))
        rooms[kind] = max(rooms.get(kind, 0.0), each.most)
    chosen = {}
    for kind, lists in kinds.items():
        errors = np.array(lists)
        best = _best(errors, line, rooms[kind])
        usual = best if line is None else line
        count = errors.shape[1]
        enough = min(count, rooms[kind]) >= _FEWEST
        chosen[kind] = Choice(best, count, float(errors[best].mean()), float(errors[usual].mean()), enough)
    return chosen


def _best(errors: Float64, line: int | None, room: float) -> int:
    """The form with the least mean error, shape of the errors (forms, gaps), if it is surely better than a line."""
    order = np.argsort(errors.mean(axis=1), kind="stable").tolist()
    if line is None:
        return int(order[0])
    count = min(errors.shape[1], room)
    for number in order:
        if number == line or count < _FEWEST:
            return line
        better = errors[line] - errors[number]
        if better.mean() > _SURE * better.std() / np.sqrt(count):
            return int(number)
    return line
