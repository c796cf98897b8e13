"""What cron and systemd are given: a line of a crontab, or a service and its timer, each quoted as its reader reads."""

from __future__ import annotations

import os
import pwd
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tsforecast.errors import ConfigError
from tsforecast.workflows.schedule import Timetable


@dataclass(frozen=True)
class Job:
    """What is to be run.

    Args:
        program: words that start tsforecast, the first an absolute path.
        config: absolute path of the configuration file.
        data: absolute path of the table that it reads.
        writes: absolute paths of the folders that it writes into.
    """

    program: tuple[str, ...]
    config: str
    data: str
    writes: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The command line; quiet, because cron mails whatever a run says."""
        return (*self.program, "retrain", "--config", self.config, "--quiet")

    @property
    def unit(self) -> str:
        """Name of the units, without their ending."""
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(self.config).stem).strip(".-")
        return f"tsforecast-{stem or 'retrain'}"


def check_printable(paths: Sequence[str]) -> None:
    """Refuse paths that no crontab and no unit can hold.

    Raises:
        ConfigError: naming the path.
    """
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
    user = "" if os.getuid() == 0 else f"User={pwd.getpwuid(os.getuid()).pw_name}\n"
    # With a /tmp of its own the service would not see what lies in the real one.
    shared = any(path.startswith(("/tmp/", "/var/tmp/")) for path in (*job.words, job.data, *job.writes))
    private = "" if shared else "PrivateTmp=yes\n"
    return f"""\
[Unit]
Description=Retrain the model of {_plain(job.config)}

[Service]
Type=oneshot
ExecStart={" ".join(_quoted(word.replace("$", "$$")) for word in job.words)}
# 3: the new model was worse, and the old one stays in service.
SuccessExitStatus=3
{user}Nice=10
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
Description=When the model of {_plain(job.config)} is retrained

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
