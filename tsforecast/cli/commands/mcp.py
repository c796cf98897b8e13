"""`tsforecast mcp`: the commands as tools for an agent, by the Model Context Protocol over stdin and stdout.

A tool is a command with `--json`. It runs in a process of its own, so that a training can be broken off and nothing of
it stays behind. Without --write there are only tools that read, without the options that write files.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tsforecast._version import __version__
from tsforecast.cli.groups import SectionCommand
from tsforecast.cli.options.shared import config_option, option, store_option
from tsforecast.cli.schema import commands_below, help_of, name_of, schema_of, words_of
from tsforecast.errors import OptionError

if TYPE_CHECKING:
    from mcp import types

_READING = {"describe", "backtest", "compare", "detect", "impute", "predict", "report", "schedule", "status"}
_READING |= {"models_list", "models_show", "models_verify"}
_NEED_STORE = ("backtest", "compare")  # which keep finished fits there while they run
_FOR_PEOPLE = {"config", "json", "quiet", "verbose", "trust_store"}
_READ_FILES = {"data", "store", "future_file"}
_CHANGE = {"ledger", "publish"}
_MOST_BYTES = 200_000  # of an answer, which an agent has to read
_INSTRUCTIONS = (
    "Forecasts of time series. Look at a table with describe, fit a model once (needs --write) or take one of "
    "models_list, then predict. Each tool is a command of tsforecast; files are paths on this machine."
)


class Tool(NamedTuple):
    """A command that an agent can call.

    Args:
        path: words that lead to the command.
        description: its help.
        params: what it takes.
        reads: whether it leaves models and files as they are.
    """

    path: tuple[str, ...]
    description: str
    params: list[click.Parameter]
    reads: bool


def tools_of(ctx: click.Context, *, write: bool) -> dict[str, Tool]:
    """The tools by name; without `write` those that change nothing. What is not known to read is taken to write."""
    root = ctx.find_root()
    assert isinstance(root.command, click.Group)  # noqa: S101
    found = {}
    for path, command in commands_below(root, root.command):
        name, reads = "_".join(path), "_".join(path) in _READING
        if not any(name_of(param) == "json" for param in command.params) or not (reads or write):
            continue
        params = [param for param in command.params if name_of(param) not in _FOR_PEOPLE]
        if not write:
            params = [param for param in params if not _writes(param, name)]
        found[name] = Tool(path, help_of(command), params, reads and not write)
    return found


def _writes(param: click.Parameter, tool: str) -> bool:
    name = name_of(param)
    is_file = isinstance(param, click.Option) and isinstance(param.type, click.Path) and name not in _READ_FILES
    return is_file or name in _CHANGE or (name == "store" and tool in _NEED_STORE)


@click.command("mcp", cls=SectionCommand)
@option("Store", "--write", is_flag=True, help="Also offer what changes models or writes files, such as fit.")
@store_option
@config_option
@click.pass_context
def command(ctx: click.Context, /, write: bool, store: str) -> None:
    """Serve the commands as tools to an agent, over stdin and stdout (Model Context Protocol).

    An agent starts it itself, and can then read every file that you can; without --write it changes nothing. In the
    settings of an agent this is "command": "tsforecast", "args": ["mcp", "--store", "/srv/models"].

    \b
    Example:
      tsforecast mcp --store /srv/models
    """
    import anyio
    import mcp  # noqa: F401  # so that it is named where it is not installed

    anyio.run(_serve, tools_of(ctx, write=write), store)


async def _serve(tools: dict[str, Tool], store: str) -> None:
    from mcp import types
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server

    async def list_tools(_ctx: Any, _params: Any) -> types.ListToolsResult:
        hints = {name: types.ToolAnnotations(read_only_hint=tool.reads) for name, tool in tools.items()}
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=name,
                    description=tool.description,
                    input_schema=schema_of(tool.params),
                    annotations=hints[name],
                )
                for name, tool in tools.items()
            ]
        )

    async def call_tool(_ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await _call(tools, params.name, params.arguments or {}, store)

    server = Server(
        "tsforecast",
        version=__version__,
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


async def _call(tools: dict[str, Tool], name: str, given: dict[str, Any], store: str) -> types.CallToolResult:
    """Run a command; its JSON is the answer, with the warnings that it gave."""
    import anyio
    from mcp import types

    def answer(*texts: str, failed: bool = False) -> types.CallToolResult:
        content: list[types.ContentBlock] = [types.TextContent(type="text", text=text) for text in texts if text]
        return types.CallToolResult(content=content, is_error=failed)

    if name not in tools:
        return answer(f"there is no tool '{name}'; there are {', '.join(tools)}", failed=True)
    tool = tools[name]
    try:
        words = words_of(tool.params, given)
    except OptionError as error:
        return answer(str(error), failed=True)
    with ExitStack() as opened:
        if name in _NEED_STORE and not any(name_of(param) == "store" for param in tool.params):
            store = opened.enter_context(tempfile.TemporaryDirectory(prefix="tsforecast-mcp-"))
        line = [sys.executable, "-m", "tsforecast", *tool.path, "--json", *words]
        done = await anyio.run_process(line, stdin=DEVNULL, check=False, env={**os.environ, "TSFORECAST_STORE": store})
    said = done.stderr.decode(errors="replace").splitlines()
    warnings = "\n".join(text for text in said if text.startswith(("Warning: ", "Error: ")))
    if len(done.stdout) > _MOST_BYTES:
        size = f"the answer has {len(done.stdout):,} bytes, and more than {_MOST_BYTES:,} are not sent"
        return answer(f"{size}: ask for fewer series or steps, or have it written to a file", failed=True)
    return answer(done.stdout.decode(errors="replace"), warnings, failed=done.returncode not in (0, 3, 4))
