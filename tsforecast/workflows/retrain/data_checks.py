"""Checks a new table against the limits of the data gate, before anything is trained on it.

Each limit compares the table with the one that was accepted last, with the version in service, or with the clock. All
breaches are found, not only the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from tsforecast.errors import MissingColumnError
from tsforecast.io.reading.panel import ReadResult
from tsforecast.series.frequency import Frequency
from tsforecast.series.panel import UNKNOWN_SERIES, Panel, Schema
from tsforecast.series.windows import Rows
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.runs import Seen
from tsforecast.workflows.ages import age_text, newest_moment, steps_ahead
from tsforecast.workflows.retrain.anomaly_check import check_anomalies
from tsforecast.workflows.retrain.breach import Breach, exceeded, percent
from tsforecast.workflows.retrain.column_checks import check_columns, without_outlying_columns
from tsforecast.workflows.retrain.drift import (
    Finding,
    NewRows,
    largest_outlier,
    largest_shift,
    revision,
    without_outliers,
)
from tsforecast.workflows.retrain.settings import GateLimits

# Values over which the share of missing ones is taken at least: older rows join where the newest are few.
_ENOUGH_VALUES = 100

STEPS = "frequency"  # the one part of a layout that a version cannot be compared across

# Shares that may be a lasting change of the world; missing values are damage.
_CHANGES = ("max_fewer_rows", "max_fewer_series", "max_new_series", "max_lost_series")


def check_data(
    data: ReadResult, champion: Bundle | None, limits: GateLimits, *, now: datetime, seen: Seen | None = None
) -> tuple[Breach, ...]:
    """All limits that the data exceed.

    Args:
        data: the table.
        champion: the version in service; without one, only missing values and the clock are looked at.
        limits: of the data gate.
        now: the time; without a zone, that of the machine's.
        seen: the table that was accepted last; None where the version in service was fitted on it.
    """
    change = None if champion is None else _layout_change(data, champion)
    if champion is None or change is not None:
        # Rows of another table cannot be lined up with those of the version in service.
        schema = change if limits.same_schema else None
        return _found([schema, _missing(data, data.panel.lengths, limits), *check_clock(data, limits, now)])
    seen = _compared_with(data, champion, seen)
    rows = _new_rows(data, champion, seen)
    return _found(
        [
            _rows(data, seen, limits),
            *_series(data, seen, limits),
            _missing(data, rows.new, limits),
            _advance(data, champion, limits),
            *check_clock(data, limits, now),
            *_values(rows, seen, limits),
            *check_columns(data, champion, rows, limits),
            check_anomalies(data, rows.new, limits),
        ]
    )


def check_clock(data: ReadResult, limits: GateLimits, now: datetime) -> tuple[Breach, ...]:
    """The limits that data can exceed as time passes, while nothing in them changes."""
    now = now.astimezone()
    last = newest_moment(data.panel, data.schema)
    return _found([_age(now - last, last, limits), _ahead(steps_ahead(data.panel, data.schema, now), last, limits)])


def without_new_outliers(data: ReadResult, champion: Bundle, limits: GateLimits, seen: Seen | None) -> ReadResult:
    """The table with the new values beyond `max_outlier` as gaps, so that they do not spoil a forecast."""
    if limits.max_outlier is None:
        return data
    rows = _new_rows(data, champion, _compared_with(data, champion, seen))
    panel = without_outliers(rows, limits.max_outlier, champion.spec.season_length)
    cleaned = without_outlying_columns(data, champion, rows, limits.max_outlier)
    return replace(data, panel=replace(panel, covariates=cleaned))


def seen_in(data: ReadResult, champion: Bundle | None) -> Seen:
    """What a table holds, to compare the next one with."""
    panel, revised = data.panel, 0.0
    if champion is not None and _layout_change(data, champion) is None:
        revised = revision(panel, champion.recent, panel.numbers_in(champion.recent.ids)).size
    return Seen(panel.frequency.alias, data.rows, panel.ids, tuple(panel.ends.tolist()), revised)


def _compared_with(data: ReadResult, champion: Bundle, seen: Seen | None) -> Seen:
    """The table accepted last, if it had the same steps; else the one that the version in service was fitted on."""
    if seen is not None and seen.step == data.panel.frequency.alias:
        return seen
    recent, rows = champion.recent, champion.provenance.get("data_rows")
    known = rows if isinstance(rows, int) and rows > 0 else None
    return Seen(recent.frequency.alias, known, recent.ids, tuple(recent.ends.tolist()))


def _new_rows(data: ReadResult, champion: Bundle, seen: Seen) -> NewRows:
    panel, recent = data.panel, champion.recent
    new = panel.rows_after(panel.numbers_in(seen.ids), np.array(seen.ends, dtype=np.int64))
    return NewRows(panel, recent, panel.numbers_in(recent.ids), new)


def _found(breaches: Iterable[Breach | None]) -> tuple[Breach, ...]:
    return tuple(breach for breach in breaches if breach is not None)


def lost_column(error: MissingColumnError, champion: Bundle) -> Breach:
    """The breach of a table that lacks a column which the version in service was fitted on."""
    if error.missing not in champion.schema.covariate_cols:
        text = f"{error.message}; the version in service was fitted on '{error.missing}': --no-same-schema"
        return Breach("same_schema", text)
    told = f"the version in service reads '{error.missing}' besides the values, and would be trained without it"
    return Breach("same_schema", f"{error.message}; {told}")


def _layout_change(data: ReadResult, champion: Bundle) -> Breach | None:
    """The first difference between the columns and steps of a table and those of the version in service."""
    found, expected = _layout(data.schema, data.panel.frequency), _layout(champion.schema, champion.recent.frequency)
    for what, (value, words) in found.items():
        before, before_words = expected[what]
        if value != before:
            way = way_to(data.panel.frequency, champion.recent.frequency) if what == STEPS else "--no-same-schema"
            text = f"{what}: found {words}; the version in service was fitted on {before_words}: {way}"
            return Breach("same_schema", text, final=what == STEPS)
    return None


def way_to(found: Frequency, known: Frequency) -> str:
    """What to do about a table in other steps than those of the version in service."""
    anew = "fit anew with tsforecast fit"
    return f"--freq {known.alias} --aggregate sum (or mean), or {anew}" if _typical(found) < _typical(known) else anew


def _typical(step: Frequency) -> float:
    """The length of a step in days, about."""
    begins = step.stamps(np.array([0, 100])).astype("datetime64[s]").astype(np.int64)
    return float(begins[1] - begins[0]) / (100 * 86_400)


def _layout(schema: Schema, step: Frequency) -> dict[str, tuple[object, str]]:
    """Columns and steps of a table, by name: the value, and the same in words."""
    columns = {
        "time column": schema.time_cols,
        "id columns": schema.id_cols,
        "target columns": schema.target_cols,
        **covariate_layout(schema),
    }
    zoned = schema.time_zone is not None
    named = {name: (value, ", ".join(f"'{column}'" for column in value) or "none") for name, value in columns.items()}
    return named | {
        "stamps": (zoned, f"{'with' if zoned else 'without'} a time zone"),
        STEPS: (step, f"{step.name} ({step.alias})"),
    }


def covariate_layout(schema: Schema) -> dict[str, tuple[str, ...]]:
    """The columns that are known besides the values, by what they are; models that differ here read other columns."""
    lags = schema.lags or (0,) * len(schema.past_cols)
    late = zip(schema.past_cols, lags, strict=True)
    return {
        "columns known up to now": tuple(f"{name}={lag}" if lag else name for name, lag in late),
        "columns known ahead": schema.future_cols,
        "static columns": schema.static_cols,
        "category columns": schema.category_cols,
    }


def _rows(data: ReadResult, seen: Seen, limits: GateLimits) -> Breach | None:
    before = seen.rows
    if not before:
        return None
    return _above("max_fewer_rows", 1 - data.rows / before, limits, f"rows fell by {{}} ({before:,} to {data.rows:,})")


def _series(data: ReadResult, seen: Seen, limits: GateLimits) -> list[Breach | None]:
    before, now = len(seen.ids), data.panel.n_series
    known = int((data.panel.numbers_in(seen.ids) != UNKNOWN_SERIES).sum())
    fewer = f"series fell by {{}} ({before:,} to {now:,})"
    new = f"{{}} of the series are new ({now - known:,} of {now:,})"
    lost = f"{{}} of the series known are gone ({before - known:,} of {before:,})"
    return [
        _above("max_fewer_series", 1 - now / before, limits, fewer),
        _above("max_new_series", 1 - known / now, limits, new),
        _above("max_lost_series", 1 - known / before, limits, lost),
    ]


def _missing(data: ReadResult, new: Rows, limits: GateLimits) -> Breach | None:
    """Missing values among the newest ones, beyond the share that is usual in the rows before."""
    panel = data.panel
    each = -(-_ENOUGH_VALUES // panel.n_series)
    judged = np.minimum(panel.lengths, np.maximum(new, each))
    missing, total, stretches = _counted_missing(panel.newest(judged))
    before, of, _ = _counted_missing(panel.between(np.zeros_like(judged), panel.lengths - judged))
    share, usual = missing / max(1, total), before / max(1, of)
    allowed = limits.max_missing
    if allowed is None or share - usual <= allowed + 1e-9:
        return None
    once = "; a gap of all series at once counts once" if stretches else ""
    words = f"{percent(share)} of the newest values are missing ({missing:,} of {total:,}{once})"
    more = f", {percent(usual)} before" if usual else ""
    return exceeded("max_missing", words + more, f"{percent(allowed)}{' more' if usual else ''}")


def _counted_missing(panel: Panel) -> tuple[int, int, int]:
    """Values that are missing, all of them, and the gaps of all series at once, each of which counts as one value."""
    shared, stretches = _shared_gaps(panel)
    missing = int((~panel.observed).sum())
    return missing - shared + stretches, len(panel.values) - shared + stretches, stretches


def _shared_gaps(panel: Panel) -> tuple[int, int]:
    """Values that are missing in all of several series at once, and the number of gaps that these make.

    A holiday on which every shop is closed is one event, however many shops there are.
    """
    ordinals = np.repeat(panel.starts - panel.offsets[:-1], panel.lengths) + np.arange(len(panel.values))
    steps, place = np.unique(ordinals, return_inverse=True)
    there = np.bincount(place, minlength=len(steps))
    absent = np.bincount(place, weights=~panel.observed, minlength=len(steps))
    empty = (there > 1) & (absent == there)
    gap_begins = np.diff(steps[empty]) > 1
    return int(there[empty].sum()), int(gap_begins.sum() + empty.any())


def _above(limit: str, share: float, limits: GateLimits, words: str) -> Breach | None:
    """A breach where a share is above its limit; `words` has a place for the share."""
    allowed = getattr(limits, limit)
    # Rounding must not make a breach of a share that is the limit itself.
    if allowed is None or share <= allowed + 1e-9:
        return None
    return exceeded(limit, words.format(percent(share)), percent(allowed), change=limit in _CHANGES)


def _advance(data: ReadResult, champion: Bundle, limits: GateLimits) -> Breach | None:
    panel = data.panel
    last, before = (int(one.ends.max()) - 1 for one in (panel, champion.recent))
    if not limits.require_advance or last > before:
        return None
    found, known = (str(stamp) for stamp in panel.frequency.stamps(np.array([last, before])).astype("datetime64[s]"))
    text = f"the last stamp, {found}, is not later than that of the version in service, {known}: --no-require-advance"
    return Breach("require_advance", text)


def _age(age: timedelta, last: datetime, limits: GateLimits) -> Breach | None:
    allowed, seconds = limits.max_age, age.total_seconds()
    if allowed is None or seconds <= allowed:
        return None
    words = f"the last stamp, {last.isoformat()}, is {age_text(seconds)} old"
    return exceeded("max_age", words, age_text(allowed), one=True)


def _ahead(steps: int, last: datetime, limits: GateLimits) -> Breach | None:
    if limits.max_ahead is None or steps <= limits.max_ahead:
        return None
    words = f"the last stamp, {last.isoformat()}, lies {steps:,} steps in the future"
    return exceeded("max_ahead", words, f"{limits.max_ahead}", one=limits.max_ahead == 1)


def _values(rows: NewRows, seen: Seen, limits: GateLimits) -> list[Breach | None]:
    shift, outlier = limits.max_shift, limits.max_outlier
    return [
        None if shift is None else _drift("max_shift", largest_shift(rows, revised=seen.revised), shift),
        None if outlier is None else _drift("max_outlier", largest_outlier(rows, outlier), outlier),
    ]


def _drift(limit: str, finding: Finding, allowed: float) -> Breach | None:
    if finding.size <= allowed:
        return None
    return exceeded(limit, finding.words, f"{allowed:g}", change=finding.change)
