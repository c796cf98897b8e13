"""`--config`: what a file sets, what it is refused for, and what wins over it."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from tsforecast.cli import COMMANDS, main


@pytest.fixture
def listed(play, record, calls):
    """The stores that `models list` was asked for."""
    play("store.store", Store=record(SimpleNamespace(overview=list)))
    return lambda: [args[0] for args, _ in calls]


def write(text: str, name: str = "config.toml") -> str:
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    return name


def test_typed_wins_over_variable_over_file_over_default(run, listed):
    assert run("models", "list").exit_code == 0
    config = write('[models.list]\nstore = "from-file"')
    run("--config", config, "models", "list")
    run("--config", config, "models", "list", TSFORECAST_STORE="from-variable")
    run("--config", config, "models", "list", "--store", "typed", TSFORECAST_STORE="from-variable")
    assert listed() == ["./models", str(Path("from-file").resolve()), "from-variable", "typed"]


def test_the_same_after_the_command(run, listed):
    config = write('[models.list]\nstore = "from-file"')
    run("models", "list", "--config", config)
    run("models", "list", "--config", config, TSFORECAST_STORE="from-variable")
    run("models", "list", "--store", "typed", "--config", config, TSFORECAST_STORE="from-variable")
    assert listed() == [str(Path("from-file").resolve()), "from-variable", "typed"]


def test_the_file_of_the_command_takes_the_place_of_the_other(run, play, record, calls):
    found = SimpleNamespace(describe=record(KeyboardInterrupt()))
    play("store.store", Store=record(SimpleNamespace(find=record(found))))
    first, second = write('[models.show]\nstore = "one"\nversion = 1', "1.toml"), write('[models.show]\nstore = "two"')
    run("--config", first, "models", "show", "--config", second)
    assert calls == [((str(Path("two").resolve()), False), {}), ((None,), {}), ((None,), {})]


def test_every_command_takes_a_file():
    def check(command, ctx):
        if isinstance(command, click.Group):
            for name in command.list_commands(ctx):
                check(command.get_command(ctx, name), ctx)
        elif command.name not in ("completion", "help"):
            assert any("--config" in param.opts for param in command.params), command.name

    check(main, click.Context(main))


def test_what_is_eager_is_taken_from_the_file_too(run, listed):
    config = write("[models.list]\njson = true\nquiet = true")
    assert run("models", "list", "--config", config).output == '{\n  "models": []\n}\n'


def test_a_file_without_a_table_for_the_command(run, listed):
    assert run("models", "list", "--config", write("[fit]\nhorizon = 3")).exit_code == 0
    assert listed() == ["./models"]


def test_the_whole_file_is_checked(run, listed):
    result = run("models", "list", "--config", write("[fit]\nhorizont = 3"))
    assert result.exit_code == 78
    assert "'fit.horizont' is not known" in result.stderr
    assert listed() == []


def test_a_bad_file_as_json(run):
    assert '"code": 66' in run("models", "list", "--config", "none.toml", "--json").stdout


def test_a_variable_can_name_the_file_of_one_command(run, listed):
    other = write('[models.list]\nstore = "other"', "other.toml")
    variable = {"TSFORECAST_MODELS_LIST_CONFIG": write('[models.list]\nstore = "file"\nquiet = true')}
    assert run("models", "list", **variable).output == ""
    run("models", "list", "--config", other, **variable)
    assert listed() == [str(Path("file").resolve()), str(Path("other").resolve())]


@pytest.mark.parametrize("words", [["--config", "sub/c.toml", "describe"], ["describe", "--config", "sub/c.toml"]])
def test_relative_paths_start_at_the_file(run, play, record, calls, words):
    play("workflows.describe", describe=record(KeyboardInterrupt()))
    os.mkdir("sub")
    for data in ("a.csv", "../b.csv", "/tmp/c.csv", "-"):
        write(f'[describe]\ndata = "{data}"', "sub/c.toml")
        run(*words)
    folder = str(Path("sub").resolve())
    assert [args[0] for args, _ in calls] == [f"{folder}/a.csv", f"{folder}/../b.csv", "/tmp/c.csv", "-"]


def test_other_files_start_there_too_and_changes_of_a_scenario_do_not(run, play, record, calls):
    play("workflows.describe", describe=record(KeyboardInterrupt()))
    play("workflows.predict", predict=record(KeyboardInterrupt()))
    os.mkdir("sub")
    Path("sub/a=b.csv").touch()
    write('[describe]\ndata = "a.csv"\nwrite = "clean.csv"', "sub/c.toml")
    run("describe", "--config", "sub/c.toml")
    write('[predict]\nwhat-if = ["other.csv", "a=b.csv", "price=+10%"]', "sub/d.toml")
    run("predict", "--config", "sub/d.toml")
    folder = str(Path("sub").resolve())
    (_, described), (_, predicted) = calls
    assert described["write_to"] == f"{folder}/clean.csv"
    assert predicted["what_if"] == (f"{folder}/other.csv", f"{folder}/a=b.csv", "price=+10%")


def test_the_folder_of_a_file_is_its_real_one(run, listed):
    os.makedirs("real/sub")
    os.symlink("real/sub", "link")
    write('[models.list]\nstore = "../s"', "link/c.toml")
    run("models", "list", "--config", "link/c.toml")
    assert listed() == [str(Path("real/sub").resolve() / "../s")]


def test_typed_paths_start_where_they_were_typed(run, play, record, calls):
    play("workflows.describe", describe=record(KeyboardInterrupt()))
    os.mkdir("sub")
    run("describe", "typed.csv", "--config", write('[describe]\ndata = "a.csv"', "sub/c.toml"))
    assert calls[0][0][0] == "typed.csv"


def test_file_from_variable(run, listed):
    run("models", "list", TSFORECAST_CONFIG=write('[models.list]\nstore = "from-file"'))
    assert listed() == [str(Path("from-file").resolve())]


def test_variable_of_one_command(run, listed):
    run("models", "list", TSFORECAST_MODELS_LIST_STORE="one")
    assert listed() == ["one"]


def test_flags_and_repeated_options(run, play, record, calls):
    play("workflows.describe", describe=record(KeyboardInterrupt()))
    config = write('[describe]\ndata = "a.csv"\ntarget-col = ["net sales", "y"]\nid_col = "the shop"\nskip-rows = 2\n')
    run("--config", config, "describe")
    (source, given, _), _ = calls[0]
    assert (source, len(calls)) == (str(Path("a.csv").resolve()), 1)
    assert given.target_cols == ("net sales", "y")
    assert (given.id_cols, given.skip_rows) == (("the shop",), 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fit]\nhorizont = 3", "'fit.horizont' is not known; did you mean 'horizon'?"),
        ("[fti]\nhorizon = 3", "'fti' is not known; did you mean 'fit'?"),
        ("horizon = 3", f"'horizon' is not known; choose one of {', '.join(COMMANDS)}"),
        ("[models.lst]", "'models.lst' is not known; did you mean 'list'?"),
        ("fit = 3", "'fit' is a command; write a table [fit]"),
        ("[fit]\nhorizon = 3.5", "'fit.horizon' is 3.5: '3.5' is not a valid int"),
        ("[fit]\nhorizon = true", "'fit.horizon' is True: 'True' is not a valid int"),
        ("[fit]\nmodel = 'grü'", "'fit.model' is 'grü': 'grü' is not one of"),
        ("[fit]\nhorizon = [3]", "'fit.horizon' is [3]: takes one value"),
        ("[fit]\nhorizon = {a = 3}", "'fit.horizon' is {'a': 3}: takes one value"),
        ("[fit]\nconfig = 'a.toml'", "'fit.config' is not known"),
        ("[predict]\nplot = 'a.gif'", "'predict.plot' is 'a.gif': '"),
        ("[predict]\nlevel = ['x']", "'predict.level' is ['x']: 'x' is not a valid float"),
        ("[fit\n", "is not TOML"),
    ],
)
def test_refused_with_the_place(run, listed, text, message):
    result = run("--config", write(text), "models", "list")
    assert result.exit_code == 78
    assert result.stderr.startswith("Error: config.toml: ")
    assert message in result.stderr
    assert listed() == []


def test_not_utf8(run):
    with open(write(""), "wb") as file:
        file.write(b"\xff\xfe")
    assert run("--config", "config.toml", "models", "list").exit_code == 78


def test_missing_file(run):
    result = run("--config", "none.toml", "models", "list")
    assert result.exit_code == 66
    assert result.stderr == "Error: none.toml: cannot be read: No such file or directory\n"


def test_defaults_of_the_file_show_in_the_help(run):
    assert "[default: 31]" in run("--config", write("[fit]\nseed = 31"), "fit", "--help").stdout
