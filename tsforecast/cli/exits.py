"""How the program ends: signals become exceptions, and an exception becomes words on stderr and an exit status."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

import click

from tsforecast.cli.config import variable_of
from tsforecast.cli.console import Console
from tsforecast.errors import (
    MemoryShortageError,
    OptionError,
    StorageError,
    Terminated,
    TsforecastError,
    is_memory_shortage,
    missing_package,
)
from tsforecast.safe_text import bounded, shown, visible

_BROKEN_PIPE = 141  # 128 + SIGPIPE
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_AGAIN_SECONDS = 0.5


class _Signals:
    """The signals that have arrived, and what handles them.

    Attributes:
        first: number of the first signal; None while there was none.
        raised: the exception of the last one, as long as it is on its way through the program.
        shown: whether the program has said how it ends, so that it only has to leave.
    """

    def __init__(self) -> None:
        self.first: int | None = None
        self.raised: weakref.ref[Terminated] | None = None
        self.shown = False

    def handle(self, number: int, _frame: FrameType | None) -> None:
        # A second signal must not break off what cleans up after the first. If some library has swallowed the
        # exception, it is gone, and the next signal raises it again.
        if self.shown or (self.raised is not None and self.raised() is not None):
            return
        self.first = self.first or number
        error = Terminated(self.first)
        self.raised = weakref.ref(error)
        try:
            raise error
        finally:
            del error  # this frame, which the traceback keeps, would keep the exception

    def unraisable(self, args: Any) -> None:
        """Replaces sys.unraisablehook: a signal that arrives in a destructor raises nothing out of it."""
        if self.first is None:
            sys.__unraisablehook__(args)
        else:
            self._send_again()

    def printed(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Replaces sys.excepthook: native code that called Python prints the exception of a signal."""
        if self.first is None:
            sys.__excepthook__(kind, error, trace)
        else:
            sys.last_value = None
            self._send_again()

    def _send_again(self) -> None:
        """Repeat a signal that may be lost; where the program ends already, a second one does nothing."""
        main = threading.main_thread().ident
        timer = threading.Timer(_AGAIN_SECONDS, signal.pthread_kill, (main, self.first))
        timer.daemon = True
        timer.start()


_signals = _Signals()


@contextmanager
def ending_signals() -> Iterator[None]:
    """Raise `Terminated` in the body when SIGINT, SIGTERM or SIGHUP arrives; an ignored one (nohup) stays ignored."""
    global _signals
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _signals = state = _Signals()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    hooks = sys.unraisablehook, sys.excepthook
    for number, handler in before.items():
        # None: a handler that was not set from Python.
        if handler not in (signal.SIG_IGN, None):
            signal.signal(number, state.handle)
    sys.unraisablehook, sys.excepthook = state.unraisable, state.printed
    try:
        yield
    finally:
        sys.unraisablehook, sys.excepthook = hooks
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def cause(error: BaseException) -> BaseException:
    """The signal that led to an error, if there was one: an import that is broken off fails in many ways.

    From here on further signals are ignored: the program is about to say how it ends, and to leave.
    """
    _signals.shown = True
    if _signals.first is None or isinstance(error, Terminated):
        return _shortage(error) if is_memory_shortage(error) else error
    return Terminated(_signals.first)


# Memory to end with where there is none left: without it, the message or the way out would be the next to fail.
_reserve = bytearray(4 << 20)


def _shortage(error: BaseException) -> MemoryShortageError:
    _reserve.clear()
    error.__traceback__ = None  # its frames hold the memory
    said = shown(str(error).strip().partition("\n")[0])
    shortage = MemoryShortageError(
        f"memory ran out{f': {said}' if said else ''}",
        hint="take fewer rows, series or columns, a smaller --batch-size or --units, or a larger machine",
    )
    shortage.__cause__ = error
    return shortage


def show_failure(error: BaseException, console: Console) -> int:
    """Say what went wrong, in JSON on stdout too where that was asked for; return the exit status."""
    if isinstance(error, KeyboardInterrupt):
        error = Terminated(signal.SIGINT)
    if isinstance(error, Terminated):
        if console.way_on:
            error.hint = f"go on with: {console.way_on}"
        return _show(error, console)
    _drop_unwritable_output()
    if isinstance(error, BrokenPipeError):
        return _BROKEN_PIPE
    if isinstance(error, OSError):
        # One that no reader or writer of ours foresaw: a full disk below stdout, say.
        wrapped = StorageError(error.strerror or str(error), file=str(error.filename or ""))
        wrapped.__cause__ = error
        error = wrapped
    if (missing := missing_package(error)) is not None:
        missing.__cause__ = error
        error = missing
    if isinstance(error, TsforecastError):
        return _show(error, console)
    for text in traceback.format_exception(error):
        click.echo(bounded(visible(text)), err=True, nl=False)
    bug = f"this is a bug of tsforecast: {type(error).__name__}: {error}"
    return _show(TsforecastError(bug, hint="please report it"), console)


def usage_error(error: click.ClickException, console: Console) -> Exception:
    """Say what was typed wrongly, and what was meant or where the help is.

    Returns:
        What Click ends the program by.
    """
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    ctx = getattr(error, "ctx", None)
    said = error.format_message().rstrip(".") + _from_variable(error)
    way = f"see {ctx.command_path} -h" if ctx and "did you mean" not in said.lower() else ""
    meant = OptionError(said, hint=way)
    console.error(str(meant))
    _show_json(meant, console)
    return click.exceptions.Exit(error.exit_code)


def _from_variable(error: click.ClickException) -> str:
    """Which variable a bad value is from; empty for one that was typed."""
    if not isinstance(error, click.BadParameter) or error.param is None or error.ctx is None:
        return ""
    if error.ctx.get_parameter_source(str(error.param.name)) is not click.core.ParameterSource.ENVIRONMENT:
        return ""
    own = variable_of(error.param, str(error.ctx.auto_envvar_prefix))
    return f" (from the variable {own if own in os.environ else error.param.envvar})"


def _show(error: TsforecastError | Terminated, console: Console) -> int:
    console.error(str(error))
    if isinstance(error, Terminated) and console.way_on:
        console.command("go on with", console.way_on)
    cause = error.__cause__ if console.verbose else None
    while cause is not None:
        console.error(f"caused by {type(cause).__name__}: {cause}")
        cause = cause.__cause__
    _show_json(error, console)
    return error.exit_code


def _show_json(error: TsforecastError | Terminated, console: Console) -> None:
    if console.as_json:
        with suppress(OSError):  # stdout may be what failed
            console.json({"error": error.to_dict()})


def _drop_unwritable_output() -> None:
    # What is still buffered would fail once more when the interpreter flushes it at its end.
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
