"""Read a table, choose what fills its gaps, and fill them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tsforecast.errors import DataError, OptionError
from tsforecast.io.messages import Note, counted, info, tell, warning
from tsforecast.io.options import ReadOptions
from tsforecast.models.imputation.artificial import Trial
from tsforecast.models.imputation.gaps import Gap, find_gaps
from tsforecast.models.imputation.methods import Form, forms
from tsforecast.models.imputation.names import NETWORK
from tsforecast.models.imputation.network import EPOCHS
from tsforecast.models.training.config import TrainingConfig
from tsforecast.progress import GapsFilled, Report
from tsforecast.series.frequency import season_length
from tsforecast.series.panel import Panel
from tsforecast.series.seasons import seasons_of_panel
from tsforecast.workflows.impute.choose import Choice, Chosen, Judged, Kind, choose, fill, judge, kind_of, trials_of
from tsforecast.workflows.impute.groups import Group, groups_of
from tsforecast.workflows.impute.intervals import LEVELS, Widths
from tsforecast.workflows.impute.reading import WholeTable, read_whole
from tsforecast.workflows.impute.results import Imputed, ImputeResult, flags_of, result_of
from tsforecast.workflows.impute.settings import ImputeSettings

if TYPE_CHECKING:
    import pandas as pd

_MOST_JUDGED = 30  # groups in which gaps are cut
_MOST_SEASONS = 2
Check = Callable[[Panel], None]


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
    tell(data.notes, report)
    check_flags(whole)
    check(data.panel)
    groups = groups_of(data.panel)
    gaps = [find_gaps(group.values, group.inside) for group in groups]
    seasons = _seasons(data.panel)
    shapes = forms(settings.tried, seasons)
    filled, chosen = _filled(whole, groups, gaps, shapes, seasons, settings, report)
    notes = (*data.notes, *_notes(gaps, chosen.choices))
    result = result_of(replace(data, notes=notes), filled, groups, gaps, chosen)
    return replace(result, seconds=time.monotonic() - began), filled


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
) -> tuple[Imputed, Chosen]:
    """Choose by some artificial gaps, learn the intervals from others, and fill."""
    some = [number for number, own in enumerate(gaps) if own]
    if not some:
        nothing = Chosen((), {})
        return _written(whole, groups, gaps, nothing, Widths((), {})), nothing
    rng = np.random.default_rng(settings.seed)
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
    chosen = choose(halves[0], shapes)
    filled = _written(whole, groups, gaps, chosen, Widths(halves[1], chosen.choices), told)
    report(GapsFilled(total, total))
    return filled, _judged_by(halves[1], chosen)


def _written(
    whole: WholeTable,
    groups: Sequence[Group],
    gaps: Sequence[list[Gap]],
    chosen: Chosen,
    widths: Widths,
    told: Callable[[], None] = lambda: None,
) -> Imputed:
    """Write what is chosen into the gaps, with intervals around it; `told` is called after each group."""
    panel = whole.data.panel
    values, methods = panel.values.copy(), np.full(len(panel.values), -1)
    lower, upper = (np.full((len(values), len(LEVELS)), np.nan) for _ in range(2))
    for group, own in zip(groups, gaps, strict=True):
        forms = [chosen.form(kind_of(gap)) for gap in own]
        made = {form: fill(chosen.forms[form], group.values) for form in set(forms)}
        for gap, form in zip(own, forms, strict=True):
            rows = group.rows_of(gap, panel)
            values[rows] = made[form][gap.first : gap.end, gap.column]
            methods[rows] = form
            half = widths.of(gap) * group.scales[gap.column]
            lower[rows], upper[rows] = values[rows, None] - half, values[rows, None] + half
        if own:
            told()
    names = tuple(form.name for form in chosen.forms)
    return Imputed(whole, replace(panel, values=values), lower, upper, names, methods)


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


def _judged_by(judged: Sequence[Judged], chosen: Chosen) -> Chosen:
    """The same choices with the errors in gaps that chose nothing, which are what is told of them."""
    again = choose(judged, chosen.forms).choices
    choices = dict(chosen.choices)
    for kind, choice in chosen.choices.items():
        own = [each.errors for each in judged if kind_of(each.gap) == kind and each.form == choice.form]
        if own:
            error = float(np.mean([float(np.abs(errors).mean()) for errors in own]))
            choices[kind] = replace(choice, gaps=len(own), error=error, line=again[kind].line)
    return replace(chosen, choices=choices)


def _notes(gaps: Sequence[list[Gap]], choices: Mapping[Kind, Choice]) -> list[Note]:
    every = [gap for own in gaps for gap in own]
    if not every:
        return [info("no value is missing: nothing is filled")]
    unjudged = [gap for gap in every if kind_of(gap) not in choices or not choices[kind_of(gap)].judged]
    if not unjudged:
        return []
    longest = max(gap.length for gap in unjudged)
    return [
        warning(
            f"{counted(len(unjudged), 'gap')} of up to {counted(longest, 'step')} cannot be judged, as too few like "
            "them can be cut elsewhere: filled as the longest that could be judged, else by a line"
        )
    ]
