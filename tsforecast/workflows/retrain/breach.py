"""A limit of the data gate that is exceeded, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Breach:
    """A limit that the data exceed.

    Args:
        limit: its name among GateLimits.
        text: what was found and what is allowed, with the option that sets the limit.
        change: whether it may be a lasting change of the world, which is accepted once it has lasted long enough.
        column: the column of covariates that exceeds it; empty for the values and the table.
        final: whether accepting it would not help, because models on such data cannot be compared.
    """

    limit: str
    text: str
    change: bool = False
    column: str = ""
    final: bool = False

    @property
    def key(self) -> str:
        """What the gate remembers it by: each column lasts on its own."""
        return f"{self.limit} {self.column}" if self.column else self.limit


def limit_of(key: str) -> str:
    """The name of the limit in the key of a breach."""
    return key.partition(" ")[0]


def exceeded(
    limit: str, found: str, allowed: str, *, one: bool = False, change: bool = False, column: str = ""
) -> Breach:
    """The breach of a limit.

    Args:
        limit: its name.
        found: what was found, in words.
        allowed: what the limit is, in words.
        one: whether that is one thing.
        change: see `Breach`.
        column: likewise.
    """
    of_column = f"column '{column}': " if column else ""
    option = limit.replace("_", "-")
    text = f"{of_column}{found}; at most {allowed} {'is' if one else 'are'} allowed: --{option}"
    return Breach(limit, text, change, column)


def percent(share: float) -> str:
    """A share with three digits."""
    return f"{100 * share:.3g} %"
