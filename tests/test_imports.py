"""Start-up stays light: checked in fresh processes, because this one has imported everything already."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run, make_series

HEAVY = ("pandas", "sklearn", "tensorflow", "keras", "matplotlib", "pyarrow", "scipy")
# What `predict` may not wait for even where it reads a table.
TRAINING = ("sklearn", "tensorflow", "keras", "scipy")
WATCHED = """
import sys
from tsforecast.cli import main
try:
    main(sys.argv[1:], prog_name="tsforecast")
finally:
    loaded = [name for name in %r if name in sys.modules]
    if loaded:
        sys.stderr.write("heavy: " + ", ".join(loaded))
"""


def start(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


LIGHT = {
    "--help": 0,
    "--version": 0,
    "fit --help": 0,
    "predict --help": 0,
    "score --help": 0,
    "detect --help": 0,
    "impute --help": 0,
    "fit data.csv --no-such-option": 2,
    "fit data.csv --horizon 0": 2,
    "fti data.csv": 2,
    "models list": 0,
    "models list --json": 0,
    "schedule none.toml": 66,
    "status": 66,
    "models verify": 0,
    "models rollback sales": 66,
    "models prune sales --keep 3": 66,
    "models export -o sales.zip": 66,
    "report": 66,
    "fit data.csv --report models/data": 2,
    "predict data.csv -o data.csv": 2,
    "score data.csv --forecasts data.csv": 2,
    "detect data.csv --scores data.csv": 2,
    "detect data.csv --false-alarm-every never": 2,
    "impute data.csv --output data.csv": 2,
    "impute data.csv --methods spline": 2,
    "retrain data.csv --log-file data.csv": 2,
}
# One process for all: what none of them has imported, each alone does not import either.
_ALL_WATCHED = """
import json, sys
from tsforecast.cli import main
for line in %r:
    try:
        main(line.split(), prog_name="tsforecast")
    except SystemExit as end:
        status = end.code
    heavy = [name for name in %r if name in sys.modules]
    sys.stderr.write("result: " + json.dumps([line, status, heavy]) + "\\n")
"""


def test_no_heavy_import(tmp_path: Path) -> None:
    done = start("-c", _ALL_WATCHED % (list(LIGHT), HEAVY), folder=tmp_path)
    results = [line.removeprefix("result: ") for line in done.stderr.splitlines() if line.startswith("result: ")]
    assert [json.loads(result) for result in results] == [[line, status, []] for line, status in LIGHT.items()], (
        done.stderr
    )


def test_predict_needs_nothing_that_trains(run: Run, tmp_path: Path) -> None:
    make_series(400).to_csv(tmp_path / "load.csv", index=False)
    assert run("fit", "load.csv", "--model", "linear").exit_code == 0
    done = start("-c", WATCHED % (TRAINING,), "predict", "load.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "heavy:" not in done.stderr
    assert done.stdout.startswith("ds,forecast,lower_80,")
    done = start("-c", WATCHED % ((*HEAVY, "rich"),), "predict", "-o", "out.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "heavy:" not in done.stderr


@pytest.mark.parametrize(("chosen", "used"), [(None, "1"), ("3", "3")])
def test_products_of_matrices_take_one_core_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str | None, used: str
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if chosen:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", chosen)
    code = "import atexit, os, sys; from tsforecast.__main__ import main; "
    code += "atexit.register(lambda: print(os.environ['OPENBLAS_NUM_THREADS'])); main()"
    done = start("-c", code, "--version", folder=tmp_path)
    assert done.stdout.splitlines()[-1] == used, done.stderr


def test_package_itself_is_light(tmp_path: Path) -> None:
    code = "import sys, tsforecast; sys.exit('numpy' in sys.modules or 'click' in sys.modules)"
    assert start("-c", code, folder=tmp_path).returncode == 0
