"""`tsforecast models show [NAME]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

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
from tsforecast.cli.score_tables import show_brought, show_choices, show_scores
from tsforecast.cli.text import moment, number, percent
from tsforecast.io.messages import counted
from tsforecast.models.registry import MODELS

if TYPE_CHECKING:
    from tsforecast.workflows.score.summary import LedgerSummary

# What a person wants to know of a version, and where it stands; -v shows everything there is.
_FACTS = (
    ("name", "name"),
    ("version", "version"),
    ("folder", "path"),
    ("published", "published"),
    ("model", "spec.name"),
    ("data", "metrics.file"),
    ("series", "metrics.series"),
    ("values", "metrics.rows"),
    ("frequency", "metrics.frequency_name"),
    ("first", "provenance.first"),
    ("last", "provenance.last"),
    ("horizon", "spec.horizon"),
    ("lookback", "metrics.lookback"),
    ("season", "spec.season_length"),
    ("parameters", "provenance.parameters"),
    ("seed", "provenance.seed"),
    ("threads", "provenance.threads"),
    ("tsforecast", "provenance.tsforecast"),
    ("tensorflow", "provenance.tensorflow"),
    ("verdict", "metrics.verdict"),
    ("rows", "metrics.training_rows"),
    ("learns from", "metrics.gradient_flow.text"),
    ("intervals", "metrics.calibration"),
)
_MOMENTS = ("published", "first", "last")
_JOURNAL = ("time", "event", "version", "from", "user")


@click.command("show", cls=SectionCommand)
@name_argument()
@option("Store", "--version", type=int, metavar="N", help="Version of the model.", show_default="the one in service")
@store_option
@trust_option
@output_options
@pass_console
def command(
    console: Console, /, name: str | None, version: int | None, store: str, trusted: bool, as_json: bool
) -> None:
    """Show all that is known of a version: settings, scores, provenance.

    Without NAME, the model published last. With -v, every detail and what happened to the model last.

    \b
    Example:
      tsforecast models show sales --version 2
    """
    from tsforecast.store.store import Store
    from tsforecast.workflows.score.summary import ledger_summary

    document = Store(store, trusted).find(name).describe(version).to_dict()
    ledger = ledger_summary(document["name"], store=store, trusted=trusted)
    if as_json:
        console.json(document | {"ledger": ledger.to_dict() if ledger else None})
    else:
        _show(document, list(_ledger_rows(ledger)), console)


def _ledger_rows(ledger: LedgerSummary | None) -> Iterator[tuple[str, str]]:
    """What the ledger knows of the forecasts of all versions."""
    if ledger is None:
        return
    if ledger.facts:
        runs = counted(ledger.facts.runs, "run")
        yield "forecasts noted", f"{runs}, the last at {ledger.facts.last_noted:%Y-%m-%d %H:%M} UTC"
        if ledger.facts.last_scored:
            yield "scored", f"{ledger.facts.last_scored:%Y-%m-%d %H:%M} UTC{_scores_in_words(ledger)}"
    if ledger.problem:
        yield "ledger", str(ledger.problem)


def _scores_in_words(ledger: LedgerSummary) -> str:
    scores, result = ledger.scores, ledger.result
    if not scores or result is None:
        return ", nothing that was forecast had happened"
    held = ", ".join(
        f"{percent(value)} within {key.removeprefix('coverage_')}%"
        for key, value in scores.items()
        if key.startswith("coverage_")
    )
    return f": MAE {number(scores['mae'])}, MASE {number(scores['mase'])}, {held}; {ledger.times}"


def _show(document: dict[str, Any], ledger: Sequence[tuple[str, str]], console: Console) -> None:
    """What reads well as a table of its own, below everything else."""
    details, journal = document.pop("details"), document.pop("journal")
    metrics = details["metrics"] = dict(details["metrics"])
    stored, choices, brought = metrics.pop("scores", {}), metrics.pop("choices", []), metrics.pop("brought", [])
    for numbers in ("errors", "newest"):  # hundreds of them, which `report` draws
        metrics.pop(numbers, None)
    scores = {name: stored[name] for name in MODELS if name in stored}
    known = dict(_flat(document | details))
    facts = list(known.items()) if console.verbose else [(name, known[path]) for name, path in _FACTS if path in known]
    if is_terminal(sys.stdout):
        own = _as_in_the_table(details)
        facts = [(name, own.get(name) or (moment(value) if name in _MOMENTS else value)) for name, value in facts]
    console.table(("property", "value"), [*facts, *ledger])
    click.echo()
    show_choices(console, [(choice["name"], choice["value"], choice["reason"]) for choice in choices], err=False)
    click.echo()
    if brought:
        show_brought(console, brought, err=False)
        click.echo()
    show_scores(console, scores, err=False)
    if console.verbose and journal:
        click.echo()
        rows = [tuple(_text(entry.get(key)) for key in _JOURNAL) for entry in journal]
        console.table(("time (UTC)", *_JOURNAL[1:]), rows, title="What happened last")


def _as_in_the_table(details: dict[str, Any]) -> dict[str, str]:
    """The first and the last time as the user's table writes them; empty where they read better as they are."""
    import numpy as np

    from tsforecast.io.times.shown import own_texts
    from tsforecast.series.frequency import Frequency
    from tsforecast.series.panel import Schema

    ends = ("first", "last")
    stamps = np.array([details["provenance"].get(end, "NaT") for end in ends], dtype="datetime64[us]")
    if np.isnat(stamps).any():
        return {}
    schema = details["schema"]
    zone, formats = schema["time_zone"], tuple(schema["time_formats"])
    written = own_texts(stamps, Schema((), (), (), formats, zone), Frequency(**details["frequency"]))
    return dict(zip(ends, written or (), strict=False))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """A nested document as rows: the path of each value, and the value."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _flat(child, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(child, dict) for child in value):
        for position, child in enumerate(value):
            yield from _flat(child, f"{path}[{position}]")
    elif isinstance(value, list | tuple):
        yield path, ", ".join(_text(child) for child in value)
    else:
        yield path, _text(value)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return number(value) if isinstance(value, float) else str(value)
