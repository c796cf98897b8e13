"""P1, second half: SIGKILL at random moments of real trainings, and what the next run makes of it.

Three kills of each command, and 18 with `--all`.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.sampling import usual
from tests.sweeps.children import (
    PLAIN,
    check_in_service,
    end_at,
    fit_words,
    leftovers,
    make_champion,
    report,
    retrain_words,
    run,
    stray_files,
    versions,
)

pytestmark = pytest.mark.sweep
CHAINS, ROUNDS, KILLS = usual(1, full=2), usual(1, full=3), 3
LINES = 100  # that a run writes to stderr, about; most of them at the end of an epoch
OPTIONS = ("--epochs", "60", *PLAIN, "--verbose", "--resume")


def killed_chain(folder: Path, seed: int, command: Callable[..., tuple[str, ...]]) -> int:
    """Rounds of some kills, each of a run that goes on where the last one was killed, and a run to the end."""
    draw = random.Random(seed)
    model = make_champion(folder)
    kills = 0
    for _ in range(ROUNDS):
        wanted = kills + KILLS
        words, known = command(folder, *OPTIONS), len(versions(model))
        while kills < wanted:
            before = versions(model)
            moment = draw.randrange(LINES)
            done = end_at(words, folder, signal.SIGKILL, lambda lines, _, moment=moment: len(lines) >= moment)
            assert done.status in (128 + signal.SIGKILL, 0), done.stderr
            assert versions(model)[: len(before)] == before
            check_in_service(model)
            kills += done.status != 0
            if done.status == 0:
                # It was quicker than the signal, and has published.
                words, known = command(folder, *OPTIONS), len(versions(model))
        done = run(words, folder)
        assert done.status == 0, done.stderr
        assert len(versions(model)) > known
        assert leftovers(model) == []
        assert ".checkpoint" not in os.listdir(model)
        check_in_service(model)
    return kills


@pytest.mark.parametrize("command", [fit_words, retrain_words])
def test_no_kill_of_a_training_loses_the_model(tmp_path: Path, command: Callable[..., tuple[str, ...]]) -> None:
    folders = [tmp_path / str(number) for number in range(CHAINS)]
    with ThreadPoolExecutor(CHAINS) as pool:
        kills = list(pool.map(lambda folder: killed_chain(folder, int(folder.name), command), folders))
    assert sum(kills) == CHAINS * ROUNDS * KILLS
    assert [name for folder in folders for name in stray_files(folder) if "autograph" in name] == []
    report("kills of trainings", {"kills": sum(kills), "runs_to_the_end": CHAINS * ROUNDS})
