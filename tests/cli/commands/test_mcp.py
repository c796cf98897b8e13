"""The tools of an agent: which there are, and a whole session with the client of the protocol's own package."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import pytest

from tests.conftest import make_series
from tsforecast.cli import main
from tsforecast.cli.commands.mcp import tools_of
from tsforecast.cli.schema import name_of

WRITING = {"output", "output_dir", "plot", "report", "forecasts", "write", "ledger", "publish", "log_file", "config"}


def test_read_only_tools_have_nothing_that_writes():
    tools = tools_of(click.Context(main), write=False)
    assert {"describe", "predict", "backtest", "models_list", "status"} <= tools.keys()
    assert not {"fit", "retrain", "score", "models_prune", "models_rollback", "mcp"} & tools.keys()
    for name, tool in tools.items():
        assert tool.reads and tool.description
        assert not WRITING & {name_of(param) for param in tool.params}, name
        files = {name_of(param) for param in tool.params if isinstance(param.type, click.Path)}
        assert files <= {"data", "store", "future_file", "file", "config_file"}, name


def test_all_tools():
    tools = tools_of(click.Context(main), write=True)
    assert {"fit", "retrain", "score", "models_prune"} <= tools.keys() and "mcp" not in tools
    assert "output" in {name_of(param) for param in tools["predict"].params}
    assert not any(tool.reads for tool in tools.values())
    assert all(name_of(param) not in ("trust_store", "json") for tool in tools.values() for param in tool.params)


@pytest.mark.sweep  # a process for each call
def test_a_session(tmp_path: Path):
    anyio = pytest.importorskip("anyio")
    mcp = pytest.importorskip("mcp")
    make_series(200).to_csv(tmp_path / "load.csv", index=False)
    server = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "tsforecast", "mcp", "--write", "--store", str(tmp_path / "models")],
        env={"TSFORECAST_FIT_LOOKBACK": "24"},
    )

    async def session() -> None:
        async with mcp.Client(mcp.stdio_client(server)) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert tools["fit"].input_schema["required"] == ["data"]
            fit = {"data": str(tmp_path / "load.csv"), "model": "linear", "horizon": 3}
            done = await client.call_tool("fit", fit)
            assert not done.is_error and json.loads(done.content[0].text)["name"] == "load"
            done = await client.call_tool("predict", {"level": [80]})
            made = json.loads(done.content[0].text)["forecast"]
            assert len(made) == 3 and list(made[0]) == ["ds", "forecast", "lower_80", "upper_80"]
            done = await client.call_tool("describe", {"data": "none.csv"})
            assert done.is_error and json.loads(done.content[0].text)["error"]["code"] == 66
            done = await client.call_tool("describe", {"date": "none.csv"})
            assert done.is_error and "did you mean 'data'" in done.content[0].text
            assert (await client.call_tool("rm", {})).is_error

    anyio.run(session)
