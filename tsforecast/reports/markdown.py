"""A report as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tsforecast.reports.content import Block, Chart, Charts, Items, Number, Report, Table, Text
from tsforecast.safe_text import printable

_MOST_ROWS = 100  # of a table that a page lets one search


def markdown(report: Report) -> str:
    """The report as Markdown; of a drawing it says what is to be seen."""
    return "\n\n".join(_parts(report)) + "\n"


def escaped(text: str) -> str:
    """Text of the user as Markdown and a terminal show it, whatever characters it holds."""
    flat = printable(text)
    for character in "\\`*|<[":
        flat = flat.replace(character, f"\\{character}")
    return flat


def _parts(report: Report) -> Iterator[str]:
    yield f"# {escaped(report.title)}"
    if report.verdict:
        yield f"**{escaped(report.verdict)}**"
    yield escaped(report.subtitle)
    if report.facts:
        yield _lines(("", "", ""), [(fact.name, fact.value, fact.meaning) for fact in report.facts])
    for block in report.first:
        yield from _block(block)
    for section in report.sections:
        yield f"## {escaped(section.title)}"
        for block in section.blocks:
            yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Text):
        yield escaped(block.text)
    elif isinstance(block, Items):
        yield "\n".join(f"- {_mark(item.warning, item.name)}{escaped(item.text)}" for item in block.items)
    elif isinstance(block, Table):
        yield f"### {escaped(block.caption)}"
        rows = block.rows[:_MOST_ROWS] if block.find else block.rows
        yield _lines(block.columns, rows)
        if len(rows) < len(block.rows):
            yield f"The first {len(rows)} of {len(block.rows):,}."
    else:
        charts: tuple[Chart, ...] = block.charts if isinstance(block, Charts) else (block,)
        yield "\n".join(f"- {_mark(False, chart.title)}{escaped(chart.description)}" for chart in charts)


def _mark(warning: bool, name: str) -> str:
    return "**warning**: " if warning else f"**{escaped(name)}**: " if name else ""


def _lines(header: Sequence[str], rows: Iterable[Sequence[str | Number]]) -> str:
    cells = ([_cell(cell) for cell in row] for row in rows)
    lines = [[escaped(name) for name in header], ["---"] * len(header), *cells]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(cell: str | Number) -> str:
    if isinstance(cell, Number):
        return f"**{escaped(cell.text)}**" if cell.best else escaped(cell.text)
    return escaped(cell)
