"""The group: its help, its options, and how everything that goes wrong ends."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tsforecast import __version__, errors
from tsforecast.cli import COMMANDS

ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.fixture
def fail(play, record):
    """`fail(error)`: `tsforecast models list` raises it."""
    return lambda error: play("store.store", Store=record(error))


def test_help_names_every_command(run):
    result = run("--help")
    assert result.exit_code == 0
    for name, text in COMMANDS.items():
        assert f"{name} " in result.stdout
        assert text in result.stdout


@pytest.mark.parametrize("words", [[name] for name in COMMANDS] + [["models", "list"], ["models", "show"]])
def test_every_command_has_help(run, words):
    result = run(*words, "-h")
    assert result.exit_code == 0
    assert "Usage: tsforecast" in result.stdout
    if words != ["models"]:
        assert f"Example:\n    tsforecast {' '.join(words)}" in result.stdout


def test_version(run):
    assert run("-V").stdout == run("--version").stdout == f"tsforecast {__version__}\n"


@pytest.mark.parametrize(("typed", "meant"), [("fti", "fit"), ("predcit", "predict"), ("model", "models")])
def test_unknown_command_names_the_closest(run, typed, meant):
    result = run(typed)
    assert result.exit_code == 2
    assert f"no command '{typed}'; did you mean '{meant}'?" in result.stderr
    assert result.stdout == ""


def test_unknown_command_like_no_other_lists_them(run):
    assert f"choose one of {', '.join(COMMANDS)}" in run("xyz").stderr


@pytest.mark.parametrize("kind", ERRORS)
def test_error_is_one_line_and_its_own_exit_status(run, fail, kind):
    fail(kind("found 'x'", hint="expected a number", file="a.csv", row=3, column="y"))
    result = run("models", "list")
    assert result.exit_code == kind.exit_code
    assert result.stderr == "Error: a.csv, line 3, column 'y': found 'x'; expected a number\n"
    assert result.stdout == ""


def test_error_as_json(run, fail):
    fail(errors.DataError("found 'x'", hint="expected a number", file="a.csv", row=3, column="y"))
    result = run("models", "list", "--json", "-q")
    assert result.exit_code == 65
    assert json.loads(result.stdout) == {
        "error": {
            "code": 65,
            "file": "a.csv",
            "row": 3,
            "column": "y",
            "message": "found 'x'",
            "hint": "expected a number",
        }
    }


def test_usage_error_as_json(run):
    for line in ("models list --json --stor x", "fit --horizon x data.csv --json", "fti data.csv --json"):
        result = run(*line.split())
        assert result.exit_code == 2
        assert json.loads(result.stdout)["error"]["code"] == 2


def test_error_cannot_write_control_characters(run, fail):
    fail(errors.DataError("id '\x1b[31mred\x1b[0m\r\nx'"))
    assert run("models", "list").stderr == "Error: id '[31mred[0m  x'\n"


def test_cause_is_shown_on_request(run, fail):
    error = errors.DataError("unreadable")
    error.__cause__ = ValueError("the reason")
    fail(error)
    assert "the reason" not in run("models", "list").stderr
    assert "caused by ValueError: the reason" in run("models", "list", "-v").stderr
    assert "caused by ValueError: the reason" in run("-v", "models", "list").stderr


def test_bug_shows_its_traceback(run, fail):
    fail(ZeroDivisionError("division by zero"))
    result = run("models", "list")
    assert result.exit_code == 70
    assert "Traceback (most recent call last)" in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "Error: this is a bug of tsforecast: ZeroDivisionError: division by zero; please report it"
    )


def test_bug_as_json(run, fail):
    fail(ZeroDivisionError("division by zero"))
    assert json.loads(run("models", "list", "--json").stdout)["error"]["code"] == 70


@pytest.mark.parametrize(
    ("module", "package"),
    [("pandas", "pandas"), ("sklearn.linear_model", "scikit-learn"), ("tensorflow.python", "tensorflow")],
)
def test_a_package_that_is_not_installed(run, fail, module, package):
    fail(ModuleNotFoundError(f"No module named {module!r}", name=module))
    result = run("models", "list", "--json")
    said = f"this needs the package {package}, which is not installed"
    assert result.exit_code == json.loads(result.stdout)["error"]["code"] == 66
    assert result.stderr == f"Error: {said}; install it with pip install {package}\n"


def test_a_module_of_ours_that_is_missing_is_a_bug(run, fail):
    fail(ModuleNotFoundError("No module named 'tsforecast.nothing'", name="tsforecast.nothing"))
    assert "this is a bug of tsforecast" in run("models", "list").stderr


def test_interrupt(run, fail):
    fail(KeyboardInterrupt())
    result = run("models", "list")
    assert result.exit_code == 130
    assert result.stderr == "Error: interrupted\n"


def test_storage_that_fails_unforeseen(run, fail):
    fail(OSError(28, "No space left on device", "/mnt/out"))
    result = run("models", "list")
    assert result.exit_code == 74
    assert result.stderr == "Error: /mnt/out: No space left on device\n"


class ResourceExhaustedError(Exception):
    """Called as TensorFlow's."""


class ArrowException(Exception):
    """Called as Arrow's."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("Unable to allocate 7.45 GiB"),
        OSError(12, "Cannot allocate memory"),
        ImportError("libx.so: failed to map segment from shared object"),
        RuntimeError("can't start new thread"),
        RuntimeError("std::bad_alloc"),
        ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily unavailable"),
        ResourceExhaustedError("OOM when allocating tensor with shape[1000000]\n\ta long story"),
    ],
    ids=repr,
)
def test_memory_that_runs_out(run, fail, error):
    fail(error)
    result = run("models", "list", "--json")
    assert result.exit_code == errors.exit_code_of(error) == 71
    assert result.stderr.startswith("Error: memory ran out")
    assert result.stderr.count("\n") == 1
    assert "take fewer rows" in result.stderr and str(error).partition("\n")[0] in result.stderr
    assert json.loads(result.stdout)["error"]["code"] == 71
    assert "71 out of memory" in " ".join(run("--help").stdout.split())


def test_other_errors_of_the_system_are_no_lack_of_memory():
    for error in (
        ImportError("no module"),
        RuntimeError("x"),
        OSError(5, "I/O error"),
        ValueError("bad_alloc"),
        ArrowException("x"),
    ):
        assert not errors.is_memory_shortage(error)


@pytest.mark.parametrize("words", [["fit", "a.csv", "--horizon"], ["--config"], [], ["models"], ["status", "--store"]])
def test_a_word_of_a_megabyte_is_not_shown_whole(run, words):
    result = run(*words, "x" * 1_000_000)
    assert result.exit_code in (2, 66, 74)
    assert len(result.stderr) < 2500


def test_a_bug_with_a_long_message(run, fail):
    fail(ValueError("x" * 10_000_000))
    result = run("models", "list", "--json")
    assert result.exit_code == 70
    assert len(result.stdout) < 2500
    assert max(map(len, result.stderr.splitlines())) < 2100


def test_words_that_are_not_utf8(run):
    for words in (["caf\udce9"], ["--caf\udce9"], ["fit", "a.csv", "--horizon", "caf\udce9"], ["fit", "caf\udce9"]):
        result = run(*words, "--json")
        assert result.exit_code in (2, 66)
        assert "caf\\" in result.stderr
        error = json.loads(result.stdout)["error"]
        assert "caf\\" in f"{error['file']} {error['message']}"


def test_nothing_typed_shows_the_help(run):
    for words in ((), ("models",)):
        result = run(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Commands:" in result.stderr


def test_broken_pipe_is_quiet(run, fail):
    fail(BrokenPipeError(32, "Broken pipe"))
    result = run("models", "list")
    assert result.exit_code == 141
    assert result.output == ""


@pytest.mark.parametrize("words", [["-q", "models", "list"], ["models", "list", "-q"]])
def test_quiet_before_and_after_the_command(run, play, record, words):
    play("store.store", Store=record(SimpleNamespace(overview=list)))
    assert "no models" in run("models", "list").stderr
    assert run(*words).stderr == ""


def start(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A shell line in which `tsforecast` is this interpreter's."""
    program = f'tsforecast() {{ {shlex.quote(sys.executable)} -m tsforecast "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", program], cwd=folder, env=os.environ, capture_output=True, text=True)


def test_reader_that_goes_away(tmp_path):
    done = start("tsforecast --help | true; tsforecast models list --json | true", tmp_path)
    assert done.stderr == ""


def test_full_disk_below_stdout(tmp_path):
    done = start("tsforecast models list --json > /dev/full", tmp_path)
    assert done.returncode == 74
    assert done.stderr == "Error: No space left on device\n"


def test_closed_output(tmp_path):
    done = start("tsforecast models list --json >&-", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
