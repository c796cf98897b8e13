"""Read a table, choose what fills its gaps, and fill them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast import notebook
from tsforecast.arrays import Float64, Int64
from tsforecast.errors import DataError, OptionError
from tsforecast.io.messages import Note, counted, info, warning
from tsforecast.io.options import ReadOptions
from tsforecast.io.times.formats import readable_stamps
from tsforecast.models.imputation.artificial import Trial
from tsforecast.models.imputation.gaps import CLASSES, Gap, find_gaps
from tsforecast.models.imputation.methods import Form, forms
from tsforecast.models.imputation.names import LINEAR, NETWORK
from tsforecast.models.imputation.network import EPOCHS
from tsforecast.models.training.config import TrainingConfig
from tsforecast.progress import GapsFilled, Message, Report
from tsforecast.series.frequency import season_length
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.seasons import seasons_of_panel
from tsforecast.workflows.impute.choose import Choice, Judged, Kind, choose, fill, judge, kind_of, trials_of
from tsforecast.workflows.impute.groups import Group, groups_of
from tsforecast.workflows.impute.intervals import LEVELS, Widths
from tsforecast.workflows.impute.reading import WholeTable, read_whole
from tsforecast.workflows.impute.settings import ImputeSettings

if TYPE_CHECKING:
    import pandas as pd

FILLED = "filled"
_MOST_JUDGED = 30  # groups in which gaps are cut
_MOST_SEASONS = 2
Check = Callable[[Panel], None]


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


def impute(
    source: str | Path | pd.DataFrame,
    *,
    settings: ImputeSettings,
    reading: ReadOptions,
    check: Check = lambda panel: None,
    report: Report = lambda event: None,
) -> tuple[ImputeResult, Imputed]:
    """Fill the missing values of a table.

    Args:
        source: as for `read_panel`.
        settings: by which methods.
        reading: about the table.
        check: is called with the series before the work, and refuses what cannot be made of them.
        report: receives messages and progress.

    Raises:
        TsforecastError: bad options (2), bad data (65), missing input (66).
    """
    began = time.monotonic()
    whole = read_whole(source, reading, report)
    data = whole.data
    for note in data.notes:
        report(Message(note.kind, note.text))
    check_flags(whole)
    check(data.panel)
    groups = groups_of(data.panel)
    gaps = [find_gaps(group.values, group.inside) for group in groups]
    seasons = _seasons(data.panel)
    shapes = forms(settings.tried, seasons)
    filled, chosen = _filled(whole, groups, gaps, shapes, seasons, settings, report)
    notes = (*data.notes, *_notes(gaps, chosen))
    result = _result(replace(data, notes=notes), filled, groups, gaps, shapes, chosen)
    return replace(result, seconds=time.monotonic() - began), filled


def flags_of(schema: Schema) -> tuple[str, ...]:
    """The names of the columns that say what was filled: one for each column of values."""
    targets = schema.target_cols
    return (FILLED,) if len(targets) == 1 else tuple(f"{name}_{FILLED}" for name in targets)


def check_flags(whole: WholeTable) -> None:
    """Refuse a table that has a column like one of ours.

    Raises:
        DataError: naming the column.
    """
    for name in flags_of(whole.data.schema):
        if name in whole.table.columns:
            raise DataError(
                f"the table has a column '{name}' already, which says what was filled",
                hint="rename it, or leave it out",
                file=whole.data.file,
            )


def _seasons(panel: Panel) -> tuple[int, ...]:
    """Seasons that are tried: that of the calendar, and those that are found."""
    longest = int(panel.lengths.max())
    found = (season_length(panel.frequency), *(season.length for season in seasons_of_panel(panel)))
    fitting = [season for season in dict.fromkeys(found) if 1 < season <= longest // 2]
    return tuple(sorted(fitting[:_MOST_SEASONS]))


def _filled(
    whole: WholeTable,
    groups: Sequence[Group],
    gaps: Sequence[list[Gap]],
    shapes: list[Form],
    seasons: tuple[int, ...],
    settings: ImputeSettings,
    report: Report,
) -> tuple[Imputed, dict[Kind, Choice]]:
    """Choose by some artificial gaps, learn the intervals from others, and fill."""
    panel = whole.data.panel
    values, methods = panel.values.copy(), np.full(len(panel.values), -1)
    lower, upper = (np.full((len(values), len(LEVELS)), np.nan) for _ in range(2))
    some = [number for number, own in enumerate(gaps) if own]
    if not some:
        return Imputed(whole, panel, lower, upper, (), methods), {}
    rng = np.random.default_rng(settings.seed)
    line = next((number for number, shape in enumerate(shapes) if shape.method == LINEAR), None)
    picked = rng.permutation(some)[:_MOST_JUDGED].tolist()
    trials = [(groups[number], trials_of(groups[number], gaps[number], rng)) for number in picked for _ in range(2)]
    networks = int(NETWORK in settings.tried)
    total = sum(len(own) for _, own in trials) * (len(shapes) + networks) + len(some) + networks * EPOCHS
    done = 0

    def told() -> None:
        nonlocal done
        done += 1
        report(GapsFilled(done, total))

    report(GapsFilled(0, total))
    if NETWORK in settings.tried:
        shapes.append(_trained(groups, gaps, trials, seasons, settings, told))
    halves: list[list[Judged]] = [[], []]
    for place, (group, own) in enumerate(trials):
        halves[place % 2] += judge(group, own, shapes, told)
    chosen = choose(halves[0], shapes, line)
    widths = Widths(halves[1], chosen)
    judged_again = choose(halves[1], shapes, line)
    for number in some:
        group = groups[number]
        used = {_form_of(kind_of(gap), chosen, line) for gap in gaps[number]}
        made = {form: fill(shapes[form], group.values) for form in used}
        for gap in gaps[number]:
            form = _form_of(kind_of(gap), chosen, line)
            series = int(group.series[gap.column])
            row = int(panel.offsets[series]) + group.start + gap.first - int(panel.starts[series])
            rows = slice(row, row + gap.length)
            values[rows] = made[form][gap.first : gap.end, gap.column]
            methods[rows] = form
            half = widths.of(gap) * group.scales[gap.column]
            lower[rows], upper[rows] = values[rows, None] - half, values[rows, None] + half
        told()
    report(GapsFilled(total, total))
    names = tuple(shape.name for shape in shapes)
    # What is said of the error comes from the gaps that chose nothing.
    return Imputed(whole, replace(panel, values=values), lower, upper, names, methods), {
        kind: _again(choice, kind, halves[1], judged_again) for kind, choice in chosen.items()
    }


def _trained(
    groups: Sequence[Group],
    gaps: Sequence[list[Gap]],
    trials: Sequence[tuple[Group, list[Trial]]],
    seasons: tuple[int, ...],
    settings: ImputeSettings,
    told: Callable[[], None],
) -> Form:
    """A network that has seen none of the values that will judge it.

    Raises:
        OptionError: the series are no columns of one table.
    """
    from tsforecast.models.imputation.network import train

    if len(groups) > 1:
        raise OptionError(
            f"a network needs series side by side, and these {len(groups):,} are too many or too far apart",
            hint="leave network out of --methods, or choose fewer with --target-col",
        )
    unseen = np.any([trial.hidden for _, own in trials for trial in own], axis=0)
    values = np.where(unseen, np.nan, groups[0].values)
    made = train(
        values, gaps[0], seasons[0] if seasons else 1, seed=settings.seed, threads=TrainingConfig.threads, told=told
    )
    if made is None:
        raise DataError(
            "there are too few values, or no gaps between values, to train a network on",
            hint="leave network out of --methods",
        )
    return Form(NETWORK, "", made)


def _again(choice: Choice, kind: Kind, judged: Sequence[Judged], again: Mapping[Kind, Choice]) -> Choice:
    errors = [
        float(np.abs(each.errors).mean()) for each in judged if kind_of(each.gap) == kind and each.form == choice.form
    ]
    if not errors:
        return choice
    return replace(choice, gaps=len(errors), error=float(np.mean(errors)), line=again[kind].line)


def _form_of(kind: Kind, chosen: Mapping[Kind, Choice], line: int | None) -> int:
    """The number of the form that fills gaps of a kind: where none could be judged, that of the longest shorter ones.

    It is a line, or the first form, where no shorter one could be judged either.
    """
    inner, number = kind
    for each in range(number, -1, -1):
        choice = chosen.get((inner, each))
        if choice is not None and (choice.judged or each == 0):
            return choice.form
    return line or 0


def _notes(gaps: Sequence[list[Gap]], chosen: Mapping[Kind, Choice]) -> list[Note]:
    every = [gap for own in gaps for gap in own]
    if not every:
        return [info("no value is missing: nothing is filled")]
    unjudged = [gap for gap in every if kind_of(gap) not in chosen or not chosen[kind_of(gap)].judged]
    if not unjudged:
        return []
    longest = max(gap.length for gap in unjudged)
    return [
        warning(
            f"{counted(len(unjudged), 'gap')} of up to {counted(longest, 'step')} cannot be judged, as too few like "
            "them can be cut elsewhere: filled as the longest that could be judged, else by a line"
        )
    ]


def _result(
    data: Any,
    filled: Imputed,
    groups: Sequence[Group],
    gaps: Sequence[list[Gap]],
    shapes: Sequence[Form],
    chosen: Mapping[Kind, Choice],
) -> ImputeResult:
    panel: Panel = filled.panel
    told = [
        _gap(filled, int(group.series[gap.column]), group.start, gap)
        for group, own in zip(groups, gaps, strict=True)
        for gap in own
    ]
    kinds = sorted({kind_of(gap) for own in gaps for gap in own}, key=lambda kind: (not kind[0], kind[1]))
    line = next((number for number, shape in enumerate(shapes) if shape.method == LINEAR), None)
    return ImputeResult(
        file=data.file,
        series=panel.n_series,
        rows=len(panel.values),
        frequency_name=panel.frequency.name,
        filled=int((~panel.observed).sum()),
        levels=LEVELS,
        gaps=tuple(told),
        methods=tuple(_chosen(kind, chosen, shapes, line) for kind in kinds),
        notes=data.notes,
        seconds=0.0,
    )


def _gap(filled: Imputed, series: int, start: int, gap: Gap) -> FilledGap:
    panel = filled.panel
    row = int(panel.offsets[series]) + start + gap.first - int(panel.starts[series])
    rows = slice(row, row + gap.length)
    ends = panel.frequency.stamps(start + np.array([gap.first, gap.end - 1]))
    first, last = readable_stamps(ends, filled.schema, panel.frequency)
    half = float((filled.upper[rows, -1] - filled.lower[rows, -1]).mean()) / 2
    return FilledGap(
        id=panel.label(series),
        start=first,
        end=last,
        steps=gap.length,
        method=filled.names[int(filled.methods[row])],
        low=float(panel.values[rows].min()),
        high=float(panel.values[rows].max()),
        half_width=half if np.isfinite(half) else None,
    )


def _chosen(kind: Kind, chosen: Mapping[Kind, Choice], shapes: Sequence[Form], line: int | None) -> ChosenMethod:
    (inner, number), choice = kind, chosen.get(kind)
    return ChosenMethod(
        place="inner" if inner else "edge",
        shortest=CLASSES[number],
        longest=CLASSES[number + 1] - 1 if number + 1 < len(CLASSES) else None,
        method=shapes[_form_of(kind, chosen, line)].name,
        judged=choice.gaps if choice else 0,
        error=choice.error if choice else None,
        line=choice.line if choice else None,
    )
