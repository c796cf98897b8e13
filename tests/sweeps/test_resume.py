"""A training that is interrupted, resumed, interrupted again: the bits of one that is not."""

from __future__ import annotations

import hashlib
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.sampling import sampled, usual
from tests.sweeps.children import PLAIN, SIZES, end_at, report, run
from tests.workflows.conftest import sales

pytestmark = pytest.mark.sweep
# Two members, validation in several periods, a course that falls back, dropout.
MORE = ("--epochs", "12", "--patience", "2", "--members", "2", "--learning-rate", "0.05", "--name", "sales", *PLAIN)
ENDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def words(folder: Path, model: str, *more: str) -> tuple[str, ...]:
    sizes = (*SIZES[2:], "--model", model, "--verbose")
    return ("fit", str(folder.parent / "sales.csv"), *sizes, *MORE, "--store", str(folder / "store"), *more)


def weights_hash(folder: Path) -> str:
    version = folder / "store" / "sales" / "versions" / "000001"
    parts = [(version / name).read_bytes() for name in ("weights.safetensors", "golden.safetensors")]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def interrupted(folder: Path, model: str) -> tuple[str, int]:
    """Ended every few epochs until it comes to its end; the hash of its weights, and how often it was ended.

    Each signal comes once, and the fourth run goes to the end; or, with `--all`, all three come over and over.
    """
    folder.mkdir()
    for number in range(40):
        wanted = usual(9 if number < len(ENDS) else 10_000, full=9 + 7 * number)

        def reached(lines: list[str], _: int, wanted: int = wanted) -> bool:
            return sum(": epoch " in line for line in lines) >= wanted

        done = end_at(words(folder, model, "--resume"), folder, ENDS[number % 3], reached)
        if done.status == 0:
            assert "resumed: " in done.stderr
            return weights_hash(folder), number
        assert done.status == 128 + ENDS[number % 3], done.stderr
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize(("model",), sampled(2, ["gru", "lstm"]))
def test_a_resumed_training_has_the_bits_of_one_that_was_not_interrupted(tmp_path: Path, model: str) -> None:
    sales(200, shops=("a",)).to_csv(tmp_path / "sales.csv", index=False)
    whole = tmp_path / "whole"
    whole.mkdir()
    with ThreadPoolExecutor(2) as pool:
        once = pool.submit(run, words(whole, model), whole)
        often = pool.submit(interrupted, tmp_path / "often", model)
        assert once.result().status == 0, once.result().stderr
        found, ends = often.result()
    assert found == weights_hash(whole)
    assert ends >= 2
    report(f"resumed {model}", {"interruptions": ends})


def test_it_goes_on_at_the_epoch_after_the_last_whole_one(tmp_path: Path) -> None:
    """Epochs that take long: each is kept, whatever ends the process."""
    folder = tmp_path / "often"
    folder.mkdir()
    sales(1500, shops=("a",)).to_csv(tmp_path / "sales.csv", index=False)
    large = ("--units", "128", "--segment", "1", "--lookback", "56", "--batch-size", "64")

    def resumed() -> tuple[str, ...]:
        return (*words(folder, "gru", "--resume"), *large, "--members", "1")

    done = end_at(resumed(), folder, signal.SIGKILL, lambda lines, _: sum(": epoch " in x for x in lines) >= 3)
    assert done.status == 128 + signal.SIGKILL, done.stderr
    told = end_at(resumed(), folder, signal.SIGTERM, lambda lines, _: any("resumed" in line for line in lines)).stderr
    # The epoch under way is lost; those before it only as far as saving each would have taken too long.
    (epoch,) = re.findall(r"resumed: training, gru at epoch (\d+)", told)
    assert 2 <= int(epoch) <= done.stderr.count(": epoch ") + 1
