"""Plain functions in processes of their own, none of which outlives the work that it was started for."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from tsforecast.errors import MemoryShortageError

Result = TypeVar("Result")
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def in_processes(
    function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], processes: int
) -> Generator[Result, None, None]:
    """What a function makes of each task, in the order in which they are done. Whoever stops early closes the iterator.

    However the caller ends, by an error, a signal or a kill, the processes end with it and say nothing.

    Args:
        function: of a module, so that another process finds it.
        tasks: its arguments, which are pickled.
        processes: how many work at the same time.

    Raises:
        MemoryShortageError: a process was ended from outside.
    """
    context = get_context("spawn")  # a process that TensorFlow runs in cannot be forked
    ends_with_us, lifeline = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_live_while, initargs=(ends_with_us,))
    try:
        with _signals_blocked():
            work = [pool.submit(function, *task) for task in tasks]
        for each in as_completed(work):
            yield each.result()
    except BrokenProcessPool as error:
        raise MemoryShortageError(
            "a process that was at work has been ended from outside, most likely because memory ran out",
            hint="work with fewer --jobs",
        ) from error
    except BaseException:
        lifeline.close()  # nobody waits for what is under way
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        lifeline.close()
        ends_with_us.close()


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Processes that the body starts get no signal of those that end us: they end with us, and not by themselves."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _live_while(lifeline: Connection) -> None:
    """End this process as soon as the other end of the lifeline is closed, which a kill does too."""

    def wait() -> None:
        try:
            lifeline.recv_bytes()
        except (EOFError, OSError):
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
