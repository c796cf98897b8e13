"""What several sweeps share: a process that publishes and is watched, and a folder whose disk can fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sweeps.scenarios import scratch_folder
from tests.sweeps.tracing import Publisher, need_strace, publisher


@pytest.fixture(scope="module")
def worker() -> Iterator[Publisher]:
    need_strace()
    with publisher() as running:
        yield running


@pytest.fixture
def scratch() -> Iterator[Path]:
    with scratch_folder() as folder:
        yield folder
