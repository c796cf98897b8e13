"""An output is never an input: every pair of files that a command is given, and every way to name one of them twice."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest

from tests.conftest import make_series
from tsforecast.cli import main
from tsforecast.cli.config import variable_of as variable_name

KEPT = b"# what was there before\n"


@dataclass(frozen=True)
class Output:
    """An option for a file that a command writes.

    Args:
        option: its name.
        names: that the file may have; the first is its usual one.
        folder: whether the option names the folder of the file.
    """

    option: str
    names: tuple[str, ...]
    folder: bool = False

    def __str__(self) -> str:
        return self.option

    def value(self, path: str) -> str:
        """What is typed so that the file is written to `path`."""
        return os.path.dirname(path) if self.folder else path


ANY = ("shared.csv", "shared.svg", "shared.zip", "metrics.json", "shared.txt")
REPORT = Output("--report", ("metrics.json", "report.md"), folder=True)
FORECAST, PLOT, ZIP = (
    Output("--output", ANY[:1]),
    Output("--plot", ("shared.svg",)),
    Output("--output", ("shared.zip",)),
)
BACKTEST, SCORES = Output("--forecasts", ANY[:1]), Output("--scores", ANY[:1])
FILLED = Output("--filled", ANY[:1])
PAGE, OF_VERSION = Output("--report", ("shared.html",)), Output("--output", ("shared.html",))
PREDICT_TO, LOG = Output("--predict-to", ("shared.csv",)), Output("--log-file", ANY[::-1])
METRICS = Output("--metrics-file", ANY[::-1])
# What a command writes, and whether it reads data.
COMMANDS: dict[str, tuple[tuple[Output, ...], bool]] = {
    "fit": ((REPORT,), True),
    "backtest": ((BACKTEST, PLOT, PAGE), True),
    "compare": ((BACKTEST, PLOT, PAGE), True),
    "predict": ((FORECAST, PLOT), True),
    "detect": ((SCORES, PLOT), True),
    "impute": ((FORECAST, FILLED, PLOT), True),
    "score": ((BACKTEST,), True),
    "retrain": ((PREDICT_TO, LOG, METRICS), True),
    "models export": ((ZIP,), False),
    "report": ((OF_VERSION,), False),
}
WITHOUT_STORE = ("backtest", "compare", "detect", "impute")  # unless it publishes
OUTPUTS = [(line, output) for line, (outputs, _) in COMMANDS.items() if line not in WITHOUT_STORE for output in outputs]
CONFIGS = ("--config", "--config of the program", "TSFORECAST_CONFIG")
# Ways to name a file that need no other name, and those that give it one.
SAME_NAME = ("as it is", "through ..", "absolute", "linked folder", "variable", "configured")
OTHER_NAME = ("link", "hard link", "variable, link", "configured, hard link")


@dataclass(frozen=True)
class Case:
    """A file that is given twice.

    Args:
        command: which takes it.
        first: DATA, one of `CONFIGS` or an output.
        second: the output that names it again.
        way: how.
        there: whether the file exists.
    """

    command: str
    first: str | Output
    second: Output
    way: str
    there: bool = True

    def __str__(self) -> str:
        first = self.first.option if isinstance(self.first, Output) else self.first
        return f"{self.command}: {first}, {self.second.option} {self.way}{'' if self.there else ', new'}"

    @property
    def name(self) -> str:
        """Of the file, which both options accept where there is one."""
        if not isinstance(self.first, Output):
            return self.second.names[0]
        return next((name for name in self.second.names if name in self.first.names), self.first.names[0])


def cases() -> Iterator[Case]:
    """Each command, pair of files and way, but for what an option's ending or a missing file makes impossible."""
    for command, (outputs, reads_data) in COMMANDS.items():
        for number, second in enumerate(outputs):
            for first in (*(["DATA"] if reads_data else []), *CONFIGS, *outputs[:number]):
                for way in (*SAME_NAME, *OTHER_NAME):
                    for there in (True, False) if isinstance(first, Output) else (True,):
                        case = Case(command, first, second, way, there)
                        if (case.name in second.names or way in OTHER_NAME) and (there or "hard" not in way):
                            yield case


def renamed(way: str, shared: Path, name: str) -> str:
    """The path that stands for `shared` in another way; whatever it takes is made."""
    there, other = os.path.relpath(shared), Path("other") / name
    other.parent.mkdir(exist_ok=True)
    if "hard link" in way:
        os.link(shared, other)
        return str(other)
    if "link" in way and way != "linked folder":
        other.symlink_to(shared.absolute())
        return str(other)
    if way == "linked folder":
        Path("linked").symlink_to(shared.parent.absolute())
        return os.path.join("linked", shared.name)
    return {"through ..": f"./other/../{there}", "absolute": str(shared.absolute())}.get(way, there)


def commands(group: click.Group = main, line: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that lead to it."""
    context = click.Context(group)
    for word in group.list_commands(context):
        found = group.get_command(context, word)
        if isinstance(found, click.Group):
            yield from commands(found, f"{line}{word} ")
        else:
            yield f"{line}{word}", found


def variable_of(line: str, option: str) -> str:
    """The variable that sets an option."""
    param = next(param for param in dict(commands())[line].params if option in param.opts)
    return str(param.envvar or variable_name(param, "_".join(["tsforecast", *line.split()]).upper()))


def words_and_variables(command: str, option: str, value: str, way: str) -> tuple[list[str], dict[str, str], str]:
    """How an option gets its value: words of the command line, variables, and a line of its configuration."""
    if way.startswith("variable"):
        return [], {variable_of(command, option): value}, ""
    if way.startswith("configured"):
        return [], {}, f'[{".".join(command.split())}]\n{option.strip("-")} = "{os.path.abspath(value)}"\n'
    return [option, value], {}, ""


def snapshot(folder: Path) -> dict[str, Any]:
    """Every name below a folder: the bytes of a file, where a link leads."""
    return {
        str(path.relative_to(folder)): (
            os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        )
        for path in folder.rglob("*")
    }


def command(line: str, data: str | Path, name: str = "shop") -> list[str]:
    """The words of a command without its outputs."""
    if line in ("models export", "report"):
        return [*line.split(), *([name] if name else []), "--store", "models"]
    if line in WITHOUT_STORE:
        return [line, str(data)]
    return [line, str(data), *(["--name", name] if name else []), "--store", "models"]


@pytest.fixture
def refused(run, tmp_path):
    """Runs a command, which must be refused in one line, and change nothing."""

    def invoke(*words: Any, **variables: str) -> str:
        before = snapshot(tmp_path)
        result = run(*words, **variables)
        assert result.exit_code == 2, result.output
        assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
        assert result.stdout == ""
        assert snapshot(tmp_path) == before
        return str(result.stderr)

    return invoke


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_no_file_is_given_twice(refused, case):
    shared = Path("in") / case.name
    shared.parent.mkdir()
    if case.there:
        shared.write_bytes(KEPT)
    name = case.name if case.name in case.second.names else case.second.names[0]
    value = case.second.value(renamed(case.way, shared, name))
    words, variables, config = words_and_variables(case.command, case.second.option, value, case.way)
    if config and case.first in CONFIGS:
        shared.write_text(config)  # the very file that the option stands in
    elif config:
        Path("conf.toml").write_text(config)
        words += ["--config", "conf.toml"]
    start, option = [], case.first
    if case.first in CONFIGS:
        option = "--config"
        if case.first == "--config":
            words += ["--config", str(shared)]
        elif case.first == "TSFORECAST_CONFIG":
            variables |= {"TSFORECAST_CONFIG": str(shared)}
        else:
            start = ["--config", str(shared)]
    elif isinstance(case.first, Output):
        option = case.first.option
        words += [option, case.first.value(str(shared))]
    said = refused(*start, *command(case.command, shared if case.first == "DATA" else "data.csv"), *words, **variables)
    assert option in said and case.second.option in said
    assert str(shared) in said and value.removeprefix("./") in said
    assert not Path("models").exists()


def model() -> Path:
    """The folder of a model, as far as anybody looks before the work begins."""
    folder = Path("models/shop")
    (folder / "versions/000001").mkdir(parents=True)
    for name in ("CURRENT", "last_run.json", "journal.jsonl", ".retrain.lock", "versions/000001/metrics.json"):
        (folder / name).write_bytes(KEPT)
    return folder


@pytest.mark.parametrize("way", ["as it is", "through ..", "absolute", "linked folder", "link", "hard link"])
@pytest.mark.parametrize("inside", ["CURRENT", "journal.jsonl", "versions/000001/metrics.json", "new", "versions/new"])
@pytest.mark.parametrize(("line", "output"), OUTPUTS, ids=str)
def test_no_output_lies_in_a_model(refused, line, output, inside, way):
    place = model() / inside
    if output.names[0] not in (place.name, LOG.names[0]) and "link" not in way.split():
        place = place.with_name(output.names[0])  # what the option's ending allows
    if not place.exists() and way == "hard link":
        place = place.parent / "hard"
        place.write_bytes(KEPT)
    value = output.value(renamed(way, place, output.names[0]))
    said = refused(*command(line, "data.csv", name=""), output.option, value)
    assert output.option in said and "--store 'models'" in said
    assert value.removeprefix("./") in said and "models/shop'" in said


@pytest.mark.parametrize(("line", "output"), OUTPUTS, ids=str)
def test_no_output_lies_where_a_model_is_to_be(refused, line, output):
    for path in (f"models/shop/{output.names[0]}", f"models/shop/more/{output.names[0]}"):
        said = refused(*command(line, "data.csv"), output.option, output.value(path))
        assert output.option in said and path in said and "--store 'models'" in said


def test_a_model_has_the_name_of_its_data(refused):
    for words in (["fit", "shop.csv", "--report"], ["retrain", "shop.csv", "--log-file"]):
        assert "models/shop'" in refused(*words, "models/shop/more")
    assert "models/stdin'" in refused("fit", "-", "--report", "models/stdin")


@pytest.mark.parametrize("line", ["fit", "retrain"])
@pytest.mark.parametrize(
    "inside", ["journal.jsonl", "versions/000001/epochs.csv", ".stage-000001-7/epochs.csv", ".CURRENT-12"]
)
def test_what_is_trained_on_is_no_file_of_the_model(refused, line, inside):
    said = refused(*command(line, model() / inside))
    assert f"DATA 'models/shop/{inside}' is a file of the model" in said and "--store 'models'" in said
    Path("link.csv").symlink_to(Path("models/shop", inside).absolute())
    assert "DATA 'link.csv' is a file of the model" in refused(*command(line, "link.csv"))


@pytest.mark.parametrize("line", ["fit", "retrain"])
def test_the_folder_of_a_model_does_not_take_the_place_of_the_data(refused, line):
    Path("shop").write_bytes(KEPT)
    assert "DATA 'shop' is a file of the model" in refused(line, "shop", "--store", ".")
    assert "DATA 'shop' is a file of the model" in refused(line, "shop", "--store", "shop")


def test_what_is_known_ahead_is_not_overwritten(refused):
    Path("ahead.csv").write_bytes(KEPT)
    assert "--output 'ahead.csv' would overwrite --future-file" in refused(
        "predict", "--future-file", "ahead.csv", "-o", "ahead.csv"
    )


def test_two_results_do_not_go_to_stdout(run):
    for words in (["predict", "-o", "-", "--json"], ["retrain", "data.csv", "--log-file", "-", "--json"]):
        result = run(*words)
        assert result.exit_code == 2
        assert "--json (stdout)" in result.stderr and f"{words[-3].replace('-o', '--output')} (stdout)" in result.stderr


@pytest.fixture
def shell(run, tmp_path):
    """Runs a line of the shell in which $T is tsforecast; what it was refused with. Data stay as they are."""
    data = tmp_path / "data.csv"
    data.write_bytes(KEPT)

    def refused(line: str) -> str:
        program = f"{shlex.quote(sys.executable)} -m tsforecast"
        done = subprocess.run(line.replace("$T", program), shell=True, capture_output=True, text=True)
        assert done.returncode == 2, done.stderr
        assert data.read_bytes() == KEPT
        assert not Path("models").exists()
        return done.stderr

    return refused


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("$T predict data.csv >> data.csv", "--output (stdout) would overwrite DATA 'data.csv'"),
        ("$T predict - -o data.csv < data.csv", "--output 'data.csv' would overwrite DATA (stdin)"),
        ("$T predict /dev/stdin -o data.csv < data.csv", "--output 'data.csv' would overwrite DATA '/dev/stdin'"),
        ("$T predict /dev/fd/3 -o data.csv 3< data.csv", "--output 'data.csv' would overwrite DATA '/dev/fd/3'"),
        ("$T retrain data.csv --log-file /dev/fd/3 3>> data.csv", "--log-file '/dev/fd/3' would overwrite DATA"),
        ("$T retrain data.csv --log-file /proc/self/fd/3 3>> data.csv", "--log-file '/proc/self/fd/3' would overwrite"),
        ("$T retrain data.csv --log-file /dev/stdout >> data.csv", "--log-file '/dev/stdout' would overwrite DATA"),
        ("ln -s /dev/fd/1 l.csv; $T predict data.csv -o l.csv >> data.csv", "--output 'l.csv' would overwrite DATA"),
        ("$T retrain data.csv --log-file /dev/stdout --json | cat; exit 2", "'/dev/stdout' and --json (stdout) go"),
    ],
)
def test_what_the_shell_has_opened_is_a_file_too(shell, line, said):
    assert said in shell(line)


@pytest.fixture
def shop_toml(run):
    def write(**values: str) -> None:
        values = {"data": "data.csv", "store": "models", "name": "shop"} | values
        lines = [f'{key.replace("_", "-")} = "{value}"\n' for key, value in values.items()]
        Path("shop.toml").write_text("[retrain]\n" + "".join(lines))

    return write


@pytest.mark.parametrize(
    ("values", "one", "other"),
    [
        ({"log_file": "data.csv"}, "--log-file", "DATA"),
        ({"predict_to": "./data.csv"}, "--predict-to", "DATA"),
        ({"log_file": "shop.toml"}, "--log-file", "CONFIG.toml"),
        ({"log_file": "run", "metrics_file": "./run"}, "--log-file", "--metrics-file"),
        ({"log_file": "models/shop/run.log"}, "--log-file", "--store"),
        ({"data": "models/shop/journal.jsonl"}, "DATA", "--store"),
    ],
)
def test_what_a_retraining_would_refuse_is_refused_when_it_is_scheduled(refused, shop_toml, values, one, other):
    shop_toml(**values)
    said = refused("schedule", "shop.toml")
    assert one in said and other in said
    assert one in refused("retrain", "--config", "shop.toml")


@pytest.mark.parametrize("link", [os.symlink, os.link])
@pytest.mark.parametrize(
    ("target", "other"), [("shop.toml", "CONFIG.toml"), ("data.csv", "DATA"), ("run.log", "--log-file")]
)
def test_units_overwrite_nothing_of_the_retraining(refused, shop_toml, link, target, other):
    shop_toml(log_file="run.log")
    for name in ("data.csv", "run.log"):
        Path(name).write_bytes(KEPT)
    Path("units").mkdir()
    link(os.path.abspath(target), "units/tsforecast-shop.timer")
    said = refused("schedule", "shop.toml", "--format", "systemd", "--output-dir", "units")
    assert "--output-dir 'units/tsforecast-shop.timer'" in said and other in said


def test_units_do_not_go_into_a_model(refused, shop_toml):
    shop_toml()
    said = refused("schedule", "shop.toml", "--format", "systemd", "--output-dir", "models/shop")
    assert "--output-dir" in said and "models/shop'" in said


def test_every_option_for_a_file_is_known_here():
    """A new one needs a place in the comparison, and in these tests."""
    known = {(line, output.option) for line, (outputs, _) in COMMANDS.items() for output in outputs}
    known |= {("schedule", "--output-dir"), ("schedule", "file"), ("predict", "--future-file"), ("describe", "--write")}
    known |= {
        (line, "data")
        for line in ("backtest", "compare", "describe", "detect", "fit", "impute", "predict", "retrain", "score")
    }
    known |= {(line, option) for line, _ in commands() for option in ("--config", "--store")}
    found = {
        (line, max(param.opts, key=len))
        for line, each in commands()
        for param in each.params
        if isinstance(param.type, click.Path)
    }
    assert found <= known


ALLOWED = (
    "fit data.csv --report models",
    "fit data.csv --report report --config shop.toml",
    "fit models/shop/data.csv --name shop",
    "fit models/shop/.stage-mine/data.csv --name shop",
    "predict data.csv -o forecast.csv --plot forecast.svg",
    "predict data.csv -o models/forecast.csv --name shop",
    "predict models/shop/versions/000001/epochs.csv --name shop -o history.csv",
    "predict - -o -",
    "retrain data.csv --predict-to data.csv.csv --log-file data.log --metrics-file models/data.prom --name shop",
    "retrain data.csv --predict-to Data.csv --log-file DATA.csv --name shop",
    "retrain data.csv --log-file /dev/null --metrics-file /dev/null --json",
    "retrain data.csv --log-file - --metrics-file shop/../models/shop.prom",
    "retrain models/data.csv --log-file log/shop --name shop --predict-to versions/1/f.csv",
    "models export shop -o models/shop.zip",
    "models export -o shop.zip --json",
)


@pytest.mark.parametrize("line", ALLOWED)
def test_files_of_their_own_are_not_refused(run, play, record, calls, line):
    model()
    for name in ("data.csv", "forecast.csv", "shop.toml", "models/forecast.csv", "data.log"):
        Path(name).write_bytes(KEPT)
    done = RuntimeError("the work begins")
    for module, workflow in (("fit", "fit"), ("predict", "predict"), ("retrain.run", "retrain")):
        play(f"workflows.{module}", **{workflow: record(done)})
    play("store.store", Store=record(done))
    result = run(*line.split())
    assert "the work begins" in result.stderr
    assert len(calls) == 1


def test_a_forecast_replaces_the_one_before(run):
    make_series(100).to_csv("data.csv", index=False)
    assert run("fit", "data.csv", "--model", "naive").exit_code == 0
    for _ in range(2):
        result = run("predict", "data.csv", "-o", "forecast.csv", "--plot", "forecast.svg", "--store", "models")
        assert result.exit_code == 0, result.output
