"""JSON: records, lists of rows, columns, and one record a line, as text with one record a line below a header."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tsforecast.errors import DataError
from tsforecast.io.messages import listed
from tsforecast.io.reading.files.cells import as_text, cell_text, number_text

_SHAPES = 'write a list of records: [{"time": "2024-01-01", "value": 1}, ...]'
_DEEPEST = 6  # keys above the records


@dataclass(frozen=True)
class Records:
    """Records as text: record n stands on line n + 1."""

    text: bytes
    lined: bool  # whether record n stands on line n of the file


def read_records(text: bytes, file: str, decimal: str) -> Records:
    """The records of a JSON or JSON Lines text, whose numbers keep the digits that they were written with.

    Raises:
        DataError: no JSON, no table, or several.
    """
    load = _loader(decimal)
    try:
        lines = _lines(text, load, file)
        if lines is not None:
            return Records(_from_objects(lines, file, "line"), lined=True)
        return Records(_table(load(text.decode()), file), lined=False)
    except json.JSONDecodeError as error:
        raise DataError(f"this begins like JSON, but is none: {error.msg}", file=file, row=error.lineno) from None
    except RecursionError:
        raise DataError("the JSON is nested too deeply", hint=_SHAPES, file=file) from None


def _loader(decimal: str) -> Callable[[str], Any]:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        record = dict(found)
        if len(record) < len(found):
            names = [name for name, _ in found]
            raise DataError(f"the key '{next(n for n in names if names.count(n) > 1)}' stands twice in one record")
        return record

    def number(text: str) -> str:
        return number_text(text, decimal)

    return json.JSONDecoder(object_pairs_hook=pairs, parse_float=number, parse_int=str, parse_constant=str).decode


def _lines(text: bytes, load: Callable[[str], Any], file: str) -> list[dict[str, Any] | None] | None:
    """The records of a text with one a line, None for a blank line; None for any other text."""
    first, _, rest = text.lstrip().partition(b"\n")
    if not rest.strip() or not first.startswith(b"{"):
        return None
    try:
        load(first.decode())
    except json.JSONDecodeError:
        return None
    records: list[dict[str, Any] | None] = []
    for number, line in enumerate(text.decode().split("\n"), start=1):
        try:
            record = load(line) if line.strip() else None
        except json.JSONDecodeError as error:
            hint = "" if rest.strip() else _SHAPES
            raise DataError(f"this line is no JSON record: {error.msg}", hint=hint, file=file, row=number) from None
        except DataError as error:
            raise DataError(error.message, file=file, row=number) from None
        if record is not None and not isinstance(record, dict):
            raise DataError("this line is no JSON record in braces", file=file, row=number)
        records.append(record)
    return records


def _table(content: Any, file: str) -> bytes:
    """The text of whatever shape of a table."""
    if isinstance(content, dict) and (columns := _columns(content)) is not None:
        names, cells = columns
        return as_text([names, *zip(*([_cell(cell) for cell in column] for column in cells), strict=True)])
    if isinstance(content, dict) and "schema" in content and "data" in content:
        content = {key: value for key, value in content.items() if key != "schema"}  # as pandas writes it
    tables = list(_tables(content, (), 0))
    if len(tables) > 1:
        paths = [".".join(path) for path, _ in tables]
        raise DataError(
            f"{len(tables)} lists of records: under {listed(paths)}",
            hint="write the one that holds the series into a file of its own",
            file=file,
        )
    if not tables:
        raise DataError("this JSON holds no list of records", hint=_SHAPES, file=file)
    ((_, rows),) = tables
    if isinstance(rows[0], dict):
        return _from_objects(rows, file, "record")
    return _from_rows(rows, content.get("columns") if isinstance(content, dict) else None, file)


def _columns(content: dict[str, Any]) -> tuple[list[str], list[list[Any]]] | None:
    """Columns of equal length under their names, as lists or by row number."""
    values = list(content.values())
    if len(values) < 2:
        return None
    if all(isinstance(column, dict) for column in values):
        keys = list(values[0])
        if not keys or any(list(column) != keys for column in values) or not all(key.isdecimal() for key in keys):
            return None
        values = [list(column.values()) for column in values]
    if not all(isinstance(column, list) for column in values) or len({len(column) for column in values}) > 1:
        return None
    if not values[0] or any(isinstance(cell, (list, dict)) for column in values for cell in column):
        return None
    return list(content), values


def _tables(content: Any, path: tuple[str, ...], depth: int) -> Iterable[tuple[tuple[str, ...], list[Any]]]:
    """The lists of records or of rows, with the keys that lead to them."""
    if isinstance(content, list):
        if content and (all(isinstance(row, dict) for row in content) or all(isinstance(row, list) for row in content)):
            yield path, content
    elif isinstance(content, dict) and depth < _DEEPEST:
        for key, below in content.items():
            yield from _tables(below, (*path, key), depth + 1)


def _from_objects(records: Sequence[dict[str, Any] | None], file: str, unit: str) -> bytes:
    flat = [None if record is None else dict(_flat(record, "")) for record in records]
    names = list(dict.fromkeys(name for record in flat if record for name in record))
    if not names:
        raise DataError("the records have no fields", hint=_SHAPES, file=file)
    lines = ([""] if record is None else [record.get(name, "") for name in names] for record in flat)
    return as_text([names, *lines])


def _flat(record: dict[str, Any], above: str) -> Iterable[tuple[str, str]]:
    """The fields of a record; those of a record within it under both names with a point."""
    for name, value in record.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}".strip(), _cell(value)


def _cell(value: Any) -> str:
    return json.dumps(value) if isinstance(value, (list, dict)) else cell_text(value, ".")


def _from_rows(rows: list[list[Any]], names: Any, file: str) -> bytes:
    header = [[str(name) for name in names]] if isinstance(names, list) and len(names) == len(rows[0]) else []
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        odd = next(number for number, row in enumerate(rows, start=1) if len(row) != len(rows[0]))
        message = f"this row has {len(rows[odd - 1])} cells, the first has {len(rows[0])}"
        raise DataError(message, file=file, row=odd, where=f"record {odd}")
    return as_text([*header, *([_cell(cell) for cell in row] for row in rows)])
