"""A group whose commands are imported when they are typed, and a command whose help has headings."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.config import check_variables, variable_of
from tsforecast.cli.console import Console
from tsforecast.cli.helps import TwoHelps, help_records, show_short_help
from tsforecast.errors import did_you_mean

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_TYPED = f"{__name__}.typed"


def keep_typed(ctx: click.Context, words: list[str]) -> None:
    """Remember what was typed after the name of the program."""
    ctx.meta[_TYPED] = tuple(words)


def typed_line(ctx: click.Context, *more: str) -> str:
    """The command as it was typed, with some more words."""
    return shlex.join([ctx.find_root().command_path, *ctx.meta.get(_TYPED, ()), *more])


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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name, help=text) for name, text in self.table.items() if name.startswith(incomplete)]
        return found or click.Command.shell_complete(self, ctx, incomplete)

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


def _owners(option: str, ctx: click.Context) -> list[str]:
    """The other commands of the program that have an option of that name."""
    root = ctx.find_root()
    if not isinstance(root.command, click.Group):
        return []
    commands = ((name, root.command.get_command(root, name)) for name in root.command.list_commands(root))
    return [name for name, command in commands if command and any(option in each.opts for each in command.params)]


class SectionCommand(TwoHelps):
    """A command whose help shows its options under their headings, in the order of their declaration.

    Args:
        goes_on: whether the same command, run again, goes on where it was interrupted; others do with --resume.
    """

    def __init__(self, *args: Any, goes_on: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.goes_on = goes_on

    def invoke(self, ctx: click.Context) -> Any:
        check_variables(ctx.find_root())
        ctx.ensure_object(Console).way_on = self._way_on(ctx)
        return super().invoke(ctx)

    def _way_on(self, ctx: click.Context) -> str:
        """The command that goes on where this one is interrupted; empty where there is none."""
        resume = ctx.params.get("resume")
        if resume is None and not self.goes_on:
            return ""
        return typed_line(ctx, *(["--resume"] if resume is False else []))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from difflib import get_close_matches

            owners = _owners(error.option_name, ctx)
            close = get_close_matches(error.option_name, error.possibilities or (), n=1, cutoff=0.8 if owners else 0.6)
            said = f"No such option '{error.option_name}'; it is one of {', '.join(owners)}" if owners else None
            raise click.NoSuchOption(error.option_name, None if close else said, close, ctx) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[click.Parameter]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option):
                sections.setdefault(getattr(param, "section", "Help"), []).append(param)
        for title, params in sections.items():
            with formatter.section(title):
                formatter.write_dl(help_records(ctx, params))
