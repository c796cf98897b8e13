"""The timetable of a retraining or scoring, for cron and systemd, and what a clock change skips or repeats."""

from __future__ import annotations

import os
import pwd
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count, islice, takewhile
from pathlib import Path

from tsforecast.errors import ConfigError, OptionError

EVERY = ("hour", "day", "week", "month")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Not on the hour, when everybody's jobs start, and after the hour that clocks skip and repeat.
DEFAULT_AT = time(3, 17)
_AT = re.compile(r"(?:([01]?[0-9]|2[0-3]))?:([0-5][0-9])")
DOES = {  # a command: what it does in words, and what systemd has to know of its exit status
    "retrain": (
        "Retrain the model of",
        "# 3: the new model was worse, and the old one stays in service.\nSuccessExitStatus=3\n",
    ),
    "score": (
        "Score the forecasts of",
        "# 4: the forecasts are worse than a limit allows. 66: none has been noted yet.\nSuccessExitStatus=66\n",
    ),
}
_LAST_DAY = 28  # that every month has
_YEAR, _MINUTE = timedelta(days=366), timedelta(minutes=1)


@dataclass(frozen=True)
class Timetable:
    """When something runs, on the local clock: one of `EVERY`, and the time of day, or for hourly runs its minute.

    `on` is the weekday of a weekly run, where Monday is 0, and the day of the month of a monthly one.
    """

    every: str
    at: time
    on: int = 0

    @property
    def cron(self) -> str:
        """The five fields of a crontab."""
        hour = "*" if self.every == "hour" else str(self.at.hour)
        day = str(self.on) if self.every == "month" else "*"
        weekday = str((self.on + 1) % 7) if self.every == "week" else "*"  # Sunday is 0 there
        return f"{self.at.minute} {hour} {day} * {weekday}"

    @property
    def on_calendar(self) -> str:
        """The calendar event of systemd."""
        hour = "*" if self.every == "hour" else f"{self.at.hour:02d}"
        weekday = f"{WEEKDAYS[self.on].title()} " if self.every == "week" else ""
        day = f"{self.on:02d}" if self.every == "month" else "*"
        return f"{weekday}*-*-{day} {hour}:{self.at.minute:02d}:00"


@dataclass(frozen=True)
class NextRun:
    """A run to come, on the local clock with its offset, and why it may not happen once then; None where it will."""

    moment: datetime
    problem: str | None = None


def make_timetable(every: str, at: str | None, on: str | None) -> Timetable:
    """A timetable from what was typed.

    Args:
        every: one of `EVERY`.
        at: `HH:MM`, for hourly runs `:MM`; None takes 03:17.
        on: a weekday such as `mon`, or a day of the month from 1 to 28; None takes the first of either.

    Raises:
        OptionError: a value that does not fit.
    """
    return Timetable(every, DEFAULT_AT if at is None else _time(every, at), _day(every, on))


def next_runs(table: Timetable, now: datetime, zone: tzinfo | None = None, most: int = 3) -> list[NextRun]:
    """The next `most` runs after `now`, on the clock of `zone`; None is that of this machine."""
    return list(islice(_runs(table, now, zone), most))


def clock_changes(table: Timetable, now: datetime, zone: tzinfo | None = None) -> list[NextRun]:
    """Runs of the next year that a clock change skips or repeats. Hourly ones go on as the hours do."""
    if table.every == "hour":
        return []
    return [run for run in takewhile(lambda run: run.moment < now + _YEAR, _runs(table, now, zone)) if run.problem]


def _time(every: str, text: str) -> time:
    match = _AT.fullmatch(text)
    if match is None or (match[1] is None) != (every == "hour"):
        expected = ":MM, such as :17" if every == "hour" else "HH:MM, such as 03:17"
        raise OptionError(f"--at is '{text}'", hint=f"with --every {every} write {expected}")
    return time(int(match[1] or 0), int(match[2]))


def _day(every: str, text: str | None) -> int:
    if every == "week":
        name = (text or WEEKDAYS[0]).lower()
        if name not in WEEKDAYS:
            raise OptionError(f"--on is '{text}'", hint=f"a weekly run needs one of {', '.join(WEEKDAYS)}")
        return WEEKDAYS.index(name)
    if every == "month":
        if not re.fullmatch("[0-9]{1,2}", text or "1") or not 1 <= int(text or "1") <= _LAST_DAY:
            raise OptionError(
                f"--on is '{text}'", hint=f"a monthly run needs a day that every month has: 1-{_LAST_DAY}"
            )
        return int(text or "1")
    if text is not None:
        raise OptionError(f"--on is '{text}' with --every {every}", hint="it goes with --every week or month")
    return 0


def _runs(table: Timetable, now: datetime, zone: tzinfo | None) -> Iterator[NextRun]:
    """Runs after a moment, in the order of time, without end."""
    if table.every == "hour":
        begin = now.replace(second=0, microsecond=0)
        moments = ((begin + number * _MINUTE).astimezone(zone) for number in count(1))
        yield from (NextRun(moment) for moment in moments if moment.minute == table.at.minute)
    today = now.astimezone(zone).date()
    for day in (today + timedelta(days=number) for number in count()):
        if _is_due(table, day) and (run := _one(datetime.combine(day, table.at), zone)).moment > now:
            yield run


def _is_due(table: Timetable, day: date) -> bool:
    if table.every == "week":
        return day.weekday() == table.on
    return table.every == "day" or day.day == table.on


def _one(wall: datetime, zone: tzinfo | None) -> NextRun:
    """The run at a time on the clock; at one that is skipped, cron starts it when the clock goes on."""
    # Without a zone Python takes the clock of the machine.
    early, late = sorted(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    local = early.astimezone(zone)
    if early == late:
        return NextRun(local)
    if local.replace(tzinfo=None, fold=0) == wall:
        return NextRun(local, f"{wall:%H:%M} comes twice on {wall:%Y-%m-%d}")
    while local.replace(tzinfo=None) < wall:
        early += _MINUTE
        local = early.astimezone(zone)
    return NextRun(local, f"{wall:%H:%M} does not exist on {wall:%Y-%m-%d}")


@dataclass(frozen=True)
class Job:
    """A command to run; all paths are absolute.

    Args:
        program: words that start tsforecast.
        config: path of the configuration file.
        data: path of the table that is read.
        writes: folders that are written to.
        command: one of `DOES`.
    """

    program: tuple[str, ...]
    config: str
    data: str
    writes: tuple[str, ...]
    command: str = "retrain"

    @property
    def words(self) -> tuple[str, ...]:
        """The command line; quiet, because cron mails whatever a run says."""
        return (*self.program, self.command, "--config", self.config, "--quiet")

    @property
    def unit(self) -> str:
        """Name of the units, without their ending."""
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(self.config).stem).strip(".-")
        return f"tsforecast-{stem or self.command}{'' if self.command == 'retrain' else f'-{self.command}'}"


def check_printable(paths: Sequence[str]) -> None:
    """Raise a ConfigError for a path that no crontab and no unit can hold."""
    for path in paths:
        if not path.isprintable():
            raise ConfigError(f"the path {path!r} holds a character that cannot be printed", hint="rename it")


def cron_line(job: Job, table: Timetable) -> str:
    """A line for `crontab -e`. A `%` would end the command there, also within quotes."""
    return f"{table.cron} {shlex.join(job.words)}".replace("%", "\\%")


def systemd_units(job: Job, table: Timetable) -> dict[str, str]:
    """The service and its timer by file name, for /etc/systemd/system."""
    return {f"{job.unit}.service": _service(job, table), f"{job.unit}.timer": _timer(job, table)}


def _service(job: Job, table: Timetable) -> str:
    does, statuses = DOES[job.command]
    user = "" if os.getuid() == 0 else f"User={pwd.getpwuid(os.getuid()).pw_name}\n"
    # With a /tmp of its own the service would not see what lies in the real one.
    shared = any(path.startswith(("/tmp/", "/var/tmp/")) for path in (*job.words, job.data, *job.writes))
    private = "" if shared else "PrivateTmp=yes\n"
    return f"""\
[Unit]
Description={does} {_plain(job.config)}

[Service]
Type=oneshot
ExecStart={" ".join(_quoted(word.replace("$", "$$")) for word in job.words)}
{statuses}{user}Nice=10
MemoryMax=4G
TimeoutStartSec={"50min" if table.every == "hour" else "6h"}
NoNewPrivileges=yes
{private}ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={" ".join(_quoted(path) for path in job.writes)}
"""


def _timer(job: Job, table: Timetable) -> str:
    return f"""\
[Unit]
Description=When tsforecast {job.command} --config {_plain(job.config)} runs

[Timer]
OnCalendar={table.on_calendar}
# A run that was missed while the machine was off is made up for once.
Persistent=true
RandomizedDelaySec={"2min" if table.every == "hour" else "10min"}

[Install]
WantedBy=timers.target
"""


def _plain(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    escaped = _plain(word).replace("\\", "\\\\").replace('"', '\\"')
    return escaped if re.fullmatch(r"[A-Za-z0-9%$+,./:=@_-]+", escaped) else f'"{escaped}"'
