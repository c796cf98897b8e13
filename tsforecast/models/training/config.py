"""How a network is trained. Data only: no heavy import."""

from __future__ import annotations

from dataclasses import dataclass

LOSSES = ("quantile", "mae", "mse", "huber", "student-t")
OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop")
SCHEDULES = ("cosine", "exponential", "step", "plateau", "constant")
DEVICES = ("auto", "cpu", "gpu")
AUTO = "auto"
LEAST_STEPS = 20  # of an epoch: few windows are passed over several times


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Args:
        loss: `quantile` is the pinball loss summed over the quantiles, `student-t` the negative log-likelihood.
        learning_rate: at its peak.
        schedule: of the learning rate over the epochs; `cosine` starts with a warm-up of half an epoch.
        weight_decay: used by AdamW.
        batch_size: windows per step.
        epochs: at most.
        steps_per_epoch: at most; a longer pass over the windows is sampled anew in each epoch.
        patience: epochs without a better validation loss before the rate falls, and the third time training stops; the
            best weights are kept.
        clip_norm: global norm to which gradients are clipped; 0 for none.
        members: networks of each kind, trained from different seeds.
        seed: every random draw derives from it.
        time_limit: seconds for all training; None for no limit.
        device: `auto` takes a GPU where TensorFlow sees one.
        threads: of TensorFlow and NumPy; results repeat bit by bit for one number of threads.
    """

    loss: str = "quantile"
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    weight_decay: float = 0.01
    batch_size: int = 256
    epochs: int = 10
    steps_per_epoch: int = 200
    patience: int = 3
    clip_norm: float = 1.0
    members: int = 1
    seed: int = 0
    time_limit: float | None = None
    device: str = AUTO
    threads: int = 2
