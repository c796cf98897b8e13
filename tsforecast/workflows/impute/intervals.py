"""How far filled values may be off: split conformal intervals, from errors in artificial gaps.

These gaps are others than those that chose the method. Errors of cells are kept by the kind of their gap and by how far
the cell is from the nearest value (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005: Mondrian
conformal prediction); cells of which too few are alike share the errors of the whole kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tsforecast.arrays import Float64, Int64
from tsforecast.models.imputation.gaps import CLASSES, Gap
from tsforecast.workflows.impute.choose import Choice, Judged, Kind, kind_of

LEVELS = (80.0, 95.0)
_LEAST = 60  # errors of cells alike


def depths(gap: Gap) -> Int64:
    """The class of the distance of each cell of a gap to the nearest value, shape (length,)."""
    place = np.arange(gap.length)
    from_left, from_right = place + 1, gap.length - place
    distance = {"begin": from_right, "end": from_left}.get(gap.kind, np.minimum(from_left, from_right))
    return np.searchsorted(CLASSES, distance, side="right") - 1


class Widths:
    """Half widths of intervals, in units of the scale of a column."""

    def __init__(self, judged: Sequence[Judged], choices: Mapping[Kind, Choice]) -> None:
        """Take the errors of what was chosen for each kind."""
        self._all: dict[Kind, list[Float64]] = {}
        self._deep: dict[tuple[Kind, int], list[Float64]] = {}
        for each in judged:
            kind = kind_of(each.gap)
            if kind in choices and choices[kind].judged and each.form == choices[kind].form:
                errors, deep = np.abs(each.errors), depths(each.gap)
                self._all.setdefault(kind, []).append(errors)
                for number in np.unique(deep).tolist():
                    self._deep.setdefault((kind, number), []).append(errors[deep == number])

    def of(self, gap: Gap) -> Float64:
        """For each cell of a gap and each level, NaN where no such gap could be judged, shape (length, levels)."""
        kind, deep = kind_of(gap), depths(gap)
        found = np.full((gap.length, len(LEVELS)), np.nan)
        if kind not in self._all:
            return found
        every = np.concatenate(self._all[kind])
        for number in np.unique(deep).tolist():
            own = np.concatenate(self._deep.get((kind, number), [np.empty(0)]))
            found[deep == number] = _quantiles(own if len(own) >= _LEAST else every)
        return found


def _quantiles(errors: Float64) -> Float64:
    """The error that is not exceeded in each level of cases; the largest where too few are known."""
    ordered = np.sort(errors)
    ranks = [int(np.ceil((len(ordered) + 1) * level / 100)) - 1 for level in LEVELS]
    return ordered[np.minimum(ranks, len(ordered) - 1)]
