"""The help of a command in two lengths: `-h` fits a screen, `--help` has everything, under headings.

The short one has a sentence, the example, and the options that their declarations call usual. A help that fits a screen
is shown as a whole by both.
"""

from __future__ import annotations

from collections.abc import Iterable
from inspect import cleandoc
from typing import Any

import click

SCREEN = 40  # lines
_NAMES = 26  # columns of a short help that names take; what is longer stands in a line of its own
_SHORT = f"{__name__}.short"


class TwoHelps(click.Command):
    """A command, or a group, with `-h` and `--help`."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*self.params, _BRIEF, _WHOLE]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        whole = ctx.make_formatter()
        super().format_help(ctx, whole)
        if not ctx.meta.get(_SHORT) or whole.getvalue().count("\n") < SCREEN:
            formatter.write(whole.getvalue())
            return
        sentence, example = _parts(self)
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(sentence)
        self.format_usual(ctx, formatter)
        if example:
            formatter.write_paragraph()
            formatter.write("\n".join([f"  {line}" if line else "" for line in example]) + "\n")
        formatter.write_paragraph()
        formatter.write_text(self.way_to_the_rest(ctx))

    def format_usual(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options that are used most."""
        if usual := [
            _in_short(each, ctx) for each in self.params if isinstance(each, click.Option) and _is_usual(each)
        ]:
            with formatter.section("Options"):
                formatter.write_dl(usual, col_max=_NAMES)

    def way_to_the_rest(self, ctx: click.Context) -> str:
        """Where what is left out is shown."""
        options = sum(isinstance(param, click.Option) for param in self.params)
        return f"All {options} options: {ctx.command_path} --help"


def _is_usual(option: click.Option) -> bool:
    return bool(getattr(option, "usual", False))


def show_short_help(ctx: click.Context) -> None:
    """From here on the help is the short one."""
    ctx.meta[_SHORT] = True


def help_records(ctx: click.Context, params: Iterable[click.Parameter]) -> list[tuple[str, str]]:
    """What the help says of options."""
    return [record for param in params if (record := param.get_help_record(ctx)) is not None]


def _in_short(param: click.Option, ctx: click.Context) -> tuple[str, str]:
    """What the short help says of an option; of its default, only a value that can be typed."""
    record = param.get_help_record(ctx)
    default = param.get_help_extra(ctx).get("default", "")
    value = f"  [default: {default}]" if default and not default.startswith("(") else ""
    return (record[0] if record else "", f"{param.help}{value}")


def _parts(command: click.Command) -> tuple[str, list[str]]:
    """The first sentence of a help, and its examples with their heading; a group has them below its options."""
    text = cleandoc(command.help or "")
    sentence = " ".join(text.partition("\n\n")[0].split())
    for block in f"{text}\n\n{cleandoc(command.epilog or '')}".split("\n\n"):
        lines = block.splitlines()
        for number, line in enumerate(lines):
            if line.strip() in ("Example:", "Start with:"):
                return sentence, lines[number:]
    return sentence, []


def _print_help(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        if param is _BRIEF:
            show_short_help(ctx)
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


def _help_option(name: str, text: str) -> click.Option:
    settings: dict[str, Any] = {"is_flag": True, "is_eager": True, "expose_value": False, "allow_from_autoenv": False}
    return click.Option([name], callback=_print_help, help=text, **settings)


_BRIEF = _help_option("-h", "Show the options that are used most.")
_WHOLE = _help_option("--help", "Show everything.")
