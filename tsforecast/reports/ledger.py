"""What became of the forecasts that were made: the section of a report of a model with a ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsforecast.io.messages import counted
from tsforecast.reports.content import Cell, Item, Items, Section, Table, Text, number, section, share

if TYPE_CHECKING:
    from tsforecast.workflows.score.summary import LedgerSummary

TITLE = "How its forecasts have turned out"
_COVERAGE = "coverage_"


def ledger_section(found: LedgerSummary | None) -> Section | None:
    """The scores of the forecasts that were noted; None where none was."""
    if found is None:
        return None
    if found.problem is not None:
        return section(TITLE, Items((Item(str(found.problem), warning=True),)))
    if found.facts is None:
        return None
    noted = f"{counted(found.facts.runs, 'forecast')} of all versions, the last at {_moment(found.facts.last_noted)}"
    result = found.result
    if result is None or not result.scores:
        return section(TITLE, Text(f"{noted}. None is scored yet; tsforecast score does so when it is known what was."))
    return section(
        TITLE,
        Text(f"{noted}; scored from {found.times}. {result.verdict[:1].upper()}{result.verdict[1:]}."),
        _table("from", "from", result.by_period, "Over time"),
        _table("version", "version", result.by_version, "By version"),
        _table("step", "step", result.by_step, "By step of the horizon", folded=True),
    )


def _table(
    heading: str, key: str, rows: Sequence[Mapping[str, Any]], caption: str, *, folded: bool = False
) -> Table | None:
    """Metrics of parts; None of a single part, which says what all do."""
    if len(rows) < 2:
        return None
    levels = [name for name in rows[0] if name.startswith(_COVERAGE)]
    columns = (heading, "forecasts", "MAE", "MASE", *(f"in {name.removeprefix(_COVERAGE)} %" for name in levels))
    cells: tuple[tuple[Cell, ...], ...] = tuple(
        (
            str(row[key]),
            number(row["forecasts"], f"{row['forecasts']:,}"),
            number(row["mae"]),
            number(row["mase"]),
            *(share(row[name]) for name in levels),
        )
        for row in rows
    )
    return Table(columns, cells, caption, folded)


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
