"""A group whose commands are imported when they are typed, and a command whose help has headings."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from tsforecast.cli.config import check_variables, variable_of
from tsforecast.cli.helps import TwoHelps, help_records, show_short_help
from tsforecast.errors import did_you_mean


class LazyGroup(TwoHelps, click.Group):
    """A group that knows the names and help lines of its commands, and imports a command when it is typed.

    Args:
        table: help line of each command; command `name` is the attribute `command` of the module `package.name`.
        package: package of those modules.
    """

    def __init__(self, *args: Any, table: Mapping[str, str], package: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table
        self.package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        command: click.Command = import_module(f"{self.package}.{cmd_name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            show_short_help(ctx)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.table and not args[0].startswith("-"):
            ctx.fail(f"no command '{args[0]}'; {did_you_mean(args[0], self.table)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))

    def format_usual(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)

    def way_to_the_rest(self, ctx: click.Context) -> str:
        path = ctx.command_path
        return f"{path} COMMAND -h explains a command, {path} --help variables and exit statuses."


class SectionOption(click.Option):
    """An option under a heading of the help, with an environment variable made of its long name.

    Args:
        section: the heading.
        usual: whether the short help shows it too.
    """

    def __init__(self, *args: Any, section: str, usual: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section, self.usual = section, usual

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        # Click would take the name of the function's argument, and the variable for all commands first.
        own = os.environ.get(variable_of(self, ctx.auto_envvar_prefix)) if ctx.auto_envvar_prefix else None
        return own or click.Parameter.resolve_envvar_value(self, ctx)

    def value_from_envvar(self, ctx: click.Context) -> Any:
        text = self.resolve_envvar_value(ctx) if self.multiple else None
        if text is None:
            return super().value_from_envvar(ctx)
        try:
            return shlex.split(text)  # a name may have blanks
        except ValueError as error:
            raise click.BadParameter(f"{error} in {text!r}", ctx, self) from error


class SectionCommand(TwoHelps):
    """A command whose help shows its options under their headings, in the order of their declaration."""

    def invoke(self, ctx: click.Context) -> Any:
        check_variables(ctx.find_root())
        return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            del (error.possibilities or [])[1:]  # the first is the closest
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[click.Parameter]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option):
                sections.setdefault(getattr(param, "section", "Help"), []).append(param)
        for title, params in sections.items():
            with formatter.section(title):
                formatter.write_dl(help_records(ctx, params))
