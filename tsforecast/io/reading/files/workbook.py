"""Workbooks of Excel and LibreOffice: which sheet holds the table, and its cells as text with one row a line."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tsforecast.errors import DataError, OptionError
from tsforecast.io.messages import Note, counted, info, listed, warning
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.files.cells import as_text, cell_text, short_days
from tsforecast.io.reading.files.kinds import load_extra
from tsforecast.io.reading.files.workbook_limits import SheetFacts, check_workbook
from tsforecast.io.reading.numbers import is_number
from tsforecast.io.times.formats import is_stamp_like

_FEWEST_ROWS = 2  # with a number or a date in each, that make a table
_DAMAGE_HINT = "open it, save it again as .xlsx without a password, or save the sheet as CSV"
Cells = list[list[Any]]


@dataclass(frozen=True)
class Sheet:
    """A sheet as text: line n of it is row n of the sheet."""

    text: bytes
    letters: tuple[str, ...]  # of its columns, in the order of the text
    notes: tuple[Note, ...]

    def place(self, names: Sequence[str]) -> Callable[[int, str], str]:
        """A function that gives the address of a cell by its row and the name of its column."""
        letters = dict(zip(names, self.letters, strict=False))
        return lambda row, name: f"cell {letters[name]}{row}" if name in letters else f"row {row}"


def read_sheet(data: bytes, file: str, options: ReadOptions, decimal: str) -> Sheet:
    """The cells of the sheet that was named, else of the only one that holds a table.

    Args:
        data: the bytes of the workbook.
        file: name for messages.
        options: the sheet that was named, and the most rows.
        decimal: mark to write numbers with.

    Raises:
        DataError: damaged, locked, too large, no table or several.
        OptionError: no such sheet, or the package that reads workbooks is missing.
    """
    calamine = load_extra("python_calamine", "reading a workbook", file)
    facts = check_workbook(data, file)
    try:
        with calamine.load_workbook(io.BytesIO(data)) as book:
            names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
            hidden = [s.name for s in book.sheets_metadata if s.visible != calamine.SheetVisibleEnum.Visible]
            name, cells = _choose(book, names, hidden, options.sheet, file)
    except calamine.PasswordError:
        raise DataError("the workbook is locked with a password", hint=_DAMAGE_HINT, file=file) from None
    except (calamine.CalamineError, OSError) as error:
        raise DataError(f"the {_kind(data)} is damaged: {error}", hint=_DAMAGE_HINT, file=file) from error
    found = facts.get(name, SheetFacts())
    if found.uncounted:
        raise DataError(
            f"the formula in cell {found.uncounted[0]} has no stored result{_more(found.uncounted)}",
            hint="open the workbook in Excel or LibreOffice and save it, which counts its formulas",
            file=file,
        )
    notes = []
    if len(names) > 1:
        notes.append(info(f"sheet '{name}' of {len(names)}"))
    if found.errors:
        holds = f"{counted(len(found.errors), 'cell')} of the sheet, first {found.errors[0]}"
        notes.append(warning(f"errors of formulas such as #DIV/0! in {holds}: read as missing"))
    text, letters = _written(cells, decimal)
    return Sheet(text, letters, tuple(notes))


def _kind(data: bytes) -> str:
    return "workbook" if b"opendocument" in data[:128] else "Excel workbook"


def _more(cells: Sequence[str]) -> str:
    return f" (and {counted(len(cells) - 1, 'more cell')})" if len(cells) > 1 else ""


def _choose(book: Any, names: list[str], hidden: list[str], wanted: str | None, file: str) -> tuple[str, Cells]:
    """The sheet that was named by its name or its number, else the only one with a table; hidden ones only if named."""
    if wanted is not None:
        number = int(wanted) if wanted.isdecimal() else 0
        name = wanted if wanted in names else names[number - 1] if 0 < number <= len(names) else None
        if name is None:
            raise OptionError(f"there is no sheet '{wanted}'", hint=f"the sheets are {listed(names)}", file=file)
        return name, _cells(book, name)
    tables = {name: cells for name in names if name not in hidden and _is_table(cells := _cells(book, name))}
    if len(tables) == 1:
        return next(iter(tables.items()))
    if tables:
        hint = f"name one with --sheet, such as --sheet {_typed(next(iter(tables)))}"
        raise DataError(f"{len(tables)} sheets hold tables: {listed(list(tables))}", hint=hint, file=file)
    shown = [name for name in names if name not in hidden]
    if len(shown) == 1:
        return shown[0], _cells(book, shown[0])
    hint = f"name the sheet with --sheet: {listed(names)}" if names else ""
    raise DataError("no sheet holds rows of numbers and dates", hint=hint, file=file)


def _typed(name: str) -> str:
    return name if name.isalnum() else f"'{name}'" if "'" not in name else f'"{name}"'


def _cells(book: Any, name: str) -> Cells:
    rows: Cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    while rows and not any(cell != "" for cell in rows[-1]):
        rows.pop()
    return rows


def _is_table(rows: Cells) -> bool:
    """Whether at least two rows hold several cells, and a number or a date among them."""
    found = 0
    for row in rows:
        filled = [cell for cell in row if cell != ""]
        found += len(filled) > 1 and any(map(_holds_data, filled))
        if found == _FEWEST_ROWS:
            return True
    return False


def _holds_data(cell: object) -> bool:
    if isinstance(cell, str):
        return is_number(cell) or is_stamp_like(cell)
    return isinstance(cell, (int, float, date)) and not isinstance(cell, bool)


def _written(rows: Cells, decimal: str) -> tuple[bytes, tuple[str, ...]]:
    """The rows as text without the columns that are all empty, and the letters of those that are left."""
    width = max(map(len, rows), default=0)
    columns = [[row[position] for row in rows] for position in range(width)]
    used = [position for position, cells in enumerate(columns) if any(cell != "" for cell in cells)]
    texts = []
    for position, short in zip(used, short_days(columns[position] for position in used), strict=True):
        column = [cell_text(cell, decimal) for cell in columns[position]]
        if short:
            dated = [isinstance(cell, date) for cell in columns[position]]
            column = [text[:10] if day else text for text, day in zip(column, dated, strict=True)]
        texts.append(column)
    lines = [_without_tail(row, above=False) for row in zip(*texts, strict=True)]
    first = next((number for number, row in enumerate(lines) if sum(map(bool, row)) > 1), 0)
    lines[:first] = [_without_tail(row, above=True) for row in lines[:first]]
    return as_text(lines), tuple(map(letters_of, used))


def _without_tail(row: Sequence[str], *, above: bool) -> Sequence[str]:
    """A title above the table stands alone on its line, as in a text."""
    return row[:1] if above and row and row[0] else row


def letters_of(position: int) -> str:
    """The letters of a column, counted from 0: A to Z, then AA."""
    letters, number = "", position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
