"""The data gate: what is checked of new data before anything is trained on them.

Each limit compares the table with the one that was accepted last, with the version in service and with the clock. All
breaches are found, not the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from tsforecast.errors import MissingColumnError, OptionError
from tsforecast.io.reading.panel import ReadResult
from tsforecast.models.options import check_finite
from tsforecast.series.panel import UNKNOWN_SERIES, Panel
from tsforecast.series.windows import Rows
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.runs import Seen
from tsforecast.workflows.ages import age_text, newest_moment, steps_ahead
from tsforecast.workflows.retrain.drift import outlier, revision, shift, without_outliers
from tsforecast.workflows.retrain.settings import GateLimits

# Values that the share of missing ones rests on at least: the newest rows, joined by older ones where they are few.
_ENOUGH_VALUES = 100
_SHARES = ("max_fewer_rows", "max_fewer_series", "max_missing", "max_new_series", "max_lost_series")
_ABOVE_ZERO = ("max_shift", "max_outlier", "max_age")

# What may be a lasting change of the world; anything else is damage, or a matter of the clock.
_CHANGES = ("max_fewer_rows", "max_fewer_series", "max_new_series", "max_lost_series", "max_shift")


@dataclass(frozen=True)
class Breach:
    """A limit that the data do not keep.

    Args:
        limit: its name among GateLimits.
        found: what was found.
        allowed: the limit, or what was expected.
        text: both in one sentence, with the option that sets the limit.
        change: whether it may be a lasting change of the world, which is accepted once it has held for long enough.
    """

    limit: str
    found: float | str
    allowed: float | str
    text: str
    change: bool = False


def check_limits(limits: GateLimits) -> None:
    """Refuse limits that mean nothing.

    Raises:
        OptionError: naming the limit and what is allowed.
    """
    check_finite(limits)
    for name in _SHARES:
        value = getattr(limits, name)
        if value is not None and not 0 <= value <= 1:
            raise OptionError(f"{name} is {value:g}", hint="give a share between 0 and 1")
    for name in _ABOVE_ZERO:
        value = getattr(limits, name)
        if value is not None and not value > 0:
            raise OptionError(f"{name} is {value:g}", hint="give a number above 0")
    if limits.max_ahead is not None and limits.max_ahead < 0:
        raise OptionError(f"max_ahead is {limits.max_ahead}", hint="give a number of steps, 0 or more")


def check_gate(
    data: ReadResult, champion: Bundle | None, limits: GateLimits, *, now: datetime, seen: Seen | None = None
) -> tuple[Breach, ...]:
    """All limits that the data do not keep.

    Args:
        data: the table.
        champion: the version in service; without one, only missing values and the clock are looked at.
        limits: to be kept.
        now: the time; without a zone, that of the machine's.
        seen: the table that was accepted last; None where the version in service was fitted on it.
    """
    found: list[Breach | None] = []
    comparable = True
    if champion is not None:
        schema = _schema(data, champion, limits)
        comparable = data.panel.frequency == champion.recent.frequency and _columns(data) == _columns(champion)
        found.append(schema)
    if champion is None or not comparable:
        # Rows of another table cannot be lined up with those of the version in service.
        return _found([*found, _missing(data, data.panel.lengths, limits), *check_clock(data, limits, now)])
    seen = _compared_with(data, champion, seen)
    known = data.panel.numbers_in(seen.ids)
    new = _rows_after(data.panel, known, seen)
    found += [_rows(data, seen, limits), *_series(known, seen, limits), _missing(data, new, limits)]
    found += [_advance(data, champion, limits), *check_clock(data, limits, now)]
    found += _values(data, champion, seen, new, limits)
    return _found(found)


def check_clock(data: ReadResult, limits: GateLimits, now: datetime) -> tuple[Breach, ...]:
    """The limits that data can come to break by themselves, while nothing in them changes."""
    now = now.astimezone()
    last = newest_moment(data.panel, data.schema)
    return _found([_age(now - last, last, limits), _ahead(steps_ahead(data.panel, data.schema, now), last, limits)])


def without_new_outliers(data: ReadResult, champion: Bundle, limits: GateLimits, seen: Seen | None) -> ReadResult:
    """The table with the new values beyond `max_outlier` as gaps, so that they do not spoil a forecast."""
    if limits.max_outlier is None:
        return data
    seen = _compared_with(data, champion, seen)
    panel = without_outliers(
        data.panel,
        champion.recent,
        data.panel.numbers_in(champion.recent.ids),
        _rows_after(data.panel, data.panel.numbers_in(seen.ids), seen),
        limits.max_outlier,
        champion.spec.season_length,
    )
    return replace(data, panel=panel)


def _compared_with(data: ReadResult, champion: Bundle, seen: Seen | None) -> Seen:
    """The table accepted last, if it had the same steps; else the one that the version in service was fitted on."""
    return seen if seen is not None and seen.step == data.panel.frequency.alias else seen_at_fit(champion)


def seen_in(data: ReadResult, champion: Bundle | None) -> Seen:
    """What a table holds, to compare the next one with.

    Args:
        data: the table.
        champion: the version in service, if the table is one of its columns and steps.
    """
    panel, revised = data.panel, 0.0
    if champion is not None and panel.frequency == champion.recent.frequency and _columns(data) == _columns(champion):
        revised = revision(panel, champion.recent, panel.numbers_in(champion.recent.ids)).size
    ends = tuple((panel.starts + panel.lengths).tolist())
    return Seen(panel.frequency.alias, data.rows, panel.ids, ends, revised)


def seen_at_fit(champion: Bundle) -> Seen:
    """What the table held that a version was fitted on."""
    context, rows = champion.recent, champion.provenance.get("data_rows")
    known = rows if isinstance(rows, int) and rows > 0 else None
    ends = tuple((context.starts + context.lengths).tolist())
    return Seen(context.frequency.alias, known, context.ids, ends)


def _found(breaches: list[Breach | None]) -> tuple[Breach, ...]:
    return tuple(breach for breach in breaches if breach is not None)


def _columns(table: ReadResult | Bundle) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], bool]:
    schema = table.schema
    return schema.time_cols, schema.id_cols, schema.target_cols, schema.time_zone is not None


def lost_column(error: MissingColumnError) -> Breach:
    """The breach of a table that has no such column any more, which the version in service was fitted on."""
    text = f"{error.message}; the version in service was fitted on '{error.missing}': --no-same-schema"
    return Breach("same_schema", "", error.missing, text)


def _schema(data: ReadResult, champion: Bundle, limits: GateLimits) -> Breach | None:
    if not limits.same_schema:
        return None
    names = ("time column", "id columns", "target columns")
    for name, now, before in zip(names, _columns(data), _columns(champion), strict=False):
        if now != before:
            return _changed(name, _listed(now), _listed(before))
    zoned, before_zoned = _columns(data)[3], _columns(champion)[3]
    if zoned != before_zoned:
        words = {True: "with a time zone", False: "without a time zone"}
        return _changed("stamps", words[zoned], words[before_zoned])
    step, before_step = data.panel.frequency, champion.recent.frequency
    if step != before_step:
        return _changed("frequency", f"{step.name} ({step.alias})", f"{before_step.name} ({before_step.alias})")
    return None


def _changed(what: str, found: str, expected: str) -> Breach:
    text = f"{what}: found {found}; the version in service was fitted on {expected}: --no-same-schema"
    return Breach("same_schema", f"{what} {found}", expected, text)


def _listed(columns: object) -> str:
    names = columns if isinstance(columns, tuple) else (columns,)
    return ", ".join(f"'{name}'" for name in names) or "none"


def _rows_after(panel: Panel, known: Rows, seen: Seen) -> Rows:
    """Rows of each series after those that were seen; all rows of one that was not there, shape (n_series,)."""
    after = panel.starts + panel.lengths - np.array(seen.ends, dtype=np.int64)[known]
    return np.where(known == UNKNOWN_SERIES, panel.lengths, np.clip(after, 0, panel.lengths))


def _rows(data: ReadResult, seen: Seen, limits: GateLimits) -> Breach | None:
    before = seen.rows
    if not before:
        return None
    return _above("max_fewer_rows", 1 - data.rows / before, limits, f"rows fell by {{}} ({before:,} to {data.rows:,})")


def _series(numbers: Rows, seen: Seen, limits: GateLimits) -> list[Breach | None]:
    before, now = len(seen.ids), len(numbers)
    known = int((numbers != UNKNOWN_SERIES).sum())
    return [
        _above("max_fewer_series", 1 - now / before, limits, f"series fell by {{}} ({before:,} to {now:,})"),
        _above("max_new_series", 1 - known / now, limits, f"{{}} of the series are new ({now - known:,} of {now:,})"),
        _above(
            "max_lost_series",
            1 - known / before,
            limits,
            f"{{}} of the series known are gone ({before - known:,} of {before:,})",
        ),
    ]


def _missing(data: ReadResult, new: Rows, limits: GateLimits) -> Breach | None:
    panel = data.panel
    each = -(-_ENOUGH_VALUES // panel.n_series)
    counted = np.minimum(panel.lengths, np.maximum(new, each))
    newest = panel.between(panel.lengths - counted, panel.lengths)
    total, missing = len(newest.values), int((~newest.observed).sum())
    shared, stretches = _shared_gaps(newest)
    total, missing = total - shared + stretches, missing - shared + stretches
    once = "; a gap of all series at once counts once" if stretches else ""
    return _above(
        "max_missing",
        missing / max(1, total),
        limits,
        f"{{}} of the newest values are missing ({missing:,} of {total:,}{once})",
    )


def _shared_gaps(panel: Panel) -> tuple[int, int]:
    """Values that are missing in all series at once, of which there are several, and the gaps that these make.

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
    text = f"{words.format(_percent(share))}; at most {_percent(allowed)} {_set(limit)}"
    return Breach(limit, share, allowed, text, change=limit in _CHANGES)


def _advance(data: ReadResult, champion: Bundle, limits: GateLimits) -> Breach | None:
    panel, context = data.panel, champion.recent
    last, before = (int((one.starts + one.lengths).max()) - 1 for one in (panel, context))
    if not limits.require_advance or last > before:
        return None
    found, known = (str(stamp) for stamp in panel.frequency.stamps(np.array([last, before])).astype("datetime64[s]"))
    text = f"the last stamp, {found}, is not later than that of the version in service, {known}: --no-require-advance"
    return Breach("require_advance", found, known, text)


def _age(age: timedelta, last: datetime, limits: GateLimits) -> Breach | None:
    allowed, seconds = limits.max_age, age.total_seconds()
    if allowed is None or seconds <= allowed:
        return None
    text = f"the last stamp, {last.isoformat()}, is {age_text(seconds)} old; at most {age_text(allowed)} "
    return Breach("max_age", seconds, allowed, text + _set("max_age", one=True))


def _ahead(steps: int, last: datetime, limits: GateLimits) -> Breach | None:
    if limits.max_ahead is None or steps <= limits.max_ahead:
        return None
    text = f"the last stamp, {last.isoformat()}, lies {steps:,} steps in the future; at most {limits.max_ahead} "
    return Breach("max_ahead", steps, limits.max_ahead, text + _set("max_ahead", one=limits.max_ahead == 1))


def _values(data: ReadResult, champion: Bundle, seen: Seen, new: Rows, limits: GateLimits) -> list[Breach | None]:
    panel, context = data.panel, champion.recent
    numbers = panel.numbers_in(champion.recent.ids)
    found: list[Breach | None] = []
    if limits.max_shift is not None:
        finding = shift(panel, context, numbers, new, revised=seen.revised)
        if finding.size > limits.max_shift:
            text = f"{finding.words}; at most {limits.max_shift:g} {_set('max_shift')}"
            found.append(Breach("max_shift", finding.size, limits.max_shift, text, change=finding.change))
    if limits.max_outlier is not None:
        finding = outlier(panel, context, numbers, new, limits.max_outlier)
        if finding.size > limits.max_outlier:
            text = f"{finding.words}; at most {limits.max_outlier:g} {_set('max_outlier')}"
            found.append(Breach("max_outlier", finding.size, limits.max_outlier, text, change=finding.change))
    return found


def _set(limit: str, *, one: bool = False) -> str:
    return f"{'is' if one else 'are'} allowed: --{limit.replace('_', '-')}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
