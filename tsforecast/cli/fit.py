"""`tsforecast fit DATA`."""

from __future__ import annotations

import shlex
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.console import Console
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options import (
    DEFAULT_STORE,
    Decorator,
    column_options,
    combine,
    name_option,
    option,
    output_options,
    pass_console,
    read_options,
    reading_options,
    store_option,
)
from tsforecast.cli.tables import show_choices, show_scores
from tsforecast.cli.text import seconds
from tsforecast.models.config import (
    ACTIVATIONS,
    AUTO,
    DEVICES,
    LINEAR_SKIPS,
    LOSSES,
    NORMALISATIONS,
    OPTIMIZERS,
    PRESETS,
    SCALERS,
    SCHEDULES,
    STRATEGIES,
    TRANSFORMS,
    FitOptions,
    check_options,
)
from tsforecast.models.registry import MODELS

if TYPE_CHECKING:
    from tsforecast.workflows.fit import FitResult

_DATA = "from the data"
_PRESET = "by the preset"
_PRESETS = ", ".join(f"{name} ({preset.summary})" for name, preset in PRESETS.items())

# heading: (field of FitOptions, its type or its choices, help, what None stands for)
_OPTIONS: dict[str, tuple[tuple[str, type | tuple[str, ...], str, str], ...]] = {
    "Forecast": (
        ("horizon", int, "Steps to forecast.", "by frequency"),
        ("lookback", int, "Steps of the past that the model sees.", _DATA),
        ("season_length", int, "Steps in a season.", "by frequency"),
    ),
    "Model": (
        ("model", tuple(MODELS), "What to train; see below.", ""),
        ("preset", tuple(PRESETS), f"Time against accuracy: {_PRESETS}.", ""),
        ("strategy", tuple(STRATEGIES), "How the horizon follows from the window; see below.", ""),
        ("layers", int, "Recurrent layers.", ""),
        ("units", int, "Width of each layer.", _PRESET),
        ("activation", ACTIVATIONS, "Of the recurrent cell; only tanh is fast on a GPU.", ""),
        ("segment", int, "Steps of the past read at once; 1 is the classic network.", _DATA),
        ("linear_skip", LINEAR_SKIPS, "A linear forecast that the network adds to.", ""),
        ("dropout", float, "Share of the last layer switched off in training.", ""),
        ("members", int, "Networks of each kind, trained from different seeds.", _PRESET),
    ),
    "Preparation": (
        ("normalisation", (AUTO, *NORMALISATIONS), "Of each window.", ""),
        ("transform", (AUTO, *TRANSFORMS), "Of the values.", ""),
        ("scaler", (AUTO, *SCALERS), "Of each series.", ""),
    ),
    "Training": (
        ("loss", LOSSES, "What training makes small; quantile and student-t also learn the intervals.", ""),
        ("optimizer", OPTIMIZERS, "How it is made small.", ""),
        ("learning_rate", float, "At its peak.", "by the width"),
        ("schedule", SCHEDULES, "Of the learning rate.", ""),
        ("weight_decay", float, "Of the optimizer adamw.", ""),
        ("batch_size", int, "Windows per step.", _DATA),
        ("epochs", int, "Passes over the windows, at most.", _PRESET),
        (
            "patience",
            int,
            "Epochs without improvement before the rate falls; then training stops.",
            "by the epochs",
        ),
        ("clip_norm", float, "Norm to which gradients are clipped; 0 for none.", ""),
        ("seed", int, "All chance derives from it: the same seed, the same model.", ""),
        ("time_limit", float, "Seconds for everything.", "none"),
        ("device", DEVICES, "Where to train.", ""),
        ("threads", int, "Of the CPU; results repeat exactly for one number.", ""),
    ),
}
_MODELS = "\b\nModels:\n" + "\n".join(f"  {name:14}  {model.summary}" for name, model in MODELS.items())
_STRATEGIES = "\b\nStrategies:\n" + "\n".join(f"  {name:14}  {summary}" for name, summary in STRATEGIES.items())


def _model_option(section: str, field: str, kind: type | tuple[str, ...], text: str, none: str) -> Decorator[Any]:
    default = getattr(FitOptions, field)
    return option(
        section,
        f"--{field.replace('_', '-')}",
        type=click.Choice(kind) if isinstance(kind, tuple) else kind,
        metavar="NAME" if field == "model" else {int: "N", float: "X"}.get(kind) if isinstance(kind, type) else None,
        default=default,
        show_default=none if default is None else True,
        help=text,
    )


_fit_options = combine(*(_model_option(section, *row) for section, rows in _OPTIONS.items() for row in rows))


@click.command("fit", cls=SectionCommand, epilog=f"{_MODELS}\n\n{_STRATEGIES}")
@click.argument("data", type=click.Path(allow_dash=True))
@_fit_options
@column_options
@reading_options
@store_option
@name_option("the data file's name")
@option("Store", "--report", "folder", type=click.Path(), metavar="DIR", help="Also write the scores into this folder.")
@output_options
@pass_console
def command(
    console: Console, /, data: str, store: str, name: str | None, folder: str | None, as_json: bool, **values: Any
) -> None:
    """Train a model on DATA and put it into service.

    DATA is a CSV or Parquet file, or - for stdin. Columns, frequency and settings that are not given are found in the
    data, and every choice is shown with its reason.

    \b
    Example:
      tsforecast fit sales.csv --horizon 14
    """
    options = FitOptions(**{field.name: values[field.name] for field in fields(FitOptions)})
    check_options(options)
    if folder is not None:
        from tsforecast.files import check_folder

        check_folder(folder)
    from tsforecast.workflows.fit import fit

    result = fit(data, options=options, reading=read_options(values), store=store, name=name, report=console.report)
    if folder is not None:
        from tsforecast.io.reports import write_report

        write_report(result, folder)
    _show(result, console, store)
    if as_json:
        console.json(result.to_dict())


def _show(result: FitResult, console: Console, store: str) -> None:
    for note in result.notes:
        console.note(note.kind, note.text)
    console.info(
        f"{result.name}: {result.series:,} series, {result.rows:,} values, {result.frequency_name}; "
        f"horizon {result.horizon}, lookback {result.lookback}"
    )
    show_choices(console, [(choice.name, choice.value, choice.reason) for choice in result.choices], err=True)
    show_scores(console, result.scores, err=True)
    console.info(result.verdict)
    console.info(result.training_rows)
    console.success(
        f"published {result.name} version {result.version} in {result.path} after {seconds(result.seconds)}"
    )
    console.command("next", _next_command(result, store))


def _next_command(result: FitResult, store: str) -> str:
    words = ["tsforecast", "predict", "--name", result.name, "--plot", f"{result.name}.png"]
    return shlex.join(words if store == DEFAULT_STORE else [*words, "--store", store])
