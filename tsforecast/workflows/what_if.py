"""Another scenario of what is known ahead, forecast beside the base: columns that are changed, or a table.

A change is a text: `price=12.5` gives the value itself, `price=+2` and `price=-2` add to what is known, `price=+10%`
and `price=*1.1` multiply it. `temp==-5` gives a value below zero.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.errors import DataError, OptionError, did_you_mean
from tsforecast.io.messages import Note, info, listed, warning
from tsforecast.progress import Report
from tsforecast.safe_text import shown
from tsforecast.series.covariates import rows_between
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.scaling import LARGEST
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.workflows.known_ahead import check_known_ahead, future_read, read_ahead

if TYPE_CHECKING:
    import pandas as pd

    from tsforecast.io.options import ReadOptions

    Given = str | Path | pd.DataFrame

NOTATION = "write COL=12.5 for a value, COL=+2, COL=-2 or COL=+10% for a change, COL==-5 for a value below zero"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_DEVIATIONS = 4.0  # about the mean that count as seen, because only the newest rows of training are kept


@dataclass(frozen=True)
class Change:
    """How the values of a column become those of the scenario: factor * value + term.

    Args:
        column: that is known ahead.
        factor: 0 where the value itself is given.
        term: what is added.
        how: the change as it was written.
    """

    column: str
    factor: float
    term: float
    how: str


@dataclass(frozen=True)
class Scenario:
    """What is asked.

    Args:
        table: of the columns known ahead; None where only columns are changed.
        changes: of columns, those of the table where there is one.
        texts: the same as it was asked for.
    """

    table: Given | None
    changes: tuple[Change, ...]
    texts: tuple[str, ...]

    @property
    def label(self) -> str:
        """In one line."""
        return f"what if {', '.join(self.texts)}"


def scenario_files(texts: Sequence[str]) -> list[str]:
    """Those of some texts that name a file, as far as can be told without the model."""
    return [text for text in texts if "=" not in text or os.path.exists(text)]


def read_scenario(given: Given | Sequence[Given], bundle: Bundle) -> Scenario:
    """What is asked, checked against the columns that the model knows ahead.

    Raises:
        OptionError: a column that is not known ahead, a change that cannot be understood, a model without such columns.
    """
    several = [given] if isinstance(given, str | Path) or not isinstance(given, Sequence) else list(given)
    schema, read = bundle.schema, future_read(bundle)
    _check_model(schema, read)
    tables: list[Given] = []
    changes: list[Change] = []
    for each in several:
        column = _column_of(each, schema) if isinstance(each, str) else ""
        if column:
            changes.append(_change(column, str(each)[len(column) + 1 :].strip()))
        else:
            tables.append(each)
    if len(tables) > 1:
        raise OptionError("a scenario is in one table, and there are several", hint="ask for one after the other")
    names = [change.column for change in changes]
    if unread := [name for name in names if name not in read]:
        raise OptionError(
            f"the model does not read {listed(unread)}, whose gain may be chance: the forecast would not change",
            hint=f"change {listed(read)}",
        )
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"the scenario changes '{name}' twice", hint="give each column once")
    texts = tuple(str(each) if isinstance(each, str | Path) else "a table" for each in several)
    return Scenario(tables[0] if tables else None, tuple(changes), texts)


def _check_model(schema: Schema, read: tuple[str, ...]) -> None:
    """Refuse a model whose forecast is the same in every scenario."""
    if not schema.future_cols:
        raise OptionError(
            "the model knows no column ahead, so that its forecast is the same in every scenario",
            hint="fit with --future-col, or leave --what-if out",
        )
    if not read:
        raise OptionError(
            f"the model does not read {listed(schema.future_cols)}: what they bring to it may be chance",
            hint="leave --what-if out; `models show` says what each column brings",
        )


def _column_of(text: str, schema: Schema) -> str:
    """The column that a text changes; empty for the path of a table."""
    names = schema.future_cols
    found = [name for name in names if text.startswith(f"{name}=")]
    if found:
        return max(found, key=len)
    if "=" not in text or os.path.exists(text):
        return ""
    name = text.partition("=")[0].strip()
    kinds = {
        "what is forecast": schema.target_cols,
        "known up to now": schema.past_cols,
        "a number of the series": schema.static_cols,
        "a category of the series": schema.category_cols,
        "the time": schema.time_cols,
        "an id": schema.id_cols,
    }
    what = next((kind for kind, columns in kinds.items() if name in columns), "no column of the model")
    close = did_you_mean(name, names, otherwise="")
    raise OptionError(
        f"a scenario changes columns that are known ahead, and '{shown(name)}' is {what}",
        hint=f"{close and f'{close} '}known ahead: {listed(names)}",
    )


def _change(column: str, how: str) -> Change:
    """The change that a text asks for."""
    if how.startswith("="):
        factor, term = 0.0, _number(how[1:], column, how)
    elif how.startswith("*"):
        factor, term = _number(how[1:], column, how), 0.0
    elif how.startswith(("+", "-")) and how.endswith("%"):
        factor, term = 1 + _number(how[:-1], column, how) / 100, 0.0
    else:
        factor, term = float(how.startswith(("+", "-"))), _number(how, column, how)
    return Change(column, factor, term, how)


def _number(text: str, column: str, how: str) -> float:
    text = text.strip()
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not abs(number) <= LARGEST:
        raise OptionError(f"cannot read '{shown(how)}' as a change of '{column}'", hint=NOTATION)
    return number


def in_scenario(
    scenario: Scenario, panel: Panel, bundle: Bundle, steps: int, reading: ReadOptions | None, report: Report
) -> tuple[Panel, list[Note]]:
    """The panel with what is known ahead in the scenario, and what is said of it.

    Args:
        scenario: what is asked.
        panel: the rows that are continued, with the base values for `steps`.
        bundle: the model.
        steps: to forecast.
        reading: how to read a table.
        report: receives messages.

    Raises:
        TsforecastError: a table that cannot be used, or that ends before the forecast.
        OptionError: a change that leads to values too large to forecast from.
    """
    schema, other = bundle.schema, panel
    if scenario.table is not None:
        other = read_ahead(scenario.table, schema, panel, reading, report)
        try:
            check_known_ahead(other, bundle, steps)
        except DataError as error:
            raise DataError(f"in the scenario {error.message}", hint=error.hint) from None
    known = other.covariates
    future = known.future.copy()
    ahead = rows_between(other.lengths, known.future_lengths, known.future_lengths)
    for change in scenario.changes:
        column = schema.future_cols.index(change.column)
        future[ahead, column] = future[ahead, column] * change.factor + change.term
        if float(np.abs(future[ahead, column]).max()) > LARGEST:
            raise OptionError(f"'{change.column}' becomes too large to forecast from", hint=NOTATION)
    other = replace(other, covariates=replace(known, future=future))
    return other, _notes(scenario, bundle, _ahead(panel, steps), _ahead(other, steps))


def _ahead(panel: Panel, steps: int) -> Float64:
    """The columns known ahead over the steps of a forecast, shape (n_series * steps, columns)."""
    known = panel.covariates
    begins = known.future_offsets[:-1] + panel.lengths
    return known.future[(begins[:, None] + np.arange(steps)).ravel()]


def _notes(scenario: Scenario, bundle: Bundle, base: Float64, other: Float64) -> list[Note]:
    """What a scenario changes, and where it leaves what the model has seen."""
    names, how = bundle.schema.future_cols, {change.column: change for change in scenario.changes}
    notes, limits = [], []
    for column, name in enumerate(names):
        before, after = base[:, column], other[:, column]
        if np.array_equal(before, after):
            continue
        text = f"what if: '{name}' is {_range(after)} in place of {_range(before)}"
        change = how.get(name)
        if change and change.factor == 1 and change.how.startswith("-"):
            text += f", by {change.how}; the value {change.how} itself is {name}=={change.how}"
        notes.append(info(text))
        limits += _beyond(name, bundle, column, after)
    return [*(notes or [warning("what if: nothing differs from what is known ahead")]), *limits]


def _range(values: Float64) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _beyond(name: str, bundle: Bundle, column: int, values: Float64) -> list[Note]:
    """A warning where a scenario goes far beyond what training has seen of a column."""
    least, most = _seen(bundle, column)
    low, high = float(values.min()), float(values.max())
    if low >= least and high <= most:
        return []
    if high > most:
        said = f"goes up to {high:g}, and training has seen about {most:.3g} at most"
    else:
        said = f"goes down to {low:g}, and training has seen about {least:.3g} at least"
    return [warning(f"what if: '{name}' {said}: how the model goes on there is a guess")]


def _seen(bundle: Bundle, column: int) -> tuple[float, float]:
    """About the least and the largest value of a column known ahead in training.

    These are of the rows that are kept, or some deviations from the mean of all rows, unless there are two values only.
    """
    kept, scaling = bundle.recent.covariates.future[:, column], bundle.scaling.future
    center, scale = float(scaling.center[column]), float(scaling.scale[column])
    low, high = float(kept.min()), float(kept.max())
    if np.isin(kept, (center, center + scale)).all():
        return min(low, center), max(high, center + scale)
    below = center - _DEVIATIONS * scale
    return min(low, below if low < 0 else max(below, 0.0)), max(high, center + _DEVIATIONS * scale)


def effect(scenario: Scenario, base: float, other: float) -> Note:
    """What the scenario does to the mean of all forecasts, in one sentence."""
    share = f" ({(other - base) / abs(base):+.1%})" if base else ""
    return info(f"{scenario.label}: the forecast is {other:.6g} on average in place of {base:.6g}{share}")
