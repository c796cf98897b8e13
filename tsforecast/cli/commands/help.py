"""`tsforecast help [COMMAND]`."""

from __future__ import annotations

import click

from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.manual import man_page
from tsforecast.cli.options.shared import option


@click.command("help", cls=SectionCommand)
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@option("Output", "--man", "manual", is_flag=True, help="Write it as a man page.")
@click.pass_context
def command(ctx: click.Context, /, words: tuple[str, ...], manual: bool) -> None:
    """Show the whole help of a command, as its --help does.

    \b
    Example:
      tsforecast help fit
      tsforecast help models prune
      tsforecast help fit --man > ~/.local/share/man/man1/tsforecast-fit.1
    """
    inner = ctx.find_root()
    for word in words:
        if not isinstance(inner.command, click.Group):
            raise click.UsageError(f"'{inner.command_path}' has no commands of its own")
        name, found, _ = inner.command.resolve_command(inner, [word])
        inner = click.Context(found or inner.command, parent=inner, info_name=name)
    click.echo(man_page(inner) if manual else inner.get_help(), nl=not manual)
