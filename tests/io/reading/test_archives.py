"""Compressed tables: what is unpacked, and what is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import pytest

from tsforecast.errors import DataError
from tsforecast.io.reading.source import expand

TEXT = b"ds,y\n2024-01-01,1\n"


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as handle:
        for name, content in members.items():
            handle.writestr(name, content)
    return packed.getvalue()


PACKS = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda text: zipped(a=text),
}


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_unpacked(pack):
    assert expand(pack(TEXT), "f", 1000) == TEXT


def test_what_is_not_packed_stays():
    assert expand(TEXT, "f", 1000) == TEXT


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_no_more_than_may_be(pack):
    with pytest.raises(DataError, match=r"f: the .* expands to more than"):
        expand(pack(TEXT), "f", len(TEXT) - 1)


def from_a_mac() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as handle:
        handle.mkdir("folder")
        for name, content in (("folder/a.csv", TEXT), ("__MACOSX/._a.csv", b"x"), ("folder/.DS_Store", b"x")):
            handle.writestr(name, content)
    return packed.getvalue()


def test_what_a_mac_adds_is_no_table():
    assert expand(from_a_mac(), "f", 1000) == TEXT


def test_several_files():
    with pytest.raises(DataError, match="2 files: 'a', 'b'") as caught:
        expand(zipped(a=TEXT, b=TEXT), "f", 1000)
    assert caught.value.hint == "unpack it and give one of them"


def test_a_member_that_needs_a_password():
    data = bytearray(zipped(a=TEXT))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DataError, match=r"zip archive is damaged or cut off: .*password"):
        expand(bytes(data), "f", 1000)
