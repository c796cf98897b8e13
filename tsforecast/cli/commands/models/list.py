"""`tsforecast models list`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.console import Console, is_terminal
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.shared import output_options, pass_console, store_option, trust_option
from tsforecast.cli.text import Row, percent

if TYPE_CHECKING:
    from tsforecast.store.results import VersionInfo

_SHORT = ("name", "version", "model", "horizon", "step", "skill", "published", "problem")  # on a terminal
_HEADER = ("name", "current", "versions", "model", "horizon", "frequency", "skill", "published (UTC)", "problem")


@click.command("list", cls=SectionCommand)
@store_option
@trust_option
@output_options
@pass_console
def command(console: Console, /, store: str, trusted: bool, as_json: bool) -> None:
    """List the models of a store, with the version in service.

    \b
    Example:
      tsforecast models list
    """
    from tsforecast.store.store import Store

    models = Store(store, trusted).overview()
    if as_json:
        console.json({"models": [_record(model) for model in models]})
    elif models:
        if is_terminal(sys.stdout):
            console.table(_SHORT, [_short_row(model) for model in models])
            return
        columns = len(_HEADER) if any(model.problem for model in models) else len(_HEADER) - 1
        console.table(_HEADER[:columns], [_row(model)[:columns] for model in models])
    else:
        console.info(f"no models in {store}; fit one first: tsforecast fit DATA")


def _record(model: VersionInfo) -> dict[str, Any]:
    return asdict(model) | {"published": model.published.isoformat() if model.published else None}


def _short_row(model: VersionInfo) -> Row:
    name, current, versions, *rest, published, problem = _row(model)
    return (name, f"{current or '-'} of {versions}", *rest, str(published)[:10], problem or "-")


def _row(model: VersionInfo) -> Row:
    return (
        model.name,
        model.current,
        len(model.versions),
        model.model,
        model.horizon,
        model.frequency,
        percent(model.skill, "+"),
        f"{model.published:%Y-%m-%d %H:%M}" if model.published else "-",
        model.problem,
    )
