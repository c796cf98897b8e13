"""Rules 33 to 56: ids, the header, ragged rows, and what stands in the cells of the values."""

from __future__ import annotations

import unicodedata

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

ROWS = list(zip(DAYS, VALUES, strict=True))
NFC, NFD = (unicodedata.normalize(form, "Zürich") for form in ("NFC", "NFD"))
EMPTY_SERIES = table([(key, day, value if key == "a" else "") for key in "ab" for day, value in ROWS], "id,ds,y")
GAPS = [1, 2, 3, 4, 5, 6, 7] * 3


def ids(rule: int, name: str, *keys: str, notes: tuple[str, ...] = ()) -> Case:
    return Case(rule, name, panel_of(*keys), read_panel_of(*(key.strip('"') for key in keys), notes=notes))


def wrong(rule: int, text: str, hint: str = "") -> Case:
    """A text among the values that is refused with its line."""
    return Case(rule, f"{text} among the values", with_cell(text), Refused(r"is not a finite number", 5, "y", hint))


def unnamed(first: int, step: int = 1) -> bytes:
    return table([(first + step * row, day, value) for row, (day, value) in enumerate(ROWS)], ",ds,y")


CASES = [
    ids(33, "007 and 7", "007", "7"),
    ids(33, "1e5 and 100000", "1e5", "100000"),
    ids(33, "beyond 2**53", "9007199254740993", "9007199254740992"),
    ids(33, "1.0 and 1", "1.0", "1"),
    ids(34, "NA and None", "NA", "None"),
    ids(34, "null and nan", "null", "nan"),
    Case(34, "empty", panel_of("a", ""), Refused("the id is empty", 10, "id")),
    Case(34, "blank", panel_of("a", " "), Refused("the id is empty", 10, "id")),
    ids(35, "1024 characters", "a", "x" * 1024),
    Case(35, "1025 characters", panel_of("a", "x" * 1025), Refused("1,?025 characters.* 1,?024", 10, "id")),
    Case(35, "4 KB", panel_of("a", "é" * 2048), Refused("2,?048 characters", 10, "id")),
    ids(35, "emoji", "a", "🏪🇩🇪"),
    ids(35, "right to left", "a", "مخزن"),
    ids(35, "composed and decomposed", NFC, NFD, notes=("[Uu]nicode|look the same",)),
    ids(35, "blanks at the end", "a", "a ", notes=("blank",)),
    ids(36, "path", "../../x", "/etc/passwd"),
    ids(36, "formula", "=cmd()", "@sum"),
    ids(36, "markup", "[red]", "[/red]"),
    ids(36, "escape code", "a", "\x1b[31mred"),
    ids(36, "cell of two lines", "a", '"b\nc"'),
    Case(37, "blanks round the names", daily(header=" ds , y "), Read(), {"time_col": "ds", "target_cols": ("y",)}),
    Case(
        37, "another case", daily(header="DS,Y"), Read(notes=("'DS'", "'Y'")), {"time_col": "ds", "target_cols": ("y",)}
    ),
    Case(
        37,
        "two of another case",
        table([(day, value, value) for day, value in ROWS], "ds,Sold,SOLD"),
        Refused("no column 'sold'"),
        {"target_cols": ("sold",)},
    ),
    Case(
        37,
        "the very name before another case",
        table([(day, value, 5) for day, value in ROWS], "ds,y,Y"),
        Read(),
        {"target_cols": ("y",)},
    ),
    Case(
        38,
        "a name twice",
        table([(day, value, 5) for day, value in ROWS], "ds,y,y"),
        Refused("columns 2 and 3 have the same name 'y'", 1),
    ),
    Case(
        38,
        "a name twice with blanks",
        table([(day, value, 5) for day, value in ROWS], "ds,y, y"),
        Refused("columns 2 and 3 have the same name 'y'", 1),
    ),
    Case(
        39,
        "no such value column",
        daily(),
        Refused("no column 'yy'; the columns are ds, y", hint="'y'"),
        {"target_cols": ("yy",)},
    ),
    Case(39, "no such time column", daily(), Refused("no column 'date'; the columns are ds, y"), {"time_col": "date"}),
    Case(
        39,
        "no value column",
        table([(day, "x", "z") for day in DAYS], "ds,a,b"),
        Refused("no column holds numbers.*ds, a, b", hint="--target-col"),
    ),
    Case(
        39,
        "no time column",
        table([(value, 2 * value) for value in VALUES], "a,b"),
        Refused("no column holds a date.*a, b", hint="--time-col"),
    ),
    Case(39, "no header", table(ROWS[1:], ",".join(map(str, ROWS[0]))), Refused("data", 1, hint="--no-header")),
    Case(
        39, "no header, compact dates", b"20240101,5\n20240102,6\n20240103,4\n", Refused("data", 1, hint="--no-header")
    ),
    Case(
        39,
        "no header, ids",
        b"a,20240101,5\na,20240102,6\nb,20240101,4\nb,20240102,4\n",
        Refused("data", 1, hint="--no-header"),
    ),
    Case(
        39,
        "no header, first value missing",
        b"2024-01-01,\n2024-01-02,6\n2024-01-03,4\n",
        Refused("data", 1, hint="--no-header"),
    ),
    Case(
        39,
        "no header, said so",
        table(ROWS[1:], ",".join(map(str, ROWS[0]))),
        Read(notes=("time column '1'", "value column '2'")),
        {"no_header": True},
    ),
    Case(
        39,
        "no header and names",
        b"a,2024-01-01,5\na,2024-01-02,6\na,2024-01-03,4\n",
        Read([[5, 6, 4]], stamps=DAYS[:3]),
        {"no_header": True, "time_col": "2", "target_cols": ("3",)},
    ),
    Case(39, "said to have no header, but has one", daily(), Refused("'ds'", 1, "1"), {"no_header": True}),
    Case(40, "row numbers from 0", unnamed(0), Read(notes=("column 1.*not used",))),
    Case(40, "row numbers from 1", unnamed(1), Read(notes=("column 1.*not used",))),
    Case(40, "numbers of rows that were picked", unnamed(3, 7), Read(notes=("column 1.*not used",))),
    Case(41, "a cell too many", line("2024-01-03,5,6", 4), Refused("3 cells, the header has 2", 4)),
    Case(41, "a cell too few", line("2024-01-03", 4), Refused("1 cell, the header has 2", 4)),
    Case(
        41,
        "a cell too many in every row",
        table([(0, *row) for row in ROWS]),
        Refused("below it have 3", 1),
    ),
    Case(42, "delimiter at the end of all lines", table([(*row, "") for row in ROWS], "ds,y,"), Read()),
    Case(
        42,
        "delimiter at the end of the rows",
        table([(*row, "") for row in ROWS]),
        Read(),
    ),
    Case(42, "delimiter at the end of the header", table(ROWS, "ds,y,"), Read()),
    Case(
        42,
        "a cell without a name",
        table([(*row, "") for row in ROWS[:-1]] + [(*ROWS[-1], "7")]),
        Refused("below it have 3", 1),
    ),
    Case(43, "quoted numbers", daily(*[f'"{value}"' for value in VALUES]), Read(silent=True)),
    Case(43, "all cells quoted", table([(f'"{day}"', f'"{value}"') for day, value in ROWS], '"ds","y"'), Read()),
    *[
        Case(
            44, f"{text} among the values", with_cell(text), Read([[*VALUES[:3], 3, *VALUES[4:]]], notes=("left out",))
        )
        for text in ("$3", "3 €")
    ],
    wrong(44, "5%"),
    wrong(44, "3 kWh"),
    Case(44, "currency in every cell", daily(*[f"${value}" for value in VALUES]), Read(notes=(r"'\$' left out",))),
    Case(
        44,
        "units in every column",
        table([(day, f"{value} kW", f"{value}%") for day, value in ROWS], "ds,a,b"),
        Read([VALUES, VALUES], ids=[("a",), ("b",)], notes=("'kW' left out", "5% is 5")),
    ),
    Case(
        44,
        "currency in one column of two",
        table([(day, value, f"${value}") for day, value in ROWS], "ds,y,z"),
        Read([VALUES, VALUES], ids=[("y",), ("z",)], notes=(r"'\$' left out",)),
    ),
    wrong(45, "0x1F"),
    wrong(45, "1_000"),
    wrong(45, "٣"),
    wrong(45, "３"),  # noqa: RUF001
    Case(45, "Arabic digits throughout", daily(*"٣٤٥٦"), Refused("٣", 2, "y")),
    Case(
        46,
        "Unicode minus",
        with_cell("\u22123"),
        Read([[*VALUES[:3], -3, *VALUES[4:]]], notes=("1 cell .*minus|1 number .*minus",)),
    ),
    Case(46, "no-break space", with_cell("3\u00a0"), Read(notes=("1 (cell|number).*space|no-break",))),
    Case(
        46,
        "Unicode minus throughout",
        daily(*[f"\u2212{value}" for value in VALUES]),
        Read([[-value for value in VALUES]], notes=("8 .*minus",)),
    ),
    wrong(46, "\u20133"),
    Case(
        47, "true and false", daily(*["True", "False"] * 4), Read([[1, 0] * 4], notes=("'true' as 1 and 'false' as 0",))
    ),
    Case(
        47,
        "named flags",
        table([(*row, "true") for row in ROWS], "ds,y,open"),
        Read([[1] * 8], notes=("'true' as 1",)),
        {"target_cols": ("open",)},
    ),
    wrong(48, "closed", hint="leave the cell empty"),
    Case(48, "text in two rows", with_cell("x").replace(b"6.5", b"z"), Refused(r"'x' .*\(and 1 more", 5, "y")),
    *[
        Case(
            49,
            f"'{token}' is missing",
            with_cell(token),
            Read([[*VALUES[:3], None, *VALUES[4:]]], notes=("1 of 8 values .*missing",)),
        )
        for token in ("", "NA", "NaN", "null", "None", "-", "?", "#N/A", "n/a", "nan", "NULL")
    ],
    Case(
        49, "-- among the values", with_cell("--"), Read([[*VALUES[:3], None, *VALUES[4:]]], notes=("'--' as missing",))
    ),
    Case(49, "NIL", with_cell("NIL"), Read([[*VALUES[:3], None, *VALUES[4:]]], notes=("'NIL' as missing",))),
    wrong(49, "gone", hint="--missing gone"),
    Case(
        49,
        "another token named",
        with_cell("gone"),
        Read([[*VALUES[:3], None, *VALUES[4:]]], notes=("missing",)),
        {"missing": ("gone",)},
    ),
    Case(
        50,
        "a tenth missing",
        daily(*GAPS[:15], "NA", *GAPS[16:]),
        Read([[*GAPS[:15], None, *GAPS[16:]]], stamps=[], notes=(r"1 of 21 values \(4.8%\) missing: filled",)),
    ),
    Case(
        50,
        "rows left out",
        table([row for row in ROWS if row[0] != DAYS[3]]),
        Read([[*VALUES[:3], None, *VALUES[4:]]], notes=("missing: filled",)),
    ),
    Case(50, "most missing", daily(1, "", "", "", "", 2), Refused("4 of 6 values are missing")),
    Case(51, "no value at all", daily("", "NA", "", ""), Refused("no .*value"), {"target_cols": ("y",)}),
    Case(
        51,
        "a series without values",
        EMPTY_SERIES,
        Read(ids=(("a",),), notes=("1 series without any value left out: 'b'",)),
        {"on_bad_series": "skip"},
    ),
    Case(
        51,
        "a series without values, not skipped",
        EMPTY_SERIES,
        Refused("'b'", hint="--on-bad-series skip"),
    ),
    wrong(52, "inf"),
    wrong(52, "-inf"),
    wrong(52, "Infinity"),
    wrong(52, "1e400"),
    wrong(52, "-1e309"),
    Case(53, "1e300", with_cell("1e300"), Refused("'1e300' is too large", 5, "y", hint="constant")),
    Case(53, "-1e19 twice", with_cell("-1e19").replace(b"6.5", b"1e19"), Refused("too large.*1 more", 5, "y")),
    Case(53, "nothing but tiny values", daily(*[f"{value}e-200" for value in VALUES]), Refused("too small", 9, "y")),
    Case(53, "as large as may be", with_cell("-1e18"), Read([[*VALUES[:3], -1e18, *VALUES[4:]]])),
    Case(53, "smaller than any float32", with_cell("1e-300"), Read([[*VALUES[:3], 1e-300, *VALUES[4:]]])),
    Case(53, "more digits than a float32", with_cell("16777217"), Read([[*VALUES[:3], 16777217, *VALUES[4:]]])),
    Case(55, "constant", daily(*[5] * 8), Read([[5] * 8])),
    Case(55, "constant zero", daily(*[0] * 8), Read([[0] * 8])),
    Case(56, "an outlier", with_cell("3e6"), Read([[*VALUES[:3], 3e6, *VALUES[4:]]])),
]
