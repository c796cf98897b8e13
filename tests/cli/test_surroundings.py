"""Hostile surroundings: what the process inherits, and names of files that are no text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from tests.conftest import make_series
from tests.sampling import every

PROGRAM = (sys.executable, "-m", "tsforecast")
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("TSFORECAST_")}
BYTES = os.fsdecode(b"caf\xe9 \x1b[31m")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table and a store with its model."""
    folder = tmp_path_factory.mktemp("fitted")
    table = pd.concat([make_series(120, "D").assign(shop=shop) for shop in ("東京", "大阪")])
    table.to_csv(folder / "good.csv", index=False)
    start(folder, "fit", "good.csv", "--model", "linear")
    return folder


def start(
    folder: Path, *words: str, prefix: str = "", status: int = 0, **variables: str | None
) -> subprocess.CompletedProcess[bytes]:
    """Run the program, and see that it ends with `status` and without a traceback; None takes a variable away."""
    given = {key: value for key, value in (CLEAN | variables).items() if value is not None}
    # The shell's own line, where one is needed, stands before the program takes the shell's place.
    line = ["bash", "-c", f'{prefix} exec "$@"', "bash"] if prefix else []
    line += [*PROGRAM, *words]
    if prefix.endswith(">&-;"):
        line[2] = f'{prefix.removesuffix(">&-;")} exec "$@" >&-'
    done = subprocess.run(line, cwd=folder, env=given, stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == status, done.stderr.decode()
    assert b"Traceback" not in done.stderr + done.stdout
    return done


COMMANDS = {
    "fit": ("fit", "good.csv", "--model", "linear", "--name", "again"),
    "predict": ("predict", "--name", "good", "-o", "out.csv", "--plot", "out.svg"),
    "status": ("status",),
}
# Each run takes seconds, so what does not hide the rest comes together.
SURROUNDINGS = {
    "bare": ("ulimit -n 32;", {"HOME": None, "PYTHONOPTIMIZE": "2", "TMPDIR": "/nonexistent", "COLUMNS": "1"}),
    "foreign": (
        ">&-;",
        {"TZ": "Foo/Bar", "MPLBACKEND": "module://matplotlib_inline.backend_inline", "KERAS_BACKEND": "torch"},
    ),
    "old": ("umask 777;", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONWARNINGS": "error"}),
}


@pytest.mark.parametrize(("command", "surroundings"), every(3, COMMANDS, SURROUNDINGS))
def test_surroundings(command, surroundings, fitted):
    prefix, variables = SURROUNDINGS[surroundings]
    start(fitted, *COMMANDS[command], prefix=prefix, **variables)


# Several commands in one process: what starts it is not their matter. Each line of JSON is one's words.
SEVERAL = """
import json, sys
from tsforecast.__main__ import main
for line in sys.argv[1:]:
    words = json.loads(line)
    sys.argv = ["tsforecast", *words]
    try:
        main()
    except SystemExit as end:
        sys.stderr.write(f"status {end.code} of {words[0]}\\n")
    sys.stdout.flush()
"""


def start_several(
    folder: Path, commands: dict[tuple[str, ...], int], *, prefix: str = "", **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Run commands one after the other, and see that each ends with its status and none with a traceback."""
    words = (sys.executable, "-c", SEVERAL, *map(json.dumps, commands))
    line = ["bash", "-c", f'{prefix} exec "$@"', "bash", *words]
    done = subprocess.run(line, cwd=folder, env=CLEAN | variables, stdin=subprocess.DEVNULL, capture_output=True)
    said = done.stderr.decode(errors="replace")
    ends = [line for line in said.splitlines() if line.startswith("status ")]
    assert ends == [f"status {status} of {words[0]}" for words, status in commands.items()], said
    assert b"Traceback" not in done.stderr + done.stdout
    return done


def test_a_folder_that_is_gone(fitted):
    words = ("--store", str(fitted / "models"))
    gone = "mkdir gone; cd gone; rmdir ../gone;"
    start(fitted, "status", *words, prefix=gone)
    commands = {
        ("predict", "--name", "good", *words): 0,
        ("fit", str(fitted / "good.csv"), "--model", "linear", *words): 0,
        ("status",): 66,
        COMMANDS["fit"]: 66,
        ("predict", "--name", "good", *words, "-o", "x.csv"): 73,
    }
    start_several(fitted, commands, prefix=gone)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_an_output_that_cannot_show_all_letters(encoding, fitted):
    commands = (
        ("predict", "--name", "good"),
        *(("describe", "good.csv"), ("models", "show", "good", "-v"), ("describe", "good.csv", "--json")),
    )
    done = start_several(fitted, dict.fromkeys(commands, 0), PYTHONIOENCODING=encoding)
    assert done.stdout.decode(errors="replace").count("東京") >= 6


@pytest.mark.sweep
def test_file_names_that_are_not_utf8(fitted, tmp_path):
    def named(ending: str) -> str:
        return f"{BYTES}{ending}"

    (tmp_path / named(".csv")).write_bytes((fitted / "good.csv").read_bytes())
    store = ("--store", named(".store"))
    done = start(tmp_path, "fit", named(".csv"), "--model", "linear", *store, "--report", named(".report"), "--json")
    fit = json.loads(done.stdout)
    assert fit["file"] == "caf\\xe9 \x1b[31m.csv"
    assert "caf\\\\xe9" in (tmp_path / named(".report") / "report.md").read_text(encoding="utf-8")
    start(tmp_path, "predict", *store, "-o", named(".jsonl"), "--plot", named(".svg"))
    ElementTree.fromstring((tmp_path / named(".svg")).read_bytes())
    targets = ("--log-file", named(".log"), "--metrics-file", named(".prom"), "--predict-to", named(".parquet"))
    for force in ((), ("--force",)):
        line = ("retrain", named(".csv"), "--model", "linear", *store, *targets, *force, "--json")
        done = start(tmp_path, *line)
        assert json.loads(done.stdout)["forecast"] == "caf\\xe9 \x1b[31m.parquet"
    done = start(tmp_path, "retrain", named("no.csv"), "--name", fit["name"], *store, *targets, "--json", status=66)
    assert "caf\\xe9" in json.loads(done.stdout)["error"]["file"]
    assert b"\x1b" not in done.stderr
    lines = (tmp_path / named(".log")).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["exit"] for line in lines] == [0, 0, 66]
    for words in (("status",), ("models", "list"), ("models", "show", "-v"), ("models", "verify")):
        start(tmp_path, *words, *store)
    start(tmp_path, "models", "export", *store, "-o", named(".zip"))
    start(tmp_path, "describe", named(".csv"))


def test_files_in_other_scripts_keep_their_own_history(fitted, run, tmp_path):
    for city in ("東京", "大阪"):
        (tmp_path / f"{city}.csv").write_bytes((fitted / "good.csv").read_bytes())
        done = run("fit", f"{city}.csv", "--model", "seasonal-naive")
        assert done.exit_code == 0
        assert "Published as version 1 of model-" in done.stderr
    assert len(os.listdir(tmp_path / "models")) == 2


@pytest.mark.parametrize("megabytes", every(3, [250, 350, 450, 480, 520]))
def test_memory_that_runs_out(megabytes, tmp_path):
    code = (
        "import resource, sys; from tsforecast.__main__ import main\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({megabytes << 20}, resource.RLIM_INFINITY))\n"
        "sys.argv = ['tsforecast', 'describe', 'a.csv']; main()\n"
    )
    rows = "".join(f"{second},{second % 97}\n" for second in range(1_500_000))
    (tmp_path / "a.csv").write_text(f"t,y\n{rows}")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=CLEAN, capture_output=True, text=True)
    assert done.returncode == 71, done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: memory ran out")
    assert "Traceback" not in done.stderr
