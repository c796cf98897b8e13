"""A look at the inside of a workbook before it is read: how large it becomes, and cells that hold no plain value."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from tsforecast.errors import DataError
from tsforecast.io.reading.source import most_expanded, too_large

_PIECE = 1 << 20
_CELL_BYTES = 40  # of a cell in memory, empty ones between filled ones included
_BOOK, _LINKS, _TEXTS, _ODS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "content.xml"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_LINK = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_ADDRESS = re.compile(rb"""\sr=["']([A-Z]{1,3})([0-9]{1,7})["'][^>]*(?<!/)>""")
_SHARED = re.compile(rb"""\st=["']s["'][^>]*>\s*<(?:\w+:)?v>([0-9]+)<""")
_TEXT_ITEM = re.compile(rb"<(?:\w+:)?si\b.*?(?:</(?:\w+:)?si>|/>)", re.DOTALL)
_FORMULA = re.compile(
    rb"""<(?:\w+:)?c\b([^>]*?)(?<!/)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>"""
    rb"""</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"""
)
_ERROR = re.compile(rb"""<(?:\w+:)?c\b([^>]*\st=["']e["'][^>]*)(?<!/)>""")
_NAME = re.compile(rb"""\sr=["']([A-Z]{1,3}[0-9]{1,7})["']""")
_TEXT_RESULT = re.compile(rb"""\st=["']str["']""")
_ODS_ROW = re.compile(rb"<table:table-row\b([^>]*)(?<!/)>(.*?)</table:table-row>", re.DOTALL)
_ODS_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]*?)(/?)>")
_ODS_ROWS = re.compile(rb'table:number-rows-repeated="([0-9]{1,9})"')
_ODS_COLUMNS = re.compile(rb'table:number-columns-repeated="([0-9]{1,9})"')


@dataclass(frozen=True)
class SheetFacts:
    """Cells of a sheet that a reader of workbooks takes for empty ones."""

    uncounted: tuple[str, ...] = ()  # addresses of formulas whose result was never stored
    errors: tuple[str, ...] = ()  # addresses of formulas that end in an error


def check_workbook(data: bytes, file: str) -> Mapping[str, SheetFacts]:
    """Refuse a workbook that would fill the memory; facts about the sheets of an .xlsx by their name.

    Raises:
        DataError: damaged, or it becomes too large.
    """
    if not data.startswith(b"PK"):
        return {}
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        _check_size(archive, len(data), file)
        names = set(archive.namelist())
        if _ODS in names:
            _check_ods(archive.read(_ODS), len(data), file)
        if _BOOK not in names or _LINKS not in names:
            return {}
        lengths = _text_lengths(archive.read(_TEXTS)) if _TEXTS in names else np.zeros(0, dtype=np.int64)
        facts = {}
        for sheet, path in _sheets(archive).items():
            if path in names:
                xml = archive.read(path)
                _check_sheet(xml, lengths, len(data), sheet, file)
                facts[sheet] = _facts(xml)
        return facts
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ElementTree.ParseError) as error:
        kind = "workbook" if b"opendocument" in data[:128] else "Excel workbook"
        raise DataError(f"the {kind} is damaged: {error}", hint="save it again", file=file) from error


def _check_size(archive: zipfile.ZipFile, packed: int, file: str) -> None:
    """Unpack all of it once, in pieces: what an archive says about its size may be wrong."""
    most, size = most_expanded(packed), 0
    for member in archive.infolist():
        with archive.open(member) as handle:
            while piece := handle.read(_PIECE):
                size += len(piece)
                if size > most:
                    raise too_large("workbook", most, file)


def _sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """The path of each sheet by its name."""
    links = {link.get("Id"): link.get("Target", "") for link in ElementTree.fromstring(archive.read(_LINKS))}
    found = {}
    for element in ElementTree.fromstring(archive.read(_BOOK)).iter():
        target = links.get(element.get(_LINK) or element.get(_STRICT_LINK))
        if element.tag.endswith("}sheet") and target:
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            found[element.get("name", "")] = path
    return found


def _check_sheet(xml: bytes, lengths: np.ndarray, packed: int, sheet: str, file: str) -> None:
    """Refuse a sheet with far-off cells, or with a long text in many of them."""
    most = most_expanded(packed)
    edges = set(_ADDRESS.findall(xml)) if xml.count(b"<") < _PIECE else _edges(xml)
    width = max((_number_of(letters) for letters, _ in edges), default=0)
    height = max((int(row) for _, row in edges), default=0)
    if width * height * _CELL_BYTES > most:
        raise DataError(
            f"sheet '{sheet}' reaches to row {height:,} and column {width:,}, more than fits into memory",
            hint="delete what stands far off the table, or save the table as CSV",
            file=file,
        )
    if lengths.size and int(lengths.max()) * xml.count(b'="s"') > most:
        used = np.array([int(index) for index in _SHARED.findall(xml)], dtype=np.int64)
        if int(lengths[used[used < lengths.size]].sum()) > most:
            raise too_large("workbook", most, file)


def _edges(xml: bytes) -> set[tuple[bytes, bytes]]:
    """The outermost addresses of a large sheet."""
    columns: set[bytes] = set()
    last = b"1"
    for found in _ADDRESS.finditer(xml):
        columns.add(found[1])
        last = max(last, found[2], key=int)
    return {(letters, last) for letters in columns}


def _number_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _text_lengths(xml: bytes) -> np.ndarray:
    return np.array([len(item) for item in _TEXT_ITEM.findall(xml)], dtype=np.int64)


def _facts(xml: bytes) -> SheetFacts:
    formulas = _FORMULA.findall(xml) if b"f>" in xml or b"<f" in xml else []
    uncounted = [attributes for attributes in formulas if not _TEXT_RESULT.search(attributes)]
    errors = _ERROR.findall(xml)
    return SheetFacts(_named(uncounted), _named(errors))


def _named(cells: list[bytes]) -> tuple[str, ...]:
    return tuple(found[1].decode() if (found := _NAME.search(attributes)) else "?" for attributes in cells)


def _check_ods(xml: bytes, packed: int, file: str) -> None:
    """Refuse rows and cells that are said to repeat more often than fits into memory."""
    rows, empty_rows, width = 0, 0, 1
    for attributes, content in _ODS_ROW.findall(xml):
        cells, filled = 0, 0
        for cell, empty in _ODS_CELL.findall(content):
            cells += int(found[1]) if (found := _ODS_COLUMNS.search(cell)) else 1
            filled = filled if empty and b"office:value" not in cell else cells
        repeated = int(found[1]) if (found := _ODS_ROWS.search(attributes)) else 1
        empty_rows = 0 if filled else empty_rows + repeated
        rows += repeated
        width = max(width, filled)
    # Empty rows below the table are not kept.
    if (rows - empty_rows) * width * _CELL_BYTES > (most := most_expanded(packed)):
        raise too_large("workbook", most, file)
