"""Signals that end a program, as an exception in the main thread: whatever is under way is undone, kept or freed."""

from __future__ import annotations

import signal
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from tsforecast.errors import MemoryShortageError, Terminated, is_memory_shortage
from tsforecast.texts import shown

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_AGAIN_SECONDS = 0.5


class _Ending:
    """What the handlers know of how the program ends.

    Attributes:
        first: the first signal; None while there was none.
        raised: the exception of the last one, as long as it is on its way through the program.
        shown: whether the program has said how it ends; it only has to leave now.
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
        """In place of sys.unraisablehook: the signal came while a destructor ran, out of which nothing is raised."""
        if self.first is None:
            sys.__unraisablehook__(args)
        else:
            self._send_again()

    def printed(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """In place of sys.excepthook: the signal came while native code called Python, and it would print that."""
        if self.first is None:
            sys.__excepthook__(kind, error, trace)
        else:
            sys.last_value = None
            self._send_again()

    def _send_again(self) -> None:
        """In case that it is lost: where the program ends already, a second signal does nothing."""
        main = threading.main_thread().ident
        timer = threading.Timer(_AGAIN_SECONDS, signal.pthread_kill, (main, self.first))
        timer.daemon = True
        timer.start()


_ending = _Ending()


@contextmanager
def ending_signals() -> Iterator[None]:
    """Raise `Terminated` in the body when SIGINT, SIGTERM or SIGHUP arrives; one that is ignored (nohup) stays so."""
    global _ending
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _ending = ending = _Ending()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    hooks = sys.unraisablehook, sys.excepthook
    for number, handler in before.items():
        # None: a handler that was not set from Python.
        if handler not in (signal.SIG_IGN, None):
            signal.signal(number, ending.handle)
    sys.unraisablehook, sys.excepthook = ending.unraisable, ending.printed
    try:
        yield
    finally:
        sys.unraisablehook, sys.excepthook = hooks
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def cause(error: BaseException) -> BaseException:
    """The signal, where an error comes from one: an import that is broken off fails in many ways.

    From here on signals do nothing more: the program is about to say how it ends, and to leave.
    """
    _ending.shown = True
    if _ending.first is None or isinstance(error, Terminated):
        return _shortage(error) if is_memory_shortage(error) else error
    return Terminated(_ending.first)


def _shortage(error: BaseException) -> MemoryShortageError:
    """What there was no memory for, without what holds the rest of it."""
    error.__traceback__ = None
    said = shown(str(error).strip().partition("\n")[0])
    shortage = MemoryShortageError(
        f"memory ran out{f': {said}' if said else ''}",
        hint="take fewer rows, series or columns, a smaller --batch-size or --units, or a larger machine",
    )
    shortage.__cause__ = error
    return shortage
