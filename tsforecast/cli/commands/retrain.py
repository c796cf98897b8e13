"""`tsforecast retrain [DATA]`."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.config import config_files
from tsforecast.cli.console import Console
from tsforecast.cli.exits import cause
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.fit import FIT_EPILOG, fit_options, read_fit_options
from tsforecast.cli.options.reading import column_options, read_options, reading_options
from tsforecast.cli.options.shared import (
    Decorator,
    combine,
    forecast_ending,
    level_option,
    name_option,
    option,
    output_options,
    pass_console,
    store_option,
    trust_option,
)
from tsforecast.cli.options.types import DURATION, Number
from tsforecast.workflows.retrain.settings import AcceptAfter, GateLimits, PromotionRules, RetrainSettings, RunTargets

if TYPE_CHECKING:
    from tsforecast.workflows.retrain.record import RetrainResult

_OFF = "off"

# field of GateLimits: what it limits
_LIMITS = {
    "max_fewer_rows": "Share of the rows that may be missing against the last run.",
    "max_fewer_series": "The same of the series.",
    "max_missing": "Share of missing values in the new rows.",
    "max_new_series": "Share of series that the champion does not know.",
    "max_lost_series": "Share of the champion's series that are gone.",
    "max_shift": "Change of level or spread, in robust standard deviations.",
    "max_outlier": "Distance of a value, times the largest one before.",
    "max_age": "Age of the newest row.",
    "max_ahead": "Steps by which the newest row may lie in the future.",
}


class _AcceptAfter(click.ParamType):  # type: ignore[type-arg]  # generic from Click 8.4 on only
    """A number of runs, a duration with its unit, `season` or `off`."""

    name = "accept-after"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> AcceptAfter | None:
        if value is None or isinstance(value, AcceptAfter):
            return value
        text = str(value).strip()
        if text == _OFF:
            return None
        if text == "season":
            return AcceptAfter()
        if text.isdecimal():
            runs: Any = click.IntRange(min=1).convert(text, param, ctx)  # type: ignore[arg-type]  # it takes text too
            return AcceptAfter(runs=runs)
        return AcceptAfter(seconds=DURATION.convert(text, param, ctx))


class _Limit(click.ParamType):  # type: ignore[type-arg]  # generic from Click 8.4 on only
    """A number or a duration, `off`, or one other word."""

    def __init__(self, kind: Any, name: str, word: str | None = None) -> None:
        self.kind, self.name, self.word = kind, name, word

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value in (None, _OFF):
            return None
        return value if value == self.word else self.kind.convert(value, param, ctx)


def _limit_option(field: str) -> Decorator[Any]:
    default = getattr(GateLimits, field)
    kind: Any = DURATION if field == "max_age" else Number(min=0)
    if field == "max_ahead":
        kind = click.IntRange(min=0)
    return option(
        "Data gate",
        f"--{field.replace('_', '-')}",
        type=_Limit(kind, field),
        metavar="DURATION" if field == "max_age" else "N" if field == "max_ahead" else "X",
        default=_OFF if default is None else default,
        show_default=True,
        help=_LIMITS[field],
    )


_gate_options = combine(
    *(_limit_option(field) for field in _LIMITS),
    option(
        "Data gate",
        "--require-advance/--no-require-advance",
        default=GateLimits.require_advance,
        show_default=True,
        help="Refuse data whose newest row is not newer than the champion's.",
    ),
    option(
        "Data gate",
        "--same-schema/--no-same-schema",
        default=GateLimits.same_schema,
        show_default=True,
        help="Refuse other columns or another step.",
    ),
    option(
        "Data gate",
        "--accept",
        is_flag=True,
        help="Go on whatever the gate says, this once; later runs compare with this table.",
    ),
    option(
        "Data gate",
        "--accept-after",
        type=_AcceptAfter(),
        metavar="N|DURATION",
        default="season",
        show_default="a season, at most a horizon, of new rows",
        help="Runs or time until series that come or go, another level and fewer rows are accepted; off for never.",
    ),
    option(
        "Data gate",
        "--final-newline/--no-final-newline",
        "whole_lines",
        default=True,
        show_default=True,
        help="Refuse a file without a line ending at its end: it may still be written.",
    ),
)
_contest_options = combine(
    option(
        "Comparison",
        "--warm/--cold",
        default=False,
        show_default=True,
        help="Train the champion's weights on, or search anew.",
    ),
    option(
        "Comparison",
        "--promote",
        type=click.Choice(["not-worse", "better"]),
        default=PromotionRules.promote,
        show_default=True,
        help="Newer weights win a tie, or have to be significantly better.",
    ),
    option(
        "Comparison",
        "--tolerance",
        type=Number(min=0),
        metavar="X",
        default=PromotionRules.tolerance,
        show_default=True,
        help="Share by which the error may be larger and still be a tie.",
    ),
    option(
        "Comparison",
        "--beat-naive/--no-beat-naive",
        default=PromotionRules.beat_naive,
        show_default=True,
        help="A model clearly worse than the seasonal naive does not win, nor stay.",
    ),
    option(
        "Comparison",
        "--min-new-rows",
        type=click.IntRange(min=1),
        metavar="N",
        show_default="a quarter of the horizon",
        help="New rows to wait for; never fewer than make a horizon of unseen ones.",
    ),
)
_run_options = combine(
    option("Run", "--dry-run", is_flag=True, help="Decide, and change nothing."),
    option("Run", "--force", is_flag=True, help="Train though nothing is new; then beating the naive is enough."),
    option("Run", "--resume", is_flag=True, help="Go on with an interrupted training of the same data and options."),
    option(
        "Run",
        "--deadline",
        type=DURATION,
        metavar="DURATION",
        show_default="none",
        help="For the whole run, such as 45m: then the best weights so far are compared.",
    ),
    option(
        "Run",
        "--wait",
        type=DURATION,
        metavar="DURATION",
        default=0,
        show_default=True,
        help="For another retraining of the model to end.",
    ),
    option(
        "Run",
        "--if-locked",
        type=click.Choice(["fail", "skip"]),
        default=RetrainSettings.if_locked,
        show_default=True,
        help="When it has not ended by then: exit with 75 or with 0.",
    ),
)
_result_options = combine(
    option(
        "Output",
        "--predict-to",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        callback=forecast_ending,
        help="Forecast with the model in service at the end: .csv, .parquet or .jsonl.",
        show_default="none",
    ),
    level_option,
    option(
        "Output",
        "--ended-after",
        type=_Limit(click.IntRange(min=1), "ended_after", "horizon"),
        metavar="N",
        default="horizon",
        show_default="the horizon",
        help="Steps after its last row at which a series leaves the forecast; off for never.",
    ),
    option(
        "Output",
        "--log-file",
        type=click.Path(dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="Append one line of JSON per run; - for stdout.",
        show_default="none",
    ),
    option(
        "Output",
        "--metrics-file",
        type=click.Path(dir_okay=False),
        metavar="FILE.prom",
        help="For Prometheus' textfile collector.",
        show_default="none",
    ),
)


@click.command("retrain", cls=SectionCommand, epilog=FIT_EPILOG)
@click.argument("data", type=click.Path())
@_contest_options
@_gate_options
@_run_options
@_result_options
@store_option
@name_option("the data file's name")
@option(
    "Store",
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    default=RetrainSettings.keep,
    show_default=True,
    help="Newest versions to keep.",
)
@trust_option
@fit_options
@column_options
@reading_options
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
    options = read_fit_options(values)
    from tsforecast.workflows.clashes import refuse_training_clashes, retrain_outputs

    writes = [*retrain_outputs(values), ("--json", "-" if as_json else None)]
    refuse_training_clashes(data, writes, store=store, name=name, configs=config_files())
    from tsforecast.workflows.retrain.run import retrain

    result = retrain(
        data,
        options=options,
        reading=replace(read_options(values), whole_lines=values["whole_lines"]),
        store=store,
        name=name,
        settings=RetrainSettings(**_named(RetrainSettings, values)),
        limits=GateLimits(**_named(GateLimits, values)),
        rules=PromotionRules(**_named(PromotionRules, values)),
        targets=RunTargets(**_named(RunTargets, values)),
        report=console.report,
        reason=cause,
    )
    _show(result, console, dry_run=values["dry_run"])
    if as_json:
        console.json(result.to_dict())
    if result.exit_code:
        click.get_current_context().exit(result.exit_code)


def _named(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    return {field.name: values[field.name] for field in fields(kind)}


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
