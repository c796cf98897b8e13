"""The patience of a training run, played through with losses made up."""

from __future__ import annotations

from tsforecast.models.training.patience import EpochRate, Patience


def play(patience: Patience, losses: list[float]) -> list[bool]:
    """Note some epochs at the patience's own rate, falling back where it is impatient; which were the best so far."""
    best = []
    for number, loss in enumerate(losses, 1):
        best.append(patience.better(loss, EpochRate(number, patience.factor)))
        if patience.impatient and not patience.fall_back():
            break
    return best


def test_the_path_leads_to_the_best_weights_without_the_epochs_in_vain():
    patience = Patience(2)
    assert play(patience, [3, 2, 2.5, 2.4, 1.9, 1.8]) == [True, True, False, False, True, True]
    # Epochs 3 and 4 were no better: training went back to the weights of epoch 2.
    assert patience.path == (EpochRate(1, 1.0), EpochRate(2, 1.0), EpochRate(5, 0.25), EpochRate(6, 0.25))
    assert patience.best == 1.8


def test_an_epoch_that_is_worse_but_leads_on_is_part_of_the_path():
    patience = Patience(3)
    play(patience, [3, 3.5, 2])
    assert [step.epoch for step in patience.path] == [1, 2, 3]


def test_it_ends_when_patience_runs_out_for_the_third_time():
    patience = Patience(4)
    # Four epochs in vain, then two, then one: a fall halves the patience.
    assert len(play(patience, [1] + [2] * 20)) == 8
    assert patience.factor == 0.25**2
    assert patience.path == (EpochRate(1, 1.0),)


def test_a_better_loss_renews_patience():
    patience = Patience(2)
    assert len(play(patience, [5, 6, 4, 6, 3, 6])) == 6
    assert patience.factor == 1.0


def test_without_patience_nothing_stops_it():
    patience = Patience(None)
    assert len(play(patience, [1] + [2] * 50)) == 51


def test_the_plateau_halves_the_rate_after_a_worse_epoch():
    patience = Patience(9, plateau=True)
    play(patience, [3, 2, 2.5, 2.1])
    assert patience.factor == 0.25
