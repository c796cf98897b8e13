"""`tsforecast completion SHELL`."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.types import Choice

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command("completion", cls=SectionCommand)
@click.argument("shell", type=Choice(tuple(_SHELLS)))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> None:
    """Print what makes a shell complete commands, options, their values and the names of published models.

    \b
    Example:
      tsforecast completion bash >> ~/.bashrc
      tsforecast completion zsh >> ~/.zshrc
      tsforecast completion fish > ~/.config/fish/completions/tsforecast.fish
    """
    root = ctx.find_root()
    name = root.command_path
    click.echo(_SHELLS[shell](root.command, {}, name, f"_{name.upper()}_COMPLETE").source())
