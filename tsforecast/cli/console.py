"""Everything that the commands show: results on stdout; messages, tables of a run and progress on stderr.

This is the only user of Rich, and it uses Rich only on a terminal: pipes, files and cron get plain lines.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TextIO

import click

from tsforecast.cli.text import (
    Line,
    Row,
    aligned,
    cell_text,
    clean,
    column_blocks,
    column_widths,
    numeric_columns,
    percent,
    seconds,
    told_columns,
)
from tsforecast.io.messages import counted
from tsforecast.progress import (
    BatchProgress,
    EpochEnded,
    Event,
    GapsFilled,
    Message,
    PhaseEnded,
    PhaseStarted,
    Reading,
    SeriesForecast,
    TrainingPlanned,
    WindowsForecast,
)
from tsforecast.safe_text import bounded

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.progress import Progress

_PREFIX = {"warning": "Warning: ", "urgent": "Warning: ", "error": "Error: "}
_STYLE = {"warning": "yellow", "urgent": "yellow", "error": "red", "success": "green"}

_ONE_PIECE = ("error", "command", "success")  # not wrapped by us, so that a path or a command can be copied
_SPEED_SECONDS = 120  # long, so that the validation of an epoch does not make the remaining time jump
_TRAINING = (TrainingPlanned, PhaseStarted, BatchProgress, EpochEnded, PhaseEnded)
_LONG = 24  # letters of a cell that may stand below its row
_MANY_SERIES = 10_000  # so many take long enough to forecast for a bar
_BAR_WIDTH = 54  # columns that a bar takes beside the name of what is trained


class Console:
    """Where a command shows things, and how much of them.

    Attributes:
        verbosity: below 0 only errors and results are shown, above 0 details as well.
        as_json: whether the result, or the error in its place, is one JSON document on stdout.
        way_on: the command that goes on where this one is interrupted; empty where there is none.
    """

    def __init__(self) -> None:
        self.verbosity = 0
        self.as_json = False
        self.way_on = ""
        self._shown: set[str] = set()
        self._training = ""
        self._run = self._runs = 0  # number of the network that is trained, and how many are
        self._many_fits = False
        self._progress: Progress | None = None

    @property
    def quiet(self) -> bool:
        return self.verbosity < 0

    @property
    def verbose(self) -> bool:
        return self.verbosity > 0

    def info(self, text: str) -> None:
        self._line("info", text)

    def success(self, text: str) -> None:
        self._line("success", text)

    def warning(self, text: str) -> None:
        self._line("warning", text)

    def error(self, text: str) -> None:
        """Show an error, also when quiet."""
        self._line("error", text)

    def command(self, label: str, line: str) -> None:
        """Show a command to be copied: in one piece, however long it is."""
        self._line("command", f"{label}: {line}")

    def note(self, kind: str, text: str) -> None:
        """Show something that was noticed, once in a run."""
        if text not in self._shown:
            self._line(kind, text)
            self._shown.add(text)

    def json(self, document: Any) -> None:
        """Print a result as one JSON document."""
        from tsforecast.json_output import json_bytes

        click.echo(json_bytes(document), nl=False)

    def page(self, lines: Callable[[int], Sequence[str]]) -> None:
        """Print a result in sentences; `lines` makes them for a number of columns."""
        click.echo("\n".join(map(clean, lines(_rich_console(err=False).width))))

    @property
    def can_draw(self) -> bool:
        """Whether somebody looks at a terminal, and wants to see more than results."""
        return not self.quiet and not self.as_json and is_terminal(sys.stdout) and is_terminal(sys.stderr)

    def picture(self, lines: Callable[[int, bool], Sequence[str]]) -> None:
        """Draw with letters, where `can_draw`; `lines` takes the columns, and whether there are braille dots."""
        if self.can_draw:
            try:
                "\u28ff".encode(sys.stderr.encoding or "ascii")
                braille = True
            except (UnicodeEncodeError, LookupError):
                braille = False
            click.echo("\n".join(["", *lines(self._rich.width, braille)]), err=True)

    def table(self, header: Row, rows: Sequence[Row], *, err: bool = False, title: str = "") -> None:
        """Show a table; no cell is cut off.

        Args:
            header: names of the columns.
            rows: cells; numbers are rounded for people, and written in full for programs.
            err: whether it is part of the run (stderr) and not a result (stdout). A result that does not go to a
                terminal is for programs: tabs separate its cells.
            title: line above the table; not for programs.
        """
        if err and self.quiet:
            return
        stream = sys.stderr if err else sys.stdout
        exact = not err and not is_terminal(stream)
        lines = [[cell_text(cell, exact) for cell in row] for row in (header, *rows)]
        if exact:
            click.echo("\n".join("\t".join(line) for line in lines))
        elif is_terminal(stream):
            console = self._rich if err else _rich_console(err=False)
            for part in _rich_tables(lines, title, console.width):
                console.print(part)
        else:
            click.echo("\n".join([*([title] if title else []), *aligned(lines)]), err=True)

    def report(self, event: Event) -> None:
        """Show an event of long work: a live bar on a terminal, elsewhere lines; of epochs, only on request."""
        if self.quiet and not (isinstance(event, Message) and event.kind == "urgent"):
            return
        if self._many_fits and not self.verbose and isinstance(event, _TRAINING):
            return
        match event:
            case Message(kind="choice"):
                # Shown with all the others in the table at the end.
                if self.verbose:
                    self.info(event.text)
            case Message():
                self.note(event.kind, event.text)
            case Reading():
                self._read(event)
            case TrainingPlanned():
                self._run, self._runs = (self._run, self._run + event.runs) if event.last else (0, event.runs)
            case PhaseStarted():
                self._start(event)
            case BatchProgress():
                self._advance(event)
            case EpochEnded():
                self._end_epoch(event)
            case PhaseEnded():
                self._end(event)
            case SeriesForecast():
                self._forecast(event)
            case WindowsForecast():
                self._backtest(event)
            case GapsFilled():
                self._fill(event)

    def stop(self) -> None:
        """Remove a live bar from the screen, so that what follows stands on a line of its own."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _line(self, kind: str, text: str) -> None:
        if self.quiet and kind not in ("error", "urgent"):
            return
        line = clean(_PREFIX.get(kind, "") + (text if kind == "command" else bounded(text)))
        if is_terminal(sys.stderr):
            self._rich.print(line, style=_STYLE.get(kind), soft_wrap=kind in _ONE_PIECE)
        else:
            click.echo(line, err=True)

    @cached_property
    def _rich(self) -> RichConsole:
        # One console for bar and lines, so that Rich draws the lines above the bar.
        return _rich_console(err=True)

    def _show_bar(self, name: str, total: float, **fields: Any) -> None:
        """On a terminal, draw a live bar with the texts of some fields behind it."""
        if is_terminal(sys.stderr):
            self._progress = _rich_progress(self._rich, *fields)
            self._progress.add_task(self._in_room(name), total=total, **fields)
            self._progress.start()

    def _read(self, event: Reading) -> None:
        if event.done == 0:
            self.stop()
            self.info(f"reading {event.file}: {event.total / 1e6:,.0f} MB")
            self._show_bar("reading", event.total, rows="")
        elif event.done == event.total:
            self.stop()
            self.info(f"read {event.rows:,} rows")
        elif self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=event.done, rows=f"{event.rows:,} rows")

    def _start(self, event: PhaseStarted) -> None:
        """The next part of one bar for all networks: each counts alike, and the last may be fewer than planned."""
        self._training = event.name
        self._run, self._runs = self._run + 1, max(self._runs, self._run + 1)
        if not is_terminal(sys.stderr) or self.verbose:
            self.info(f"{event.name}: up to {counted(event.epochs, 'epoch')} of {event.windows:,} windows")
        if self._progress is None:
            self._show_bar("", self._runs, epoch="", loss="", val="")
        name = event.name.partition(", ")[2] or event.name  # of "training, gru" the part that changes
        self._update(self._run - 1, f"{self._run} of {self._runs}: {name}" if self._runs > 1 else name, val="")

    def _advance(self, event: BatchProgress) -> None:
        done = (event.epoch - 1 + event.done / event.total) / event.epochs
        epoch, loss = f"epoch {event.epoch}/{event.epochs}", f"loss {event.loss:.4f}"
        self._update(self._run - 1 + done, epoch=epoch, loss=loss)

    def _end_epoch(self, event: EpochEnded) -> None:
        val = "" if event.val_loss is None else f"val {event.val_loss:.4f}"
        self._update(self._run - 1 + event.epoch / event.epochs, val=val)
        if self.verbose:
            self.info(f"{self._training}: {_epoch_line(event)}")

    def _end(self, event: PhaseEnded) -> None:
        self._update(self._run)
        if self._progress is None or self.verbose:
            self.info(f"{event.name}: {counted(event.epochs, 'epoch')} in {seconds(event.seconds)}, {event.reason}")
        if self._run >= self._runs:
            self.stop()

    def _update(self, completed: float, description: str | None = None, **fields: Any) -> None:
        """Move the bar of the training, if there is one."""
        if self._progress is not None:
            task = self._progress.task_ids[0]
            named = None if description is None else self._in_room(description)
            self._progress.update(task, completed=completed, total=self._runs, description=named, **fields)

    def _in_room(self, name: str) -> str:
        """The name of a bar, cut where there is no room for it."""
        room = max(8, self._rich.width - _BAR_WIDTH)
        return clean(name if len(name) <= room else f"{name[: room - 1]}…")

    def _forecast(self, event: SeriesForecast) -> None:
        if self._progress is None and event.total >= _MANY_SERIES:
            self._show_bar("forecasting", event.total, series="")
        if self._progress is not None:
            series = f"{event.done:,} of {event.total:,} series"
            self._progress.update(self._progress.task_ids[0], completed=event.done, series=series)
        if event.done == event.total:
            self.stop()

    def _fill(self, event: GapsFilled) -> None:
        if event.done == 0:
            self._show_bar("filling", event.total)
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=event.done)
        if event.done == event.total:
            self.stop()

    def _backtest(self, event: WindowsForecast) -> None:
        """A bar, or lines, of windows. Where many models are fitted, the course of each is a detail."""
        self._many_fits = event.fits > 1 and event.done < event.total
        done = f"{event.done} of {event.total} windows"
        if self._many_fits and (self._progress is None or event.done == 0):
            self.stop()
            self._show_bar(event.model, event.total, windows="")
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=event.done, windows=done)
        elif event.done:
            self.info(f"{event.model}: {done} are forecast")
        if event.done == event.total:
            self.stop()


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal that can redraw a line."""
    # A stream closed by the caller (`>&-`) is None.
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def _epoch_line(event: EpochEnded) -> str:
    parts = [f"epoch {event.epoch}/{event.epochs}", f"loss {event.loss:.4f}"]
    if event.val_loss is not None:
        parts.append(f"validation loss {event.val_loss:.4f}")
    parts += [f"{event.windows_per_second:,.0f} windows/s", seconds(event.seconds)]
    parts += [f"learning rate {event.learning_rate:.2g}", f"{percent(event.clipped_share)} of steps clipped"]
    return ", ".join(parts)


def _rich_console(*, err: bool) -> RichConsole:
    from rich.console import Console as RichConsole

    # Off: `[bold]` in a column name is a name, not a style.
    return RichConsole(stderr=err, markup=False, highlight=False, emoji=False)


def _rich_tables(lines: Sequence[Line], title: str, width: int) -> Iterator[Any]:
    """The table; where the terminal is too narrow, without columns that say nothing, and without a last one of texts.

    These follow below. Where that is not enough, the columns stand in blocks.
    """
    from rich.cells import cell_len

    texts: list[str] = []
    if len(column_blocks(lines, width, cell_len)) > 1:
        lines = told_columns(lines)
    if len(column_blocks(lines, width, cell_len)) > 1 and max(cell_len(line[-1]) for line in lines[1:]) > _LONG:
        texts = [f"{line[0]}: {line[-1]}" for line in lines[1:] if line[-1] not in ("", "-")]
        lines = [line[:-1] for line in lines]
    for number, block in enumerate(column_blocks(lines, width, cell_len)):
        part = [[line[position] for position in block] for line in lines]
        yield _rich_table(part, title if number == 0 else "", column_widths(part, width, cell_len))
    yield from texts


def _rich_table(lines: Sequence[Line], title: str, widths: Sequence[int]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name, width, numeric in zip(lines[0], widths, numeric_columns(lines), strict=True):
        justify: Literal["left", "right"] = "right" if numeric else "left"
        table.add_column(name, justify=justify, overflow="fold", width=width)
    for line in lines[1:]:
        table.add_row(*line)
    return table


def _rich_progress(console: RichConsole, *fields: str) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=8),
        *(TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in fields),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        refresh_per_second=4,
        speed_estimate_period=_SPEED_SECONDS,
    )
