"""What `impute` is asked for. Data only: no heavy import."""

from __future__ import annotations

from dataclasses import dataclass

from tsforecast.errors import OptionError, did_you_mean
from tsforecast.models.imputation.names import AUTO, METHODS, NAMES, NETWORK
from tsforecast.options import Checked, option

# Options of reading that mean nothing here: no rule of a reader fills, and columns are read as targets or not at all.
UNREAD = (
    *("fill_gaps", "past_cols", "future_cols", "static_cols", "category_cols", "lag", "covariates"),
    *("holidays", "holidays_col", "holidays_around"),
)


@dataclass(frozen=True)
class ImputeSettings(Checked):
    """How gaps are filled."""

    methods: str = option(
        AUTO,
        "Filling",
        f"What may fill: {', '.join(METHODS)}, with commas; auto is all but network. Artificial gaps decide.",
        metavar="NAMES",
        usual=True,
    )
    seed: int = option(0, "Filling", "Decides where artificial gaps are cut.", least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.tried

    @property
    def tried(self) -> tuple[str, ...]:
        """The methods that are tried; a network only where it is named.

        Raises:
            OptionError: there is no such method.
        """
        named = [name.strip() for name in self.methods.split(",")]
        for name in named:
            if name not in NAMES:
                raise OptionError(f"methods names '{name}'", hint=did_you_mean(name, NAMES))
        every = AUTO in named
        return tuple(name for name in METHODS if name in named or (every and name != NETWORK))
