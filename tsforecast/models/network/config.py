"""The configuration of a network, and what can be chosen in it. Data only: no heavy import."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tsforecast.models.network.cells import CELLS


@dataclass(frozen=True)
class Strategy:
    """How the horizon follows from the window.

    Args:
        summary: when it is the right choice, one line for the help.
        at_once: all segments of the horizon are decoded in parallel from learned queries. Only then can a network have
            a linear skip, which adds the whole horizon at once, vectors of the series, which are part of the queries,
            and covariates that are known up to now only. Otherwise each segment is the input of the next one.
        own_decoder: the cells that decode are others than those that read the window.
        every_step: the network also learns to predict every next segment of the window, so it must not read the window
            backwards.
    """

    summary: str
    at_once: bool = False
    own_decoder: bool = False
    every_step: bool = False


# The first is the default.
STRATEGIES = {
    "direct": Strategy("all steps at once: the best start, and the default", at_once=True),
    "recursive": Strategy("feeds each segment back: for a horizon of few segments"),
    "seq2seq": Strategy("a decoder of its own, fed its own output: for many windows", own_decoder=True),
    "autoregressive": Strategy("recursive that learns at every step: for few windows", every_step=True),
}
ACTIVATIONS = ("tanh", "relu", "sigmoid")
NORMALISATIONS = ("last", "mean-std", "mean-level", "none")
HEADS = ("quantile", "student-t")

# Probabilities of the quantiles: the median and the ends of the 50, 80 and 95 % intervals.
QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
MAX_UNITS = 4096
MAX_LAYERS = 8
MAX_STEPS = 10_000
_LITTLE = 0.1  # of the multiplications of the recurrence


@dataclass(frozen=True)
class Inputs:
    """What a model reads besides the values of its window; the widths are those of `Windows`, or 0.

    Args:
        past: covariates known up to the origin.
        future: covariates known beyond the origin.
        static: numbers of each series.
        categories: how many values each category can take; category 0 is the series itself.
        category_widths: width of the learned vector that stands for a value of each category; 0 for one that is not
            read.
        calendar: how many of the last columns of `past` and `future` are features of the calendar.
    """

    past: int = 0
    future: int = 0
    static: int = 0
    categories: tuple[int, ...] = ()
    category_widths: tuple[int, ...] = ()
    calendar: int = 0

    @property
    def covariates(self) -> bool:
        """Whether anything but the series itself is read."""
        return bool(self.past or self.future or self.static or any(self.category_widths[1:]))


def series_inputs(n_series: int, units: int) -> Inputs:
    """Inputs with the series as their only category, whose vectors take half of the query; none for 0 series."""
    return Inputs(categories=(n_series,), category_widths=(units // 2,)) if n_series else Inputs()


@dataclass(frozen=True)
class NetworkConfig:
    """A segment network, complete.

    Args:
        cell: recurrent cell, one of CELLS.
        bidirectional: whether the window is read both ways.
        layers: recurrent layers, with residual connections from the second on.
        units: width of the embedding and of each cell.
        activation: of the recurrent cell; anything but tanh loses the cuDNN kernel on a GPU.
        segment: steps of the window that make one step of the recurrence; 1 is the classic network.
        lookback: steps seen.
        horizon: steps predicted at once.
        strategy: one of STRATEGIES.
        normalisation: of each window, one of NORMALISATIONS.
        dropout: share of the recurrent output that is dropped before the head in training.
        head: `quantile` puts out one value per quantile, `student-t` the three parameters of a distribution, whose
            quantiles are the forecast.
        quantiles: probabilities of the forecast's quantiles; (0.5,) for a point forecast.
        inputs: what is read besides the values.
        linear_skip: whether a linear map from the normalised window to the horizon is added to the output; it starts as
            a ridge regression, so that training starts at the linear model's error.
    """

    cell: str
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
    quantiles: tuple[float, ...]
    inputs: Inputs
    linear_skip: bool

    @property
    def decoding(self) -> Strategy:
        """What follows from the strategy."""
        return STRATEGIES[self.strategy]

    @property
    def directions(self) -> tuple[str, ...]:
        """In which the window is read; each has cells of its own."""
        return ("forward", "backward") if self.bidirectional else ("forward",)

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
        return 3 if self.head == "student-t" else len(self.quantiles)

    @property
    def fed_back(self) -> int:
        """Which of the outputs is the next input where forecasts are fed back: the median, or the location."""
        return 0 if self.head == "student-t" else self.quantiles.index(0.5)

    @property
    def window_targets(self) -> int:
        """Newest steps of the window that training has a loss at too: none, or all but those of the first segment."""
        return (self.input_segments - 1) * self.segment if self.decoding.every_step else 0

    @property
    def width(self) -> int:
        """Features that a recurrent layer puts out: `units` for each direction."""
        return self.units * len(self.directions)

    @property
    def category_width(self) -> int:
        """Width of the learned vectors of all categories together; the rest of the query is the segment's own."""
        return sum(self.inputs.category_widths)


def graph_normalisations(config: NetworkConfig) -> tuple[str, ...]:
    """The normalisations that a graph of the network can switch between; under `mean-level` the loss is another one."""
    if config.normalisation == "mean-level":
        return (config.normalisation,)
    return tuple(name for name in NORMALISATIONS if name != "mean-level")


def graph_of(config: NetworkConfig) -> NetworkConfig:
    """The network whose graph serves this one too: switches set the normalisation, and whether the skip is used.

    A skip that is not used costs time in every step, which must be little.
    """
    normalisation = graph_normalisations(config)[0]
    recurrence = (config.input_segments + config.output_segments) * CELLS[config.cell].gates * config.units**2
    little = config.decoding.at_once and config.lookback * config.horizon <= _LITTLE * recurrence
    return replace(config, linear_skip=config.linear_skip or little, normalisation=normalisation)


def problem(config: NetworkConfig) -> str | None:
    """Why the settings of a network exclude each other, as a sentence; None if they do not.

    Both the choice of a network and the reading of a stored one ask this function.
    """
    name, decoding, inputs = config.strategy, config.decoding, config.inputs
    if decoding.every_step and config.bidirectional:
        return f"an {name} network cannot read the window both ways: it would see the segments that it has to predict"
    if config.linear_skip and not decoding.at_once:
        return f"a {name} network cannot have a linear skip, which forecasts the whole horizon at once"
    if inputs.past > inputs.future and not decoding.at_once:
        return f"a {name} network reads each segment of its forecast, where columns known up to now have no values"
    if any(inputs.category_widths[:1]) and not decoding.at_once:
        return f"a {name} network cannot have vectors of the series, which are part of the queries of direct ones"
    if inputs.categories and not 0 < config.category_width < config.units:
        return f"{config.units} units leave no room for vectors of the series: at least 2 are needed"
    return None
