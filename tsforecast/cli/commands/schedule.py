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
from tsforecast.errors import ConfigError, OptionError
from tsforecast.files import whole_file
from tsforecast.workflows.schedule import EVERY, Timetable, clock_changes, make_timetable, next_runs

if TYPE_CHECKING:
    from tsforecast.workflows.schedule import Job

_COMMAND = "retrain"


@click.command("schedule", cls=SectionCommand)
@click.argument("file", metavar="CONFIG.toml", type=click.Path())
@option("Time", "--every", type=click.Choice(EVERY), default="day", show_default=True, help="How often it runs.")
@option("Time", "--at", metavar="HH:MM", help="Local time; :MM for hourly runs.", show_default="03:17")
@option(
    "Time", "--on", metavar="DAY", help="mon ... sun of a weekly run, 1 ... 28 of a monthly one.", show_default="first"
)
@option(
    "Output",
    "--format",
    "kind",
    type=click.Choice(["cron", "systemd"]),
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

    CONFIG.toml is checked: its table [retrain] must name the data and the store. Nothing is installed.

    \b
    Example:
      tsforecast schedule shop.toml --every day --at 03:17
      tsforecast schedule shop.toml --every week --on sun --format systemd
    """
    if folder is not None and kind == "cron":
        raise OptionError("--output-dir is for --format systemd", hint="append the line with crontab -e")
    table = make_timetable(every, at, on)
    values = _retrain_values(file, ctx)
    job = _job(file, values, ctx)
    from tsforecast.workflows.schedule import cron_line, systemd_units

    texts = {"line": cron_line(job, table)} if kind == "cron" else systemd_units(job, table)
    _check_files(file, values, [Path(folder) / name for name in texts] if folder is not None else [])
    if folder is not None:
        for name, text in texts.items():
            with whole_file(Path(folder) / name) as stream:
                stream.write(text.encode())
            console.success(f"wrote {Path(folder) / name}")
    document = {"format": kind, **({"line": texts["line"]} if kind == "cron" else {"units": texts})}
    document |= _tell(console, table, job)
    if kind == "systemd":
        console.command("next", f"systemctl daemon-reload && systemctl enable --now {job.unit}.timer")
    if as_json:
        console.json(document)
    elif kind == "cron":
        click.echo(texts["line"])
    elif folder is None:
        click.echo("\n".join(f"# {name}\n{text}" for name, text in texts.items()), nl=False)


def _retrain_values(file: str, ctx: click.Context) -> dict[str, Any]:
    """What a configuration file says of a retraining, all of its paths absolute."""
    root = ctx.find_root()
    values = load_config(file, root, root.command) if isinstance(root.command, click.Group) else {}
    table = values.get(_COMMAND)
    if table is None:
        raise ConfigError("has no table [retrain]", hint='write [retrain], data = "..." and store = "..."', file=file)
    for name in ("data", "store"):
        if table.get(name) in (None, "", "-"):
            hint = f'write {name} = "..." below [retrain]: a run at night has no stdin and starts in another folder'
            raise ConfigError(f"[retrain] names no {name}", hint=hint, file=file)
    return dict(table)


def _check_files(file: str, values: dict[str, Any], units: Sequence[Path]) -> None:
    """Refuse at once what the retraining would refuse every night, and units that would overwrite one of its files."""
    from tsforecast.workflows.clashes import refuse_training_clashes, retrain_outputs

    refuse_training_clashes(
        values["data"],
        [*retrain_outputs(values), *(("--output-dir", unit) for unit in units)],
        store=values["store"],
        name=values.get("name"),
        configs=[("CONFIG.toml", file), *config_files()],
    )


def _job(file: str, table: dict[str, Any], ctx: click.Context) -> Job:
    from tsforecast.workflows.schedule import Job, check_printable

    writes = {os.path.normpath(table["store"]), *_folders(table, ctx)}
    data = os.path.normpath(table["data"])
    job = Job(_program(), os.path.abspath(file), data, tuple(sorted(writes)))
    check_printable((*job.words, *job.writes))
    return job


def _folders(table: dict[str, Any], ctx: click.Context) -> set[str]:
    """Folders of the files that a run writes: of all paths in the table but what it reads and the store."""
    group = ctx.find_root().command
    retrain = group.get_command(ctx, _COMMAND) if isinstance(group, click.Group) else None
    paths = [param.name for param in (retrain.params if retrain else ()) if isinstance(param.type, click.Path)]
    files = [table[name] for name in paths if name in table and name not in ("data", "store")]
    return {os.path.dirname(os.path.normpath(path)) for path in files if path not in ("", "-")}


def _program() -> tuple[str, ...]:
    """How this tsforecast was started, from the root of the file system. Links stay: a venv is one."""
    found = shutil.which(sys.argv[0]) if Path(sys.argv[0]).name == "tsforecast" else None
    beside = Path(sys.executable).with_name("tsforecast")
    if found is None and not beside.exists():
        return (os.path.abspath(sys.executable), "-m", "tsforecast")
    return (os.path.abspath(found or beside),)


def _tell(console: Console, table: Timetable, job: Job) -> dict[str, Any]:
    """Say when it runs next, and what could go wrong; the same as plain values."""
    now = clock.now()
    runs = next_runs(table, now)
    notes = [
        f"{run.problem}, when the clocks change: it may be left out or run twice that night; choose another --at"
        for run in clock_changes(table, now)[:2]
    ]
    notes += [f"{path} does not exist yet" for path in (job.data, *job.writes) if not Path(path).exists()]
    for run in runs:
        console.info(f"runs {run.moment:%a %Y-%m-%d %H:%M %Z}{f' ({run.problem})' if run.problem else ''}")
    for note in notes:
        console.warning(note)
    return {"next": [run.moment.isoformat() for run in runs], "notes": notes}
