"""The filled table in the layout of the user, and the filled values alone, as data frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.io.column import Column
from tsforecast.io.times.datetimes import stamp_index
from tsforecast.io.times.formats import format_stamps
from tsforecast.io.writing.columns import rounded
from tsforecast.workflows.impute.intervals import LEVELS
from tsforecast.workflows.impute.results import Imputed, flags_of

if TYPE_CHECKING:
    import pandas as pd

METHOD = "method"


@dataclass(frozen=True)
class _Layout:
    """The rows of the filled table: those of the table, and new ones where there was none.

    Args:
        table: row of each in the table, -1 for a new one, shape (rows,).
        ids: number of the id, -1 where a row was left out when the table was read, shape (rows,).
        ordinals: step, likewise.
    """

    table: Int64
    ids: Int64
    ordinals: Int64


def filled_frame(imputed: Imputed, *, texts: bool = False) -> pd.DataFrame:
    """The table of the user with all its columns, filled cells, new rows for missing steps, and what was filled.

    Args:
        texts: whether cells of a text file stay as they were written; else values are numbers, and a time in one column
            is a time stamp.
    """
    import pandas as pd

    layout = _layout(imputed)
    schema, table = imputed.schema, imputed.whole.table
    own = {} if _aggregated(imputed) else dict(table.columns)
    names = list(own) or [*schema.id_cols, *schema.time_cols, *schema.target_cols]
    columns: dict[str, Any] = {}
    flags = {}
    for name in names:
        column = own.get(name)
        if name in schema.target_cols:
            columns[name], flags[name] = _target(imputed, layout, schema.target_cols.index(name), column, texts)
        elif name in schema.time_cols:
            columns[name] = _times(imputed, layout, name, column, texts)
        else:
            columns[name] = _others(imputed, layout, name, column, texts)
    for flag, target in zip(flags_of(schema), schema.target_cols, strict=True):
        columns[flag] = flags[target].astype(np.int64)
    return pd.DataFrame(columns)


def gap_frame(imputed: Imputed, *, stamps: bool = False) -> pd.DataFrame:
    """A row for each filled value: the id columns, the time, the value, its method and its intervals."""
    import pandas as pd

    panel, schema = imputed.panel, imputed.schema
    rows = np.flatnonzero(imputed.methods >= 0)
    series = panel.series_of_row[rows]
    ordinals = panel.starts[series] + rows - panel.offsets[series]
    columns: dict[str, Any] = {
        name: np.array([key[place] for key in panel.ids], dtype=object)[series]
        for place, name in enumerate(schema.key_columns)
    }
    moments = panel.frequency.stamps(ordinals)
    if stamps and len(schema.time_cols) == 1:
        columns[schema.time_cols[0]] = stamp_index(moments, schema, panel.frequency)
    else:
        written = format_stamps(moments, schema, panel.frequency)
        columns |= dict(zip(schema.time_cols, written, strict=True))
    columns["value"] = _written(imputed, rows)
    columns[METHOD] = np.array(imputed.names, dtype=object)[imputed.methods[rows]]
    for number, level in enumerate(LEVELS):
        columns[f"lower_{level:g}"] = imputed.lower[rows, number]
        columns[f"upper_{level:g}"] = imputed.upper[rows, number]
    return pd.DataFrame(columns)


def _aggregated(imputed: Imputed) -> bool:
    return imputed.whole.placed.ids.size == 0


def _layout(imputed: Imputed) -> _Layout:
    """The rows of the table in their order, each new one beside the row of the step before it."""
    placed, panel = imputed.whole.placed, imputed.panel
    targets = len(imputed.schema.target_cols)
    wanted_ids, wanted = [], []
    for number in np.unique(placed.numbers // targets).tolist():
        own = np.flatnonzero(placed.numbers // targets == number)
        steps = np.arange(panel.starts[own].min(), panel.ends[own].max())
        wanted_ids.append(np.full(len(steps), number))
        wanted.append(steps)
    ids, ordinals = np.concatenate(wanted_ids), np.concatenate(wanted)
    if _aggregated(imputed):
        return _Layout(np.full(len(ids), -1), ids, ordinals)
    rows = imputed.whole.table.rows
    have_ids, have = np.full(rows, -1), np.zeros(rows, np.int64)
    have_ids[: placed.ids.size], have[: placed.ids.size] = placed.ids, placed.ordinals
    at = np.flatnonzero(have_ids >= 0)
    at = at[np.lexsort([have[at], have_ids[at]])]
    low, span = int(min(ordinals.min(), have[at].min())), 0
    span = int(max(ordinals.max(), have[at].max())) - low + 1
    keys, present = ids * span + ordinals - low, have_ids[at] * span + have[at] - low
    new = ~np.isin(keys, present)
    before = at[np.searchsorted(present, keys[new]) - 1]
    # Where the newest row stands first, a new row stands above the one of the step before it.
    same = have_ids[at[1:]] == have_ids[at[:-1]]
    falling = bool(same.any()) and bool(np.mean(np.diff(at)[same] < 0) > 0.5)
    place = np.concatenate([np.arange(rows), before + (-0.5 if falling else 0.5)])
    step = np.concatenate([np.zeros(rows, np.int64), -ordinals[new] if falling else ordinals[new]])
    order = np.lexsort([step, place])
    return _Layout(
        np.concatenate([np.arange(rows), np.full(int(new.sum()), -1)])[order],
        np.concatenate([have_ids, ids[new]])[order],
        np.concatenate([have, ordinals[new]])[order],
    )


def _rows_of_panel(imputed: Imputed, layout: _Layout, target: int) -> Int64:
    """The row of the panel that holds each row's value of a target, -1 for none, shape (rows,)."""
    panel, numbers = imputed.panel, imputed.whole.placed.numbers
    targets = len(imputed.schema.target_cols)
    wanted = layout.ids * targets + target
    series = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    step = layout.ordinals - panel.starts[series]
    known = (layout.ids >= 0) & (numbers[series] == wanted) & (step >= 0) & (step < panel.lengths[series])
    return np.where(known, panel.offsets[series] + step, -1)


def _written(imputed: Imputed, rows: Int64) -> Float64:
    """Filled values with the digits that are known of them."""
    panel, width = imputed.panel, imputed.upper[rows, -1] - imputed.lower[rows, -1]
    made = rounded(panel.values[rows], np.where(np.isfinite(width), width, 0.0))
    return np.where(imputed.methods[rows] >= 0, made, panel.values[rows])


def _target(imputed: Imputed, layout: _Layout, target: int, column: Column | None, texts: bool) -> tuple[Any, Bool]:
    """The cells of a column of values, and which of them were filled."""
    rows = _rows_of_panel(imputed, layout, target)
    filled = (rows >= 0) & (imputed.methods[rows] >= 0)
    if column is None or not texts or column.typed is not None:
        values = np.where(rows >= 0, _written(imputed, np.maximum(rows, 0)), np.nan)
        if column is not None and column.typed is not None:
            values = _with_own(values, column.typed, layout, rows < 0)
        return values, filled
    cells = _texts(column, layout)
    made = _written(imputed, rows[filled])
    form = imputed.whole.data.text
    decimal = form.decimal if form is not None and form.decimal else "."
    cells[filled] = [repr(value).replace(".", decimal) for value in made.tolist()]
    return cells, filled


def _with_own(values: Float64, typed: pd.Series[Any], layout: _Layout, strange: Bool) -> Float64:
    """Values where the cells of rows that were left out when the table was read stay as they were."""
    import pandas as pd

    own = pd.to_numeric(typed, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    kept = strange & (layout.table >= 0)
    return np.where(kept, own[np.maximum(layout.table, 0)], values)


def _times(imputed: Imputed, layout: _Layout, name: str, column: Column | None, texts: bool) -> Any:
    panel, schema = imputed.panel, imputed.schema
    moments = panel.frequency.stamps(layout.ordinals)
    if not texts and len(schema.time_cols) == 1 and (layout.ids >= 0).all():
        return stamp_index(moments, schema, panel.frequency)
    new = layout.table < 0
    place = schema.time_cols.index(name)
    if column is not None and column.typed is not None:
        cells = _typed(column.typed, layout)
        if new.any():
            cells[new] = stamp_index(moments[new], schema, panel.frequency).astype(object)
        return _as_before(cells, column.typed)
    cells = _texts(column, layout) if column is not None else np.full(len(new), "", dtype=object)
    if new.any():
        cells[new] = format_stamps(moments[new], schema, panel.frequency)[place]
    return cells


def _others(imputed: Imputed, layout: _Layout, name: str, column: Column | None, texts: bool) -> Any:
    """The cells of a column of ids, or of any other, which is empty in new rows."""
    schema, new = imputed.schema, layout.table < 0
    typed = None if column is None else column.typed
    cells: Any = np.full(len(new), "", dtype=object)
    if typed is not None:
        cells = _typed(typed, layout)
    elif column is not None:
        cells = _texts(column, layout)
    if name in schema.id_cols and new.any():
        # A new row has the id of any row of its series.
        ids, first = np.unique(layout.ids[~new], return_index=True)
        if column is not None and first.size:
            cells[new] = cells[~new][first][np.searchsorted(ids, layout.ids[new])]
        else:
            cells[new] = _id_texts(imputed, schema.id_cols.index(name), layout.ids[new])
    if typed is not None:
        return _as_before(cells, typed)
    plain = None if column is None or texts or name in schema.id_cols else column.plain
    if plain is not None and not plain.zero_led:
        return np.where(new, np.nan, plain.values[np.maximum(layout.table, 0)])
    return cells


def _id_texts(imputed: Imputed, place: int, ids: Int64) -> Any:
    targets = len(imputed.schema.target_cols)
    known = dict(zip((imputed.whole.placed.numbers // targets).tolist(), imputed.panel.ids, strict=True))
    return np.array([known[number][place] for number in ids.tolist()], dtype=object)


def _texts(column: Column, layout: _Layout) -> Any:
    known = np.array([*column.texts.texts, ""], dtype=object)
    codes = np.where(layout.table >= 0, column.texts.codes[np.maximum(layout.table, 0)], -1)
    return known[codes]


def _typed(typed: pd.Series[Any], layout: _Layout) -> Any:
    cells = np.full(len(layout.table), None, dtype=object)
    cells[layout.table >= 0] = typed.astype(object).to_numpy()[layout.table[layout.table >= 0]]
    return cells


def _as_before(cells: Any, typed: pd.Series[Any]) -> Any:
    """Cells in the type of a column of a frame, where they fit into it."""
    import pandas as pd

    try:
        return pd.Series(cells).astype(typed.dtype)
    except (TypeError, ValueError):
        return cells
