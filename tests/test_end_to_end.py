"""The whole way from a file to a forecast: as separate processes, on a terminal, and in every format."""

from __future__ import annotations

import fcntl
import gzip
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Run, make_series
from tests.test_imports import TRAINING
from tsforecast.models.registry import BASELINES

TINY = ("--horizon", "12", "--lookback", "24", "--preset", "fast", "--units", "8", "--linear-skip", "on")
GRU = ("--model", "gru", *TINY)
ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9])")
# The beginnings of all lines that a fit with a network may say.
OURS = re.compile(
    r"time column |1 series of |value column |combination |"
    r"(training|period 2 of 2|final training on all rows), gru with linear skip: |"
    r"model-a: |choice  |(season_length|transform|normalisation|segment|units|combination)  |"
    r"First forecast, |Read stdin: |Expect |On the newest rows, |The networks, |Errors on |model  |"
    rf"(auto|{'|'.join(BASELINES)}) +|"
    r"Published as version 1 of model-a |"
    r"next: tsforecast predict --name model-a "
)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "tsforecast", *words]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, `load.csv`."""
    folder = tmp_path_factory.mktemp("home")
    make_series(300).to_csv(folder / "load.csv", index=False)
    return folder


# Two fits in one process, the first of them quiet; it loads TensorFlow, which takes seconds.
TWO_FITS = f"""
import sys
from tsforecast.cli import main
def fit(*words):
    main(["fit", *words, *{TINY}], prog_name="tsforecast", standalone_mode=False)
fit("load.csv", "--model", "gru", "--epochs", "1", "-q")
sys.stderr.write("the second fit\\n")
fit("-", "--name", "model-a", "--epochs", "2")
"""


@pytest.fixture(scope="module")
def fits(home: Path) -> subprocess.CompletedProcess[bytes]:
    """Networks trained in a process of its own, with the bare environment that cron gives and no terminal."""
    environment = {"PATH": os.defpath, "HOME": str(home)}
    table = (home / "load.csv").read_bytes()
    return subprocess.run([sys.executable, "-c", TWO_FITS], cwd=home, env=environment, input=table, capture_output=True)


def test_a_quiet_fit_says_nothing_at_all(fits):
    assert (fits.returncode, fits.stdout) == (0, b"")
    assert fits.stderr.startswith(b"the second fit\n")


def test_another_process_forecasts_without_what_trained(fits, home):
    code = f"""
import sys
from tsforecast.cli import main
main(["predict", "--name", "load", "-q", "-o", "f.csv"], prog_name="tsforecast", standalone_mode=False)
print([name for name in {TRAINING} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
    made = pd.read_csv(home / "f.csv")
    assert list(made.columns) == ["ds", "forecast", "lower_80", "upper_80", "lower_95", "upper_95"]
    assert made["ds"].iloc[0] == "2024-01-13 12:00:00"
    assert made["forecast"].between(70, 140).all() and len(made) == 12


def test_from_stdin_off_a_terminal_in_plain_lines_of_ours(fits):
    assert (fits.returncode, fits.stdout) == (0, b"")
    said = fits.stderr.decode().partition("the second fit\n")[2]
    lines = said.splitlines()
    assert [line for line in lines if not OURS.match(line)] == []
    assert "\x1b" not in said and "\r" not in said
    trained = [line for line in lines if line.startswith("training, gru with linear skip: ")]
    assert len(trained) == 2  # its beginning and its end; epochs with -v
    assert re.fullmatch(r"training, gru with linear skip: 2 epochs in .* s, .*", trained[1])


@pytest.mark.sweep  # a process that loads TensorFlow; tests/cli/test_console.py draws bars
def test_a_live_bar_on_a_terminal(home):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    environment = {"PATH": os.defpath, "HOME": str(home), "TERM": "xterm-256color"}
    words = command("fit", "load.csv", "--name", "live", *GRU, "--epochs", "3")
    with subprocess.Popen(words, cwd=home, env=environment, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        shown = read_all(master)
    assert process.returncode == 0
    assert "\x1b[?25l" in shown and shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l"), "the cursor is hidden"
    text = ESCAPE.sub("", shown)
    assert re.search(r"3 of 3: gru with linear skip .* epoch 3/3 loss \d\.\d{4} ", text)
    assert "skip: epoch" not in text and "epochs in " not in text, "epochs and phases are told with -v"
    assert max(len(line) for line in re.split(r"[\r\n]+", text) if not line.startswith("next: ")) <= 100


def read_all(master: int) -> str:
    """What a process writes to a terminal until it ends."""
    chunks = []
    try:
        while chunk := os.read(master, 65536):
            chunks.append(chunk)
    except OSError:  # how Linux says that nobody has the other side open any more
        pass
    finally:
        os.close(master)
    return b"".join(chunks).decode()


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """A daily table of two shops, also as `sales.csv` in the working folder of `run`."""
    frame = pd.concat(
        make_series(120, freq="D", seed=seed).assign(shop=shop) for seed, shop in enumerate(("007", "7"))
    ).rename(columns={"ds": "day", "y": "sold"})
    frame["sold"] = frame["sold"].round(3)
    frame = frame[["shop", "day", "sold"]].reset_index(drop=True)
    frame.to_csv(tmp_path / "sales.csv", index=False)
    return frame


def fit_linear(run: Run, file: str = "sales.csv", **settings) -> None:
    done = run("fit", file, "--model", "linear", "--horizon", 7, "--lookback", 14, "-q", **settings)
    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.parametrize("ending", ["semicolon.csv", "tsv", "csv.gz", "parquet"])
def test_every_input_format_gives_the_same_forecast(ending, run, table, tmp_path):
    path = tmp_path / f"again.{ending}"
    match ending:
        case "semicolon.csv":
            table.to_csv(path, index=False, sep=";", decimal=",")
        case "tsv":
            table.to_csv(path, index=False, sep="\t")
        case "csv.gz":
            path.write_bytes(gzip.compress((tmp_path / "sales.csv").read_bytes()))
        case "parquet":
            table.to_parquet(path, index=False)
    fit_linear(run)
    fit_linear(run, path.name)
    expected = run("predict", "--name", "sales", "-q").stdout
    assert expected.startswith("shop,day,forecast,lower_80,")
    assert expected.count("\n") == 15
    assert run("predict", "--name", "again", "-q").stdout == expected
    assert run("predict", path.name, "--name", "sales", "-q").stdout == expected


def test_stdin_is_a_file_like_any_other(run, table, tmp_path):
    data = (tmp_path / "sales.csv").read_bytes()
    fit_linear(run)
    fit_linear(run, "-", stdin=data)
    expected = run("predict", "sales.csv", "--name", "sales", "-q").stdout
    assert run("predict", "-", "--name", "stdin", "-q", stdin=data).stdout == expected
    assert run("predict", "-", "--name", "sales", "-q", "-o", "-", stdin=data).stdout == expected


def test_every_output_format_holds_the_same_values(run, table, tmp_path):
    fit_linear(run)
    text = run("predict", "-q").stdout
    expected = pd.read_csv(io.StringIO(text), dtype={"shop": str})
    for name in ("f.csv", "f.parquet", "f.jsonl", "f.ndjson"):
        assert run("predict", "-q", "--output", name).output == ""
    assert (tmp_path / "f.csv").read_text() == text
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "f.parquet"), expected)
    lines = (tmp_path / "f.jsonl").read_text()
    assert [json.loads(line) for line in lines.splitlines()] == expected.to_dict("records")
    assert (tmp_path / "f.ndjson").read_text() == lines
    assert json.loads(run("predict", "--json", "-q").stdout)["forecast"] == expected.to_dict("records")


@pytest.mark.parametrize(("name", "magic"), [("f.png", b"\x89PNG\r\n\x1a\n"), ("f.svg", b"<?xml ")])
def test_a_plot(name, magic, run, table, tmp_path):
    fit_linear(run)
    done = run("predict", "-q", "--plot", name, "-o", "f.csv")
    assert (done.exit_code, done.output) == (0, "")
    assert (tmp_path / name).read_bytes().startswith(magic)


def test_a_report_defines_its_metrics(run, table, tmp_path):
    assert run("fit", "sales.csv", "--model", "linear", "--report", "out/report").exit_code == 0
    metrics = json.loads((tmp_path / "out" / "report" / "metrics.json").read_text())
    assert list(metrics["scores"]) == sorted(BASELINES)
    text = (tmp_path / "out" / "report" / "report.md").read_text()
    definitions = text.partition("## What the numbers mean")[2]
    for metric in ("MAE", "RMSE", "MASE", "sMAPE", "skill", "coverage"):
        assert re.search(rf"^- \*\*{metric}\b.*\*\*: .{{10}}", definitions, re.MULTILINE | re.IGNORECASE), metric
    assert metrics["verdict"].split(":")[0] in text.replace("\\", "")
