"""Small inputs for the 74 rules of reading, with what must come of each: made when the tests run."""

from __future__ import annotations

from tests.io.reading.reading_rules.cells import CASES as CELLS
from tests.io.reading.reading_rules.files import CASES as FILES
from tests.io.reading.reading_rules.kit import Case
from tests.io.reading.reading_rules.times import CASES as TIMES

CASES: list[Case] = sorted([*FILES, *CELLS, *TIMES], key=lambda case: case.rule)
