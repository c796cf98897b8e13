"""What `impute` gives: the filled values, and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tsforecast import notebook
from tsforecast.arrays import Float64, Int64
from tsforecast.io.messages import Note, counted
from tsforecast.io.times.formats import readable_stamps
from tsforecast.models.imputation.gaps import CLASSES, Gap
from tsforecast.models.imputation.names import LINEAR
from tsforecast.series.panel import Panel, Schema
from tsforecast.workflows.impute.choose import Chosen, Kind, kind_of
from tsforecast.workflows.impute.groups import Group
from tsforecast.workflows.impute.intervals import LEVELS
from tsforecast.workflows.impute.reading import WholeTable

FILLED = "filled"


@dataclass(frozen=True)
class FilledGap:
    """A gap and what fills it.

    Args:
        id: label of the series; empty for a single one.
        start: time of the first missing value, `end` of the last.
        steps: missing values.
        method: what filled them.
        low: the least of the filled values, `high` the largest.
        half_width: mean half width of their intervals of 95 %; None where no such gap could be judged.
    """

    id: str
    start: str
    end: str
    steps: int
    method: str
    low: float
    high: float
    half_width: float | None


@dataclass(frozen=True)
class ChosenMethod:
    """What fills gaps of some lengths, and how good it was in artificial ones.

    Args:
        place: `inner` between two values, or `edge` before the first and after the last.
        shortest: steps of the gaps, from here `longest` steps; None for no end.
        method: what was chosen.
        judged: artificial gaps that were judged; 0 where there is no room for any.
        error: mean absolute error in these, in units of the mean move of a series in a step; None where there are none.
        line: that of a line.
    """

    place: str
    shortest: int
    longest: int | None
    method: str
    judged: int
    error: float | None
    line: float | None


@dataclass(frozen=True)
class Imputed:
    """The filled values.

    Args:
        whole: the table as it was.
        panel: its series with all gaps filled; what was filled is not observed.
        lower: lower bounds of the intervals of `LEVELS`; NaN for observed values and for gaps that no artificial one
            could judge, shape (rows, levels). `upper` likewise.
        names: of the methods that filled.
        methods: number of what filled each row, -1 for observed ones, shape (rows,).
    """

    whole: WholeTable
    panel: Panel
    lower: Float64
    upper: Float64
    names: tuple[str, ...]
    methods: Int64

    @property
    def schema(self) -> Schema:
        """How the table names and writes things."""
        return self.whole.data.schema


@dataclass(frozen=True)
class ImputeResult:
    """What was filled.

    Args:
        filled: values that were missing.
        gaps: the gaps, series by series.
        methods: what fills gaps of which length.
        notes: what was found and repaired in the data.
    """

    file: str
    series: int
    rows: int
    frequency_name: str
    filled: int
    levels: tuple[float, ...]
    gaps: tuple[FilledGap, ...]
    methods: tuple[ChosenMethod, ...]
    notes: tuple[Note, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @property
    def verdict(self) -> str:
        """How much was filled, and how much nearer than by a line."""
        if not self.filled:
            return f"no value is missing in {counted(self.rows, 'row')}"
        said = f"{counted(self.filled, 'value')} in {counted(len(self.gaps), 'gap')} filled"
        errors = [(each.error, each.line) for each in self.methods if each.error is not None and each.line]
        if not errors or len({each.method for each in self.methods} - {LINEAR}) == 0:
            return said
        gain = 1 - float(np.mean([error / line for error, line in errors if error is not None and line]))
        return f"{said}; in artificial gaps the error is {gain:.0%} less than that of a line"

    def _repr_html_(self) -> str:
        """What notebooks show."""
        rows = {f"{each.id} {each.start}".strip(): asdict(each) for each in self.gaps}
        title = f"Filled gaps: {self.series:,} series, {self.rows:,} rows"
        return notebook.page(title, notebook.scores(rows, ("steps", "low", "high", "half_width")), note=self.verdict)


def flags_of(schema: Schema) -> tuple[str, ...]:
    """The names of the columns that say what was filled: one for each column of values."""
    targets = schema.target_cols
    return (FILLED,) if len(targets) == 1 else tuple(f"{name}_{FILLED}" for name in targets)


def result_of(
    data: Any,
    filled: Imputed,
    groups: Sequence[Group],
    gaps: Sequence[list[Gap]],
    chosen: Chosen,
) -> ImputeResult:
    """What is told of the filled values.

    Args:
        data: what was read.
        filled: the values.
        groups: the series as matrices.
        gaps: of each group.
        chosen: what fills gaps of which kind.
    """
    panel: Panel = filled.panel
    told = [_gap(filled, group, gap) for group, own in zip(groups, gaps, strict=True) for gap in own]
    kinds = sorted({kind_of(gap) for own in gaps for gap in own}, key=lambda kind: (not kind[0], kind[1]))
    return ImputeResult(
        file=data.file,
        series=panel.n_series,
        rows=len(panel.values),
        frequency_name=panel.frequency.name,
        filled=int((~panel.observed).sum()),
        levels=LEVELS,
        gaps=tuple(told),
        methods=tuple(_chosen(kind, chosen) for kind in kinds),
        notes=data.notes,
        seconds=0.0,
    )


def _gap(filled: Imputed, group: Group, gap: Gap) -> FilledGap:
    panel, rows = filled.panel, group.rows_of(gap, filled.panel)
    ends = panel.frequency.stamps(group.start + np.array([gap.first, gap.end - 1]))
    first, last = readable_stamps(ends, filled.schema, panel.frequency)
    half = float((filled.upper[rows, -1] - filled.lower[rows, -1]).mean()) / 2
    return FilledGap(
        id=panel.label(int(group.series[gap.column])),
        start=first,
        end=last,
        steps=gap.length,
        method=filled.names[int(filled.methods[rows.start])],
        low=float(panel.values[rows].min()),
        high=float(panel.values[rows].max()),
        half_width=half if np.isfinite(half) else None,
    )


def _chosen(kind: Kind, chosen: Chosen) -> ChosenMethod:
    (inner, number), choice = kind, chosen.choices.get(kind)
    return ChosenMethod(
        place="inner" if inner else "edge",
        shortest=CLASSES[number],
        longest=CLASSES[number + 1] - 1 if number + 1 < len(CLASSES) else None,
        method=chosen.forms[chosen.form(kind)].name,
        judged=choice.gaps if choice else 0,
        error=choice.error if choice else None,
        line=choice.line if choice else None,
    )
