"""What editors complete is what the dataclasses declare."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import keywords


def test_the_file_is_the_one_that_is_written():
    assert keywords.FILE.read_text(encoding="utf-8") == keywords.text(), "run python -m tests.keywords"


@pytest.mark.sweep  # mypy reads the whole package
def test_a_type_checker_sees_the_options(tmp_path: Path):
    if shutil.which("mypy", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("needs mypy")
    lines = ('fit("a.csv", horizon=24, id_col="shop").predict(levels=(80,))', 'fit("a.csv", horizont=24)')
    (tmp_path / "user.py").write_text("from tsforecast import fit\n" + "\n".join(lines) + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", str(tmp_path / "user.py")],
        cwd=keywords.FILE.parents[2],
        capture_output=True,
        text=True,
    )
    errors = [line for line in done.stdout.splitlines() if "user.py" in line and "error" in line]
    assert len(errors) == 1 and "user.py:3" in errors[0] and "horizont" in errors[0], done.stdout
