"""Texts of the user in messages and outputs."""

from __future__ import annotations

import json

import pytest

from tsforecast.errors import BadCell, DataError
from tsforecast.json_output import json_bytes, json_text
from tsforecast.safe_text import bounded, shown, visible

LONG = "x" * 10_000_000


def test_a_short_message_stays_as_it_is():
    text = f"'{'x' * 300}' is not a number"
    assert bounded(text) == text


def test_a_long_value_is_cut_where_it_is_quoted():
    assert bounded(f"'{LONG}' is not a number; write 1.5") == (
        f"'{'x' * 60}...' (9,999,940 more characters) is not a number; write 1.5"
    )


def test_a_long_message_keeps_its_ends():
    text = bounded(f"begin {LONG} end")
    assert text.startswith("begin xxx") and text.endswith("xxx end")
    assert "characters left out" in text
    assert len(text) <= 2000


def test_a_long_value_by_itself():
    assert shown(12) == "12"
    assert shown("x" * 100) == f"{'x' * 60}... (40 more characters)"


@pytest.mark.parametrize("quote", ["'", '"', ""])
def test_every_error_is_bounded(quote):
    value = f"{quote}{LONG}{quote}"
    error = DataError(value, hint=value, file=value, column=value, row=3, places=(BadCell(3, value, value),), total=1)
    assert len(str(error)) < 2100
    assert len(json.dumps(error.to_dict())) < 2500


def test_bytes_of_a_file_name_that_are_not_utf8():
    assert visible("caf\udce9 \ud800 é") == "caf\\xe9 \\ud800 é"


@pytest.mark.parametrize("text", ["\x1b[31m\0\x7f", "\x85\x9b", "a\u2028b\u2029", "caf\udce9", "\ud800", "東京"])
def test_json_holds_no_control_character(text):
    for written in (json_text(text), json_bytes({text: [text]}).decode()):
        assert all(c.isprintable() or c in " \n" for c in written)
        json.loads(written.encode())
    assert json.loads(json_text(text)) == visible(text)
