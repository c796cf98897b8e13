"""Read what happened, join it with what was forecast, keep it, and score."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast import clock, notebook
from tsforecast.arrays import Int64
from tsforecast.errors import GateError, OptionError
from tsforecast.files import check_file
from tsforecast.io.messages import Note, counted, info, tell, warning
from tsforecast.io.options import ReadOptions
from tsforecast.io.times.formats import readable_stamps
from tsforecast.io.writing.forecasts import format_of
from tsforecast.io.writing.tables import write_table
from tsforecast.metrics import METRICS
from tsforecast.options import DEFAULT_STORE
from tsforecast.progress import Report
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import Schema
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.ledger.actuals import keep_actuals, read_actuals
from tsforecast.store.ledger.runs import NEVER, Run, count_runs, layout_of, newest_runs, read_runs
from tsforecast.store.model import StoredModel
from tsforecast.store.store import Store
from tsforecast.workflows.score.joined import (
    Happened,
    Joined,
    JoinResult,
    check_joined_frame,
    happened_as_kept,
    happened_in,
    join,
    joined_frame,
)
from tsforecast.workflows.score.settings import ScoreLimits, ScoreSettings
from tsforecast.workflows.score.tables import (
    Row,
    by_age,
    by_period,
    by_series,
    by_step,
    by_version,
    drift_of,
    scores_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from tsforecast.io.reading.panel import ReadResult

_CHANCE = 0.05
ALL, NO_LIMITS = ScoreSettings(), ScoreLimits()


@dataclass(frozen=True)
class ScoreResult:
    """How good the forecasts of a model were.

    Args:
        name: of the model.
        file: where the actuals come from.
        first: the first time that was scored; empty where none was. `last` is the last one.
        runs: of which forecasts were scored; `waiting` forecasts are of times that nothing is known of yet.
        unread: older runs that were not looked at.
        revised: actuals that differ from those of an earlier scoring.
        levels: of the intervals, in percent.
        scores: metrics of all forecasts together; the tables below have the same of parts.
        drift: the error of the newest period over that of those before, and the p-value of the difference.
        outside: what is outside the limits, in words.
        rows: every forecast that was scored.
        schema: how the user's table is written, and `frequency` its step.
    """

    name: str
    file: str
    first: str
    last: str
    runs: int
    waiting: int
    revised: int
    levels: tuple[float, ...]
    scores: dict[str, float]
    by_step: tuple[Row, ...]
    by_age: tuple[Row, ...]
    by_version: tuple[Row, ...]
    by_period: tuple[Row, ...]
    by_series: tuple[Row, ...]
    drift: dict[str, float] | None
    outside: tuple[str, ...]
    notes: tuple[Note, ...]
    rows: Joined
    schema: Schema
    frequency: Frequency
    unread: int = 0

    @property
    def exit_code(self) -> int:
        """0, or that of a limit that does not hold."""
        return GateError.exit_code if self.outside else 0

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Every forecast that was scored beside what happened, in long form."""
        return joined_frame(self.rows, self.schema, self.frequency)

    @property
    def verdict(self) -> str:
        """The scores in words."""
        return _verdict(self)

    def _repr_html_(self) -> str:
        """What notebooks show."""
        title = f"{self.name}: forecasts of {counted(self.runs, 'run')} scored on {self.file}"
        if self.first:
            title += f", from {self.first} to {self.last}"
        tables = ({"all": self.scores}, {f"version {row['version']}": row for row in self.by_version})
        found = {name: row for table in tables for name, row in table.items() if row}
        keys = ("forecasts", "mae", "wape", "mase", "coverage_")
        limits = "".join(f" Outside a limit: {text}." for text in self.outside)
        return notebook.page(title, notebook.scores(found, keys, "") if found else "", note=f"{self.verdict}.{limits}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = {
            name: value for name, value in vars(self).items() if name not in ("rows", "schema", "frequency", "frame")
        }
        return plain | {
            "notes": [vars(note) for note in self.notes],
            "frequency": self.frequency.name,
            "verdict": self.verdict,
        }


def score(
    source: str | Path | pd.DataFrame | None = None,
    *,
    settings: ScoreSettings = ALL,
    limits: ScoreLimits = NO_LIMITS,
    reading: ReadOptions | None = None,
    store: str | Path = DEFAULT_STORE,
    name: str | None = None,
    output: str | Path | None = None,
    trusted: bool = False,
    most: int | None = None,
    report: Report = lambda event: None,
) -> ScoreResult:
    """Score the forecasts that were noted in a model's ledger, and keep the actuals there.

    Args:
        source: table with what happened, in the columns that the model was fitted on; None takes the actuals that
            earlier scorings have kept.
        settings: which forecasts and actuals count.
        limits: of the scores.
        reading: how to read `source`.
        store: folder of all models.
        name: name of the model; None takes the one published last.
        output: file for the forecasts beside what happened, in long form; None for none.
        trusted: whether to use a model that other users could have changed.
        most: forecasts of a series to score, those of the newest runs; None for all.
        report: receives messages.

    Raises:
        TsforecastError: bad options (2), bad data or a damaged ledger (65), nothing noted (66), an output that cannot
            be written (73, 74), a busy ledger (75), a model that other users could have changed (77).
    """
    _check(source, settings, output)
    began = clock.now()
    model = Store(store, trusted).find(name)
    bundle = model.open().bundle
    if output is not None:
        check_joined_frame(bundle.schema)
    layout = layout_of(bundle.schema, bundle.recent.frequency)
    own, others = count_runs(model.folder, layout, trusted=trusted)
    data = None if source is None else _read(source, bundle, reading, report)
    happened = _happened(model, layout, data, settings)
    first = _first(happened, settings)
    begin, unread = (0, 0) if most is None else newest_runs(model.folder, layout, most, trusted=trusted)
    runs = read_runs(model.folder, layout, trusted=trusted, since=first, begin=begin)
    found = join(runs, happened, made_until=settings.made_until, first=first)
    revised = 0
    if data is not None and len(found.seen.values):
        facts: dict[str, Any] = {"made": began, "file": data.file, "data_hash": data.data_hash}
        _, revised = keep_actuals(model.folder, layout, found.seen, trusted=trusted, **facts)
    notes = [*(data.notes if data else ()), *_notes(found, others, revised), *_gap_notes(runs, own, happened, bundle)]
    tell(notes, report)
    result = replace(_result(model.name, data, found, revised, limits, notes, bundle), unread=unread)
    if output is not None:
        write_table(result.frame, output)
    return result


def _check(source: object, settings: ScoreSettings, output: str | Path | None) -> None:
    if source is not None and settings.actuals_as_of is not None:
        raise OptionError(
            "the actuals are those of DATA, or those that were known at --actuals-as-of", hint="give one of the two"
        )
    if output is not None:
        format_of(output)
        check_file(output)


def _read(source: str | Path | pd.DataFrame, bundle: Bundle, reading: ReadOptions | None, report: Report) -> ReadResult:
    """The table by the columns of the model; what it knows besides is not needed to score."""
    from tsforecast.io.reading.panel import read_panel

    schema = replace(
        bundle.schema, past_cols=(), future_cols=(), static_cols=(), category_cols=(), lags=(), holidays=()
    )
    options, step = reading or ReadOptions(), bundle.recent.frequency
    return read_panel(source, options, schema=schema, frequency=step, held=bundle.held, report=report)


def _happened(model: StoredModel, layout: str, data: ReadResult | None, settings: ScoreSettings) -> Happened:
    if data is not None:
        return happened_in(data.panel)
    kept = read_actuals(model.folder, layout, until=settings.known_until, trusted=model.trusted)
    return happened_as_kept(kept)


def _first(happened: Happened, settings: ScoreSettings) -> int:
    """Ordinal of the first time to score."""
    newest = happened.newest
    if settings.newest is not None and newest is not None:
        return newest - settings.newest + 1
    return int(happened.starts.min()) if len(happened.ids) else NEVER


def _notes(found: JoinResult, others: int, revised: int) -> list[Note]:
    notes = []
    if others:
        many = counted(others, "run is", "runs are")
        notes.append(warning(f"{many} left out: of versions with other columns, another step or another clock"))
    if found.learned:
        many = counted(found.learned, "forecast is", "forecasts are")
        notes.append(warning(f"{many} left out: of times that the model had learned from"))
    if revised:
        many = counted(revised, "value differs", "values differ")
        notes.append(info(f"{many} from those of an earlier scoring: the new ones count, both are kept"))
    return notes


def _gap_notes(runs: list[Run], own: int, happened: Happened, bundle: Bundle) -> list[Note]:
    """What is said where nothing can be scored, or forecasts have come to an end."""
    newest = happened.newest
    if newest is None:
        return [warning("no actuals are known: give DATA")]
    last = max((int(run.forecast.starts.max()) + run.forecast.horizon - 1 for run in runs), default=None)
    if last is not None and last >= newest:
        return []
    until = _texts(np.array([newest]), bundle.schema, bundle.recent.frequency)[0]
    if last is None:
        return [
            warning(f"no forecast of these times was noted, in {counted(own, 'run')}; the actuals end with {until}")
        ]
    text = _texts(np.array([last]), bundle.schema, bundle.recent.frequency)[0]
    return [warning(f"the forecasts end with {text}, the actuals with {until}: does `predict --ledger` still run?")]


def _result(
    name: str,
    data: ReadResult | None,
    found: JoinResult,
    revised: int,
    limits: ScoreLimits,
    notes: list[Note],
    bundle: Bundle,
) -> ScoreResult:
    rows, schema, frequency = found.rows, bundle.schema, bundle.recent.frequency
    edges = [rows.ordinal.min(), rows.ordinal.max()] if len(rows) else []
    first, last = _texts(np.array(edges), schema, frequency) if edges else ("", "")
    scores = scores_of(rows)
    return ScoreResult(
        name=name,
        file="the ledger" if data is None else data.file,
        first=first,
        last=last,
        runs=len(np.unique(rows.run)),
        waiting=found.waiting,
        revised=revised,
        levels=rows.levels,
        scores=scores,
        by_step=by_step(rows),
        by_age=by_age(rows),
        by_version=by_version(rows),
        by_period=by_period(rows, lambda ordinals: _texts(ordinals, schema, frequency)),
        by_series=by_series(rows),
        drift=drift_of(rows),
        outside=tuple(_outside(scores, limits, rows.levels, stopped=not found.waiting)),
        notes=tuple(notes),
        rows=rows,
        schema=schema,
        frequency=frequency,
    )


def _texts(ordinals: Int64, schema: Schema, frequency: Frequency) -> list[str]:
    return readable_stamps(frequency.stamps(ordinals), schema, frequency)


def _outside(scores: dict[str, float], limits: ScoreLimits, levels: tuple[float, ...], *, stopped: bool) -> list[str]:
    """The limits that do not hold. A score that is not known does not hold; that nothing has happened yet does."""
    if not limits.given or (not scores and not stopped):
        return []
    if not scores:
        return ["nothing that happened was forecast, so that no limit can be checked"]
    found = []
    for name in ("mae", "mase", "wape"):
        limit = getattr(limits, f"max_{name}")
        if limit is not None and not scores[name] <= limit:
            said = f"{scores[name]:.4g}" if math.isfinite(scores[name]) else "not known"
            found.append(f"{METRICS[name].name} is {said}, the limit is {limit:g}")
    for level in levels if limits.max_coverage_gap is not None else ():
        coverage = scores[f"coverage_{level:g}"]
        if not coverage >= level / 100 - float(limits.max_coverage_gap or 0):
            least = f"{level - 100 * float(limits.max_coverage_gap or 0):g}"
            found.append(f"{_within(coverage, level)}, the limit is {least}%")
    return found


def _within(coverage: float, level: float) -> str:
    return f"{100 * coverage:.1f}% of the actuals lie within the {level:g}% intervals"


def _verdict(result: ScoreResult) -> str:
    scores, drift = result.scores, result.drift
    if not scores:
        return "nothing could be scored"
    sentences = []
    if math.isfinite(scores["mase"]):
        sentences.append(f"the mean error is {scores['mase']:.3g} times the seasonal differences before the forecasts")
    sentences += [_within(scores[f"coverage_{level:g}"], level) for level in result.levels]
    if drift is not None:
        sure = drift["p_value"] < _CHANCE
        what = "which chance hardly explains" if sure else "which may be chance"
        sentences.append(
            f"since {result.by_period[-1]['from']} the error is {drift['ratio']:.2f} times that before, {what} "
            f"(p = {drift['p_value']:.2g})"
        )
    return "; ".join(sentences)
