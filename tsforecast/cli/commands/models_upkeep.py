"""`tsforecast models verify`, `rollback`, `prune` and `export`: the commands that check or change a store."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.shared import ending, option, output_options, pass_console, store_option, trust_option
from tsforecast.errors import ModelError, TrustError

if TYPE_CHECKING:
    from tsforecast.store.results import VersionCheck


@click.command("verify", cls=SectionCommand)
@click.argument("name", required=False)
@option("Store", "--version", type=int, metavar="N", help="Version of the model.", show_default="all")
@store_option
@trust_option
@output_options
@pass_console
@click.pass_context
def verify_command(
    ctx: click.Context,
    console: Console,
    /,
    name: str | None,
    version: int | None,
    store: str,
    trusted: bool,
    as_json: bool,
) -> None:
    """Check the versions of a model, or of all: every byte, and the forecast that each of them gives.

    Exit status 65 where one is damaged, 77 where somebody else could have changed one.

    \b
    Example:
      tsforecast models verify
    """
    from tsforecast.store.store import Store

    if version is not None and name is None:
        raise click.UsageError("--version needs the NAME of a model")
    checked = list(Store(store, trusted).verify(name, version))
    bad = [each for each in checked if each.error is not None]
    if as_json:
        console.json({"versions": [_checked(each) for each in checked], "problems": len(bad)})
    elif checked:
        header = ("name", "version", "in service", "result", "problem")
        columns = len(header) if bad else len(header) - 1
        console.table(header[:columns], [_row(each)[:columns] for each in checked])
    else:
        console.info(f"no models in {store}; fit one first: tsforecast fit DATA")
    if bad:
        console.error(f"{len(bad)} of {len(checked)} checks found a problem")
        only_trust = all(isinstance(each.error, TrustError) for each in bad)
        ctx.exit(TrustError.exit_code if only_trust else ModelError.exit_code)
    elif checked:
        console.success("1 version is sound" if len(checked) == 1 else f"{len(checked)} versions are sound")


@click.command("rollback", cls=SectionCommand)
@click.argument("name")
@option("Store", "--to", type=int, metavar="N", help="Version to serve.", show_default="the newest sound one before")
@store_option
@trust_option
@output_options
@pass_console
def rollback_command(console: Console, /, name: str, to: int | None, store: str, trusted: bool, as_json: bool) -> None:
    """Put an older version of a model back into service, once it was checked.

    \b
    Example:
      tsforecast models rollback sales
    """
    from tsforecast.store.store import Store

    done = Store(store, trusted).find(name).rollback(to)
    for text in (*done.passed_over, done.problem):
        if text:
            console.note("warning", text)
    if as_json:
        console.json(asdict(done) | {"path": str(done.path)})
    elif done.version == done.previous:
        console.success(f"{name} version {done.version} is in service already")
    else:
        instead = "" if done.previous is None else f" instead of version {done.previous}"
        console.success(f"{name} version {done.version} is in service{instead}")


@click.command("prune", cls=SectionCommand)
@click.argument("name")
@option("Store", "--keep", type=int, metavar="N", required=True, help="Newest versions that remain.")
@option("Store", "--dry-run", is_flag=True, help="Only say which would be removed.")
@store_option
@trust_option
@output_options
@pass_console
def prune_command(
    console: Console, /, name: str, keep: int, dry_run: bool, store: str, trusted: bool, as_json: bool
) -> None:
    """Remove the old versions of a model.

    The version in service and the one before it always remain.

    \b
    Example:
      tsforecast models prune sales --keep 5
    """
    from tsforecast.store.store import Store

    done = Store(store, trusted).find(name).prune(keep, dry_run=dry_run)
    if as_json:
        console.json(asdict(done) | {"dry_run": dry_run})
        return
    said = "would remove" if dry_run else "removed"
    numbers = ", ".join(str(number) for number in done.removed) or "nothing"
    console.success(f"{said} {numbers} of {name} ({done.freed / 1e6:.1f} MB); {len(done.kept)} versions are kept")


@click.command("export", cls=SectionCommand)
@click.argument("name", required=False)
@option("Store", "--version", type=int, metavar="N", help="Version of the model.", show_default="the one in service")
@option(
    "Output",
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE.zip",
    required=True,
    callback=ending(".zip"),
    help="Where the version goes.",
)
@store_option
@trust_option
@output_options
@pass_console
def export_command(
    console: Console, /, name: str | None, version: int | None, output: str, store: str, trusted: bool, as_json: bool
) -> None:
    """Write a version into a zip file, once it was checked.

    Without NAME, the model published last. Unpacked in the folder of a store, it is in service there.

    \b
    Example:
      tsforecast models export sales -o sales.zip
    """
    from tsforecast.store.store import Store
    from tsforecast.workflows.clashes import refuse_clashes

    writes = [("--json", "-" if as_json else None), ("--output", output)]
    refuse_clashes(config_files(), writes, store=store, name=name)
    done = Store(store, trusted).find(name).export(output, version)
    if as_json:
        console.json(asdict(done))
    else:
        console.success(f"wrote {done.name} version {done.version} to {output} ({done.size / 1e6:.1f} MB)")


def _checked(checked: VersionCheck) -> dict[str, Any]:
    return {
        "name": checked.name,
        "version": checked.version,
        "in_service": checked.in_service,
        "error": checked.error.to_dict() if checked.error else None,
    }


def _row(checked: VersionCheck) -> tuple[str, str, str, str, str]:
    return (
        checked.name,
        "CURRENT" if checked.version is None else str(checked.version),
        "yes" if checked.in_service else "",
        "problem" if checked.error else "ok",
        str(checked.error or ""),
    )
