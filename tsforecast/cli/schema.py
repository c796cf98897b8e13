"""The commands as data: for `COMMAND --help --json`, and for `mcp`, whose arguments become a command line again."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from tsforecast.cli.console import Console
from tsforecast.cli.options.types import OrWord
from tsforecast.errors import OptionError, did_you_mean

_KINDS: tuple[tuple[type, str], ...] = (
    (click.types.IntParamType, "integer"),
    (click.types.FloatParamType, "number"),
    (click.types.BoolParamType, "boolean"),
)


def asks_for_schema(words: Sequence[str]) -> bool:
    """Whether a help is asked for that a program can read."""
    return "--json" in words and "--help" in words


def show_schema(ctx: click.Context, words: Sequence[str]) -> None:
    """Print what the command that was typed, or the whole program, takes, as JSON, and end."""
    command, path = ctx.command, [ctx.command_path]
    for word in words:
        below = command.get_command(ctx, word) if isinstance(command, click.Group) else None
        if below is None:
            break
        command, path = below, [*path, word]
    ctx.ensure_object(Console).json(described(ctx, command, " ".join(path)))
    ctx.exit()


def described(ctx: click.Context, command: click.Command, path: str) -> dict[str, Any]:
    """A command as plain values; a group with the commands below it, each in a line."""
    found: dict[str, Any] = {"command": path, "description": help_of(command)}
    if isinstance(command, click.Group):
        below = {name: command.get_command(ctx, name) for name in command.list_commands(ctx)}
        found["commands"] = {name: each.get_short_help_str(200) for name, each in below.items() if each is not None}
    return found | {"arguments": schema_of(command.params)}


def help_of(command: click.Command) -> str:
    """The help of a command without marks."""
    return inspect.cleandoc(command.help or "").replace("\b\n", "").strip()


def commands_below(
    ctx: click.Context, group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that lead to it."""
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from commands_below(ctx, command, (*path, name))
        elif command is not None:
            yield (*path, name), command


def schema_of(params: Sequence[click.Parameter]) -> dict[str, Any]:
    """The arguments and options of a command as a JSON Schema of an object, with the flag of each."""
    return {
        "type": "object",
        "properties": {name_of(param): _property(param) for param in params},
        "required": [name_of(param) for param in params if param.required],
        "additionalProperties": False,
    }


def name_of(param: click.Parameter) -> str:
    """The long name of an option, or the name of an argument, with underscores."""
    return max(param.opts, key=len).lstrip("-").replace("-", "_")


def words_of(params: Sequence[click.Parameter], given: Mapping[str, Any]) -> list[str]:
    """The words to type for arguments by their names in the schema. No value can be taken for another option.

    Raises:
        OptionError: a name that the command does not take.
    """
    by_name = {name_of(param): param for param in params}
    options, arguments = [], []
    for name, value in given.items():
        param = by_name.get(name)
        if param is None:
            raise OptionError(f"unknown argument '{name}'", hint=did_you_mean(name, by_name, otherwise=""))
        values = value if isinstance(value, list) else [value]
        if isinstance(param, click.Argument):
            arguments += [str(each) for each in values if each is not None]
        elif isinstance(param, click.Option) and (param.is_flag or param.count):
            flags = param.opts if value else param.secondary_opts
            options += [_long(flags)] * int(value or bool(flags))
        else:
            options += [f"{_long(param.opts)}={each}" for each in values if each is not None]
    return [*options, *(["--", *arguments] if arguments else [])]


def _long(names: Sequence[str]) -> str:
    return max(names, key=len, default="")


def _property(param: click.Parameter) -> dict[str, Any]:
    kind = _kind(param)
    if param.multiple or param.nargs != 1:
        kind = {"type": "array", "items": kind}
    if not isinstance(param, click.Option):
        return kind
    found = kind | {"description": param.help or "", "flag": _long(param.opts)}
    default = param.default if isinstance(param.default, str | int | float | tuple | list) else None
    return found if default in (None, (), [], False) else found | {"default": default}


def _kind(param: click.Parameter) -> dict[str, Any]:
    if isinstance(param, click.Option) and param.is_flag:
        return {"type": "boolean"}
    if isinstance(param, click.Option) and param.count:
        return {"type": "integer"}
    kind = param.type
    if isinstance(kind, OrWord):
        return {"type": ["string", _name(kind.kind)]}
    if isinstance(kind, click.Choice):
        return {"type": "string", "enum": list(kind.choices)}
    ends = {"minimum": getattr(kind, "min", None), "maximum": getattr(kind, "max", None)}
    return {"type": _name(kind)} | {key: end for key, end in ends.items() if end is not None}


def _name(kind: Any) -> str:
    return next((name for each, name in _KINDS if isinstance(kind, each)), "string")
