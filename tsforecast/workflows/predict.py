"""`predict`: continue the data a model was fitted on, or newer data, or series it has never seen."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from tsforecast.arrays import Float64
from tsforecast.errors import DataError, OptionError
from tsforecast.forecast import NOTHING_JOINT, Forecast, Joint, whole
from tsforecast.io.messages import Note, counted, listed, tell
from tsforecast.io.writing.columns import check_columns, forecast_columns, forecast_frame
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.network.config import MAX_STEPS
from tsforecast.options import DEFAULT_LEVELS, DEFAULT_STORE, check_levels
from tsforecast.progress import Report
from tsforecast.safe_text import shown
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.windows import ModelRows
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.results import LoadedVersion
from tsforecast.store.store import Store
from tsforecast.workflows.ages import check_data_age, check_version_age
from tsforecast.workflows.continued import Continued, rows_to_continue
from tsforecast.workflows.expected import rests_on_little
from tsforecast.workflows.holidays import holiday_notes
from tsforecast.workflows.known_ahead import besides_in_words, read_ahead
from tsforecast.workflows.predict_notes import held_notes, horizon_notes, joint_notes, tally_of
from tsforecast.workflows.what_if import Scenario, effect, in_scenario, read_scenario

if TYPE_CHECKING:
    import pandas as pd

    from tsforecast.io.options import ReadOptions
    from tsforecast.io.reading.panel import ReadResult
    from tsforecast.workflows.what_if import Given

# Further ahead than a model can be trained for, and not without end.
_MOST_STEPS = 10 * MAX_STEPS


@dataclass(frozen=True)
class PredictResult:
    """What `predict` found. The forecast itself is made when it is asked for, as a whole or in blocks.

    Args:
        name: name of the model.
        version: number of the version used.
        forecaster: the model.
        recent: the rows that are continued, as they were read.
        known: the same rows as the model sees them.
        horizon: steps to forecast.
        levels: levels of the intervals, in percent, ascending.
        schema: how the user's table is written.
        notes: what was found and assumed.
        learned: the last rows of each series that the model has learned from.
        report: receives a warning where forecasts that are fed back had to be held.
        scenario: that is forecast beside the base; None for none.
        what_if: the rows as the model sees them in the scenario.
        run: an id of this forecast alone, under which a ledger stores it once.
        joint: what is asked beside the values of single steps.
        besides: what a picture says below it: what the model reads besides the values, and whether its intervals rest
            on little; empty for nothing.
    """

    name: str
    version: int
    forecaster: Forecaster
    recent: Panel
    known: ModelRows
    horizon: int
    levels: tuple[float, ...]
    schema: Schema
    notes: tuple[Note, ...]
    learned: Panel
    report: Report = lambda event: None
    scenario: Scenario | None = None
    what_if: ModelRows | None = None
    run: str = field(default_factory=lambda: uuid4().hex)
    besides: str = ""
    joint: Joint = NOTHING_JOINT

    @property
    def model(self) -> str:
        """The model's row in the table of models."""
        return self.forecaster.spec.name

    @property
    def rows(self) -> int:
        """Rows of the table: those of all series."""
        return self.recent.n_series * (1 if self.joint.total else self.horizon)

    @property
    def steps(self) -> int:
        """Steps that are forecast, of all series."""
        return self.recent.n_series * self.horizon

    def blocks(self, report: Report = lambda event: None) -> Iterator[Forecast]:
        """The forecast in blocks of series, each made when it is taken."""
        base, other = np.zeros(3), np.zeros(3)
        for block in self._blocks(report):
            base += tally_of(block)
            other += tally_of(block.what_if)
            yield block
        tell(self._notes_on(base, other), self.report)

    def _blocks(self, report: Report) -> Iterator[Forecast]:
        base = self.forecaster.ahead(self.known, self.horizon, self.levels, report, self.joint)
        if self.what_if is None:
            return base
        others = self.forecaster.ahead(self.what_if, self.horizon, self.levels, joint=self.joint)
        return (_beside(block, other) for block, other in zip(base, others, strict=True))

    @cached_property
    def forecast(self) -> Forecast:
        """Values per series and step."""
        return whole(list(self.blocks()))

    @cached_property
    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns of the table in the user's names."""
        return forecast_columns(self.forecast, self.schema, self.recent.frequency)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The same as a table in the user's columns."""
        return forecast_frame(self.forecast, self.schema, self.recent.frequency)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        made, columns = self.forecast, self.columns
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        return {
            "name": self.name,
            "version": self.version,
            "model": self.model,
            "horizon": self.horizon,
            "series": self.recent.n_series,
            **({"what_if": list(self.scenario.texts)} if self.scenario else {}),
            "notes": [vars(note) for note in (*self.notes, *self._notes_on(tally_of(made), tally_of(made.what_if)))],
            "forecast": [dict(zip(columns, row, strict=True)) for row in rows],
        }

    def _notes_on(self, base: Float64, other: Float64) -> list[Note]:
        """What is said of the forecast once it is made, by the tallies of the base and of the scenario."""
        notes = held_notes(base)
        if self.scenario:
            notes += [replace(note, text=f"what if: {note.text}") for note in held_notes(other)]
            if len(self.schema.target_cols) == 1:
                notes.append(effect(self.scenario, base[2] / self.steps, other[2] / self.steps))
        return notes


def predict(
    source: str | Path | pd.DataFrame | ReadResult | None = None,
    *,
    store: str | Path = DEFAULT_STORE,
    name: str | None = None,
    version: int | None = None,
    horizon: int | None = None,
    levels: tuple[float, ...] = DEFAULT_LEVELS,
    reading: ReadOptions | None = None,
    max_age: float | None = None,
    ended_after: int | Literal["horizon"] | None = None,
    fallback: bool = False,
    trusted: bool = False,
    future: str | Path | pd.DataFrame | None = None,
    what_if: Given | Sequence[Given] | None = None,
    calibration: Literal["living", "fixed"] = "living",
    total: bool = False,
    above: float | None = None,
    series: Sequence[str] = (),
    report: Report = lambda event: None,
) -> PredictResult:
    """Forecast with a published model.

    Args:
        source: newer data in the columns the model was fitted on, as a table or already read; None continues the data
            that the model was fitted on.
        store: folder of all models.
        name: name of the model; None takes the one published last.
        version: number of the version; None takes the one in service.
        horizon: steps, up to ten times what a model can be trained for; None takes the horizon of the model. Beyond
            that, forecasts are fed back.
        levels: levels of the intervals, in percent.
        reading: how to read `source`; its columns and frequency are the model's.
        max_age: largest number of seconds since the model was published, and since the newest row; None for no limit.
        ended_after: leave out series whose last row lies so many steps or more before the newest one, and continue
            those that have left `source` until then; `horizon` takes the model's horizon, None takes the series of
            `source` as they are.
        fallback: whether to take the newest older version that is sound where the version is damaged.
        trusted: whether to use a model that other users could have changed.
        future: table of the columns that are known ahead; None takes the rows of `source` that have no value, or those
            kept with the model.
        what_if: another scenario of what is known ahead, forecast beside the base: changes such as `price=+10%`, or a
            table as for `future`.
        calibration: of the intervals: `living` lets them learn from those rows of `source` that the model has not
            learned from, `fixed` leaves them as they were at the fit.
        total: whether the table has the sums over the horizon in place of single steps.
        above: a threshold: the table also says how likely the values, or the sums, lie above it.
        series: names of the series to forecast; none takes all.
        report: receives messages.

    Raises:
        TsforecastError: bad options (2), a model or data too old (4), data or a model that cannot be used (65), missing
            input (66), a model that other users could have changed (77).
    """
    _check(horizon, levels, max_age, above)
    levels, joint = tuple(sorted(set(levels))), Joint(total, above)
    model = Store(store, trusted).find(name)
    opened = model.open(version, fallback=fallback)
    bundle, steps = opened.bundle, horizon or opened.bundle.spec.horizon
    scenario = None if what_if is None else read_scenario(what_if, bundle)
    check_columns(bundle.schema, levels, what_if=scenario is not None, above=above)
    if max_age is not None:
        check_version_age(model.describe(opened.version), max_age)
    data = None if source is None else _read(source, bundle, reading, report)
    fill = reading.fill_gaps if reading is not None else "seasonal"
    rows = rows_to_continue(bundle, data, ended_after, fill).of_series(series)
    if future is not None:
        rows = rows.with_covariates_of(read_ahead(future, bundle.schema, rows.recent, reading, report))
    if max_age is not None:
        check_data_age(rows.recent, bundle.schema, max_age)
    notes = [
        *_version_notes(opened, store if name is None else None),
        *holiday_notes(bundle.schema, bundle.recent if data is None else data.panel, bundle.recent),
        *joint_notes(joint, bundle, steps),
        *rows.notes,
        *horizon_notes(bundle, rows.recent, steps),
    ]
    other = None
    if scenario is not None:
        changed, differs = in_scenario(scenario, rows.recent, bundle, steps, reading, report)
        other = rows.with_covariates_of(changed).known
        notes += differs
    forecaster = bundle.forecaster
    if data is not None and levels and calibration == "living":
        forecaster, learned = _recalibrated(bundle, rows, levels)
        notes += learned
    tell(notes, report)
    return PredictResult(
        name=opened.name,
        version=opened.version,
        forecaster=forecaster,
        recent=rows.recent,
        known=rows.known,
        horizon=steps,
        levels=levels,
        schema=bundle.schema,
        notes=tuple(notes),
        learned=bundle.recent,
        report=report,
        scenario=scenario,
        what_if=other,
        joint=joint,
        besides=" ".join(said for said in (besides_in_words(bundle), rests_on_little(forecaster)) if said),
    )


def _beside(block: Forecast, other: Forecast) -> Forecast:
    """A block with that of another scenario, which its totals have beside them too."""
    total = replace(block.total, what_if=other.total) if block.total else None
    return replace(block, what_if=other, total=total)


def _version_notes(opened: LoadedVersion, store: str | Path | None) -> list[Note]:
    """What is said of the version that is used; `store` where it was taken because it was published last there."""
    notes = [Note("warning", text) for text in opened.notes]
    if store is not None:
        notes.append(Note("info", f"using {opened.name} version {opened.version}, the model published last in {store}"))
    return notes


def _recalibrated(bundle: Bundle, rows: Continued, levels: tuple[float, ...]) -> tuple[Forecaster, list[Note]]:
    """The model with intervals that have learned from the new rows, and what is said of it."""
    from tsforecast.workflows.retrain.held_out import unseen_rows

    unlearned = unseen_rows(rows.recent, rows.recent.numbers_in(bundle.recent.ids), bundle)
    made = bundle.forecaster.recalibrated(rows.known, unlearned, levels)
    if made.factors is None:
        return made, []
    width = float(made.factors.values[..., -1].mean())
    text = f"intervals: learned from {counted(made.factors.origins, 'newest origin')} of the table"
    text += f", those of {levels[-1]:g} % {width:.2f} times as wide as at the fit (--calibration fixed keeps these)"
    return made, [Note("info", text)]


def _read(
    source: str | Path | pd.DataFrame | ReadResult, bundle: Bundle, reading: ReadOptions | None, report: Report
) -> ReadResult:
    from tsforecast.io.options import ReadOptions
    from tsforecast.io.reading.panel import ReadResult, read_panel

    if isinstance(source, ReadResult):
        _check_schema(source, bundle.schema)
        return source
    step, options = bundle.recent.frequency, reading or ReadOptions()
    return read_panel(source, options, schema=bundle.schema, frequency=step, held=bundle.held, report=report)


def _check_schema(data: ReadResult, expected: Schema) -> None:
    """Refuse a table that was read without regard to the model and has other columns."""
    found = data.schema
    if _columns_in_words(found) != _columns_in_words(expected):
        keys = [(*schema.id_cols, *schema.target_cols, *schema.covariate_cols) for schema in (found, expected)]
        raise DataError(
            f"its ids, values and covariates are {listed(keys[0])}, those of the model {listed(keys[1])}",
            hint=f"name the columns that the model knows: {_columns_in_words(expected)}",
            file=data.file,
        )


def _columns_in_words(schema: Schema) -> str:
    """The flags that name the columns of a schema."""
    roles = ("id", "target", "past", "future", "static", "category")
    flags = [(f"--{role}-col", name) for role in roles for name in getattr(schema, f"{role}_cols")]
    late = zip(schema.past_cols, schema.lags, strict=False)
    flags += [("--lag", f"{name}={lag}") for name, lag in late if lag]
    return " ".join(f"{flag} {shlex.quote(name)}" for flag, name in flags)


def _check(horizon: int | None, levels: tuple[float, ...], max_age: float | None, above: float | None) -> None:
    if horizon is not None and not 1 <= horizon <= _MOST_STEPS:
        raise OptionError(f"horizon is {shown(horizon)}", hint=f"give a value from 1 to {_MOST_STEPS}")
    if max_age is not None and not 0 <= max_age < math.inf:
        raise OptionError(f"max_age is {max_age:g}", hint="give a number of seconds, 0 or more")
    if above is not None and not math.isfinite(above):
        raise OptionError(f"above is {above:g}", hint="give the value that may be exceeded")
    check_levels(levels)
