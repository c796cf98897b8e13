"""1,500 random tables in random dialects, and 10,000 with `--all`: what is written is what is read, to the last bit."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.sampling import usual
from tests.sweeps.panel_content import content_read
from tests.sweeps.round_trips import random_case
from tsforecast.io.options import ReadOptions
from tsforecast.io.reading.panel import read_panel
from tsforecast.io.reading.text import blocks

pytestmark = pytest.mark.sweep
TABLES, PARTS = usual(1_500, full=10_000), 10


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_written_is_what_is_read(part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, path = random.Random(part), tmp_path / "data.csv"
    whole_file = blocks._BLOCK_BYTES
    for number in range(TABLES // PARTS):
        case = random_case(rng)
        path.write_bytes(case.data)
        os.utime(path, (1e9, 1e9))  # a file that has just been written is read a moment later
        monkeypatch.setattr(blocks, "_BLOCK_BYTES", rng.choice((whole_file, whole_file, whole_file, 500)))
        try:
            result = read_panel(path, ReadOptions(**case.options))
        except Exception as error:
            raise AssertionError(f"table {number} of part {part}: {case.data!r} {case.options}") from error
        assert content_read(result) == case.content, f"table {number} of part {part}: {case.data!r} {case.options}"
        assert result.rows == case.rows
