"""`tsforecast schedule CONFIG.toml`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tsforecast import clock
from tsforecast.cli.config import config_files, load_config
from tsforecast.cli.console import Console
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.shared import option, output_options, pass_console
from tsforecast.cli.options.types import Choice
from tsforecast.errors import ConfigError, OptionError
from tsforecast.files import whole_file
from tsforecast.workflows.schedule import EVERY, Timetable, clock_changes, make_timetable, next_runs

if TYPE_CHECKING:
    from tsforecast.workflows.schedule import Job

_RETRAIN, _SCORE = "retrain", "score"


@click.command("schedule", cls=SectionCommand)
@click.argument("file", metavar="CONFIG.toml", type=click.Path())
@option("Time", "--every", type=Choice(EVERY), default="day", show_default=True, help="How often it runs.")
@option("Time", "--at", metavar="HH:MM", help="Local time; :MM for hourly runs.", show_default="03:17")
@option(
    "Time", "--on", metavar="DAY", help="mon ... sun of a weekly run, 1 ... 28 of a monthly one.", show_default="first"
)
@option(
    "Output",
    "--format",
    "kind",
    type=Choice(["cron", "systemd"]),
    default="cron",
    show_default=True,
    help="A line for a crontab, or a service and its timer.",
)
@option(
    "Output",
    "--output-dir",
    "folder",
    type=click.Path(),
    metavar="DIR",
    help="Write the systemd units into this folder.",
    show_default="shown on stdout",
)
@output_options
@click.pass_context
@pass_console
def command(
    console: Console,
    ctx: click.Context,
    /,
    file: str,
    every: str,
    at: str | None,
    on: str | None,
    kind: str,
    folder: str | None,
    as_json: bool,
) -> None:
    """Print what makes cron or systemd run `tsforecast retrain --config CONFIG.toml`.

    CONFIG.toml is checked: its table [retrain] must name the data and the store. With a table [score], which names them
    too and may set limits, `tsforecast score` runs at the same times. Nothing is installed.

    \b
    Example:
      tsforecast schedule shop.toml --every day --at 03:17
      tsforecast schedule shop.toml --every week --on sun --format systemd
    """
    if folder is not None and kind == "cron":
        raise OptionError("--output-dir is for --format systemd", hint="append the line with crontab -e")
    table = make_timetable(every, at, on)
    values = _values(file, ctx)
    jobs = [_job(file, command, values[command], ctx) for command in (_RETRAIN, _SCORE) if command in values]
    from tsforecast.workflows.schedule import cron_line, systemd_units

    lines = {job.command: cron_line(job, table) for job in jobs} if kind == "cron" else {}
    units = {} if kind == "cron" else {name: text for job in jobs for name, text in systemd_units(job, table).items()}
    _check_files(file, values, [Path(folder) / name for name in units] if folder is not None else [])
    if folder is not None:
        for name, text in units.items():
            with whole_file(Path(folder) / name) as stream:
                stream.write(text.encode())
            console.success(f"wrote {Path(folder) / name}")
    document = {"format": kind} | _tell(console, table, jobs, values)
    if kind == "systemd":
        timers = " ".join(f"{job.unit}.timer" for job in jobs)
        console.command("next", f"systemctl daemon-reload && systemctl enable --now {timers}")
        document["units"] = units
    else:
        document |= {"line": lines[_RETRAIN], "score_line": lines.get(_SCORE)}
    if as_json:
        console.json(document)
    elif kind == "cron":
        click.echo("\n".join(lines.values()))
    elif folder is None:
        click.echo("\n".join(f"# {name}\n{text}" for name, text in units.items()), nl=False)


def _values(file: str, ctx: click.Context) -> dict[str, dict[str, Any]]:
    """What a configuration file says of a retraining, and of a scoring if it does, all of its paths absolute."""
    root = ctx.find_root()
    values = load_config(file, root, root.command) if isinstance(root.command, click.Group) else {}
    if values.get(_RETRAIN) is None:
        raise ConfigError("has no table [retrain]", hint='write [retrain], data = "..." and store = "..."', file=file)
    found = {command: dict(values[command]) for command in (_RETRAIN, _SCORE) if command in values}
    for command, table in found.items():
        for name in ("data", "store"):
            if table.get(name) in (None, "", "-"):
                hint = (
                    f'write {name} = "..." below [{command}]: a run at night has no stdin and starts in another folder'
                )
                raise ConfigError(f"[{command}] names no {name}", hint=hint, file=file)
    return found


def _check_files(file: str, values: dict[str, dict[str, Any]], units: Sequence[Path]) -> None:
    """Refuse at once what a run would refuse every night, and units that would overwrite one of its files."""
    from tsforecast.workflows.clashes import refuse_clashes, refuse_training_clashes, retrain_outputs

    table, configs = values[_RETRAIN], [("CONFIG.toml", file), *config_files()]
    refuse_training_clashes(
        table["data"],
        [*retrain_outputs(table), *(("--output-dir", unit) for unit in units)],
        store=table["store"],
        name=table.get("name"),
        configs=configs,
    )
    if (score := values.get(_SCORE)) is not None:
        writes = [("--forecasts", score.get("output"))]
        refuse_clashes([("DATA", score["data"]), *configs], writes, store=score["store"], name=score.get("name"))


def _job(file: str, command: str, table: dict[str, Any], ctx: click.Context) -> Job:
    from tsforecast.workflows.schedule import Job, check_printable

    writes = {os.path.normpath(table["store"]), *_folders(command, table, ctx)}
    data = os.path.normpath(table["data"])
    job = Job(_program(), os.path.abspath(file), data, tuple(sorted(writes)), command)
    check_printable((*job.words, *job.writes))
    return job


def _folders(command: str, table: dict[str, Any], ctx: click.Context) -> set[str]:
    """Folders of the files that a run writes: of all paths in the table but what it reads and the store."""
    group = ctx.find_root().command
    found = group.get_command(ctx, command) if isinstance(group, click.Group) else None
    paths = [param.name for param in (found.params if found else ()) if isinstance(param.type, click.Path)]
    files = [table[name] for name in paths if name in table and name not in ("data", "store")]
    return {os.path.dirname(os.path.normpath(path)) for path in files if path not in ("", "-")}


def _program() -> tuple[str, ...]:
    """How this tsforecast was started, from the root of the file system. Links stay: a venv is one."""
    found = shutil.which(sys.argv[0]) if Path(sys.argv[0]).name == "tsforecast" else None
    beside = Path(sys.executable).with_name("tsforecast")
    if found is None and not beside.exists():
        return (os.path.abspath(sys.executable), "-m", "tsforecast")
    return (os.path.abspath(found or beside),)


def _tell(console: Console, table: Timetable, jobs: Sequence[Job], values: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Say when it runs next, and what could go wrong; the same as plain values."""
    now = clock.now()
    runs = next_runs(table, now)
    notes = [
        f"{run.problem}, when the clocks change: it may be left out or run twice that night; choose another --at"
        for run in clock_changes(table, now)[:2]
    ]
    paths = dict.fromkeys(path for job in jobs for path in (job.data, *job.writes))
    notes += [f"{path} does not exist yet" for path in paths if not Path(path).exists()]
    if values[_RETRAIN].get("ledger") and _SCORE not in values:
        notes.append(
            "the forecasts are noted in the ledger, and nothing scores them: a table [score] with data, store and "
            "limits such as max-mase = 1.5 does"
        )
    for run in runs:
        console.info(f"runs {run.moment:%a %Y-%m-%d %H:%M %Z}{f' ({run.problem})' if run.problem else ''}")
    for note in notes:
        console.warning(note)
    return {"next": [run.moment.isoformat() for run in runs], "notes": notes}
