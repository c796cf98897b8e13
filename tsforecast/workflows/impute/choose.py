"""Which method fills gaps of which length: the one with the least error in artificial gaps.

Another method than a line must beat it there by 2 % and by more than chance explains; where too few gaps can be judged
it is the line. Gaps that overlap tell little more than one: a table counts for as many gaps as it has room for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.models.imputation.artificial import Trial, edge_trial, inner_trial
from tsforecast.models.imputation.gaps import Gap, class_of
from tsforecast.models.imputation.linear import linear
from tsforecast.models.imputation.methods import Form
from tsforecast.models.imputation.names import LINEAR
from tsforecast.workflows.impute.groups import Group

Kind = tuple[bool, int]  # whether a gap lies between two values, and the class of its length
_CHANCE = 0.05  # of tables in which a method no better than a line seems so, all forms together
_WORTH = 0.02  # of the error of a line, by which a method must be better
_FEWEST = 3  # gaps, below which nothing is chosen
# Cells of a group up to which so many trials are made; in larger ones a trial has room for more gaps.
_TRIALS = ((2_000, 6), (20_000, 3))
_FEWEST_TRIALS = 2


def kind_of(gap: Gap) -> Kind:
    """What gaps are judged together."""
    return gap.kind == "inner", class_of(gap.length)


@dataclass(frozen=True)
class Judged:
    """Errors of one form in an artificial gap, in units of the scale of its column, shape (length,)."""

    gap: Gap
    form: int
    errors: Float64
    weight: float  # 1, or less where gaps of the kind overlap: what the group has room for over how many were cut


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


@dataclass(frozen=True)
class Chosen:
    """What fills gaps of which kind.

    Args:
        forms: what was tried.
        choices: of the kinds that could be judged.
    """

    forms: Sequence[Form]
    choices: Mapping[Kind, Choice]

    def form(self, kind: Kind) -> int:
        """The form that fills gaps of a kind, by number: where none could be judged, that of the longest shorter ones.

        It is a line, or the first form, where no shorter one could be judged either.
        """
        inner, number = kind
        for each in range(number, -1, -1):
            choice = self.choices.get((inner, each))
            if choice is not None and (choice.judged or each == 0):
                return choice.form
        return _line(self.forms) or 0


def fill(form: Form, values: Float64) -> Float64:
    """Fill by a form: nothing but numbers, in reach of the values, and not below zero where these are not."""
    with np.errstate(all="ignore"):
        filled = form.fill(values)
    seen = ~np.isnan(values)
    low = np.min(values, axis=0, where=seen, initial=np.inf)
    high = np.max(values, axis=0, where=seen, initial=-np.inf)
    least = np.where(low >= 0, np.maximum(low - (high - low), 0.0), low - (high - low))
    made = np.clip(np.where(np.isfinite(filled), filled, linear(values)), least, high + (high - low))
    return np.where(seen, values, made)


def trials_of(group: Group, gaps: list[Gap], rng: np.random.Generator) -> list[Trial]:
    """Artificial gaps in a group like those that it has; in some trials, as few may be hidden at once."""
    count = next((count for most, count in _TRIALS if group.values.size <= most), _FEWEST_TRIALS)
    found = []
    if any(gap.kind == "inner" for gap in gaps):
        found += [inner_trial(group.values, gaps, rng) for _ in range(count)]
    if any(gap.kind != "inner" for gap in gaps):
        found += [edge_trial(group.values, gaps, rng) for _ in range(count)]
    return [trial for trial in found if trial.gaps]


def judge(group: Group, trials: Sequence[Trial], forms: Sequence[Form], told: Callable[[], None]) -> list[Judged]:
    """The errors of the forms in artificial gaps; `told` is called after each form of each trial."""
    found: list[Judged] = []
    # Columns move together: gaps at one time in several of them tell little more than one.
    rows = int((~np.isnan(group.values)).any(axis=1).sum())
    counts = Counter(kind_of(gap) for trial in trials for gap in trial.gaps)
    for trial in trials:
        known = np.where(trial.hidden, np.nan, group.values)
        for number, form in enumerate(forms):
            made = fill(form, known)
            for gap in trial.gaps:
                cells = slice(gap.first, gap.end), gap.column
                off = (made[cells] - group.values[cells]) / group.scales[gap.column]
                if np.isfinite(off).all():
                    weight = min(1.0, rows / gap.length / counts[kind_of(gap)])
                    found.append(Judged(gap, number, off, weight))
            told()
    return found


def choose(judged: Sequence[Judged], forms: Sequence[Form]) -> Chosen:
    """The form for each kind of gap that could be judged; where no line is tried, the best form wins as it is.

    Args:
        judged: errors of all forms.
        forms: what was tried.
    """
    line = _line(forms)
    kinds: dict[Kind, list[list[float]]] = {}
    rooms: dict[Kind, float] = {}
    for each in judged:
        kind = kind_of(each.gap)
        kinds.setdefault(kind, [[] for _ in forms])[each.form].append(float(np.abs(each.errors).mean()))
        rooms[kind] = rooms.get(kind, 0.0) + each.weight / len(forms)
    chosen = {}
    for kind, lists in kinds.items():
        errors = np.array(lists)
        best = _best(errors, line, rooms[kind])
        usual = best if line is None else line
        count = errors.shape[1]
        enough = rooms[kind] >= _FEWEST
        chosen[kind] = Choice(best, count, float(errors[best].mean()), float(errors[usual].mean()), enough)
    return Chosen(forms, chosen)


def _line(forms: Sequence[Form]) -> int | None:
    """The number of the form that is a line; None where none is tried."""
    return next((number for number, form in enumerate(forms) if form.method == LINEAR), None)


def _best(errors: Float64, line: int | None, room: float) -> int:
    """The form with the least mean error, shape of the errors (forms, gaps), if it is surely better than a line."""
    from scipy.special import stdtrit

    order = np.argsort(errors.mean(axis=1), kind="stable").tolist()
    if line is None:
        return int(order[0])
    if room < _FEWEST:
        return line
    # Student's test of the mean difference, with a level that is shared by all forms.
    least = float(stdtrit(room - 1, 1 - _CHANCE / max(1, len(errors) - 1)))
    for number in order:
        if number == line:
            return line
        better = errors[line] - errors[number]
        sure = better.mean() > least * better.std(ddof=1) / np.sqrt(room)
        if sure and better.mean() > _WORTH * errors[line].mean():
            return int(number)
    return line
