"""`tsforecast models rollback NAME`."""

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


@click.command("rollback", cls=SectionCommand)
@name_argument(required=True)
@option("Store", "--to", type=int, metavar="N", help="Version to serve.", show_default="the newest sound one before")
@store_option
@trust_option
@output_options
@pass_console
def command(console: Console, /, name: str, to: int | None, store: str, trusted: bool, as_json: bool) -> None:
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
