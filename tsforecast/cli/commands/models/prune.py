"""`tsforecast models prune NAME`."""

from __future__ import annotations

from dataclasses import asdict

import click

from tsforecast.cli.console import Console
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.shared import (
    name_argument,
    option,
    output_options,
    pass_console,
    store_option,
    trust_option,
)


@click.command("prune", cls=SectionCommand)
@name_argument(required=True)
@option("Store", "--keep", type=int, metavar="N", required=True, help="Newest versions that remain.")
@option("Store", "--dry-run", is_flag=True, help="Only say which would be removed.")
@store_option
@trust_option
@output_options
@pass_console
def command(console: Console, /, name: str, keep: int, dry_run: bool, store: str, trusted: bool, as_json: bool) -> None:
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
