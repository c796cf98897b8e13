"""`tsforecast models export [NAME]`."""

from __future__ import annotations

from dataclasses import asdict

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.shared import (
    ending,
    name_argument,
    option,
    output_options,
    pass_console,
    store_option,
    trust_option,
)


@click.command("export", cls=SectionCommand)
@name_argument()
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
def command(
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
