"""`tsforecast retrain [DATA]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console
from tsforecast.cli.exits import cause
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.declared import collect, options_of
from tsforecast.cli.options.epilog import FIT_EPILOG
from tsforecast.cli.options.forecasting import forecast_ending, level_option
from tsforecast.cli.options.shared import (
    name_option,
    option,
    output_options,
    pass_console,
    store_option,
    trust_option,
)
from tsforecast.cli.options.types import DURATION, OrWord
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.workflows.retrain.settings import AcceptAfter, GateLimits, PromotionRules, RetrainSettings, RunTargets

if TYPE_CHECKING:
    from tsforecast.workflows.retrain.record import RetrainResult


class _AcceptAfter(click.ParamType):  # type: ignore[type-arg]  # generic from Click 8.4 on only
    """A number of runs, a duration with its unit, `season` or `off`."""

    name = "accept-after"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> AcceptAfter | None:
        if value is None or isinstance(value, AcceptAfter):
            return value
        text = str(value).strip()
        if text == "off":
            return None
        if text == "season":
            return AcceptAfter()
        if text.isdecimal():
            runs: Any = click.IntRange(min=1).convert(text, param, ctx)  # type: ignore[arg-type]  # it takes text too
            return AcceptAfter(runs=runs)
        return AcceptAfter(seconds=DURATION.convert(text, param, ctx))


@click.command("retrain", cls=SectionCommand, epilog=FIT_EPILOG)
@click.argument("data", type=click.Path())
@options_of(RetrainSettings, "Comparison")
@options_of(PromotionRules)
@options_of(GateLimits)
@options_of(RetrainSettings, "Data gate", accept_after={"type": _AcceptAfter(), "default": "season"})
@option(
    "Data gate",
    "--final-newline/--no-final-newline",
    "whole_lines",
    default=True,
    show_default=True,
    help="Refuse a file without a line ending at its end: it may still be written.",
)
@options_of(RetrainSettings, "Run")
@options_of(
    RetrainSettings,
    "Output",
    predict_to={"type": click.Path(dir_okay=False), "callback": forecast_ending},
    ended_after={"type": OrWord(click.IntRange(min=1), {"off": None, "horizon": "horizon"})},
)
@options_of(
    RunTargets,
    log_file={"type": click.Path(dir_okay=False, allow_dash=True)},
    metrics_file={"type": click.Path(dir_okay=False)},
)
@level_option
@store_option
@name_option("the data file's name")
@options_of(RetrainSettings, "Store")
@trust_option
@options_of(FitOptions)
@options_of(ReadOptions)
@output_options
@pass_console
def command(console: Console, /, data: str, store: str, name: str | None, as_json: bool, **values: Any) -> None:
    """Retrain a model, unattended: publish the new one unless it is worse.

    DATA is the whole table, old rows and new. If it is within the limits of the data gate, a challenger is trained and
    compared with the model in service, the champion, on the newest rows, one to four horizons that neither has learned
    from. In a tie the newer one is in service afterwards. A champion clearly worse than the seasonal naive gives way to
    a model of the rows since the level changed, or to a simple one. The file of --predict-to always
    holds the forecast of the model in service from the newest rows, or the run says how old that is.

    \b
    Exit status: 0 published, nothing new, or too few rows to tell;
    3 challenger clearly worse: the champion stays, or where that fails too, a simple model stands in;
    4 data outside the limits; 75 locked.
    Example:
      tsforecast retrain --config shop.toml --quiet
    """
    options = collect(FitOptions, values)
    from tsforecast.workflows.clashes import refuse_training_clashes, retrain_outputs

    writes = [*retrain_outputs(values), ("--json", "-" if as_json else None)]
    refuse_training_clashes(data, writes, store=store, name=name, configs=config_files())
    from tsforecast.workflows.retrain.run import retrain

    result = retrain(
        data,
        options=options,
        reading=collect(ReadOptions, values),
        store=store,
        name=name,
        settings=collect(RetrainSettings, values),
        limits=collect(GateLimits, values),
        rules=collect(PromotionRules, values),
        targets=collect(RunTargets, values),
        report=console.report,
        reason=cause,
    )
    _show(result, console, dry_run=values["dry_run"])
    if as_json:
        console.json(result.to_dict())
    if result.exit_code:
        click.get_current_context().exit(result.exit_code)


def _show(result: RetrainResult, console: Console, *, dry_run: bool) -> None:
    line = f"{result.name}: {'dry run, ' if dry_run else ''}{result.status}: {result.message}"
    if result.exit_code:
        console.error(line)
    elif result.status == "promoted":
        console.success(line)
    else:
        console.info(line)
    if result.version is not None and not dry_run:
        console.info(f"in service: {result.name} version {result.version}")
    if result.forecast:
        console.success(f"wrote the forecast to {result.forecast}")
