"""Times on a terminal stand as the table writes them, where that leaves room for the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.io.times.shown import own_texts
from tsforecast.series.frequency import DAY, HOUR, Frequency
from tsforecast.series.panel import Schema

DAYS, HOURS = Frequency("fixed", DAY), Frequency("fixed", HOUR)
STAMPS = np.array(["2024-01-31T00:00", "2024-02-01T00:00"], dtype="datetime64[us]")


def schema(*formats: str, zone: str | None = None) -> Schema:
    return Schema(tuple("time"[: n + 1] for n in range(len(formats))), (), ("y",), formats, zone)


@pytest.mark.parametrize(
    ("text_format", "first"),
    [("%d.%m.%Y", "31.01.2024"), ("%b %Y", "Jan 2024"), ("%m/%d/%Y", "01/31/2024"), ("%Y-Q%q", "2024-Q1")],
)
def test_as_the_table_writes_them(text_format, first):
    texts = own_texts(STAMPS, schema(text_format), DAYS)
    assert texts is not None and texts[0] == first and len(texts) == 2


def test_on_the_clock_of_the_zone():
    berlin = schema("%d.%m.%Y %H:%M", zone="Europe/Berlin")
    assert own_texts(STAMPS, berlin, HOURS) == ["31.01.2024 01:00", "01.02.2024 01:00"]


@pytest.mark.parametrize(
    "formats",
    [
        ("%Y-%m-%d",),
        ("%Y-%m-%dT%H:%M:%S%:z",),
        ("%Y", "%-m"),
        ("epoch-s",),
        ("excel",),
        ("step",),
        ("%d.%m.%Y %H:%M - %d.%m.%Y %H:%M",),
        ("%A %d. %B %Y %H:%M:%S",),
    ],
    ids="|".join,
)
def test_what_reads_better_as_iso(formats):
    assert own_texts(STAMPS, schema(*formats, zone="UTC"), HOURS) is None
