"""What the console writes where: plain lines in pipes, Rich on a terminal."""

from __future__ import annotations

import io
import json
import re
import sys

import numpy as np
import pytest

from tsforecast.cli.console import Console
from tsforecast.progress import (
    BatchProgress,
    EpochEnded,
    Message,
    PhaseEnded,
    PhaseStarted,
    Reading,
    SeriesForecast,
    WindowsForecast,
)

LONG = "a-series-whose-name-is-much-longer-than-what-a-terminal-of-eighty-columns-can-show-in-one-line"
TRAINING = (
    PhaseStarted("member 1/3", epochs=2, windows=12345),
    BatchProgress(1, 2, done=5, total=10, loss=0.5, windows_per_second=2000),
    EpochEnded(1, 2, 0.4, 0.35, learning_rate=1e-3, clipped_share=0.1, seconds=4.2, windows_per_second=2939.3),
    BatchProgress(2, 2, done=10, total=10, loss=0.3, windows_per_second=3000),
    EpochEnded(2, 2, 0.25, None, learning_rate=5e-4, clipped_share=0.0, seconds=65, windows_per_second=3000),
    PhaseEnded("member 1/3", "all 2 epochs done", epochs=2, seconds=69.2),
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """`out, err = terminal()`: from now on stdout and stderr are terminals of 80 columns without colour."""
    for name, value in {"COLUMNS": "80", "LINES": "24", "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)

    def attach():
        # Called by the test itself: pytest puts streams of its own in place between fixture and test.
        streams = Terminal(), Terminal()
        monkeypatch.setattr(sys, "stdout", streams[0])
        monkeypatch.setattr(sys, "stderr", streams[1])
        return streams

    return attach


def speak(console):
    console.info("i")
    console.success("s")
    console.warning("w")
    console.error("e")


def test_messages_go_to_stderr(capsys):
    speak(Console())
    assert capsys.readouterr() == ("", "i\ns\nWarning: w\nError: e\n")


def test_quiet_keeps_errors(capsys):
    console = Console()
    console.verbosity = -1
    speak(console)
    console.table(("a",), [("1",)], err=True)
    console.note("warning", "n")
    for event in TRAINING:
        console.report(event)
    assert capsys.readouterr() == ("", "Error: e\n")


def test_a_note_is_said_once(capsys):
    console = Console()
    console.report(Message("warning", "2 rows are out of order"))
    console.note("warning", "2 rows are out of order")
    assert capsys.readouterr().err == "Warning: 2 rows are out of order\n"


def test_choices_are_told_as_they_are_made_only_on_request(capsys):
    console = Console()
    console.report(Message("choice", "lookback 48: two days"))
    assert capsys.readouterr().err == ""
    console.verbosity = 1
    console.report(Message("choice", "lookback 48: two days"))
    assert capsys.readouterr().err == "lookback 48: two days\n"


def test_training_in_plain_lines(capsys):
    console = Console()
    for event in TRAINING:
        console.report(event)
    assert capsys.readouterr() == (
        "",
        "member 1/3: up to 2 epochs of 12,345 windows\nmember 1/3: 2 epochs in 1 min 9 s, all 2 epochs done\n",
    )


def test_training_in_detail(capsys):
    console = Console()
    console.verbosity = 1
    for event in TRAINING[:3]:
        console.report(event)
    assert "4.2 s, learning rate 0.001, 10.0% of steps clipped\n" in capsys.readouterr().err


def test_training_on_a_terminal(terminal):
    console = Console()
    out, err = terminal()
    for event in TRAINING[:4]:
        console.report(event)
    console._progress.refresh()
    shown = err.getvalue()
    for text in ("member 1/3", "epoch 2/2", "loss 0.3000", "val 0.3500", "3,000 windows/s"):
        assert text in shown
    assert shown.startswith("member 1/3: up to 2 epochs of 12,345 windows\n")
    console.report(TRAINING[-1])
    assert err.getvalue().endswith("member 1/3: 2 epochs in 1 min 9 s, all 2 epochs done\n")
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("training", "training "),
        ("training, member 1/3", "member 1/3 "),
        ("final training on all rows", "final train…"),
    ],
)
def test_terminal_bar_fits_eighty_columns(terminal, name, shown):
    _, err = terminal()
    console = Console()
    for event in (
        PhaseStarted(name, epochs=10, windows=12345),
        EpochEnded(1, 10, 0.4, 0.35, learning_rate=1e-3, clipped_share=0.1, seconds=4.2, windows_per_second=1),
        BatchProgress(10, 10, done=5, total=10, loss=0.5123, windows_per_second=10234),
    ):
        console.report(event)
    console._progress.refresh()
    line = err.getvalue().rpartition("\x1b[2K")[2]
    console.stop()
    assert len(line) <= 80
    assert line.startswith(shown)
    assert "epoch 10/10 loss 0.5123 val 0.3500 10,234 windows/s 00:0" in line


def test_a_long_forecast_on_a_terminal(terminal):
    out, err = terminal()
    console = Console()
    for done in (4_000, 8_000, 12_000):
        console.report(SeriesForecast(done, 12_000))
    console.success("wrote it")
    assert "forecasting" in err.getvalue() and "12,000 of 12,000 series" in err.getvalue()
    assert err.getvalue().endswith("wrote it\n")
    assert out.getvalue() == ""


def test_a_short_forecast_and_one_that_nobody_watches_show_nothing(terminal, capsys):
    Console().report(SeriesForecast(6_000, 12_000))
    assert capsys.readouterr() == ("", "")
    streams = terminal()
    Console().report(SeriesForecast(500, 1_000))
    quiet = Console()
    quiet.verbosity = -1
    quiet.report(SeriesForecast(6_000, 12_000))
    assert [stream.getvalue() for stream in streams] == ["", ""]


def backtest(console, fits, windows=3):
    """What a backtest tells, with a training before each window that it fits anew for."""
    console.report(WindowsForecast("gru", 0, windows, fits))
    for done in range(1, windows + 1):
        for event in TRAINING if done == 1 or fits > 1 else ():
            console.report(event)
        console.report(WindowsForecast("gru", done, windows, fits))


def test_the_windows_of_a_backtest_in_plain_lines(capsys):
    console = Console()
    backtest(console, fits=3)
    assert capsys.readouterr().err == "".join(f"gru: {done} of 3 windows are forecast\n" for done in (1, 2, 3))
    console.report(TRAINING[0])  # a fit afterwards shows its course
    assert "member 1/3" in capsys.readouterr().err


def test_one_fit_of_a_backtest_shows_its_course_and_details_show_that_of_all(capsys):
    backtest(Console(), fits=1)
    shown = capsys.readouterr().err
    assert shown.count("member 1/3: 2 epochs") == 1 and shown.endswith("gru: 3 of 3 windows are forecast\n")
    console = Console()
    console.verbosity = 1
    backtest(console, fits=3)
    assert capsys.readouterr().err.count("member 1/3: epoch") == 6


def test_a_backtest_on_a_terminal(terminal):
    console = Console()
    _, err = terminal()
    for event in (WindowsForecast("gru", 0, 3, 3), *TRAINING, WindowsForecast("gru", 1, 3, 3)):
        console.report(event)
    console._progress.refresh()
    assert "1 of 3 windows" in err.getvalue() and "member" not in err.getvalue()
    console.report(WindowsForecast("gru", 3, 3, 3))
    assert console._progress is None


def test_message_above_the_bar(terminal):
    _, err = terminal()
    console = Console()
    console.report(TRAINING[0])
    console.report(Message("warning", "the graphics card is not used"))
    console.stop()
    assert "Warning: the graphics card is not used\n" in err.getvalue()


def test_error_after_a_bar_stands_alone(terminal):
    _, err = terminal()
    console = Console()
    console.report(TRAINING[0])
    console.stop()
    console.stop()
    console.error("e")
    assert err.getvalue().endswith("Error: e\n")


def test_no_color_is_honoured(terminal, monkeypatch):
    _, err = terminal()
    Console().error("e")
    assert err.getvalue() == "Error: e\n"
    monkeypatch.delenv("NO_COLOR")
    Console().error("e")
    assert "\x1b[31mError: e\x1b[0m\n" in err.getvalue()


def test_dumb_terminal_is_plain(terminal, monkeypatch):
    _, err = terminal()
    monkeypatch.setenv("TERM", "dumb")
    console = Console()
    for event in TRAINING:
        console.report(event)
    assert err.getvalue().count("\n") == 2


def test_markup_and_controls_are_text(terminal):
    _, err = terminal()
    Console().info("[bold]x[/bold] :smile: \x1b[2J")
    assert err.getvalue() == "[bold]x[/bold] :smile: [2J\n"


def test_long_command_and_path_stay_in_one_piece(terminal):
    _, err = terminal()
    Console().command("next", LONG + " -o x")
    Console().success(f"wrote {LONG} in 1 s")
    assert err.getvalue() == f"next: {LONG} -o x\nwrote {LONG} in 1 s\n"


def test_long_message_breaks_between_words(terminal):
    _, err = terminal()
    Console().info("word " * 20)
    assert [line.split() for line in err.getvalue().splitlines()] == [["word"] * 16, ["word"] * 4]


def test_result_table_in_a_pipe_is_separated_by_tabs(capsys):
    Console().table(("series", "rows"), [(LONG, "3"), ("b\tc", "40")], title="unseen")
    assert capsys.readouterr() == (f"series\trows\n{LONG}\t3\nb c\t40\n", "")


def test_run_table_in_a_pipe_is_aligned(capsys):
    Console().table(("model", "MAE"), [("gru", "3"), ("seasonal-naive", "40")], err=True, title="Scores")
    assert capsys.readouterr() == ("", "Scores\nmodel           MAE\ngru               3\nseasonal-naive   40\n")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_table_on_a_terminal_cuts_nothing(terminal, monkeypatch, width):
    out, _ = terminal()
    monkeypatch.setenv("COLUMNS", str(width))
    rows = [(LONG, "12,345,678", "3.14159"), ("seasonal-naive", "1", "2.71828")]
    Console().table(("series", "rows", "pi"), rows)
    lines = re.sub(r"\x1b\[\d*m", "", out.getvalue()).splitlines()
    assert max(map(len, lines)) <= width
    letters = "".join(c for line in lines for c in line if c.isalnum())
    for cell in ("12345678", "314159", "271828"):
        assert cell in letters
    blocks = 2 if width <= 40 else 1  # each begins with the first column
    shown = [*blocks * ["series", *(row[0] for row in rows)], "rows", "pi", *(cell for row in rows for cell in row[1:])]
    assert sorted(letters) == sorted(c for cell in shown for c in cell if c.isalnum())


def test_numbers_are_rounded_for_people_only(terminal, capsys):
    Console().table(("n", "x", "y"), [(12345, 1 / 3, None)])
    assert capsys.readouterr().out == f"n\tx\ty\n12345\t{1 / 3!r}\t\n"
    out, _ = terminal()
    Console().table(("n", "x", "y"), [(12345, 1 / 3, None)])
    assert out.getvalue().splitlines()[-1].split() == ["12,345", "0.3333", "-"]


@pytest.mark.parametrize("width", [60, 100])
def test_words_and_numbers_of_a_table_are_not_broken(terminal, monkeypatch, width):
    out, _ = terminal()
    monkeypatch.setenv("COLUMNS", str(width))
    reason = "least validation error of a linear model (none+last 0.736, log+last 0.702, none+mean-std 0.772)"
    Console().table(("choice", "value", "why"), [("season_length", "12", reason), ("lookback", "24", reason)])
    scores = ("12.81", "14.36", "0.7457", "6.056", "-380.9%", "76.2%", "94.2%", "0.0")
    Console().table(("model", *"abcdefgh"), [("seasonal-naive", *scores)])
    shown = out.getvalue()
    assert max(map(len, re.sub(r"\x1b\[\d*m", "", shown).splitlines())) <= width
    words = re.sub(r"\s+", " ", shown)
    for word in ("season_length", *reason.split(), "seasonal-naive", *scores):
        assert f"{word} " in words
    assert "…" not in shown and "..." not in shown


def test_table_without_rows(capsys):
    Console().table(("a", "b"), [], err=True)
    assert capsys.readouterr().err == "a  b\n"


def test_json(capsys):
    Console().json({"mae": np.float64(1.5), "nan": float("nan"), "rows": np.arange(2), "id": "é", "pair": (1, None)})
    out = capsys.readouterr().out
    assert json.loads(out) == {"mae": 1.5, "nan": None, "rows": [0, 1], "id": "é", "pair": [1, None]}


READING = tuple(Reading("a.csv", done, total=400_000_000, rows=done // 40) for done in (0, 100_000_000, 400_000_000))


def test_reading_in_a_pipe_and_quiet(capsys):
    console = Console()
    for event in READING:
        console.report(event)
    assert capsys.readouterr() == ("", "reading a.csv: 400 MB\nread 10,000,000 rows\n")
    console.verbosity = -1
    for event in READING:
        console.report(event)
    assert capsys.readouterr() == ("", "")


def test_reading_on_a_terminal(terminal):
    out, err = terminal()
    console = Console()
    for event in READING[:2]:
        console.report(event)
    console._progress.refresh()
    assert "2,500,000 rows" in err.getvalue()
    console.report(READING[2])
    assert err.getvalue().endswith("read 10,000,000 rows\n")
    assert out.getvalue() == ""
