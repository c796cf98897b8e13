"""How the bytes of a file look."""

from __future__ import annotations

import pytest

from tsforecast.io.reading.text.sniff import text_format


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("a\nb\n", "LF"),
        ("a\r\nb\r\n", "CRLF"),
        ("a\rb\r", "CR"),
        ("a\r\nb\n", "mixed"),
        ("a\rb\n", "mixed"),
        ("a", "none"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_line_ends(text, ends, encoding):
    assert text_format(text.encode(encoding), encoding, packed=False).line_ends == ends


def test_marks_and_quotes():
    look = text_format('a,"b"\n'.encode("utf-8-sig"), "cp1252", packed=True)
    assert (look.encoding, look.byte_order_mark, look.quotes, look.compressed) == ("utf-8", True, True, True)
    plain = text_format(b"a,b\n", "cp1252", packed=False)
    assert (plain.encoding, plain.byte_order_mark, plain.quotes, plain.compressed) == ("cp1252", False, False, False)
    assert text_format("a".encode("utf-16"), "utf-8", packed=False).encoding == "utf-16"
    assert text_format("a".encode("utf-32"), "utf-8", packed=False).encoding == "utf-32"
