"""The data gate: what is checked of new data before anything is trained on them.

Each limit compares the table with the version in service and with the clock. All breaches are found, not the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from tsforecast.errors import OptionError
from tsforecast.io.panels import ReadResult
from tsforecast.models.config import check_finite
from tsforecast.models.inference import UNKNOWN_SERIES
from tsforecast.store.bundle import Bundle
from tsforecast.windows import Rows
from tsforecast.workflows.ages import age_text, newest_moment, steps_ahead
from tsforecast.workflows.duel import new_rows
from tsforecast.workflows.predict import training_numbers
from tsforecast.workflows.rules import GateLimits
from tsforecast.workflows.shifts import outlier, shift

# Values that the share of missing ones rests on at least: the newest rows, joined by older ones where they are few.
_ENOUGH_VALUES = 100
_SHARES = ("max_fewer_rows", "max_fewer_series", "max_missing", "max_new_series", "max_lost_series")
_ABOVE_ZERO = ("max_shift", "max_outlier", "max_age")


@dataclass(frozen=True)
class Breach:
    """A limit that the data do not keep.

    Args:
        limit: its name among GateLimits.
        found: what was found.
        allowed: the limit, or what was expected.
        text: both in one sentence, with the option that sets the limit.
    """

    limit: str
    found: float | str
    allowed: float | str
    text: str


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


def check_gate(data: ReadResult, champion: Bundle | None, limits: GateLimits, *, now: datetime) -> tuple[Breach, ...]:
    """All limits that the data do not keep.

    Args:
        data: the table.
        champion: the version in service; without one, only missing values and the clock are looked at.
        limits: to be kept.
        now: the time; without a zone, that of the machine's.
    """
    found: list[Breach | None] = []
    comparable = True
    if champion is not None:
        schema = _schema(data, champion, limits)
        comparable = data.panel.frequency == champion.context.frequency and _columns(data) == _columns(champion)
        found += [schema, _rows(data, champion, limits)]
    if champion is None or not comparable:
        # Rows of another table cannot be lined up with those of the version in service.
        return _found([*found, _missing(data, data.panel.lengths, limits), *_clock(data, limits, now)])
    numbers = training_numbers(champion, data.panel)
    new = new_rows(data.panel, numbers, champion)
    found += _series(numbers, champion, limits)
    found += [_missing(data, new, limits), _advance(data, champion, limits), *_clock(data, limits, now)]
    found += _values(data, champion, numbers, new, limits)
    return _found(found)


def _found(breaches: list[Breach | None]) -> tuple[Breach, ...]:
    return tuple(breach for breach in breaches if breach is not None)


def _columns(table: ReadResult | Bundle) -> tuple[str, tuple[str, ...], tuple[str, ...], bool]:
    schema = table.schema
    return schema.time_col, schema.id_cols, schema.target_cols, schema.time_zone is not None


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
    step, before_step = data.panel.frequency, champion.context.frequency
    if step != before_step:
        return _changed("frequency", f"{step.name} ({step.alias})", f"{before_step.name} ({before_step.alias})")
    return None


def _changed(what: str, found: str, expected: str) -> Breach:
    text = f"{what}: found {found}; the version in service was fitted on {expected}: --no-same-schema"
    return Breach("same_schema", f"{what} {found}", expected, text)


def _listed(columns: object) -> str:
    names = columns if isinstance(columns, tuple) else (columns,)
    return ", ".join(f"'{name}'" for name in names) or "none"


def _rows(data: ReadResult, champion: Bundle, limits: GateLimits) -> Breach | None:
    before = champion.provenance.get("data_rows")
    if not isinstance(before, int) or before <= 0:
        return None
    return _above("max_fewer_rows", 1 - data.rows / before, limits, f"rows fell by {{}} ({before:,} to {data.rows:,})")


def _series(numbers: Rows, champion: Bundle, limits: GateLimits) -> list[Breach | None]:
    before, now = champion.context.n_series, len(numbers)
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
    return _above(
        "max_missing",
        missing / max(1, total),
        limits,
        f"{{}} of the newest values are missing ({missing:,} of {total:,})",
    )


def _above(limit: str, share: float, limits: GateLimits, words: str) -> Breach | None:
    """A breach where a share is above its limit; `words` has a place for the share."""
    allowed = getattr(limits, limit)
    # Rounding must not make a breach of a share that is the limit itself.
    if allowed is None or share <= allowed + 1e-9:
        return None
    return Breach(limit, share, allowed, f"{words.format(_percent(share))}; at most {_percent(allowed)} {_set(limit)}")


def _advance(data: ReadResult, champion: Bundle, limits: GateLimits) -> Breach | None:
    panel, context = data.panel, champion.context
    last, before = (int((one.starts + one.lengths).max()) - 1 for one in (panel, context))
    if not limits.require_advance or last > before:
        return None
    found, known = (str(stamp) for stamp in panel.frequency.stamps(np.array([last, before])).astype("datetime64[s]"))
    text = f"the last stamp, {found}, is not later than that of the version in service, {known}: --no-require-advance"
    return Breach("require_advance", found, known, text)


def _clock(data: ReadResult, limits: GateLimits, now: datetime) -> list[Breach | None]:
    now = now.astimezone()
    last = newest_moment(data.panel, data.schema)
    return [_age(now - last, last, limits), _ahead(steps_ahead(data.panel, data.schema, now), last, limits)]


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


def _values(data: ReadResult, champion: Bundle, numbers: Rows, new: Rows, limits: GateLimits) -> list[Breach | None]:
    found: list[Breach | None] = []
    for limit, measure in (("max_shift", shift), ("max_outlier", outlier)):
        allowed = getattr(limits, limit)
        if allowed is None:
            continue
        finding = measure(data.panel, champion.context, numbers, new)
        if finding.size > allowed:
            text = f"{finding.words}; at most {allowed:g} {_set(limit)}"
            found.append(Breach(limit, finding.size, allowed, text))
    return found


def _set(limit: str, *, one: bool = False) -> str:
    return f"{'is' if one else 'are'} allowed: --{limit.replace('_', '-')}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
