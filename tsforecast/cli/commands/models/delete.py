"""`tsforecast models delete NAME[@VERSION]`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

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
from tsforecast.errors import OptionError
from tsforecast.io.messages import counted

if TYPE_CHECKING:
    from tsforecast.store.model import StoredModel


@click.command("delete", cls=SectionCommand)
@name_argument(required=True, metavar="NAME[@VERSION]")
@option("Store", "--yes", is_flag=True, help="Delete a whole model, with the version in service and its ledger.")
@store_option
@trust_option
@output_options
@pass_console
def command(console: Console, /, name: str, yes: bool, store: str, trusted: bool, as_json: bool) -> None:
    """Delete a version of a model that is not in service, or a whole model.

    A version in service is never deleted alone: `tsforecast models rollback` puts another in its place first.

    \b
    Example:
      tsforecast models delete sales@2
      tsforecast models delete sales --yes
    """
    from tsforecast.store.removal import delete_model, delete_version
    from tsforecast.store.store import Store

    name, at, version = name.partition("@")
    model = Store(store, trusted).find(name)
    if at:
        done = delete_version(model, _number(version))
    else:
        if not yes:
            _ask(model)
        done = delete_model(model)
    if as_json:
        console.json(asdict(done))
    else:
        what = f"version {version} of {name}" if at else f"{name} with {counted(len(done.versions), 'version')}"
        console.success(f"deleted {what} ({done.freed / 1e6:.1f} MB)")


def _number(version: str) -> int:
    if not version.isdecimal():
        raise OptionError(f"'{version}' is not the number of a version", hint="give it as in sales@2")
    return int(version)


def _ask(model: StoredModel) -> None:
    """Refuse to delete what is in service without consent."""
    versions = counted(len(model.numbers()), "version")
    raise OptionError(
        f"this deletes {model.name} with {versions}, the one in service among them",
        hint=f"add --yes to delete it, or name one version: {model.name}@N",
    )
