"""`tsforecast models verify [NAME]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from tsforecast.errors import ModelError, TrustError
from tsforecast.io.messages import counted

if TYPE_CHECKING:
    from tsforecast.store.results import VersionCheck


@click.command("verify", cls=SectionCommand)
@name_argument()
@option("Store", "--version", type=int, metavar="N", help="Version of the model.", show_default="all")
@store_option
@trust_option
@output_options
@pass_console
@click.pass_context
def command(
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
        console.success(f"{counted(len(checked), 'version is', 'versions are')} sound")


def _checked(checked: VersionCheck) -> dict[str, Any]:
    return {
        "name": checked.name,
        "version": checked.version,
        "file": checked.file if checked.version is None else None,
        "in_service": checked.in_service,
        "error": checked.error.to_dict() if checked.error else None,
    }


def _row(checked: VersionCheck) -> tuple[str, str, str, str, str]:
    return (
        checked.name,
        checked.file if checked.version is None else str(checked.version),
        "yes" if checked.in_service else "",
        "problem" if checked.error else "ok",
        str(checked.error or ""),
    )
