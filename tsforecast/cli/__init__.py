"""The command line: each command parses its options, calls one workflow and shows the result.

    __init__       the program: the table of its commands, --config and --version, and how an error ends it
    helps          the help of a command in two lengths
    groups         groups that import a command when it is typed; help with headings; variables of options
    config         values from a configuration file and from variables, checked as if they were typed
    exits          signals and errors as messages and exit statuses
    console        all that is shown; the only user of Rich
    text           numbers, durations and tables as text
    schema         the commands as data, for programs and agents
    score_tables   tables that several commands show
    options/       `declared` makes options from the dataclasses that declare them; the others are shared by commands
    commands/      one file per command, or one per subcommand

Nothing heavy is imported before a command needs it, and the modules of the other commands not at all: `--help` and a
typing error must not wait for NumPy, pandas or TensorFlow. Results go to stdout, everything else to stderr. With
`--json` a result, or the error in its place, is one document on stdout.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from tsforecast._version import __version__
from tsforecast.cli.config import PREFIX, load_config
from tsforecast.cli.console import Console
from tsforecast.cli.exits import cause, ending_signals, show_failure, usage_error
from tsforecast.cli.groups import LazyGroup, keep_typed
from tsforecast.cli.options.shared import option, verbosity_options
from tsforecast.cli.schema import asks_for_schema, show_schema
from tsforecast.errors import Terminated

COMMANDS = {
    "describe": "Profile a table: columns, frequency, gaps, seasons.",
    "fit": "Train a model and put it into service.",
    "backtest": "Score forecasts made at cutoffs of the past.",
    "compare": "Compare models on the same windows of the past.",
    "predict": "Forecast with the model in service.",
    "detect": "Find the anomalies of a table, within a budget of false alarms.",
    "impute": "Fill the gaps of a table from both sides.",
    "score": "Score the forecasts that were made.",
    "report": "Write one page about a version: forecast, errors, sources.",
    "retrain": "Train on newer data, unattended; publish only if it is better.",
    "schedule": "Print the crontab line or the systemd units of a retraining.",
    "mcp": "Serve the commands as tools to an agent.",
    "status": "Show the models in service and their last retraining.",
    "models": "List, check and keep the models of a store.",
    "completion": "Print what completes commands and names in a shell.",
    "help": "Show the whole help of a command.",
}
_EPILOG = """\b
Start with:
  tsforecast fit data.csv
  tsforecast predict

Every option of a command can also be set by a variable, such as TSFORECAST_FIT_HORIZON=24, and in the file of --config,
as horizon = 24 below [fit]. What is typed wins over the variable, and the variable over the file. Several values of one
option stand in its variable as in a shell: TSFORECAST_FIT_TARGET_COL='sales "net price"'.

Exit status: 0 done, 2 usage, 3 challenger rejected, 4 outside a limit, 65 bad data or model, 66 input missing, 70 a bug
of ours, 71 out of memory, 73 output cannot be created, 74 storage failed, 75 locked or busy: try again, 77 untrusted
model, 78 bad configuration or variable, 128+n ended by signal n.
"""


class _Main(LazyGroup):
    def main(self, *args: Any, **kwargs: Any) -> Any:
        with ending_signals():
            try:
                return super().main(*args, **kwargs)
            except Terminated as error:
                # Before a command was found, or after it was done.
                sys.exit(show_failure(cause(error), Console()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if asks_for_schema(args):
            show_schema(ctx, args)
        console = ctx.ensure_object(Console)
        console.as_json = "--json" in args
        keep_typed(ctx, args)
        try:
            return super().parse_args(ctx, args)
        except click.ClickException as error:
            raise usage_error(error, console) from None

    def invoke(self, ctx: click.Context) -> Any:
        console = ctx.ensure_object(Console)
        # Known before the command parses its words: the configuration file or one of those words may be the error.
        console.as_json = "--json" in ctx.args
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                # A full disk or a closed pipe must show here, not when the interpreter ends.
                sys.stdout.flush()
            return result
        except (click.exceptions.Exit, click.Abort):
            raise
        except click.ClickException as error:
            raise usage_error(error, console) from None
        except (Exception, KeyboardInterrupt, Terminated) as error:
            reason = cause(error)
            console.stop()
            ctx.exit(show_failure(reason, console))
        finally:
            console.stop()


@click.group(
    cls=_Main,
    table=COMMANDS,
    package="tsforecast.cli.commands",
    epilog=_EPILOG,
    context_settings={"auto_envvar_prefix": PREFIX, "help_option_names": ["-h"]},
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s", allow_from_autoenv=False)
@option(
    "Configuration", "--config", type=click.Path(), metavar="FILE.toml", help="Values of options, a table per command."
)
@verbosity_options
@click.pass_context
def main(ctx: click.Context, config: str | None) -> None:
    """Forecast time series with recurrent neural networks."""
    if config is not None and isinstance(ctx.command, click.Group):
        ctx.default_map = load_config(config, ctx, ctx.command)
