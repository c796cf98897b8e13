"""How old a model and its data are, and when that is too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from tsforecast import clock
from tsforecast.errors import GateError, OptionError
from tsforecast.io.messages import Note, warning
from tsforecast.io.times.formats import STEP, readable_stamps
from tsforecast.io.times.zones import find_zone
from tsforecast.series.panel import Panel, Schema
from tsforecast.store.results import VersionDetails


def age_text(seconds: float) -> str:
    """An age as people say it, such as `3 days` or `26 h`."""
    for unit, length, enough in (("days", 86_400, 2), ("h", 3600, 2), ("min", 60, 1)):
        if seconds >= enough * length:
            return f"{seconds / length:.0f} {unit}" if seconds >= 10 * length else f"{seconds / length:.3g} {unit}"
    return f"{seconds:.0f} s"


def newest_moment(panel: Panel, schema: Schema) -> datetime:
    """The newest time of any series, with its zone: that of the schema, and without one that of this machine."""
    newest = panel.frequency.stamps((panel.starts + panel.lengths - 1).max(keepdims=True))[0]
    wall = datetime(1970, 1, 1) + timedelta(microseconds=int(newest.astype("int64")))
    if schema.time_zone is None:
        return wall.astimezone()
    if panel.frequency.sub_daily:  # counted in UTC
        return wall.replace(tzinfo=UTC)
    return wall.replace(tzinfo=find_zone(schema.time_zone))


def newest_text(panel: Panel, schema: Schema) -> str:
    """The newest time of any series as text, with its offset where the schema has a zone."""
    if schema.time_formats == (STEP,):
        return readable_stamps(panel.frequency.stamps(panel.ends.max(keepdims=True) - 1), schema, panel.frequency)[0]
    moment = newest_moment(panel, schema)
    return moment.replace(tzinfo=None if schema.time_zone is None else moment.tzinfo).isoformat()


def steps_ahead(panel: Panel, schema: Schema, now: datetime) -> int:
    """Number of steps by which the newest time of any series lies after now; negative where it lies before.

    Args:
        panel: the series.
        schema: its time zone tells what the times mean; without one they are local times of this machine.
        now: a moment with its zone.
    """
    zone = newest_moment(panel, schema).tzinfo if schema.time_zone else None
    wall = np.array([now.astimezone(zone).replace(tzinfo=None)], dtype="datetime64[us]")
    return int((panel.starts + panel.lengths).max()) - 1 - int(panel.frequency.ordinals(wall)[0][0])


def future_notes(panel: Panel, schema: Schema, now: datetime) -> list[Note]:
    """A warning where the newest time lies more than one step after now."""
    steps = steps_ahead(panel, schema, now)
    if steps <= 1:
        return []
    moment = newest_moment(panel, schema).isoformat(sep=" ")
    return [warning(f"the last time, {moment}, lies {steps:,} steps in the future: are the years right?")]


def check_version_age(version: VersionDetails, max_age: float) -> None:
    """Refuse a version that was published more than `max_age` seconds ago.

    Raises:
        GateError: with its age.
    """
    what = f"version {version.version} of model '{version.name}' was published"
    _check(version.published, what, max_age, hint="retrain it, or raise --max-age")


def check_data_age(history: Panel, schema: Schema, max_age: float) -> None:
    """Refuse data whose newest time, that of any series, lies more than `max_age` seconds back.

    Args:
        history: the rows that are continued.
        schema: its time zone tells what the times mean; without one they are local times of this machine.
        max_age: seconds.

    Raises:
        GateError: with the age of the data.
        OptionError: data without dates.
    """
    if schema.time_formats == (STEP,):
        raise OptionError(
            "the data have step numbers and no dates, so that their age is not known", hint="leave --max-age out"
        )
    moment = newest_moment(history, schema)
    what = f"the newest row of the data, of {moment.isoformat(sep=' ')}, lies"
    _check(moment, what, max_age, hint="give newer data, or raise --max-age")


def _check(moment: datetime, what: str, max_age: float, *, hint: str) -> None:
    age = (clock.now() - moment).total_seconds()
    if age > max_age:
        raise GateError(f"{what} {age_text(age)} ago, the limit is {age_text(max_age)}", hint=hint)
