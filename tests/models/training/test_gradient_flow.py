"""How far back a model learned from, in one sentence and in rows."""

from __future__ import annotations

import numpy as np
import pytest

from tests.networks import small_network
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.models.training.gradient_flow import MAX_ROWS, GradientProfile, gradient_flow, gradient_rows

NETWORK = small_network()


def profile(norms, *, member=0, epoch=1, kept=True, network=NETWORK):
    return GradientProfile(member, "training", epoch, kept, np.array(norms, np.float32), network)


def spec(*networks):
    """A model of networks, the last of which has the largest share."""
    total = sum(range(1, len(networks) + 1))
    parts = [Part("gru", (i + 1) / total, 11, network) for i, network in enumerate(networks)]
    return ModelSpec("auto", 7, 4, (*parts, Part("naive", 0.0, 11)))


def test_half_of_the_gradient_and_the_ratio_of_its_ends():
    network = small_network(segment=4, lookback=15)
    flow = gradient_flow([profile([1, 2, 3, 4], network=network)], spec(network))
    assert (flow.steps, flow.segment, flow.half_within) == (4, 4, 2)
    assert flow.first_to_last == pytest.approx(0.25)
    assert flow.text == (
        "half of the gradient lies within the last 2 of 4 steps (8 of 15 rows); "
        "at the first step it is 0.25 times that of the last"
    )
    assert gradient_flow([profile([1, 1, 1, 9], network=network)], spec(network)).half_within == 1
    # The first segment is partly padding.
    assert (
        "the last 4 of 4 steps (15 of 15 rows)"
        in gradient_flow([profile([9, 1, 1, 1], network=network)], spec(network)).text
    )


def test_only_the_weights_that_were_kept_count_and_members_are_averaged():
    profiles = [profile([9, 9], kept=False), profile([1, 2], epoch=2), profile([3, 6], member=1)]
    assert gradient_flow(profiles, spec(NETWORK)).first_to_last == pytest.approx(0.5)
    assert gradient_flow(profiles[:1], spec(NETWORK)) is None


def test_of_several_networks_the_one_with_the_largest_share_counts():
    other = small_network(linear_skip=True)
    profiles = [profile([1, 9]), profile([3, 4], network=other)]
    assert gradient_flow(profiles, spec(NETWORK, other)).first_to_last == pytest.approx(0.75)
    assert gradient_flow(profiles, spec(other, NETWORK)).first_to_last == pytest.approx(1 / 9)


def test_steps_padded_everywhere_do_not_count():
    flow = gradient_flow([profile([np.nan, 1, 4])], spec(NETWORK))
    assert (flow.steps, flow.first_to_last) == (2, 0.25)


def test_a_vanished_gradient_is_called_so():
    assert gradient_flow([profile([1e-8, 1])], spec(NETWORK)).text.endswith("1e-08 times that of the last, vanished")
    assert "vanished" not in gradient_flow([profile([1e-5, 1])], spec(NETWORK)).text


@pytest.mark.parametrize("norms", [[0, 0], [np.nan, np.nan], [1, np.inf]])
def test_without_a_gradient_to_compare_with_there_is_no_flow(norms):
    assert gradient_flow([profile(norms)], spec(NETWORK)) is None


def test_a_model_without_a_network_has_no_flow():
    assert gradient_flow([], spec()) is None


def test_rows_count_back_from_the_last_step():
    row = {"member": 1, "phase": "training", "epoch": 3}
    assert gradient_rows([profile([0.1, 4], member=1, epoch=3)]) == [
        row | {"steps_back": 1, "gradient_norm": 0.1},
        row | {"steps_back": 0, "gradient_norm": 4.0},
    ]


@pytest.mark.parametrize(("epochs", "steps"), [(3, 10_000), (5000, 4), (1500, 720)])
def test_rows_are_bounded_and_keep_both_ends(epochs, steps):
    norms = np.arange(steps) + 1
    rows = gradient_rows([profile(norms, epoch=epoch) for epoch in range(1, epochs + 1)])
    assert MAX_ROWS / 5 <= len(rows) <= MAX_ROWS
    assert (rows[0]["epoch"], rows[-1]["epoch"]) == (1, epochs)
    first = [row for row in rows if row["epoch"] == 1]
    assert [first[0]["steps_back"], first[-1]["steps_back"]] == [steps - 1, 0]
    assert len({row["steps_back"] for row in first}) == len(first)
    assert all(row["gradient_norm"] == steps - row["steps_back"] for row in rows)
