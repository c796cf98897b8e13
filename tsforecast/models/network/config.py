"""What can be set about a model and its training, with the defaults. Data only: no heavy import.

`FitOptions` is what a user may say; None leaves the choice to the data (models/choices.py) or to the preset.
`NetworkConfig` and `TrainingConfig` are what was decided; they are complete, and the first is stored with the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CELLS = ("rnn", "lstm", "gru")

# How the horizon follows from the window, and when each is the right choice; the first is the default.
STRATEGIES = {
    "direct": "all steps at once: the best start, and the default",
    "recursive": "feeds each segment back: for a horizon of few segments",
    "seq2seq": "a decoder of its own, fed its own output: for many windows",
    "autoregressive": "recursive that learns at every step: for few windows",
}
ACTIVATIONS = ("tanh", "relu", "sigmoid")
NORMALISATIONS = ("last", "mean-std", "mean-level", "none")
HEADS = ("quantile", "student-t")

# Probability levels of the quantile head: the median and the ends of the 50, 80 and 95 % intervals.
QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
MAX_UNITS = 4096
MAX_LAYERS = 8
MAX_STEPS = 10_000


@dataclass(frozen=True)
class NetworkConfig:
    """A segment network, complete (MODEL.md sections 1 and 2).

    Args:
        cell: recurrent cell.
        bidirectional: whether the past window is read both ways.
        layers: recurrent layers, with residual connections from the second on.
        units: width of the embedding and of each cell.
        activation: of the recurrent cell; anything but tanh loses the cuDNN kernel on a GPU.
        segment: steps of the window that make one step of the recurrence; 1 is the classic network.
        lookback: steps seen.
        horizon: steps predicted at once.
        strategy: `direct` decodes all segments in parallel from learned queries; `recursive` feeds each back into the
            cells that read the window, `seq2seq` into cells of its own (encoder-decoder, Sutskever et al. 2014);
            `autoregressive` forecasts as `recursive` and learns to predict every next segment of the window too
            (DeepAR, Salinas et al. 2017), so it cannot be bidirectional.
        normalisation: per window.
        dropout: before the output layer.
        head: `quantile` puts out one value per level, `student-t` the three parameters of a distribution, whose
            quantiles are the forecast (models/student_t.py).
        levels: probability levels of the forecast; (0.5,) for a point forecast.
        series_vectors: number of series with a learned vector in the queries of `direct`; 0 for none.
        linear_skip: whether a linear map from the normalised window to the horizon is added to the output of `direct`;
            it starts as the ridge regression of models/linear.py, so that training starts at the linear model's error.
    """

    cell: Literal["rnn", "lstm", "gru"]
    bidirectional: bool
    layers: int
    units: int
    activation: str
    segment: int
    lookback: int
    horizon: int
    strategy: str
    normalisation: str
    dropout: float
    head: Literal["quantile", "student-t"]
    levels: tuple[float, ...]
    series_vectors: int
    linear_skip: bool

    @property
    def input_segments(self) -> int:
        """Recurrent steps of the encoder; a lookback that the segment does not divide is padded."""
        return -(-self.lookback // self.segment)

    @property
    def output_segments(self) -> int:
        """Segments decoded; what goes beyond the horizon is cut off."""
        return -(-self.horizon // self.segment)

    @property
    def outputs(self) -> int:
        """Numbers that the head puts out for one step."""
        return 3 if self.head == "student-t" else len(self.levels)

    @property
    def fed_back(self) -> int:
        """Which of them is the next input where forecasts are fed back: the median, or the location."""
        return 0 if self.head == "student-t" else self.levels.index(0.5)

    @property
    def window_targets(self) -> int:
        """Last steps of the window that training has a loss at too: all but the first segment if `autoregressive`."""
        return (self.input_segments - 1) * self.segment if self.strategy == "autoregressive" else 0

    @property
    def width(self) -> int:
        """Features that a recurrent layer puts out."""
        return self.units * (2 if self.bidirectional else 1)
