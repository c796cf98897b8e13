"""`tsforecast models rename OLD NEW`."""

from __future__ import annotations

from dataclasses import asdict

import click

from tsforecast.cli.console import Console
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.shared import name_argument, output_options, pass_console, store_option, trust_option


@click.command("rename", cls=SectionCommand)
@name_argument("old", required=True)
@click.argument("new")
@store_option
@trust_option
@output_options
@pass_console
def command(console: Console, /, old: str, new: str, store: str, trusted: bool, as_json: bool) -> None:
    """Give a model another name, with all versions and its ledger.

    Retrainings that named it OLD, or are called after a file OLD.csv, need --name NEW from then on.

    \b
    Example:
      tsforecast models rename sales sales-of-2024
    """
    from tsforecast.store.removal import rename_model
    from tsforecast.store.store import Store

    done = rename_model(Store(store, trusted).find(old), new)
    if done.problem:
        console.note("warning", done.problem)
    if as_json:
        console.json(asdict(done))
    else:
        console.success(f"{old} is called {new} now; retrainings of it need --name {new}")
