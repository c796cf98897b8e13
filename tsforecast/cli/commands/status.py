"""`tsforecast status [NAME]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from tsforecast import clock
from tsforecast.cli.console import Console, is_terminal
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.shared import (
    name_argument,
    option,
    output_options,
    pass_console,
    store_option,
    trust_option,
)
from tsforecast.cli.options.types import DURATION
from tsforecast.cli.text import Row, moment

if TYPE_CHECKING:
    from tsforecast.workflows.status import ModelStatus

_NOTED = "noted"
# On a terminal; programs and --json get the moments as well.
_SHORT = ("name", "version", "trained until", "age", "forecast", _NOTED, "last run", "message")
_HEADER = (
    "name",
    "version",
    "published (UTC)",
    "trained until",
    "checked (UTC)",
    "age",
    "forecast",
    _NOTED,
    "last run",
    "message",
)


@click.command("status", cls=SectionCommand)
@name_argument()
@option(
    "Limits",
    "--max-age",
    type=DURATION,
    help="Fail when a model was last published, or found good enough, longer ago: 90s, 45m, 26h, 7d.",
    show_default="none",
)
@store_option
@trust_option
@output_options
@click.pass_context
@pass_console
def command(
    console: Console,
    ctx: click.Context,
    /,
    name: str | None,
    max_age: float | None,
    store: str,
    trusted: bool,
    as_json: bool,
) -> None:
    """Show which models are in service, and how their last retraining ended; made for monitors.

    A simple model in the place of one that failed "stands in". Exit status: 0 all is well, 4 a model is older than
    --max-age, 65 damaged, 66 missing, 77 not to be trusted. With --quiet nothing is shown but what is wrong.
    `tsforecast models verify` looks closer, at every byte.

    \b
    Example:
      tsforecast status shop --max-age 26h --quiet
    """
    from tsforecast.store.store import Store
    from tsforecast.workflows.status import read_status, with_limit, worst

    now = clock.now()
    models = read_status(Store(store, trusted), name)
    if max_age is not None:
        models = with_limit(models, max_age, now)
    if as_json:
        console.json({"models": [model.to_dict(now) for model in models]})
    elif not console.quiet:
        _show(console, models, now)
    for model in models:
        if model.error is not None:
            console.error(str(model.error))
    ctx.exit(worst(models))


def _show(console: Console, models: Sequence[ModelStatus], now: datetime) -> None:
    noted = any(model.ledger for model in models)
    wanted = _SHORT if is_terminal(sys.stdout) else _HEADER
    kept = [n for n, name in enumerate(_HEADER) if name in wanted and (noted or name != _NOTED)]
    rows = [_row(model, now) for model in models]
    if is_terminal(sys.stdout):
        kept = [n for n in kept if n == 0 or any(row[n] not in ("-", None) for row in rows)]
    console.table([_HEADER[n] for n in kept], [[row[n] for n in kept] for row in rows])


def _row(model: ModelStatus, now: datetime) -> Row:
    from tsforecast.workflows.ages import age_text

    age, run = model.age(now), model.last_run
    checked = model.checked.ended if model.checked else None
    return (
        model.name,
        f"{model.version} (stands in)" if model.stands_in else model.version,
        _moment(model.published),
        moment(model.trained_until) if model.trained_until else "-",
        _moment(checked),
        "-" if age is None else age_text(age),
        _forecast(model, now),
        _noted(model, now),
        run.status if run else "-",
        run.message if run else "-",
    )


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"


def _noted(model: ModelStatus, now: datetime) -> str:
    """Runs of forecasts in the ledger, and the age of the newest."""
    from tsforecast.workflows.ages import age_text

    if model.ledger is None:
        return "-"
    return f"{model.ledger.runs:,}, {age_text(max(0.0, (now - model.ledger.last_noted).total_seconds()))} ago"


def _forecast(model: ModelStatus, now: datetime) -> str:
    """Age of the oldest forecast file, and its version where that is not in service any more."""
    from tsforecast.workflows.ages import age_text

    if not model.forecasts:
        return "-"
    oldest = min(model.forecasts, key=lambda file: file.written)
    age = age_text(max(0.0, (now - oldest.written).total_seconds()))
    return age if oldest.version == model.version else f"{age}, version {oldest.version}"
