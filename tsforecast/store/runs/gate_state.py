"""gate.json: what the data gate of a model's retrainings has accepted, and which limits have not been kept since when.

New data are compared with the table that was accepted last, so that a change is held against them once, however long
the version in service stays.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tsforecast.store.bundle.json_fields import Fields
from tsforecast.store.layout import GATE
from tsforecast.store.runs.files import read_news, read_stamp, stamp_text, write_news

_MAX_BYTES = 1 << 28  # some hundred bytes for each of a million series
_MAX_BREACHES = 100


@dataclass(frozen=True)
class Seen:
    """What a table held.

    Args:
        step: alias of its frequency.
        rows: of the table; None where that is not known.
        ids: of its series, as many texts each as the schema has key columns.
        ends: ordinal after the last row of each series.
        revised: how far rows that the version in service remembers had moved, in robust deviations.
    """

    step: str
    rows: int | None
    ids: tuple[tuple[str, ...], ...]
    ends: tuple[int, ...]
    revised: float = 0.0


@dataclass(frozen=True)
class OpenBreach:
    """A limit that has not been kept in the last runs.

    Args:
        limit: its name among GateLimits.
        since: moment of the first of these runs, in UTC.
        runs: how many there were.
        first_end: ordinal after the newest row in the first of them.
    """

    limit: str
    since: datetime
    runs: int
    first_end: int


@dataclass(frozen=True)
class GateState:
    """What the gate remembers from run to run.

    Args:
        seen: the table that was accepted last; None where none was.
        version: that was in service then; None for none.
        breaches: limits that have not been kept since.
    """

    seen: Seen | None = None
    version: int | None = None
    breaches: tuple[OpenBreach, ...] = ()


def read_gate_state(model_folder: Path, *, trusted: bool = False) -> GateState:
    """What the gate remembers of a model; nothing where no retraining has passed or failed it.

    Args:
        model_folder: STORE/NAME.
        trusted: whether others may own the file and write to it.

    Raises:
        InputMissingError: the file cannot be opened.
        ModelError: it is damaged.
        StorageError: reading failed.
        TrustError: somebody else could have changed it.
    """
    fields = read_news(model_folder / GATE, ("breaches", "seen", "version"), most=_MAX_BYTES, trusted=trusted)
    if fields is None:
        return GateState()
    version = None if fields.values["version"] is None else fields.integer("version", 1, 999_999)
    breaches = tuple(
        OpenBreach(
            one.text("limit"), read_stamp(one, "since"), one.integer("runs", 1, 1 << 40), _ordinal(one, "first_end")
        )
        for one in fields.items("breaches", ("first_end", "limit", "runs", "since"), 0, _MAX_BREACHES)
    )
    return GateState(_seen(fields), version, breaches)


def write_gate_state(model_folder: Path, state: GateState) -> None:
    """Replace gate.json.

    Raises:
        OutputError: it cannot be created.
        StorageError: the disk is full or failed.
    """
    breaches = [asdict(breach) | {"since": stamp_text(breach.since)} for breach in state.breaches]
    seen = None if state.seen is None else asdict(state.seen)
    write_news(model_folder / GATE, {"seen": seen, "version": state.version, "breaches": breaches})


def _seen(fields: Fields) -> Seen | None:
    if fields.values["seen"] is None:
        return None
    seen = fields.fields("seen", ("ends", "ids", "revised", "rows", "step"))
    ids, ends = seen.values["ids"], seen.values["ends"]
    if not isinstance(ids, list) or not all(_is_key(key) for key in ids):
        seen.refuse("ids", "a list of lists of texts")
    if not isinstance(ends, list) or len(ends) != len(ids) or not all(_is_ordinal(end) for end in ends):
        seen.refuse("ends", "a whole number for each id")
    rows = None if seen.values["rows"] is None else seen.integer("rows", 0, 1 << 62)
    return Seen(
        step=seen.text("step"),
        rows=rows,
        ids=tuple(map(tuple, ids)),
        ends=tuple(ends),
        revised=seen.number("revised", -1e9, 1e9),
    )


def _is_key(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_ordinal(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 62


def _ordinal(fields: Fields, key: str) -> int:
    return fields.integer(key, -(1 << 62), 1 << 62)
