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
class Inputs:
    """What a network reads besides the values of its window; the widths are those of `Windows`.

    Args:
        past: covariates known up to the origin.
        future: covariates known beyond the origin.
        static: numbers of each series.
        categories: how many values each category can take; category 0 is the series itself.
        category_widths: width of the learned vector that stands for a value of each category.
    """

    past: int = 0
    future: int = 0
    static: int = 0
    categories: tuple[int, ...] = ()
    category_widths: tuple[int, ...] = ()


def series_inputs(n_series: int, units: int) -> Inputs:
    """Inputs with the series as their only category, whose vectors take half of the query; none for 0 series."""
    return Inputs(categories=(n_series,), category_widths=(units // 2,)) if n_series else Inputs()


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
        inputs: what is read besides the values.
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
    inputs: Inputs
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

    @property
    def category_width(self) -> int:
        """Width of the learned vectors of all categories together; the rest of the query is the segment's own."""
        return sum(self.inputs.category_widths)


def problem(config: NetworkConfig) -> str | None:
    """Why the settings of a network cannot go together, as a sentence; None where they can.

    This is the only place that knows: what is chosen and what is read from a file ask it.
    """
    strategy, inputs = config.strategy, config.inputs
    if strategy == "autoregressive" and config.bidirectional:
        return (
            "an autoregressive network cannot read the window both ways: it would see the segments that it has to "
            "predict"
        )
    if strategy != "direct" and config.linear_skip:
        return f"a {strategy} network cannot have a linear skip, which forecasts the whole horizon at once"
    if strategy != "direct" and inputs != Inputs():
        return f"a {strategy} network cannot have vectors of the series, which are part of the queries of direct ones"
    if inputs.categories and not 0 < config.category_width < config.units:
        return f"{config.units} units leave no room for vectors of the series: at least 2 are needed"
    return None
