"""Options that several commands share, as decorators."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from tsforecast.cli.config import use_config
from tsforecast.cli.console import Console
from tsforecast.cli.groups import SectionOption
from tsforecast.errors import TsforecastError
from tsforecast.options import DEFAULT_STORE

Function = TypeVar("Function", bound=Callable[..., Any])
Decorator = Callable[[Function], Function]
pass_console = click.make_pass_decorator(Console, ensure=True)


def option(section: str, *names: str, **settings: Any) -> Decorator[Any]:
    """An option under a heading of the help."""
    return click.option(*names, cls=SectionOption, section=section, **settings)


def combine(*decorators: Decorator[Any]) -> Decorator[Any]:
    """Several decorators as one, in the order in which they would stand above a function."""

    def decorate(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def ending(*allowed: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A callback that refuses a file whose ending is none of `allowed`, before any work is done."""

    def check(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
        if value not in (None, "-") and Path(str(value)).suffix.lower() not in allowed:
            raise click.BadParameter(f"'{value}' does not end in {' or '.join(allowed)}")
        return value

    return check


def _louder(step: int) -> Callable[[click.Context, click.Parameter, int], None]:
    def callback(ctx: click.Context, _param: click.Parameter, value: int) -> None:
        ctx.ensure_object(Console).verbosity += step * int(value)

    return callback


def _json(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    ctx.ensure_object(Console).as_json = value
    return value


verbosity_options = combine(
    # Eager, so that an error in another option is already shown the way it was asked for.
    option(
        "Messages",
        "-q",
        "--quiet",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_louder(-1),
        help="Show results and errors only.",
    ),
    option(
        "Messages",
        "-v",
        "--verbose",
        count=True,
        is_eager=True,
        expose_value=False,
        callback=_louder(1),
        help="Show details, and the cause of an error.",
    ),
)
config_option = option(
    "Configuration",
    "--config",
    type=click.Path(),
    metavar="FILE.toml",
    is_eager=True,
    expose_value=False,
    callback=use_config,
    help="Values of options, in a table per command.",
)
output_options = combine(
    # First, and eager: what the file says of the options below holds for them too.
    config_option,
    option(
        "Messages",
        "--json",
        "as_json",
        usual=True,
        is_flag=True,
        is_eager=True,
        callback=_json,
        help='Print one JSON document: the result, or {"error": ...}.',
    ),
    verbosity_options,
)
store_option = option(
    "Store",
    "--store",
    usual=True,
    type=click.Path(),
    metavar="DIR",
    default=DEFAULT_STORE,
    envvar="TSFORECAST_STORE",
    show_default=True,
    show_envvar=True,
    help="Folder of the models.",
)
trust_option = option(
    "Store",
    "--trust-store",
    "trusted",
    is_flag=True,
    envvar="TSFORECAST_TRUST_STORE",
    show_envvar=True,
    help="Use a model although other users own it or can change it.",
)


def _models(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The names of models that begin like a word, for the completion of a shell."""
    from tsforecast.store.layout import model_names

    store = ctx.params.get("store") or os.environ.get("TSFORECAST_STORE") or DEFAULT_STORE
    with suppress(TsforecastError):
        return [name for name in model_names(Path(store)) if name.startswith(incomplete)]
    return []


def name_argument(name: str = "name", *, required: bool = False, metavar: str | None = None) -> Decorator[Any]:
    """NAME of a model."""
    return click.argument(name, required=required, metavar=metavar, shell_complete=_models)


def name_option(default: str) -> Decorator[Any]:
    """`--name`, with what it is when it is left out."""
    return option(
        "Store",
        "--name",
        usual=True,
        metavar="NAME",
        help="Name of the model.",
        show_default=default,
        shell_complete=_models,
    )
