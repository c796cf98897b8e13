"""Bad input of every kind, through the command line with nothing replaced.

Each case ends with its exit status, one `Error:` line on stderr that says what, where and how to fix it,
nothing on stdout, and every file as it was; with `--json`, the same as one document on stdout.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run, make_series

HAS_GPU = Path("/dev/nvidiactl").exists()
DAYS = np.datetime_as_string(np.datetime64("2024-01-01") + np.arange(120))
ROWS = [f"{day},{20 + 5 * math.sin(number * math.tau / 7) + number % 4}" for number, day in enumerate(DAYS)]
HEADER = "day,sold"


def table(rows: list[str], header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def replaced(number: int, row: str) -> bytes:
    """The good table with another row `number`, which stands in line `number` of the file."""
    return table([*ROWS[: number - 2], row, *ROWS[number - 1 :]])


# Tables that no command can use: content, status, and what the error says.
TABLES: dict[str, tuple[bytes, int, tuple[str, ...]]] = {
    "empty.csv": (b"", 65, ("empty.csv: the file is empty",)),
    "header-only.csv": (table([]), 65, ("header but no rows",)),
    "no-header.csv": (table(ROWS[1:], ROWS[0]), 65, ("line 1", "not the names of the columns")),
    "one-column.csv": (table(list(DAYS), "day"), 65, ("one column only", "--delimiter")),
    "text-in-target.csv": (replaced(42, "2024-02-10,n/k"), 65, ("line 42, column 'sold': 'n/k' is not a finite",)),
    "infinite.csv": (replaced(42, "2024-02-10,inf"), 65, ("line 42, column 'sold': 'inf' is not a finite",)),
    "repeated-time.csv": (
        replaced(51, "2024-01-31,4"),
        65,
        ("line 51", "'2024-01-31' stands in line 32", "--on-duplicate"),
    ),
    "mixed-dates.csv": (
        replaced(51, "17.02.2024,4"),
        65,
        (
            "line 51",
            "'17.02.2024' is written otherwise than",
        ),
    ),
    "no-date.csv": (replaced(51, "the 17th,4"), 65, ("line 51", "'the 17th' is not a date", "like '2024-01-01'")),
    "no-such-day.csv": (replaced(51, "2024-02-30,4"), 65, ("line 51", "'2024-02-30' is not a date that exists")),
    "missing-time.csv": (replaced(51, ",4"), 65, ("line 51, column 'day': the time is missing",)),
    "ragged.csv": (replaced(51, "2024-02-19,4,5"), 65, ("line 51: this row has 3 cells, the header has 2",)),
    "same-names.csv": (table(ROWS, "day,day"), 65, ("columns 1 and 2 have the same name",)),
    "image.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 65, ("a PNG image, not a table",)),
    "binary.csv": (bytes(range(253, 0, -1)) * 3, 65, ("line 1: byte 0xfd is not utf-8", "--encoding")),
    "cut.csv.gz": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", 65, ("gzip data is damaged or cut off",)),
}
NO_TIME = table([f"{number / 7:.3f},{number}" for number in range(120)], "size,sold")
# Files that some of the cases below are about.
FILES = {
    "good.csv": table(ROWS),
    "few.csv": table(ROWS[:20]),
    "negative.csv": table([f"{day},{number % 7 - 2.5}" for number, day in enumerate(DAYS)]),
    "no-time.csv": NO_TIME,
    "other-columns.csv": table(ROWS, "day,amount"),
    "hourly.csv": make_series(120).rename(columns={"ds": "day", "y": "sold"}).to_csv(index=False).encode(),
    "bad.toml": b"[fit]\nhorizn = 3\n",
    "no.toml": b"[fit\n",
    "a-file": b"in the way",
}
FIT = "fit good.csv --model linear"
NET = "fit good.csv --preset fast --epochs 1 --units 8"
COMMANDS = ("describe", "fit --model linear", "predict")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one small model of the good table."""
    from tsforecast.api import fit

    folder = tmp_path_factory.mktemp("fitted")
    (folder / "good.csv").write_bytes(FILES["good.csv"])
    fit(folder / "good.csv", model="linear", horizon=7, lookback=14, name="good", store=folder / "models")
    return folder / "models"


@pytest.fixture
def refuse(run: Run, tmp_path: Path) -> Callable[..., str]:
    """`refuse(line, status)`: run it, demand all that is promised of an error, and return the error."""

    def check(line: str, status: int) -> str:
        words = line.split()
        before = dict(contents(tmp_path))
        result = run(*words)
        assert result.exit_code == status, result.output
        assert result.stdout == ""
        errors = [text for text in result.stderr.splitlines() if "Error" in text]
        assert len(errors) == 1 and errors[0].startswith("Error: "), result.stderr
        assert result.stderr.endswith(f"{errors[0]}\n")
        assert "Traceback" not in result.stderr

        as_json = run(*words, "--json")
        assert as_json.exit_code == status
        document = json.loads(as_json.stdout)
        assert set(document) == {"error"}
        assert set(document["error"]) - {"places", "total"} == {"code", "file", "row", "column", "message", "hint"}
        assert document["error"]["code"] == status
        assert document["error"]["message"] in errors[0]
        assert (document["error"]["hint"] or "") in errors[0]
        assert dict(contents(tmp_path)) == before
        return errors[0]

    return check


def contents(folder: Path) -> Iterator[tuple[str, bytes | None]]:
    """Each file below a folder with its bytes, and each folder."""
    for path in sorted(folder.rglob("*")):
        yield str(path.relative_to(folder)), path.read_bytes() if path.is_file() else None


def provide(folder: Path, *, store: Path | None = None) -> None:
    """Put all files of the cases into the working folder, and the store if one is wanted."""
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    for name, (data, _, _) in TABLES.items():
        (folder / name).write_bytes(data)
    (folder / "folder").mkdir()
    if store is not None:
        shutil.copytree(store, folder / "models")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_nothing_can_be_made_of(name, command, refuse, tmp_path, store):
    provide(tmp_path, store=store)
    _, status, texts = TABLES[name]
    error = refuse(f"{command} {name}", status)
    assert error.startswith(f"Error: {name}")
    assert all(text in error for text in texts), error


@pytest.mark.parametrize("command", COMMANDS)
def test_the_place_of_a_bad_cell_for_programs(command, run, tmp_path, store):
    provide(tmp_path, store=store)
    error = json.loads(run(*command.split(), "text-in-target.csv", "--json").stdout)["error"]
    assert (error["file"], error["row"], error["column"]) == ("text-in-target.csv", 42, "sold")
    assert "correct it or leave the cell empty" in error["hint"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("path", "text"),
    [("none.csv", "none.csv: there is no such file"), ("folder", "folder: this is a folder, not a file")],
)
def test_a_file_that_is_not_there(path, text, command, refuse, tmp_path, store):
    provide(tmp_path, store=store)
    assert text in refuse(f"{command} {path}", 66)


@pytest.mark.parametrize("command", COMMANDS[:2])
def test_a_table_without_times(command, refuse, tmp_path):
    provide(tmp_path)
    error = refuse(f"{command} no-time.csv", 65)
    assert "no column holds a date or time in every row; the columns are size, sold" in error
    assert "--time-col" in error


@pytest.mark.parametrize("command", COMMANDS[:2])
@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        ("--time-col dya", 65, "there is no column 'dya'; the columns are day, sold; did you mean 'day'?"),
        ("--target-col sodl", 65, "there is no column 'sodl'; the columns are day, sold; did you mean 'sold'?"),
        ("--id-col branch", 65, "there is no column 'branch'; the columns are day, sold; name one of these columns"),
        (
            "--time-col sold",
            65,
            "column 'sold': '20.0' is not a date (and 119 more rows of this column)",
        ),
        ("--time-col day --target-col day", 2, "column 'day' is named twice"),
        ("--tz Mars/Base", 2, "there is no time zone 'Mars/Base'"),
        ("--delimiter ;", 65, "the table has one column only"),
        ("--delimiter ;;", 2, "the delimiter must be one character"),
        ("--encoding utf-9", 2, "there is no encoding 'utf-9'"),
        ("--skip-rows -1", 2, "'--skip-rows'"),
        ("--skip-rows 500", 65, "the file has no rows"),
        ("--on-duplicate median", 2, "'median' is not one of 'error', 'first', 'last', 'mean'"),
    ],
)
def test_reading_options_that_do_not_fit_the_table(words, status, text, command, refuse, tmp_path):
    provide(tmp_path)
    assert text in refuse(f"{command} good.csv {words}", status)


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        ("fit", 2, "Missing argument 'DATA'"),
        ("fit good.csv few.csv", 2, "unexpected extra argument (few.csv)"),
        (f"{FIT} --horizn 3", 2, "No such option '--horizn'. Did you mean '--horizon'?"),
        ("fit good.csv --model prophet", 2, "'prophet' is not one of 'auto', 'rnn', 'lstm', 'gru',"),
        (f"{FIT} --loss none", 2, "'none' is not one of 'quantile', 'mae', 'mse', 'huber'"),
        (f"{FIT} --horizon soon", 2, "'--horizon': 'soon' is not a valid integer"),
        (f"{FIT} --horizon 0", 2, "horizon is 0; give a value from 1 to 10000"),
        (f"{FIT} --horizon -3", 2, "horizon is -3; give a value from 1 to 10000"),
        (f"{FIT} --lookback 0", 2, "lookback is 0; give a value from 1 to 10000"),
        (f"{NET} --dropout 1", 2, "dropout is 1; give a value from 0 to 0.95"),
        (f"{FIT} --name ../up", 2, "a model cannot be called '../up'"),
        ("fit negative.csv --model linear --transform log", 2, "negative value -2.5; use --transform none"),
        (f"{NET} --transform log --normalisation mean-level", 2, "cannot follow a log transform; use --transform none"),
        (f"{FIT} --store a-file", 73, "a-file/good: cannot be written: Not a directory"),
        (f"{FIT} --store a-file/models", 73, "a-file/models/good: cannot be written: Not a directory"),
        (f"{FIT} --report a-file", 73, "a-file: cannot be written: Not a directory"),
        (f"{FIT} --report a-file/report", 73, "a-file/report: cannot be written: Not a directory"),
        ("--config bad.toml fit good.csv", 78, "bad.toml: 'fit.horizn' is not known; did you mean 'horizon'?"),
        ("--config no.toml fit good.csv", 78, "no.toml: is not TOML"),
        ("--config none.toml fit good.csv", 66, "none.toml: cannot be read"),
        ("fti good.csv", 2, "no command 'fti'; did you mean 'fit'?"),
    ],
)
def test_what_fit_refuses(line, status, text, refuse, tmp_path):
    provide(tmp_path)
    assert text in refuse(line, status)


def test_fit_says_how_many_rows_it_needs(refuse, tmp_path):
    provide(tmp_path)
    error = refuse("fit few.csv --model linear --horizon 14 --lookback 14", 65)
    assert "has 20 rows; a context of 14 and a horizon of 14 need 42" in error
    assert "--horizon" in error and "--lookback" in error


@pytest.mark.usefixtures("shared_graphs")
@pytest.mark.skipif(HAS_GPU, reason="there is a GPU")
def test_a_gpu_that_is_not_there(refuse, tmp_path):
    provide(tmp_path)
    assert "TensorFlow sees no GPU; use --device cpu" in refuse(f"{NET} --device gpu", 2)


@pytest.mark.parametrize(
    "line", ["predict", "predict good.csv", "predict --name good", "models show", "models show good"]
)
def test_no_store(line, refuse, tmp_path):
    provide(tmp_path)
    assert "no model in ./models; fit one first: tsforecast fit DATA" in refuse(line, 66)


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        ("predict --horizn 3", 2, "No such option '--horizn'"),
        ("predict --horizon 0", 2, "horizon is 0; give a value from 1 to 100000"),
        ("predict --horizon -2", 2, "horizon is -2; give a value from 1 to 100000"),
        ("predict --horizon 1000000000000", 2, "horizon is 1000000000000; give a value from 1 to 100000"),
        (f"{FIT} --horizon 1000000000000", 2, "give a value from 1 to 10000"),
        (f"{FIT} --skip-rows 1000000000000", 65, "the file has no rows"),
        (f"{FIT} --encoding caf\udce9", 2, "there is no encoding 'caf\\xe9'"),
        ("predict --level 100", 2, "level is 100; give a percentage from 1 to 99.9999"),
        ("predict --level high", 2, "'high' is not a valid float"),
        ("predict good.csv --target-col sold", 2, "No such option '--target-col'"),
        ("predict --name god", 66, "no model 'god' in ./models; did you mean 'good'?"),
        ("predict --name other", 66, "no model 'other' in ./models; there is good"),
        ("predict --version 7", 66, "model 'good' has no version 7; versions: 1"),
        ("predict --store a-file", 66, "a-file: cannot be opened: Not a directory"),
        (
            "predict other-columns.csv",
            65,
            "there is no column 'sold'; the columns are day, amount; the model was fitted",
        ),
        ("predict no-time.csv", 65, "there is no column 'day'; the columns are size, sold; the model was fitted"),
        ("predict hourly.csv", 65, "hourly.csv"),
        ("predict -o none/f.csv", 73, "none/f.csv: cannot be written: No such file or directory"),
        ("predict -o a-file/f.csv", 73, "a-file/f.csv: cannot be written: Not a directory"),
        ("predict -o f.xlsx", 2, "'f.xlsx' does not end in .csv or"),
        ("predict --plot none/f.png", 73, "none/f.png: cannot be written: No such file or directory"),
        ("predict --plot f.gif", 2, "'f.gif' does not end in .png or .svg"),
        ("--config bad.toml predict", 78, "'fit.horizn' is not known"),
    ],
)
def test_what_predict_refuses(line, status, text, refuse, tmp_path, store):
    provide(tmp_path, store=store)
    assert text in refuse(line, status)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("CURRENT", "its checksum does not fit"),
        ("versions/000001/manifest.json", "manifest.json"),
        ("versions/000001/model.json", "its checksum does not fit"),
        ("versions/000001/weights.safetensors", "its checksum does not fit"),
        ("versions/000001/recent.safetensors", "its checksum does not fit"),
    ],
)
def test_a_damaged_model_file(file, text, refuse, tmp_path, store):
    provide(tmp_path, store=store)
    path = tmp_path / "models" / "good" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    error = refuse("predict", 65)
    assert text in error
    assert f"models/good/{file}: " in error


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors", "manifest.json"])
def test_a_missing_model_file(name, refuse, tmp_path, store):
    provide(tmp_path, store=store)
    (tmp_path / "models" / "good" / "versions" / "000001" / name).unlink()
    assert f"models/good/versions/000001/{name}: is missing" in refuse("predict", 65)


@pytest.mark.parametrize("row", ["2024-02-19,{}", "2024-02-19,'{}", '2024-02-19,"{}"', "{},1", "2024-02-19,1,{}"])
def test_a_cell_of_megabytes_is_not_shown_whole(row, run, tmp_path):
    (tmp_path / "long.csv").write_bytes(replaced(51, row.format("x" * 3_000_000)))
    result = run("describe", "long.csv", "--json")
    assert result.exit_code == 65
    assert len(result.stderr) < 2100 and "line 51" in result.stderr
    assert len(result.stdout) < 2500
    assert json.loads(result.stdout)["error"]["row"] == 51
    run("retrain", "long.csv", "--model", "linear", "--log-file", "log")
    assert len((tmp_path / "log").read_bytes()) < 4096
    assert len((tmp_path / "models" / "long" / "last_run.json").read_bytes()) < 4096
