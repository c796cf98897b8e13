"""JSON in the shapes that people have, and JSON Lines."""

from __future__ import annotations

import gzip
import json

import pandas as pd
import pytest

from tsforecast.errors import DataError
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel

RECORDS = [{"at": f"2022-05-{day:02d}", "kwh": day + 0.25} for day in range(1, 31)]
FRAME = pd.DataFrame(RECORDS)
SHAPES = {
    "records": json.dumps(RECORDS),
    "indented": json.dumps(RECORDS, indent=2),
    "under a key": json.dumps({"status": "ok", "data": RECORDS}),
    "under two keys": json.dumps({"meta": {"n": 30}, "result": {"items": RECORDS}}),
    "lines": "\n".join(map(json.dumps, RECORDS)) + "\n",
    "lines with a blank one": "\n\n".join(map(json.dumps, RECORDS)),
    "columns": json.dumps({"at": FRAME["at"].tolist(), "kwh": FRAME["kwh"].tolist()}),
    "pandas": FRAME.to_json(),
    "pandas split": FRAME.to_json(orient="split"),
    "pandas table": FRAME.to_json(orient="table", index=False),
    "rows": json.dumps([["at", "kwh"], *([r["at"], r["kwh"]] for r in RECORDS)]),
    "texts": json.dumps([{key: str(value) for key, value in record.items()} for record in RECORDS]),
    "nested": json.dumps([{"at": r["at"], "v": {"kwh": r["kwh"]}} for r in RECORDS]),
}


def write(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    return path


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape, tmp_path):
    result = read_panel(write(tmp_path, SHAPES[shape]))
    assert result.panel.values.tolist() == FRAME["kwh"].tolist()
    assert result.schema.time_cols == ("at",)
    assert result.schema.target_cols == ("v.kwh" if shape == "nested" else "kwh",)


def test_packed_and_marked(tmp_path):
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + SHAPES["records"].encode()))
    assert read_panel(path).panel.lengths.tolist() == [30]


def refused(tmp_path, text, **options):
    with pytest.raises(DataError) as caught:
        read_panel(write(tmp_path, text), ReadOptions(**options))
    return caught.value


def changed(position, **fields):
    return [{**record, **fields} if number == position else record for number, record in enumerate(RECORDS)]


def test_errors_name_the_record(tmp_path):
    error = refused(tmp_path, json.dumps(changed(6, kwh="much")))
    assert error.where == "record 7" and error.row == 7 and "'much' is not a finite number" in str(error)


def test_errors_name_the_line(tmp_path):
    error = refused(tmp_path, "\n".join(map(json.dumps, changed(6, kwh="much"))))
    assert ", line 7, column 'kwh'" in str(error)
    assert refused(tmp_path, SHAPES["lines"] + '{"at": ').row == 31
    assert refused(tmp_path, SHAPES["lines"] + "[1]").row == 31


def test_a_field_that_a_record_lacks_or_has_as_null_is_missing(tmp_path):
    records = changed(6, kwh=None)
    del records[9]["kwh"]
    result = read_panel(write(tmp_path, json.dumps(records)))
    RECORDS[9]["kwh"] = 10.25
    assert (~result.panel.observed).sum() == 2


def test_numbers_keep_their_digits_whatever_the_options(tmp_path):
    path = write(tmp_path, json.dumps([{**record, "kwh": 1.125 + n} for n, record in enumerate(RECORDS)]))
    for options in ({}, {"thousands": "."}, {"decimal": ","}):
        assert read_panel(path, ReadOptions(**options)).panel.values[0] == 1.125


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"at": "2024-01-01", "y": 1, "y": 2}]', "'y' stands twice"),
        ('[{"at": "2024-01-01", "y": 1},', "begins like JSON, but is none"),
        ('{"a": 1}', "no list of records"),
        ('{"a": [{"x": 1}], "b": [{"x": 1}]}', "2 lists of records: under 'a', 'b'"),
        ('[["at", "y"], ["2024-01-01"]]', "this row has 1 cells, the first has 2"),
        ("[{}]", "no fields"),
        ("[[" * 100_000, "nested too deeply|begins like JSON"),
    ],
)
def test_refused(text, message, tmp_path):
    with pytest.raises(DataError, match=message):
        read_panel(write(tmp_path, text))


def test_rows_are_counted(tmp_path):
    assert "at most 29 are allowed" in str(refused(tmp_path, SHAPES["records"], max_rows=29))


def test_a_header_in_brackets_is_no_json(tmp_path):
    text = "[at],[kwh]\n" + "".join(f"{r['at']},{r['kwh']}\n" for r in RECORDS)
    assert read_panel(write(tmp_path, text)).schema.target_cols == ("[kwh]",)
