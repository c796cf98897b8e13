"""`tsforecast report [NAME]`."""

from __future__ import annotations

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.forecasting import level_option
from tsforecast.cli.options.shared import (
    ending,
    name_argument,
    option,
    output_options,
    pass_console,
    store_option,
    trust_option,
)
from tsforecast.cli.options.types import Choice

_FORMATS = ("html", "md", "json")


@click.command("report", cls=SectionCommand)
@name_argument()
@option("Store", "--version", type=int, metavar="N", help="Version of the model.", show_default="the one in service")
@level_option
@option(
    "Output",
    "-o",
    "--output",
    type=click.Path(allow_dash=True),
    metavar="FILE",
    callback=ending(*(f".{each}" for each in _FORMATS)),
    help="Where the report goes: .html, .md or .json, or - for stdout.",
    show_default="NAME-report.html",
)
@option(
    "Output",
    "--format",
    "form",
    type=Choice(_FORMATS),
    help="How it is written: a page, Markdown, or its values.",
    show_default="as FILE ends, else html",
)
@store_option
@trust_option
@output_options
@pass_console
def command(
    console: Console,
    /,
    name: str | None,
    version: int | None,
    levels: tuple[float, ...],
    output: str | None,
    form: str | None,
    store: str,
    trusted: bool,
    as_json: bool,
) -> None:
    """Write what is known of a version as one page that opens from a mail.

    Forecast, how good it is, what has changed and what to beware of come first; then every error, setting and source.
    Without NAME, the model published last.

    \b
    Example:
      tsforecast report sales -o sales.html
    """
    from tsforecast.store.store import Store
    from tsforecast.workflows.clashes import refuse_clashes

    form = _format(form, output)
    writes = [("--json", "-" if as_json else None)]
    if output is not None:
        refuse_clashes(config_files(), [*writes, ("--output", output)], store=store, name=name)
    name = Store(store, trusted).find(name).name
    if output is None:
        output = f"{name}-report.{form}"
        refuse_clashes(config_files(), [*writes, ("--output", output)], store=store, name=name)
    from tsforecast.reports.version import version_report
    from tsforecast.reports.writing import write_report
    from tsforecast.workflows.report import version_facts

    found = version_facts(name, store=store, version=version, levels=levels, trusted=trusted)
    size = write_report(version_report(found), output, form)
    number, target = found.details.version, "stdout" if output == "-" else output
    if as_json:
        console.json({"name": name, "version": number, "output": output, "format": form, "size": size})
    else:
        console.success(f"wrote the report of {name} version {number} to {target} ({size / 1e6:.1f} MB)")


def _format(form: str | None, output: str | None) -> str:
    """The format that was asked for, or the one that the file's ending says."""
    ending = None if output in (None, "-") else str(output).rpartition(".")[2].lower()
    if form is not None and ending is not None and form != ending:
        raise click.BadParameter(f"--format {form} does not go with '{output}'")
    return form or ending or _FORMATS[0]
