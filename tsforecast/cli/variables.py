"""Options set by variables: `TSFORECAST_FIT_HORIZON=24` is `--horizon 24` of `fit`.

A variable is named after the command and the long name of the option. Some options, such as --store, also have a
variable of their own that counts for all commands.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches

import click

from tsforecast.errors import ConfigError

PREFIX = "TSFORECAST"
# What images are built with, and what Kubernetes sets in every container beside a service that is called tsforecast.
_OF_OTHERS = re.compile(rf"{PREFIX}_VERSION|\w+_SERVICE_(HOST|PORT(_\w+)?)|\w+_PORT(_[0-9]+_(TCP|UDP|SCTP)(_\w+)?)?")


def variable_of(option: click.Parameter, prefix: str) -> str:
    """The variable of an option of the command that `prefix` stands for, such as TSFORECAST_FIT."""
    return f"{prefix}_{max(option.opts, key=len).lstrip('-').replace('-', '_').upper()}"


def check_variables(root: click.Context) -> None:
    """Refuse a variable with our prefix that no option of any command reads.

    Args:
        root: context of the program.

    Raises:
        ConfigError: naming the variable and the closest one there is.
    """
    prefix = root.auto_envvar_prefix
    if prefix is None:
        return
    given = [name for name, value in os.environ.items() if name.startswith(f"{prefix}_") and value]
    given = [name for name in given if not _OF_OTHERS.fullmatch(name)]
    if not given:
        return
    known = set(_variables(root.command, root, prefix))
    for name in sorted(set(given) - known):
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else "unset it; `tsforecast --help` says how variables are named"
        raise ConfigError(f"the variable {name} belongs to no option", hint=hint)


def _variables(command: click.Command, ctx: click.Context, prefix: str) -> Iterator[str]:
    """Variables of a command's options, and of those of the commands below it."""
    for param in command.params:
        if isinstance(param, click.Option) and param.allow_from_autoenv:
            yield variable_of(param, prefix)
            if isinstance(param.envvar, str):
                yield param.envvar
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            if below is not None:
                yield from _variables(below, ctx, f"{prefix}_{name.replace('-', '_').upper()}")
