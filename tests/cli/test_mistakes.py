"""Common mistakes: each ends with its exit status, in a line or two that say what to type, and that works."""

from __future__ import annotations

import shlex
import shutil
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from tsforecast.cli import main

NAIVE = "--model naive"


class Mistake(NamedTuple):
    """What is typed, the exit status, what the error says, and what is typed then; empty for what is done elsewhere."""

    typed: str
    status: int
    said: str
    cure: str = ""


MISTAKES = (
    # The file.
    Mistake(f"fit sale.csv {NAIVE}", 66, "did you mean 'sales.csv'?", f"fit sales.csv {NAIVE}"),
    Mistake(f"fit Sales.csv {NAIVE}", 66, "did you mean 'sales.csv'?", f"fit sales.csv {NAIVE}"),
    Mistake("describe sales", 66, "did you mean 'sales.csv'?", "describe sales.csv"),
    Mistake("describe data", 66, "this is a folder, not a file; there is data/stock.csv", "describe data/stock.csv"),
    Mistake("describe date/stock.csv", 66, "there is no folder 'date'", "describe data/stock.csv"),
    Mistake("describe data/stok.csv", 66, "did you mean 'data/stock.csv'?", "describe data/stock.csv"),
    Mistake("describe 42", 66, "there is bare.csv, empty.csv, header.csv,", "describe sales.csv"),
    Mistake("fit https://example.com/sales.csv", 66, "download it first, such as with curl -o data.csv ADDRESS"),
    Mistake("describe notes.pdf", 65, "a PDF document, not a table of text; save the table as CSV"),
    Mistake("describe empty.csv", 65, "the file is empty"),
    Mistake("describe header.csv", 65, "the file has a header but no rows"),
    Mistake("describe holes.csv", 65, "add --missing n/k", "describe holes.csv --missing n/k"),
    Mistake("describe bare.csv", 65, "or --no-time to number the steps", "describe bare.csv --no-time"),
    Mistake("fit sales.csv sales.csv", 2, "Got unexpected extra argument (sales.csv); see tsforecast fit -h", "fit -h"),
    # Commands, options and their values.
    Mistake("", 2, "tsforecast COMMAND -h explains a command", "fit -h"),
    Mistake("fti sales.csv", 2, "did you mean 'fit'?", f"fit sales.csv {NAIVE}"),
    Mistake("fit", 2, "Missing argument 'DATA'; see tsforecast fit -h", "fit -h"),
    Mistake("fit sales.csv --horizn 3", 2, "Did you mean '--horizon'?", f"fit sales.csv {NAIVE} --horizon 3"),
    Mistake("fit sales.csv --level 80", 2, "it is one of predict, report, retrain", "predict --level 80"),
    Mistake("fit sales.csv --horizon ten", 2, "'ten' is not a valid integer; see tsforecast fit -h", "fit -h"),
    Mistake("fit sales.csv --horizon 0", 2, "give a value from 1 to 10000", f"fit sales.csv {NAIVE} --horizon 1"),
    Mistake("fit sales.csv --model Naiv", 2, "did you mean 'naive'?", "fit sales.csv --model Naive"),
    Mistake("fit sales.csv --preset Fats", 2, "did you mean 'fast'?", f"fit sales.csv {NAIVE} --preset FAST"),
    Mistake("describe sales.csv --freq monthy", 2, "did you mean 'monthly'?", "describe sales.csv --freq monthly"),
    Mistake("describe sales.csv --time-col MONTHS", 65, "did you mean 'month'?", "describe sales.csv --time-col month"),
    Mistake(f"fit sales.csv {NAIVE} --name 'My Sales'", 2, "'my-sales'", f"fit sales.csv {NAIVE} --name my-sales"),
    Mistake("describe sales.csv --holidays Germany", 2, "did you mean 'DE'?", "describe sales.csv --holidays DE"),
    Mistake("--config shop.toml predict", 66, "did you mean 'shops.toml'?", "--config shops.toml predict"),
    # Models.
    Mistake("predict --store empty", 66, "no model in empty; fit one first: tsforecast fit DATA", "fit -h"),
    Mistake("predict sales", 66, "to use that model: tsforecast predict --name sales", "predict --name sales"),
    Mistake("predict --name sale", 66, "did you mean 'sales'?", "predict --name sales"),
    Mistake("report Sale", 66, "did you mean 'sales'?", "report sales"),
    Mistake("predict --version 7", 66, "versions: 1", "predict --version 1"),
    Mistake("models delete sales", 2, "add --yes to delete it", "models delete sales --yes"),
    # Forecasts.
    Mistake("predict --level 0.8", 2, "did you mean 80?", "predict --level 80"),
    Mistake("predict -o out.xlsx", 2, "does not end in .csv or .parquet", "predict -o out.csv"),
    Mistake("predict -o new/out.csv", 73, "make its folder first: mkdir -p new"),
    Mistake("predict sales.csv -o sales.csv", 2, "write to another file", "predict sales.csv -o other.csv"),
    Mistake("predict --plot out.jpg", 2, "does not end in .png or", "predict --plot out.svg"),
)


def type_line(line: str):
    runner = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"})
    return runner.invoke(main, shlex.split(line), catch_exceptions=False, prog_name="tsforecast")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tables of an analyst, and the model of one."""
    folder = tmp_path_factory.mktemp("shop")
    rows = [f"{2018 + row // 12}-{row % 12 + 1:02d}-01,{100 + row % 12 + row / 10:.1f}" for row in range(72)]
    table = "\n".join(["month,sales", *rows, ""])
    (folder / "data").mkdir()
    (folder / "data" / "stock.csv").write_text(table)
    (folder / "sales.csv").write_text(table)
    (folder / "empty.csv").write_text("")
    (folder / "header.csv").write_text("month,sales\n")
    (folder / "holes.csv").write_text(table.replace("103.3", "n/k"))
    (folder / "bare.csv").write_text("\n".join(["sales", *(f"{20 + row % 7 + row / 8:.2f}" for row in range(40)), ""]))
    (folder / "notes.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / "shops.toml").write_text("[predict]\nhorizon = 2\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert type_line(f"fit sales.csv {NAIVE} --horizon 3 -q").exit_code == 0
    return folder


@pytest.fixture
def here(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(shop, tmp_path / "shop"))
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.typed for mistake in MISTAKES])
def test_a_mistake_is_told_with_its_cure(mistake: Mistake, here: Path) -> None:
    result = type_line(mistake.typed)
    assert (result.exit_code, result.stdout) == (mistake.status, "")
    assert mistake.said in " ".join(result.stderr.split())
    if mistake.typed:  # else it is the help
        assert result.stderr.count("\n") <= 2 and result.stderr.splitlines()[-1].startswith("Error: ")
    if mistake.cure:
        assert (cured := type_line(mistake.cure)).exit_code == 0, cured.stderr


def test_there_are_enough_of_them() -> None:
    assert len(MISTAKES) >= 25


def test_a_folder_is_made_as_it_is_said(here: Path) -> None:
    (here / "new").mkdir()
    assert type_line("predict -o new/out.csv").exit_code == 0


def test_a_workbook_without_what_reads_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(here / "book.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    result = type_line("describe book.xlsx")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "needs the package python-calamine; install it with pip" in result.stderr
    assert "or save the table as CSV" in result.stderr


@pytest.mark.parametrize("command", ["fit sales.csv", "status"])
def test_a_mistyped_variable(command: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSFORECAST_FIT_HORIZN", "3")
    result = type_line(command)
    assert result.exit_code == 78
    assert result.stderr.endswith("belongs to no option; did you mean 'TSFORECAST_FIT_HORIZON'?\n")
