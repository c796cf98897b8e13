"""Values of options from `--config FILE.toml` and from environment variables.

The file has a table per command, with the same names as on the command line:

[fit]
horizon = 24
target-col = ["sales", "returns"]

A relative path in it starts at the folder of the file, wherever the command is started. The variable of an option is
made of the words that lead to it, such as TSFORECAST_FIT_HORIZON. What is typed wins over the variable, and the
variable over the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from tsforecast.cli.options.types import ChangeOrPath
from tsforecast.errors import ConfigError, InputMissingError, did_you_mean
from tsforecast.files import meant_file

PREFIX = "TSFORECAST"
_FILES = f"{__name__}.files"

# Variables of images, and those that Kubernetes sets in every container beside a service that is called tsforecast.
_OF_OTHERS = re.compile(rf"{PREFIX}_VERSION|\w+_SERVICE_(HOST|PORT(_\w+)?)|\w+_PORT(_[0-9]+_(TCP|UDP|SCTP)(_\w+)?)?")


def load_config(path: str, ctx: click.Context, group: click.Group) -> dict[str, Any]:
    """Read and check a whole configuration file, also what the command at hand does not use.

    Args:
        path: the TOML file.
        ctx: context of the group.
        group: the group whose commands the tables are named after.

    Returns:
        A default map of Click: option values by name, one dict per command.

    Raises:
        InputMissingError: no such file.
        ConfigError: not TOML, an unknown table or key, or a value that its option refuses.
    """
    ctx.meta.setdefault(_FILES, []).append(path)
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        hint = meant_file(path, {".toml"}) if isinstance(error, FileNotFoundError) else ""
        raise InputMissingError(f"cannot be read: {error.strerror}", hint=hint, file=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"is not TOML: {error}", file=path) from error
    return _group_values(document, ctx, group, path, where="")


def use_config(ctx: click.Context, _param: click.Parameter, path: str | None) -> None:
    """Callback of `--config` after a command: its table there replaces that of the file given before the command.

    Raises:
        InputMissingError: no such file.
        ConfigError: as in `load_config`.
    """
    root = ctx.find_root()
    if path is None or ctx.resilient_parsing or not isinstance(root.command, click.Group):
        return
    table = load_config(path, root, root.command)
    for name in _names(ctx):
        table = table.get(name, {})
    ctx.default_map = table


def config_files() -> list[tuple[str, str]]:
    """The configuration files of the present command, each as an option and its path."""
    return [("--config", path) for path in click.get_current_context().meta.get(_FILES, ())]


def _names(ctx: click.Context) -> list[str]:
    """The words that lead from the program to a command, such as models, list."""
    return [] if ctx.parent is None else [*_names(ctx.parent), str(ctx.info_name)]


def _group_values(
    table: dict[str, Any], ctx: click.Context, group: click.Group, path: str, where: str
) -> dict[str, Any]:
    values = {}
    for name, entry in table.items():
        command = group.get_command(ctx, name)
        if command is None:
            raise _unknown(f"{where}{name}", name, group.list_commands(ctx), path)
        if not isinstance(entry, dict):
            raise ConfigError(f"'{where}{name}' is a command", hint=f"write a table [{where}{name}]", file=path)
        with click.Context(command, parent=ctx, info_name=name) as inner:
            if isinstance(command, click.Group):
                values[name] = _group_values(entry, inner, command, path, where=f"{where}{name}.")
            else:
                values[name] = _command_values(entry, inner, path, where=f"{where}{name}.")
    return values


def _command_values(table: dict[str, Any], ctx: click.Context, path: str, where: str) -> dict[str, Any]:
    # A file that names another file would have to say which of them wins.
    params = {_key(param): param for param in ctx.command.params if param.name != "config"}
    values: dict[str, Any] = {}
    for key, value in table.items():
        param = params.get(key.replace("_", "-"))
        if param is None:
            raise _unknown(f"{where}{key}", key, params, path)
        words = _as_typed(value, param)
        if isinstance(param.type, click.Path | ChangeOrPath):
            words = _from_folder(words, path, param.type)
        try:
            if words is None:
                raise click.BadParameter("takes one value of text, number or true/false")
            # What is eager, such as --quiet, would take effect here and now.
            (param.type_cast_value if param.is_eager else param.process_value)(ctx, words)
        except click.BadParameter as error:
            raise ConfigError(f"'{where}{key}' is {value!r}: {error.message}", file=path) from error
        values[str(param.name)] = words
    return values


def _key(param: click.Parameter) -> str:
    """The long name of an option without its dashes."""
    return max(param.opts, key=len).lstrip("-").replace("_", "-")


def _as_typed(value: Any, param: click.Parameter) -> str | list[str] | None:
    """A value as somebody would type it, so that Click checks it in the same way; None for what cannot be typed."""
    if isinstance(value, list):
        return [str(item) for item in value] if param.multiple else None
    if isinstance(value, dict):
        return None
    return [str(value)] if param.multiple else str(value)


def _from_folder(words: str | list[str] | None, config: str, kind: click.Path | ChangeOrPath) -> str | list[str] | None:
    """Paths that start at the folder of the configuration file; `-` is stdin or stdout."""
    if isinstance(words, list):
        return [str(_from_folder(word, config, kind)) for word in words]
    if words in (None, "", "-"):
        return words
    path = os.path.join(os.path.realpath(os.path.dirname(config)), words)
    return words if isinstance(kind, ChangeOrPath) and "=" in words and not os.path.exists(path) else path


def _unknown(full_name: str, name: str, known: Iterable[str], path: str) -> ConfigError:
    hint = did_you_mean(name.replace("_", "-"), known)
    return ConfigError(f"'{full_name}' is not known", hint=hint, file=path)


def variable_of(option: click.Parameter, prefix: str) -> str:
    """The variable of an option, below the prefix of its command, such as TSFORECAST_FIT."""
    return f"{prefix}_{_key(option).replace('-', '_').upper()}"


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
    given = {name for name, value in os.environ.items() if name.startswith(f"{prefix}_") and value}
    given = {name for name in given if not _OF_OTHERS.fullmatch(name)}
    if not given:
        return
    known = set(_variables(root.command, root, prefix))
    for name in sorted(given - known):
        hint = did_you_mean(name, known, otherwise="unset it; `tsforecast --help` says how variables are named")
        raise ConfigError(f"the variable {name} belongs to no option", hint=hint)


def _variables(command: click.Command, ctx: click.Context, prefix: str) -> Iterator[str]:
    """Variables of the options of a command and of the commands below it."""
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
