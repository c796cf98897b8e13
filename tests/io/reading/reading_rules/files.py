"""Rules 1 to 32: encodings, delimiters, quotes, lines, and what is no table at all."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

from tests.io.reading.reading_rules.kit import (
    DAYS,
    VALUES,
    Case,
    Read,
    Refused,
    daily,
    panel_of,
    read_panel_of,
    table,
    with_cell,
)
from tests.io.reading.reading_rules.kit import with_line as line
from tsforecast.errors import OptionError

GOOD = daily()
TEXT = GOOD.decode()
ODD_BYTE = table([(DAYS[0], 1.5, "Köln"), (DAYS[1], 2.5, "Bonn"), (DAYS[2], 4, "Bonn")], "ds,y,town")
ROWS = list(zip(DAYS, VALUES, strict=True))
COMMA = [str(value).replace(".", ",") for value in VALUES]
THOUSANDS = ['"1,234"', '"2,345"', "999", '"1,001,500"', "12", "0", '"7,000"', '"8,500"']
PLAIN = [1234, 2345, 999, 1001500, 12, 0, 7000, 8500]
POINTS = ["1.234,5", "2.345", "999", "12,25", "0,5", "1.000.000", "7", "8"]
POINT_VALUES = [1234.5, 2345, 999, 12.25, 0.5, 1000000, 7, 8]


def archive(*members: str, content: bytes = GOOD, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as handle:
        for name in members:
            handle.writestr(name, content)
    return packed.getvalue()


def remarks(first: str) -> bytes:
    """A table with remarks, the first of which is this text as it stands in the file."""
    return table([(day, value, first if row == 0 else "none") for row, (day, value) in enumerate(ROWS)], "ds,y,remark")


CASES = [
    Case(1, "UTF-8 mark", b"\xef\xbb\xbf" + GOOD, Read(silent=True)),
    Case(1, "UTF-8 mark and quotes", b'\xef\xbb\xbf"ds","y"' + GOOD[4:], Read(silent=True)),
    Case(1, "UTF-8 mark, named column", b"\xef\xbb\xbf" + GOOD, Read(), {"time_col": "ds"}),
    Case(2, "UTF-16 with mark", TEXT.encode("utf-16"), Read(silent=True)),
    Case(2, "UTF-16 big-endian with mark", b"\xfe\xff" + TEXT.encode("utf-16-be"), Read(silent=True)),
    Case(2, "UTF-32 with mark", TEXT.encode("utf-32"), Read(silent=True)),
    Case(2, "UTF-16 without mark", TEXT.encode("utf-16-le"), Refused("NUL", 1, hint="--encoding utf-16")),
    Case(2, "UTF-16 big-endian without mark", TEXT.encode("utf-16-be"), Refused("NUL", 1, hint="--encoding utf-16")),
    Case(2, "UTF-16 named", TEXT.encode("utf-16-le"), Read(), {"encoding": "utf-16-le"}),
    Case(3, "latin-1", ODD_BYTE.decode().encode("latin-1"), Refused(r"0xf6 .*\(26 bytes from", 2, hint="--enc")),
    Case(3, "cp1252", daily().replace(b"2024-01-05", b"2024\x9601-05"), Refused("byte 0x96", 6, hint="--encoding")),
    Case(
        3,
        "latin-1 named",
        ODD_BYTE.decode().encode("latin-1"),
        Read([[1.5, 2.5, 4]], stamps=DAYS[:3]),
        {"encoding": "latin-1"},
    ),
    Case(4, "semicolons", daily(sep=";"), Read(silent=True)),
    Case(4, "tabs", daily(sep="\t"), Read(silent=True)),
    Case(4, "bars", daily(sep="|"), Read(silent=True)),
    Case(4, "one row with a comma", daily(sep=";").replace(b"04;3.0", b"04,3.0"), Refused("1 cell.* header has 2", 5)),
    Case(5, "decimal comma", daily(*COMMA, sep=";"), Read(notes=("decimal comma",))),
    Case(5, "decimal comma and tabs", daily(*COMMA, sep="\t"), Read(notes=("decimal comma",))),
    Case(
        5,
        "one decimal point",
        daily(*COMMA[:4], "5.5", *COMMA[5:], sep=";"),
        Refused("'5.5' is not a finite number", 6, "y"),
    ),
    Case(5, "quoted decimal comma", daily(*[f'"{text}"' for text in COMMA]), Read(notes=("decimal comma",))),
    Case(5, "quoted decimal comma, named", daily(*[f'"{text}"' for text in COMMA]), Read(), {"decimal": ","}),
    Case(6, "quoted thousands", daily(*THOUSANDS), Read([PLAIN], notes=("',' between thousands",))),
    Case(6, "one quoted thousand", daily(*PLAIN[:5], '"1,234"'), Refused("'1,234'", 7, "y", hint="--thousands ,")),
    Case(
        6,
        "thousands among semicolons",
        daily("1,234", "2,345", "999", "12,001", sep=";"),
        Refused("1,234.*ambiguous|may be", 2, "y", hint="--thousands ,.*--decimal ,|--decimal ,.*--thousands ,"),
    ),
    Case(6, "thousands named", daily(*THOUSANDS), Read([PLAIN]), {"thousands": ","}),
    Case(6, "thousands named, none there", daily(), Read(silent=True), {"thousands": ","}),
    Case(
        6,
        "thousands and decimals",
        daily('"1,234.5"', "2.5", '"-3,000.25"'),
        Read([[1234.5, 2.5, -3000.25]], stamps=DAYS[:3]),
        {"thousands": ","},
    ),
    Case(6, "wrong groups", daily("1", '"12,34"', "3"), Refused("'12,34'", 3, "y"), {"thousands": ","}),
    Case(6, "group behind the point", daily("1", '"1.234,5"', "3"), Refused("'1.234,5'", 3, "y"), {"thousands": ","}),
    Case(6, "points for thousands", daily(*POINTS, sep=";"), Read([POINT_VALUES]), {"thousands": "."}),
    Case(
        6,
        "points for thousands, not named",
        daily(*POINTS, sep=";"),
        Read([POINT_VALUES], notes=("'.' between thousands",)),
    ),
    Case(
        6,
        "points that must be thousands",
        daily("1.234", "2.345", "999", "12.001", sep=";"),
        Refused("1.234", 2, "y", hint="--thousands"),
    ),
    Case(
        6,
        "the same with the decimal mark named",
        daily("1.234", "2.345", "999", "12.001"),
        Read([[1.234, 2.345, 999, 12.001]], stamps=DAYS[:4]),
        {"decimal": "."},
    ),
    Case(
        6,
        "three decimals in every cell",
        daily("1.234", "2.345", "999.000", "12.001"),
        Read([[1.234, 2.345, 999, 12.001]], stamps=DAYS[:4], silent=True),
    ),
    Case(
        6,
        "blanks for thousands",
        daily("1 234", "999", "1\u00a0234\u202f567"),
        Read([[1234, 999, 1234567]], stamps=DAYS[:3]),
        {"thousands": " "},
    ),
    Case(
        6, "blanks for thousands, not named", daily("1", "999", "1 234"), Refused("'1 234'", 4, "y", hint="--thousands")
    ),
    Case(
        6,
        "apostrophes for thousands",
        daily("1'234", "999", "1'234'567"),
        Read([[1234, 999, 1234567]], stamps=DAYS[:3]),
        {"thousands": "'"},
    ),
    Case(
        6,
        "one character for both",
        daily(),
        Refused("thousands", error=OptionError),
        {"thousands": ",", "decimal": ","},
    ),
    Case(
        5,
        "three decimals in every cell",
        daily("1,234", "2,345", "999,000", sep=";"),
        Read([[1.234, 2.345, 999]], stamps=DAYS[:3], notes=("decimal comma",)),
    ),
    Case(7, "line end in quotes", remarks('"one\ntwo"'), Read()),
    Case(7, "comma in quotes", remarks('"one, two"'), Read()),
    Case(7, "doubled quotes", remarks('"say ""hi"", he said"'), Read()),
    Case(
        7,
        "error below a cell of two lines",
        remarks('"one\ntwo"').replace(b"3.0,", b"x,"),
        Refused("'x' is not", 6, "y"),
    ),
    Case(8, "quote not closed", remarks('"one'), Refused("not closed", 2)),
    Case(8, "quote not closed in the last row", remarks("x")[:-5] + b'"none\n', Refused("not closed", 9)),
    Case(9, "quote within a cell", remarks('6" pipe'), Refused("quote in the middle of a cell", 2)),
    Case(9, "quote in a number", with_cell('3"5'), Refused("quote in the middle of a cell", 5)),
    Case(10, "CR", TEXT.replace("\n", "\r").encode(), Read(silent=True)),
    Case(10, "CRLF", TEXT.replace("\n", "\r\n").encode(), Read(silent=True)),
    Case(10, "mixed ends", TEXT.replace("\n", "\r\n", 3).replace("5\n", "5\r", 1).encode(), Read(silent=True)),
    Case(11, "blank lines", line("\n", 4), Read(notes=("2 blank lines skipped",))),
    Case(11, "lines of blanks", line("   ", 5), Read(notes=("1 blank line skipped",))),
    Case(11, "blank lines above and below", b"\n" + GOOD + b"\n\n", Read(notes=("3 blank lines skipped",))),
    Case(11, "error below blank lines", line("\n", 4).replace(b"3.0", b"x"), Refused("'x' is not", 7, "y")),
    Case(12, "title", line("Sales of the year", 1), Read(notes=("1 line above the header",))),
    Case(12, "title with commas", line("Sales, of the, year", 1), Read(notes=("1 line above the header",))),
    Case(12, "title as wide as the table", line("Sales,2024", 1), Read(notes=("1 line above the header",))),
    Case(
        12,
        "two lines of names",
        line("sold,where", 1).replace(b"ds", b"x"),
        Refused("line 1 .* line 2", 2, hint="--skip-rows 1"),
    ),
    Case(12, "title skipped", line("Sales of the year", 1), Read(), {"skip_rows": 1}),
    Case(12, "comment", line("# made by x", 1), Read(notes=("1 line above the header",))),
    Case(12, "comment as wide as the table", line("# made, by x", 1), Read(notes=("1 line above the header",))),
    Case(
        12,
        "comments left out",
        b"# made by x\n# on, a, day\n" + line("#,half", 5),
        Read(notes=("3 comment lines",)),
        {"comment": "#"},
    ),
    Case(
        12,
        "comments with quotes left out",
        b'# don"t\n' + remarks('"one\n# two"'),
        Read(notes=("1 comment line",)),
        {"comment": "#"},
    ),
    Case(12, "comment in the middle", line("# from here on corrected", 5), Refused("1 cell", 5)),
    Case(12, "error below comments", line("# half", 4).replace(b"3.0", b"x"), Refused("'x'", 6, "y"), {"comment": "#"}),
    Case(12, "no such comment character", GOOD, Refused("comment", error=OptionError), {"comment": "##"}),
    Case(
        12,
        "the delimiter for comments",
        GOOD.replace(b",", b":"),
        Refused("comments", error=OptionError),
        {"comment": ":", "delimiter": ":"},
    ),
    Case(12, "a digit for comments", GOOD, Refused("comment", error=OptionError), {"comment": "2"}),
    Case(13, "total", line("Total,32", 10), Read(notes=("1 line below the rows .* 'Total,32'",))),
    Case(13, "a word below", line("sold,32", 10), Refused("'sold' is not a date", 10, "ds", "--skip-footer 1")),
    Case(13, "a word below, told", line("sold,32", 10), Read(notes=("1 line at the end",)), {"skip_footer": 1}),
    Case(13, "number without a time", line(",99", 10), Refused("time is missing", 10, "ds", "--skip-footer 1")),
    Case(13, "count of rows", line("(8 rows)", 10), Read(notes=("1 line below the rows",))),
    Case(14, "the header again", line("ds,y", 6), Read(notes=("the header stands again .* line 6",))),
    Case(14, "another table", GOOD + b"\nshop,ds,y\na,2024-01-09,5\n", Refused("3 cells", 11)),
    Case(14, "another table of that width", GOOD + b"\nday,sold\n2024-01-09,5\n", Refused("'day'", 11, "ds")),
    Case(15, "NUL", with_cell("3\0"), Refused("NUL byte after", 5)),
    Case(15, "room that was never written", GOOD + bytes(512), Refused("nothing but NUL", 10)),
    Case(16, "no bytes", b"", Refused("the file is empty")),
    Case(16, "blank lines only", b"\n \n", Refused("no rows|empty")),
    Case(17, "header only", b"ds,y\n", Refused("no rows")),
    Case(17, "header without its end", b"ds,y", Refused("no rows")),
    Case(18, "one row", daily(5), Refused("single time stamp", hint="two rows")),
    Case(20, "PNG", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), Refused("PNG image")),
    Case(20, "PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", Refused("PDF")),
    Case(20, "any bytes", bytes(range(253, 0, -1)) * 3, Refused("not utf-8 text", 1)),
    Case(21, "Excel workbook", archive("[Content_Types].xml", "xl/workbook.xml"), Refused("Excel workbook")),
    Case(21, "old Excel workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Refused("Excel workbook")),
    Case(21, "damaged Parquet", b"PAR1 and nothing more", Refused("Parquet file is damaged")),
    Case(22, "HTML", b"<!DOCTYPE html>\n<html><body>404</body></html>\n", Refused("HTML or XML page")),
    Case(22, "Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", Refused("LFS pointer")),
    Case(23, "gzip", gzip.compress(GOOD), Read(silent=True)),
    Case(23, "bzip2", bz2.compress(GOOD), Read(silent=True)),
    Case(23, "xz", lzma.compress(GOOD), Read(silent=True)),
    Case(24, "zip of one file", archive("data.csv"), Read()),
    Case(24, "zip of two files", archive("a.csv", "b.csv"), Refused("2 files", hint="unpack|one")),
    Case(24, "zip bomb", archive("data.csv", content=GOOD + b"\n" * (1 << 20)), Refused("100 times|expands")),
    Case(25, "gzip cut", gzip.compress(GOOD)[:-9], Refused("damaged or cut off")),
    Case(25, "bzip2 cut", bz2.compress(GOOD)[:-9], Refused("damaged or cut off")),
    Case(25, "xz cut", lzma.compress(GOOD)[:-9], Refused("damaged or cut off")),
    Case(25, "zip cut", archive("data.csv")[:-9], Refused("damaged or cut off")),
    Case(31, "too many rows", GOOD, Refused("8 rows", hint="--max-rows"), {"max_rows": 7}),
    Case(31, "as many rows as may be", GOOD, Read(), {"max_rows": 8}),
    Case(
        32,
        "too many series",
        panel_of("a", "b", "c"),
        Refused("3 series", hint="--max-series"),
        {"max_series": 2},
    ),
    Case(32, "as many series as may be", panel_of("a", "b"), read_panel_of("a", "b"), {"max_series": 2}),
    Case(41, "header shorter than the rows", daily(header="y"), Refused("1 cell, the rows below it have 2", 1)),
]
