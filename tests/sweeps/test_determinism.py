"""The same data, configuration, seed, versions and threads give the same bits, whatever else is different.

Three processes are compared, which differ in everything; with `--all` five, and of another cell as well.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.sampling import sampled
from tests.sweeps.children import run
from tests.workflows.conftest import sales

pytestmark = pytest.mark.sweep
SIZES = ("--units", "8", "--lookback", "14", "--segment", "7", "--horizon", "7", "--epochs", "4", "--seed", "3")


@dataclass(frozen=True)
class Change:
    """What is different in a process.

    Args:
        environment: variables.
        shuffled: whether the rows stand in another order.
        inside: whether it works in the data's folder and names the file and the store from there.
    """

    environment: dict[str, str] = field(default_factory=dict)
    shuffled: bool = False
    inside: bool = False


CHANGES = (
    Change(),
    Change({"PYTHONHASHSEED": "1"}),
    Change({"PYTHONHASHSEED": "2", "LC_ALL": "C"}, shuffled=True),
    Change({"TZ": "America/New_York"}, inside=True),
    Change({"TZ": "Asia/Kolkata", "COLUMNS": "40", "PYTHONHASHSEED": "3"}, shuffled=True, inside=True),
)


def fingerprint(folder: Path, model: str, change: Change, threads: int) -> str:
    """Hash of the weights, the golden batch and the forecast of a fit in a process of its own."""
    folder.mkdir()
    frame = sales(300)
    frame = frame.sample(frac=1, random_state=5) if change.shuffled else frame
    frame.to_csv(folder / "sales.csv", index=False)
    data, store = ("sales.csv", "store") if change.inside else (str(folder / "sales.csv"), str(folder / "store"))
    work = folder if change.inside else folder.parent
    words = ("fit", data, "--model", model, *SIZES, "--threads", str(threads), "--store", store)
    for command in (words, ("predict", "--store", store, "--output", str(folder / "forecast.csv"))):
        done = run(command, work, **change.environment)
        assert done.status == 0, done.stderr
    version = folder / "store" / "sales" / "versions" / "000001"
    files = [version / "weights.safetensors", version / "golden.safetensors", folder / "forecast.csv"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


@pytest.mark.parametrize(("model",), sampled(2, ["gru", "lstm"]))
def test_all_processes_give_one_hash(tmp_path: Path, model: str) -> None:
    changes = [change for (change,) in sampled(2, CHANGES)]
    folders = [tmp_path / str(number) for number in range(len(changes))]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda folder, change: fingerprint(folder, model, change, 2), folders, changes))
    assert len(found) >= 3 and len(set(found)) == 1
